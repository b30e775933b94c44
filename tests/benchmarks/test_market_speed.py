"""Daily prices of the US market, 1926-2025: seconds of each tool, and whether they grow as the days do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from markets import histories

from capstar import markets
from capstar.markets import indicators

MONTH = 21  # days
SWINGS = {"window": 8 * MONTH, "end": 6 * MONTH, "phase": 4 * MONTH, "cycle": 16 * MONTH}

INDICATORS: dict[str, Callable[[pd.Series], pd.Series | pd.DataFrame]] = {
    "rate of change": lambda p: indicators.rate_of_change(p, 14),
    "average true range": lambda p: indicators.average_true_range(p, 14),
    "directional index": lambda p: indicators.directional_index(p, 14),
    "donchian": lambda p: indicators.donchian(p, 14),
    "choppiness": lambda p: indicators.choppiness(p, 14),
    "efficiency ratio": lambda p: indicators.efficiency_ratio(p, 14),
    "vertical horizontal filter": lambda p: indicators.vertical_horizontal_filter(p, 14),
    "relative strength": lambda p: indicators.relative_strength_index(p, 14),
    "rolling variance ratio": lambda p: markets.rolling_variance_ratio(p, 252, 5),
}
TOOLS: dict[str, Callable[[pd.Series], pd.Series | pd.DataFrame]] = {
    "Bry and Boschan, months": lambda p: markets.bry_boschan(p).states,
    "Bry and Boschan, days": lambda p: markets.bry_boschan(p, **SWINGS).states,
    "Lunde and Timmermann": lambda p: markets.lunde_timmermann(p).states,
    "rallies": lambda p: markets.rallies(p).states,
    "variance ratio": lambda p: markets.variance_ratio(p).table,
}


@pytest.fixture(scope="module")
def daily(reference) -> pd.Series:
    return histories.market(reference)


@pytest.mark.parametrize("name", [*INDICATORS, *TOOLS])
def test_a_century_of_days(against, timed, fastest, daily, name: str) -> None:
    """Found twice alike; what an indicator says of the last days is the same without those it has forgotten."""
    call = (INDICATORS | TOOLS)[name]
    one = against(
        lambda: call(daily), lambda: daily.rolling(14).std(), "rolling standard deviations of pandas"
    )
    found = one.found
    assert call(daily).equals(found)
    if name in INDICATORS:
        assert found.index.equals(daily.index)
        # Wilder's averages forget 1/14 a day: after 2,000 days nothing is left.
        recent = call(daily.iloc[-3000:])
        np.testing.assert_allclose(found.iloc[-1000:], recent.iloc[-1000:], rtol=1e-7, atol=1e-7)
    elif name == "variance ratio":
        assert (found["vr"] > 0).all()
    else:
        assert set(found.unique()) >= {0, 1}
    if timed:
        tenth = daily.iloc[: len(daily) // 10]
        whole, part = one.seconds, fastest(lambda: call(tenth), repeat=3)
        print(
            f"\n{name}: {len(daily):,} days {whole * 1e3:.1f} ms (aim: under 500), a tenth of them {part * 1e3:.1f} "
            f"ms: ratio {whole / part:.1f} (10 where time grows as the days do)"
        )
