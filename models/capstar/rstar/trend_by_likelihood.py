"""A random walk and a cycle in the real rate alone, by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from capstar.errors import SpecificationError
from capstar.progress import Progress
from capstar.rstar.declared import DeclaredModel, DeclaredRate
from capstar.rstar.natural_rate import LONG_RUN
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.redraw import GapSource
from capstar.rstar.series import R, columns_of
from capstar.statespace.algebra import params, variables
from capstar.statespace.spec import Spec

_WATSON = "Watson, M. W. (1986). Journal of Monetary Economics 18(1), 49-75."
_NO_NOISE = 1e-3  # of the standard deviation of the other shock
Cycle = Literal["autoregression", "noise"]


@dataclass(frozen=True)
class TrendByLikelihood(DeclaredRate):
    """A trend of the real rate by maximum likelihood.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> fit = cs.rstar.UnobservedComponentsML("noise").fit(us, n_starts=1)
    >>> fit.definition == cs.rstar.LONG_RUN, fit.identification, len(fit.notes())
    (True, '', 2)
    >>> fit.redraw().innovations.shape
    (198, 1)
    """

    @property
    def definition(self) -> str:
        """A long-run trend."""
        return LONG_RUN

    @property
    def identification(self) -> str:
        """That a variance is estimated at zero, where it is; the likelihood often has its maximum there (pile-up)."""
        scale = self.all_params[["s_rstar", "s_cycle"]].abs()
        if scale["s_cycle"] <= _NO_NOISE * scale["s_rstar"]:
            return (
                "The variance of the noise is estimated at zero, where the likelihood piles up: r* is the real rate "
                "itself and the gap is zero. Add an autoregressive cycle (cycle='autoregression') or a prior."
            )
        if scale["s_rstar"] <= _NO_NOISE * scale["s_cycle"]:
            return (
                "The variance of the change in r* is estimated at zero, where the likelihood piles up (Stock and "
                "Watson 1998): r* is a constant. That is no evidence that it is one."
            )
        return ""

    def notes(self) -> tuple[str, ...]:
        """What its r* is, whether it is identified, and the remarks of the estimate."""
        said = (self.definition_note, self.identification, *super().notes())
        return tuple(sentence for sentence in said if sentence)

    def redraw(self) -> GapSource:
        """What samples of the gap are drawn from, where it has a variance.

        Raises
        ------
        SpecificationError
            r* is the real rate itself, so that there is no gap.
        """
        if (self.gap().abs() < 1e-6).all():
            raise SpecificationError(f"{self.model_name}: {self.identification}")
        return super().redraw()


@dataclass(frozen=True)
class UnobservedComponentsML(NaturalRateModel):
    """Real rate = random walk r* + cycle, by maximum likelihood with r* diffuse at the start.

    Attributes
    ----------
    cycle
        ``"autoregression"`` of order one, or ``"noise"`` without persistence.

    Examples
    --------
    >>> import capstar as cs
    >>> print(cs.rstar.UnobservedComponentsML("noise").spec)
    UC of the real rate by ML
      r = rstar + v
      rstar = rstar(-1) + u
      sd(u) = s_rstar
      sd(v) = s_cycle
      rstar := rstar
    """

    cycle: Cycle = "autoregression"

    name, key, citation, inputs = "UC of the real rate by ML", "uc-ml", _WATSON, columns_of([R])
    options = ("cycle", "fixed", "start_params", "seed", "standard_errors")
    method = "random walk plus a cycle, one-step maximum likelihood; its variances pile up at zero"
    seconds, definition = 1.0, LONG_RUN

    @property
    def spec(self) -> Spec:
        """The equations."""
        s_rstar, s_cycle, phi = params("s_rstar s_cycle phi")
        _, rstar, c, u, v = variables("r rstar c u v")
        shocks, reports, walk = {"u": s_rstar, "v": s_cycle}, {"rstar": rstar}, {"rstar": rstar(-1) + u}
        if self.cycle == "noise":
            return Spec(self.name, {R: rstar + v}, walk, shocks, reports=reports)
        return Spec(self.name, {R: rstar + c}, {**walk, "c": phi * c(-1) + v}, shocks, reports=reports)

    def fit(
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        cycle: Cycle | None = None,
        n_starts: int = 6,
        progress: Progress | bool = True,
        **options: Any,
    ) -> TrendByLikelihood:
        """Estimate by maximum likelihood.

        Parameters
        ----------
        data
            One row a quarter, without gaps, with the columns `inputs`.
        start, end
            Sample of the likelihood.
        cycle
            In place of the model's own.
        n_starts, progress, **options
            See `capstar.statespace.fit`.

        Raises
        ------
        DataError, ConvergenceError
            See `capstar.statespace.fit`.
        SpecificationError
            The cycle or an option is not one it has.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> cs.rstar.UnobservedComponentsML("noise").fit(us, n_starts=1).params.round(2).to_dict()
        {'s_cycle': 0.25, 's_rstar': 0.98}
        """
        self.require_options(options)
        model = UnobservedComponentsML(self.cycle if cycle is None else cycle)
        if model.cycle not in ("autoregression", "noise"):
            raise SpecificationError(f"cycle={model.cycle!r}; choose 'autoregression' or 'noise'.")
        made = DeclaredModel(model.spec, self.name, self.citation)
        found = made.fit(data, start, end, n_starts=n_starts, progress=progress, **options)
        return TrendByLikelihood(made, found.results, found.data)
