"""Swings: alternating peaks and troughs, each with the date it happened and the date it was known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.arguments import checked, require_percent
from capstar.errors import SpecificationError
from capstar.frames import Start, since
from capstar.markets.indicators import Floats, checked_prices, span_of
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Swings(Result):
    """Bull and bear markets of one price history.

    Attributes
    ----------
    rule
        What dated them, such as ``"Lunde-Timmermann, up 20 %, down 20 %"``.
    prices : pandas.Series
        By date.
    turning_points : pandas.DataFrame
        By date: ``kind`` (peak or trough), ``price``, and ``known``, the first date at which the rule, given
        the data up to then, reported the point.
    states : pandas.Series
        1 from the date after a trough up to the next peak, 0 from the date after a peak up to the next trough,
        NaN where there is no turning point at all.  Uses later data: for description, not for prediction.
    real_time : pandas.Series
        The state after the last turning point known at each date; NaN before there is one.  Uses no later data.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> swings = cs.markets.lunde_timmermann(index)
    >>> swings.turning_points[["kind", "known"]].tail(2)
               kind    known
    date
    2014-02    peak  2016-01
    2016-02  trough  2016-08
    >>> print(swings.peaks[-1], swings.troughs[-1], int(swings.real_time.iloc[-1]))
    2014-02 2016-02 1
    """

    rule: str
    prices: pd.Series
    turning_points: pd.DataFrame
    states: pd.Series
    real_time: pd.Series

    @property
    def peaks(self) -> pd.Index:
        """Dates of the peaks."""
        return self.turning_points.index[self.turning_points["kind"] == "peak"]

    @property
    def troughs(self) -> pd.Index:
        """Dates of the troughs."""
        return self.turning_points.index[self.turning_points["kind"] == "trough"]

    def phases(self) -> pd.DataFrame:
        """Complete phases, each between two turning points.

        Returns
        -------
        pandas.DataFrame
            ``market`` (bull or bear), ``start``, ``end``, ``periods``, ``change`` in percent from the price at
            the start, and ``delay``: periods from the end until it was known.

        Examples
        --------
        >>> import capstar as cs
        >>> small = cs.data.small_cap_returns()["small"]
        >>> index = (1 + small / 100).cumprod()
        >>> phases = cs.markets.lunde_timmermann(index).phases()
        >>> phases[["market", "start", "periods", "change"]].round({"change": 1}).tail(2)
           market    start  periods  change
        31   bull  2011-09       29   101.1
        32   bear  2014-02       24   -23.7
        """
        points = self.turning_points
        at = self.prices.index.get_indexer(points.index)
        known = self.prices.index.get_indexer(points["known"])
        price = points["price"].to_numpy()
        return pd.DataFrame(
            {
                "market": np.where(points["kind"].iloc[:-1] == "trough", "bull", "bear"),
                "start": points.index[:-1],
                "end": points.index[1:],
                "periods": np.diff(at),
                "change": 100.0 * (price[1:] / price[:-1] - 1.0),
                "delay": (known - at)[1:],
            }
        )

    @property
    def title(self) -> str:
        """The rule and the dates."""
        return f"{self.rule}: {span_of(self.prices.index)}"

    def to_frame(self) -> pd.DataFrame:
        """The turning points."""
        return self.turning_points

    def frames(self) -> dict[str, pd.DataFrame]:
        """Number, length and size of complete bull and bear markets, and how late their ends were known."""
        by = self.phases().groupby("market")
        table = pd.DataFrame(
            {
                "number": by.size(),
                "mean periods": by["periods"].mean(),
                "median periods": by["periods"].median(),
                "mean change, %": by["change"].mean(),
                "median change, %": by["change"].median(),
                "mean delay": by["delay"].mean(),
            }
        )
        return {"": table}

    def notes(self) -> tuple[str, ...]:
        """Whether there is anything to count."""
        return () if len(self.turning_points) > 1 else ("no complete phase",)

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """Price on a log scale, bear markets shaded, turning points marked; ``start`` is the first date shown."""
        from capstar.plotting.markets import plot_spells

        prices = since(self.prices, start)
        marks = {"peak": self.peaks, "trough": self.troughs}
        shown = {name: dates[dates >= prices.index[0]] for name, dates in marks.items()}
        bear, title = self.states.loc[prices.index] == 0, f"Bull and bear markets: {self.rule}"
        return plot_spells(
            prices, bear, shown, title=title, state="bear market", source=self.provenance, ax=ax
        )

    def _dated(self) -> pd.Series | pd.DataFrame:
        return self.prices


@checked
def lunde_timmermann(prices: pd.Series, up: float = 20.0, down: float = 20.0) -> Swings:
    """Bull and bear markets by the filter of Lunde and Timmermann.

    A bull market ends at its highest price once the price has fallen from it by more than ``down`` percent;
    a bear market at its lowest once the price has risen by more than ``up`` percent.  The first date is taken
    to lie in a bull market; of equal extremes the first is the turning point.

    Parameters
    ----------
    prices
        By date.
    up, down
        Percent.

    Raises
    ------
    DataError
        The prices cannot be used (`checked_prices`).
    SpecificationError
        A threshold is not positive, or ``down`` is 100 or more.

    References
    ----------
    Lunde and Timmermann (2004), "Duration dependence in stock prices: an analysis of bull and bear markets",
    *Journal of Business & Economic Statistics* 22(3), section 2.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> swings = cs.markets.lunde_timmermann(index, up=20, down=15)
    >>> print(*swings.peaks[-3:])
    2010-04 2011-04 2014-02
    """
    require_percent(up=up, down=down)
    if not (up > 0 and 0 < down < 100):
        raise SpecificationError(
            f"up={up}, down={down}; choose both positive, in percent, and down below 100."
        )
    price = checked_prices(prices)
    events = list(_filter(price.tolist(), up, down))
    at, known, kind = (np.array([e[i] for e in events], dtype=np.int64) for i in range(3))
    state = np.full(len(price), 1.0)
    for confirmed, is_peak in zip(known, kind > 0, strict=True):
        state[confirmed:] = 0.0 if is_peak else 1.0
    rule = f"Lunde-Timmermann, up {up:g} %, down {down:g} %"
    return _swings(rule, price, (at, kind, known), state, initial=1.0)


def _filter(price: list[float], up: float, down: float) -> Iterator[tuple[int, int, int]]:
    """Position of each extreme, of its confirmation, and 1 for a peak, -1 for a trough."""
    bull, extreme = True, 0
    for t, p in enumerate(price):
        best = price[extreme]
        if bull and (best - p) / best * 100.0 > down:
            yield extreme, t, 1
            bull, extreme = False, t
        elif not bull and (p - best) / best * 100.0 > up:
            yield extreme, t, -1
            bull, extreme = True, t
        elif (p > best) if bull else (p < best):
            extreme = t


@checked
def bry_boschan(
    prices: pd.Series,
    window: int = 8,
    end: int = 6,
    phase: int = 4,
    cycle: int = 16,
    threshold: float | None = 20.0,
) -> Swings:
    """Turning points by the rules of Bry and Boschan, as Pagan and Sossounov use them on monthly prices.

    Candidates are extremes of the ``window`` periods on either side.  Of neighbours of a kind the more extreme
    stays; a point near an end goes if the first or last price is more extreme.  Then short phases lose their end and
    short cycles their start, unless the price moved by ``threshold`` percent or more within, until none is
    left.

    Parameters
    ----------
    prices
        By date, evenly spaced; the defaults are for months.
    window
        Periods on either side over which a turning point is the extreme; of equals, the first.
    end
        Periods at the beginning and the end without turning points.
    phase, cycle
        Shortest phase, and shortest time from peak to peak or trough to trough.
    threshold
        Percent; ``None``: no move exempts a short phase or cycle.

    Notes
    -----
    A turning point is known ``max(window, end)`` periods after it happened at the earliest, and what was known
    may be withdrawn: ``real_time`` follows the rule run again at each date on the data up to then.

    Raises
    ------
    DataError
        The prices cannot be used (`checked_prices`).
    SpecificationError
        A length is negative, the window shorter than one period, or the threshold not positive.

    References
    ----------
    Bry and Boschan (1971), *Cyclical Analysis of Time Series*, NBER; Pagan and Sossounov (2003), "A simple
    framework for analysing bull and bear markets", *Journal of Applied Econometrics* 18(1), appendix B.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> swings = cs.markets.bry_boschan(index)
    >>> print(*swings.troughs[-4:])
    2009-02 2011-09 2014-09 2016-02
    """
    from capstar.kernels.states import turning_points

    if window < 1 or min(end, phase, cycle) < 0 or not (threshold is None or threshold > 0):
        raise SpecificationError(
            f"window={window}, end={end}, phase={phase}, cycle={cycle}, threshold={threshold}; choose a window "
            "of at least 1, lengths that are not negative and a positive threshold, or None."
        )
    require_percent(threshold=threshold)
    price = checked_prices(prices)
    values, lag = price.to_numpy(), max(window, end)
    at, kind = _extremes(price, window)
    inside = at >= lag
    at, kind = at[inside], kind[inside]
    rules = np.array([phase, cycle, np.inf if threshold is None else threshold])
    known, state = np.empty(len(at), dtype=np.int64), np.empty(len(values))
    kept = turning_points(values, at, kind, lag, rules, known, state)
    rule = f"Bry-Boschan, window {window}, phase {phase}, cycle {cycle}"
    return _swings(rule, price, (at[kept], kind[kept], known[kept]), state, initial=np.nan)


@checked
def bbq(level: pd.Series, window: int = 2, phase: int = 2, cycle: int = 5) -> Swings:
    """Turning points of a quarterly series by the rules of Bry and Boschan, without an exception for large moves.

    Parameters
    ----------
    level
        By quarter, positive, such as real GDP; its logarithm has the same turning points.
    window, phase, cycle
        Quarters, as in `bry_boschan`.

    References
    ----------
    Harding and Pagan (2002), "Dissecting the cycle: a methodological investigation", *Journal of Monetary
    Economics* 49(2).

    Examples
    --------
    >>> import capstar as cs
    >>> import numpy as np
    >>> gdp = np.exp(cs.data.us_macro()["log_gdp"])
    >>> print(*cs.markets.bbq(gdp).peaks)
    1969Q3 1973Q4 1980Q1 1981Q3 1990Q2 2008Q2
    """
    return bry_boschan(level, window, 0, phase, cycle, threshold=None)


def _extremes(price: pd.Series, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Position and kind of the extremes of their window; of equal prices the first."""
    around, before = price.rolling(2 * window + 1, center=True), price.rolling(window)
    peak = (price == around.max()) & (price > before.max().shift(1))
    trough = (price == around.min()) & (price < before.min().shift(1))
    at = np.flatnonzero(peak | trough)
    return at, np.where(peak.iloc[at], 1, -1)


def _swings(
    rule: str,
    price: pd.Series,
    points: tuple[np.ndarray, np.ndarray, np.ndarray],
    real_time: Floats,
    *,
    initial: float,
) -> Swings:
    """Label positions with dates, and spread the turning points over the dates between."""
    at, kind, known = points
    # The first date ends no bull market: nothing is known of the dates before it.
    real = at > 0
    index = price.index
    table = pd.DataFrame(
        {
            "kind": np.where(kind > 0, "peak", "trough")[real],
            "price": price.to_numpy()[at[real]],
            "known": index[known[real]],
        },
        index=index[at[real]],
    )
    following = np.searchsorted(at, np.arange(len(price)), side="left")
    last = float(kind[-1] < 0) if len(at) else initial
    states = np.append((kind > 0).astype(float), last)[following]
    if len(at) and at[0] == 0:
        states[0] = states[min(1, len(states) - 1)]
    return Swings(
        rule,
        price,
        table,
        pd.Series(states, index, name="state"),
        pd.Series(real_time, index, name="real_time_state"),
    )
