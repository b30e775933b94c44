"""How well the likelihood pins down what r* depends on: profiles and the pile-up check."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from capstar.errors import ConvergenceError, SpecificationError
from capstar.kernels.arrays import Floats
from capstar.progress import Progress, reporting
from capstar.provenance import titled
from capstar.reporting import Result
from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.rstar.laubach_williams.three_stage import StageEstimate
from capstar.statespace.maximum_likelihood import MaximumLikelihood, maximize
from capstar.statespace.parameters import ParameterTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_AT_ZERO = 1e-4  # a lambda below this moves z by less than a basis point a quarter
_POINTS = 25


@dataclass(frozen=True)
class Profile(Result):
    """Log-likelihood of stage 3 maximised at given values of one parameter.

    Attributes
    ----------
    name
        The parameter.
    table : pandas.DataFrame
        By its value: ``log_likelihood`` and ``rstar``, the last filtered r* (percent a year), everything else
        re-estimated.
    estimate
        Value used by the results, and its log-likelihood.
    log_likelihood
        At the estimate.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> profile = fit.profile("lambda_z", [0.0, 0.02, 0.04])
    >>> profile
    <Profile: Profile likelihood of lambda_z>
    >>> profile.table["rstar"].round(1).to_dict()
    {0.0: 1.9, 0.02: -0.1, 0.04: -1.6}
    >>> profile.notes()[0]
    'Value used: 0.01776, log-likelihood -676.4164.'
    >>> figure = profile.plot()
    """

    name: str
    table: pd.DataFrame
    estimate: float
    log_likelihood: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Smallest and largest value on the grid that a likelihood-ratio test does not reject.

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
        >>> fit.profile("lambda_z", [0.0, 0.02, 0.04]).interval(0.95)
        (0.0, 0.04)
        """
        cut = self.table["log_likelihood"].max() - _drop(level)
        kept = self.table.index[self.table["log_likelihood"] >= cut]
        return float(kept.min()), float(kept.max())

    @property
    def title(self) -> str:
        """The parameter."""
        return f"Profile likelihood of {self.name}"

    def notes(self) -> tuple[str, ...]:
        """The value used, and the interval of a likelihood-ratio test."""
        low, high = self.interval()
        return (
            f"Value used: {self.estimate:.4g}, log-likelihood {self.log_likelihood:.4f}.",
            f"Not rejected at 5 percent by a likelihood-ratio test, on this grid: {low:.4g} to {high:.4g}.",
        )

    def plot(self, ax: Any = None) -> Figure:
        """The profile, its 95 percent line, and r* along it."""
        from capstar.plotting import plot_profile

        drop = _drop(0.95)
        return plot_profile(
            self.table, name=self.name, estimate=self.estimate, drop=drop, source=self.provenance, ax=ax
        )


@dataclass(frozen=True)
class PileUp(Result):
    """Whether the data give z a variance and the output gap a response to the real rate.

    Attributes
    ----------
    lambda_z_ml
        Maximum-likelihood value of lambda_z, lambda_g held and all else re-estimated; NaN where no maximum was
        reached.
    gain
        Its log-likelihood over that of lambda_z = 0; NaN where either was not established.
    loss
        Its log-likelihood over that of the lambda_z the results use; NaN as `lambda_z_ml`.
    a_r, a_r_t
        Estimate and t statistic; NaN where a_r is held.
    a_r_at_bound
        Whether a_r ended at its bound.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> found = fit.pile_up
    >>> found.title, found.sigma_z_at_zero
    ('Whether sigma_z piles up at zero and a_r at its bound', True)
    >>> found.to_frame()["value"].round(2)[["loss", "a_r_t"]].to_dict()
    {'loss': 0.25, 'a_r_t': -0.99}
    >>> found.notes()[1]
    'a_r is weakly identified (t = -1.0), and r* with it: sigma_z is a ratio over a_r.'
    >>> figure = found.plot()
    """

    lambda_z_ml: float
    gain: float
    loss: float
    a_r: float
    a_r_t: float
    a_r_at_bound: bool

    @property
    def sigma_z_at_zero(self) -> bool:
        """Whether maximum likelihood puts the variance of z at zero."""
        return self.lambda_z_ml < _AT_ZERO

    @property
    def title(self) -> str:
        """What is checked."""
        return "Whether sigma_z piles up at zero and a_r at its bound"

    def to_frame(self) -> pd.DataFrame:
        """The numbers behind the finding."""
        return pd.Series(asdict(self), dtype=float).to_frame("value")

    def plot(self, ax: Any = None) -> Figure:
        """Log-likelihood of stage 3 at three values of lambda_z."""
        from capstar.plotting import plot_bars

        values = {"λ_z = 0": -self.gain, "the value used": -self.loss, "maximum likelihood": 0.0}
        table, heading = pd.Series(values).to_frame("loss"), "Log-likelihood by λ_z, λ_g held"
        unit = "log-likelihood below the highest found"
        return plot_bars(table, title=heading, unit=unit, source=self.provenance, ax=ax)

    def notes(self) -> tuple[str, ...]:
        """The finding in words, as far as there is one."""
        return (*self._words_of_z(), self._words_of_a_r())

    def _words_of_z(self) -> tuple[str, ...]:
        limit = _drop(0.95)
        if np.isnan(self.lambda_z_ml):
            return ()
        if self.sigma_z_at_zero:
            z = (
                "sigma_z piles up at zero: maximum likelihood of lambda_z is 0, so that the variance of z, and with "
                "it much of the path of r*, rests on the imposed ratio"
            )
        else:
            z = f"Maximum likelihood of lambda_z, lambda_g held, is {self.lambda_z_ml:.4f}"
        if not self.sigma_z_at_zero and not np.isnan(self.gain):
            verdict = "is not" if self.gain < limit else "is"
            z += f"; zero {verdict} rejected at 5 percent (log-likelihood {self.gain:.2f} higher, {limit:.2f} needed)"
        return (f"{z}; the value used lies {self.loss:.2f} below the maximum.",)

    def _words_of_a_r(self) -> str:
        if self.a_r_at_bound:
            return (
                f"a_r = {self.a_r:.4g} is at its bound: output does not respond to the real rate, r* is not identified "
                "and its bands have no meaning."
            )
        if np.isnan(self.a_r_t):
            return f"a_r is held at {self.a_r:.4g}: whether the data identify r* is not tested."
        if abs(self.a_r_t) < 2:
            return f"a_r is weakly identified (t = {self.a_r_t:.1f}), and r* with it: sigma_z is a ratio over a_r."
        return (
            f"a_r is away from its bound (t = {self.a_r_t:.1f}): the response to the real rate is identified."
        )


def likelihood_profile(
    results: ThreeStageEstimates, name: str, values: Sequence[float] | None, progress: Progress | bool
) -> Profile:
    """See `RStarResults.profile`."""
    stage = results.stages.stage3
    if name not in stage.ml.params.index:
        raise SpecificationError(
            f"{results.model_name} has no parameter {name!r}; it has {list(stage.ml.params.index)}."
        )
    center = float(stage.ml.params[name])
    grid = np.sort(np.asarray(_grid(results, name, center) if values is None else values, dtype=float))
    # Outwards from the estimate, each point starting where its neighbour ended.
    near = stage.ml.params.to_dict()
    rows: dict[float, tuple[float, float]] = {}
    with reporting(progress) as tell:
        for side in (grid[grid >= center], grid[grid < center][::-1]):
            start = near
            for value in side:
                tell(f"{results.model_name}: profile of {name}", len(rows) / len(grid))
                fit = _refit(stage, {name: float(value)}, start)
                if fit is not None:
                    start = fit.params.to_dict()
                rows[float(value)] = (np.nan, np.nan) if fit is None else (fit.llf, last_rstar(stage, fit))
        tell(f"{results.model_name}: profile of {name}", 1.0)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["log_likelihood", "rstar"]).sort_index()
    table.index.name = name
    return Profile(name, titled(table, results.real_rate), center, stage.ml.llf)


def _drop(level: float) -> float:
    """Fall of the log-likelihood that a test of one restriction rejects: half a quantile of chi-squared (1)."""
    return float(gammaincinv(0.5, level))


def checkable(results: ThreeStageEstimates) -> bool:
    """Whether the equations have the two parameters that `pile_up` is about; edited ones may not."""
    return {"lambda_z", "a_r"} <= set(results.all_params.index)


def pile_up(results: ThreeStageEstimates) -> PileUp:
    """See `RStarResults.pile_up`."""
    stage = results.stages.stage3
    if not checkable(results):
        raise SpecificationError(
            f"{results.model_name} has no lambda_z or no a_r, and the check is about these; it has "
            f"{list(stage.ml.params.index)}. Use profile(name) for another parameter."
        )
    near = stage.ml.params.to_dict()
    at_zero = _refit(stage, {"lambda_z": 0.0}, near)
    zero = at_zero.llf if at_zero is not None and at_zero.converged else np.nan
    found = [_refit(stage, {}, near | {"lambda_z": start}) for start in (0.1, 0.03, 0.005)]
    free = [(fit.llf, float(fit.params["lambda_z"])) for fit in found if fit is not None and fit.converged]
    best, lambda_z = max([*free, *([] if np.isnan(zero) else [(zero + 1e-6, 0.0)])], default=(np.nan, np.nan))
    a_r = float(stage.ml.params["a_r"])
    held = "a_r" not in stage.ml.free
    return PileUp(
        lambda_z_ml=lambda_z,
        gain=best - zero if lambda_z else 0.0,
        loss=float(np.maximum(best - stage.ml.llf, 0.0)),
        a_r=a_r,
        a_r_t=np.nan if held else a_r / float(results.bse["a_r"]),
        a_r_at_bound=not held and bool(stage.ml.at_bound["a_r"]),
    )


def _grid(results: ThreeStageEstimates, name: str, center: float) -> Floats:
    if name.startswith("lambda"):
        return np.union1d(np.linspace(0.0, max(3 * center, 0.1), _POINTS - 1), [center])
    width = 3 * float(results.bse[name]) if name in results.bse.index else max(abs(center), 0.1)
    bounds = results.stages.stage3.problem.model.parameters[name]
    low, high = max(center - width, bounds.lower), min(center + width, bounds.upper)
    return np.union1d(np.linspace(low, high, _POINTS - 1), [center])


def _refit(stage: StageEstimate, held: dict[str, float], start: dict[str, float]) -> MaximumLikelihood | None:
    """Stage 3 with lambda_z or another parameter held (lambda_z free where nothing is), from given values.

    None where the likelihood ceases to be defined on the way.  Nothing is warned of: the estimate itself stands.
    """
    lambdas = {"lambda_g", "lambda_z"} - set(stage.ml.free) - (set() if held else {"lambda_z"})
    others = {
        n for n in stage.ml.params.index if n not in stage.ml.free and n not in lambdas and n != "lambda_z"
    }
    fixed = {n: start[n] for n in (lambdas | others)} | held
    table: ParameterTable = stage.problem.table().starting(start).fix(fixed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return maximize(stage.problem, table, n_starts=1, allow_unconverged=True, progress=False)
        except ConvergenceError:
            return None


def last_rstar(stage: StageEstimate, fit: MaximumLikelihood) -> float:
    """The last filtered r* at other parameters."""
    theta = stage.problem.vector(fit.params)
    state = stage.problem.filter_path(theta).a[-1, -1]
    model = stage.problem.model
    row = model.blocks["R"].dense(stage.problem.values(theta))[model.reports.index("rstar")]
    return float(state @ row)
