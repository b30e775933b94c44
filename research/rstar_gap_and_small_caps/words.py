"""The tables of the README, from the study's own."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from research.rstar_gap_and_small_caps.material import DECILES, DIFFERENCE, GAP, LARGE, OUTPUT, RATE, SMALL

NAMES = {
    SMALL: "small", LARGE: "large", DIFFERENCE: "small − large", GAP: "r\\* gap", RATE: "real rate",
    OUTPUT: "output gap",
}  # fmt: skip
SHOWN = (SMALL, DIFFERENCE, LARGE)
FEW = (1, 4, 8, 12)
TIMINGS = ("no delay, to 2019Q4", "a month's delay, to 2019Q4", "no delay", "a month's delay")


def readme_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Markdown by what it shows; tables indexed as they are written."""
    return {
        "timing": markdown(
            ["next quarter", "sample", "slope", "NW t", "1B p", "IVX p", "IVX-RWB p", "R²_OS, %", "CW p"],
            [_timing(tables["timing"], name, variant) for name in SHOWN for variant in TIMINGS],
        ),
        "horizons": markdown(
            [
                "returns",
                "h",
                "slope",
                "1B p",
                "adjusted",
                "IVX p",
                "IVX-RWB p",
                "adjusted",
                "r\\* redrawn: p",
                "of all",
            ],
            [_horizon(tables, name, h) for name in SHOWN for h in FEW],
        ),
        "out of sample": markdown(
            ["returns", "h", "expanding", "20 years", "restricted", "CW p", "MSE-F p", "ENC-NEW p", "DM p"],
            [_forecast(tables["out_of_sample"], name, h) for name in SHOWN for h in FEW],
        ),
        "rivals": markdown(
            [
                "next quarter",
                "predictor",
                "slope",
                "NW t",
                "1B p",
                "IVX-RWB p",
                "adjusted",
                "R²_OS, %",
                "CW p",
            ],
            [_rival(tables, name, x) for name in SHOWN for x in (GAP, RATE, OUTPUT)],
        ),
        "deciles": markdown(
            [
                "size decile",
                "slope, h = 1",
                "1B p",
                "IVX-RWB p",
                "R²_OS, %",
                "response, h = 4",
                "p",
                "adjusted",
            ],
            [_decile(tables, name) for name in DECILES],
        ),
    }


def _timing(table: pd.DataFrame, name: str, variant: str) -> list[str]:
    row = table.loc[(variant, GAP, name, 1)]
    return [
        NAMES[name], variant, signed(row["slope"]), signed(row["newey_west_t"]), p(row["hodrick_p"]),
        p(row["ivx_p"]), p(row["ivx_rwb_p"]), signed(row["r2_os"], 1), p(row["clark_west_p"]),
    ]  # fmt: skip


def _horizon(tables: Mapping[str, pd.DataFrame], name: str, horizon: int) -> list[str]:
    row = tables["in_sample"].loc[(GAP, name, horizon)]
    drawn = tables["estimated_regressor"].loc[(name, horizon)]
    return [
        NAMES[name], str(horizon), signed(row["slope"]), p(row["hodrick_p"]), p(row["hodrick_p_adjusted"]),
        p(row["ivx_p"]), p(row["ivx_rwb_p"]), p(row["ivx_rwb_p_adjusted"]), p(drawn["p"]), p(drawn["p_family"]),
    ]  # fmt: skip


def _forecast(table: pd.DataFrame, name: str, horizon: int) -> list[str]:
    row = table.loc[(GAP, name, horizon)]
    saved = [signed(row[column], 1) for column in ("r2_os", "r2_os_rolling", "r2_os_restricted")]
    tests = [
        p(row[column]) for column in ("clark_west_bootstrap_p", "mse_f_p", "enc_new_p", "diebold_mariano_p")
    ]
    return [NAMES[name], str(horizon), *saved, *tests]


def _rival(tables: Mapping[str, pd.DataFrame], name: str, predictor: str) -> list[str]:
    row, made = (tables[one].loc[(predictor, name, 1)] for one in ("in_sample", "out_of_sample"))
    return [
        NAMES[name], NAMES[predictor], signed(row["slope"]), signed(row["newey_west_t"]), p(row["hodrick_p"]),
        p(row["ivx_rwb_p"]), p(row["ivx_rwb_p_adjusted"]), signed(made["r2_os"], 1), p(made["clark_west_bootstrap_p"]),
    ]  # fmt: skip


def _decile(tables: Mapping[str, pd.DataFrame], name: str) -> list[str]:
    row, made = (tables[one].loc[(GAP, name, 1)] for one in ("in_sample", "out_of_sample"))
    after = tables["projections"].loc[(name, GAP, "all", 4)]
    return [
        name.removeprefix("decile "), signed(row["slope"]), p(row["hodrick_p"]), p(row["ivx_rwb_p"]),
        signed(made["r2_os"], 1), signed(after["estimate"]), p(after["p"]), p(after["p_adjusted"]),
    ]  # fmt: skip


def signed(value: float, digits: int = 2) -> str:
    """A number with a true minus sign; a dash where there is none."""
    if pd.isna(value):
        return "–"
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def p(value: float) -> str:
    """A p-value to three digits, or four."""
    return f"{value:.3f}" if value >= 0.0005 else f"{value:.4f}"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
