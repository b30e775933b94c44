"""Human names of series, for captions, heads and legends."""

from __future__ import annotations

_NAMES = {
    "small": "small caps",
    "large": "large caps",
    "small_minus_large": "small minus large",
    "rstar_gap": "r* gap",
    "real_rate": "real rate",
    "output_gap": "output gap",
    "pool_mean": "mean of all forecasts",
    "mean": "prevailing mean",
    "rally": "rally",
    "range_bound": "range-bound market",
    "const": "constant",
    "all": "all quarters",
    "true": "bull market",
    "false": "bear market",
}


def human(name: object) -> str:
    """The name a reader knows a series by; a user's own name with its underscores as spaces."""
    return _NAMES.get(str(name), str(name).replace("_", " "))
