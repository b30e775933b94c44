"""Does one series lead another: in sample and out, robust to persistence, overlap and multiple testing."""

from __future__ import annotations

from capstar.leads.alignment import AlignedData, AlignedSample, cumulate_after
from capstar.leads.breaks import BreakTest, break_test, sup_wald_p
from capstar.leads.dynamics.events import EventStudy, event_study
from capstar.leads.dynamics.local_projections import LocalProjections, impulse_responses, local_projections
from capstar.leads.dynamics.probability import StateProbability, roc_curve, state_probability, state_within
from capstar.leads.family import LeadFamily, lead_family
from capstar.leads.forecasts.comparison import ForecastComparison, forecast_comparison
from capstar.leads.forecasts.economic_value import EconomicValue, economic_value, economic_value_of_tilt
from capstar.leads.forecasts.forecast_tables import CumulativeDifference, cumulative_difference
from capstar.leads.forecasts.long_run_variance import MeanTest, long_run_variance, mean_test
from capstar.leads.forecasts.multi_horizon import MultiHorizonAbility, multi_horizon_ability
from capstar.leads.forecasts.nested_search import (
    NestedSearch,
    adjusted_loss_table,
    maximum_adjusted_mspe,
)
from capstar.leads.forecasts.out_of_sample import (
    DirectionTest,
    ForecastAccuracy,
    compare_forecasts,
    direction_test,
    recursive_forecasts,
)
from capstar.leads.forecasts.sharpe import SharpeRatio, sharpe_ratio
from capstar.leads.forecasts.superior_ability import (
    ConfidenceSet,
    SuperiorAbility,
    confidence_set,
    loss_table,
    superior_ability,
)
from capstar.leads.forecasts.wild_bootstrap import WildBootstrap, wild_bootstrap_forecasts
from capstar.leads.incremental import IncrementalTest, incremental_forecasts, incremental_test
from capstar.leads.inference import import_all
from capstar.leads.inference.bootstrap import BootstrapTest, bootstrap_forecasts, bootstrap_regression
from capstar.leads.inference.campbell_yogo import QTest, df_gls, q_test
from capstar.leads.inference.drawn_regressor import DrawnRegressor, drawn_regressor
from capstar.leads.inference.episodic_ivx import EpisodicIVX, episodic_ivx
from capstar.leads.inference.estimated_regressor import EstimatedRegressor, estimated_regressor
from capstar.leads.inference.implied_long_horizon import ImpliedLongHorizon, implied_long_horizon
from capstar.leads.inference.in_sample import in_sample_table, persistence_table
from capstar.leads.inference.ivx import IVX, ivx
from capstar.leads.inference.ivx_bootstrap import IVXBootstrap, ivx_bootstrap
from capstar.leads.inference.ivx_family import IVXFamily, ivx_family
from capstar.leads.inference.ivx_system import IVXSystem, ivx_system
from capstar.leads.inference.persistence import BiasCorrection, bias_correction
from capstar.leads.inference.protocol import PredictabilityTest, TestResult
from capstar.leads.inference.registry import predictability_tests, register
from capstar.leads.inference.regression import (
    PredictiveRegression,
    hodrick_1b,
    newey_west,
    predictive_regression,
)
from capstar.leads.inference.residual_augmented import ResidualAugmentedIVX, residual_augmented_ivx
from capstar.leads.inference.robust import CosineTest, equal_weighted_cosine, fixed_b_critical, hansen_hodrick
from capstar.leads.multiplicity import AdjustedPValues, adjusted_p_values
from capstar.leads.releases import release_calendar, release_delay
from capstar.leads.results import LeadResults
from capstar.leads.stability import Slopes, quantile_slopes, rolling_slopes, subsample_slopes
from capstar.leads.study import LeadStudy
from capstar.leads.verdict import PrimarySpecification

__all__ = [
    "IVX",
    "AdjustedPValues",
    "AlignedData",
    "AlignedSample",
    "BiasCorrection",
    "BootstrapTest",
    "BreakTest",
    "ConfidenceSet",
    "CosineTest",
    "CumulativeDifference",
    "DirectionTest",
    "DrawnRegressor",
    "EconomicValue",
    "EpisodicIVX",
    "EstimatedRegressor",
    "EventStudy",
    "ForecastAccuracy",
    "ForecastComparison",
    "IVXBootstrap",
    "IVXFamily",
    "IVXSystem",
    "ImpliedLongHorizon",
    "IncrementalTest",
    "LeadFamily",
    "LeadResults",
    "LeadStudy",
    "LocalProjections",
    "MeanTest",
    "MultiHorizonAbility",
    "NestedSearch",
    "PredictabilityTest",
    "PredictiveRegression",
    "PrimarySpecification",
    "QTest",
    "ResidualAugmentedIVX",
    "SharpeRatio",
    "Slopes",
    "StateProbability",
    "SuperiorAbility",
    "TestResult",
    "WildBootstrap",
    "adjusted_loss_table",
    "adjusted_p_values",
    "bias_correction",
    "bootstrap_forecasts",
    "bootstrap_regression",
    "break_test",
    "compare_forecasts",
    "confidence_set",
    "cumulate_after",
    "cumulative_difference",
    "df_gls",
    "direction_test",
    "drawn_regressor",
    "economic_value",
    "economic_value_of_tilt",
    "episodic_ivx",
    "equal_weighted_cosine",
    "estimated_regressor",
    "event_study",
    "fixed_b_critical",
    "forecast_comparison",
    "hansen_hodrick",
    "hodrick_1b",
    "implied_long_horizon",
    "impulse_responses",
    "in_sample_table",
    "incremental_forecasts",
    "incremental_test",
    "ivx",
    "ivx_bootstrap",
    "ivx_family",
    "ivx_system",
    "lead_family",
    "local_projections",
    "long_run_variance",
    "loss_table",
    "maximum_adjusted_mspe",
    "mean_test",
    "multi_horizon_ability",
    "newey_west",
    "persistence_table",
    "predictability_tests",
    "predictive_regression",
    "q_test",
    "quantile_slopes",
    "recursive_forecasts",
    "register",
    "release_calendar",
    "release_delay",
    "residual_augmented_ivx",
    "roc_curve",
    "rolling_slopes",
    "sharpe_ratio",
    "state_probability",
    "state_within",
    "subsample_slopes",
    "sup_wald_p",
    "superior_ability",
    "wild_bootstrap_forecasts",
]  # fmt: skip

import_all()


def __dir__() -> list[str]:
    return __all__
