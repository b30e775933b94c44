"""What results look like on paper: text, HTML, LaTeX and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capstar.reporting.result import Result, results

if TYPE_CHECKING:
    from capstar.reporting.summary import Summary

__all__ = ["Result", "Summary", "results"]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name != "Summary":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from capstar.reporting.summary import Summary  # loads statsmodels, which an estimate needs not

    return Summary
