"""Tables that more than one section quotes."""

from __future__ import annotations

import pandas as pd

from capstar import leads
from capstar.leads import predictability_tests
from capstar.provenance import Source
from capstar.report.names import human
from capstar.report.numbers import brief, p_value, plain, signed, three, two, whole
from capstar.report.parts import Column, Study, Table

LEVEL = 0.9
_WIDTH = 1.6448536269514722  # 95 percent point of the normal distribution: bands of 90 percent
BAND = "90 % Hodrick band: sampling of returns alone, the gap taken as known"


def with_band(table: pd.DataFrame, se: str = "hodrick_se") -> pd.DataFrame:
    """Slopes with the ends of their 90 percent bands, ``lower`` and ``upper``."""
    width = _WIDTH * table[se]
    return table.assign(lower=table["slope"] - width, upper=table["slope"] + width)


def lead_table(found: leads.LeadResults, key: str, seen: str, *, primary: bool = False) -> Table:
    """In sample, the gap alone: slope, band, every registered test by portfolio and horizon."""
    frame = with_band(found.own).set_index(["returns", "horizon"])
    run = [test for test in predictability_tests() if f"{test.key}_p" in frame]
    tests = sorted(run, key=lambda test: test.key != found.primary.test)  # the primary one first
    columns = [
        Column("slope", "slope", signed),
        Column("lower", "low", signed),
        Column("upper", "high", signed),
    ]
    for test in tests:
        columns.append(Column(f"{test.key}_p", f"{test.label} p", p_value))
        if f"{test.key}_p_adjusted" in frame:
            columns.append(Column(f"{test.key}_p_adjusted", f"{test.label} p, adjusted", p_value))
    columns += [Column("r_squared", "R²", three), Column("nobs", "n", whole)]
    columns += [Column("first", "from", plain), Column("last", "to", plain)]
    first, last = frame["first"].min(), frame["last"].max()
    caption = (
        f"Return after publication on the {human(found.predictor)}, {seen}: percent per point, {first}–{last}"
    )
    legend = [f"{one.label}: {one.name}, {one.citation}; {one.assumes}." for one in tests if primary]
    return Table(
        key, caption, frame, tuple(columns), ("returns", "quarters"), human,
        (found.primary.returns, found.primary.horizon) if primary else None, key,
        " ".join([f"Low and high: {BAND}. Adjusted: Benjamini-Hochberg over all {len(found.table)} rows.", *legend]),
    )  # fmt: skip


def recursive_lead(study: Study) -> Table:
    """With the gap as known then: the table the primary specification stands in."""
    seen = f"as estimated then ({study.quasi_real_time.kind})"
    return lead_table(study.recursive, "recursive_lead", seen, primary=True)


def filtered_lead(study: Study) -> Table:
    """With parameters of the whole sample."""
    return lead_table(study.lead, "lead", "one-sided, with parameters of the whole sample")


def benchmarks(study: Study) -> Table:
    """Of the primary portfolio: every predictor."""
    table, primary = study.lead.table, study.lead.primary
    test = primary.test
    frame = with_band(table[table["returns"] == primary.returns]).set_index(["predictor", "horizon"])
    columns = [
        Column("slope", "slope", signed),
        Column("lower", "low", signed),
        Column("upper", "high", signed),
    ]
    if f"{test}_p" in frame:
        columns.append(Column(f"{test}_p", f"{label_of(test)} p", p_value))
        columns.append(Column(f"{test}_p_adjusted", "adjusted", p_value))
    caption = f"Other predictors of {human(primary.returns)}: percent per point"
    shown = tuple(one for one in columns if one.name in frame)
    note = f"Low and high: {BAND}. Adjusted: Benjamini-Hochberg over all {len(table)} rows."
    return Table(
        "benchmarks", caption, frame, shown, ("predictor", "quarters"), human, file="lead", note=note
    )


def forecast_table(found: leads.LeadResults, key: str) -> Table | None:
    """Out of sample, the gap's own forecasts; None where there are none."""
    made = found.forecast_comparison
    if made is None:
        return None
    own = made.table[made.table["predictor"] == found.predictor].set_index(["returns", "horizon"])
    columns = (
        Column("r2_os", "R² out of sample, %", signed),
        Column("clark_west_bootstrap_p", "Clark-West p", p_value),
        Column("mse_f_p", "MSE-F p", p_value),
        Column("enc_new_p", "ENC-NEW p", p_value),
        Column("diebold_mariano_p", "Diebold-Mariano p", p_value),
        Column("hit", "right direction", two),
        Column("nobs", "n", whole),
    )
    note = (
        "R²: percent of squared error saved against the prevailing mean. p of Clark-West, MSE-F and ENC-NEW by the "
        f"wild bootstrap, each one test of {len(made.table)}."
    )
    shown = tuple(one for one in columns if one.name in own)
    primary = (found.primary.returns, found.primary.horizon) if key.startswith("recursive") else None
    caption = f"Forecasts by the {human(found.predictor)} from {made.table['first'].min()}, against the mean"
    return Table(key, caption, own, shown, ("returns", "quarters"), human, primary, key, note)


def search_table(study: Study) -> Table | None:
    """Whether the best of all forecasts beats the mean, once by each set of forecasts."""
    rows = {
        name: {"forecasts": len(made.table), "adjusted_mspe_p": made.search.p, "spa_p": made.ability.spa}
        for name, made in (
            ("gap as estimated then", study.recursive.forecast_comparison),
            ("gap with parameters of the whole sample", study.lead.forecast_comparison),
        )
        if made is not None
    }
    columns = (
        Column("forecasts", "forecasts", whole),
        Column("adjusted_mspe_p", "largest adjusted MSPE p", p_value),
        Column("spa_p", "SPA p", p_value),
    )
    frame = pd.DataFrame.from_dict(rows, orient="index")
    caption = "That the best of all forecasts beats the mean: p allowing for the search"
    return Table("search", caption, frame, columns, ("forecasts of",)) if rows else None


def joint_table(study: Study) -> Table | None:
    """With r* estimated again in every bootstrap sample; None where that was not done."""
    found = study.lead.estimated
    if found is None:
        return None
    columns = (
        Column("slope", "slope", signed),
        Column("p", "p", p_value),
        Column("p_family", "p, family", p_value),
        Column("attenuation", "attenuation", two),
    )
    caption = "The same with r* estimated again in every bootstrap sample"
    note = (
        f"p, family: allowing for all {len(found.table)} rows. Attenuation: slope on the estimated over that on the "
        "true gap."
    )
    return Table(
        "estimated_regressor", caption, found.table.set_index(["returns", "horizon"]), columns,
        ("returns", "quarters"), human, None, "estimated_regressor", note,
    )  # fmt: skip


def rstar_table(study: Study) -> Table:
    """r* and its gap in the first, the last and every fifth year's fourth quarter."""
    fit = study.rstar
    band = fit.bands("filtered", LEVEL)
    frame = pd.DataFrame(
        {
            "filtered": fit.rstar.filtered,
            "lower": band["lower"],
            "upper": band["upper"],
            "filtered_se": fit.rstar.filtered_se,
            "smoothed": fit.rstar.smoothed,
            "gap": fit.gap("filtered"),
            "recursive": study.quasi_real_time.table["rstar"],
            "recursive_gap": study.quasi_real_time.gap,
        }
    )
    ends = frame.index[[0, -1]]
    chosen = [q for q in frame.index if q in ends or (q.quarter == 4 and q.year % 5 == 0)]
    columns = (
        Column("filtered", "one-sided r*", two),
        Column("lower", "low", two),
        Column("upper", "high", two),
        Column("filtered_se", "s.e.", two),
        Column("smoothed", "two-sided r*", two),
        Column("gap", "gap", two),
        Column("recursive", "r* as estimated then", two),
        Column("recursive_gap", "gap as estimated then", two),
    )
    known = band.attrs["includes"]
    return Table(
        "rstar", "r* and its gap, percent a year", frame.loc[chosen], columns, ("quarter",), str,
        file="rstar", note=f"Low and high: {LEVEL:.0%} band of the one-sided estimate; it includes {known}.",
    )  # fmt: skip


def summary_table(study: Study) -> Table:
    """Single numbers about r* and the gap that sentences speak of."""
    known, fit = study.quasi_real_time, study.rstar
    filtered = fit.gap("filtered").loc[known.gap.index]
    band, t = fit.bands("filtered", LEVEL).iloc[-1], known.table
    values: dict[str, object] = {
        "first quarter": str(fit.start),
        "last quarter": str(fit.end),
        "quarters": fit.nobs,
        "r*, last quarter, percent": float(band["estimate"]),
        "width of its band, points": float(band["upper"] - band["lower"]),
        "standard error, points": float(fit.rstar.filtered_se.iloc[-1]),
        "gap, last quarter, points": float(fit.gap("filtered").iloc[-1]),
        "first quarter estimated again": str(t.index[0]),
        "samples": len(t),
        "correlation of the two gaps": float(known.gap.corr(filtered)),
        "root mean square difference of the two gaps, points": float(
            ((known.gap - filtered) ** 2).mean() ** 0.5
        ),
        "s.d. of the quarterly change of r* as estimated then, points": float(t["rstar"].diff().std()),
        "samples in which r* is not identified": int((~t["identified"].astype(bool)).sum()),
        "regressions on the gap as estimated then": len(study.recursive.table),
        "regressions with parameters of the whole sample": len(study.lead.table),
        "level of the primary test": study.recursive.primary.level,
    }
    frame = pd.DataFrame({"value": pd.Series(values, dtype=object)})
    return Table(
        "summary", "r* and the gap in single numbers", frame, (Column("value", "value", brief),), ("number",)
    )


def of_us(study: Study) -> bool:
    """Whether the data are of the United States, whose recessions are shaded."""
    return Source(study.rstar.data_title).is_us


def label_of(test: str) -> str:
    """Label of a test of predictability by its key."""
    return next((one.label for one in predictability_tests() if one.key == test), test)
