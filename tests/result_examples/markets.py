"""States of the S&P 500, daily, 1999 to 2018, from the arch package."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd
from arch.data import sp500

from capstar import markets
from capstar.reporting import Result


@cache
def bars() -> pd.DataFrame:
    return sp500.load().rename(columns=str.lower)[["high", "low", "close"]]


EXAMPLES: dict[type[Result], Callable[[], Result]] = {
    markets.Rallies: cache(lambda: markets.rallies(bars()["close"], efficiency=0.1)),
    markets.RangeTradingResults: cache(
        lambda: markets.RangeTrading(bars().iloc[-1000:]).backtest(n_replications=50, progress=False)
    ),
    markets.Swings: cache(lambda: markets.lunde_timmermann(bars()["close"])),
    markets.VarianceRatio: cache(lambda: markets.variance_ratio(bars()["close"])),
}
