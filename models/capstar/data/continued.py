"""Series from an ordered list of sources: where one has stopped, the next continues it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from capstar.data.sources import source
from capstar.data.sources.alfred import alfred
from capstar.data.sources.fred import SOURCE as FRED
from capstar.data.transform import to_quarterly
from capstar.errors import DataWarning, SourceError
from capstar.frames import PERIODS

Rule = Literal["growth", "level"]
# Days within which a value is usually out after its period is over; copies take longer than their originals.
_OUT_AFTER = {"D": 10, "M": 60, "Q": 90, "Y": 365}
_LEVEL_QUARTERS = 4  # of the overlap, for the distance of two rates


@dataclass(frozen=True)
class Input:
    """An input of a recipe.

    Attributes
    ----------
    name
        What it is.
    sources
        Where it is, such as ``"fred:GDPC1"``, in the order in which they are asked; see `capstar.data.sources`.
    rule
        How a later source continues an earlier one; see `continued`.
    revised
        Whether past values change, so that a vintage is needed for what was known on a day.
    history
        Whether only its early years are used: that it has stopped says nothing.
    fill
        Whether a value missing alone, as that of a survey that was not made, is the mean of its neighbours.
    first
        First period taken; by default that of the source.
    """

    name: str
    sources: tuple[str, ...]
    rule: Rule = "growth"
    revised: bool = True
    history: bool = False
    fill: bool = False
    first: str | None = None


def continued(first: pd.Series, later: pd.Series, rule: Rule) -> pd.Series:
    """Quarters of a series, and after its last those of another.

    Parameters
    ----------
    first, later
        On a quarterly PeriodIndex, without gaps.
    rule
        ``"growth"``: the later series grows on from the last quarter of the first, which both have.  ``"level"``: the
        later series is moved by the mean distance of the two in the last four quarters that both have, up to the last
        of the first.

    Returns
    -------
    pandas.Series
        The first as it is; nothing after its last quarter moves any quarter but that itself.

    Raises
    ------
    SourceError
        They do not overlap.
    """
    joint = first.index[-1]
    both = first.index.intersection(later.index)
    if both.empty or both[-1] != joint:
        raise SourceError(
            f"{later.name} covers {later.index[0]}-{later.index[-1]}, not {joint}, the last quarter of {first.name}."
        )
    after = later.loc[joint + 1 :]
    moved = after * (first[joint] / later[joint]) if rule == "growth" else after + _distance(first, later)
    return pd.concat([first, moved]).rename(first.name)


def _distance(first: pd.Series, later: pd.Series) -> float:
    return float((first - later).dropna().loc[: first.index[-1]].iloc[-_LEVEL_QUARTERS:].mean())


def stopped(last: pd.Period | pd.Timestamp, day: pd.Timestamp) -> bool:
    """Whether two later values of a series should be out on a day: their periods are over, and the usual delay too."""
    kind = last.freqstr[0] if isinstance(last, pd.Period) else "D"
    over = (last + 2).end_time if isinstance(last, pd.Period) else last + pd.Timedelta(days=2)
    return bool(day > over + pd.Timedelta(days=_OUT_AFTER.get(kind, 365)))


class Reader:
    """Quarterly inputs, latest or as of a day, and the record of what was taken; of months, each as it is published."""

    def __init__(
        self, as_of: str | pd.Timestamp | None, end: str | None = None, frequency: Literal["Q", "M"] = "Q"
    ) -> None:
        self._frequency = frequency
        self.as_of = None if as_of is None else pd.Timestamp(as_of)
        self._day = pd.Timestamp.now("UTC").tz_localize(None) if self.as_of is None else self.as_of
        self._end = None if end is None else pd.Period(end, freq=frequency).end_time
        self.taken: dict[str, str] = {}  # by name of the input, in words
        self._downloaded: list[str] = []
        self._names: dict[str, None] = {}

    def __call__(self, one: Input) -> pd.Series:
        """Periods of an input, without gaps; a `DataWarning` where all its sources have stopped."""
        out: pd.Series | None = None
        last: pd.Period | pd.Timestamp = pd.Timestamp.min
        failed: list[str] = []
        for where in one.sources:
            if not self._lacks(last):
                break
            try:
                raw = self._raw(where, one)
                whole = self._frequency == "M" or raw.index.dtype == "period[Q-DEC]"
                quarters = raw if whole else to_quarterly(raw).dropna()
                joined = quarters if out is None else continued(out, quarters, one.rule)
            except SourceError as error:
                failed.append(str(error))
                continue
            if out is None or len(joined) > len(out):
                self.taken[one.name] = self._said(one, out, quarters)
                out, last = joined, raw.index[-1]
        if out is None:
            raise SourceError(failed[0])
        if self._lacks(last) and not one.history:
            self._warn(self.taken[one.name], last, failed)
        return out

    def provenance(self, title: str, columns: Mapping[str, str]) -> dict[str, object]:
        """``attrs`` of a recipe; series by column."""
        source_ = "; ".join(FRED if name == "FRED" else name for name in self._names)
        if self.as_of is not None:
            source_ = "ALFRED and FRED, Federal Reserve Bank of St. Louis"
        out: dict[str, object] = {"title": title, "source": source_, "series_id": dict(columns)}
        if self.as_of is not None:
            return out | {"vintage": f"{self.as_of:%Y-%m-%d}"}
        return out | {"downloaded": max(self._downloaded)}

    def _lacks(self, last: pd.Period | pd.Timestamp) -> bool:
        """Whether a series has stopped before what is wanted of it."""
        over = last.end_time if isinstance(last, pd.Period) else last
        return stopped(last, self._day) and (self._end is None or over < self._end)

    def _raw(self, where: str, one: Input) -> pd.Series:
        """One source's series as it is, without missing values; `SourceError` if one lies within."""
        key, _, series = where.partition(":")
        if self.as_of is not None and one.revised:
            if key != "fred":
                raise SourceError(f"{where} has no vintages.")
            out = alfred(series, [self.as_of]).as_of(self.as_of)
        else:
            found, entry = source(key).get(series)
            self._downloaded.append(entry.downloaded)
            self._names[source(key).name] = None
            out = source(key).frame(found).iloc[:, 0]
        out, days = out.loc[one.first :], isinstance(out.index, pd.DatetimeIndex)
        if self.as_of is not None and not one.revised:  # never revised: what was known is what had happened
            out = out[(out.index if days else out.index.end_time) < self.as_of]
        out = out.dropna() if days else out.loc[out.first_valid_index() : out.last_valid_index()]
        out = out.interpolate(limit=1) if one.fill else out
        if out.isna().any() or out.empty:
            hole = (
                f"{out.index[out.isna()][0]} is missing inside the series"
                if len(out)
                else "there is no value"
            )
            raise SourceError(f"{source(key).where(series)}: {hole}.")
        return out.rename(series if key == "fred" else where)

    def _said(self, one: Input, first: pd.Series | None, later: pd.Series) -> str:
        if first is None:
            return str(later.name)
        how = "the growth of " if one.rule == "growth" else ""
        moved = f" {_distance(first, later):+.2f}" if one.rule == "level" else ""
        return f"{self.taken[one.name]}, from {first.index[-1] + 1} {how}{later.name}{moved}"

    def _warn(self, said: str, last: pd.Period | pd.Timestamp, failed: list[str]) -> None:
        when = last if isinstance(last, pd.Period) else f"{last:%Y-%m-%d}"
        tried = f" What should continue it does not: {failed[-1]}" if failed else ""
        warnings.warn(
            f"{said} has no value after {when}: two later ones should be out, and the series may have stopped. No "
            f"later {PERIODS[self._frequency]} is in the input; end= says that none is wanted.{tried}",
            DataWarning,
            stacklevel=4,
        )
