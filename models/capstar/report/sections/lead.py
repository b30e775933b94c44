"""The lead in sample: slopes by horizon, gap and next return, groups of the gap, other predictors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.leads.alignment import AlignedSample
from capstar.report.charts import Chart, Intervals, Line, Panel, Points
from capstar.report.names import human
from capstar.report.numbers import quarters, signed, two, whole
from capstar.report.parts import Cell, Column, Section, Study, Table, say
from capstar.report.sections.models import rows_of
from capstar.report.sections.tables import (
    BAND,
    benchmarks,
    filtered_lead,
    joint_table,
    label_of,
    recursive_lead,
)

_FEW = 150  # quarters below which the gap is put into five groups rather than ten


def lead(study: Study) -> Section:
    """Slopes in sample: as estimated then, and with parameters of the whole sample."""
    primary, table, joint = study.recursive.primary, recursive_lead(study), joint_table(study)
    at, p = (primary.returns, primary.horizon), f"{primary.test}_p"
    said = []
    if at in table.frame.index and p in table.frame:
        said.append(
            say(
                "The primary row: a gap one point higher goes with {slope} percent of {returns} over {horizon}, "
                "band [{low}, {high}], {test} p {p}.",
                slope=table.cell(at, "slope"),
                returns=human(primary.returns),
                horizon=quarters(primary.horizon),
                low=table.cell(at, "lower"),
                high=table.cell(at, "upper"),
                test=label_of(primary.test),
                p=table.cell(at, p),
            )
        )
    said.append(
        say(
            "Every other row is exploratory. Further horizons are no further evidence: one predictor implies them."
        )
    )
    after = _after(study)
    figures = [_slopes(study), *([] if after is None else [_scatter(study, after), _grouped(study, after)])]
    figures += [] if (controls := _controls(study)) is None else [controls]
    groups = [] if after is None else [_groups(after)]
    tables = [table, filtered_lead(study), *([] if joint is None else [joint]), benchmarks(study), *groups]
    return Section("lead", "The lead", (tuple(said),), tuple(figures), tuple(tables))


def _slopes(study: Study) -> Chart:
    then, whole_sample = recursive_lead(study), filtered_lead(study)
    panels, frames = [], []
    for name in dict.fromkeys(whole_sample.frame.index.get_level_values(0)):
        marks = []
        for k, (table, label) in enumerate(
            ((then, "gap as estimated then"), (whole_sample, "whole-sample parameters"))
        ):
            if name not in table.frame.index.get_level_values(0):
                continue
            rows = table.frame.xs(name)[["slope", "lower", "upper"]].rename(columns={"slope": "estimate"})
            frames.append(rows.assign(returns=name, gap=label))
            marks.append(Intervals(rows.set_axis(rows.index.astype(str)), label, 1 - k))
        panels.append(
            Panel(human(name).capitalize(), "percent per point", tuple(marks), "label", "quarters ahead")
        )
    primary = study.recursive.primary
    at = (primary.returns, primary.horizon)
    main = then if at in then.frame.index else whole_sample
    at = at if at in main.frame.index else main.frame.index[0]
    name = f"{primary.test}_p"
    p = main.cell(at, name) if name in main.frame else "not computed"
    row: dict[str, Cell | str] = {
        "returns": human(at[0]), "slope": main.cell(at, "slope"), "low": main.cell(at, "lower"),
        "high": main.cell(at, "upper"), "horizon": quarters(at[1]), "test": label_of(primary.test), "p": p,
    }  # fmt: skip
    return Chart(
        "slopes",
        say(
            "A gap one point higher goes with {slope} percent of {returns} over {horizon}, {test} p {p}",
            **row,
        ),
        say(
            "Slopes of returns on the gap by horizon with bands. {returns} over {horizon}: {slope} percent per point, "
            "[{low}, {high}], {test} p {p}.",
            **row,
        ),
        tuple(panels),
        f"{BAND}. {study.rstar.model_name} on {study.rstar.data_title}",
        pd.concat(frames),
        shared=True,
    )


def _controls(study: Study) -> Chart | None:
    """Slopes of every predictor over the primary horizon; None where there is the gap alone."""
    primary, table, gap = study.recursive.primary, benchmarks(study), study.lead.predictor
    rows = table.frame[table.frame.index.get_level_values("horizon") == primary.horizon].droplevel("horizon")
    test = f"{primary.test}_p"
    others = rows.drop(index=gap, errors="ignore")
    if gap not in rows.index or others.empty or test not in rows:
        return None
    rival = others[test].idxmin()
    values: dict[str, Cell | str] = {"rival": human(rival), "test": label_of(primary.test)}
    values |= {
        "own": table.cell((gap, primary.horizon), test),
        "p": table.cell((rival, primary.horizon), test),
        "slope": table.cell((rival, primary.horizon), "slope"),
        "gap": table.cell((gap, primary.horizon), "slope"),
    }
    does = (
        "The {rival} does as well as"
        if rows[test][rival] <= rows[test][gap]
        else "The {rival} does worse than"
    )
    drawn = rows[["slope", "lower", "upper"]].rename(columns={"slope": "estimate"}).rename(index=human)
    said = "the gap, parameters of the whole sample: {test} p {p} against {own}"
    panel = Panel(
        f"{human(primary.returns).capitalize()}, {quarters(primary.horizon)} ahead", "percent per point",
        rows_of(drawn, {label: 0 if label == human(gap) else 4 for label in drawn.index}), "row",
    )  # fmt: skip
    return Chart(
        "controls", say(f"{does} {said}", **values),
        say("Slopes by predictor, each alone: gap {gap}, {rival} {slope} percent per point, {test} p {p}.", **values),
        (panel,), f"{BAND}. {study.rstar.model_name} on {study.rstar.data_title}, whole-sample parameters", drawn,
    )  # fmt: skip


def _after(study: Study) -> pd.DataFrame | None:
    """Gap as estimated then, ``x``, and small minus large after its publication, ``y``; None without the portfolio."""
    if "small_minus_large" not in study.returns or study.recursive.primary.returns != "small_minus_large":
        return None
    lag = study.recursive.publication_lag
    sample = AlignedSample.of(
        study.returns["small_minus_large"], study.quasi_real_time.gap, 1, publication_lag=lag
    )
    y, x = sample.pairs(1)
    return pd.DataFrame({"x": x, "y": y})


def _scatter(study: Study, after: pd.DataFrame) -> Chart:
    table = recursive_lead(study)
    at = ("small_minus_large", 1)
    middle = after.index[len(after) // 2]
    slope, constant = np.polyfit(after["x"], after["y"], 1)
    ends = np.array([after["x"].min(), after["x"].max()])
    line = Line(pd.Series(constant + slope * ends, ends), "least squares", 1)
    early, late = after.loc[: middle - 1], after.loc[middle:]
    marks = (
        Points(early, f"{early.index[0]}–{early.index[-1]}", 4),
        Points(late, f"{late.index[0]}–{late.index[-1]}", 1),
        line,
    )
    found = table.cell(at, "slope") if at in table.frame.index else signed(slope)
    share = {"slope": found, "r2": table.cell(at, "r_squared") if at in table.frame.index else ""}
    return Chart(
        "scatter",
        say("The gap explains little of the next quarter's difference: R² {r2}", **share),
        say(
            "One point a quarter: gap as estimated then, and small minus large after it. Slope {slope}, R² {r2}.",
            **share,
        ),
        (
            Panel(
                "Small minus large, next quarter", "percent", marks, "number", "gap as estimated then, points"
            ),
        ),
        f"{study.rstar.model_name}; {after.index[0]}–{after.index[-1]}; dates on hover",
        after.set_axis(["gap", "small_minus_large"], axis=1),
    )


def _groups(after: pd.DataFrame) -> Table:
    count = 10 if len(after) >= _FEW else 5
    group = pd.qcut(after["x"].rank(method="first"), count, labels=range(1, count + 1))
    parts = after.groupby(group, observed=True)
    frame = pd.DataFrame(
        {
            "gap": parts["x"].mean(),
            "estimate": parts["y"].mean(),
            "se": parts["y"].std() / np.sqrt(parts.size()),
            "nobs": parts.size(),
        }
    )
    width = 1.6448536269514722 * frame["se"]
    frame = frame.assign(lower=frame["estimate"] - width, upper=frame["estimate"] + width)
    frame.index = frame.index.astype(str).rename("group")
    columns = (
        Column("gap", "mean gap, points", two),
        Column("estimate", "next quarter, percent", signed),
        Column("lower", "low", signed),
        Column("upper", "high", signed),
        Column("nobs", "n", whole),
    )
    name = "Tenths" if count == 10 else "Fifths"
    note = "Low and high: 90 % band of the mean, quarters taken as independent; a description, no test."
    return Table(
        "groups",
        f"{name} of quarters by the gap as estimated then: small minus large after it",
        frame,
        columns,
        ("group, lowest gap first",),
        note=note,
    )


def _grouped(study: Study, after: pd.DataFrame) -> Chart:
    table = _groups(after)
    low, high = table.frame.index[[0, -1]]
    ends = {"low": table.cell(low, "estimate"), "high": table.cell(high, "estimate")}
    return Chart(
        "groups-chart",
        say("After the lowest gaps small minus large was {low} percent, after the highest {high}", **ends),
        say("Mean of small minus large by group of the gap: {low} percent in the lowest, {high} highest.", **ends),
        (
            Panel(
                "Small minus large, next quarter", "percent",
                (Intervals(table.frame[["estimate", "lower", "upper"]], "mean, 90 % band", 1),),
                "label", "group of the gap, lowest first",
            ),
        ),
        f"{study.rstar.model_name}; {after.index[0]}–{after.index[-1]}; groups of equal size",
        table.frame,
    )  # fmt: skip
