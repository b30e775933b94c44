"""Sections of the study's page in their order; another one is a function of a study in one of these tuples."""

from __future__ import annotations

from capstar.report.parts import Builder
from capstar.report.sections.account import data, made, tried
from capstar.report.sections.by_month import by_month
from capstar.report.sections.forecasts import forecasts
from capstar.report.sections.lead import lead
from capstar.report.sections.market import states
from capstar.report.sections.models import now_charts, whose_charts
from capstar.report.sections.natural_rate import certainty, gap, real_time, rstar
from capstar.report.sections.opening import head, why
from capstar.report.sections.optional import of_result
from capstar.report.sections.other_way import other_way

__all__ = ["SECTIONS", "head", "made"]

SECTIONS: tuple[Builder, ...] = (
    why,
    of_result("now", "Now", now_charts),
    rstar,
    gap,
    lead,
    forecasts,
    by_month,
    of_result("whose", "Whose r*", whose_charts),
    other_way,
    real_time,
    states,
    tried,
    certainty,
    data,
)
