"""Every sentence of the README that holds a number, from the tables it speaks of."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from research.rstar_gap_and_small_caps.across_words import across_sentences
from research.rstar_gap_and_small_caps.material import DIFFERENCE, GAP, LARGE, RATE, SMALL
from research.rstar_gap_and_small_caps.words import SHOWN, TIMINGS, p, signed

Tables = Mapping[str, pd.DataFrame]
_WINDOW = 60  # quarters whose variances weigh the tilt
LEVEL = 0.05
THREE = "small, small minus large and large caps"


def sentences(tables: Tables) -> dict[str, str]:
    """By what they are about; tables indexed as they are written."""
    return (
        _primary(tables) | _found(tables) | _redrawn(tables["estimated_regressor"]) | _out_of_sample(tables)
        | _value(tables) | _rivals(tables) | _constancy(tables) | _known_then(tables) | _referee(tables)
        | _measures(tables) | across_sentences(tables["across_models"]) | _counted(tables)
    )  # fmt: skip


def _primary(tables: Tables) -> dict[str, str]:
    row, one = (
        tables["known_then_in_sample"].loc[(GAP, DIFFERENCE, 1)],
        tables["in_sample"].loc[(GAP, DIFFERENCE, 1)],
    )
    drawn, referee = tables["estimated_regressor"].loc[(DIFFERENCE, 1)], tables["referee"]
    russell, rate = (
        referee.loc[("index", "Russell 2000 − Russell 1000")],
        referee.loc[("control", "real rate")],
    )
    since = referee.loc[("period", "2000–")]
    return {
        "primary": (
            "**Primary specification**, fixed in code: small minus large, one quarter, the gap as known then, IVX "
            "with "
            f"the residual wild bootstrap (IVX-RWB), one test. A point of gap goes with {signed(row['slope'])} "
            "percent "
            f"(IVX-RWB p {p(row['ivx_rwb_p'])}, {row['first']}–{row['last']}): that it leads "
            f"{_shown(row['ivx_rwb_p'])} "
            "at 5 %. All else is exploratory."
        ),
        "whole sample": (
            f"On the published one-sided gap, {one['first']}–{one['last']}, it is {signed(one['slope'])} (IVX-RWB p "
            f"{p(one['ivx_rwb_p'])}, {_below(one['ivx_rwb_p'])}; with r\\* re-estimated in every sample p "
            f"{p(drawn['p'])}, and {p(drawn['p_family'])} allowing for all {len(tables['estimated_regressor'])} "
            "rows, "
            f"{_below(drawn['p_family'])})."
        ),
        "evidence": (
            f"What the evidence supports: {_lag(row)} in 1961–99 ({_of(referee.loc[('period', '1961–79')])} to 1979, "
            f"{_of(referee.loc[('period', '1985–99')])} in 1985–99), largest in {_season(referee)}; that is "
            f"{_there(since)} since 2000, {_of(since)}, and {_there(russell)} between Russell 2000 and Russell 1000, "
            f"{_of(russell)}; and it {'can' if rate['p'] < LEVEL else 'cannot'} be separated from the plain real "
            "rate (with "
            f"it as control {_of(rate)})."
        ),
    }


def _found(tables: Tables) -> dict[str, str]:
    table, timing = tables["in_sample"], tables["timing"]
    own = table.loc[GAP]
    early, late = (
        ", ".join(f"{label} {_sloped(timing.loc[(variant, GAP, name, 1)])}" for name, label in _TWO.items())
        for variant in (TIMINGS[0], TIMINGS[-1])
    )
    less = [
        1 - timing.loc[(TIMINGS[-1], GAP, name, 1), "slope"] / timing.loc[(TIMINGS[0], GAP, name, 1), "slope"]
        for name in _TWO
    ]
    below = ", ".join(f"{int((own[f'{kind}_p'] < LEVEL).sum())} by {label}" for kind, label in _KINDS.items())
    smallest = ", ".join(
        f"{p(table[f'{kind}_p_adjusted'].min())} ({_KINDS[kind]})" for kind in ("hodrick", "ivx", "ivx_rwb")
    )
    return {
        "without the delay": f"From the day a quarter ends, 1961Q1–2019Q4, next quarter: {early} percent a point of "
        "gap.",
        "with the delay": f"With a month for the data to be published, and all years: {late}.",
        "delay and years": (
            f"The month and the quarters since 2020 take {100 * less[0]:.0f} % off the slope of small caps and "
            f"{100 * less[1]:.0f} % off that of small minus large."
        ),
        "alone": f"Of {len(own)} regressions on the gap those with p below 5 % are {below}: chance gives "
        f"{len(own) * LEVEL:.0f}.",
        "adjusted": f"Allowing for all {len(table)} (Benjamini–Hochberg) the smallest p is {smallest}.",
    }


def _redrawn(table: pd.DataFrame) -> dict[str, str]:
    one, early = table.loc[(DIFFERENCE, 1)], table.loc[(f"{DIFFERENCE}, no delay", 1)]
    return {
        "redrawn": (
            f"*r\\* redrawn*: p from {one['replications']:.0f} samples ({one['failed']:.0f} more gave no estimate; "
            "seed "
            f"{one['seed']:.0f}) drawn from our own HLW (2023) on the same input, all three stages run on each; *of "
            "all*: "
            f"chance that the largest of all {len(table)} t statistics is as large."
        ),
        "redrawn early": f"Without the delay small minus large has p {p(early['p'])} and {p(early['p_family'])} of "
        "all.",
        "attenuation": f"The slope on the estimated gap is {100 * one['attenuation']:.0f} % of that on the true one.",
    }


def _out_of_sample(tables: Tables) -> dict[str, str]:
    made, search = tables["out_of_sample"], tables["search"]
    better = {name: int((made.xs(name)["r2_os"] > 0).sum()) for name in (GAP, RATE)}
    nested, spa = search["adjusted_mspe"].iloc[0], search.loc["studentized", "consistent"]
    longer = ", ".join(f"{signed(made.loc[(GAP, DIFFERENCE, h), 'r2_os'])} over {h}" for h in (1, 4, 8, 12))
    return {
        "forecasts": (
            f"From 1980 on the gap beats the prevailing mean in {better[GAP]} of {len(made.loc[GAP])} cases, the "
            "real rate "
            f"in {better[RATE]}; small minus large: R²_OS {longer} quarters."
        ),
        "search": (
            f"That the best of {search['forecasts'].iloc[0]} forecasts beats the mean {_shown(nested)} (largest "
            "adjusted "
            f"MSPE p {p(nested)}, SPA p {p(spa)}, reality check p {p(search.loc['raw', 'upper'])})."
        ),
    }


def _value(tables: Tables) -> dict[str, str]:
    value = tables["economic_value"].xs((SMALL, GAP), level=("returns", "strategy"))
    fees = ", ".join(f"{signed(row.gain)} ({row.gain_se:.2f})" for row in value.itertuples())
    windows = tables["tilt"].xs((GAP, 3.0), level=("strategy", "risk_aversion"))
    tilt = windows.xs(_WINDOW, level="window")
    spans = "; ".join(
        f"{signed(one.min())} to {signed(one.max())} in {weights}"
        for weights, one in windows["gain"].groupby(level="weights", sort=False)
    )
    years = [n // 4 for n in windows.index.unique("window")]
    gains = ", ".join(f"{signed(row.gain)} ({row.gain_se:.2f}) in {row.Index}" for row in tilt.itertuples())
    sign = "positive" if (tilt["gain"] > 0).all() else "not positive throughout"
    clear = "and beyond its error" if (tilt["gain_p"] < LEVEL).all() else "and imprecise"
    return {
        "economic value": (
            f"An investor in small caps and bills, 10 basis points a trade, would have gained {fees} percent a year "
            "at "
            "risk aversion 1, 3, 5 and 10 (standard errors in brackets)."
        ),
        "tilt": (
            "One who holds large caps and tilts to small ones by the gap as known then, risk aversion 3, would have "
            f"gained {gains} percent a year: {sign} {clear} (variances of {_WINDOW // 4} years; of {min(years)} to "
            f"{max(years)} years {spans})."
        ),
    }


def _rivals(tables: Tables) -> dict[str, str]:
    after, both = tables["projections"], tables["together"]
    gap, rate, bull, bear = (
        after.loc[(DIFFERENCE, shock, state, 4)]
        for shock, state in ((GAP, "all"), (RATE, "all"), (GAP, "true"), (GAP, "false"))
    )
    one, other = (both.loc[(DIFFERENCE, 1, x)] for x in (GAP, RATE))
    return {
        "both at once": (
            f"With both at once small minus large has {signed(one['slope'])} on the gap (p {p(one['p'])}) and "
            f"{signed(other['slope'])} on the real rate (p {p(other['p'])})."
        ),
        "shock": (
            f"Four quarters after a shock of a point to the gap small minus large is {signed(gap['estimate'])} "
            "percent (p "
            f"{p(gap['p'])}, adjusted {p(gap['p_adjusted'])}), after one to the real rate {signed(rate['estimate'])} "
            "(p "
            f"{p(rate['p'])}, adjusted {p(rate['p_adjusted'])})."
        ),
        "states": (
            f"Over four quarters small minus large is {signed(bull['estimate'])} in bull markets (p {p(bull['p'])}), "
            "in bear markets "
            f"{signed(bear['estimate'])} (p {p(bear['p'])}), as known at the time (Lunde and Timmermann 2004)."
        ),
    }


def _constancy(tables: Tables) -> dict[str, str]:
    parts = tables["stability"].xs("subsample", level="kind")
    small, difference = (
        [f"{signed(row.slope)} (t {signed(row.t)})" for row in parts.loc[[name]].itertuples()]
        for name in (SMALL, DIFFERENCE)
    )
    breaks = tables["persistence"].loc[GAP, "break_p"]
    found = "is found" if min(breaks[SMALL], breaks[DIFFERENCE]) < LEVEL else "is not found"
    return {
        "periods": (
            f"Next-quarter slope of small caps: {small[1]} before 1980, {small[2]} to 1999 and {small[3]} since; of "
            "small "
            f"minus large {difference[1]}, {difference[2]} and {difference[3]}."
        ),
        "breaks": f"A break at an unknown date {found} (p {p(breaks[SMALL])} and {p(breaks[DIFFERENCE])}).",
    }


def _known_then(tables: Tables) -> dict[str, str]:
    found, made = (tables[f"known_then_{name}"].loc[GAP] for name in ("in_sample", "out_of_sample"))
    then, real, referee = tables["known_then"], tables["real_time"]["difference"], tables["referee"]
    saved = ", ".join(
        f"{signed(made.loc[(name, 1), 'r2_os'], 1)} (CW p {p(made.loc[(name, 1), 'clark_west_bootstrap_p'])})"
        for name in SHOWN
    )
    now, known = (referee.loc[(one, "1985–2019")] for one in ("of today, same returns", "as known then"))
    parts = ", ".join(
        f"{_of(referee.loc[('as known then', name)])} {name}" for name in ("1985–99", "2000–19")
    )
    late, nested = referee.loc[("as known then", "3 months' delay")], made["adjusted_mspe"].iloc[0]
    return {
        "known then": "; ".join(
            f"{label} {_sloped(found.loc[(name, 1)])}" for name, label in {**_TWO, LARGE: "large"}.items()
        ).join(("On it, next quarter: ", ".")),
        "known then, adjusted": (
            f"Small minus large, adjusted for all {len(found)} tests: p "
            f"{p(found.loc[(DIFFERENCE, 1), 'ivx_rwb_p_adjusted'])}."
        ),
        "known then, compared": (
            f"Over the same returns the gap of today has {_of(now)}, the gap as known then {_of(known)}; by period "
            f"{parts}; with three months' delay {_of(late)}."
        ),
        "known then, out of sample": (
            f"Out of sample from 1995Q1 {THREE}: R²_OS {saved} percent; that the best of {len(made)} forecasts beats "
            "the "
            f"mean {_shown(nested)} (largest adjusted MSPE p {p(nested)}, SPA p {p(made['spa'].iloc[0])})."
        ),
        "at bound": f"A parameter is at its bound in {then['at_bound'].sum()} of {len(then)} quarters "
        "(`known_then.csv`).",
        "vintages": (
            f"Of published real-time estimates there are {len(real)} vintages, {real.index[0]}–{real.index[-1]}: too "
            "few; "
            f"in those r\\* lay {real.min():.1f} to {real.max():.1f} points below the one-sided estimate of 2023."
        ),
    }


def _referee(tables: Tables) -> dict[str, str]:
    table = tables["referee"]
    indices, controls = table.loc["index"], table.loc["control"]
    delays, seasons = table.loc["delay"], table.loc["season"]
    by_index = ", ".join(f"{name} {_of(row)}" for name, row in indices.iterrows())
    kept = "; no index" if (indices["p"] >= LEVEL).all() else "; not every index"
    alone = controls.drop(["all", "all but the real rate"])
    return {
        "indices": f"Indices: {by_index}{kept} is significant at 5 %."
        if kept == "; no index"
        else f"Indices: {by_index}.",
        "delays": f"Delay: {', '.join(f'{name} {_of(row)}' for name, row in delays.iterrows())}.",
        "seasons": f"Season: {', '.join(f'{name} {_of(row)}' for name, row in seasons.iterrows())}.",
        "parts": f"Periods: {', '.join(f'{name} {_of(row)}' for name, row in table.loc['period'].iterrows())}.",
        "controls": (
            f"With one control at a time the gap's t goes from {signed(alone['t'].min())} ({alone['t'].idxmin()}) to "
            f"{signed(alone['t'].max())} ({alone['t'].idxmax()}); with all {_of(controls.loc['all'])}, without the "
            "real "
            f"rate {_of(controls.loc['all but the real rate'])}. Of the controls alone, "
            f"{_significant(table.loc['control alone'])}."
        ),
    }


def _significant(rows: pd.DataFrame) -> str:
    found = rows[rows["p"] < LEVEL]
    return (
        ", ".join(f"{name} has t {signed(row['t'])}" for name, row in found.iterrows())
        or "none is significant at 5 %"
    )


def _measures(tables: Tables) -> dict[str, str]:
    table = tables["referee"]
    others, rate = table.loc["r*"].drop("none: the real rate"), table.loc[("r*", "none: the real rate")]
    policy, days, states = table.loc["policy"], tables["surprises"], tables["states"]
    small, large, apart = (days.loc[("mps", name)] for name in (SMALL, LARGE, DIFFERENCE))
    inside = [name for name, row in states.iterrows() if row["walk_5"] <= row["share"] <= row["walk_95"]]
    shares = ", ".join(f"{name} {row['share']:.0%} ({row['walk']:.0%})" for name, row in states.iterrows())
    return {
        "measures": (
            f"With {len(others)} r\\* the slope goes from {signed(others['slope'].min())} "
            f"({others['slope'].idxmin()}) to "
            f"{signed(others['slope'].max())} ({others['slope'].idxmax()}); of these "
            f"{int((others['p'] < LEVEL).sum())} "
            f"have a Newey–West p below 5 % and {int((others['ivx_rwb_p'] < LEVEL).sum())} an IVX-RWB p; the plain "
            "real "
            f"rate has {_of(rate)}."
        ),
        "policy": (
            f"Policy surprises (Bauer and Swanson 2023): on the day small caps move {signed(small['slope'])} percent "
            "a point "
            f"(t {signed(small['t'])}), large {signed(large['slope'])} (t {signed(large['t'])}), the difference "
            f"{signed(apart['slope'])} (t {signed(apart['t'])}); next quarter the quarter's surprises have "
            f"{_of(policy.loc['shock'])}, the level of the gap on the same quarters {_of(policy.loc['level'])}, "
            "beside each "
            f"other {_of(policy.loc['shock beside the level'])} and {_of(policy.loc['level beside the shock'])}."
        ),
        "random walks": (
            "Months called range-bound, and under driftless random walks of the same volatility in brackets: "
            f"{shares}; "
            f"within what chance gives: {', '.join(map(str, inside)) or 'none'}."
        ),
    }


def _counted(tables: Tables) -> dict[str, str]:
    counts = {
        "regressions": len(tables["in_sample"]) + len(tables["known_then_in_sample"]),
        "regressions for timing": len(tables["timing"]),
        "local projections": len(tables["projections"]),
        "rows of the joint bootstrap": len(tables["estimated_regressor"]),
        "forecasts": len(tables["out_of_sample"]) + len(tables["known_then_out_of_sample"]),
        "rows of periods, seasons, delays, controls, other r\\*": len(tables["referee"]),
        "of surprises and states": len(tables["surprises"]) + len(tables["states"]),
        "regressions by whose r\\*": len(tables["across_models"]),
        "forecasts by whose r\\*": int(tables["across_models"]["r2_os"].notna().sum()),
    }
    parts = ", ".join(f"{n:,} {name}" for name, n in counts.items())
    return {"counted": f"{sum(counts.values()):,} in all: {parts}; one of them is primary."}


_TWO = {SMALL: "small caps", DIFFERENCE: "small minus large"}
_KINDS = {"hodrick": "Hodrick", "ivx": "IVX", "ivx_rwb": "IVX-RWB", "cosine": "EWC"}


def _sloped(row: pd.Series) -> str:
    return f"{signed(row['slope'])} (t {signed(row['newey_west_t'])}, IVX-RWB p {p(row['ivx_rwb_p'])})"


def _of(row: pd.Series) -> str:
    """Slope, and p allowing for persistence where there is one, else t."""
    more = f", IVX-RWB p {p(row['ivx_rwb_p'])}" if pd.notna(row["ivx_rwb_p"]) else ""
    return f"{signed(row['slope'])} (t {signed(row['t'])}{more})"


def _shown(value: float) -> str:
    return "is shown" if value < LEVEL else "is not shown"


def _below(value: float) -> str:
    return "below 5 %" if value < LEVEL else "not below 5 %"


def _lag(row: pd.Series) -> str:
    lags = row["ivx_rwb_p"] < LEVEL and row["slope"] < 0
    return "the smallest firms lag after a high gap" if lags else "no lag of the smallest firms is shown, nor"


def _there(row: pd.Series) -> str:
    return "there" if row["p"] < LEVEL else "not shown"


def _season(referee: pd.DataFrame) -> str:
    quarters = referee.loc["season"].drop("all but November–January")
    return str(quarters["slope"].idxmin())
