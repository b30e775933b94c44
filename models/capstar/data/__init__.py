"""Where numbers come from: FRED and other sources, files, and data sets shipped inside dependencies."""

from __future__ import annotations

from capstar.data.describe import describe_data
from capstar.data.economy import us_economy
from capstar.data.embedded import french_factors, small_cap_returns, us_macro
from capstar.data.files import read_input, read_prices, read_returns
from capstar.data.inputs import annualised_yield, expected_inflation, model_input
from capstar.data.monthly import MonthlyVintages, monthly_vintages, us_monthly, us_monthly_hlw
from capstar.data.recipes import (
    canada_hlw,
    euro_area_hlw,
    hlw_published,
    lw_published,
    uk_hlw,
    us_hlw,
    us_lw,
)
from capstar.data.registry import RECIPES, fetch, recipe_sources
from capstar.data.sources import DataSource, register, source, sources, unregister
from capstar.data.sources.alfred import alfred
from capstar.data.sources.fred import fred
from capstar.data.sources.french import (
    FrenchFile,
    french,
    read_french,
    size_portfolios,
    size_returns,
    three_factors,
)
from capstar.data.sources.nyfed import PublishedEstimates, current_estimates, real_time_estimates
from capstar.data.sources.philadelphia import real_time_matrix
from capstar.data.sources.prices import exchange_rates, small_cap_index, yahoo_prices
from capstar.data.store.cache import Cache
from capstar.data.store.download import Network, network
from capstar.data.store.snapshot import read_snapshot, write_snapshot
from capstar.data.terms import licences
from capstar.data.transform import splice_growth, to_quarterly
from capstar.data.vintages import Vintages
from capstar.data.write import write

__all__ = [
    "RECIPES",
    "Cache",
    "DataSource",
    "FrenchFile",
    "MonthlyVintages",
    "Network",
    "PublishedEstimates",
    "Vintages",
    "alfred",
    "annualised_yield",
    "canada_hlw",
    "current_estimates",
    "describe_data",
    "euro_area_hlw",
    "exchange_rates",
    "expected_inflation",
    "fetch",
    "fred",
    "french",
    "french_factors",
    "hlw_published",
    "licences",
    "lw_published",
    "model_input",
    "monthly_vintages",
    "network",
    "read_french",
    "read_input",
    "read_prices",
    "read_returns",
    "read_snapshot",
    "real_time_estimates",
    "real_time_matrix",
    "recipe_sources",
    "register",
    "size_portfolios",
    "size_returns",
    "small_cap_index",
    "small_cap_returns",
    "source",
    "sources",
    "splice_growth",
    "three_factors",
    "to_quarterly",
    "uk_hlw",
    "unregister",
    "us_economy",
    "us_hlw",
    "us_lw",
    "us_macro",
    "us_monthly",
    "us_monthly_hlw",
    "write",
    "write_snapshot",
    "yahoo_prices",
]


def __dir__() -> list[str]:
    return __all__
