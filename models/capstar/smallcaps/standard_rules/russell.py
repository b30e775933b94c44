"""Screens and weightings of the Russell indexes.

FTSE Russell, *Russell US Equity Indices: Construction and Methodology*.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from capstar.smallcaps.protocol import Floats, Screened
from capstar.smallcaps.registry import register


class MinPrice:
    """Price on rank day; a member's may be the mean of its closes instead."""

    key, default, label = "min_price", 1.0, "least close; for a member also the mean of its closes, currency"
    of: Screened = "security"
    columns: tuple[str, ...] = ()

    def passes(self, table: pd.DataFrame, threshold: float) -> pd.Series:
        """Whether the close, or the mean of a member's closes, reaches the threshold."""
        stays = table["member"].astype(bool) & (table["average_close"] >= threshold)
        return (table["close"] >= threshold) | stays


@dataclass
class AtLeast:
    """A column of the table that is to reach the threshold."""

    key: str
    default: float
    label: str
    of: Screened
    column: str
    columns: tuple[str, ...] = ()

    def passes(self, table: pd.DataFrame, threshold: float) -> pd.Series:
        """Whether it does."""
        return table[self.column] >= threshold


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


register(MinPrice())
register(AtLeast("min_value", 30e6, "least market value of a company, currency", "company", "value"))
register(AtLeast("min_float", 0.05, "least free float, a fraction", "security", "float_factor"))
register(FloatWeighted())
register(TotalWeighted())
