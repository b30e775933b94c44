"""Sentences of the verdict: a table's cell changes, and the sentence with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from capstar.leads import PrimarySpecification, verdict

PRIMARY = PrimarySpecification()
KINDS = ("newey_west", "hodrick", "cosine", "ivx", "ivx_rwb", "ra_ivx")


def in_sample() -> pd.DataFrame:
    rows = []
    for predictor in ("gap", "rate"):
        for returns in ("small", "small_minus_large"):
            for horizon in (1, 4):
                row = {
                    "predictor": predictor,
                    "returns": returns,
                    "horizon": horizon,
                    "slope": -0.46 * horizon,
                }
                row |= {f"{kind}_p": 0.2 for kind in KINDS}
                row |= {f"{kind}_p_adjusted": 0.7 for kind in ("hodrick", "ivx", "ivx_rwb")}
                rows.append(row | {"first": "1961Q1", "last": "2023Q2"})
    return pd.DataFrame(rows)


def drawn() -> pd.DataFrame:
    keys = [(name, h) for name in ("small", "small_minus_large") for h in (1, 4)]
    table = pd.DataFrame(keys, columns=["returns", "horizon"]).assign(p=0.3, p_family=0.6, attenuation=np.nan)
    table.loc[table["horizon"] == 1, "attenuation"] = 0.6
    return table


def forecasts() -> pd.DataFrame:
    keys = [(name, h) for name in ("small", "small_minus_large") for h in (1, 4)]
    table = pd.DataFrame(keys, columns=["returns", "horizon"]).assign(predictor="gap", first="1980Q1")
    return table.assign(r2_os=[-1.0, -2.0, 0.5, -3.0], clark_west_bootstrap_p=0.4)


def persistence() -> pd.DataFrame:
    return pd.DataFrame({"predictor": ["gap"], "returns": ["small"], "rho": [0.9]})


def tilt() -> pd.DataFrame:
    return pd.DataFrame(
        {"strategy": ["gap"], "risk_aversion": [3.0], "gain": [3.5], "gain_se": [2.4], "gain_p": [0.14]}
    )


SENTENCES: dict[str, tuple[Callable[[], pd.DataFrame], Callable[[pd.DataFrame], str]]] = {
    "primary": (in_sample, lambda t: verdict.primary_sentence(PRIMARY, t, "gap", "recursive", drawn())),
    "primary, filtered": (in_sample, lambda t: verdict.primary_sentence(PRIMARY, t, "gap", "filtered")),
    "primary, drawn": (
        drawn,
        lambda t: verdict.primary_sentence(PRIMARY, in_sample(), "gap", "recursive", t),
    ),
    "exploratory": (in_sample, lambda t: verdict.exploratory_sentence(PRIMARY, t, "gap", drawn())),
    "exploratory, drawn": (drawn, lambda t: verdict.exploratory_sentence(PRIMARY, in_sample(), "gap", t)),
    "horizons": (persistence, lambda t: verdict.horizons_sentence("gap", in_sample(), t)),
    "attenuation": (drawn, verdict.attenuation_sentence),
    "out of sample": (forecasts, lambda t: verdict.out_of_sample_sentence(t, "gap", 0.3, 0.6)),
    "tilt": (tilt, lambda t: verdict.tilt_sentence({"long only": t}, "gap")),
}
# Row 2 is the primary's in sample, rows 2 and 3 are of small minus large elsewhere.
CELLS = [
    ("primary", 2, "slope", -0.1, "-0.10 percent"),
    ("primary", 2, "ivx_rwb_p", 0.01, "is shown at 5%"),
    ("primary", 2, "first", "1970Q1", "1970Q1-2023Q2"),
    ("primary, filtered", 2, "ivx_rwb_p", 0.01, "is shown at 5%"),
    ("primary, filtered", 2, "slope", 0.25, "+0.25 percent"),
    ("primary, drawn", 2, "p", 0.011, "p is 0.011"),
    (
        "primary, drawn",
        2,
        "p_family",
        0.02,
        "0.020 allowing for all 4 rows, below 5%, unlike by its own test",
    ),
    ("exploratory", 1, "ivx_rwb_p", 0.04, "IVX-RWB 1"),
    ("exploratory", 1, "cosine_p", 0.04, "EWC 1"),
    ("exploratory", 3, "hodrick_p_adjusted", 0.04, "remain significant at 5% 1 by Benjamini-Hochberg on 1B"),
    ("exploratory", 3, "ivx_rwb_p_adjusted", 0.5, "0.500 by Benjamini-Hochberg on IVX-RWB"),
    ("exploratory, drawn", 3, "p_family", 0.03, "1 by the joint bootstrap (small_minus_large 4)"),
    ("horizons", 0, "rho", 0.5, "at rho 0.50 1.9 over 4 quarters"),
    ("attenuation", 0, "attenuation", 0.32, "0.32 (small)"),
    ("out of sample", 0, "r2_os", 7.0, "in 2 of 4 cases (best R2_OS +7.0 percent, small over 1"),
    ("out of sample", 3, "r2_os", -9.0, "worst -9.0"),
    ("out of sample", 2, "clark_west_bootstrap_p", 0.03, "Clark-West p 0.030"),
    ("tilt", 0, "gain", -1.0, "-1.00 percent a year long only"),
    ("tilt", 0, "gain_se", 0.5, "s.e. 0.50"),
    ("tilt", 0, "gain_p", 0.01, "p 0.010"),
]


@pytest.mark.parametrize(("name", "row", "column", "value", "words"), CELLS)
def test_a_cell_changes_and_the_sentence_with_it(name, row, column, value, words) -> None:
    make, sentence = SENTENCES[name]
    table = make()
    before = sentence(table)
    table.loc[row, column] = value
    assert words not in before
    assert words in sentence(table)


def test_every_sentence_has_a_cell() -> None:
    assert {name for name, *_ in CELLS} == set(SENTENCES)


def test_the_primary_is_not_claimed_of_what_was_not_known_then() -> None:
    said = verdict.primary_sentence(PRIMARY, in_sample(), "gap", "filtered")
    assert "asks for a predictor as known then, and this one is filtered; its row is exploratory" in said
    said = verdict.primary_sentence(PRIMARY, in_sample(), "gap", "real time")
    assert said.startswith("Primary specification, fixed before the run")


@pytest.mark.parametrize("primary", [PrimarySpecification("large"), PrimarySpecification(horizon=12)])
def test_a_primary_outside_the_study_is_said(primary) -> None:
    said = verdict.primary_sentence(primary, in_sample(), "gap", "real time", drawn())
    assert (
        "is not in this study, of small, small_minus_large over 1, 4 quarter(s): all of it is exploratory"
        in said
    )


def test_none_is_significant_only_if_no_way_finds_any() -> None:
    said = verdict.exploratory_sentence(PRIMARY, in_sample(), "gap", drawn())
    assert "none is significant at 5% (smallest p 0.700 by Benjamini-Hochberg on 1B" in said
    assert "0.600 by the joint bootstrap" in said


def test_tests_are_counted_with_the_choices() -> None:
    said = verdict.count_sentence(
        {"regressions": 1200, "forecasts": 8, "strategies": 0}, ["a delay of 1 month(s)"]
    )
    assert said == (
        "Tests made: 1,208 (1,200 regressions, 8 forecasts, with a delay of 1 month(s) each counted); one is primary."
    )
