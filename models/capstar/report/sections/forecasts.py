"""The lead out of sample, and what an investor would have gained by it."""

from __future__ import annotations

import pandas as pd

from capstar import leads
from capstar.leads.forecasts.forecast_tables import cumulative_difference
from capstar.report.charts import Chart, Intervals, Line, Panel
from capstar.report.names import human
from capstar.report.numbers import p_value, quarters, signed, two
from capstar.report.parts import Column, Section, Sentence, Study, Table, say
from capstar.report.sections.tables import forecast_table, search_table

_RISK_AVERSION = 3.0
_WIDTH = 1.6448536269514722


def forecasts(study: Study) -> Section:
    """Forecasts against the prevailing mean; the value of them."""
    made = forecast_table(study.recursive, "recursive_out_of_sample")
    earlier, search, value = (
        forecast_table(study.lead, "out_of_sample"),
        search_table(study),
        value_table(study),
    )
    primary = study.recursive.primary
    at, said = (primary.returns, primary.horizon), []
    if made is None:
        said.append(say("No out-of-sample forecasts were made on the gap as estimated then."))
    elif at in made.frame.index:
        said.append(
            say(
                "Forecasts of {returns} over {horizon} by the gap as estimated then have R² {r2} percent against "
                "the prevailing mean over {n} quarters (Clark-West p {p}, wild bootstrap, one test).",
                returns=human(at[0]),
                horizon=quarters(at[1]),
                r2=made.cell(at, "r2_os"),
                n=made.cell(at, "nobs"),
                p=made.cell(at, "clark_west_bootstrap_p"),
            )
        )
    if search is not None:
        row = search.frame.index[0]
        said.append(
            say(
                "Allowing for the search over {n} forecasts, that the best beats the mean has p {p} (SPA {spa}).",
                n=search.cell(row, "forecasts"),
                p=search.cell(row, "adjusted_mspe_p"),
                spa=search.cell(row, "spa_p"),
            )
        )
    said += _gains(value)
    figures = [chart for chart in (_cumulated(study), _gain_chart(value)) if chart is not None]
    tables = [table for table in (made, earlier, search, value) if table is not None]
    return Section("out-of-sample", "Out of sample", (tuple(said),), tuple(figures), tuple(tables))


def value_table(study: Study) -> Table | None:
    """Gain of a mean-variance investor at risk aversion 3, percent a year; None where nothing is forecast."""
    found: dict[str, leads.EconomicValue] = {f"tilt, {name}": one for name, one in study.tilts.items()}
    if study.economic_value is not None:
        found["small caps or the bill, whole-sample parameters"] = study.economic_value
    rows = {}
    for name, one in found.items():
        for row in one.table.to_dict("records"):
            if row["risk_aversion"] == _RISK_AVERSION and row["strategy"] == study.lead.predictor:
                ends = {
                    "lower": row["gain"] - _WIDTH * row["gain_se"],
                    "upper": row["gain"] + _WIDTH * row["gain_se"],
                }
                rows[name] = row | ends
    if not rows:
        return None
    columns = (
        Column("gain", "gain, % a year", signed),
        Column("gain_se", "s.e.", two),
        Column("lower", "low", signed),
        Column("upper", "high", signed),
        Column("gain_p", "p", p_value),
        Column("sharpe", "Sharpe ratio", two),
        Column("turnover", "turnover", two),
    )
    note = (
        "Gain: certainty equivalent less that of the prevailing mean, net of costs, at risk aversion 3. Low and high: "
        "90 % band from its standard error. Each p is one test of all that were made."
    )
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return Table(
        "value", "What an investor would have gained by the gap", frame, columns, ("investor",), note=note
    )


def _gains(value: Table | None) -> list[Sentence]:
    if value is None:
        return []
    first = value.frame.index[0]
    return [
        say(
            "An investor ({who}) would have gained {gain} percent a year net of costs, standard error {se} (p {p}).",
            who=str(first),
            gain=value.cell(first, "gain"),
            se=value.cell(first, "gain_se"),
            p=value.cell(first, "gain_p"),
        )
    ]


def _cumulated(study: Study) -> Chart | None:
    primary = study.recursive.primary
    lines, made = {}, None
    for label, found in (("gap as estimated then", study.recursive), ("whole-sample parameters", study.lead)):
        comparison = found.forecast_comparison
        part = None if comparison is None else comparison.forecasts.get((primary.returns, primary.horizon))
        if part is not None and found.predictor in part:
            lines[label] = cumulative_difference(part).series[found.predictor]
            made = made or forecast_table(
                found, "recursive_out_of_sample" if found is study.recursive else "out_of_sample"
            )
    if made is None:
        return None
    at = (primary.returns, primary.horizon)
    r2 = made.cell(at, "r2_os")
    marks = tuple(Line(line, label, 1 - k, dashed=k == 1) for k, (label, line) in enumerate(lines.items()))
    better = "beat" if float(r2.value) > 0 else "do not beat"
    first = {label: str(line.index[0]) for label, line in lines.items()}
    return Chart(
        "cumulated",
        say(
            "Forecasts by the gap as estimated then {better} the mean: R² {r2} percent", better=better, r2=r2
        ),
        say(
            "Squared errors of the mean less those of the gap, cumulated; over the whole span R² is {r2} percent.",
            r2=r2,
        ),
        (
            Panel(
                f"{human(primary.returns)}, {quarters(primary.horizon)}",
                "percent squared, rising: gap better",
                marks,
            ),
        ),
        "Forecasts from " + "; ".join(f"{quarter}, {label}" for label, quarter in first.items()),
        pd.DataFrame(lines),
    )


def _gain_chart(value: Table | None) -> Chart | None:
    if value is None:
        return None
    frame = value.frame.rename(columns={"gain": "estimate"})[["estimate", "lower", "upper"]]
    if frame["lower"].isna().any():
        return None
    first = value.frame.index[0]
    cells = {
        "gain": value.cell(first, "gain"),
        "low": value.cell(first, "lower"),
        "high": value.cell(first, "upper"),
    }
    names = {label: str(label).replace("tilt, ", "tilt: ").split(",")[0] for label in frame.index}
    return Chart(
        "gains",
        say("Trading on the gap would have gained {gain} percent a year, band [{low}, {high}]", **cells),
        say("Gains of investors with bands; the first is {gain} percent a year, [{low}, {high}].", **cells),
        (
            Panel(
                "Gain against the mean forecast", "percent a year",
                (Intervals(frame.rename(index=names), "gain, 90 % band from its s.e.", 0),), "label",
            ),
        ),
        "Mean-variance investor, risk aversion 3, net of costs",
        frame,
    )  # fmt: skip
