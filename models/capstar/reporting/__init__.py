"""What results look like on paper: text, HTML, LaTeX and CSV."""

from __future__ import annotations

from capstar.reporting.result import Result, results
from capstar.reporting.summary import Summary

__all__ = ["Result", "Summary", "results"]


def __dir__() -> list[str]:
    return __all__
