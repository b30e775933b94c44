"""Indicators of a price history: each value uses its own bar and those before it, never a later one.

``bars`` is a table with ``high``, ``low`` and ``close`` by date, or a series of closes.  With closes alone, as
monthly and quarterly data are, high and low are the close, and the absolute change of the close serves as true range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.frames import require_columns, require_rising

Bars: TypeAlias = pd.Series | pd.DataFrame
Floats: TypeAlias = npt.NDArray[np.float64]
_HLC = ("high", "low", "close")


def checked_prices(prices: pd.Series) -> pd.Series:
    """Prices as floats.

    Raises `DataError` where there is none, dates repeat or fall, or one is missing, infinite, zero or negative.
    """
    name = "prices" if prices.name is None else str(prices.name)
    if prices.empty:
        raise DataError(f"{name}: there is no price.")
    require_rising(prices.index, name, one="price a date")
    values = prices.astype(float)
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        when = bad.idxmax()
        raise DataError(
            f"{name} of {when} is {values[when]}; a price is a positive number. Drop the date, or correct the price."
        )
    return values


def span_of(index: pd.Index) -> str:
    """First and last day or period, as printed."""
    return f"{str(index[0])[:10]} to {str(index[-1])[:10]}"


def as_bars(bars: Bars) -> pd.DataFrame:
    """High, low and close by date; a series of closes is its own high and low.

    Raises `DataError` where a column is absent, a high is below its low, or a price is invalid (`checked_prices`).
    """
    if isinstance(bars, pd.Series):
        close = checked_prices(bars)
        return pd.DataFrame(dict.fromkeys(_HLC, close))
    require_columns(bars, _HLC, source="bars")
    out = pd.DataFrame({name: checked_prices(bars[name]) for name in _HLC})
    below = out["high"] < out["low"]
    if below.any():
        when = below.idxmax()
        raise DataError(
            f"bars: the high of {when} is {out.at[when, 'high']}, below the low, {out.at[when, 'low']}."
        )
    return out


@checked
def rate_of_change(prices: pd.Series, n: int = 1, *, log: bool = False) -> pd.Series:
    """Rate of change over n periods, percent: ``100 (P[t] / P[t-n] - 1)``.

    Parameters
    ----------
    prices
        By date; a missing price makes the two rates that use it missing.
    n
        Periods; the first n rates are NaN.
    log
        ``100 log(P[t] / P[t-n])`` instead.

    Raises
    ------
    DataError
        A value is zero or negative: of interest rates and gaps take differences, not rates of change.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> cs.markets.rate_of_change(index, n=12).round(1).tail(2)
    date
    2017-02    39.2
    2017-03    31.8
    Freq: M, Name: roc12, dtype: float64
    """
    _require_periods(n, 1)
    bad = prices <= 0
    if bad.any():
        when = bad.idxmax()
        raise DataError(
            f"{prices.name} of {when} is {prices[when]}: it has no rate of change. Take differences, "
            f"series.diff({n})."
        )
    ratio = prices / prices.shift(n)
    change = np.log(ratio) if log else ratio - 1.0
    return (100.0 * change).rename(f"roc{n}")


@checked
def true_range(high: pd.Series, low: pd.Series, close: pd.Series) -> pd.Series:
    """True range: from the lower of low and previous close to the higher of high and previous close.

    Parameters
    ----------
    high, low, close
        On the same dates; three times the close gives the absolute change of the close.

    Returns
    -------
    pandas.Series
        In units of price; NaN at the first date, which has no close before it.

    References
    ----------
    Wilder (1978), *New Concepts in Technical Trading Systems*, section 3.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> cs.markets.true_range(bars["high"], bars["low"], bars["close"]).round(2).head(3).tolist()
    [nan, 18.01, 27.72]
    """
    if not high.index.equals(low.index) or not high.index.equals(close.index):
        raise DataError("high, low and close are on different dates. Give all three on the same index.")
    bars = as_bars(pd.DataFrame({"high": high, "low": low, "close": close}))
    return pd.Series(_true_range(bars), bars.index, name="true_range")


@checked
def average_true_range(bars: Bars, n: int = 14) -> pd.Series:
    """Average true range after Wilder (1978, section 3), in units of price.

    Parameters
    ----------
    bars
        High, low, close; or closes, when the absolute change of the close is the true range.
    n
        Periods.  The first value, at bar n + 1, is the mean of n true ranges; each later one is
        ``((n - 1) before + today) / n``.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> cs.markets.average_true_range(bars).round(2).tail(2).tolist()
    [64.33, 61.62]
    """
    frame = _bars_of(bars, n, 1)
    return pd.Series(_wilder(_true_range(frame), n, start=1), frame.index, name="average_true_range")


@checked
def directional_index(bars: Bars, n: int = 14) -> pd.DataFrame:
    """Directional movement after Wilder (1978, section 4): a trend's direction, and its strength.

    Parameters
    ----------
    bars
        High, low, close; or closes, when a rise is all of the positive movement and a fall of the negative.
    n
        Periods.

    Returns
    -------
    pandas.DataFrame
        ``plus_di``, ``minus_di``: smoothed movement in percent of smoothed true range, from bar n + 1;
        ``dx``: ``100 |plus - minus| / (plus + minus)``, 0 where nothing moved; ``adx``: its Wilder average, from
        bar 2 n.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> cs.markets.directional_index(bars).round(1).tail(2)
                plus_di  minus_di    dx   adx
    Date
    2018-12-28     18.9      33.1  27.1  35.5
    2018-12-31     18.4      32.0  27.1  34.9
    """
    frame = _bars_of(bars, n, 2)
    ranges = np.nan_to_num(_true_range(frame), nan=0.0)
    up = np.diff(frame["high"], prepend=frame["high"].iloc[:1])
    down = -np.diff(frame["low"], prepend=frame["low"].iloc[:1])
    plus = np.where((up > down) & (up > 0), up, 0.0)
    minus = np.where((down > up) & (down > 0), down, 0.0)
    # The first bar has no movement: the starting sum is over n - 1 of them.
    spread, rise, fall = (_wilder(x, n, start=0) for x in (ranges, plus, minus))
    plus_di, minus_di = (100.0 * _ratio(x, spread, empty=0.0) for x in (rise, fall))
    for x in (plus_di, minus_di):
        x[:n] = np.nan
    dx = 100.0 * _ratio(np.abs(plus_di - minus_di), plus_di + minus_di, empty=0.0)
    table = {"plus_di": plus_di, "minus_di": minus_di, "dx": dx, "adx": _wilder(dx, n, start=n)}
    return pd.DataFrame(table, frame.index)


@checked
def donchian(bars: Bars, n: int = 20) -> pd.DataFrame:
    """Highest high and lowest low of the last n bars, today's included.

    A close can only leave the channel of the day before: compare it with ``donchian(bars, n).shift(1)``.

    Parameters
    ----------
    bars, n
        As of `choppiness`; n may be 1.

    Returns
    -------
    pandas.DataFrame
        ``high``, ``low`` and their mean, ``middle``; NaN for the first n - 1 bars.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> cs.markets.donchian(bars, n=20).round(1).tail(2)
                  high     low  middle
    Date
    2018-12-28  2800.2  2346.6  2573.4
    2018-12-31  2800.2  2346.6  2573.4
    """
    frame = _bars_of(bars, n, 1)
    high, low = _rolling(frame["high"], n, np.max), _rolling(frame["low"], n, np.min)
    return pd.DataFrame({"high": high, "low": low, "middle": (high + low) / 2.0}, frame.index)


@checked
def choppiness(bars: Bars, n: int = 14) -> pd.Series:
    """Choppiness index: ``100 log10(sum of true ranges / (highest high - lowest low)) / log10(n)``.

    Near 100 when the price went over the same ground again and again, near 0 when it went one way.  Values are from
    bar n + 1 on; NaN where the price did not move.

    Parameters
    ----------
    bars
        As of `average_true_range`.
    n
        Bars, at least 2.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> cs.markets.choppiness(bars, n=14).round(1).tail(2).tolist()
    [39.4, 37.8]
    """
    frame = _bars_of(bars, n, 2)
    travelled = _rolling(_true_range(frame), n, np.sum)
    channel = donchian(bars, n)
    ratio = _ratio(travelled, (channel["high"] - channel["low"]).to_numpy(), empty=np.nan)
    return pd.Series(100.0 * np.log10(ratio) / np.log10(n), frame.index, name="choppiness")


@checked
def efficiency_ratio(close: pd.Series, n: int = 10) -> pd.Series:
    """Efficiency ratio: net change over n periods by the sum of absolute changes, 0 to 1.

    Parameters
    ----------
    close
        By date.
    n
        Periods; the first n are NaN, and those over which the price did not move.

    References
    ----------
    Kaufman (1995), *Smarter Trading*.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> cs.markets.efficiency_ratio(index, n=12).round(2).tail(2).tolist()
    [0.67, 0.64]
    """
    _require_periods(n, 1)
    price = checked_prices(close)
    return _by_way(price.diff(n).abs().to_numpy(), price, n, "efficiency_ratio")


@checked
def vertical_horizontal_filter(close: pd.Series, n: int = 28) -> pd.Series:
    """Vertical horizontal filter: range of the last n closes by the sum of n absolute changes.

    Parameters
    ----------
    close, n
        As of `efficiency_ratio`.

    References
    ----------
    White (1991), "The vertical horizontal filter", *Futures*.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> cs.markets.vertical_horizontal_filter(index, n=12).round(2).tail(2).tolist()
    [0.55, 0.57]
    """
    _require_periods(n, 1)
    price = checked_prices(close)
    span = _rolling(price, n, np.max) - _rolling(price, n, np.min)
    return _by_way(span, price, n, "vertical_horizontal_filter")


@checked
def relative_strength_index(close: pd.Series, n: int = 14) -> pd.Series:
    """Relative strength index after Wilder (1978, section 6): average rise in percent of average rise and fall.

    Parameters
    ----------
    close, n
        As of `efficiency_ratio`; NaN for the first n periods, and before the price first moves.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> cs.markets.relative_strength_index(index).round(1).tail(2).tolist()
    [64.5, 65.6]
    """
    _require_periods(n, 1)
    price = checked_prices(close)
    change = price.diff().to_numpy()
    rise = _wilder(np.maximum(change, 0.0), n, start=1)
    fall = _wilder(np.maximum(-change, 0.0), n, start=1)
    ratio = 100.0 * _ratio(rise, rise + fall, empty=np.nan)
    return pd.Series(ratio, price.index, name="relative_strength_index")


def _true_range(bars: pd.DataFrame) -> Floats:
    before = bars["close"].shift(1).to_numpy()
    top, bottom = np.maximum(bars["high"], before), np.minimum(bars["low"], before)
    return np.asarray(top - bottom, float)


def _wilder(values: Floats, n: int, *, start: int) -> Floats:
    """Exponential mean with weight 1 / n, started at the mean of the n values from ``start``."""
    out = np.full(len(values), np.nan)
    first = start + n - 1
    if first < len(values):
        held = np.append(values[start : first + 1].mean(), values[first + 1 :])
        out[first:] = pd.Series(held).ewm(alpha=1.0 / n, adjust=False).mean()
    return out


def _rolling(values: pd.Series | Floats, n: int, reduce: Callable[..., Floats]) -> Floats:
    """``reduce`` over the last n values; nothing carried over from those before."""
    array = np.asarray(values, float)
    out = np.full(len(array), np.nan)
    if n <= len(array):
        out[n - 1 :] = reduce(np.lib.stride_tricks.sliding_window_view(array, n), axis=-1)
    return out


def _ratio(above: Floats, below: Floats, *, empty: float) -> Floats:
    """``above / below``; ``empty`` where below is 0."""
    result: Floats = np.divide(above, below, out=np.full(len(above), empty), where=below != 0)
    return result


def _by_way(above: Floats, price: pd.Series, n: int, name: str) -> pd.Series:
    """By the sum of n absolute changes; NaN where there is none."""
    way = _rolling(price.diff().abs(), n, np.sum)
    return pd.Series(_ratio(above, way, empty=np.nan), price.index, name=name)


def _bars_of(bars: Bars, n: int, least: int) -> pd.DataFrame:
    _require_periods(n, least)
    return as_bars(bars)


def _require_periods(n: int, least: int) -> None:
    if n < least:
        raise SpecificationError(f"n={n}; choose at least {least}.")
