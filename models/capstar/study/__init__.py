"""The main job: whose r*, on what data, does its gap lead small caps, and what it says now.

`run` does all of it; `study_data` gives the tables it is of, to be kept with `capstar.data.write_snapshot`.
"""

from __future__ import annotations

from capstar.study.by_month import ByMonth
from capstar.study.economy import Economy
from capstar.study.inputs import study_data
from capstar.study.lead_economy import lead_the_economy
from capstar.study.now import Now
from capstar.study.other_way import OtherWay
from capstar.study.real_time import RealTime
from capstar.study.results import StudyResults
from capstar.study.running import portfolio_returns, run
from capstar.study.whose import WhoseRate

__all__ = [
    "ByMonth",
    "Economy",
    "Now",
    "OtherWay",
    "RealTime",
    "StudyResults",
    "WhoseRate",
    "lead_the_economy",
    "portfolio_returns",
    "run",
    "study_data",
]


def __dir__() -> list[str]:
    return __all__
