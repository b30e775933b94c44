"""Does one series lead another: in sample and out, robust to persistence, overlap and multiple testing."""

from __future__ import annotations

from capstar.leads.alignment import AlignedData, AlignedSample, cumulate_after, one_quarter, output_gap
from capstar.leads.dynamics.events import (
    EventStudy,
    RegimeComparison,
    compare_regimes,
    event_study,
    policy_regimes,
)
from capstar.leads.dynamics.local_projections import LocalProjections, impulse_responses, local_projections
from capstar.leads.dynamics.probability import StateProbability, roc_curve, state_probability, state_within
from capstar.leads.forecasts.asymptotic import nested_critical_values
from capstar.leads.forecasts.combination import combine_forecasts
from capstar.leads.forecasts.comparison import Race, forecast_race
from capstar.leads.forecasts.economic_value import Worth, mean_variance_worth, tilt_worth
from capstar.leads.forecasts.forecast_tables import (
    CumulativeDifference,
    PredictorTable,
    cumulative_difference,
    predictor_table,
)
from capstar.leads.forecasts.long_run_variance import MeanTest, long_run_variance, mean_test
from capstar.leads.forecasts.multi_horizon import MultiHorizonAbility, multi_horizon_ability
from capstar.leads.forecasts.nested_search import (
    NestedSearch,
    adjusted_loss_table,
    maximum_adjusted_mspe,
)
from capstar.leads.forecasts.out_of_sample import (
    DirectionTest,
    ForecastComparison,
    compare_forecasts,
    direction_test,
    recursive_forecasts,
)
from capstar.leads.forecasts.sharpe import SharpeRatio, sharpe_ratio
from capstar.leads.forecasts.wild_bootstrap import WildBootstrap, wild_bootstrap_forecasts
from capstar.leads.inference.bootstrap import BootstrapTest, bootstrap_forecasts, bootstrap_regression
from capstar.leads.inference.campbell_yogo import QTest, df_gls, q_test
from capstar.leads.inference.estimated_regressor import EstimatedRegressor, estimated_regressor
from capstar.leads.inference.in_sample import in_sample_table, persistence_table
from capstar.leads.inference.ivx import IVX, ivx
from capstar.leads.inference.persistence import BiasCorrection, bias_correction
from capstar.leads.inference.protocol import PredictabilityTest, TestResult
from capstar.leads.inference.registry import predictability_tests, register
from capstar.leads.inference.regression import (
    PredictiveRegression,
    hodrick_1b,
    newey_west,
    predictive_regression,
)
from capstar.leads.inference.robust import CosineTest, equal_weighted_cosine, fixed_b_critical, hansen_hodrick
from capstar.leads.multiplicity import (
    AdjustedPValues,
    ConfidenceSet,
    SuperiorAbility,
    adjusted_p_values,
    confidence_set,
    loss_table,
    superior_ability,
)
from capstar.leads.results import LeadResults
from capstar.leads.stability import (
    BreakTest,
    Slopes,
    break_test,
    quantile_slopes,
    rolling_slopes,
    subsample_slopes,
    sup_wald_p,
)
from capstar.leads.study import LeadStudy

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
    "EstimatedRegressor",
    "EventStudy",
    "ForecastComparison",
    "LeadResults",
    "LeadStudy",
    "LocalProjections",
    "MeanTest",
    "MultiHorizonAbility",
    "NestedSearch",
    "PredictabilityTest",
    "PredictiveRegression",
    "PredictorTable",
    "QTest",
    "Race",
    "RegimeComparison",
    "SharpeRatio",
    "Slopes",
    "StateProbability",
    "SuperiorAbility",
    "TestResult",
    "WildBootstrap",
    "Worth",
    "adjusted_loss_table",
    "adjusted_p_values",
    "bias_correction",
    "bootstrap_forecasts",
    "bootstrap_regression",
    "break_test",
    "combine_forecasts",
    "compare_forecasts",
    "compare_regimes",
    "confidence_set",
    "cumulate_after",
    "cumulative_difference",
    "df_gls",
    "direction_test",
    "equal_weighted_cosine",
    "estimated_regressor",
    "event_study",
    "fixed_b_critical",
    "forecast_race",
    "hansen_hodrick",
    "hodrick_1b",
    "impulse_responses",
    "in_sample_table",
    "ivx",
    "local_projections",
    "long_run_variance",
    "loss_table",
    "maximum_adjusted_mspe",
    "mean_test",
    "mean_variance_worth",
    "multi_horizon_ability",
    "nested_critical_values",
    "newey_west",
    "one_quarter",
    "output_gap",
    "persistence_table",
    "policy_regimes",
    "predictability_tests",
    "predictive_regression",
    "predictor_table",
    "q_test",
    "quantile_slopes",
    "recursive_forecasts",
    "register",
    "roc_curve",
    "rolling_slopes",
    "sharpe_ratio",
    "state_probability",
    "state_within",
    "subsample_slopes",
    "sup_wald_p",
    "superior_ability",
    "tilt_worth",
    "wild_bootstrap_forecasts",
]
