"""States of the market: whether the gap tells of rallies and ranges, and what follows in bull and bear markets."""

from __future__ import annotations

import pandas as pd

from capstar.report.charts import Chart, Intervals, Line, Panel
from capstar.report.names import human
from capstar.report.numbers import p_value, signed, three, two, whole
from capstar.report.parts import Cell, Column, Section, Study, Table, say
from capstar.report.sections.tables import of_us

_HORIZONS = (1, 2, 4, 8, 12)


def states(study: Study) -> Section:
    """Logits of states on the gap; responses by state."""
    table, responses = probability_table(study), response_table(study)
    name = study.lead.predictor
    said = [
        say(
            "A {state} within the horizon: a gap one point higher changes its probability by {effect} (p {p}, one "
            "test); area under the ROC curve {area}, where the base rate alone has one half.",
            state=human(state),
            effect=table.cell((state, name), "effect"),
            p=table.cell((state, name), "effect_p"),
            area=table.cell((state, name), "area"),
        )
        for state in study.probability
        if (state, name) in table.frame.index
    ]
    figures = (_probability(study, table), _responses(study, responses))
    return Section("states", "Market states", (tuple(said),), figures, (table, responses))


def probability_table(study: Study) -> Table:
    """Coefficients and average marginal effects by state."""
    parts = {
        state: found.table.assign(area=found.area, base_rate=found.base_rate)
        for state, found in study.probability.items()
    }
    frame = pd.concat(parts, names=["state", "predictor"])
    columns = (
        Column("coefficient", "logit coefficient", three),
        Column("se", "s.e.", three),
        Column("p", "p", p_value),
        Column("effect", "effect on probability", three),
        Column("effect_p", "p of effect", p_value),
        Column("area", "area under ROC", two),
        Column("base_rate", "base rate", two),
    )
    titles = " ".join(f"{found.title}." for found in study.probability.values())
    caption = "Logit of states of the small-cap market on the gap"
    return Table(
        "probability", caption, frame, columns, ("state", "predictor"), human, file="probability", note=titles
    )


def response_table(study: Study) -> Table:
    """Responses to the gap at some horizons, over all quarters and by state."""
    both = pd.concat([study.projections.table, study.by_state.table])
    frame = both[both["horizon"].isin(_HORIZONS)].set_index(["response", "state", "horizon"])
    columns = (
        Column("estimate", "percent per point", signed),
        Column("lower", "low", signed),
        Column("upper", "high", signed),
        Column("p", "p", p_value),
        Column("nobs", "n", whole),
    )
    note = (
        f"{study.projections.title}. Low and high: {study.projections.level:.0%} bands. Each p is one test of "
        f"{len(both)}. Bull and bear markets as known at the time."
    )
    return Table(
        "projections", "Cumulative return after a shock to the gap, local projections", frame, columns,
        ("returns", "state", "quarters"), human, file="projections", note=note,
    )  # fmt: skip


def _probability(study: Study, table: Table) -> Chart:
    panels = tuple(
        Panel(
            f"{human(state).capitalize()} within the horizon", "probability",
            (
                Line(found.probability, "fitted", 2),
                Line(pd.Series(found.base_rate, found.probability.index), "base rate", 4, dashed=True),
            ),
            zero=False, recessions=of_us(study),
        )
        for state, found in study.probability.items()
    )  # fmt: skip
    state = next(iter(study.probability))
    row = next(label for label in table.frame.index if label[0] == state)
    values: dict[str, Cell | str] = {"state": human(state), "area": table.cell(row, "area")}
    no_better = abs(study.probability[state].area - 0.5) < 2 * study.probability[state].area_se
    found = "hardly moves the probability" if no_better else "tells"
    frame = pd.DataFrame({state: found.probability for state, found in study.probability.items()})
    return Chart(
        "state-probability",
        say("The gap {found} of a {state}: area under the ROC curve {area}", found=found, **values),
        say(
            "Fitted probability of each state; for a {state} the area under the ROC curve is {area}.",
            **values,
        ),
        panels,
        f"{study.rstar.model_name} gap; in sample, the fit has seen the outcomes",
        frame,
    )


def _responses(study: Study, table: Table) -> Chart:
    parts = study.by_state.table
    chosen = parts[parts["response"] == parts["response"].iloc[-1]]
    name = str(chosen["response"].iloc[0])
    marks = []
    shown = chosen[chosen["horizon"].isin(_HORIZONS)]
    for k, (state, part) in enumerate(shown.groupby("state", sort=True)):
        frame = part.set_index(part["horizon"].astype(str))[["estimate", "lower", "upper"]]
        marks.append(Intervals(frame, human(state), 2 + k))
    rows = {state: label for label in table.frame.index if label[0] == name for state in [label[1]]}
    cells = {
        f"{state}_market": table.cell(label, "estimate") for state, label in rows.items() if state != "all"
    }
    said = "; ".join(f"{human(state)} {{{state}_market}}" for state in rows if state != "all")
    longest = str(max(label[2] for label in rows.values()))
    values: dict[str, Cell | str] = {"returns": human(name), "longest": longest, **cells}
    where = "over {longest} quarters, percent: " + said
    return Chart(
        "by-state",
        say("After a shock to the gap, {returns} " + where, **values),
        say("Responses of {returns} in bull and bear markets by horizon; " + where, **values),
        (
            Panel(
                human(name).capitalize(),
                "percent per point of the gap",
                tuple(marks),
                "label",
                "quarters after",
            ),
        ),
        f"Local projections, {study.by_state.level:.0%} bands; states as known at the time",
        chosen,
    )
