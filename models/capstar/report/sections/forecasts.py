"""The lead out of sample, and what an investor would have gained by it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from capstar import leads
from capstar.leads.forecasts.forecast_tables import cumulative_difference
from capstar.report.charts import Chart, Line, Others, Panel
from capstar.report.names import human
from capstar.report.numbers import p_value, quarters, signed, two, whole
from capstar.report.parts import Cell, Column, Section, Sentence, Study, Table, say
from capstar.report.sections.models import rows_of
from capstar.report.sections.tables import forecast_table, of_us, search_table

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
    tables = [table for table in (made, earlier, starts_table(study), search, value) if table is not None]
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


def starts_table(study: Study) -> Table | None:
    """The primary forecasts by the first quarter forecast; None where nothing is forecast."""
    then = study.recursive.forecast_comparison is not None
    found = study.recursive if then else study.lead
    at, made = (study.recursive.primary.returns, study.recursive.primary.horizon), found.forecast_comparison
    if made is None or at not in made.earliest:
        return None
    table = made.by_start(found.predictor).set_index(["returns", "horizon"]).loc[[at]].set_index("start")
    columns = (
        Column("r2_os", "R² out of sample, %", signed),
        Column("clark_west", "Clark-West t", two),
        Column("clark_west_p", "p", p_value),
        Column("nobs", "n", whole),
    )
    gap = "gap as estimated then" if then else "gap with parameters of the whole sample"
    note = (
        f"p: asymptotic, one test of {len(table)}. The start was fixed before the run: the one that looks best is "
        "found by a search (Hansen and Timmermann 2012; Rossi and Inoue 2012)."
    )
    return Table(
        "starts", f"Forecasts of {human(at[0])} by the {gap}, by the first quarter forecast", table, columns,
        ("first forecast",), str, table.index[table["chosen"]][0],
        "recursive_out_of_sample_by_start" if then else "out_of_sample_by_start", note,
    )  # fmt: skip


def _cumulated(study: Study) -> Chart | None:
    table = starts_table(study)
    if table is None:
        return None
    charts = {str(start): _from_start(study, table, str(start)) for start in table.frame.index}
    chosen, r2 = str(table.primary), table.cell
    said = {
        start: say(
            "from {first}: R² {r2} percent over {n} quarters, Clark-West p {p}, one test",
            first=start, r2=r2(start, "r2_os"), n=r2(start, "nobs"), p=r2(start, "clark_west_p"),
        )
        for start in charts
    }  # fmt: skip
    frames = [chart.frame.add_suffix(f", from {start}") for start, chart in charts.items()]
    others = Others("First quarter forecast", chosen, charts, said)
    return replace(charts[chosen], key="cumulated", frame=pd.concat(frames, axis=1), others=others)


def _from_start(study: Study, table: Table, start: str) -> Chart:
    """Squared errors cumulated from one start on."""
    primary, lines = study.recursive.primary, {}
    for label, found in (("gap as estimated then", study.recursive), ("whole-sample parameters", study.lead)):
        made = None if found.forecast_comparison is None else found.forecast_comparison.earliest
        if made and (primary.returns, primary.horizon) in made:
            part = made[primary.returns, primary.horizon].loc[start:, ["actual", "mean", found.predictor]]
            lines[label] = cumulative_difference(part).series[found.predictor]
    colours = {"gap as estimated then": 1, "whole-sample parameters": 0}
    marks = tuple(
        Line(line, label, colours[label], dashed=not colours[label]) for label, line in lines.items()
    )
    r2 = table.cell(start, "r2_os")
    values: dict[str, Cell | str] = {
        "first": start,
        "r2": r2,
        "better": "beat" if float(r2.value) > 0 else "do not beat",
    }
    values |= {"gap": next(iter(lines))}
    panel = Panel(
        f"{human(primary.returns)}, {quarters(primary.horizon)}", "percent squared, rising: gap better", marks,
        recessions=of_us(study),
    )  # fmt: skip
    return Chart(
        f"cumulated-{start}",
        say("From {first} on forecasts by the gap {better} the mean: R² {r2} percent ({gap})", **values),
        say("Squared errors of the mean less those of the gap, cumulated from {first}; R² {r2} percent.", **values),
        (panel,), f"Forecasts from {start}, each from what is before it; {study.rstar.model_name}", pd.DataFrame(lines),
    )  # fmt: skip


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
    marks = rows_of(frame, {label: 1 if str(label).startswith("tilt") else 0 for label in frame.index})
    return Chart(
        "gains",
        say("Trading on the gap would have gained {gain} percent a year, band [{low}, {high}]", **cells),
        say("Gains of investors with bands; the first is {gain} percent a year, [{low}, {high}].", **cells),
        (
            Panel("Gain against the mean forecast", "percent a year; 90 % band from its s.e.", marks, "row"),
        ),
        "Mean-variance investor, risk aversion 3, net of costs",
        frame,
    )  # fmt: skip
