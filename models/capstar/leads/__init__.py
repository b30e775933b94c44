"""Does one series lead another: in sample and out, with inference made for persistence and overlap."""

from __future__ import annotations

from capstar.leads.ivx import IVX, ivx
from capstar.leads.out_of_sample import (
    DirectionTest,
    ForecastComparison,
    compare_forecasts,
    direction_test,
    recursive_forecasts,
)
from capstar.leads.persistence import BiasCorrection, bias_correction
from capstar.leads.q_test import QTest, df_gls, q_test
from capstar.leads.regression import PredictiveRegression, hodrick_1b, newey_west, predictive_regression
from capstar.leads.robust import CosineTest, equal_weighted_cosine, fixed_b_critical, hansen_hodrick
from capstar.leads.study import LeadResults, LeadStudy
from capstar.leads.timing import cumulate_after

__all__ = [
    "IVX",
    "BiasCorrection",
    "CosineTest",
    "DirectionTest",
    "ForecastComparison",
    "LeadResults",
    "LeadStudy",
    "PredictiveRegression",
    "QTest",
    "bias_correction",
    "compare_forecasts",
    "cumulate_after",
    "df_gls",
    "direction_test",
    "equal_weighted_cosine",
    "fixed_b_critical",
    "hansen_hodrick",
    "hodrick_1b",
    "ivx",
    "newey_west",
    "predictive_regression",
    "q_test",
    "recursive_forecasts",
]
