"""How numbers are written on the page: three significant digits, p to three decimals, a true minus sign."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

Form = Callable[[Any], str]
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")


def three(value: Any) -> str:
    """At most three significant digits, never more than three decimals, no exponent; empty where missing."""
    x = float(value)
    if not math.isfinite(x):
        return "" if math.isnan(x) else ("∞" if x > 0 else "−∞")
    digits = 0 if x == 0 else max(0, 2 - math.floor(math.log10(abs(x))))
    text = f"{x:,.{min(digits, 3)}f}"
    negative = text.startswith("-") and float(text.replace(",", "")) != 0
    return ("−" if negative else "") + text.lstrip("-")


def two(value: Any) -> str:
    """Two decimals, fewer where there would be more than three significant digits."""
    return _minus(f"{float(value):.{_decimals(value)}f}")


def one(value: Any) -> str:
    """One decimal."""
    return _minus(f"{float(value):.1f}")


def signed(value: Any) -> str:
    """As `two`, with a sign, of effects."""
    return _minus(f"{float(value):+.{_decimals(value)}f}")


def p_value(value: Any) -> str:
    """Three decimals."""
    x = float(value)
    return "" if math.isnan(x) else "<0.001" if x < 0.0005 else f"{x:.3f}"


def whole(value: Any) -> str:
    """A count."""
    return f"{int(value):,}"


def share(value: Any) -> str:
    """A share as percent."""
    return f"{100 * float(value):.0f} %"


def duration(seconds: Any) -> str:
    """Seconds of the clock, with minutes from one on."""
    minutes, rest = divmod(round(float(seconds)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def quarters(horizon: Any) -> str:
    """A horizon in words."""
    return "one quarter" if int(horizon) == 1 else f"{int(horizon)} quarters"


def brief(value: Any) -> str:
    """As `plain`, with two decimals where there is a fraction."""
    return two(value) if isinstance(value, float) else plain(value)


def plain(value: Any) -> str:
    """Text, a date or a number, whichever it is; yes and no for true and false."""
    if value is None or value is True or value is False or type(value).__name__ in ("bool", "bool_"):
        return "" if value is None else "yes" if value else "no"
    if isinstance(value, int) or type(value).__name__.startswith("int"):
        return whole(value) if abs(int(value)) >= 10_000 else str(value)
    if isinstance(value, float):
        return three(value)
    return "" if type(value).__name__ in ("NAType", "NaTType") else str(value)


def minus(text: str) -> str:
    """A text in which the sign before a number is a true minus; dates and ranges keep their hyphens."""
    return _MINUS.sub("−", text)


def _decimals(value: Any) -> int:
    size = abs(float(value))
    return 2 if not size >= 9.995 else 1 if size < 99.95 else 0


def _minus(text: str) -> str:
    return "" if "nan" in text else text.replace("-", "−")
