"""Start values, break tests and pre-samples that follow from the equations, against regressions cut by hand.

The regressions here are those of the published code (HLW 2017 and 2023, ``rstar.stage1.R`` to ``rstar.stage3.R``;
LW 2003 and 2023), written out lag by lag.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares

from capstar.data import us_macro
from capstar.rstar import HLW2017, HLW2023, LW2003, LW2023, RStarModel, break_statistics, start_values
from capstar.rstar.laubach_williams.inputs import prepare, required_columns
from capstar.rstar.laubach_williams.three_stage import adapt
from capstar.statespace import start_from
from capstar.statespace.search import search_start

MODELS = {
    "HLW 2017": (HLW2017, "hlw2017_us_2019q4", 4),
    "HLW 2023": (HLW2023, "hlw2023_us_2023q2", 4),
    "LW 2003": (LW2003, "lw2023_us_2023q2", 8),
    "LW 2023": (LW2023, "lw2023_us_2023q2", 8),
}
# phi comes from an iteration that stops at 1e-8 of the sum of squares: with it, rounding in the tenth digit.
EXACT, ITERATED = 1e-10, 1e-7


@dataclass(frozen=True)
class ByHand:
    """The published regressions, cut out of arrays; ``k`` quarters come before the sample."""

    frame: pd.DataFrame
    k: int
    long: bool
    breaks: tuple[int, ...]

    def cut(self, series: np.ndarray, lag: int) -> np.ndarray:
        return series[self.k - lag : len(series) - lag]

    def gap(self) -> np.ndarray:
        """Deviation from a trend, linear or broken, from four quarters before the sample."""
        y = self.frame["y"].to_numpy()[self.k - 4 :]
        t = np.arange(1.0, len(y) + 1)
        X = np.column_stack([np.ones_like(t), t, *(np.maximum(t - b, 0) for b in self.breaks if b < len(t))])
        rest = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
        return np.concatenate([np.full(self.k - 4, np.nan), rest])

    def is_curve(self, gap: np.ndarray, stage: int) -> tuple[np.ndarray, np.ndarray]:
        columns = [self.cut(gap, 1), self.cut(gap, 2)]
        if stage >= 2:
            r = self.frame["r"].to_numpy()
            columns += [(self.cut(r, 1) + self.cut(r, 2)) / 2, np.ones(len(gap) - self.k)]
        return self.cut(gap, 0), np.column_stack(columns)

    def phillips(self, gap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pi = self.frame["pi"].to_numpy()
        columns = [self.cut(pi, 1), sum(self.cut(pi, lag) for lag in (2, 3, 4)) / 3]
        if self.long:
            columns += [sum(self.cut(pi, lag) for lag in (5, 6, 7, 8)) / 4]
        columns += [self.cut(gap, 1)]
        if self.long:
            columns += [
                self.cut(self.frame["oil"].to_numpy(), 1),
                self.cut(self.frame["imports"].to_numpy(), 0),
            ]
        return self.cut(pi, 0), np.column_stack(columns)

    def start(self, stage: int, covid: bool) -> dict[str, float]:
        gap, out = self.gap(), {}
        if covid:
            d = self.frame["d"].to_numpy()

            def residuals(phi: np.ndarray) -> np.ndarray:
                y, X = self.is_curve(gap - phi[0] * d, stage)
                return y - X @ np.linalg.lstsq(X, y, rcond=None)[0]

            out["phi"] = least_squares(residuals, np.zeros(1)).x[0]
            gap = gap - out["phi"] * d
        slopes, out["sigma_ygap"] = _ols(*self.is_curve(gap, stage), others=int(covid))
        names = ["a_y1", "a_y2", "a_r", "a_0"][: {1: 2, 2: 4, 3: 3}[stage]]
        out |= dict(zip(names, slopes, strict=False))
        slopes, out["sigma_pi"] = _ols(*self.phillips(gap))
        long = ["b_pi_lag1", "b_pi_lag2to4", "", "b_y", "b_oil", "b_import"]
        out |= {n: b for n, b in zip(long if self.long else ["b_pi", "", "b_y"], slopes, strict=True) if n}
        out["sigma_ystar"] = 0.7 if stage == 3 else 0.5
        return out | ({"a_g": -out["a_r"]} if stage == 2 else {})


def _ols(y: np.ndarray, X: np.ndarray, others: int = 0) -> tuple[np.ndarray, float]:
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    rest = y - X @ beta
    return beta, float(np.sqrt(rest @ rest / (len(y) - X.shape[1] - others)))


def _by_hand(model: RStarModel, one, k: int, end: str | None = None) -> tuple[ByHand, pd.Period, pd.Period]:
    start, last = (pd.Period(q, "Q") for q in one.numbers["sample"])
    last = last if end is None else pd.Period(end, "Q")
    frame = one.frame.loc[start - k : last]
    return ByHand(frame, k, model.variant.import_prices, model.variant.trend_breaks), start, last


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_start_values_are_the_published_regressions(golden_set, name: str, stage) -> None:
    model, data, k = MODELS[name]
    one = golden_set(data)
    hand, start, end = _by_hand(model, one, k)
    expected = hand.start(stage, model.variant.covid)
    ours = start_values(one.frame, start, end, stage, model.variant)
    assert set(ours) == set(expected)
    for parameter, value in expected.items():
        # A slope near zero is compared by the scale of its neighbours.
        tolerance = ITERATED if model.variant.covid else EXACT
        assert ours[parameter] == pytest.approx(value, rel=tolerance, abs=tolerance * 1e-2), parameter


@pytest.mark.parametrize(
    "name", ["hlw2017_us_2019q4", "hlw2017_ca_2019q4", "hlw2023_us_2023q2", "lw2023_us_2023q2"]
)
def test_break_test_of_stage_2_is_the_published_regression(golden_set, golden_fit, name: str) -> None:
    one, stage2 = golden_set(name), golden_fit(name).stages.stage2
    smoothed, index = stage2.states.states("smoothed"), stage2.problem.index
    frame, phi = one.frame, stage2.ml.params.get("phi", 0.0)
    output = frame["y"] - phi * frame["d"] if "phi" in stage2.ml.params else frame["y"]
    gap = [output.shift(k).loc[index] - smoothed["ystar" if k == 0 else f"ystar(-{k})"] for k in range(3)]
    rate = (frame["r"].shift(1) + frame["r"].shift(2)).loc[index] / 2
    # The newest trend growth the state holds: g(-1) in HLW 2017, g in the models of 2023.
    growth = smoothed["g(-1)" if name.startswith("hlw2017") else "g"]
    X = np.column_stack([gap[1], gap[2], rate, growth, np.ones(len(index))])
    weights = None
    if one.model.variant.weighted_break:
        weights = 1 / stage2.problem.scale(stage2.problem.vector(stage2.ml.params)) ** 2
    expected = break_statistics(gap[0], X, weights=weights)
    np.testing.assert_allclose(stage2.breaks.t_statistic, expected.t_statistic, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("name", "column", "depth"), [
    ("HLW 2017", "log_gdp", 4), ("HLW 2017", "inflation", 4), ("HLW 2017", "interest_rate", 2),
    ("HLW 2017", "expected_inflation", 2), ("HLW 2023", "interest_rate", 2), ("LW 2023", "log_gdp", 4),
    ("LW 2023", "inflation", 8), ("LW 2023", "oil_price_inflation", 1), ("LW 2023", "import_price_inflation", 0),
])  # fmt: skip
def test_a_column_is_needed_as_far_back_as_lags_read_it(
    golden_set, name: str, column: str, depth: int
) -> None:
    model, data, k = MODELS[name]
    table, start = golden_set(data).data, pd.Period("1965Q1", "Q")
    assert column in required_columns(model.variant)
    for quarter, works in ((start - depth, True), (start - depth + 1, False)):
        cut = table.copy()
        cut.loc[: quarter - 1, column] = np.nan
        if works:
            frame, first, _ = prepare(cut, model.variant, start=start, end=None, n_params=0)
            assert first == start
            assert frame.index[0] == start - k
        else:
            with pytest.raises(ValueError, match=column):
                prepare(cut, model.variant, start=start, end=None, n_params=0)


def test_columns_of_the_published_models() -> None:
    base = {"log_gdp", "inflation", "expected_inflation", "interest_rate"}
    prices = {"oil_price_inflation", "import_price_inflation"}
    expected = [base, base | {"covid_index"}, base | prices, base | prices | {"covid_index"}]
    models = (HLW2017, HLW2023, LW2003, LW2023)
    assert [set(required_columns(model.variant)) for model in models] == expected


def test_buncic_break_series_is_the_residual_of_the_equation(golden_set) -> None:
    one = golden_set("hlw2023_us_2023q2")
    stage2 = HLW2023.edit(stage2="buncic").fit(one.data, *one.numbers["sample"], n_starts=1).stages.stage2
    a, smoothed, index = stage2.ml.params, stage2.states.states("smoothed"), stage2.problem.index
    output = one.frame["y"] - a["phi"] * one.frame["d"]
    gap = [output.shift(k).loc[index] - smoothed["ystar" if k == 0 else f"ystar(-{k})"] for k in range(3)]
    rate = ((one.frame["r"].shift(1) + one.frame["r"].shift(2)) / 2).loc[index]
    natural = 4 * a["c"] * (smoothed["g(-1)"] + smoothed["g(-2)"]) / 2
    rest = gap[0] - a["a_y1"] * gap[1] - a["a_y2"] * gap[2] - a["a_r"] * (rate - natural)
    weights = 1 / stage2.problem.scale(stage2.problem.vector(a)) ** 2
    expected = break_statistics(rest, np.ones((len(rest), 1)), weights=weights)
    np.testing.assert_allclose(stage2.breaks.t_statistic, expected.t_statistic, rtol=1e-8, atol=1e-8)


def test_start_values_before_covid_are_those_without_the_index(golden_set) -> None:
    one = golden_set("hlw2023_us_2023q2")
    start, end = pd.Period("1961Q1", "Q"), pd.Period("2019Q4", "Q")
    found = start_values(one.frame, start, end, 3, adapt(HLW2023.variant, one.frame, start, end))
    plain = start_values(one.frame, start, end, 3, replace(HLW2023.variant, covid=False, scale_windows={}))
    assert found == plain
    assert "phi" not in found


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("model", [HLW2017, HLW2023, LW2003, LW2023, HLW2017.edit(stage2="buncic")])
def test_start_values_of_every_stage_are_found_by_search(model, stage: int) -> None:
    """Intercepts range over the data, whose logs times 100 are beyond what exp takes: only logarithms are raised."""
    us = us_macro().loc["1975Q1":"1984Q4"]
    other = np.random.default_rng(0).random((len(us), 3))
    frame = pd.DataFrame(other, us.index, columns=["d", "oil", "imports"])
    frame = frame.assign(
        y=100 * us["log_gdp"], pi=us["inflation"], r=us["interest_rate"] - us["expected_inflation"]
    )
    assert frame["y"].min() > np.log(np.finfo(float).max)
    problem = start_from(model.variant.stage(stage), frame, "stationary")
    table = problem.table()
    found = search_start(problem, table)
    assert found.start.between(table.lower, table.upper).all()
    given = table.start.dropna()
    assert len(given) < len(found.start)
    assert np.isfinite(problem.loglike(found.start.to_dict()))
