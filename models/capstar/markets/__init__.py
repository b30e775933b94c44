"""Markets from their prices: indicators, rallies and range-bound markets, trading ranges, exchange rates."""

from __future__ import annotations

from capstar.markets import fx
from capstar.markets.indicators import (
    average_true_range,
    choppiness,
    directional_index,
    donchian,
    efficiency_ratio,
    rate_of_change,
    relative_strength_index,
    true_range,
    vertical_horizontal_filter,
)
from capstar.markets.rallies import Rallies, Rally, rallies
from capstar.markets.range_trading import RangeTrading
from capstar.markets.range_trading_results import RangeTradingResults
from capstar.markets.ranges import in_range, plot_ranges, range_bound, trading_ranges
from capstar.markets.swings import Swings, bbq, bry_boschan, lunde_timmermann
from capstar.markets.variance_ratio import VarianceRatio, rolling_variance_ratio, variance_ratio

__all__ = [
    "Rallies",
    "Rally",
    "RangeTrading",
    "RangeTradingResults",
    "Swings",
    "VarianceRatio",
    "average_true_range",
    "bbq",
    "bry_boschan",
    "choppiness",
    "directional_index",
    "donchian",
    "efficiency_ratio",
    "fx",
    "in_range",
    "lunde_timmermann",
    "plot_ranges",
    "rallies",
    "range_bound",
    "rate_of_change",
    "relative_strength_index",
    "rolling_variance_ratio",
    "trading_ranges",
    "true_range",
    "variance_ratio",
    "vertical_horizontal_filter",
]


def __dir__() -> list[str]:
    return __all__
