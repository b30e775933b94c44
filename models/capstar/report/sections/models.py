"""Figures on several models: r* now and what its gap implies, and whose gap leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from capstar.report.charts import Chart, Intervals, Line, Panel
from capstar.report.names import human
from capstar.report.parts import Cell, Study, Table, say
from capstar.report.sections.tables import of_us
from capstar.reporting import Result

MAIN, THEN, RETURNS, OTHER, PLAIN = range(
    5
)  # colours: the main model's, as estimated then, returns, other models', all else
_KINDS = {"known then": THEN, "average": PLAIN}


def now_charts(study: Study, found: Result, tables: Sequence[Table]) -> tuple[Chart, ...]:
    """r* by model, and the return that the gap implies beside its history; none of a result of another kind."""
    table: pd.DataFrame | None = getattr(found, "table", None)
    implied: pd.DataFrame | None = getattr(found, "implied", None)
    if table is None or implied is None:
        return ()
    return (
        _rates(study, table, tables[0]),
        *([] if implied.empty else [_implied(study, implied, tables[1])]),
    )


def whose_charts(study: Study, found: Result, tables: Sequence[Table]) -> tuple[Chart, ...]:
    """Slopes by model, and their gaps; none of a result of another kind."""
    compared, models, gaps = (getattr(found, name, None) for name in ("compared", "models", "gaps"))
    if compared is None or models is None or gaps is None:
        return ()
    return (_slopes(study, compared, models, tables[0]), _gaps(study, gaps, models, tables[1]))


def rows_of(frame: pd.DataFrame, series: Mapping[Any, int]) -> tuple[Intervals, ...]:
    """Intervals of a frame in its order, each in its own colour."""
    return tuple(Intervals(frame.loc[[label]], "", series[label]) for label in frame.index)


def _rates(study: Study, rates: pd.DataFrame, table: Table) -> Chart:
    main, r = rates.index[0], human("rstar")
    drawn = rates[["rstar", "lower", "upper"]].rename(columns={"rstar": "estimate"}).sort_values("estimate")
    values: dict[str, Cell | str] = {
        "least": table.cell(drawn.index[0], r), "most": table.cell(drawn.index[-1], r), "n": table.count(),
        "last": str(rates["quarter"].iloc[0]), "model": str(main), "own": table.cell(main, r),
        "low": table.cell(main, human("lower")), "high": table.cell(main, human("upper")),
    }  # fmt: skip
    band = ", band [{low}, {high}]" if str(values["low"]) else ""
    own = "By {model} r* is {own} percent in {last}" + band
    title = "Over {n} estimates r* runs from {least} to {most} percent" if len(rates) > 1 else own
    text = say(own + "; of all {n} from {least} to {most} percent.", **values)
    marks = rows_of(drawn, _colours(drawn.index, main))
    panel = Panel("Natural rate r* by model", "percent a year; bands where there are any", marks, "row")
    said = f"What each band includes is in the table below. {study.rstar.data_title}"
    return Chart("now-models", say(title, **values), text, (panel,), said, drawn)


def _implied(study: Study, implied: pd.DataFrame, table: Table) -> Chart:
    parts = {
        "implied by the gap": ("estimate", "lower", "upper"),
        "its expectation": ("estimate", "expected_lower", "expected_upper"),
        "history": ("mean", "history_lower", "history_upper"),
    }
    colours = {"implied by the gap": THEN, "its expectation": THEN, "history": PLAIN}
    panels, frames = [], {}
    for horizon, row in implied.iterrows():
        found = {name: row[list(columns)].to_numpy() for name, columns in parts.items()}
        frame = pd.DataFrame.from_dict(found, orient="index", columns=["estimate", "lower", "upper"])
        over = "the next quarter" if horizon == 1 else f"the next {horizon} quarters"
        panels.append(Panel(f"Over {over}", "percent", rows_of(frame, colours), "row"))
        frames[horizon] = frame
    first = implied.index[0]
    columns = {"own": "estimate", "low": "lower", "high": "upper", "mean": "mean", "least": "history_lower"}
    columns |= {"most": "history_upper"}
    cells = {name: table.cell(first, human(column)) for name, column in columns.items()}
    said = "small minus large is {own} percent, [{low}, {high}]; by its history {mean}, [{least}, {most}]"
    return Chart(
        "now-implied",
        say("By the gap " + said, **cells),
        say("Return implied by the gap, its expectation and its history, to scale: by the gap " + said + ".", **cells),
        tuple(panels),
        "Intervals of 90 %: of the return, and of its expectation; history: mean, 5th and 95th percentile",
        pd.concat(frames, names=["horizon", "what"]),
    )  # fmt: skip


def _slopes(study: Study, compared: pd.DataFrame, models: pd.DataFrame, table: Table) -> Chart:
    drawn = (
        compared[["slope", "lower", "upper"]].rename(columns={"slope": "estimate"}).sort_values("estimate")
    )
    ends: dict[str, Cell | str] = {
        "least": table.cell(drawn.index[0], "slope"), "most": table.cell(drawn.index[-1], "slope"),
        "n": table.count(), "returns": human(study.recursive.primary.returns),
    }  # fmt: skip
    one_sided = (
        "All {n} gaps give a slope below zero"
        if drawn["estimate"].max() < 0
        else "Over {n} gaps signs differ"
    )
    title = say(one_sided + ": {least} to {most} percent of {returns} per point", **ends)
    text = say(
        "Slopes of {returns} by model in bands, from {least} to {most} percent per point over {n} gaps.",
        **ends,
    )
    colours = _colours(drawn.index, models.index[0], models["kind"])
    panel = Panel(
        f"{str(ends['returns']).capitalize()} on the gap", "percent per point", rows_of(drawn, colours), "row"
    )
    return Chart(
        "whose-slopes", title, text, (panel,), "Bands: 90 %, Hodrick, each gap taken as known", drawn
    )


def _gaps(study: Study, gaps: pd.DataFrame, models: pd.DataFrame, table: Table) -> Chart:
    main, *others = gaps.columns
    colours = _colours(gaps.columns, main, models["kind"])
    panels = tuple(
        Panel(
            str(name), "percentage points",
            (Line(gaps[main], str(main) if name == others[0] else ""), Line(gaps[name], "", colours[name])),
            recessions=of_us(study),
        )
        for name in others
    )  # fmt: skip
    least = models["correlation"].iloc[1:].idxmin()
    values: dict[str, Cell | str] = {
        "model": str(least),
        "main": str(main),
        "corr": table.cell(least, human("correlation")),
    }
    return Chart(
        "whose-gaps",
        say("The gap that differs most, of {model}, correlates {corr} with that of {main}", **values),
        say("Each model's gap beside that of {main}; least alike is {model}, correlation {corr}.", **values),
        panels, "Gaps on the quarters that all estimates share", gaps, shared=True,
    )  # fmt: skip


def _colours(labels: pd.Index, main: object, kinds: Mapping[Any, str] | None = None) -> dict[Any, int]:
    kind: Callable[[Any], str] = lambda label: "" if kinds is None else str(kinds[label])  # noqa: E731
    return {label: MAIN if label == main else _KINDS.get(kind(label), OTHER) for label in labels}
