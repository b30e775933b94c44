"""Markets from their prices: states, ranges, and rates of exchange."""

from __future__ import annotations

from capstar.markets import fx

__all__ = ["fx"]
