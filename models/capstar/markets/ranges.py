"""Whether a market is range-bound, and between which levels it trades; nothing here uses a later bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked, require_percent
from capstar.errors import SpecificationError
from capstar.frames import Start, require_columns, since
from capstar.markets.indicators import (
    Bars,
    Floats,
    as_bars,
    average_true_range,
    choppiness,
    directional_index,
)
from capstar.markets.variance_ratio import rolling_variance_ratio
from capstar.provenance import source_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Integers = npt.NDArray[np.int64]
CHOPPY, DIRECTED = 61.8, 20.0  # customary thresholds of the choppiness and the directional index


@checked
def range_bound(
    bars: Bars,
    n: int = 14,
    *,
    window: int | None = None,
    choppy: float = CHOPPY,
    directed: float = DIRECTED,
    votes: int = 2,
) -> pd.DataFrame:
    """Signs of a range-bound market, and one state from them.

    Parameters
    ----------
    bars
        As of `average_true_range`.
    n
        Bars of the choppiness and the directional index, and of the variance ratio's long return.
    window
        Bars of returns behind each variance ratio, 5 n by default.
    choppy
        A choppiness index above it is a sign of a range.
    directed
        An average directional index below it is a sign of a range.
    votes
        Signs needed of the three; the third is a variance ratio not above 1.

    Returns
    -------
    pandas.DataFrame
        ``choppiness``, ``adx``, ``variance_ratio`` (of log returns over n bars and over one, the mean of the
        window removed, unbiased) and ``range_bound``: whether at least ``votes`` signs are there.  An index
        that is not known yet does not count as a sign.

    References
    ----------
    Wilder (1978), section 4; Lo and MacKinlay (1988), equations 12 and 13.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> found = cs.markets.range_bound(bars, votes=2)
    >>> found[["choppiness", "adx", "range_bound"]].round(1).tail(2)
                choppiness   adx  range_bound
    Date
    2018-12-28        39.4  35.5        False
    2018-12-31        37.8  34.9        False
    >>> print(f"{found['range_bound'].mean():.0%} of days")
    36% of days
    """
    require_percent(choppy=choppy, directed=directed)
    if not 1 <= votes <= 3:
        raise SpecificationError(f"votes={votes}; there are three signs, choose 1, 2 or 3.")
    frame = as_bars(bars)
    span = 5 * n if window is None else window
    if span <= n:
        raise SpecificationError(f"window={span} must exceed n={n}; choose several times n.")
    table = {
        "choppiness": choppiness(frame, n),
        "adx": directional_index(frame, n)["adx"],
        "variance_ratio": rolling_variance_ratio(frame["close"], span, n),
    }
    signs = [table["choppiness"] > choppy, table["adx"] < directed, table["variance_ratio"] <= 1.0]
    return pd.DataFrame(table | {"range_bound": np.sum(signs, axis=0) >= votes}, frame.index)


@checked
def trading_ranges(
    bars: Bars,
    pivot: int = 5,
    tolerance: float = 1.0,
    touches: int = 2,
    *,
    breach: float = 0.5,
    width: float = 3.0,
    n: int = 14,
) -> pd.DataFrame:
    """Support, resistance and the range between them at each bar, as they could be known then.

    A turning point is a low no higher, or a high no lower, than those of ``pivot`` bars on either side; it is
    known ``pivot`` bars later.  Turning points within the tolerance of a level touch it and move it to their
    mean; others begin a new level.  A level ends when a close breaks through it.  Support is the highest active
    level of lows with enough touches, resistance the lowest of highs.  A trading range begins when they are
    wide enough apart and lasts as long as both stay what they are.

    Parameters
    ----------
    bars
        High, low, close by date; or closes alone.
    pivot
        Bars on either side of a turning point.
    tolerance
        Distance at which a turning point still touches a level, in average true ranges.
    touches
        Turning points that make a level.
    breach
        How far beyond a level a close is through it, in average true ranges.
    width
        Least distance of support and resistance at the beginning of a range, in average true ranges.
    n
        Bars of the average true range; no level is known before it is.

    Returns
    -------
    pandas.DataFrame
        ``support``, ``resistance``: levels, NaN where there is none; ``support_touches``,
        ``resistance_touches``: turning points at them, 0 where there is none; ``support_since``,
        ``resistance_since``: date of the first; ``trading_range``: whether there is a range;
        ``range_since``: date from which it was known.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> levels = cs.markets.trading_ranges(bars.iloc[-500:])
    >>> levels.loc[levels["trading_range"], ["support", "resistance"]].round(1).tail(2)
                support  resistance
    Date
    2018-12-28   2325.6      2807.7
    2018-12-31   2325.6      2807.7
    """
    rule = _Rule(pivot, tolerance, touches, breach)
    frame = as_bars(bars)
    atr = average_true_range(frame, n).to_numpy()
    high, low, close = (frame[name].to_numpy() for name in ("high", "low", "close"))
    support = _highest_support(low, close, atr, rule)
    # Turned upside down, a resistance is a support.
    resistance = _highest_support(-high, -close, atr, rule)
    since = _range_since(support, resistance, width * atr)
    index = frame.index
    table = {
        "support": support.price,
        "resistance": -resistance.price,
        "support_touches": support.touches,
        "resistance_touches": resistance.touches,
        "support_since": labels_of(index, support.first),
        "resistance_since": labels_of(index, resistance.first),
        "trading_range": since >= 0,
        "range_since": labels_of(index, since),
    }
    return pd.DataFrame(table, index)


@checked(labels=("levels",))
def in_range(levels: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Bars in a trading range: those said to be, or all with a support and a resistance.

    Parameters
    ----------
    levels
        ``support``, ``resistance``, and perhaps ``trading_range``.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> levels = cs.markets.trading_ranges(bars.iloc[-500:])
    >>> print(f"{cs.markets.in_range(levels).mean():.0%} of days, now {cs.markets.in_range(levels)[-1]}")
    38% of days, now True
    """
    require_columns(levels, ("support", "resistance"), source="levels")
    both = levels[["support", "resistance"]].notna().all(axis=1)
    return np.asarray(both & levels.get("trading_range", True), bool)


@checked(labels=("levels",))
def plot_ranges(close: pd.Series, levels: pd.DataFrame, ax: Any = None, *, start: Start = None) -> Figure:
    """Price by date from a start on with its `trading_ranges`, in the axes given or a figure of its own.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> levels = cs.markets.trading_ranges(bars.iloc[-500:])
    >>> figure = cs.markets.plot_ranges(bars["close"].iloc[-500:], levels, start="2018-01-01")
    """
    from capstar.plotting.markets import plot_trading_ranges

    shown = since(close, start)
    levels = levels.loc[shown.index]
    return plot_trading_ranges(shown, levels, in_range(levels), source=source_of(shown), ax=ax)


@dataclass(frozen=True)
class _Rule:
    """What makes and breaks a level."""

    pivot: int
    tolerance: float
    touches: int
    breach: float

    def __post_init__(self) -> None:
        for name, least in (("pivot", 1), ("touches", 1), ("tolerance", 0), ("breach", 0)):
            if not getattr(self, name) >= least:
                raise SpecificationError(f"{name}={getattr(self, name)}; choose at least {least}.")


@dataclass
class _Level:
    """An active level: the mean of its turning points."""

    total: float
    touches: int
    first: int

    @property
    def price(self) -> float:
        return self.total / self.touches


@dataclass(frozen=True)
class _Levels:
    """The level in force by bar: price, touches, bar of its first touch (-1 and NaN where there is none)."""

    price: Floats
    touches: Integers
    first: Integers


def _highest_support(low: Floats, close: Floats, atr: Floats, rule: _Rule) -> _Levels:
    size = len(low)
    out = _Levels(np.full(size, np.nan), np.zeros(size, np.int64), np.full(size, -1, np.int64))
    turns = _turning_points(low, rule.pivot)
    live: list[_Level] = []  # from the lowest to the highest
    for t in np.flatnonzero(np.isfinite(atr)).tolist():
        while live and close[t] < live[-1].price - rule.breach * atr[t]:
            live.pop()
        turn = t - rule.pivot
        if turn >= 0 and turns[turn]:
            _touch(live, turn, low[turn], rule.tolerance * atr[t])
        best = next((level for level in reversed(live) if level.touches >= rule.touches), None)
        if best is not None:
            out.price[t], out.touches[t], out.first[t] = best.price, best.touches, best.first
    return out


def _touch(live: list[_Level], bar: int, price: float, tolerance: float) -> None:
    """Add a turning point to the nearest level within reach, or begin one with it."""
    nearest = min(live, key=lambda level: abs(level.price - price), default=None)
    if nearest is not None and abs(nearest.price - price) <= tolerance:
        nearest.total += price
        nearest.touches += 1
    else:
        live.append(_Level(price, 1, bar))
    live.sort(key=lambda level: level.price)


def _turning_points(low: Floats, pivot: int) -> npt.NDArray[np.bool_]:
    """Lows of 2 pivot + 1 bars in their middle; of equal lows the first."""
    out = np.zeros(len(low), bool)
    if len(low) > 2 * pivot:
        windows = np.lib.stride_tricks.sliding_window_view(low, 2 * pivot + 1)
        before, after = windows[:, :pivot].min(axis=1), windows[:, pivot + 1 :].min(axis=1)
        middle = windows[:, pivot]
        out[pivot:-pivot] = (middle < before) & (middle <= after)
    return out


def _range_since(support: _Levels, resistance: _Levels, width: Floats) -> Integers:
    """Bar at which the range in force began, -1 where there is none."""
    out = np.full(len(width), -1, np.int64)
    both = (support.first >= 0) & (resistance.first >= 0)
    wide = both & (-resistance.price - support.price >= width)
    same = both.copy()
    same[1:] &= (np.diff(support.first) == 0) & (np.diff(resistance.first) == 0)
    for t in range(1, len(out)):
        if same[t] and out[t - 1] >= 0:
            out[t] = out[t - 1]
        elif wide[t]:
            out[t] = t
    return out


def labels_of(index: pd.Index, bars: Integers) -> pd.api.extensions.ExtensionArray:
    """Labels of bars, missing for -1."""
    return pd.Series(index, range(len(index))).reindex(bars).array
