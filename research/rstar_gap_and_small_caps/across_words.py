"""What the lead by whose r* says, in sentences and a table, each number read from `across_models.csv`."""

from __future__ import annotations

from statistics import NormalDist

import pandas as pd
from research.rstar_gap_and_small_caps.material import DIFFERENCE
from research.rstar_gap_and_small_caps.words import markdown, p, signed

LONG, EVERYTHING = "to 2025", "everything"
EQUAL, LIKELIHOOD = "average, equal weights", "average, predictive likelihood"
FUTURE, REVISED = "has seen the future", "but for revisions"
_LEVEL = 0.05
_MARKS = {"model": "", "published": ", published", "average": "", "known then": ""}
_SAMPLE = r"which r\* is taken moves the slope less than sampling error does"
_MODEL = r"which r\* is taken moves the slope as much as sampling error does"
_AT_LEAST = 0.05  # weights that are named


def across_sentences(table: pd.DataFrame) -> dict[str, str]:
    """By what they are about; next quarter, small minus large, unless they say else."""
    return _models(table) | _averages(table) | _known(table) | _published(table) | _forecasts(table)


def across_table(table: pd.DataFrame) -> str:
    """Small minus large, next quarter, a row a gap of each family."""
    head = ["quarters", "gap of", "known then?", "slope", "90 %", "IVX-RWB p", "adjusted", "R²_OS, %", "CW p"]
    rows = [
        [
            f"{row['first']}–{row['last']}", f"{name}{_MARKS[row['kind']]}".replace("*", r"\*"), str(row["seen"]),
            signed(row["slope"]), f"{signed(row['lower'])} to {signed(row['upper'])}", p(row["p"]),
            p(row["p_adjusted"]), signed(row["r2_os"], 1), p(row["r2_os_p"]) if pd.notna(row["r2_os_p"]) else "–",
        ]
        for family in (LONG, EVERYTHING)
        for name, row in _primary(table, family).iterrows()
    ]  # fmt: skip
    return markdown(head, rows)


def _primary(table: pd.DataFrame, family: str) -> pd.DataFrame:
    return table.loc[family].xs((DIFFERENCE, 1), level=("returns", "horizon"))


def _models(table: pd.DataFrame) -> dict[str, str]:
    whole, rows = table.loc[LONG], _primary(table, LONG)
    own = rows[rows["kind"] == "model"]
    first, below, joint = own.iloc[0], own.index[own["p"] < _LEVEL], own["p_models"].iloc[0]
    error = (own["upper"] - own["lower"]).mean() / (2 * NormalDist().inv_cdf(0.95))
    spread, correlation = own["slope"].std(ddof=0), own["correlation"].iloc[1:]
    return {
        "verdict by model": (
            f"By whose r\\*: the slope is negative on {int((own['slope'] < 0).sum())} of {len(own)} models' gaps, "
            f"{first['first']}–{first['last']}; that any of them leads {'is' if joint < _LEVEL else 'is not'} shown "
            f"allowing for all (p {p(joint)})."
        ),
        "models": (
            f"On FRED's data as of 2026, returns to May 2025, over the quarters that all {len(own)} models have, "
            f"{first['first']}–{first['last']}, the slope of small minus large goes from "
            f"{_named(own, own['slope'].idxmin())} to {_named(own, own['slope'].idxmax())}; IVX-RWB p is below 5 % on "
            f"{_list(below)}. That the gap of none of them leads has p {p(joint)} (largest t; "
            f"{first['replications']:.0f} replications); the smallest p allowing for all {len(whole)} rows of gaps, "
            f"portfolios and horizons is {p(whole['p_family'].min())} (Benjamini–Hochberg "
            f"{p(whole['p_adjusted'].min())})."
        ),
        "between models": (
            f"The slopes' standard deviation between models is {spread:.2f}, {spread / error:.1f} of a slope's own "
            f"standard error: {_SAMPLE if spread < error else _MODEL}."
        ),
        "correlations": (
            f"The gaps correlate with that of {own.index[0]} {correlation.min():.2f} ({correlation.idxmin()}) to "
            f"{correlation.max():.2f} ({correlation.idxmax()})."
        ),
    }


def _averages(table: pd.DataFrame) -> dict[str, str]:
    rows = _primary(table, LONG)
    weights = rows["weight"].dropna().sort_values(ascending=False)
    said = ", ".join(f"{name} {100 * w:.0f} %" for name, w in weights[weights >= _AT_LEAST].items())
    return {
        "averages": (
            f"The average gap with equal weights has {_of(rows.loc[EQUAL])}, that with weights by predictive "
            f"likelihood as known then {_of(rows.loc[LIKELIHOOD])}; its last weights are {said}."
        )
    }


def _known(table: pd.DataFrame) -> dict[str, str]:
    rows = _primary(table, LONG)
    then = rows[rows["kind"] == "known then"]
    name, one = then.index[0], then.iloc[0]
    rules = rows[(rows["seen"] == REVISED) & (rows["kind"] == "model")]
    listed = ", ".join(_named(rules, rule) for rule in rules.index)
    return {
        "known, by model": (
            f"All but these have parameters of the whole sample: {name}, {one['first']}–{one['last']}, has "
            f"{_of(one)}, R²_OS {signed(one['r2_os'], 1)} % from {one['first_forecast']} on (CW p "
            f"{p(one['r2_os_p'])}); rules that have no parameters to estimate, {listed}."
        )
    }


def _published(table: pd.DataFrame) -> dict[str, str]:
    rows = _primary(table, EVERYTHING)
    own, series = rows[rows["kind"].isin(["model", "published"])], rows[rows["kind"] == "published"]
    ahead = series.index[series["seen"] == FUTURE]
    listed = ", ".join(_named(series, name) for name in series.index)
    first = own.iloc[0]
    return {
        "published": (
            f"With the published series and the models whose inputs begin later or end sooner, {first['first']}–"
            f"{first['last']}: slopes of {len(own)} gaps from {_named(own, own['slope'].idxmin())} to "
            f"{_named(own, own['slope'].idxmax())}, p below 5 % on {_list(own.index[own['p'] < _LEVEL])}; that none "
            f"leads has p {p(first['p_models'])}. As published: {listed}. {', '.join(ahead)} have seen the future "
            "and can show no lead."
        ),
        "averages of all": (
            f"Averages of those that have not: {_of(rows.loc[EQUAL])} with equal weights, "
            f"{_of(rows.loc[LIKELIHOOD])} by predictive likelihood."
        ),
    }


def _forecasts(table: pd.DataFrame) -> dict[str, str]:
    whole = table.loc[LONG].query("kind != 'known then'").dropna(subset="r2_os")
    better = int((whole["r2_os"] > 0).sum())
    name, portfolio, horizon = whole["r2_os"].idxmax()
    row = whole.loc[(name, portfolio, horizon)]
    searched = row["p_search"]
    return {
        "forecasts, by model": (
            f"Out of sample {better} of {len(whole)} forecasts beat the prevailing mean, the best that of "
            f"{portfolio.replace('_', ' ')} over {horizon} quarter{'s' * int(horizon > 1)} on the gap of {name} (R²_OS "
            f"{signed(row['r2_os'], 1)} %, CW p {p(row['r2_os_p'])}); that the best from {row['first_forecast']} on "
            f"does {'is shown' if searched < _LEVEL else 'is not shown'} (largest adjusted MSPE, p {p(searched)})."
        )
    }


def _named(rows: pd.DataFrame, name: object) -> str:
    """A gap and what it has."""
    return f"{name} {_of(rows.loc[name])}"


def _of(row: pd.Series) -> str:
    return f"{signed(row['slope'])} (p {p(row['p'])})"


def _list(names: pd.Index) -> str:
    return ", ".join(map(str, names)) or "none"
