"""Sections on r* itself: its path, its gap, quasi-real time, and how sure it is."""

from __future__ import annotations

import pandas as pd

from capstar.report.charts import Band, Chart, Line, Panel
from capstar.report.numbers import p_value, plain, three
from capstar.report.parts import Cell, Column, Section, Study, Table, say
from capstar.report.sections.tables import LEVEL, of_us, rstar_table, summary_table


def rstar(study: Study) -> Section:
    """The path of r* with the band, one-sided and two-sided."""
    fit, table, numbers = study.rstar, rstar_table(study), summary_table(study)
    band = fit.bands("filtered", LEVEL)
    first, last = table.frame.index[[0, -1]]
    frame = pd.DataFrame({**band, "smoothed": fit.rstar.smoothed})
    path: dict[str, Cell | str] = {
        "model": fit.model_name,
        "start": table.cell(first, "filtered"),
        "first": str(first),
        "end": table.cell(last, "filtered"),
        "last": str(last),
        "wide": numbers.cell("width of its band, points", "value"),
    }
    includes = f"{LEVEL:.0%} band, one-sided ({band.attrs['includes']})"
    marks = (
        Band(band["lower"], band["upper"], includes),
        Line(band["estimate"], "one-sided"),
        Line(fit.rstar.smoothed, "two-sided, has seen later data", 4, dashed=True),
    )
    chart = Chart(
        "rstar-path",
        say("r* went from {start} to {end} percent, in a band {wide} points wide", **path),
        say(
            "One-sided r* of {model}: {start} percent in {first}, {end} in {last}; band {wide} points.",
            **path,
        ),
        (Panel("Natural rate r*", "percent a year", marks, recessions=of_us(study)),),
        _source(study),
        frame,
    )
    said = (
        say("r* by {model}, one-sided, was {start} percent in {first} and {end} in {last}.", **path),
        say("{note}", note=fit.definition_note),
        say("Shaded is the {includes}; the two-sided path has seen later data.", includes=includes),
    )
    return Section("rstar", "r*", (said,), (chart,), (table,))


def gap(study: Study) -> Section:
    """The gap above the returns it is said to lead."""
    numbers = summary_table(study)
    values: dict[str, Cell | str] = {
        "corr": numbers.cell("correlation of the two gaps", "value"),
        "off": numbers.cell("root mean square difference of the two gaps, points", "value"),
        "gap": numbers.cell("gap, last quarter, points", "value"),
        "last": numbers.cell("last quarter", "value"),
    }
    said = say(
        "In {last} the gap, the ex-ante real rate less one-sided r*, is {gap} points. The gap as estimated then "
        "differs from it by {off} points (root mean square).",
        **values,
    )
    return Section("gap", "Gap against returns", ((said,),), (_gap_chart(study, values),))


def _gap_chart(study: Study, values: dict[str, Cell | str]) -> Chart:
    filtered, known = study.rstar.gap("filtered"), study.quasi_real_time.gap
    first = str(filtered.index[0].asfreq("M", "start"))
    year = study.returns["small_minus_large"].rolling(12).sum().loc[first:].dropna()
    ends = year[year.index.month % 3 == 0]
    after = ends.set_axis(pd.PeriodIndex(ends.index).asfreq("Q")).loc[: known.index[-1] + 4]
    us = of_us(study)
    then = Line(known, f"as estimated then, {study.quasi_real_time.kind}", 1, dashed=True)
    return Chart(
        "gap-returns",
        say(
            "The gaps as estimated then and once for all correlate {corr}; they differ by {off} points",
            **values,
        ),
        say(
            "Gap and returns by quarter; in {last} the gap is {gap} points; the gaps correlate {corr}.",
            **values,
        ),
        (
            Panel(
                "r* gap: real rate minus r*",
                "percentage points",
                (Line(filtered, "one-sided"), then),
                recessions=us,
            ),
            Panel(
                "Small minus large, last 12 months",
                "percent, sum of months",
                (Line(after, "", 2),),
                recessions=us,
            ),
        ),
        f"{_source(study)}; returns: {study.returns.attrs.get('source', study.returns.attrs.get('title', ''))}",
        pd.DataFrame({"gap": filtered, "gap_as_estimated_then": known, "small_minus_large_12_months": after}),
    )


def real_time(study: Study) -> Section:
    """r* as estimated at the time beside r* with the parameters of the whole sample."""
    known, numbers = study.quasi_real_time, summary_table(study)
    both = pd.DataFrame(
        {"as_estimated_then": known.table["rstar"], "whole_sample": study.rstar.rstar.filtered}
    )
    both = both.loc[known.table.index]
    values = {
        "kind": known.kind,
        "first": numbers.cell("first quarter estimated again", "value"),
        "samples": numbers.cell("samples", "value"),
        "corr": numbers.cell("correlation of the two gaps", "value"),
        "off": numbers.cell("root mean square difference of the two gaps, points", "value"),
        "not": numbers.cell("samples in which r* is not identified", "value"),
        "sd": numbers.cell("s.d. of the quarterly change of r* as estimated then, points", "value"),
    }
    marks = (
        Line(both["as_estimated_then"], f"as estimated then ({known.kind})", 1),
        Line(both["whole_sample"], "one-sided, parameters of the whole sample", 0, dashed=True),
    )
    chart = Chart(
        "real-time",
        say("Estimated again every quarter, r* moves by {sd} points a quarter (s.d.)", **values),
        say(
            "r* as estimated then and with whole-sample parameters; the gaps differ by {off} points.",
            **values,
        ),
        (Panel("Natural rate r*", "percent a year", marks, recessions=of_us(study)),),
        _source(study),
        both,
    )
    said = say(
        "r* was estimated again on {samples} samples, from {first} on, in {kind}; the gap so found correlates {corr} "
        "with the one estimated once. r* is not identified in {not} of the samples.",
        **values,
    )
    revised = (
        say("Each sample had the data as published then.")
        if known.kind == "real time"
        else say("Quasi-real time: the data are revised, so that what was known then was less than this.")
    )
    return Section("real-time", known.kind.capitalize(), ((said, revised),), (chart,), (numbers,))


def certainty(study: Study) -> Section:
    """Parameters, and what speaks against r* being identified."""
    fit = study.rstar
    notes = fit.identification_notes() or ("Nothing is known against r* being identified.",)
    paragraph = (
        *(say("{note}", note=note) for note in notes),
        *(say("{note}", note=one) for one in fit.departures),
    )
    frames = [
        (head, one) for head, one in fit.frames().items() if head.startswith("Parameters") or "std err" in one
    ]
    tables = tuple(
        Table(
            f"parameters-{k}", f"{fit.model_name}: {head or 'estimates'}", one, _columns(one), ("parameter",)
        )
        for k, (head, one) in enumerate(frames[:1])
    )
    return Section("certainty", "How sure is r*", (paragraph,), (), tables)


def _columns(frame: pd.DataFrame) -> tuple[Column, ...]:
    numeric = [pd.api.types.is_float_dtype(kind) for kind in frame.dtypes]
    forms = [
        p_value if name == "p" else three if number else plain
        for name, number in zip(frame, numeric, strict=True)
    ]
    return tuple(Column(name, str(name), form) for name, form in zip(frame, forms, strict=True))


def _source(study: Study) -> str:
    fit = study.rstar
    return f"{fit.model_name} on {fit.data_title}, {fit.start}–{fit.end}"
