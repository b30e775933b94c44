"""Rank days and effective dates of an index: as published, and by rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError

Kind = Literal["reconstitution", "review"]

# Rank day and effective date as FTSE Russell announced them.
PUBLISHED = (
    ("2018-05-11", "2018-06-22"),
    ("2019-05-10", "2019-06-28"),
    ("2020-05-08", "2020-06-26"),
    ("2021-05-07", "2021-06-25"),
    ("2022-05-06", "2022-06-24"),
    ("2023-04-28", "2023-06-23"),
    ("2024-04-30", "2024-06-28"),
    ("2025-04-30", "2025-06-27"),
    ("2026-04-30", "2026-06-26"),
    ("2026-10-30", "2026-12-11"),
)
FIRST_YEAR = 1989  # yearly from then on
MAY_FRIDAY = range(2017, 2023)  # ranked on the Friday of 6 to 12 May
SEMI_ANNUAL_FROM = 2026
_REVIEWS = ((1, 3), (7, 9), (10, 12))  # ranked in the first month, effective in the second


@dataclass(frozen=True)
class Rebalance:
    """One change of the index.

    Attributes
    ----------
    rank, effective : pandas.Timestamp
        Securities are ranked at the close of the first and change after the close of the second.  Where a
        market is closed the close before it is taken.
    kind
        A reconstitution chooses all members; a review adds new issues and updates share counts.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> change = cs.smallcaps.Rebalance(pd.Timestamp("2025-04-30"), pd.Timestamp("2025-06-27"))
    >>> print(change.kind, (change.effective - change.rank).days)
    reconstitution 58
    """

    rank: pd.Timestamp
    effective: pd.Timestamp
    kind: Kind = "reconstitution"

    def __post_init__(self) -> None:
        """Refuse a change that comes before its ranking."""
        if self.rank > self.effective:
            raise SpecificationError(
                f"A {self.kind} ranked on {self.rank:%Y-%m-%d} cannot be effective on "
                f"{self.effective:%Y-%m-%d}. Give the rank day first."
            )
        if self.kind not in ("reconstitution", "review"):
            raise SpecificationError(f"kind={self.kind!r}; choose 'reconstitution' or 'review'.")


class Calendar(Protocol):
    """What a calendar of index changes answers.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> class EveryJune:
    ...     def between(self, first, last):
    ...         years = range(first.year, last.year + 1)
    ...         days = [(pd.Timestamp(y, 5, 31), pd.Timestamp(y, 6, 28)) for y in years]
    ...         known = [(rank, day) for rank, day in days if first <= rank and day <= last]
    ...         return tuple(cs.smallcaps.Rebalance(*pair) for pair in known)
    ...
    >>> rules = cs.smallcaps.IndexRules.russell2000(calendar=EveryJune())
    >>> len(rules.calendar.between(pd.Timestamp("2020-01-01"), pd.Timestamp("2023-12-31")))
    4
    """

    def between(self, first: pd.Timestamp, last: pd.Timestamp) -> tuple[Rebalance, ...]:
        """Changes ranked on or after the first day and effective on or before the last, in order.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> year = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-12-31")
        >>> print(*[f"{one.effective:%d %b}" for one in cs.smallcaps.RussellCalendar().between(*year)])
        21 Mar 27 Jun 19 Sep 19 Dec
        """
        ...


@dataclass(frozen=True)
class FixedCalendar:
    """Changes on given days.

    Attributes
    ----------
    rebalances
        In the order of their effective dates.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> change = cs.smallcaps.Rebalance(pd.Timestamp("2024-05-31"), pd.Timestamp("2024-06-28"))
    >>> calendar = cs.smallcaps.FixedCalendar((change,))
    >>> calendar.rebalances[0].kind
    'reconstitution'
    """

    rebalances: tuple[Rebalance, ...]

    def __post_init__(self) -> None:
        """Refuse days that are out of order."""
        days = [one.effective for one in self.rebalances]
        for before, after in pairwise(days):
            if after <= before:
                raise SpecificationError(
                    f"The change of {after:%Y-%m-%d} is listed after that of {before:%Y-%m-%d}. Give every "
                    "effective date once and in order."
                )

    @classmethod
    def of(
        cls,
        reconstitutions: Iterable[tuple[str, str]],
        reviews: Iterable[tuple[str, str]] = (),
    ) -> FixedCalendar:
        """Calendar from pairs of rank day and effective date.

        Parameters
        ----------
        reconstitutions, reviews
            ``("2015-05-29", "2015-06-26")`` and so on.

        Examples
        --------
        >>> import capstar as cs
        >>> days, reviews = [("2024-05-31", "2024-06-28")], [("2024-08-30", "2024-09-20")]
        >>> calendar = cs.smallcaps.FixedCalendar.of(days, reviews)
        >>> [one.kind for one in calendar.rebalances]
        ['reconstitution', 'review']
        """
        found = [_rebalance(*pair) for pair in reconstitutions]
        found += [_rebalance(*pair, "review") for pair in reviews]
        return cls(tuple(sorted(found, key=lambda one: one.effective)))

    def between(self, first: pd.Timestamp, last: pd.Timestamp) -> tuple[Rebalance, ...]:
        """Changes ranked on or after the first day and effective on or before the last, in order.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> days = [("2023-05-31", "2023-06-30"), ("2024-05-31", "2024-06-28")]
        >>> calendar = cs.smallcaps.FixedCalendar.of(days)
        >>> len(calendar.between(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")))
        1
        """
        return tuple(one for one in self.rebalances if one.rank >= first and one.effective <= last)


@dataclass(frozen=True)
class RussellCalendar:
    """Calendar of the Russell US indexes.

    Reconstitution after the close of the fourth Friday of June, from 2026 also of the second Friday of
    December.  Ranked on the last business day of April and October; from 2017 to 2022 on the Friday of 6 to
    12 May, until 2016 on the last business day of May.  Reviews after the close of the third Friday of
    March, September and (until 2025) December, ranked on the last business day of January, July and October.
    Years before 2004, when the effective date was the last business day of June, follow the present rule.

    Attributes
    ----------
    reviews
        Whether there are quarterly reviews.
    published
        Take the announced dates for the years that have them; else the rule alone.

    References
    ----------
    FTSE Russell, *Russell US Equity Indices: Construction and Methodology*, and yearly announcements of the
    reconstitution's schedule.

    Examples
    --------
    >>> import capstar as cs
    >>> for one in cs.smallcaps.RussellCalendar(reviews=False).year(2026):
    ...     print(f"ranked {one.rank:%d %b}, effective {one.effective:%d %b}")
    ...
    ranked 30 Apr, effective 26 Jun
    ranked 30 Oct, effective 11 Dec
    """

    reviews: bool = True
    published: bool = True

    def between(self, first: pd.Timestamp, last: pd.Timestamp) -> tuple[Rebalance, ...]:
        """Changes ranked on or after the first day and effective on or before the last, in order.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> calendar = cs.smallcaps.RussellCalendar(reviews=False)
        >>> changes = calendar.between(pd.Timestamp("2014-01-01"), pd.Timestamp("2016-12-31"))
        >>> print(*[f"{one.effective:%d %b %Y}" for one in changes], sep=", ")
        27 Jun 2014, 26 Jun 2015, 24 Jun 2016
        """
        years = range(max(first.year, FIRST_YEAR), last.year + 1)
        found = [one for year in years for one in self.year(year)]
        return tuple(one for one in found if one.rank >= first and one.effective <= last)

    def year(self, year: int) -> tuple[Rebalance, ...]:
        """Changes effective in one year, in order.

        Examples
        --------
        >>> import capstar as cs
        >>> for one in cs.smallcaps.RussellCalendar().year(2025):
        ...     print(f"{one.rank:%d %b} {one.effective:%d %b} {one.kind}")
        ...
        31 Jan 21 Mar review
        30 Apr 27 Jun reconstitution
        31 Jul 19 Sep review
        31 Oct 19 Dec review
        """
        if year < FIRST_YEAR:
            raise SpecificationError(
                f"The Russell calendar starts in {FIRST_YEAR}, asked for {year}. Give a FixedCalendar."
            )
        announced = [pair for pair in PUBLISHED if pair[1].startswith(str(year))] if self.published else []
        found = [_rebalance(*pair) for pair in announced] or _reconstitutions(year)
        if self.reviews:
            december = len(found) > 1
            for rank_month, month in _REVIEWS:
                if not (december and month == 12):
                    ranked = _last_business_day(year, rank_month)
                    found.append(_rebalance(ranked, _friday(year, month, 3), "review"))
        return tuple(sorted(found, key=lambda one: one.effective))


def _reconstitutions(year: int) -> list[Rebalance]:
    if year in MAY_FRIDAY:
        ranked = np.busday_offset(f"{year}-05-06", 0, roll="forward", weekmask="Fri")
    else:
        ranked = _last_business_day(year, 4 if year > MAY_FRIDAY[-1] else 5)
    june = _rebalance(ranked, _friday(year, 6, 4))
    if year < SEMI_ANNUAL_FROM:
        return [june]
    return [june, _rebalance(_last_business_day(year, 10), _friday(year, 12, 2))]


def _friday(year: int, month: int, which: int) -> np.datetime64:
    return np.busday_offset(f"{year}-{month:02}", which - 1, roll="forward", weekmask="Fri")


def _last_business_day(year: int, month: int) -> np.datetime64:
    """Last weekday; of the months ranked in, only May may end on a holiday."""
    memorial_day = np.busday_offset(f"{year}-06", -1, roll="forward", weekmask="Mon")
    following = np.datetime64(f"{year}-{month:02}", "M") + np.timedelta64(1, "M")
    return np.busday_offset(following.astype("M8[D]"), -1, roll="forward", holidays=[memorial_day])


def _rebalance(rank: object, effective: object, kind: Kind = "reconstitution") -> Rebalance:
    return Rebalance(pd.Timestamp(rank), pd.Timestamp(effective), kind)
