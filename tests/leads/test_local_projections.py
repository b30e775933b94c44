"""Local projections: R's lpirfs, plain regressions on real returns, size under persistence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.leads import cumulate_after, impulse_responses, local_projections

GOLDEN = 1e-6  # asked of lp_golden.csv; what remains is 1e-13


@pytest.fixture(scope="module")
def jorda(reference) -> pd.DataFrame:
    data = pd.read_csv(reference("predictability/local_projections/jorda2005_data.csv"), index_col="quarter")
    return data.set_axis(pd.PeriodIndex(data.index, freq="Q"))


@pytest.fixture(scope="module")
def golden(reference) -> pd.DataFrame:
    return pd.read_csv(reference("predictability/local_projections/lp_golden.csv"))


@pytest.fixture(scope="module")
def gap(reference) -> pd.Series:
    """Ex-ante real rate less the published one-sided r* of HLW (2023), to 2019Q4."""
    published = pd.read_csv(reference("hlw2023/us_2023q2_published.csv"), index_col="date")
    rates = pd.read_csv(reference("hlw2023/us_2023q2_input.csv"), index_col="date").loc[published.index]
    real = rates["interest_rate"] - rates["expected_inflation"] - published["rstar_filtered"]
    real.index = pd.PeriodIndex(real.index, freq="Q")
    return real.rename("gap").loc[:"2019Q4"]


@pytest.fixture(scope="module")
def deciles(reference) -> pd.DataFrame:
    data = pd.read_csv(reference("small_caps/size_portfolios_monthly.csv"), index_col="month")
    names = ["Lo 10", *(f"Dec {k}" for k in range(2, 10)), "Hi 10"]
    return data.set_axis(pd.PeriodIndex(data.index, freq="M"))[names].loc["1960-01":"2021-12"]


def keyed(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["shock", "response", "horizon"])


def test_every_response_of_lpirfs(jorda, golden) -> None:
    """All 117 responses of R's lpirfs on the data of Jorda (2005), to 1e-6."""
    ours = keyed(impulse_responses(jorda).table)
    theirs = golden.set_index(["shock", "response", "h"])
    assert len(theirs) == len(ours) == 117
    np.testing.assert_allclose(ours["estimate"].loc[theirs.index], theirs["mean"], rtol=0, atol=GOLDEN)


def test_bands_of_lpirfs(jorda, golden) -> None:
    """Bands of R's lpirfs rebuilt as its weighted sum of slope bounds, to 1e-6; equal to ours for the last shock.

    lpirfs weights the bounds by the impact; a confidence band where one slope remains.
    """
    recursive = keyed(impulse_responses(jorda).table)
    slopes = keyed(impulse_responses(jorda, recursive=False).table)
    names = list(jorda)
    for row in golden[golden["h"] > 0].itertuples():
        impact = np.array([recursive.loc[(row.shock, name, 0), "estimate"] for name in names])
        parts = slopes.loc[[(name, row.response, row.h) for name in names]]
        low = impact @ (parts["estimate"] - 1.96 * parts["se"]).to_numpy()
        up = impact @ (parts["estimate"] + 1.96 * parts["se"]).to_numpy()
        assert (low, up) == pytest.approx((row.low, row.up), abs=GOLDEN)
        if row.shock == names[-1]:  # ordered last, it moves nothing else within the quarter
            one = recursive.loc[(row.shock, row.response, row.h)]
            found = one["estimate"] - 1.96 * one["se"], one["estimate"] + 1.96 * one["se"]
            assert found == pytest.approx((row.low, row.up), abs=GOLDEN)


def test_error_of_a_recursive_shock_counts_the_covariance_of_slopes(jorda) -> None:
    """The error of a recursive shock's response against the sandwich d'Vd written out, to 1e-8."""
    h, names = 5, list(jorda)
    table = keyed(impulse_responses(jorda).table)
    d = np.array([table.loc[("output_gap", name, 0), "estimate"] for name in names])
    values = jorda.to_numpy()
    n = len(values) - 3 - h
    X = np.column_stack([np.ones(n), *(values[3 - k : 3 - k + n] for k in range(4))])
    y = values[3 + h :, 1]
    inverse = np.linalg.inv(X.T @ X)
    scores = X * (y - X @ inverse @ X.T @ y)[:, None]
    meat = scores.T @ scores
    for lag in range(1, h + 1):
        gamma = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (h + 1)) * (gamma + gamma.T)
    V = (inverse @ meat @ inverse)[1:4, 1:4]
    assert table.loc[("output_gap", "inflation", h), "se"] == pytest.approx(np.sqrt(d @ V @ d), rel=1e-8)


@pytest.mark.parametrize("bands", ["hac", "lag-augmented"])
def test_same_numbers_without_statsmodels_local_projections(gap, deciles, bands, monkeypatch) -> None:
    """The same tables with statsmodels' LocalProjections and without it, to 1e-9."""
    import statsmodels.tsa.api as tsa

    def run() -> pd.DataFrame:
        return local_projections(deciles["Lo 10"], gap, horizons=(1, 6), bands=bands).table

    with_it = run()
    monkeypatch.delattr(tsa, "LocalProjections", raising=False)
    pd.testing.assert_frame_equal(run(), with_it, rtol=1e-9)


def months_after(returns: pd.Series, quarter: pd.Period, h: int) -> float:
    """Log return from the second month after the quarter, month by month."""
    start = quarter.asfreq("M", how="end") + 2
    return sum(100 * np.log1p(returns[start + k] / 100) for k in range(3 * h))


def test_lag_augmented_regression_written_out(gap, deciles) -> None:
    """Lag-augmented regression of the smallest decile on the r* gap, written out: slope, error to 1e-8, band 1e-7."""
    h, lags, small = 4, 2, deciles["Lo 10"]
    found = local_projections(small, gap, horizons=[h], lags=lags).table.iloc[0]
    quarters = gap.index[lags + 1 :]
    y = np.array([months_after(small, q, h) for q in quarters])
    X = np.array([
        [1.0, gap[q], *(gap[q - k] for k in (1, 2, 3)), *(months_after(small, q - k, 1) for k in (1, 2, 3))]
        for q in quarters
    ])  # fmt: skip
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ X.T @ y
    scores = X * (y - X @ beta)[:, None]
    n, k = X.shape
    se = np.sqrt((inverse @ scores.T @ scores @ inverse)[1, 1] * n / (n - k))
    assert (found["nobs"], found["first"], found["last"]) == (n, "1961Q4", "2019Q4")
    assert found["estimate"] == pytest.approx(beta[1], rel=1e-8)
    assert found["se"] == pytest.approx(se, rel=1e-8)
    assert found["upper"] - found["lower"] == pytest.approx(2 * 1.6448536 * se, rel=1e-7)


def test_states_are_separate_regressions(gap, deciles) -> None:
    """Projections by state are least squares of each state with White's errors, written out, to 1e-8."""
    level = (1 + deciles["Hi 10"] / 100).cumprod()
    state = (level < 0.9 * level.cummax()).rename("drawdown")
    options = {"horizons": [2], "lags": 1}
    both = local_projections(deciles["Lo 10"], gap, state=state, **options).table.set_index("state")
    y = cumulate_after(deciles["Lo 10"], gap.index, horizon=2)
    one = cumulate_after(deciles["Lo 10"], gap.index)
    X = pd.concat([gap, *(s.shift(k) for s in (gap, one) for k in (1, 2))], axis=1).iloc[2:]
    before = state.reindex((X.index - 1).asfreq("M", how="end")).to_numpy()
    n = len(X)
    for label, keep in (("true", before), ("false", ~before)):
        A = np.column_stack([np.ones(keep.sum()), X[keep]])
        inverse = np.linalg.inv(A.T @ A)
        beta = inverse @ A.T @ y.loc[X.index][keep].to_numpy()
        scores = A * (y.loc[X.index][keep].to_numpy() - A @ beta)[:, None]
        se = np.sqrt((inverse @ scores.T @ scores @ inverse)[1, 1] * n / (n - 2 * A.shape[1]))
        assert both.loc[label, "estimate"] == pytest.approx(beta[1], rel=1e-8)
        assert both.loc[label, "se"] == pytest.approx(se, rel=1e-8)


def test_nothing_after_the_last_return_matters(gap, deciles) -> None:
    cut = deciles["Lo 10"].loc[:"2000-12"]
    found = local_projections(cut, gap, horizons=(1, 8)).table
    last = pd.PeriodIndex(found["last"], freq="Q")
    assert list(last.astype(str)) == ["2000Q2", "1998Q3"]  # returns to October 2000 begin in May
    spoiled = gap.where(gap.index <= last.max(), 99.0)
    pd.testing.assert_frame_equal(local_projections(cut, spoiled, horizons=(1, 8)).table, found)
    pd.testing.assert_frame_equal(local_projections(cut, gap.loc[: last.max()], horizons=(1, 8)).table, found)


def test_size_with_a_persistent_predictor() -> None:
    """Root 0.99, innovations correlated -0.95, no predictability: the augmented test keeps its size.

    400 samples: a true 10 percent lies in 7-13 with 95 percent chance; the plain regression is far off.
    """
    rng = np.random.default_rng(5)
    index, draws, n, h = pd.period_range("1960Q1", periods=240, freq="Q"), 400, 240, 4
    rejected = {"augmented": 0, "plain": 0}
    for _ in range(draws):
        u, e = rng.standard_normal((2, n))
        x = np.zeros(n)
        for t in range(1, n):
            x[t] = 0.99 * x[t - 1] + u[t]
        returns = pd.Series(4 * (-0.95 * u + np.sqrt(1 - 0.95**2) * e), index, name="r").clip(-50, 50)
        predictor = pd.Series(x, index, name="x")
        one = local_projections(returns, predictor, horizons=[h], lags=1, publication_lag=0)
        rejected["augmented"] += one.table["p"].iloc[0] < 0.1
        log = 100 * np.log1p(returns.to_numpy() / 100)
        Y = np.convolve(log, np.ones(h), "valid")[1:]
        X = np.column_stack([np.ones(len(Y)), x[: len(Y)]])
        beta, residual, *_ = np.linalg.lstsq(X, Y, rcond=None)
        se = np.sqrt(residual[0] / len(Y) * np.linalg.inv(X.T @ X)[1, 1])
        rejected["plain"] += abs(beta[1] / se) > 1.645
    assert 0.06 < rejected["augmented"] / draws < 0.15
    assert rejected["plain"] / draws > 0.4


def test_frequencies(gap, deciles) -> None:
    """Quarterly returns begin a whole quarter after publication; monthly gaps need no quarters."""
    quarterly = (1 + deciles[["Lo 10"]] / 100).groupby(deciles.index.asfreq("Q")).prod().sub(1).mul(100)
    late = local_projections(quarterly, gap, horizons=[1], lags=1).table
    three = local_projections(deciles["Lo 10"], gap, horizons=[1], lags=1, publication_lag=3).table
    pd.testing.assert_frame_equal(late, three, rtol=1e-9)
    monthly_gap = gap.resample("M").ffill().rename("gap")
    assert local_projections(deciles["Lo 10"], monthly_gap, horizons=[12], lags=1).table["nobs"].iloc[0] > 600


def test_bad_input(gap, deciles) -> None:
    small = deciles["Lo 10"]
    with pytest.raises(SpecificationError, match=r"horizons=\[0\]"):
        local_projections(small, gap, horizons=[0])
    with pytest.raises(SpecificationError, match="bands='white'"):
        local_projections(small, gap, bands="white")
    with pytest.raises(DataError, match="at least 21 are needed"):
        local_projections(small, gap.loc["2010Q1":"2015Q4"], horizons=[4])
    with pytest.raises(DataError, match="gap is missing in 1990Q1"):
        local_projections(small, gap.where(gap.index != gap.index[116]), horizons=[1])
    with pytest.raises(DataError, match="repeated after 1999-12"):
        local_projections(small.drop(pd.Period("2000-01", "M")), gap, horizons=[1])
    with pytest.raises(DataError, match="never changes"):
        local_projections(small, gap, state=small > 1000, horizons=[1])
    with pytest.raises(DataError, match="one state holds in 2 of 231 dates; at least 20"):
        local_projections(small, gap, state=small > 14, horizons=[1])
    with pytest.raises(DataError, match="a state is true or false"):
        local_projections(small, gap, state=small, horizons=[1])
    with pytest.raises(DataError, match="expected a monthly or quarterly PeriodIndex"):
        local_projections(small.to_timestamp(), gap, horizons=[1])


def test_figures(gap, deciles) -> None:
    level = (1 + deciles["Hi 10"] / 100).cumprod()
    found = local_projections(
        deciles, gap, horizons=(1, 4), lags=1, state=(level < 0.9 * level.cummax()).rename("in a fall")
    )
    panels = [ax for ax in found.plot().axes if ax.get_visible()]
    assert [ax.get_title(loc="left") for ax in panels] == list(deciles)
    (across,) = found.plot(horizon=4).axes
    assert [line.get_label() for line in across.lines[:2]] == ["in a fall", "not in a fall"]
    assert list(across.lines[0].get_xdata()) == list(deciles)
    with pytest.raises(SpecificationError, match="horizon=3"):
        found.plot(horizon=3)
    assert "lag-augmented" in str(found.summary())
    assert "Dec 7" in str(found.summary())
