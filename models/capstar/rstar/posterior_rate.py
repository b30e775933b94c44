"""What every Bayesian estimate of the natural rate answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.rstar.natural_rate import NaturalRate
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.state_path import StatePath, Which, require_which
from capstar.statespace.bayes.convergence import split_rhat
from capstar.statespace.bayes.draws import DISAGREE, PosteriorCoefficients, PosteriorDraws
from capstar.statespace.bayes.reports import StateDraws

POSTERIOR = "states and parameters (posterior draws)"
QUANTILES = (0.05, 0.16, 0.5, 0.84, 0.95)


@dataclass(frozen=True)
class PosteriorRate(PosteriorCoefficients, NaturalRate):
    """A natural rate with the posterior distribution of its path and its parameters.

    Its `rstar` is the posterior median, its standard deviations those of the draws: they carry the uncertainty of the
    states and of the parameters.

    Attributes
    ----------
    model
        What was estimated.
    draws
        Of the parameters.
    states
        Draws by quantity, ``"rstar"`` first.
    index
        Quarters, or years.
    rate
        Ex-ante real rate by period, percent a year.
    seed
        Of the sampler.
    remarks
        What else is to be said of the estimate, a sentence each.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> fit = cs.rstar.UnobservedComponents().fit(us, n_draws=200, n_burn=100, n_paths=50, progress=False)
    >>> fit.model_name, fit.quantities, fit.citation.split(" (")[0]
    ('UC of the real rate', ('rstar',), 'Bauer, M. D. and Rudebusch, G. D.')
    >>> fit.params.round(1).index.to_list(), fit.parameter_table().columns.to_list()
    (['phi', 'var_cycle', 'var_trend'], ['mean', 'sd', 'p05', 'p50', 'p95', 'ess', 'rhat', 'mcse'])
    >>> fit.path("rstar").smoothed.iloc[-1].round(0).item(), fit.real_rate.iloc[-1].round(2).item()
    (1.0, 0.35)
    >>> list(fit.frames()), len(fit.notes()), len(fit.to_dict()) > 5, fit.run_on(us).nobs
    (['Parameters: 4 chains of 200 draws', 'Latest quarter (2009Q3), percent'], 4, True, 196)
    """

    model: NaturalRateModel
    draws: PosteriorDraws
    states: Mapping[str, StateDraws]
    index: pd.PeriodIndex
    rate: pd.Series
    seed: int
    remarks: tuple[str, ...] = field(default=(), kw_only=True)

    @abstractmethod
    def run_on(self, data: pd.DataFrame) -> NaturalRate:
        """The estimate run on over longer data, the draws of the parameters held."""

    @property
    def quantities(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of its series, ``"rstar"`` first."""
        return tuple(self.states)

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return self.model.name

    @property
    def citation(self) -> str:
        """Where the model is published."""
        return self.model.citation

    @property
    def real_rate(self) -> pd.Series:
        """Ex-ante real rate by quarter, percent a year."""
        return self.rate

    def path(self, name: str) -> StatePath:
        """Posterior medians and standard deviations of one quantity by quarter."""
        if self.require_quantity(name) not in self._known:
            found = self.states[name]
            filtered, smoothed = (_pooled(found.given(which)) for which in ("filtered", "smoothed"))
            series = (np.median(filtered, 0), np.median(smoothed, 0), filtered.std(0), smoothed.std(0))
            self._known[name] = StatePath(*(pd.Series(values, self.index, name=name) for values in series))
        return self._known[name]

    @cached_property
    def _known(self) -> dict[str, StatePath]:
        """Paths already computed: medians of many draws take a while."""
        return {}

    def quantiles(
        self,
        name: str = "rstar",
        which: Which = "smoothed",
        probabilities: tuple[float, ...] = QUANTILES,
    ) -> pd.DataFrame:
        """Posterior quantiles of one quantity by quarter.

        Parameters
        ----------
        name
            One of `quantities`.
        which
            ``"filtered"`` or ``"smoothed"``.
        probabilities
            Between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            A column a probability, in the quantity's unit.

        Raises
        ------
        SpecificationError
            There is no such quantity, or a probability is none.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.UnobservedComponents().fit(us, n_draws=200, n_burn=100, n_paths=50, progress=False)
        >>> fit.quantiles("rstar", "filtered", (0.05, 0.5, 0.95)).columns.to_list()
        [0.05, 0.5, 0.95]
        """
        if bad := [p for p in probabilities if not 0 < p < 1]:
            raise SpecificationError(f"probability {bad[0]}; give ones between 0 and 1, such as 0.05.")
        draws = _pooled(self.states[self.require_quantity(name)].given(require_which(which)))
        return pd.DataFrame(np.quantile(draws, probabilities, axis=0).T, self.index, list(probabilities))

    def bands(self, which: Which = "smoothed", level: float = 0.9) -> pd.DataFrame:
        """Equal-tailed posterior bands of r* by quarter; columns ``lower``, ``estimate`` (the median) and ``upper``.

        Raises
        ------
        SpecificationError
            The level is not between 0 and 1, or the kind is neither filtered nor smoothed.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.UnobservedComponents().fit(us, n_draws=200, n_burn=100, n_paths=50, progress=False)
        >>> bands = fit.bands("smoothed", 0.68)
        >>> bool((bands["lower"] < bands["upper"]).all())
        True
        """
        if not 0 < level < 1:
            raise SpecificationError(f"level={level}; give a share between 0 and 1, such as 0.9.")
        out = self.quantiles("rstar", which, (0.5 - level / 2, 0.5, 0.5 + level / 2))
        out.columns = pd.Index(["lower", "estimate", "upper"])
        out.attrs = {"includes": POSTERIOR, "level": level}
        return out

    def gap_draws(self, which: Which = "filtered") -> pd.DataFrame:
        """The real rate minus each draw of r*, percentage points: a row a quarter, a column a draw.

        Raises
        ------
        SpecificationError
            The filtered values of a draw are of each quarter by itself, so that no draw is a path.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.UnobservedComponents().fit(us, n_draws=200, n_burn=100, n_paths=50, progress=False)
        >>> fit.gap_draws("filtered").shape  # for LeadStudy(draws=...)
        (196, 200)
        """
        states = self.states["rstar"]
        if require_which(which) == "filtered" and not states.joint:
            raise SpecificationError(
                f"{self.model_name} draws filtered r* for each quarter by itself, which makes no path. Use "
                "gap_draws('smoothed'), which has seen the future, or quantiles()."
            )
        draws = _pooled(states.given(which))
        return (-pd.DataFrame(draws.T, self.index)).add(self.rate.loc[self.index], axis=0)

    def parameter_table(self) -> pd.DataFrame:
        """Posterior of the parameters; see `capstar.statespace.PosteriorDraws.table`."""
        return self.draws.table()

    def frames(self) -> dict[str, pd.DataFrame]:
        """Posterior of the parameters, and the latest quarter."""
        title = f"Parameters: {self.draws.n_chains} chains of {self.draws.n_draws} draws"
        return {title: self.parameter_table()} | self.latest()

    def notes(self) -> tuple[str, ...]:
        """What its r* is, whether the chains agree, and what is particular to the model."""
        said = (self.definition_note, self.draws.disagreement(), self._paths_disagree(), *self.remarks)
        return tuple(sentence for sentence in said if sentence)

    def to_dict(self) -> dict[str, Any]:
        """Results as plain numbers and lists, ready for JSON; missing numbers are None."""
        known = super().to_dict()
        states: dict[str, Any] = {"date": [str(quarter) for quarter in self.index]}
        for name in self.quantities:
            for which in ("filtered", "smoothed"):
                for p, column in self.quantiles(name, which).items():
                    states[f"{name}_{which}_p{round(100 * float(str(p))):02d}"] = _listed(column)
        table = self.parameter_table()
        return known | {
            "states": states,
            "parameters": {
                str(name): dict(zip(map(str, table.columns), _listed(row), strict=True))
                for name, row in table.iterrows()
            },
            "draws": self.draws.n_draws,
            "chains": self.draws.n_chains,
            "seed": self.seed,
            "definition": self.definition,
        }

    def to_arviz(self) -> Any:
        """What ArviZ reads: an ``xarray.DataTree``, or ``arviz.InferenceData`` before ArviZ 1.0.

        Groups ``posterior`` (the parameters) and ``states`` (smoothed draws of every quantity by quarter, whose
        coordinate ``draw`` says which draw of the parameters they belong to).

        Raises
        ------
        SpecificationError
            ArviZ is not installed.

        Examples
        --------
        Where ArviZ is installed:

        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.UnobservedComponents().fit(us, n_draws=200, n_burn=100, n_paths=50, progress=False)
        >>> idata = fit.to_arviz()  # doctest: +SKIP
        """
        from capstar.statespace.bayes.exchange import as_arviz

        return as_arviz(
            self.draws, self.states, self.index, self._rows, seed=self.seed, model=self.model_name
        )

    @property
    def _rows(self) -> npt.NDArray[np.int64]:
        """Which draw of the parameters each smoothed path belongs to."""
        return np.arange(self.draws.n_draws)

    def _paths_disagree(self) -> str:
        draws = self.states["rstar"].smoothed
        rhat = pd.Series([split_rhat(draws[:, :, t]) for t in range(draws.shape[2])], self.index).dropna()
        if rhat.empty or rhat.max() <= DISAGREE:
            return ""
        worst = rhat.idxmax()
        means = ", ".join(f"{mean:.2f}" for mean in draws[:, :, self.index.get_loc(worst)].mean(axis=1))
        return (
            f"The chains disagree on r* in {(rhat > DISAGREE).sum()} of {len(rhat)} {self.period}s, most in {worst}: "
            f"split R-hat {rhat.max():.2f}, mean by chain {means}."
        )


def _pooled(draws: Floats) -> Floats:
    return draws.reshape(-1, draws.shape[-1])


def _listed(values: pd.Series) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
