"""Summary tables of a fitted state-space model."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pandas as pd
from scipy.stats import norm

from capstar.reporting import Summary
from capstar.statespace.forecasting import require_level

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from capstar.statespace.maximum_likelihood import MaximumLikelihood
    from capstar.statespace.problem import Problem
    from capstar.statespace.smoothing import StateEstimates, Which

_NOTE = "std err: inverse of minus the Hessian. States and reports at known parameters."


class Fitted(Protocol):
    """What a summary reads of the results."""

    @property
    def problem(self) -> Problem:  # noqa: D102
        ...

    @property
    def ml(self) -> MaximumLikelihood:  # noqa: D102
        ...

    @property
    def params(self) -> pd.Series:  # noqa: D102
        ...

    @property
    def fixed(self) -> pd.Series:  # noqa: D102
        ...

    @property
    def bse(self) -> pd.Series:  # noqa: D102
        ...

    @property
    def estimates(self) -> StateEstimates:  # noqa: D102
        ...

    @property
    def aic(self) -> float:  # noqa: D102
        ...

    @property
    def bic(self) -> float:  # noqa: D102
        ...

    def states(self, which: Which = "smoothed") -> pd.DataFrame:  # noqa: D102
        ...

    def reports(self, which: Which = "smoothed") -> pd.DataFrame:  # noqa: D102
        ...


def parameter_table(params: pd.Series, bse: pd.Series) -> pd.DataFrame:
    """Estimates, standard errors, z, two-sided p and 95 percent intervals, a row a parameter."""
    z = params / bse
    half = norm.ppf(0.975) * bse
    columns = {"estimate": params, "std err": bse, "z": z, "P>|z|": 2 * norm.sf(np.abs(z))}
    return pd.DataFrame(columns | {"[0.025": params - half, "0.975]": params + half}, index=params.index)


def summarize(results: Fitted) -> Summary:
    """Parameters, fit and latest values of an estimate."""
    problem, ml = results.problem, results.ml
    tables = {"Parameters": parameter_table(results.params, results.bse), "Fit": _fit(results)}
    last = problem.index[-1]
    if len(problem.model.reports):
        tables[f"Reports in {last}"] = _latest(results.reports("filtered"), results.reports("smoothed"))
    tables[f"States in {last}"] = _latest(results.states("filtered"), results.states("smoothed"))
    return Summary(f"{problem.spec.name}, {problem.index[0]}-{last}", tables, _notes(results, ml))


def both_estimates(results: Fitted) -> pd.DataFrame:
    """States of the current period and reports, filtered and smoothed, with standard deviations (``_se``)."""
    parts = []
    each: tuple[Literal["filtered", "smoothed"], ...] = ("filtered", "smoothed")
    for which in each:
        both = pd.concat([results.reports(which), results.states(which)], axis=1)
        shown = both.loc[:, ~both.columns.duplicated() & ~both.columns.str.contains("(", regex=False)]
        stems = {c: c.removesuffix("_se") for c in shown}
        parts.append(shown.rename(columns={c: f"{s}_{which}{c[len(s) :]}" for c, s in stems.items()}))
    return pd.concat(parts, axis=1)


def plot_estimates(results: Fitted, *, level: float) -> Figure:
    """Reports, or states where the model has no reports, with bands of a coverage at known parameters."""
    from capstar.plotting.statespace import plot_paths

    require_level(level)
    problem = results.problem
    read = results.reports if problem.model.reports else results.states
    smoothed, filtered = read("smoothed"), read("filtered")
    names = [name for name in smoothed if f"{name}_se" in smoothed and "(" not in name]
    half = NormalDist().inv_cdf((1 + level) / 2) * smoothed[[f"{name}_se" for name in names]].to_numpy()
    means = smoothed[names]
    title = f"{problem.spec.name}, {problem.index[0]}-{problem.index[-1]} ({level:.0%} bands)"
    return plot_paths(means, means - half, means + half, filtered[names], title=title)


def _fit(results: Fitted) -> pd.DataFrame:
    values = {
        "periods": float(results.problem.nobs),
        "log-likelihood": results.ml.llf,
        "AIC": results.aic,
        "BIC": results.bic,
    }
    return pd.DataFrame({"": values})


def _latest(filtered: pd.DataFrame, smoothed: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in filtered if not name.endswith("_se")]
    last = {name: filtered[name].iloc[-1] for name in names}
    std = {name: filtered[f"{name}_se"].iloc[-1] for name in names}
    return pd.DataFrame({"filtered": last, "std dev": std, "smoothed, a year earlier": {
        name: smoothed[name].iloc[max(-1 - _per_year(smoothed.index), -len(smoothed))] for name in names
    }})  # fmt: skip


def _per_year(index: pd.Index) -> int:
    """Periods in a year, one where periods are longer."""
    first = pd.PeriodIndex(index)[0]
    year = pd.Period(first, freq="Y")
    begins, ends = (one.asfreq(first.freq, "start") for one in (year, year + 1))
    return max(1, int((ends.ordinal - begins.ordinal) / first.freq.n))


def _notes(results: Fitted, ml: MaximumLikelihood) -> tuple[str, ...]:
    notes = [_NOTE]
    if len(results.fixed):
        notes.append("Held fixed: " + ", ".join(f"{n} = {v:.6g}" for n, v in results.fixed.items()) + ".")
    bound = [name for name in ml.free if ml.at_bound[name]]
    if bound:
        shown = ", ".join(f"{name} = {ml.params[name]:.4g}" for name in bound)
        notes.append(f"At a bound, without a meaningful standard error: {shown}.")
    if ml.higher_maximum is not None:
        notes.append(
            f"Other starting points reach a log-likelihood of {ml.higher_maximum:.4f}, above {ml.llf:.4f}; keep='best' "
            "takes the higher one."
        )
    if not ml.converged:
        notes.append("NOT CONVERGED: the estimate is not a maximum.")
    return tuple(notes)
