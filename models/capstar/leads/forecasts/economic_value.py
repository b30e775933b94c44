"""Economic value of forecasts: certainty equivalents, Sharpe ratios, turnover and costs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked, require_percent
from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.leads.alignment import on_shared_dates, overlap_lags
from capstar.leads.forecasts.sharpe import delta_se, sharpe_ratio
from capstar.leads.numerics import normal_p
from capstar.leads.records import Estimates, Tabled, around

Floats = npt.NDArray[np.float64]
Units = Literal["percent", "decimal"]
Logs = Literal["none", "log", "difference of logs"]
_YEAR = {"M": 12, "Q": 4}


@dataclass(frozen=True)
class EconomicValue(Tabled):
    """What an investor gains from forecasts.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a ``strategy`` and ``risk_aversion``; returns net of costs. ``mean``, ``sd`` and
        ``certainty_equivalent`` in percent a year; ``gain``: the certainty equivalent less the benchmark's, the most
        an investor would pay in fees, with ``gain_se`` and ``gain_p``; ``sharpe`` a year with ``sharpe_se``, and
        ``sharpe_p`` of no difference from the benchmark's; ``weight``, ``turnover``: mean a period. NaN: nothing held.
    weights, returns : pandas.DataFrame
        Share in the risky asset as a period starts; net simple return, percent. Columns (strategy, risk aversion).
    benchmark
        Strategy compared with.
    bounds, cost
        Of the weight; basis points of the amount traded.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["excess"], returns[["smb"]], "1985-01")
    >>> found = cs.leads.economic_value(returns["small"], forecasts, returns["risk_free"])
    >>> print(found.benchmark, round(found.weights["smb", 3.0].iloc[-1], 2))
    mean 0.66
    """

    _unit = "gain in certainty equivalent, percent a year; 95% intervals"
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
        rows = self.table[self.table["gain_se"] > 0].itertuples()
        return {
            (row.strategy, f"risk aversion {row.risk_aversion:g}"): around(row.gain, row.gain_se)
            for row in rows
        }


@checked
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
    logs: Logs = "none",
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
    logs
        ``"log"`` if the forecasts are of log returns: half the variance of the last ``window`` excess returns is added,
        since the mean of a simple return is that of its log plus half its variance (Campbell and Viceira 2002,
        equation 2.21); ``"difference of logs"`` adds half the variance of the asset less half that of the bill.
    lags
        Autocovariances in standard errors; by default floor(4 (T/100)^(2/9)).

    Raises
    ------
    DataError
        Series not alike in dates, gaps, too few past returns, a fall of 100 percent, or returns in other units.
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
    (2009), *Review of Financial Studies* 22(5), for turnover; Ledoit and Wolf (2008, 3.1), for errors of differences.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["excess"], returns[["smb"]], "1985-01")
    >>> found = cs.leads.economic_value(returns["small"], forecasts, returns["risk_free"])
    >>> found.table.query("risk_aversion == 3")["gain"].round(2).tolist()
    [0.0, 2.91]
    """
    return _valued(
        (returns, risk_free), forecasts, tilt=False, benchmark=benchmark, risk_aversion=risk_aversion, bounds=bounds,
        cost=cost, window=window, units=units, logs=logs, lags=lags,
    )  # fmt: skip


@checked
def economic_value_of_tilt(
    small: pd.Series,
    large: pd.Series,
    forecasts: pd.DataFrame,
    *,
    benchmark: str = "mean",
    risk_aversion: Iterable[float] = (1, 3, 5),
    bounds: tuple[float, float] = (-1.0, 1.0),
    cost: float = 10.0,
    window: int = 60,
    units: Units = "percent",
    logs: Logs = "none",
    lags: int | None = None,
) -> EconomicValue:
    r"""Value of forecasts of small minus large to an investor who holds large caps and tilts to small ones.

    The return is :math:`r_{L,t} + w_t d_t`, :math:`d_t = r_{S,t} - r_{L,t}`, with the mean-variance weight
    :math:`w_t = (\hat d_t / \gamma - \widehat{cov}(d, r_L)) / \widehat{var}(d)` within the bounds, moments of the last
    ``window`` periods: in [0, 1] a mix of the two, in [-1, 1] also a short position in small caps.

    Parameters
    ----------
    small, large
        Simple returns, one period each, beginning at least ``window`` periods before the forecasts.
    forecasts
        Of each period's small minus large, made before it begins; otherwise as of `economic_value`.
    cost
        Basis points of the amount traded, on both sides: what is bought of one is sold of the other.
    logs
        What the forecasts are of: ``"log"`` of one plus the difference (half the variance of the difference is added),
        or ``"difference of logs"`` (half the variance of small less half that of large).
    benchmark, risk_aversion, bounds, window, units, lags
        As of `economic_value`.

    Returns
    -------
    EconomicValue
        Sharpe ratios are of the return over large caps (information ratios).

    Raises
    ------
    DataError, SpecificationError
        As of `economic_value`.

    References
    ----------
    Brandt (2010), "Portfolio choice problems", *Handbook of Financial Econometrics* 1, section 2.1, for the weight
    beside a given holding; Campbell and Thompson (2008) for bounds and moving variances.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> target = returns["small_minus_large"]
    >>> forecasts = cs.leads.recursive_forecasts(target, returns[["market"]], "1985-01")
    >>> found = cs.leads.economic_value_of_tilt(returns["small"], returns["large"], forecasts)
    >>> found.table.query("risk_aversion == 3")["sharpe"].round(2).tolist()
    [-0.38, 0.57]
    """
    return _valued(
        (small, large), forecasts, tilt=True, benchmark=benchmark, risk_aversion=risk_aversion, bounds=bounds,
        cost=cost, window=window, units=units, logs=logs, lags=lags,
    )  # fmt: skip


def _valued(
    pair: tuple[pd.Series, pd.Series],
    forecasts: pd.DataFrame,
    *,
    tilt: bool,
    benchmark: str,
    risk_aversion: Iterable[float],
    bounds: tuple[float, float],
    cost: float,
    window: int,
    units: Units,
    logs: Logs,
    lags: int | None,
) -> EconomicValue:
    """Account of every strategy: the second of a pair held, a weight put into the first."""
    gammas = [float(g) for g in risk_aversion]
    strategies = [str(c) for c in forecasts if c != "actual"]
    _check(gammas, bounds, cost, window, benchmark, strategies, logs)
    scale = {"percent": 100.0, "decimal": 1.0}[units]
    excess, asset, base = _excess(*pair, units, scale)
    expected, variance = _moments(excess, forecasts[strategies] / scale, window)
    _check_forecasts(expected, excess)
    expected = expected.add(_half_variance(excess, asset, base, window, logs).loc[expected.index], axis=0)
    hedge = excess.rolling(window).cov(base, ddof=0).shift(1).loc[expected.index] if tilt else 0.0
    asset, base = asset.loc[expected.index], base.loc[expected.index]
    weights, net, turnover = {}, {}, {}
    for name in strategies:
        for gamma in gammas:
            w = ((expected[name] / gamma - hedge) / variance).clip(*bounds)
            key = (name, gamma)
            weights[key] = w
            net[key], turnover[key] = _trade(
                w.to_numpy(), asset.to_numpy(), base.to_numpy(), cost / 1e4, 2 if tilt else 1
            )
    year = _YEAR[expected.index.freqstr[:1]]
    chosen = overlap_lags(len(expected), 1) if lags is None else lags
    rows = [
        _row(name, g, net[name, g], net[benchmark, g], base.to_numpy(), year, chosen)
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


def _check(
    gammas: list[float],
    bounds: tuple[float, float],
    cost: float,
    window: int,
    benchmark: str,
    strategies: list[str],
    logs: Logs,
) -> None:
    require_percent(0.02, "basis points", cost=cost)
    if not gammas or min(gammas) <= 0 or bounds[0] > bounds[1] or cost < 0 or window < 12:
        raise SpecificationError(
            f"risk_aversion={gammas}, bounds={bounds}, cost={cost}, window={window}: give positive risk aversion, "
            "ordered bounds, a cost of at least 0 and a window of at least 12."
        )
    if logs not in get_args(Logs):
        raise SpecificationError(f"logs={logs!r}; choose one of {list(get_args(Logs))}.")
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
            stacklevel=5,
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
            stacklevel=5,
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


def _half_variance(
    excess: pd.Series, asset: pd.Series, base: pd.Series, window: int, logs: Logs
) -> pd.Series:
    """What the mean of a simple return exceeds that of its log by, known when each period begins."""
    half = {
        "none": 0.0 * excess,
        "log": excess.rolling(window).var(ddof=0) / 2,
        "difference of logs": (asset.rolling(window).var(ddof=0) - base.rolling(window).var(ddof=0)) / 2,
    }[logs]
    return half.shift(1)


def _trade(weights: Floats, asset: Floats, bill: Floats, cost: float, sides: int) -> tuple[Floats, Floats]:
    """Returns net of costs, and the share of wealth traded at the start of each period."""
    gross = 1 + bill + weights * (asset - bill)
    drifted = np.concatenate([[0.0], (weights * (1 + asset) / gross)[:-1]])
    traded = sides * np.abs(weights - drifted)
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
    se = float("nan") if same else delta_se([net, base], np.concatenate([gradient[0], -gradient[1]]), lags)
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
