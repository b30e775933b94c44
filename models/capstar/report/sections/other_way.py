"""The other way: whether small caps lead the economy."""

from __future__ import annotations

from typing import Any

import pandas as pd

from capstar.report.charts import Chart, Intervals, Panel
from capstar.report.names import human
from capstar.report.numbers import one, p_value, plain, quarters, signed
from capstar.report.parts import Column, Section, Sentence, Study, Table, say
from capstar.report.sections.optional import section_of
from capstar.reporting import Result

KEY, TITLE = "other_way", "The other way: small caps and the economy"
_BESIDE = ["returns", "controls", "information", "sample"]
_COLUMNS = (
    Column("effect", "effect, s.d.", signed), Column("lower", "5 %", signed), Column("upper", "95 %", signed),
    Column("bootstrap_p", "p", p_value), Column("p_adjusted", "p adjusted", p_value),
    Column("r2_os", "R² out of sample, %", one), Column("clark_west_bootstrap_p", "Clark-West p", p_value),
    Column("nobs", "n", plain), Column("first", "first", plain), Column("last", "last", plain),
)  # fmt: skip
_NOTE = (
    "Effects in standard deviations of the target per standard deviation of the return, Newey-West bands; p by the "
    "wild bootstrap, adjusted over all rows but the primary one; out of sample against forecasts by the controls alone."
)


def other_way(study: Study) -> Section | None:
    """Answer, rivals and targets; None where a study has not asked."""
    found: Any = getattr(study, KEY, None)
    if not isinstance(found, Result):
        return None
    if not {"target", *_BESIDE} <= set(found.to_frame()):
        return section_of(study, found, KEY, TITLE)
    rivals, targets = rival_table(found), target_table(found)
    said = (_answer(found, rivals), *(say("{note}", note=str(note)) for note in found.notes()[1:]))
    return Section(
        KEY, TITLE, tuple((each,) for each in said), (_effects(found, said[0]),), (rivals, targets)
    )


def rival_table(found: Any) -> Table:
    """The primary target and horizon by return, controls, information and sample."""
    rows, at = found.to_frame(), found.primary
    frame = rows[(rows["target"] == at.target) & (rows["horizon"] == at.horizon)].set_index(_BESIDE)
    caption = f"{human(at.target)} over {quarters(at.horizon)}, by return and controls"
    primary = (at.returns, found.controls, at.information, at.sample)
    stubs = ("return", "beside", "data", "sample")
    return Table("other-way-rivals", caption, frame, _COLUMNS, stubs, human, primary, file=KEY, note=_NOTE)


def target_table(found: Any) -> Table:
    """Every target and horizon on the primary return, beside all there is."""
    rows, at = found.to_frame(), found.primary
    same = (rows["information"] == at.information) & (rows["sample"] == at.sample)
    chosen = rows[same & (rows["returns"] == at.returns) & (rows["controls"] == found.controls)]
    caption = f"What {human(at.returns)} leads, beside {found.controls}"
    frame, primary = chosen.set_index(["target", "horizon"]), (at.target, at.horizon)
    stubs = ("target", "quarters")
    return Table("other-way-targets", caption, frame, _COLUMNS, stubs, human, primary, file=KEY, note=_NOTE)


def _answer(found: Any, table: Table) -> Sentence:
    at = found.primary
    row = (at.returns, found.controls, at.information, at.sample)
    if row not in table.frame.index:
        return say("{note}", note=str(found.notes()[0]))
    fewer = found.controls.removesuffix(" + large caps")
    rest = {name: (name, fewer, at.information, at.sample) for name in ("large", "small")}
    rest = {name: label for name, label in rest.items() if label in table.frame.index}
    others = " and ".join(f"{human(name)} {{{name}}} (p {{{name}_p}})" for name in rest)
    values = {name: table.cell(label, "effect") for name, label in rest.items()}
    values |= {f"{name}_p": table.cell(label, "bootstrap_p") for name, label in rest.items()}
    made = table.frame["n_forecasts"].loc[row] > 0
    return say(
        "That {returns} leads {target} over the next {horizon}: {word}, {effect} standard deviations per standard "
        "deviation of the return [{low}, {high}] beside {beside}, p {p}"
        + ("; out of sample R² {r2} percent, Clark-West p {cw}" if made else "")
        + (f"; beside {fewer}, {others}." if others else "."),
        returns=human(at.returns), target=human(at.target), horizon=quarters(at.horizon).removeprefix("one "),
        word=found.word, beside=found.controls, effect=table.cell(row, "effect"), low=table.cell(row, "lower"),
        high=table.cell(row, "upper"), p=table.cell(row, "bootstrap_p"), r2=table.cell(row, "r2_os"),
        cw=table.cell(row, "clark_west_bootstrap_p"), **values,
    )  # fmt: skip


def _effects(found: Any, answer: Sentence) -> Chart:
    """By target, a dot in its interval for each return, beside all its controls."""
    rows, at = found.to_frame(), found.primary
    same = (rows["horizon"] == at.horizon) & (rows["information"] == at.information)
    kept = rows[same & (rows["sample"] == at.sample)].drop_duplicates(["target", "returns"], keep="last")
    marks = []
    for k, name in enumerate(dict.fromkeys(kept["returns"])):
        part = kept[kept["returns"] == name]
        frame = part[["effect", "lower", "upper"]].rename(columns={"effect": "estimate"})
        marks.append(
            Intervals(frame.set_axis(pd.Index([human(one) for one in part["target"]])), human(name), k)
        )
    across = f"over the next {quarters(at.horizon).removeprefix('one ')}"
    panel = Panel("effect of a return", "standard deviations", tuple(marks), "label", across)
    source = f"{found.provenance.data}; {found.provenance.sample}; 90 % Newey-West intervals"
    return Chart("other-way-effects", say("{title}", title=found.title), answer, (panel,), source, kept)
