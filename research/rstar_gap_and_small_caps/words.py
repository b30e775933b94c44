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
_TIMINGS = ("no delay, to 2019Q4", "a month's delay, to 2019Q4", "no delay", "a month's delay")


def readme_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Markdown by what it shows; tables indexed as they are written."""
    return {
        "timing": _markdown(
            ["next quarter", "sample", "slope", "NW t", "1B p", "EWC p", "IVX p", "R²_OS, %", "CW p"],
            [_timing(tables["timing"], name, variant) for name in SHOWN for variant in _TIMINGS],
        ),
        "horizons": _markdown(
            [
                "returns",
                "h",
                "slope",
                "1B p",
                "adjusted",
                "EWC p",
                "IVX p",
                "adjusted",
                "r\\* redrawn: p",
                "of all",
            ],
            [_horizon(tables, name, h) for name in SHOWN for h in FEW],
        ),
        "out of sample": _markdown(
            ["returns", "h", "expanding", "20 years", "restricted", "CW p", "MSE-F p", "ENC-NEW p", "DM p"],
            [_forecast(tables["out_of_sample"], name, h) for name in SHOWN for h in FEW],
        ),
        "rivals": _markdown(
            ["next quarter", "predictor", "slope", "NW t", "1B p", "IVX p", "adjusted", "R²_OS, %", "CW p"],
            [_rival(tables, name, x) for name in SHOWN for x in (GAP, RATE, OUTPUT)],
        ),
        "deciles": _markdown(
            ["size decile", "slope, h = 1", "1B p", "IVX p", "R²_OS, %", "response, h = 4", "p", "adjusted"],
            [_decile(tables, name) for name in DECILES],
        ),
    }


def facts(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Passages of the README that hold numbers, by what they are about."""
    return _found(tables) | _redrawn(tables["estimated_regressor"]) | _elsewhere(tables) | _known_then(tables)


def _found(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    timing, table, forecasts = (tables[name] for name in ("timing", "in_sample", "out_of_sample"))
    own, made = table.loc[GAP], forecasts.loc[GAP]
    early, late = (
        [_sloped(timing.loc[(variant, GAP, name, 1)]) for name in (SMALL, DIFFERENCE)]
        for variant in (_TIMINGS[0], _TIMINGS[-1])
    )
    below = [f"{(own[f'{kind}_p'] < 0.05).sum()}" for kind in ("hodrick", "ivx", "cosine")]
    adjusted = table[["hodrick_p_adjusted", "ivx_p_adjusted"]].min()
    search, extra = tables["search"], len(timing) + len(tables["projections"])
    better = int((made["r2_os"] > 0).sum())
    return {
        "strongest case": f"small caps {early[0]}, small minus large {early[1]}",
        "honest case": f"small caps {late[0]}, small minus large {late[1]}",
        "tests": f"{len(table)} regressions, {len(own)} of them on the gap",
        "further": f"{len(timing)} regressions for timing and {len(tables['projections'])} local projections",
        "all": f"{len(table) + extra:,} in all",
        "alone": f"{below[0]} of {len(own)} have a Hodrick p below 5 %, {below[1]} an IVX p, {below[2]} an EWC p",
        "adjusted": f"smallest adjusted p is {p(adjusted.iloc[0])} (Hodrick) and {p(adjusted.iloc[1])} (IVX)",
        "forecasts": f"beats the prevailing mean in {better} of {len(made)} cases",
        "search": (
            f"reality check p {p(search.loc['raw', 'upper'])}, SPA p {p(search.loc['studentized', 'consistent'])}, "
            f"over {search['forecasts'].iloc[0]} forecasts"
        ),
    }


def _redrawn(table: pd.DataFrame) -> dict[str, str]:
    one, early = table.loc[(DIFFERENCE, 1)], table.loc[(f"{DIFFERENCE}, no delay", 1)]
    return {
        "redrawn": f"{one['replications']:.0f} samples ({one['failed']:.0f} more gave no estimate; "
        f"seed {one['seed']:.0f})",
        "redrawn p": f"p {p(one['p'])} for small − large, {p(one['p_family'])} allowing for all {len(table)} rows",
        "redrawn early": f"without the delay {p(early['p'])} and {p(early['p_family'])}",
        "attenuation": f"{100 * one['attenuation']:.0f} % of what it is on the gap at true parameters",
    }


def _elsewhere(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    after, both, then = (tables[name] for name in ("projections", "together", "real_time"))
    gap, rate, bull, bear = (
        after.loc[(DIFFERENCE, shock, state, 4)]
        for shock, state in ((GAP, "all"), (RATE, "all"), (GAP, "true"), (GAP, "false"))
    )
    parts = tables["stability"].xs("subsample", level="kind").loc[[SMALL, DIFFERENCE]]
    slopes = [f"{signed(row.slope)} (t {signed(row.t)})" for row in parts.itertuples()]
    value = tables["economic_value"].xs((SMALL, GAP), level=("returns", "strategy"))
    fees = ", ".join(f"{signed(row.gain)} ({row.gain_se:.2f})" for row in value.itertuples())
    one, other = (both.loc[(SMALL, 1, x)] for x in (GAP, RATE))
    less = then["difference"]
    return {
        "shock": f"{signed(gap['estimate'])} percent (p {p(gap['p'])}, adjusted {p(gap['p_adjusted'])})",
        "shock to the real rate": f"{signed(rate['estimate'])} (p {p(rate['p'])}, adjusted {p(rate['p_adjusted'])})",
        "states": (
            f"{signed(bull['estimate'])} in bull markets (p {p(bull['p'])}), {signed(bear['estimate'])} in bear "
            f"markets (p {p(bear['p'])})"
        ),
        "periods, small": f"{slopes[1]} before 1980, {slopes[2]} to 1999 and {slopes[3]} since",
        "periods, small minus large": f"{slopes[5]}, {slopes[6]} and {slopes[7]}",
        "breaks": f"p {p(tables['persistence'].loc[(GAP, SMALL), 'break_p'])} and "
        f"{p(tables['persistence'].loc[(GAP, DIFFERENCE), 'break_p'])}",
        "economic value": f"{fees} percent a year",
        "both at once": (
            f"{signed(one['slope'])} on the gap (p {p(one['p'])}) and {signed(other['slope'])} on the real rate "
            f"(p {p(other['p'])})"
        ),
        "vintages": f"{len(then)} vintages, {then.index[0]}–{then.index[-1]}",
        "difference": f"{less.min():.1f} to {less.max():.1f} points",
    }


def _known_then(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    found, forecasts = (tables[f"known_then_{name}"].loc[GAP] for name in ("in_sample", "out_of_sample"))
    then, row = tables["known_then"], found.loc[(DIFFERENCE, 1)]
    saved = ", ".join(
        f"{signed(forecasts.loc[(name, 1), 'r2_os'], 1)} (CW p {p(forecasts.loc[(name, 1), 'clark_west_p'])})"
        for name in SHOWN
    )
    return {
        "known then": f"small minus large {_sloped(row)}",
        "known then, adjusted": f"adjusted for six tests {p(row['ivx_p_adjusted'])}",
        "known then, others": f"small {_sloped(found.loc[(SMALL, 1)])}, large {_sloped(found.loc[(LARGE, 1)])}",
        "known then, out of sample": f"{saved} percent",
        "known then, search": f"SPA p {p(forecasts['spa'].iloc[0])}",
        "at bound": f"{then['at_bound'].sum()} of {len(then)} quarters",
    }


def _sloped(row: pd.Series) -> str:
    return f"{signed(row['slope'])} (t {signed(row['newey_west_t'])}, IVX p {p(row['ivx_p'])})"


def _timing(table: pd.DataFrame, name: str, variant: str) -> list[str]:
    row = table.loc[(variant, GAP, name, 1)]
    return [
        NAMES[name], variant, signed(row["slope"]), signed(row["newey_west_t"]), p(row["hodrick_p"]),
        p(row["cosine_p"]), p(row["ivx_p"]), signed(row["r2_os"], 1), p(row["clark_west_p"]),
    ]  # fmt: skip


def _horizon(tables: Mapping[str, pd.DataFrame], name: str, horizon: int) -> list[str]:
    row = tables["in_sample"].loc[(GAP, name, horizon)]
    drawn = tables["estimated_regressor"].loc[(name, horizon)]
    return [
        NAMES[name], str(horizon), signed(row["slope"]), p(row["hodrick_p"]), p(row["hodrick_p_adjusted"]),
        p(row["cosine_p"]), p(row["ivx_p"]), p(row["ivx_p_adjusted"]), p(drawn["p"]), p(drawn["p_family"]),
    ]  # fmt: skip


def _forecast(table: pd.DataFrame, name: str, horizon: int) -> list[str]:
    row = table.loc[(GAP, name, horizon)]
    saved = [signed(row[column], 1) for column in ("r2_os", "r2_os_rolling", "r2_os_restricted")]
    tests = [p(row[column]) for column in ("clark_west_p", "mse_f_p", "enc_new_p", "diebold_mariano_p")]
    return [NAMES[name], str(horizon), *saved, *tests]


def _rival(tables: Mapping[str, pd.DataFrame], name: str, predictor: str) -> list[str]:
    row, made = (tables[one].loc[(predictor, name, 1)] for one in ("in_sample", "out_of_sample"))
    return [
        NAMES[name], NAMES[predictor], signed(row["slope"]), signed(row["newey_west_t"]), p(row["hodrick_p"]),
        p(row["ivx_p"]), p(row["ivx_p_adjusted"]), signed(made["r2_os"], 1), p(made["clark_west_p"]),
    ]  # fmt: skip


def _decile(tables: Mapping[str, pd.DataFrame], name: str) -> list[str]:
    row, made = (tables[one].loc[(GAP, name, 1)] for one in ("in_sample", "out_of_sample"))
    after = tables["projections"].loc[(name, GAP, "all", 4)]
    return [
        name.removeprefix("decile "), signed(row["slope"]), p(row["hodrick_p"]), p(row["ivx_p"]),
        signed(made["r2_os"], 1), signed(after["estimate"]), p(after["p"]), p(after["p_adjusted"]),
    ]  # fmt: skip


def signed(value: float, digits: int = 2) -> str:
    """A number with a true minus sign."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def p(value: float) -> str:
    """A p-value to three digits, or four."""
    return f"{value:.3f}" if value >= 0.0005 else f"{value:.4f}"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
