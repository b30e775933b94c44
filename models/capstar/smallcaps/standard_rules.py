"""Screens and weightings of the Russell indexes.

FTSE Russell, *Russell US Equity Indices: Construction and Methodology*.
"""

from __future__ import annotations

import pandas as pd

from capstar.smallcaps.protocol import Floats, Screened


class MinPrice:
    """Price on rank day; a member's may be the mean of its closes instead."""

    key, default, label = "min_price", 1.0, "least close; for a member also the mean of its closes, currency"
    of: Screened = "security"
    columns: tuple[str, ...] = ()

    def passes(self, table: pd.DataFrame, threshold: float) -> pd.Series:
        """Whether the close, or the mean of a member's closes, reaches the threshold."""
        stays = table["member"].astype(bool) & (table["average_close"] >= threshold)
        return (table["close"] >= threshold) | stays


class MinFloat:
    """Share of float."""

    key, default, label = "min_float", 0.05, "least free float, a fraction"
    of: Screened = "security"
    columns: tuple[str, ...] = ()

    def passes(self, table: pd.DataFrame, threshold: float) -> pd.Series:
        """Whether the float factor reaches the threshold."""
        return table["float_factor"] >= threshold


class MinValue:
    """Total market value of a company, all its classes together."""

    key, default, label = "min_value", 30e6, "least market value of a company, currency"
    of: Screened = "company"
    columns: tuple[str, ...] = ()

    def passes(self, table: pd.DataFrame, threshold: float) -> pd.Series:
        """Whether the value reaches the threshold."""
        return table["value"] >= threshold


class FloatWeighted:
    """By float-adjusted market value."""

    key, label = "float", "by float-adjusted market value"

    def index_shares(self, shares: Floats, float_factor: Floats, close: Floats) -> Floats:
        """Shares outstanding times float factor."""
        return shares * float_factor


class TotalWeighted:
    """By total market value."""

    key, label = "total", "by total market value"

    def index_shares(self, shares: Floats, float_factor: Floats, close: Floats) -> Floats:
        """Shares outstanding."""
        return shares.copy()
