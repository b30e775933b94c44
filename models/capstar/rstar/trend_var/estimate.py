"""The posterior distribution of common trends and of the natural rate they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capstar.frames import PERIODS
from capstar.kernels.arrays import Floats
from capstar.rstar.posterior_rate import PosteriorRate
from capstar.rstar.trend_var.declaration import Declaration, Span
from capstar.statespace.algebra import Linear
from capstar.statespace.bayes.draws import PosteriorDraws
from capstar.statespace.bayes.reports import StateDraws
from capstar.statespace.bayes.trend_cycle import TrendCycleDraws, trends_given

RSTAR, ROOT = "rstar", "largest_root"
_PUBLISHED = (
    "As published, the draws of the cycle's parameters ignore that the distribution of the cycles before the sample "
    "follows from them; its conditional distributions then belong to no joint one, and chains may stay in a second "
    "mode."
)


@dataclass(frozen=True, kw_only=True)
class TrendVarRate(PosteriorRate):
    """The posterior distribution of a trend VAR.

    Attributes
    ----------
    sampled
        Draws of the trends and of all parameters, in arrays.
    data
        The series of the sample, with what was left out missing.
    leave_out
        What was.
    exact
        Whether the cycles before the sample had their distribution.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.rstar import Trend, TrendVarModel
    >>> pi, natural = cs.statespace.variables("pi_bar rstar")
    >>> model = TrendVarModel(
    ...     name="two trends", key="two-trends", equations={"inflation": pi, "interest_rate": pi + natural},
    ...     trends={"pi_bar": Trend(2, 2), "rstar": Trend(1, 0.5)}, reports={"rstar": natural},
    ...     rate=(("interest_rate", "inflation"),), lags=2,
    ... )
    >>> few = {"n_draws": 50, "warmup": 50, "n_chains": 2, "n_filtered": 10, "progress": False}
    >>> fit = model.fit(cs.data.us_macro()[:"2007Q4"], **few)
    >>> fit
    <TrendVarRate: two trends: natural rate of interest, 1960Q1-2007Q4, 192 quarters>
    >>> fit.definition == cs.rstar.LONG_RUN, fit.declared.name, fit.run_on(cs.data.us_macro()).end
    (True, 'two trends', Period('2009Q3', 'Q-DEC'))
    """

    sampled: TrendCycleDraws
    data: pd.DataFrame
    leave_out: Mapping[str, Span]
    exact: bool

    @property
    def definition(self) -> str:
        """That of the model."""
        return self.declared.definition

    @property
    def declared(self) -> Declaration:
        """The model with its equations."""
        assert isinstance(self.model, Declaration)
        return self.model

    def run_on(self, data: pd.DataFrame) -> TrendVarRate:
        """The trends drawn on longer data, for those draws of the parameters that filtered trends were drawn for.

        Parameters
        ----------
        data
            Input that starts where this estimate's did and goes further.
        """
        filtered = self.states[RSTAR].filtered
        rate, frame = self.declared.series_from(data, self.start, None, self.leave_out)
        some = _every(self.sampled, self.sampled.B.shape[1] if filtered is None else filtered.shape[1])
        trends = trends_given(self.declared.structure, frame, some, filtered=False, seed=self.seed)
        return estimate(
            self.declared, frame, rate, replace(some, trends=trends), self.leave_out, seed=self.seed,
            n_filtered=len(some.B[0]), exact=self.exact,
        )  # fmt: skip


def estimate(
    model: Declaration, frame: pd.DataFrame, rate: pd.Series, sampled: TrendCycleDraws,
    leave_out: Mapping[str, Span], *, seed: int, n_filtered: int, exact: bool,
) -> TrendVarRate:  # fmt: skip
    """What draws say.

    Parameters
    ----------
    model
        That was sampled.
    frame
        The series of the sample.
    rate
        Real rate, percent a year.
    sampled
        The draws.
    leave_out
        What was left out of the data.
    seed
        Of the sampler.
    n_filtered
        Draws of the parameters of each chain for which filtered trends are drawn.
    exact
        Whether the cycles before the sample had their distribution.
    """
    some = _every(sampled, n_filtered)
    some = replace(some, trends=trends_given(model.structure, frame, some, filtered=True, seed=seed + 1))
    expressions = {RSTAR: model.reports[RSTAR], **model.reports}
    states = {
        name: StateDraws(_combined(model, one, sampled), _combined(model, one, some))
        for name, one in expressions.items()
    }
    for k, name in enumerate(model.trends):
        states.setdefault(name, StateDraws(sampled.trends[..., k], some.trends[..., k]))
    return TrendVarRate(
        model=model, draws=_parameters(model, sampled), states=states, index=pd.PeriodIndex(frame.index), rate=rate,
        seed=seed, remarks=_remarks(model, sampled, some, exact=exact), sampled=sampled, data=frame,
        leave_out=leave_out, exact=exact,
    )  # fmt: skip


def _every(draws: TrendCycleDraws, count: int) -> TrendCycleDraws:
    """Some of the draws of each chain, evenly spaced."""
    have = draws.B.shape[1]
    rows = np.unique(np.linspace(0, have - 1, max(1, min(count, have))).astype(int))
    kept = {name: getattr(draws, name)[:, rows] for name in ("trends", "B", "sigma", "Q", "theta")}
    return TrendCycleDraws(**kept, moved=draws.moved)


def _combined(model: Declaration, expression: Linear, draws: TrendCycleDraws) -> Floats:
    """Draws of a combination of the trends, shape (chains, draws, n_periods)."""
    fixed, moved = model.weights(expression)
    return np.asarray(np.einsum("cdtr,cdr->cdt", draws.trends, fixed + draws.theta @ moved))


def _parameters(model: Declaration, draws: TrendCycleDraws) -> PosteriorDraws:
    """Standard deviations of the trends' changes and the cycles' innovations, free loadings, and the largest root."""
    trend, cycle = (np.sqrt(np.einsum("cdii->cdi", each)) for each in (draws.Q, draws.sigma))
    names = (
        *(f"sd_{n}" for n in model.trends),
        *(f"sd_cycle_{n}" for n in model.equations),
        *model.free,
        ROOT,
    )
    parts = (trend, cycle, draws.theta, draws.largest_root()[..., None])
    return PosteriorDraws(np.concatenate(parts, axis=2), names)


def _remarks(
    model: Declaration, draws: TrendCycleDraws, some: TrendCycleDraws, *, exact: bool
) -> tuple[str, ...]:
    period = PERIODS[model.frequency]
    roots = ", ".join(f"{root:.3f}" for root in draws.largest_root().mean(axis=1))
    many = f"{some.B.shape[1]} of each chain's draws"
    said = [
        f"r* of a {period} is {model.reports[RSTAR]} of that {period}: filtered, given data to it; smoothed, all data.",
        f"Largest root of the cycle, mean by chain: {roots}. Chains that stay apart in it are in different modes.",
        f"Filtered draws of a {period} are given data to it, the parameters from their posterior on all data ({many}).",
        f"The standard deviations of the trends are of their changes from {period} to {period}.",
    ]
    if not exact:
        said.append(_PUBLISHED)
    return tuple(said)
