"""Does one series lead another: in sample, with inference for overlapping returns."""

from __future__ import annotations

from capstar.leads.regression import PredictiveRegression, hodrick_1b, newey_west, predictive_regression
from capstar.leads.study import LeadResults, LeadStudy
from capstar.leads.timing import cumulate_after

__all__ = [
    "LeadResults",
    "LeadStudy",
    "PredictiveRegression",
    "cumulate_after",
    "hodrick_1b",
    "newey_west",
    "predictive_regression",
]
