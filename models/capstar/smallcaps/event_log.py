"""What happened to the index, kept as it happens and turned into tables at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.smallcaps.portfolio import Portfolio
from capstar.smallcaps.registry import screens

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
_UNIT = "datetime64[ns]"  # of all tables


class EventLog:
    """Levels by day, and lists of everything that is not daily."""

    def __init__(self, dates: Days, ids: list[str], sectors: list[str]) -> None:
        self._dates, self._ids, self._sectors = dates, np.array(ids, dtype=object), sectors
        self._daily = {name: np.full(len(dates), np.nan) for name in _DAILY}
        self._exposure = np.full((len(dates), len(sectors)), np.nan)
        self._shares = np.zeros(len(ids))
        self._joined: dict[int, tuple[np.datetime64, str]] = {}
        self._holdings = _Cells("shares", len(ids))
        self.carried = _Cells("close", len(ids))  # closes that are not in the table of prices
        self._spells: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self.rebalances: list[dict[str, Any]] = []  # a row a reconstitution or review
        self._gains = _Gains(len(ids), len(sectors))

    def close_of(
        self, rows: slice, level: Floats, total: Floats, values: Floats, portfolio: Portfolio
    ) -> None:
        """Daily numbers of consecutive closes; values of the members, shape (days, members)."""
        columns = np.flatnonzero(portfolio.inside)
        weights = values / values.sum(axis=1, keepdims=True)
        order = np.argsort(portfolio.sector[columns], kind="stable")
        kinds, starts = np.unique(portfolio.sector[columns][order], return_index=True)
        self._exposure[rows] = 0.0
        self._exposure[rows, kinds] = np.add.reduceat(np.ascontiguousarray(weights[:, order]), starts, axis=1)
        for name, column in (
            ("price", level),
            ("total", total),
            ("divisor", portfolio.divisor),
            ("members", len(columns)),
            ("effective_number", 1.0 / np.square(weights).sum(axis=1)),
        ):
            self._daily[name][rows] = column

    def gain(
        self, days: Days, columns: NDArray[np.int64], portfolio: Portfolio, price: Floats, total: Floats
    ) -> None:
        """Points of the two levels gained by each member on consecutive days, shape (days, members)."""
        months = days.astype("datetime64[M]")
        starts = np.flatnonzero(np.r_[True, months[1:] != months[:-1]])
        sums = np.add.reduceat(price, starts, axis=0), np.add.reduceat(total, starts, axis=0)
        for month, points, total_points in zip(months[starts], *sums, strict=True):
            self._gains.add(month, columns, portfolio.sector, points, total_points)

    def change(self, day: np.datetime64, since: np.datetime64, why: str, portfolio: Portfolio) -> None:
        """Holdings and members after an event; a change of members holds after the close of ``since``."""
        now = portfolio.index_shares()
        changed = np.flatnonzero(now != self._shares)
        self._holdings.add(np.full(changed.size, day), changed, now[changed])
        for who in changed[(self._shares[changed] > 0) & (now[changed] == 0)]:
            joined, reason = self._joined.pop(int(who))
            self._spells.append(self._spell(int(who), joined, reason) | {"left": since, "why_left": why})
        for who in changed[(self._shares[changed] == 0) & (now[changed] > 0)]:
            self._joined[int(who)] = since, why
        self._shares = now
        self._events.append({"date": day, "event": why, "divisor": portfolio.divisor})

    def tables(self) -> dict[str, pd.DataFrame]:
        """Everything, by the names of `capstar.smallcaps.results.IndexResults`."""
        index = pd.DatetimeIndex(self._dates.astype(_UNIT), name="date")
        known = ~np.isnan(self._daily["price"])
        levels = pd.DataFrame(self._daily, index=index)[known]
        still = [
            self._spell(who, *since) | {"left": None, "why_left": ""} for who, since in self._joined.items()
        ]
        membership = pd.DataFrame(self._spells + still, columns=list(_SPELL))
        membership = membership.astype({"joined": _UNIT, "left": _UNIT})
        events = pd.DataFrame(self._events, columns=["date", "event", "divisor"])
        fails = [f"fails_{key}" for key in screens()]
        rebalances = pd.DataFrame(self.rebalances, columns=[*_REBALANCE, *fails])
        return {
            "levels": levels.astype({"members": int}),
            "event_log": events.astype({"date": _UNIT}),
            "membership": membership.sort_values(["joined", "id"], ignore_index=True),
            "holdings": self._holdings.table(self._ids),
            "sectors": pd.DataFrame(self._exposure, index=index, columns=self._sectors)[known],
            "gains": self._gains.table(self._ids, self._sectors),
            "rebalances": rebalances.astype(
                {"rank": _UNIT, "effective": _UNIT} | dict.fromkeys(fails, "Int64")
            ),
            "carried": self.carried.table(self._ids),
        }

    def _spell(self, who: int, joined: np.datetime64, why: str) -> dict[str, Any]:
        return {"id": self._ids[who], "joined": joined, "why_joined": why}


class _Gains:
    """Points gained by month, member and sector."""

    def __init__(self, count: int, sectors: int) -> None:
        self._month: np.datetime64 = np.datetime64("NaT", "M")
        self._sector = np.zeros(0, dtype=np.int64)
        self._price, self._total = np.zeros(count), np.zeros(count)
        self._columns = _Columns(_UNIT, _code_type(count), _code_type(sectors), "f8", "f8")

    def add(
        self, month: np.datetime64, columns: NDArray[np.int64], sector: NDArray[np.int64], *points: Floats
    ) -> None:
        if month != self._month or not np.array_equal(sector, self._sector):
            self._flush()
            self._month, self._sector = month, sector.copy()
        self._price[columns] += points[0]
        self._total[columns] += points[1]

    def table(self, ids: NDArray[np.object_], sectors: list[str]) -> pd.DataFrame:
        self._flush()
        months, who, sector, price, total = self._columns.joined()
        return pd.DataFrame(
            {
                "month": months,
                "id": pd.Categorical.from_codes(who, categories=list(ids)),
                "sector": pd.Categorical.from_codes(sector, categories=sectors),
                "price": price,
                "total": total,
            }
        )

    def _flush(self) -> None:
        who = np.flatnonzero((self._price != 0) | (self._total != 0))
        if who.size:
            months = np.full(who.size, self._month.astype(_UNIT))
            self._columns.add(months, who, self._sector[who], self._price[who], self._total[who])
        self._price[:] = self._total[:] = 0.0


class _Cells:
    """Numbers by day and security."""

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._columns = _Columns(_UNIT, _code_type(count), "f8")

    def add(self, days: Days, who: NDArray[np.int64], numbers: Floats) -> None:
        self._columns.add(days, who, numbers)

    def table(self, ids: NDArray[np.object_]) -> pd.DataFrame:
        days, who, numbers = self._columns.joined()
        names = pd.Categorical.from_codes(who, categories=list(ids))
        return pd.DataFrame({"date": days, "id": names, self._name: numbers})


class _Columns:
    """Columns that grow, each of its type; joined one after another, so that no more than one is there twice."""

    def __init__(self, *kinds: str) -> None:
        self._kinds = kinds
        self._pieces: list[list[NDArray[Any]]] = [[np.zeros(0, kind)] for kind in kinds]

    def add(self, *columns: NDArray[Any]) -> None:
        for pieces, kind, column in zip(self._pieces, self._kinds, columns, strict=True):
            pieces.append(column.astype(kind))

    def joined(self) -> list[NDArray[Any]]:
        for at, pieces in enumerate(self._pieces):
            self._pieces[at] = [np.concatenate(pieces)]
            pieces.clear()
        return [pieces[0] for pieces in self._pieces]


def _code_type(count: int) -> str:
    """The smallest type, as pandas has them, for positions among so many."""
    return "i1" if count < 127 else "i2" if count < 32_767 else "i4"


_DAILY = ("price", "total", "divisor", "members", "effective_number")
_SPELL = ("id", "joined", "why_joined", "left", "why_left")
_REBALANCE = ("kind", "rank", "effective", "members", "joined", "left", "turnover")
