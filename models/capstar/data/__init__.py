"""Where numbers come from: files, and data sets shipped inside dependencies."""

from __future__ import annotations

from capstar.data.embedded import french_factors, small_cap_returns, us_macro
from capstar.data.files import read_input
from capstar.data.inputs import annualised_yield, expected_inflation, model_input
from capstar.data.transform import splice_growth, to_quarterly

__all__ = [
    "annualised_yield",
    "expected_inflation",
    "french_factors",
    "model_input",
    "read_input",
    "small_cap_returns",
    "splice_growth",
    "to_quarterly",
    "us_macro",
]
