"""The lead by the month, beside that by the quarter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from capstar.report.charts import Chart, Intervals, Panel
from capstar.report.names import human
from capstar.report.parts import Study, Table, say
from capstar.report.sections.models import MAIN, THEN
from capstar.report.sections.optional import of_result
from capstar.report.sections.tables import BAND
from capstar.reporting import Result

_COLOURS = {"quarter": MAIN, "month": THEN}


def charts(study: Study, found: Result, tables: Sequence[Table]) -> tuple[Chart, ...]:
    """Slopes a month of the horizon, so that horizons compare, quarterly and monthly; none of another result."""
    rows: Any = getattr(found, "table", None)
    if rows is None or not {"months", "period"} <= {*rows}:
        return ()
    at = study.recursive.primary.returns
    at = at if at in set(rows["returns"]) else rows["returns"].iloc[0]
    panels = tuple(
        Panel(human(name).capitalize(), "percent a month per point", _marks(part), "label", "months ahead")
        for name, part in rows.groupby("returns", sort=False)
    )
    first = {name: part["months"].min() for name, part in rows[rows["returns"] == at].groupby("period")}
    values = {name: tables[0].cell((at, months, name), "slope") for name, months in first.items()}
    told = (
        "{returns} is {month} percent per point over a month by the monthly gap, and {quarter} over {n} months by the "
        "quarterly one"
    )
    slots = values | {"returns": human(at).capitalize(), "n": str(first["quarter"])}
    return (
        Chart(
            "by-month-slopes", say(told, **slots), say(f"Slopes by horizon, quarterly and monthly. {told}.", **slots),
            panels, f"{BAND}; each divided by the months of its horizon. {found.provenance.data}", rows, shared=True,
        ),
    )  # fmt: skip


def _marks(part: pd.DataFrame) -> tuple[Intervals, ...]:
    out = []
    for period, colour in _COLOURS.items():
        rows = part[part["period"] == period]
        ends = rows[["slope", "lower", "upper"]].div(rows["months"], axis=0)
        ends.index = pd.Index(rows["months"].astype(str))
        drawn = ends.rename(columns={"slope": "estimate"})
        out.append(Intervals(drawn, f"by the {period}", colour))
    return tuple(out)


by_month = of_result("by_month", "By the month", charts)
