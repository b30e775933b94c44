"""Dates of the Russell indexes, against the announced ones."""

from __future__ import annotations

import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.smallcaps import FixedCalendar, Rebalance, RussellCalendar

# FTSE Russell's announcements: rank day, effective after the close of.
ANNOUNCED = [
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
]
SPAN = pd.Timestamp("2018-01-01"), pd.Timestamp("2026-12-31")


def pairs(calendar, first, last) -> list[tuple[str, str]]:
    found = calendar.between(pd.Timestamp(first), pd.Timestamp(last))
    return [(f"{one.rank:%Y-%m-%d}", f"{one.effective:%Y-%m-%d}") for one in found]


@pytest.mark.parametrize("published", [True, False], ids=["data", "rule"])
def test_announced_dates(published) -> None:
    assert pairs(RussellCalendar(reviews=False, published=published), *SPAN) == ANNOUNCED


def test_the_rule_where_there_is_no_announcement() -> None:
    calendar = RussellCalendar(reviews=False)
    # 2017: announced on 2 March 2017. 2015: rank day of the published breakpoint. 2010: 31 May was Memorial Day.
    assert pairs(calendar, "2017-01-01", "2017-12-31") == [("2017-05-12", "2017-06-23")]
    assert pairs(calendar, "2015-01-01", "2015-12-31") == [("2015-05-29", "2015-06-26")]
    assert pairs(calendar, "2010-01-01", "2010-12-31") == [("2010-05-28", "2010-06-25")]
    # 30 April 2028 is a Sunday, 31 October 2027 too.
    assert pairs(calendar, "2027-05-01", "2028-12-01") == [
        ("2027-10-29", "2027-12-10"),
        ("2028-04-28", "2028-06-23"),
    ]


def test_reviews_come_in_between() -> None:
    calendar = RussellCalendar()
    kinds = {f"{one.effective:%Y-%m-%d}": one.kind for one in calendar.year(2025)}
    assert kinds == {
        "2025-03-21": "review",
        "2025-06-27": "reconstitution",
        "2025-09-19": "review",
        "2025-12-19": "review",
    }
    kinds = {f"{one.effective:%Y-%m-%d}": one.kind for one in calendar.year(2026)}
    assert kinds == {
        "2026-03-20": "review",
        "2026-06-26": "reconstitution",
        "2026-09-18": "review",
        "2026-12-11": "reconstitution",
    }


def test_only_what_lies_wholly_between() -> None:
    calendar = RussellCalendar(reviews=False)
    assert pairs(calendar, "2024-04-30", "2024-06-28") == [("2024-04-30", "2024-06-28")]
    assert pairs(calendar, "2024-05-01", "2024-06-28") == []
    assert pairs(calendar, "2024-04-30", "2024-06-27") == []


def test_dates_that_cannot_be_meant() -> None:
    day = pd.Timestamp
    with pytest.raises(SpecificationError, match="ranked on 2020-02-01 cannot be effective on 2020-01-01"):
        Rebalance(day("2020-02-01"), day("2020-01-01"))
    with pytest.raises(SpecificationError, match="kind='rebalance'"):
        Rebalance(day("2020-01-01"), day("2020-02-01"), "rebalance")
    with pytest.raises(SpecificationError, match="2020-02-01 is listed after that of 2020-02-01"):
        FixedCalendar.of([("2020-01-01", "2020-02-01")], reviews=[("2020-01-15", "2020-02-01")])
    with pytest.raises(SpecificationError, match="starts in 1989, asked for 1988"):
        RussellCalendar().year(1988)
