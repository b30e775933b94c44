"""Logit of a state: Greene's example, sandwiches written out, ROC areas from the literature, separation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.leads import roc_curve, state_probability, state_within


@pytest.fixture(scope="module")
def spector() -> pd.DataFrame:
    """Spector and Mazzeo's grades, in Greene's Econometric Analysis; the quarters are only labels."""
    from statsmodels.datasets import spector

    data = spector.load_pandas().data
    return data.set_axis(pd.period_range("2000Q1", periods=len(data), freq="Q"))


@pytest.fixture(scope="module")
def bear(reference) -> pd.Series:
    """Bear months of the S&P 500, 1950-2019 (Lunde-Timmermann, 20 and 20 percent)."""
    table = pd.read_csv(reference("predictability/bull_bear/sp500_monthly_states.csv"), index_col="month")
    return (
        (table["lunde_timmermann_20_20"] == 0).set_axis(pd.PeriodIndex(table.index, freq="M")).rename("bear")
    )


@pytest.fixture(scope="module")
def spread(reference) -> pd.Series:
    """Term spread, percentage points, month averages."""
    table = pd.read_csv(reference("predictability/goyal_welch_monthly_2021.csv"), index_col="yyyymm")
    index = pd.PeriodIndex(pd.to_datetime(table.index.astype(str), format="%Y%m"), freq="M")
    return (100 * (table["lty"] - table["tbl"])).set_axis(index).rename("spread").loc["1950-01":"2019-12"]


def sandwich(X: np.ndarray, y: np.ndarray, beta: np.ndarray, lags: int) -> np.ndarray:
    """Inverse Hessian, Bartlett sum of scores, inverse Hessian."""
    p = 1 / (1 + np.exp(-X @ beta))
    bread = np.linalg.inv((X * (p * (1 - p))[:, None]).T @ X)
    scores = X * (y - p)[:, None]
    meat = scores.T @ scores
    for lag in range(1, lags + 1):
        gamma = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (lags + 1)) * (gamma + gamma.T)
    return bread @ meat @ bread


def test_greene_grades(spector) -> None:
    """Greene (2012), table 17.1 and Stata's margins: coefficients and average effects as printed."""
    found = state_probability(spector["GRADE"], spector[["GPA", "TUCE", "PSI"]], lags=0)
    assert found.table["coefficient"].round(4).tolist() == [-13.0213, 2.8261, 0.0952, 2.3787]
    assert found.table["effect"].iloc[1:].round(4).tolist() == [0.3626, 0.0122, 0.3052]
    assert found.llf == pytest.approx(-12.88963, abs=5e-6)
    assert found.pseudo_r2 == pytest.approx(0.374, abs=5e-4)
    assert found.base_rate == 11 / 32
    assert found.brier_base == pytest.approx(((spector["GRADE"] - 11 / 32) ** 2).mean())
    assert found.brier == pytest.approx(((spector["GRADE"] - found.probability) ** 2).mean())
    assert "base rate 0.344" in str(found.summary())


@pytest.mark.parametrize("lags", [0, 11])
def test_errors_and_effects_under_overlap(bear, spread, lags: int) -> None:
    """A bear month within a year, on the term spread: errors against the sandwich, to 1e-6.

    The average effect and, by the delta method, its error to 1e-5.
    """
    outcome = state_within(bear, spread.index, horizon=12)
    found = state_probability(outcome, spread, lags=lags)
    y, x = found.outcome.to_numpy(), spread.loc[found.outcome.index].to_numpy()
    X = np.column_stack([np.ones(len(x)), x])
    beta = found.table["coefficient"].to_numpy()
    np.testing.assert_allclose(X.T @ (y - found.probability), 0, atol=1e-6)  # the score at the maximum
    cov = sandwich(X, y, beta, lags)
    np.testing.assert_allclose(found.table["se"], np.sqrt(np.diag(cov)), rtol=1e-6)

    def effect(b: np.ndarray) -> float:
        p = 1 / (1 + np.exp(-X @ b))
        return float((p * (1 - p)).mean() * b[1])

    steps = 1e-6 * np.eye(2)
    gradient = np.array([(effect(beta + s) - effect(beta - s)) / 2e-6 for s in steps])
    assert found.table.loc["spread", "effect"] == pytest.approx(effect(beta), rel=1e-8)
    assert found.table.loc["spread", "effect_se"] == pytest.approx(
        np.sqrt(gradient @ cov @ gradient), rel=1e-5
    )


def test_overlap_widens_and_is_the_default(bear, spread) -> None:
    outcome = state_within(bear, spread.index, horizon=12)
    white, default = (state_probability(outcome, spread, **o) for o in ({"lags": 0}, {"horizon": 12}))
    assert "11 lags" in default.covariance
    assert default.table.loc["spread", "se"] > 2 * white.table.loc["spread", "se"]
    assert default.area_se > 2 * white.area_se
    # A flat yield curve goes before bear markets (Estrella and Mishkin 1998).
    assert default.table.loc["spread", "effect"] < 0


def test_clusters(bear, spread) -> None:
    """Bear months on the term spread, clustered by year: errors against the sandwich written out, to 1e-6."""
    outcome = state_within(bear, spread.index, horizon=12)
    years = pd.Series(spread.index.year, spread.index, name="year")
    found = state_probability(outcome, spread, groups=years)
    y, x = found.outcome.to_numpy(), spread.loc[found.outcome.index].to_numpy()
    X = np.column_stack([np.ones(len(x)), x])
    p = found.probability.to_numpy()
    scores = pd.DataFrame(X * (y - p)[:, None]).groupby(found.outcome.index.year).sum().to_numpy()
    bread = np.linalg.inv((X * (p * (1 - p))[:, None]).T @ X)
    groups, n = len(scores), len(y)
    cov = bread @ scores.T @ scores @ bread * groups / (groups - 1) * (n - 1) / (n - 2)
    np.testing.assert_allclose(found.table["se"], np.sqrt(np.diag(cov)), rtol=1e-6)
    assert f"clustered by year ({groups} groups)" in found.covariance
    with pytest.raises(DataError, match="no group for 1950-01"):
        state_probability(outcome, spread, groups=years.loc["1951-01":])


def test_state_within_month_by_month(bear) -> None:
    quarters = pd.period_range("1949Q1", "2020Q1", freq="Q")
    found = state_within(bear, quarters, horizon=2)
    for quarter in quarters:
        first = quarter.asfreq("M", how="end") + 2
        months = [first + k for k in range(6)]
        if all(m in bear.index for m in months):
            assert found[quarter] == float(any(bear[m] for m in months))
        else:
            assert np.isnan(found[quarter])
    assert found.notna().sum() > 270
    same = state_within(bear, bear.index, horizon=3, publication_lag=0)
    assert same["1962-01"] == float(bear.loc["1962-02":"1962-04"].any())


def test_outcomes_known_stay_known(bear) -> None:
    quarters = pd.period_range("1950Q1", "2019Q4", freq="Q")
    cut = state_within(bear.loc[:"1987-09"], quarters, horizon=4).dropna()
    pd.testing.assert_series_equal(state_within(bear, quarters, horizon=4).loc[cut.index], cut)


def test_hanley_and_mcneil() -> None:
    """Hanley and McNeil (1982), table I: 58 normal and 51 abnormal scans in five classes; area 0.893."""
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    outcome = pd.Series(
        [0.0] * 58 + [1.0] * 51, pd.period_range("2000-01", periods=109, freq="M"), name="abnormal"
    )
    rating = pd.Series(
        np.repeat([1, 2, 3, 4, 5] * 2, normal + abnormal), outcome.index, dtype=float, name="rating"
    )
    curve = roc_curve(outcome, rating)
    area = np.trapezoid(curve["true_positive"], curve["false_positive"])
    assert area == pytest.approx(0.893, abs=5e-4)
    assert curve["false_positive"].tolist()[1:3] == pytest.approx([2 / 58, 13 / 58])
    found = state_probability(outcome, rating, lags=0)  # the logit keeps the order of the ratings
    assert found.area == pytest.approx(area, rel=1e-12)
    up, down = rating[outcome == 1].to_numpy(), rating[outcome == 0].to_numpy()
    wins = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    delong = np.sqrt(wins.mean(axis=1).var() / 51 + wins.mean(axis=0).var() / 58)
    assert found.area_se == pytest.approx(delong, rel=1e-10)
    assert found.area_se == pytest.approx(0.032, abs=2e-3)  # theirs, by another formula


def test_roc_curve_by_thresholds(spector) -> None:
    found = state_probability(spector["GRADE"], spector[["GPA", "TUCE", "PSI"]])
    y, p = found.outcome.to_numpy() == 1, found.probability.to_numpy()
    for row in found.roc.itertuples():
        said = p >= row.threshold
        assert row.true_positive == pytest.approx(said[y].mean())
        assert row.false_positive == pytest.approx(said[~y].mean())
    assert found.area == pytest.approx(np.trapezoid(found.roc["true_positive"], found.roc["false_positive"]))
    (ax,) = found.plot().axes
    assert "0.88" in ax.get_title(loc="left")
    assert len(ax.lines) == 2


def test_perfect_separation(spector) -> None:
    oracle = (spector["GRADE"] + 0.1 * np.sin(np.arange(32))).rename("oracle")
    with pytest.raises(DataError, match=r"\['oracle'\] separate the dates with GRADE \(11 of 32\)"):
        state_probability(spector["GRADE"], oracle)
    # Ties at the border leave the likelihood without a maximum all the same.
    dummy = pd.Series(np.where(np.arange(32) % 3 == 0, spector["GRADE"], 0.0), spector.index, name="dummy")
    with pytest.raises(DataError, match="perfectly"):
        state_probability(spector["GRADE"], dummy)


def test_bad_input(bear, spread, spector) -> None:
    with pytest.raises(SpecificationError, match="horizon=0"):
        state_within(bear, spread.index, horizon=0)
    with pytest.raises(DataError, match="a state is true or false"):
        state_within(spread, spread.index, horizon=1)
    with pytest.raises(DataError, match="dates monthly"):
        state_within(bear.resample("Q").max(), spread.index, horizon=1)
    with pytest.raises(DataError, match="GRADE is always 0"):
        state_probability(spector["GRADE"] * 0, spector["GPA"])
    with pytest.raises(DataError, match="collinear"):
        state_probability(spector["GRADE"], spector[["GPA", "PSI"]].assign(twice=2 * spector["GPA"]))
    with pytest.raises(DataError, match="share 20 dates; at least 30"):
        state_probability(spector["GRADE"], spector["GPA"].iloc[:20])
    with pytest.raises(DataError, match="GPA is missing in 2003Q1"):
        state_probability(spector["GRADE"], spector["GPA"].where(spector.index != spector.index[12]))
    with pytest.raises(DataError, match="Bring them to one frequency"):
        state_probability(bear.astype(float), spector["GPA"])
