"""Figures from labelled frames; the only room with matplotlib, loaded when a figure is asked for."""

from __future__ import annotations

from capstar.plotting.diagnostics import plot_diagnostics
from capstar.plotting.leads import plot_bars, plot_lead
from capstar.plotting.panels import plot_panels
from capstar.plotting.rstar import (
    plot_band,
    plot_comparison,
    plot_contributions,
    plot_lines,
    plot_profile,
    plot_rstar,
)
from capstar.plotting.saving import require_format, save, save_all
from capstar.plotting.study import plot_study

__all__ = [
    "plot_band",
    "plot_bars",
    "plot_comparison",
    "plot_contributions",
    "plot_diagnostics",
    "plot_lead",
    "plot_lines",
    "plot_panels",
    "plot_profile",
    "plot_rstar",
    "plot_study",
    "require_format",
    "save",
    "save_all",
]


def __dir__() -> list[str]:
    return __all__
