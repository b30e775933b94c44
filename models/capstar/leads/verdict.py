"""What tables of a lead study show, in words: every sentence is a function of the tables it speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from capstar.leads.inference.registry import predictability_tests
from capstar.leads.records import period_name

_OVERLAP = ", which over several periods rejects too often"
_CAVEATS = {
    "filtered": "The filtered series uses parameters of the whole sample and revised data, so forecasts made "
    "in real time would have known less: an association in sample is not a lead one could have used.",
    "smoothed": "The smoothed series has seen the future: this describes and cannot show a lead.",
    "recursive": "The series is in quasi-real time: parameters were estimated on data to each date, but "
    "on revised data: the data available at the time differed.",
    "real time": "The series uses only what was known at each date, so these forecasts could have been made.",
}


@dataclass(frozen=True)
class PrimarySpecification:
    """The one test a study is made for, fixed before it runs; all else it reports is exploratory.

    Attributes
    ----------
    returns, horizon
        Portfolio, and periods of the predictor.
    information
        What the predictor may have seen: what was known then, with vintages or in quasi-real time.
    test
        Key of a test that `capstar.leads.predictability_tests` lists.
    level
        Of significance.
    period
        What the horizon counts, ``"quarter"`` or ``"month"``: the frequency of the predictor.
    written
        Date on which it was written down; empty if that is not known.

    Examples
    --------
    >>> import capstar as cs
    >>> primary = cs.leads.PrimarySpecification(returns="excess", horizon=4)
    >>> primary.test, primary.level
    ('ivx_rwb', 0.05)
    """

    returns: str = "small_minus_large"
    horizon: int = 1
    information: tuple[str, ...] = ("real time", "recursive")
    test: str = "ivx_rwb"
    level: float = 0.05
    period: Literal["quarter", "month"] = "quarter"
    written: str = ""

    def row(self, table: pd.DataFrame, predictor: str) -> pd.Series | None:
        """Its row of an in-sample table, or None.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> table = cs.leads.in_sample_table(returns[["excess"]], gap.to_frame(), (1, 4))
        >>> row = cs.leads.PrimarySpecification(returns="excess", horizon=4).row(table, gap.name)
        >>> print(round(row["ivx_rwb_p"], 2))
        0.45
        """
        return _row(table[table["predictor"] == predictor], self.returns, self.horizon)


PRIMARY = PrimarySpecification()
# The second, of a monthly predictor; the first stays what it was.
PRIMARY_MONTHLY = PrimarySpecification(period="month", written="2026-11-28")


def primary_sentence(
    primary: PrimarySpecification,
    table: pd.DataFrame,
    predictor: str,
    information: str,
    estimated: pd.DataFrame | None = None,
) -> str:
    """What the primary specification shows, by its own test and by the joint bootstrap where there is one."""
    label = _labels().get(primary.test, primary.test)
    named = f"{primary.returns} over {primary.horizon} {primary.period}(s), {label}, one test"
    row = primary.row(table, predictor)
    if row is None or f"{primary.test}_p" not in row:
        unit = period_name(table["first"].iloc[0])
        portfolios = ", ".join(map(str, table["returns"].unique()))
        horizons = ", ".join(map(str, table["horizon"].unique()))
        return (
            f"The primary specification ({named}) is not in this study, of {portfolios} over {horizons} {unit}(s): "
            "all of it is exploratory."
        )
    p = row[f"{primary.test}_p"]
    found = (
        f"a rise of {predictor} by one point goes with {row['slope']:+.2f} percent ({label} p {p:.3f}, "
        f"{row['first']}-{row['last']})"
    )
    shown = "is shown" if p < primary.level else "is not shown"
    if information in primary.information:
        said = f"Primary specification, fixed before the run ({named}): {found}; that it leads {shown} at "
    else:
        said = (
            f"The primary specification ({named}) asks for a predictor as known then, and this one is {information}; "
            f"its row is exploratory: {found}, an association that {shown} at "
        )
    said += f"{primary.level:.0%}"
    drawn = None if estimated is None else _row(estimated, primary.returns, primary.horizon)
    if estimated is None or drawn is None:
        return f"{said}."
    agree = "as" if (drawn["p_family"] < primary.level) == (p < primary.level) else "unlike"
    below = "below" if drawn["p_family"] < primary.level else "not below"
    return (
        f"{said}; with the predictor re-estimated in every bootstrap sample p is {drawn['p']:.3f}, and "
        f"{drawn['p_family']:.3f} allowing for all {len(estimated)} rows, {below} {primary.level:.0%}, {agree} by its "
        "own test."
    )


def exploratory_sentence(
    primary: PrimarySpecification,
    table: pd.DataFrame,
    predictor: str,
    estimated: pd.DataFrame | None = None,
) -> str:
    """How many other tests there are, and which stay significant by any way of allowing for all of them."""
    own, level, labels = table[table["predictor"] == predictor], primary.level, _labels()
    alone = {key: own[f"{key}_p"] for key in labels if f"{key}_p" in own}
    below = ", ".join(f"{labels[key]} {int((p < level).sum())}" for key, p in alone.items())
    adjusted = {key: own[f"{key}_p_adjusted"] for key in alone if f"{key}_p_adjusted" in own}
    ways = {f"Benjamini-Hochberg on {labels[key]}": (own, p) for key, p in adjusted.items()}
    if estimated is not None:
        ways["the joint bootstrap"] = (estimated, estimated["p_family"])
    smallest = ", ".join(f"{p.min():.3f} by {way}" for way, (_, p) in ways.items())
    kept = [
        f"{int((p < level).sum())} by {way} ({', '.join(_named(rows[p < level]))})"
        for way, (rows, p) in ways.items()
        if (p < level).any()
    ]
    said = (
        f"All else is exploratory: {len(table)} regressions by {len(alone)} tests each, {len(own)} of them on "
        f"{predictor}, of which below {level:.0%} alone are {below}. "
    )
    if not kept:
        return (
            f"{said}Allowing for multiple testing none is significant at {level:.0%} (smallest p {smallest})."
        )
    return (
        f"{said}Allowing for multiple testing there remain significant at {level:.0%} {'; '.join(kept)} (smallest p "
        f"{smallest})."
    )


def horizons_sentence(predictor: str, table: pd.DataFrame, persistence: pd.DataFrame) -> str:
    """That implied slopes at further horizons are the first times a number; empty for one horizon."""
    horizons = sorted(table["horizon"].unique())
    if len(horizons) == 1:
        return ""
    rho = float(persistence.loc[persistence["predictor"] == predictor, "rho"].iloc[0])
    unit = period_name(table["first"].iloc[0])
    times = ", ".join(f"{sum(rho**k for k in range(h)):.1f} over {h}" for h in horizons if h > 1)
    return (
        f"With one predictor the slopes that one {unit} implies at all horizons are one number times the "
        f"one-{unit} slope (at rho {rho:.2f} {times} {unit}s): further horizons are no further evidence."
    )


def attenuation_sentence(estimated: pd.DataFrame, period: str = "quarter") -> str:
    """What estimating the predictor does to the one-period slopes; empty without them."""
    known = estimated.dropna(subset="attenuation")
    shares = ", ".join(f"{row.attenuation:.2f} ({row.returns})" for row in known.itertuples())
    return (
        f"The one-{period} slope on the estimated predictor is {shares} of that on the true one."
        if shares
        else ""
    )


def drawn_sentence(primary: PrimarySpecification, drawn: pd.DataFrame, level: float = 0.05) -> str:
    """What is left of the slopes when the predictor is known by posterior draws alone."""
    row = _row(drawn, primary.returns, primary.horizon)
    row = drawn.iloc[0] if row is None else row
    return (
        f"Over posterior draws of the predictor the slope of {row['returns']} over {row['horizon']} "
        f"{primary.period}(s) is {row['slope']:+.2f} ({row['lower']:+.2f} to {row['upper']:+.2f}, p {row['p']:.3f} by "
        f"Rubin's rules; {row['missing']:.0%} of its variance is from not knowing the predictor), negative in "
        f"{row['negative']:.0%} of draws; p is below {level:.0%} in {int((drawn['p'] < level).sum())} of {len(drawn)} "
        "rows."
    )


def out_of_sample_sentence(
    table: pd.DataFrame, predictor: str, p_search: float, p_spa: float, level: float = 0.05
) -> str:
    """In how many cases forecasts beat the mean, and whether the best of all does."""
    own = table[table["predictor"] == predictor]
    better, best = int((own["r2_os"] > 0).sum()), own.loc[own["r2_os"].idxmax()]
    rows = int((~table["predictor"].eq("pool_mean")).sum())
    beats = f"the best of all {rows} forecasts beats the mean"
    search = beats if p_search < level else f"that {beats} is not shown"
    unit = period_name(best["first"])
    return (
        f"Out of sample from {own['first'].min()} it beats the prevailing mean in {better} of {len(own)} cases "
        f"(best R2_OS {best['r2_os']:+.1f} percent, {best['returns']} over {best['horizon']} {unit}(s), "
        f"Clark-West p {best['clark_west_bootstrap_p']:.3f} by the wild bootstrap; worst {own['r2_os'].min():+.1f}); "
        f"allowing for data snooping, {search} (largest adjusted MSPE p {p_search:.3f}"
        f"{_OVERLAP if table['horizon'].max() > 1 else ''}; SPA p {p_spa:.3f})."
    )


def tilt_sentence(tables: Mapping[str, pd.DataFrame], strategy: str, risk_aversion: float = 3.0) -> str:
    """Gain of an investor who tilts between small and large caps, by bounds of the weight; empty without any."""
    found = []
    for weights, table in tables.items():
        rows = table[(table["strategy"] == strategy) & (table["risk_aversion"] == risk_aversion)]
        for row in rows.itertuples():
            found.append(
                f"{row.gain:+.2f} percent a year {weights} (s.e. {row.gain_se:.2f}, p {row.gain_p:.3f})"
            )
    return (
        f"A mean-variance investor at risk aversion {risk_aversion:g} who holds large caps and tilts to small ones by "
        f"it would have gained {', '.join(found)} net of costs."
        if found
        else ""
    )


def count_sentence(counts: Mapping[str, int], choices: Sequence[str] = (), *, second: bool = False) -> str:
    """How many tests were made, by kind; choices of sample and delay made more of them.

    ``second``: whether the second primary specification, by the month, is among them.
    """
    parts = ", ".join(f"{n:,} {kind}" for kind, n in counts.items() if n)
    also = f", with {'; '.join(choices)} each counted" if choices else ""
    month = ", and one the second, by the month" if second else ""
    return f"Tests made: {sum(counts.values()):,} ({parts}{also}); one is primary{month}."


def caveat(information: str) -> str:
    """What the predictor had seen, and what that leaves open."""
    return _CAVEATS[information]


def _labels() -> dict[str, str]:
    return {test.key: test.label for test in predictability_tests()}


def _row(table: pd.DataFrame, returns: str, horizon: int) -> pd.Series | None:
    found = table[(table["returns"] == returns) & (table["horizon"] == horizon)]
    return None if found.empty else found.iloc[0]


def _named(rows: pd.DataFrame) -> list[str]:
    """Portfolios with their horizons."""
    by = rows.groupby("returns", sort=False)["horizon"]
    return [f"{name} {'/'.join(map(str, np.sort(h)))}" for name, h in by]
