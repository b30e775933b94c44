"""The room of leads, on the embedded data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from capstar import data, leads
from capstar.reporting import Result

START = "1985Q1"


@cache
def material() -> tuple[pd.Series, pd.DataFrame]:
    """The ex-ante real rate less its mean over ten years, and returns of small caps."""
    macro = data.us_macro()
    rate = macro["interest_rate"] - macro["expected_inflation"]
    gap = (rate - rate.rolling(40).mean()).dropna().rename("gap")
    return gap, data.small_cap_returns()[["excess", "small_minus_large"]]


@cache
def sample() -> leads.AlignedSample:
    gap, returns = material()
    return leads.AlignedSample.of(returns["excess"], gap, 4)


@cache
def ended() -> tuple[pd.Series, pd.Series]:
    y, x = sample().in_period()
    return y.iloc[1:], x.iloc[1:]


def incremental() -> leads.IncrementalTest:
    """The gap beside its own change."""
    gap = material()[0]
    controls = gap.diff().to_frame("change")
    return leads.incremental_test(sample().after[4], gap, controls, horizon=4, start=START, n_replications=99)


@cache
def forecasts() -> pd.DataFrame:
    y, x = sample().in_period()
    return leads.recursive_forecasts(y, x.to_frame(), START)


@cache
def comparison() -> leads.ForecastComparison:
    gap, returns = material()
    return leads.forecast_comparison(returns, gap.to_frame(), (1,), start=START, n_replications=99)


@cache
def probability() -> leads.StateProbability:
    gap, returns = material()
    falls = returns["excess"] < -8
    return leads.state_probability(leads.state_within(falls, gap.index, horizon=4), gap, horizon=4)


@cache
def lead() -> leads.LeadResults:
    gap, returns = material()
    return leads.LeadStudy(gap, returns[["excess"]], (1, 4), start=None, n_replications=99).run()


@cache
def further() -> leads.LeadResults:
    gap, returns = material()
    return leads.LeadStudy(gap, returns[["excess"]], (8,), start=None, n_replications=99).run()


class Drawn:
    """A predictor that is known: a redraw rearranges its values."""

    def __init__(self, gap: pd.Series) -> None:
        self.innovations = gap.to_frame("shock")

    def draw(self, rows: np.ndarray):
        from capstar.rstar import DrawnGap

        drawn = pd.Series(self.innovations["shock"].to_numpy()[rows], self.innovations.index)
        return DrawnGap(drawn, drawn)


def economic_value() -> leads.EconomicValue:
    y, _ = ended()
    simple = 100 * np.expm1(y / 100)
    bill = pd.Series(0.0, y.index, name="bill")
    return leads.economic_value(simple, forecasts(), bill, risk_aversion=(3,), window=40)


def event_study() -> leads.EventStudy:
    """Months for days: what matters here is the form."""
    gap, returns = material()
    surprises = gap.diff().dropna()
    surprises.index = surprises.index.asfreq("M", how="end")
    return leads.event_study(returns, surprises.loc[: returns.index[-1]])


def losses() -> pd.DataFrame:
    return leads.loss_table(comparison().forecasts["excess", 1])


def q_test() -> leads.QTest:
    bounds = pd.DataFrame(
        {"delta": -0.1, "dfgls": [-5.0, 1.0], "c_min": [-40.0, -5.0], "c_max": [-20.0, 2.0]}
    )
    return leads.q_test(*ended(), bounds)


def horizons() -> pd.DataFrame:
    """Squared errors of the mean less those of the gap, over one and two quarters."""
    gains = losses()["mean"] - losses()["gap"]
    return pd.DataFrame({1: gains, 2: gains.rolling(2).mean()}).dropna()


EXAMPLES: dict[type[Result], Callable[[], Result]] = {
    leads.AdjustedPValues: lambda: leads.adjusted_p_values(
        lead().table[["newey_west_p"]], column="newey_west_p"
    ),
    leads.BiasCorrection: lambda: leads.bias_correction(*ended()),
    leads.BootstrapTest: lambda: leads.bootstrap_regression(*ended(), (1, 4), n_replications=99),
    leads.BreakTest: lambda: leads.break_test(*sample().pairs(), n_replications=99),
    leads.ConfidenceSet: lambda: leads.confidence_set(losses(), n_replications=99),
    leads.CosineTest: lambda: leads.equal_weighted_cosine(*sample().pairs()),
    leads.CumulativeDifference: lambda: leads.cumulative_difference(forecasts()),
    leads.DirectionTest: lambda: leads.direction_test(forecasts()["actual"], forecasts()["gap"]),
    leads.DrawnRegressor: lambda: leads.drawn_regressor(
        pd.DataFrame(
            {k: material()[0] + 0.1 * np.sin(np.arange(len(material()[0])) * k) for k in range(1, 31)}
        ),
        material()[1],
        (1, 4),
    ),
    leads.EconomicValue: economic_value,
    leads.EpisodicIVX: lambda: leads.episodic_ivx(*sample().in_period(), n_replications=99),
    leads.EstimatedRegressor: lambda: leads.estimated_regressor(
        Drawn(material()[0]), *material(), (1, 4), n_replications=99
    ),
    leads.EventStudy: event_study,
    leads.ForecastAccuracy: lambda: leads.compare_forecasts(*forecasts().to_numpy().T),
    leads.ForecastComparison: comparison,
    leads.IncrementalTest: incremental,
    leads.IVX: lambda: leads.ivx(*sample().in_period()),
    leads.IVXBootstrap: lambda: leads.ivx_bootstrap(*sample().in_period(), n_replications=99),
    leads.IVXFamily: lambda: leads.ivx_family({"gap": sample().in_period()}, (1, 4), n_replications=99),
    leads.IVXSystem: lambda: leads.ivx_system(
        ended()[0].to_frame().assign(squared=ended()[0] ** 2), ended()[1]
    ),
    leads.ImpliedLongHorizon: lambda: leads.implied_long_horizon(
        *sample().in_period(), (1, 4), n_replications=99
    ),
    leads.LeadFamily: lambda: leads.lead_family(lead(), further()),
    leads.LeadResults: lead,
    leads.LocalProjections: lambda: leads.local_projections(material()[1], material()[0], horizons=(1, 4)),
    leads.MeanTest: lambda: leads.mean_test(losses().to_numpy().T),
    leads.MultiHorizonAbility: lambda: leads.multi_horizon_ability(horizons(), n_replications=99),
    leads.NestedSearch: lambda: leads.maximum_adjusted_mspe(
        leads.adjusted_loss_table(forecasts()), n_replications=99
    ),
    leads.PredictiveRegression: lambda: leads.predictive_regression(
        material()[0], material()[1]["excess"], horizon=4
    ),
    leads.QTest: q_test,
    leads.ResidualAugmentedIVX: lambda: leads.residual_augmented_ivx(*sample().in_period(), horizon=4),
    leads.SharpeRatio: lambda: leads.sharpe_ratio(ended()[0]),
    leads.Slopes: lambda: leads.subsample_slopes(*sample().pairs(), ["1990Q1"]),
    leads.StateProbability: probability,
    leads.SuperiorAbility: lambda: leads.superior_ability(losses(), "mean", n_replications=99),
    leads.TestResult: lambda: leads.predictability_tests()[0].run(sample(), 4),
    leads.WildBootstrap: lambda: leads.wild_bootstrap_forecasts(
        ended()[0], ended()[1].to_frame(), START, n_replications=99
    ),
}
