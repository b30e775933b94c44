"""Human names of series, for captions, heads and legends."""

from __future__ import annotations

from capstar.names import NAMES

_IN_TABLES = {"all": "all quarters", "mean": "prevailing mean", "true": "bull market", "false": "bear market"}


def human(name: object) -> str:
    """The name a reader knows a series by; a user's own name with its underscores as spaces."""
    return (NAMES | _IN_TABLES).get(str(name), str(name).replace("_", " "))
