"""The answer, and why: what stands before every figure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from capstar.report.names import human
from capstar.report.numbers import p_value, quarters, signed
from capstar.report.parts import Cell, Section, Sentence, Study, say
from capstar.report.sections.tables import (
    benchmarks,
    filtered_lead,
    forecast_table,
    joint_table,
    label_of,
    recursive_lead,
    search_table,
    summary_table,
)

QUESTION = "Does the r* gap lead small caps?"
_SEEN = {
    "real time": "as known then",
    "recursive": "as estimated then on revised data",
    "filtered": "with parameters of the whole sample",
    "smoothed": "which has seen the future",
}


@dataclass(frozen=True)
class Head:
    """Question, answer in one word and in one sentence, specification, and date of the data."""

    question: str
    word: str
    answer: Sentence
    specification: Sentence
    dates: Sentence


def head(study: Study) -> Head:
    """What the primary specification, fixed before the run, answers.

    Examples
    --------
    >>> from capstar.report.sections import head
    >>> from capstar.study.examples import quick_study
    >>> top = head(quick_study())
    >>> print(top.question)
    Does the r* gap lead small caps?
    >>> print(top.dates)
    moving average on statsmodels macrodata (US); r* to 2009Q3, returns to 2017-03.
    """
    found, table, whole = study.recursive, recursive_lead(study), summary_table(study)
    primary = found.primary
    at = (primary.returns, primary.horizon)
    dates = say(
        "{model} on {data}; r* to {end}, returns to {month}.",
        model=study.rstar.model_name,
        data=study.rstar.data_title,
        end=whole.cell("last quarter", "value"),
        month=str(study.returns.index[-1]),
    )
    word = answer_word(study)
    if at not in table.frame.index or word == "NOT TESTED":
        said = say("The primary specification is not among what was run: all of it is exploratory.")
        return Head(QUESTION, word, said, say(""), dates)
    shown = {"SHOWN": "is shown", "NOT SHOWN": "is not shown"}.get(
        word, "is shown in sample and not out of it"
    )
    answer = say(
        "That the r* gap, {seen}, leads {returns} over the next {horizon} {shown}: {slope} percent per "
        "point, {test} p {p}.",
        seen=_SEEN.get(found.information, found.information),
        returns=human(primary.returns),
        horizon=quarters(primary.horizon).removeprefix("one "),
        shown=shown,
        slope=table.cell(at, "slope", signed),
        test=label_of(primary.test),
        p=table.cell(at, f"{primary.test}_p", p_value),
    )
    return Head(QUESTION, word, answer, _specification(study), dates)


def answer_word(study: Study) -> str:
    """SHOWN, NOT SHOWN, MIXED (shown by the primary test, but not by forecasts), or NOT TESTED."""
    found = study.recursive
    primary, row = found.primary, found.primary.row(found.table, found.predictor)
    if row is None or f"{primary.test}_p" not in row or found.information not in primary.information:
        return "NOT TESTED"
    if row[f"{primary.test}_p"] >= primary.level:
        return "NOT SHOWN"
    made = forecast_table(found, "recursive_out_of_sample")
    at = (primary.returns, primary.horizon)
    fails = made is not None and at in made.frame.index and made.frame["r2_os"].loc[at] <= 0
    return "MIXED" if fails else "SHOWN"


def _specification(study: Study) -> Sentence:
    found, table = study.recursive, recursive_lead(study)
    primary = found.primary
    at, adjusted = (primary.returns, primary.horizon), f"{primary.test}_p_adjusted"
    return say(
        "Primary specification, fixed before the run: {returns}, {horizon}, gap in {kind}, {test}, "
        "{first}–{last}, n {n}; band [{low}, {high}] ({level} Hodrick, the gap taken as known); p allowing "
        "for all {rows} rows {family}.",
        returns=human(primary.returns),
        horizon=quarters(primary.horizon),
        kind=study.quasi_real_time.kind,
        test=label_of(primary.test),
        first=table.cell(at, "first"),
        last=table.cell(at, "last"),
        n=table.cell(at, "nobs"),
        low=table.cell(at, "lower"),
        high=table.cell(at, "upper"),
        level="90 %",
        rows=summary_table(study).cell("regressions on the gap as estimated then", "value"),
        family=table.cell(at, adjusted) if adjusted in table.frame else "not computed",
    )


def why(study: Study) -> Section:
    """For, against, and what would change the answer."""
    return Section("why", "Why", (_for(study), _against(study), _change(study)))


def _for(study: Study) -> tuple[Sentence, ...]:
    primary, table = study.lead.primary, filtered_lead(study)
    at, p = (primary.returns, primary.horizon), f"{primary.test}_p"
    out = []
    if at in table.frame.index and p in table.frame:
        out.append(
            say(
                "For: with parameters of the whole sample, {first}–{last}, {returns} is {slope} percent per point over "
                "{horizon} ({test} p {p}, one test; {adjusted} over all {rows} rows).",
                first=table.cell(at, "first"),
                last=table.cell(at, "last"),
                returns=human(primary.returns),
                slope=table.cell(at, "slope"),
                horizon=quarters(primary.horizon),
                test=label_of(primary.test),
                p=table.cell(at, p),
                adjusted=table.cell(at, f"{p}_adjusted")
                if f"{p}_adjusted" in table.frame
                else "not adjusted",
                rows=summary_table(study).cell("regressions with parameters of the whole sample", "value"),
            )
        )
    joint = joint_table(study)
    if joint is not None and at in joint.frame.index:
        out.append(
            say(
                "With r* estimated again in every bootstrap sample p is {p}, and {family} allowing for its {rows} "
                "rows.",
                p=joint.cell(at, "p"),
                family=joint.cell(at, "p_family"),
                rows=joint.count(),
            )
        )
    return tuple(out) or (say("For: nothing, the primary portfolio is not in this study."),)


def _against(study: Study) -> tuple[Sentence, ...]:
    primary, table, other = study.recursive.primary, recursive_lead(study), benchmarks(study)
    at, p = (primary.returns, primary.horizon), f"{primary.test}_p"
    out = []
    if at in table.frame.index and p in table.frame:
        out.append(
            say(
                "Against: on the gap as estimated then, {first}–{last}, the slope is {slope} (p {p}, the primary "
                "test).",
                first=table.cell(at, "first"),
                last=table.cell(at, "last"),
                slope=table.cell(at, "slope"),
                p=table.cell(at, p),
            )
        )
    made, search = forecast_table(study.recursive, "recursive_out_of_sample"), search_table(study)
    if made is not None and at in made.frame.index:
        out.append(
            _forecast(made.cell(at, "r2_os"), made.cell(at, "clark_west_bootstrap_p"), "out of sample")
        )
    if search is not None:
        row = search.frame.index[0]
        out.append(
            say(
                "That the best of all {n} forecasts beats the mean has p {p}.",
                n=search.cell(row, "forecasts"),
                p=search.cell(row, "adjusted_mspe_p"),
            )
        )
    rival = ("real_rate", primary.horizon)
    if rival in other.frame.index and p in other.frame:
        out.append(
            say(
                "The plain real rate, which needs no r*, has slope {slope} (p {p}, whole sample).",
                slope=other.cell(rival, "slope"),
                p=other.cell(rival, p),
            )
        )
    return tuple(out) or (say("Against: the primary test was not run."),)


def _forecast(r2: Cell, p: Cell, where: str) -> Sentence:
    said = "beat" if float(r2.value) > 0 else "do not beat"
    return say(
        "Forecasts by it {said} the prevailing mean {where}: R² {r2} percent, Clark-West p {p}.",
        said=said, where=where, r2=r2, p=p,
    )  # fmt: skip


def _change(study: Study) -> tuple[Sentence, ...]:
    """How far off the answer is, and what makes it uncertain."""
    primary, table, whole = study.recursive.primary, recursive_lead(study), summary_table(study)
    at, out = (primary.returns, primary.horizon), []
    if at in table.frame.index:
        inside = table.frame["lower"].loc[at] < 0 < table.frame["upper"].loc[at]
        out.append(
            say(
                "What would change the answer: a p of the primary test on the other side of {level}, or forecasts that "
                "change sides against the mean. The band of its slope, [{low}, {high}], {side}.",
                low=table.cell(at, "lower"),
                high=table.cell(at, "upper"),
                side="includes zero"
                if inside
                else "excludes zero: unlike the primary test it does not allow for the gap's persistence",
                level=whole.cell("level of the primary test", "value"),
            )
        )
    error = float(study.rstar.rstar.filtered_se.iloc[-1])
    if math.isnan(error):
        unknown = (
            "{model} gives r* without a standard error: whether a gap of a point is beyond it is not known."
        )
        out.append(say(unknown, model=study.rstar.model_name))
        return tuple(out)
    out.append(
        say(
            "r* itself is known to a standard error of {se} points in {end}, parameters taken as known, so that a "
            "gap of a point is {within} its error.",
            se=whole.cell("standard error, points", "value"),
            end=whole.cell("last quarter", "value"),
            within="within" if error > 1 else "beyond",
        )
    )
    return tuple(out)
