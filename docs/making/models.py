"""The table of models: what each is, what it reproduces, and how closely, from the registry and the golden tests."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from capstar import rstar
from making.sure import docstrings, escaped, measured


class Held(NamedTuple):
    """A pattern in cases, files or names of the golden tests that a model is held by, and its study in research/."""

    word: str = ""
    study: str = ""


_LVG = Held("lewis_vazquez_grande", "lewis_vazquez_grande_2018")
_TREND = Held("del_negro2017|/test_trend_var", "del_negro_giannone_giannoni_tambalotti_2017")
_MONTHLY = Held("", "brave_butters_kelley_2022")
_SIMPLE = Held("simple_benchmarks|test_benchmarks")
HELD = {
    "hlw2017": Held("hlw2017", "holston_laubach_williams_2017"),
    "hlw2023": Held("hlw2023", "holston_laubach_williams_2023"),
    "lw2003": Held("lw2003|lw_2003", "laubach_williams_2003"),
    "lw2023": Held(r"\blw2023|_lw2023", "laubach_williams_2023"),  # not hlw2023
    "lvg-base": _LVG,
    "lvg-alt": _LVG,
    "lvg-base-covid": _LVG,
    "lvg-alt-covid": _LVG,
    "trend-var-1": _TREND,
    "trend-var-2": _TREND,
    "trend-var-3": _TREND,
    "global-trend-var": Held(
        "del_negro2019|test_global_trend_var", "del_negro_giannone_giannoni_tambalotti_2019"
    ),
    "uc": Held("bauer_rudebusch2020_uc|test_unobserved_components", "bauer_rudebusch_2020_uc"),
    "moving-average": _SIMPLE,
    "exponential-average": _SIMPLE,
    "hp-one-sided": _SIMPLE,
    "uc-ml": _SIMPLE,
    "survey": Held(),
    "monthly-lw-published": Held("test_golden_monthly", "brave_butters_kelley_2022"),
    "monthly-lw": _MONTHLY,
    "monthly-hlw2023": _MONTHLY,
}
_INTRO = r"""# Models of r\*

The registry, `capstar.rstar.models()`, beside what the tests measured when this page was made;
[How sure are we of the software](sure.md) has every row. *Time* is that of a fit on one core. Models of
one family share their tests.

| key | model | r\* is the | time | held against published or independent numbers | tolerance used, at most |
| --- | --- | --- | --- | --- | --- |
"""
_CLOSELY = """
## How closely

The tests that look at each model, in the unit of what is compared.

"""
_HEAD = """| test | numbers | largest difference | closest to its limit |
| --- | --- | --- | --- |
"""


def about(held: Held, table: pd.DataFrame) -> pd.DataFrame:
    """The cases that a model is held against: of its own file of tests, else named after it, else reading its data."""
    if not held.word:
        return table.iloc[:0]
    every = "|".join({one.word for one in HELD.values() if one.word})
    own, taken = pd.Series(False, table.index), pd.Series(False, table.index)
    for text in (table["module"], table["case"], table["files"] + table["test"]):
        own |= text.str.contains(held.word) & ~taken
        taken |= text.str.contains(every)
    return table[table["module"].str.startswith("tests/rstar/") & own]


def page(table: pd.DataFrame, root: Path) -> str:
    """MyST of the page."""
    out, closely = [_INTRO], [_CLOSELY]
    for key, one in rstar.models().iterrows():
        held = HELD.get(str(key), Held())
        rows = about(held, table)
        out.append(_line(str(key), one, held, rows))
        citation = escaped(one["citation"] or "The longer-run rate of a survey, as it is given.")
        inputs = "Columns: " + ", ".join(f"`{name}`" for name in one["inputs"]) + "."
        closely.append(f"### {escaped(one['name'])}\n\n{citation}\n\n{inputs}\n\n{_closeness(rows, root)}")
    return "".join(out + closely)


def _line(key: str, one: pd.Series, held: Held, rows: pd.DataFrame) -> str:
    study = f"; [study](research/{held.study}/README.md)" if held.study else ""
    numbers = f"{rows['values'].sum():,} numbers, " if rows["values"].sum() else ""
    counted = f"{numbers}{rows['test'].nunique()} tests{study}" if len(rows) else "nothing"
    share = f"{rows['share'].max():.0%}" if rows["values"].sum() else ""
    meaning = one["definition"].partition(":")[0]
    cells = [f"`{key}`", escaped(one["name"]), meaning, f"{one['seconds']:g} s", counted, share]
    return f"| {' | '.join(cells)} |\n"


def _closeness(rows: pd.DataFrame, root: Path) -> str:
    if rows.empty:
        return ""
    lines = []
    for (module, test), cases in rows.groupby(["module", "test"], sort=False):
        cells = [escaped(docstrings(root / str(module))[str(test)]), *measured(cases)]
        lines.append(f"| {' | '.join(cells)} |\n")
    return f"{_HEAD}{''.join(lines)}\n"
