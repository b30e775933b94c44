"""Economic value of forecasts: certainty equivalents, Sharpe ratios, turnover and costs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.leads.alignment import on_shared_dates, overlap_lags
from capstar.leads.numerics import normal_p
from capstar.leads.records import Estimates, Record, Tabled, around

Floats = npt.NDArray[np.float64]
Units = Literal["percent", "decimal"]
_YEAR = {"M": 12, "Q": 4}


@dataclass(frozen=True)
class SharpeRatio(Record):
    """Sharpe ratio, or a difference of two, of one period's excess returns.

    Attributes
    ----------
    ratio, se
        Per period; multiply both by the root of the number of periods for a year's, if returns are uncorrelated.
    p
        Two-sided normal p-value of zero.
    lags, nobs
        Autocovariances in the standard error; observations.
    """

    ratio: float
    se: float
    p: float
    lags: int
    nobs: int

    @property
    def title(self) -> str:
        """Value and p."""
        return f"Sharpe ratio {self.ratio:.4f} a period, p {self.p:.4f}, {self.nobs} periods"

    def _estimates(self) -> Estimates:
        return {"Sharpe ratio": around(self.ratio, self.se)}


@dataclass(frozen=True)
class EconomicValue(Tabled):
    """What an investor gains from forecasts.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a ``strategy`` and ``risk_aversion``; returns net of costs. ``mean``, ``sd`` and
        ``certainty_equivalent`` in percent a year; ``gain``: the certainty equivalent less the benchmark's, the most
        an investor would pay in fees, with ``gain_se`` and ``gain_p``; ``sharpe`` a year with ``sharpe_se``, and
        ``sharpe_p`` of no difference from the benchmark's; ``weight`` and ``turnover``: mean a period. NaN where
        nothing was ever held.
    weights, returns : pandas.DataFrame
        Share in the risky asset at the start of each period; net simple return, percent. Columns (strategy, risk
        aversion).
    benchmark
        Strategy compared with.
    bounds, cost
        Of the weight; basis points of the amount traded.
    """

    table: pd.DataFrame
    weights: pd.DataFrame
    returns: pd.DataFrame
    benchmark: str
    bounds: tuple[float, float]
    cost: float

    @property
    def title(self) -> str:
        """Investor, dates, bounds and costs."""
        (low, high), dates = self.bounds, self.weights.index
        return (
            f"Mean-variance investor, {dates[0]}-{dates[-1]}, weight {low:g} to {high:g}, cost {self.cost:g} basis "
            f"points, against {self.benchmark}"
        )

    def notes(self) -> tuple[str, ...]:
        """Units."""
        return ("Percent a year; gain: certainty equivalent less the benchmark's.",)

    def _estimates(self) -> Estimates:
        rows = self.table.itertuples()
        return {f"gain, {row.strategy}, {row.risk_aversion:g}": around(row.gain, row.gain_se) for row in rows}


def economic_value(
    returns: pd.Series,
    forecasts: pd.DataFrame,
    risk_free: pd.Series,
    *,
    benchmark: str = "mean",
    risk_aversion: Iterable[float] = range(1, 11),
    bounds: tuple[float, float] = (0.0, 1.5),
    cost: float = 0.0,
    window: int = 60,
    units: Units = "percent",
    lags: int | None = None,
) -> EconomicValue:
    r"""Value of return forecasts to a mean-variance investor who trades each period.

    At the end of t - 1 the share :math:`w_t = \hat r_t / (\gamma \hat\sigma_t^2)`, kept within the bounds, goes into
    the risky asset and the rest into the bill; :math:`\hat\sigma_t^2` is the variance of the last ``window`` excess
    returns.

    Parameters
    ----------
    returns
        Simple returns of the risky asset, one period each, beginning at least ``window`` periods before the
        forecasts.
    forecasts
        Of the *excess* return of each row's period, made before it begins: the benchmark and one column a
        strategy, as `capstar.leads.recursive_forecasts` gives (a column ``actual`` is left out).
    risk_free
        Simple return of the bill over each period, known when it begins.
    benchmark
        Column compared with.
    risk_aversion
        Values of :math:`\gamma`.
    bounds
        Of the weight.
    cost
        Proportional, basis points of the amount traded. Trades bring the share, as drifted with returns, to
        its new value; the first buys it.
    window
        Periods.
    units
        Of returns, forecasts and risk_free.
    lags
        Autocovariances in standard errors; by default floor(4 (T/100)^(2/9)).

    Raises
    ------
    DataError
        Series that cannot be aligned, gaps, too few past returns, a fall of 100 percent or more, or returns
        inconsistent with the units declared.
    SpecificationError
        Invalid risk aversion, bounds, cost, window or benchmark.

    Warns
    -----
    DataWarning
        Returns or forecasts so small or large that they seem to be in other units.

    References
    ----------
    Campbell and Thompson (2008), *Review of Financial Studies* 21(4), for weights, bounds and variance; Neely,
    Rapach, Tu and Zhou (2014), *Management Science* 60(7), for gains net of costs; DeMiguel, Garlappi and Uppal
    (2009), *Review of Financial Studies* 22(5), for turnover; Ledoit and Wolf (2008), section 3.1, for the
    differences' errors.
    """
    gammas = [float(g) for g in risk_aversion]
    strategies = [str(c) for c in forecasts if c != "actual"]
    _check(gammas, bounds, cost, window, benchmark, strategies)
    scale = {"percent": 100.0, "decimal": 1.0}[units]
    excess, asset, bill = _excess(returns, risk_free, units, scale)
    expected, variance = _moments(excess, forecasts[strategies] / scale, window)
    _check_forecasts(expected, excess)
    asset, bill = asset.loc[expected.index], bill.loc[expected.index]
    weights, net, turnover = {}, {}, {}
    for name in strategies:
        for gamma in gammas:
            w = (expected[name] / (gamma * variance)).clip(*bounds)
            key = (name, gamma)
            weights[key] = w
            net[key], turnover[key] = _trade(w.to_numpy(), asset.to_numpy(), bill.to_numpy(), cost / 1e4)
    year = _YEAR[expected.index.freqstr[:1]]
    chosen = overlap_lags(len(expected), 1) if lags is None else lags
    rows = [
        _row(name, g, net[name, g], net[benchmark, g], bill.to_numpy(), year, chosen)
        | {"weight": float(weights[name, g].mean()), "turnover": float(turnover[name, g].mean())}
        for name in strategies for g in gammas
    ]  # fmt: skip
    index, names = expected.index, ["strategy", "risk_aversion"]
    return EconomicValue(
        pd.DataFrame(rows),
        pd.DataFrame(weights).rename_axis(columns=names),
        pd.DataFrame({k: 100 * v for k, v in net.items()}, index).rename_axis(columns=names),
        benchmark,
        bounds,
        cost,
    )


def sharpe_ratio(
    excess: npt.ArrayLike, other: npt.ArrayLike | None = None, *, lags: int | None = None
) -> SharpeRatio:
    r"""Sharpe ratio of excess returns, or its difference from another's, with standard error.

    The error follows from the joint long-run covariance of returns and their squares (Bartlett weights) by
    the delta method, so it holds for skewed, fat-tailed and correlated returns.

    Parameters
    ----------
    excess
        One-period excess returns, shape (T,).
    other
        Subtracted: returns of the same periods.
    lags
        By default floor(4 (T/100)^(2/9)); 0 for uncorrelated returns.

    Raises
    ------
    DataError
        Fewer than 20 returns, a missing one, different lengths, or returns that do not vary.

    References
    ----------
    Lo (2002), "The statistics of Sharpe ratios", *Financial Analysts Journal* 58(4), non-IID case; Ledoit and Wolf
    (2008), "Robust performance hypothesis testing with the Sharpe ratio", *Journal of Empirical Finance* 15(5),
    section 3.1.
    """
    series = [np.asarray(one, dtype=float) for one in ((excess,) if other is None else (excess, other))]
    if any(s.ndim != 1 or len(s) < 20 or len(s) != len(series[0]) for s in series):
        raise DataError(
            f"returns of shapes {[s.shape for s in series]}: expected one length, at least 20. Give more."
        )
    if not all(np.isfinite(s).all() and np.ptp(s) > 0 for s in series):
        raise DataError("excess returns have a missing value or do not vary. Give complete returns.")
    chosen = overlap_lags(len(series[0]), 1) if lags is None else lags
    signed = list(zip(series, (1.0, -1.0), strict=False))
    value = sum(sign * s.mean() / s.std(ddof=1) for s, sign in signed)
    gradient = np.concatenate([sign * _sharpe_gradient(s) for s, sign in signed])
    se = _delta_se(series, gradient, chosen)
    p = normal_p(value / se) if se > 0 else float("nan")
    return SharpeRatio(float(value), se, p, chosen, len(series[0]))


def _check(
    gammas: list[float],
    bounds: tuple[float, float],
    cost: float,
    window: int,
    benchmark: str,
    strategies: list[str],
) -> None:
    if not gammas or min(gammas) <= 0 or bounds[0] > bounds[1] or cost < 0 or window < 12:
        raise SpecificationError(
            f"risk_aversion={gammas}, bounds={bounds}, cost={cost}, window={window}: give positive risk aversion, "
            "ordered bounds, a cost of at least 0 and a window of at least 12."
        )
    if benchmark not in strategies:
        raise SpecificationError(f"benchmark={benchmark!r} is not among {strategies}. Name a column.")


def _excess(
    returns: pd.Series, risk_free: pd.Series, units: Units, scale: float
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Excess, risky and riskless returns as decimals."""
    asset, table = on_shared_dates(returns, risk_free, fewest=20)
    low, spread = float(asset.min()), float(asset.std())
    if low <= -scale or (units == "decimal" and spread > 0.5):
        raise DataError(
            f"{returns.name}: lowest {low:.4g}, standard deviation {spread:.4g} a period; not simple returns, "
            f"units={units!r}. Declare their units, or correct them."
        )
    if units == "percent" and spread < 0.3:
        warnings.warn(
            f"{returns.name}: standard deviation {spread:.4g} percent a period. If these are decimals, set "
            "units='decimal'.",
            DataWarning,
            stacklevel=3,
        )
    asset, bill = asset / scale, table.iloc[:, 0] / scale
    return (asset - bill).rename("excess"), asset, bill


def _check_forecasts(forecasts: pd.DataFrame, excess: pd.Series) -> None:
    """Warn of forecasts a hundred times too large or small beside the returns."""
    ratio = float(forecasts.abs().max(axis=None) / excess.std())
    if not 0.004 < ratio < 5:
        warnings.warn(
            f"forecasts reach {ratio:.3g} standard deviations of the returns. Give both in the same units.",
            DataWarning,
            stacklevel=3,
        )


def _moments(excess: pd.Series, forecasts: pd.DataFrame, window: int) -> tuple[pd.DataFrame, pd.Series]:
    """Forecasts and past variances by the period they are for."""
    variance = excess.rolling(window).var(ddof=0).shift(1)
    if not forecasts.index.isin(excess.index).all() or forecasts.isna().any(axis=None):
        raise DataError(
            f"forecasts ({forecasts.index[0]}-{forecasts.index[-1]}) must be complete and lie within the returns "
            f"({excess.index[0]}-{excess.index[-1]}). Cut them to the dates both have."
        )
    needed = variance.loc[forecasts.index]
    if needed.isna().any() or (needed <= 0).any():
        raise DataError(
            f"{window} varying returns before {forecasts.index[0]} are needed for its variance. Start later, or "
            "shorten the window."
        )
    return forecasts, needed


def _trade(weights: Floats, asset: Floats, bill: Floats, cost: float) -> tuple[Floats, Floats]:
    """Returns net of costs, and the share of wealth traded at the start of each period."""
    gross = 1 + bill + weights * (asset - bill)
    drifted = np.concatenate([[0.0], (weights * (1 + asset) / gross)[:-1]])
    traded = np.abs(weights - drifted)
    return gross * (1 - cost * traded) - 1, traded


def _row(
    name: str, gamma: float, net: Floats, base: Floats, bill: Floats, year: int, lags: int
) -> dict[str, object]:
    """One line of the table."""
    same = bool((net == base).all())
    excess, other = net - bill, base - bill
    idle, other_idle = (float(np.abs(r).max()) < 1e-12 for r in (excess, other))
    own = None if idle else sharpe_ratio(excess, lags=lags)
    gap = None if same or idle or other_idle else sharpe_ratio(excess, other, lags=lags)
    certain = [r.mean() - gamma / 2 * r.var(ddof=1) for r in (net, base)]
    gradient = [np.array([1 + gamma * r.mean(), -gamma / 2]) for r in (net, base)]
    gain = float(certain[0] - certain[1])
    se = float("nan") if same else _delta_se([net, base], np.concatenate([gradient[0], -gradient[1]]), lags)
    return {
        "strategy": name,
        "risk_aversion": gamma,
        "mean": 100 * year * net.mean(),
        "sd": 100 * np.sqrt(year) * net.std(ddof=1),
        "certainty_equivalent": 100 * year * certain[0],
        "gain": 100 * year * gain,
        "gain_se": 100 * year * se,
        "gain_p": normal_p(gain / se),
        "sharpe": float("nan") if own is None else np.sqrt(year) * own.ratio,
        "sharpe_se": float("nan") if own is None else np.sqrt(year) * own.se,
        "sharpe_p": float("nan") if gap is None else gap.p,
    }


def _sharpe_gradient(r: Floats) -> Floats:
    """Derivatives of mean over standard deviation by the first and second moments."""
    mean, second = r.mean(), (r**2).mean()
    cubed = (second - mean**2) ** 1.5
    return np.array([second / cubed, -mean / (2 * cubed)])


def _delta_se(series: list[Floats], gradient: Floats, lags: int) -> float:
    """Standard error of a function of the first two moments of each series."""
    from statsmodels.stats.sandwich_covariance import S_hac_simple

    moments = np.column_stack([column for s in series for column in (s, s**2)])
    centred = moments - moments.mean(axis=0)
    influence = centred @ gradient
    return float(np.sqrt(S_hac_simple(influence, nlags=lags).item()) / len(influence))
