"""What results look like on paper: text, HTML, LaTeX and CSV."""

from __future__ import annotations

from capstar.reporting.summary import Summary

__all__ = ["Summary"]
