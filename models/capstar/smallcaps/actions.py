"""Corporate actions: the table, its checks, and the identifiers a security has had.

Columns of the table, one row an action:

- ``date``: first day on which it is in effect, before that day's open; a delisting's final price counts as
  the close of that day.  Rows are in the order of their dates; of two on one day the upper comes first.
- ``id``: the security it happens to, ``action``: one of `KINDS`.
- ``other``: a merger's acquirer (empty if outside the data), a spin-off's child, the new id of a ticker change.
- ``ratio``: new shares for one old (split), shares of the acquirer (merger for stock) or of the child
  (spin-off) for one share.
- ``cash``: a special dividend, a share; of a merger it may be noted and is not used, since the target leaves
  at its last price.
- ``price``: the final value of a delisted share (0 if empty); what a child is valued at until its first close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capstar.errors import DataError
from capstar.smallcaps.schema import Table, as_days, keyed, numbers_of, texts_of

MERGER, SPIN_OFF, DELISTING, SPLIT = "merger", "spin-off", "delisting", "split"
TICKER_CHANGE, SPECIAL_DIVIDEND = "ticker-change", "special-dividend"
KINDS = (MERGER, SPIN_OFF, DELISTING, SPLIT, TICKER_CHANGE, SPECIAL_DIVIDEND)
_SOURCE = "actions"
_NUMBERS = ("ratio", "cash", "price")
_NEEDED = {SPLIT: "ratio", SPIN_OFF: "ratio", SPECIAL_DIVIDEND: "cash"}


@dataclass(frozen=True)
class Action:
    """One corporate action on securities known by their position; numbers as in the table, NaN where empty."""

    date: np.datetime64
    kind: str  # one of KINDS
    security: int
    other: int  # -1 if there is no other
    label: str  # kind and identifiers, for the log
    ratio: float
    cash: float
    price: float


@dataclass(frozen=True)
class Identities:
    """Identifiers a security has had, and the days on which each is in use."""

    first: dict[str, str]  # the one it keeps, by later identifier
    starts: dict[str, np.datetime64]  # first day of what a ticker change brings
    ends: dict[str, tuple[np.datetime64, str]]  # day from which it is out of use, and why

    def keep(self, identifier: str) -> str:
        """First identifier of the security."""
        return self.first.get(identifier, identifier)

    def renamed(self) -> set[str]:
        """Identifiers that have become another."""
        return set(self.first.values()) | (set(self.first) & set(self.ends))

    def bounds(self, identifiers: list[str]) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
        """First day of each of distinct identifiers, and the day after its last."""
        at = {name: position for position, name in enumerate(identifiers)}
        starts = np.full(len(at), np.datetime64("0001-01-01"))
        ends = np.full(len(at), np.datetime64("9999-01-01"))
        for name in self.starts.keys() & at.keys():
            starts[at[name]] = self.starts[name]
        for name in self.ends.keys() & at.keys():
            ends[at[name]] = self.ends[name][0]
        return starts, ends

    def outside_error(self, identifier: str, day: np.datetime64, source: str) -> DataError:
        """The error for a row of an identifier that is not in use that day."""
        end, why = self.ends.get(identifier, (None, ""))
        if end is not None and day >= end:
            return DataError(
                f"{source}: {identifier} has a row on {day}, but {why} on {end}. Date the action after the last "
                "row, or give what came later another id."
            )
        return DataError(
            f"{source}: {identifier} has a row on {day}, before the ticker change of {self.starts[identifier]} "
            "that brings this id. Use the old id until then."
        )


def as_actions(table: Table | None) -> pd.DataFrame:
    """Check corporate actions by themselves: a table, a Parquet file of it, or none.

    Raises `DataError` where a column, date or id is missing, dates fall, a kind is unknown, a needed number
    is missing or not positive, a row is a duplicate.
    """
    columns = ["date", "id", "action", "other", *_NUMBERS]
    if table is None or (isinstance(table, pd.DataFrame) and table.empty):
        return pd.DataFrame({c: [] for c in columns})
    frame = keyed(table, ("action",), _SOURCE, unique=False)
    frame["action"] = frame["action"].astype(str).str.strip().str.lower()
    frame["other"] = texts_of(frame, "other", "").str.strip()
    for name in _NUMBERS:
        frame[name] = numbers_of(frame, name, _SOURCE)
    falling = frame["date"].diff() < pd.Timedelta(0)
    if falling.any():
        row = frame[falling].iloc[0]
        raise DataError(
            f"{_SOURCE}: {row['action']} of {row['id']} on {row['date']:%Y-%m-%d} is listed after a later date. Sort "
            "the rows by date; actions of one day stay in the order in which they happen."
        )
    for row in frame.itertuples(index=False):
        _check_row(row)
    twice = frame.duplicated(["date", "id", "action", "other"])
    if twice.any():
        raise DataError(f"{_SOURCE}: {_said(frame[twice].iloc[0])} is a duplicate. Keep one of the rows.")
    return frame[columns]


def identities(actions: pd.DataFrame) -> Identities:
    """Follow every identifier through mergers, delistings and ticker changes.

    Raises `DataError` where something happens to an identifier that is no longer, or not yet, in use.
    """
    first: dict[str, str] = {}
    starts: dict[str, np.datetime64] = {}
    ends: dict[str, tuple[np.datetime64, str]] = {}
    for row, day in zip(actions.itertuples(index=False), as_days(actions["date"]), strict=True):
        parties = [row.id] + ([row.other] if row.other and row.action != TICKER_CHANGE else [])
        for party in parties:
            if party in ends:
                raise DataError(
                    f"{_SOURCE}: {_said(row)} comes when {party} {ends[party][1]} on {ends[party][0]}. Correct the "
                    "order or the id."
                )
        if row.action == TICKER_CHANGE:
            if row.other in starts or row.other in ends or row.other == row.id:
                raise DataError(
                    f"{_SOURCE}: {_said(row)} brings an id that was in use before. Give a new id."
                )
            first[row.other] = first.get(row.id, row.id)
            starts[row.other], ends[row.id] = day, (day, f"became {row.other}")
        elif row.action in (MERGER, DELISTING):
            ends[row.id] = day, "was merged" if row.action == MERGER else "was delisted"
    return Identities(first, starts, ends)


def check_parties(actions: pd.DataFrame, priced: set[str], known: set[str]) -> None:
    """Raise `DataError` at the first action of, or with, a security that is unknown; or a child without prices."""
    for row in actions.itertuples(index=False):
        if row.id not in known:
            raise DataError(f"{_SOURCE}: {_said(row)} is of an unknown id. Correct it, or add its prices.")
        if row.action == MERGER and row.other and row.other not in known:
            raise DataError(
                f"{_SOURCE}: {_said(row)} has an acquirer that does not exist. Correct the id; leave it and the "
                "ratio empty if the acquirer is outside the data."
            )
        if row.action == SPIN_OFF and row.other not in priced:
            raise DataError(
                f"{_SOURCE}: {_said(row)} has a child without prices. Correct the id, or add them."
            )
        if row.other and row.other not in known:
            raise DataError(f"{_SOURCE}: {_said(row)} names an id that does not exist. Leave 'other' empty.")


def placed(actions: pd.DataFrame, position: dict[str, int], names: Identities) -> list[Action]:
    """Actions by position, ticker changes left out."""
    rows = zip(actions.itertuples(index=False), as_days(actions["date"]), strict=True)
    return [
        Action(
            day,
            row.action,
            position[names.keep(row.id)],
            position[names.keep(row.other)] if row.other else -1,
            f"{row.action} {names.keep(row.id)}" + (f" {names.keep(row.other)}" if row.other else ""),
            row.ratio,
            row.cash,
            row.price,
        )
        for row, day in rows
        if row.action != TICKER_CHANGE
    ]


def _check_row(row: Any) -> None:
    """Numbers and parties one action needs."""
    kind, said = row.action, _said(row)
    if kind not in KINDS:
        raise DataError(f"{_SOURCE}: {said} is an unknown action. Choose one of {list(KINDS)}.")
    values = {name: getattr(row, name) for name in _NUMBERS}
    for name, value in values.items():
        if value < 0 or (name == "ratio" and not np.isnan(value) and not 1e-9 <= value <= 1e9):
            raise DataError(f"{_SOURCE}: {said} has the {name} {value:g}. Give a positive number.")
    needed = _NEEDED.get(kind, "")
    if needed and np.isnan(values[needed]):
        raise DataError(f"{_SOURCE}: {said} has no {needed}. Add it.")
    other = row.other
    if kind in (SPIN_OFF, TICKER_CHANGE) and not other:
        raise DataError(f"{_SOURCE}: {said} names no other id. Put the child, or the new id, into 'other'.")
    if kind == MERGER and not np.isnan(values["ratio"]) and not other:
        raise DataError(f"{_SOURCE}: {said} has a ratio but no acquirer. Put the acquirer into 'other'.")
    if other == row.id:
        raise DataError(f"{_SOURCE}: {said} names one id twice. Correct 'other'.")


def _said(row: Any) -> str:
    other = f" and {row.other}" if row.other else ""
    return f"{row.action} of {row.id}{other} on {row.date:%Y-%m-%d}"
