"""Rallies: consistent rises after a fall or a spell without direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.arguments import check_fields, checked, require_percent
from capstar.errors import DataError, SpecificationError
from capstar.frames import Start, since
from capstar.markets.indicators import Floats, checked_prices, span_of
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Rally:
    """What counts as a rally.

    It begins at a trough that comes after a fall of at least ``down`` percent, or in a spell that was
    range-bound.  It is confirmed on the first date on which the price is at least ``up`` percent above the
    trough, has not fallen more than ``stop`` percent from any high since, and has an efficiency ratio since
    the trough of at least ``efficiency``.  It ends on the first date on which the price has fallen more than
    ``stop`` percent from its high.

    Attributes
    ----------
    up, down, stop
        Percent.  The fall is measured from the highest price since the last rally began.
    efficiency
        Net change by the sum of absolute changes, 0 to below 1; the longer and the finer the steps, the lower it is.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> rule = cs.markets.rallies(index, up=30.0).rule
    >>> print(rule.up, rule.down, rule.stop, rule.efficiency)
    30.0 20.0 10.0 0.3
    """

    up: float = 20.0
    down: float = 20.0
    stop: float = 10.0
    efficiency: float = 0.3

    def __post_init__(self) -> None:
        """Refuse invalid thresholds."""
        check_fields(self)
        require_percent(up=self.up, down=self.down, stop=self.stop)
        if not (self.up > 0 and 0 <= self.down < 100 and 0 < self.stop < 100 and 0 <= self.efficiency < 1):
            raise SpecificationError(
                f"{self}: choose up above 0, down from 0, stop above 0, both below 100 percent, and efficiency "
                "from 0 to below 1."
            )


@dataclass(frozen=True)
class Rallies(Result):
    """Rallies of one price history.

    Attributes
    ----------
    rule : Rally
        What counted as one.
    prices : pandas.Series
        By date.
    table : pandas.DataFrame
        One row a rally: ``start``, the trough, known to begin a rally only when ``confirmed``; ``high``, the
        date of the highest price; ``end``, the date of the fall that ended it, missing while it lasts; ``after``
        ("fall" or "range"); ``efficiency`` when confirmed; in percent ``rise`` from start to high,
        ``rise_confirmed`` from start to confirmation and ``rise_to_end``, from confirmation to the end or the
        last price: what was left to gain after confirmation.
    states : pandas.Series
        1 from the date after the start up to the high, else 0.  Uses later data.
    real_time : pandas.Series
        1 from confirmation until the date before the end, else 0.  Uses no later data.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> found = cs.markets.rallies(index)
    >>> found.table[["start", "confirmed", "high"]].tail(2)
          start confirmed     high
    15  2011-09   2012-01  2014-02
    16  2016-02   2016-08  2017-03
    >>> print(int(found.states.iloc[-1]), int(found.real_time.iloc[-1]))
    1 1
    """

    rule: Rally
    prices: pd.Series
    table: pd.DataFrame
    states: pd.Series
    real_time: pd.Series

    @property
    def title(self) -> str:
        """What counted as a rally, and the dates."""
        r = self.rule
        return (
            f"Rallies, up {r.up:g} %, down {r.down:g} %, stop {r.stop:g} %, efficiency {r.efficiency:g}: "
            f"{span_of(self.prices.index)}"
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """How large the rallies were, and how much was left after confirmation, percent."""
        sizes = self.table[["rise", "rise_confirmed", "rise_to_end", "efficiency"]].agg(
            ["min", "median", "max"]
        )
        return {"": sizes if len(self.table) else sizes.iloc[:0]}

    def notes(self) -> tuple[str, ...]:
        """Number of rallies."""
        t = self.table
        if t.empty:
            return ("none",)
        fallen, going = int((t["after"] == "fall").sum()), int(t["end"].isna().sum())
        return (
            (
                f"{len(t)} rallies, {fallen} after a fall, {going} not ended; the market was known to be in one "
                f"{self.real_time.mean():.0%} of the time"
            ),
        )

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """Price on a log scale, rallies shaded from trough to high, starts and confirmations marked from a date on."""
        from capstar.plotting.markets import plot_spells

        prices = since(self.prices, start)
        marks = {name: pd.Index(self.table[name]) for name in ("start", "confirmed")}
        shown = {name: dates[dates >= prices.index[0]] for name, dates in marks.items()}
        rally = self.states.loc[prices.index] == 1
        title = self.title.rpartition(":")[0]
        return plot_spells(prices, rally, shown, title=title, state="rally", source=self.provenance, ax=ax)

    def _dated(self) -> pd.Series | pd.DataFrame:
        return self.prices


@checked
def rallies(
    prices: pd.Series,
    up: float = 20.0,
    down: float = 20.0,
    stop: float = 10.0,
    efficiency: float = 0.3,
    range_bound: pd.Series | None = None,
) -> Rallies:
    """Rallies, each with the date it began and the date it was confirmed.

    As in `lunde_timmermann` the record is taken to start in a rise: a trough after a fall is looked for from
    the first fall of more than ``stop`` percent on, and again from the end of each rally.  With ``down=0``,
    ``efficiency=0`` and no range the rallies are the bull markets of ``lunde_timmermann(prices, up, stop)``,
    unless a fall of more than ``stop`` percent from less than ``up`` percent above a trough can end above it:
    the filter then keeps the trough, a new rally begins.

    Parameters
    ----------
    prices
        By date.
    up, down, stop, efficiency
        As in `Rally`.
    range_bound
        True where the market was range-bound, as known at that date, such as
        ``capstar.markets.ranges.range_bound(prices)["range_bound"]``; same index.  The trough is then the lowest
        price of the spell, as long as the price has not fallen below it, nor by more than ``stop`` percent from a
        high since.

    Raises
    ------
    DataError
        The prices cannot be used (`checked_prices`), or ``range_bound`` is on other dates.
    SpecificationError
        A threshold is out of bounds.

    Examples
    --------
    >>> import capstar as cs
    >>> small = cs.data.small_cap_returns()["small"]
    >>> index = (1 + small / 100).cumprod()
    >>> found = cs.markets.rallies(index, up=20, down=20, stop=10)
    >>> found.table[["rise", "rise_confirmed", "rise_to_end"]].round(1).tail(2)
         rise  rise_confirmed  rise_to_end
    15  101.1            22.4         45.4
    16   41.1            21.1         16.5
    """
    rule = Rally(up, down, stop, efficiency)
    price = checked_prices(prices)
    found = _search(rule, price.tolist(), _flags(range_bound, price.index))
    states, real_time = (pd.Series(0, price.index, name=n) for n in ("rally", "real_time_rally"))
    for leg in found:
        states.iloc[leg.start + 1 : leg.high + 1] = 1
        real_time.iloc[leg.confirmed : leg.end] = 1
    return Rallies(rule, price, _table(found, price), states, real_time)


@dataclass
class _Leg:
    """The rise from a trough, by position: a candidate until confirmed."""

    start: int
    high: int
    floor: float  # a price below breaks it; a confirmed rally has none
    after: str
    qualifies: bool  # what went before allows a rally
    confirmed: int = -1
    end: int | None = None


def _search(rule: Rally, price: list[float], flat: list[bool]) -> list[_Leg]:
    """One walk through the prices; what is kept at each date comes from that date and those before."""
    travelled = _travelled(np.array(price)).tolist()
    found: list[_Leg] = []
    top = 0.0  # highest price since the last rally began
    fallen: _Leg | None = _Leg(0, 0, -np.inf, "beginning", qualifies=False)
    ranged: _Leg | None = None
    current: _Leg | None = None
    for t, p in enumerate(price):
        top = max(top, p)
        if current:
            if _holds(current, t, price, rule.stop):
                continue
            current.end, current = t, None
        if not (fallen and _holds(fallen, t, price, rule.stop)):
            fallen = _Leg(t, t, p, "fall", qualifies=_fall(top, p) >= rule.down)
        if not (ranged and _holds(ranged, t, price, rule.stop)):
            ranged = _Leg(t, t, p, "range", qualifies=True) if flat[t] else None
        for leg in (fallen, ranged):
            if leg and _confirms(leg, t, price, travelled, rule):
                leg.confirmed, leg.floor = t, -np.inf
                found.append(leg)
                current, fallen, ranged, top = leg, None, None, price[leg.high]
                break
    return found


def _travelled(price: Floats) -> Floats:
    """Sum of absolute changes from the first date on."""
    return np.asarray(np.abs(np.diff(price, prepend=price[:1])).cumsum(), float)


def _fall(high: float, price: float) -> float:
    """Percent below a high."""
    return (high - price) / high * 100.0


def _holds(leg: _Leg, t: int, price: list[float], stop: float) -> bool:
    """Whether the leg survives the price of t; moves its high."""
    if price[t] > price[leg.high]:
        leg.high = t
    return price[t] >= leg.floor and _fall(price[leg.high], price[t]) <= stop


def _confirms(leg: _Leg, t: int, price: list[float], travelled: list[float], rule: Rally) -> bool:
    """Whether the leg is a rally at t."""
    start = price[leg.start]
    rise, way = price[t] - start, travelled[t] - travelled[leg.start]
    return leg.qualifies and rise / start * 100.0 >= rule.up and rise >= rule.efficiency * way


def _flags(range_bound: pd.Series | None, index: pd.Index) -> list[bool]:
    if range_bound is None:
        return [False] * len(index)
    if not range_bound.index.equals(index):
        raise DataError("range_bound is on other dates than the prices. Give it on the same index.")
    flags: list[bool] = range_bound.eq(True).fillna(False).astype(bool).tolist()
    return flags


def _table(found: list[_Leg], price: pd.Series) -> pd.DataFrame:
    """Dates in place of positions, and what was gained between them."""
    index, values = price.index, price.to_numpy()
    way = _travelled(values)
    start, confirmed, high = (
        np.array([getattr(leg, name) for leg in found], dtype=np.int64)
        for name in ("start", "confirmed", "high")
    )
    over = np.array([leg.end is not None for leg in found], dtype=bool)
    end = np.array([len(price) - 1 if leg.end is None else leg.end for leg in found], dtype=np.int64)

    def gain(since: np.ndarray, until: np.ndarray) -> np.ndarray:
        return np.asarray(100.0 * (values[until] / values[since] - 1.0))

    return pd.DataFrame(
        {
            "start": index[start],
            "confirmed": index[confirmed],
            "high": index[high],
            "end": pd.Series(index[end]).where(over),
            "after": pd.Series([leg.after for leg in found], dtype=object),
            "efficiency": (values[confirmed] - values[start]) / (way[confirmed] - way[start]),
            "rise": gain(start, high),
            "rise_confirmed": gain(start, confirmed),
            "rise_to_end": gain(confirmed, end),
        }
    )
