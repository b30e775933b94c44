"""Whether a slope is the same everywhere: by quantile, by period, over rolling windows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from capstar.arguments import checked, half_width
from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.frames import Start, since
from capstar.leads.alignment import aligned, overlap_lags
from capstar.leads.checks import require_horizon, require_level, require_variation_of
from capstar.leads.inference.regression import newey_west
from capstar.leads.numerics import normal_p, require_error, with_constant
from capstar.leads.records import SlopeTable
from capstar.provenance import titled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Slopes(SlopeTable):
    """Slopes of one regression estimated many times.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an estimate: what was varied (``quantile`` and ``predictor``, ``sample``, or dates as index), then
        ``slope``, ``se``, ``t``, ``p`` (two-sided normal), ``lower`` and ``upper``.
    kind
        ``"quantile"``, ``"subsample"`` or ``"rolling"``.
    target, level, horizon
        Name of the target, coverage of the bands, periods each target sums.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> found = cs.leads.rolling_slopes(y, x, window=60)
    >>> found.table[["slope", "lower", "upper"]].round(2).tail(2)
            slope  lower  upper
    date
    2009Q2   0.60  -1.75   2.95
    2009Q3   0.62  -1.73   2.97
    """

    table: pd.DataFrame
    kind: str
    target: str
    level: float
    horizon: int

    @property
    def _keys(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(name for name in ("quantile", "predictor", "sample") if name in self.table)

    @property
    def title(self) -> str:
        """What was varied, of which target."""
        return f"{self.kind.capitalize()} slopes of {self.target}, horizon {self.horizon}"

    def frames(self) -> dict[str, pd.DataFrame]:
        """The table, or the last of many windows."""
        return {"Last windows": self.table.tail(4)} if self.kind == "rolling" else {"": self.table}

    def notes(self) -> tuple[str, ...]:
        """What rolling estimates ranged over."""
        if self.kind != "rolling":
            return ()
        slope, outside = self.table["slope"], (self.table["lower"] > 0) | (self.table["upper"] < 0)
        words = (
            f"{len(slope)} windows, the last ends in {slope.index[-1]} with {slope.iloc[-1]:.4f}; lowest "
            f"{slope.min():.4f} ({slope.idxmin()}), highest {slope.max():.4f} ({slope.idxmax()}); zero lies outside "
            f"the {self.level:.0%} band in {outside.mean():.0%} of them."
        )
        return (words,)

    def plot(self, ax: Any = None, *, start: Start = None, level: float | None = None) -> Figure:
        """Slopes with their bands.

        Parameters
        ----------
        ax
            Axes to draw in; by default a figure of its own.
        start
            First period shown of rolling slopes.
        level
            Coverage of the bands; by default that of the table.
        """
        from capstar.plotting.leads import plot_estimates, plot_paths

        level = self.level if level is None else level
        title = (
            f"{self.kind.capitalize()} slopes",
            self.target,
            f"horizon {self.horizon}",
            f"{level:.0%} bands",
        )
        unit = "slope, per unit of the predictor"
        half = half_width(level) * self.table["se"]
        table = since(self.table.rename(columns={"slope": "estimate"}), start)
        table = table.assign(lower=table["estimate"] - half, upper=table["estimate"] + half)
        own: dict[str, Any] = {"title": title, "unit": unit, "source": self.provenance, "ax": ax}
        if self.kind == "subsample":
            return plot_estimates(table.set_index("sample"), **own)
        if self.kind == "rolling":
            return plot_paths({"slope": table}, along="last period of the window", **own)
        lines = {
            str(name): part for name, part in table.set_index("quantile").groupby("predictor", sort=False)
        }
        return plot_paths(lines, along="quantile of the target", **own)


@checked
def quantile_slopes(
    target: pd.Series,
    predictors: pd.Series | pd.DataFrame,
    *,
    quantiles: Sequence[float] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95),
    horizon: int = 1,
    level: float = 0.9,
) -> Slopes:
    r"""Quantile regression at several quantiles.

    The covariance is :math:`J^{-1} \Omega J^{-1}`: the density in J by Powell's kernel, and in
    :math:`\Omega` the autocovariances of the scores to ``horizon - 1`` with Bartlett weights.

    Parameters
    ----------
    target, predictors
        As for `capstar.leads.alignment.aligned`; a constant is added.
    quantiles
        Between 0 and 1.
    horizon
        Periods each target sums.
    level
        Coverage of the bands.

    Raises
    ------
    DataError
        From `capstar.leads.alignment.aligned`.
    SpecificationError
        A quantile outside (0, 1).

    References
    ----------
    Koenker and Bassett (1978), *Econometrica* 46(1); Powell (1991); Galvao and Yoon (2024), "HAC covariance
    matrix estimation in quantile regression", *Journal of the American Statistical Association* 119.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> found = cs.leads.quantile_slopes(y, x, quantiles=(0.1, 0.5, 0.9))
    >>> found.table[["quantile", "slope", "se", "p"]].round(2)
       quantile  slope    se     p
    0       0.1   0.57  0.68  0.40
    1       0.5  -0.53  0.56  0.35
    2       0.9   0.09  0.68  0.89
    """
    if not all(0 < q < 1 for q in quantiles):
        raise SpecificationError(f"quantiles={tuple(quantiles)}; give numbers between 0 and 1.")
    y, x = aligned(target, predictors)
    require_horizon(horizon, len(y))
    Y, design, rows = y.to_numpy(), with_constant(x), []
    for q in quantiles:
        beta = _quantile_fit(Y, design, q)
        se = np.sqrt(np.diag(_quantile_cov(Y - design @ beta, design, q, horizon)))
        rows += [
            {"quantile": q, "predictor": str(name), **_tested(float(beta[j]), se[j], level)}
            for j, name in enumerate(x, start=1)
        ]
    return Slopes(
        titled(pd.DataFrame(rows), target, predictors), "quantile", str(target.name), level, horizon
    )


@checked
def subsample_slopes(
    target: pd.Series,
    predictor: pd.Series,
    splits: Sequence[str | pd.Period],
    *,
    horizon: int = 1,
    level: float = 0.9,
) -> Slopes:
    """Slope in the whole sample and between dates, Newey-West standard errors.

    Parameters
    ----------
    target, predictor, level
        As for `quantile_slopes`.
    splits
        First date of every sample after the first.
    horizon
        Periods each target sums; so many at the end of a sample reach into the next.

    Raises
    ------
    DataError
        From `capstar.leads.alignment.aligned`, or a sample with fewer than 10 + 2 ``horizon`` dates.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> found = cs.leads.subsample_slopes(y, x, ["1985Q1"])
    >>> found.table[["sample", "slope", "se", "nobs"]].round(2)
              sample  slope    se  nobs
    0  1969Q4-2009Q3  -0.09  0.42   160
    1  1969Q4-1984Q4  -0.22  0.49    61
    2  1985Q1-2009Q3   0.11  0.84    99
    """
    y, x = aligned(target, predictor)
    require_horizon(horizon, len(y))
    edges = [0, *sorted(int(y.index.searchsorted(pd.Period(s, y.index.freqstr))) for s in splits), len(y)]
    samples = [(0, len(y)), *pairwise(edges)] if splits else [(0, len(y))]
    rows = []
    for first, end in samples:
        if end - first < 10 + 2 * horizon:
            raise DataError(
                f"splits={list(map(str, splits))} leave a sample of {end - first} dates; at least "
                f"{10 + 2 * horizon} are needed in each within {y.index[0]}-{y.index[-1]}. Choose other dates."
            )
        names = {"sample": f"{y.index[first]}-{y.index[end - 1]}", "nobs": end - first}
        rows.append(names | _slope(y.to_numpy()[first:end], x.to_numpy()[first:end, 0], horizon, level))
    return Slopes(
        titled(pd.DataFrame(rows), target, predictor), "subsample", str(target.name), level, horizon
    )


@checked
def rolling_slopes(
    target: pd.Series, predictor: pd.Series, *, window: int, horizon: int = 1, level: float = 0.9
) -> Slopes:
    """Slope over every window, Newey-West standard errors; NaN, with a warning, where the predictor does not vary.

    Parameters
    ----------
    target, predictor, level
        As for `quantile_slopes`.
    window
        Observations in each.
    horizon
        Periods each target sums. The row of t is known once the target of t is: ``horizon`` periods later.

    Raises
    ------
    DataError
        From `capstar.leads.alignment.aligned`, or fewer observations than ``window``.
    SpecificationError
        A window of fewer than 10 + 2 ``horizon``.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> found = cs.leads.rolling_slopes(y, x, window=60)
    >>> figure = found.plot(start="1990Q1", level=0.68)
    """
    if window < 10 + 2 * horizon:
        raise SpecificationError(
            f"window={window}; at least {10 + 2 * horizon} observations are needed for horizon {horizon}."
        )
    y, x = aligned(target, predictor, fewest=window)
    require_horizon(horizon, len(y))
    Y, X = y.to_numpy(), x.to_numpy()[:, 0]
    require_variation_of(Y, target.name)
    rows = [_slope(Y[i - window : i], X[i - window : i], horizon, level) for i in range(window, len(y) + 1)]
    table = pd.DataFrame(rows, index=y.index[window - 1 :])
    if (still := table["slope"].isna()).any():
        warnings.warn(
            f"{predictor.name} does not vary in {int(still.sum())} windows, the first to {still.idxmax()}: no slope "
            "exists there. Use a longer window.",
            DataWarning,
            stacklevel=3,
        )
    return Slopes(titled(table, target, predictor), "rolling", str(target.name), level, horizon)


def _tested(slope: float, se: float, level: float) -> dict[str, float]:
    require_level("level", level)
    require_error(se)
    width = float(ndtri(0.5 + level / 2)) * se
    ends = {"lower": slope - width, "upper": slope + width}
    return {"slope": slope, "se": se, "t": slope / se, "p": normal_p(slope / se)} | ends


def _slope(y: Floats, x: Floats, horizon: int, level: float) -> dict[str, float]:
    if np.ptp(x) <= 1e-12 * np.abs(x).max():
        return _tested(float("nan"), float("nan"), level)
    beta, se, _ = newey_west(y, x, lags=overlap_lags(len(y), horizon))
    return _tested(float(beta[1]), se, level)


def _quantile_fit(y: Floats, design: Floats, q: float) -> Floats:
    """Coefficients from the dual linear program (Koenker and Bassett 1978), exact to the solver's 1e-7.

    The reweighted least squares of statsmodels' QuantReg need not converge where targets overlap.
    """
    from scipy.optimize import linprog

    scale = np.abs(design).max(axis=0)
    solved = linprog(-y, A_eq=(design / scale).T, b_eq=(1 - q) * (design / scale).sum(axis=0), bounds=(0, 1))
    return np.asarray(-solved.eqlin.marginals / scale)


def _quantile_cov(errors: Floats, design: Floats, q: float, horizon: int) -> Floats:
    """Powell's sandwich, Hall and Sheather's bandwidth, with autocovariances of the scores."""
    from statsmodels.regression.quantile_regression import hall_sheather
    from statsmodels.stats.sandwich_covariance import S_hac_simple

    width = hall_sheather(len(errors), q)
    spread = min(float(errors.std()), float(np.subtract(*np.quantile(errors, [0.75, 0.25]))) / 1.34)
    bandwidth = spread * float(np.diff(ndtri(np.clip([q - width, q + width], 1e-3, 1 - 1e-3)))[0])
    weights = 0.75 * np.clip(1 - (errors / bandwidth) ** 2, 0.0, None) / bandwidth
    inverse = np.linalg.inv((design * weights[:, None]).T @ design)
    scores = design * (q - (errors < 0))[:, None]
    return np.asarray(inverse @ S_hac_simple(scores, nlags=horizon - 1) @ inverse)
