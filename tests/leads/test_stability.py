"""Quantiles, samples and breaks: Koenker's Engel curve, the Nile, Andrews' critical values, simulated size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.leads import (
    break_test,
    cumulate_after,
    newey_west,
    quantile_slopes,
    rolling_slopes,
    subsample_slopes,
    sup_wald_p,
)


@pytest.fixture(scope="module")
def rates(reference) -> tuple[pd.Series, pd.Series]:
    """Premium over the next month, percent, and the Treasury bill rate (Rapach and Zhou 2013)."""
    raw = pd.read_csv(reference("predictability/rapach_zhou2013/monthly.csv"), index_col="month")
    raw.index = pd.PeriodIndex(raw.index, freq="M")
    premium = 100 * (np.log1p(raw["crsp_spvw"]) - np.log1p(raw["rfree"].shift(1)))
    return premium.shift(-1).rename("premium").loc["1950-01":], 100 * raw["tbl"].loc["1950-01":]


@pytest.fixture(scope="module")
def decile(reference) -> pd.Series:
    data = pd.read_csv(reference("small_caps/size_portfolios_monthly.csv"), index_col="month")
    return data["Lo 10"].set_axis(pd.PeriodIndex(data.index, freq="M"))


def labelled(values, name: str) -> pd.Series:
    """Cross sections and years on a PeriodIndex: the dates are only labels."""
    index = pd.period_range("1900Q1", periods=len(values), freq="Q")
    return pd.Series(np.asarray(values, dtype=float), index, name=name)


def test_engel_curve() -> None:
    """Slopes of R's quantreg on Engel's data (Koenker 2005, appendix A), as printed."""
    from statsmodels.datasets import engel

    data = engel.load_pandas().data
    found = quantile_slopes(
        labelled(data["foodexp"], "food"),
        labelled(data["income"], "income"),
        quantiles=(0.05, 0.25, 0.5, 0.75, 0.95),
    )
    published = [0.34336, 0.47410, 0.56018, 0.64401, 0.70907]
    np.testing.assert_allclose(found.table["slope"], published, rtol=0, atol=6e-6)
    assert "income" in str(found.summary())


def check_loss(errors: np.ndarray, q: float) -> float:
    return float(errors @ (q - (errors < 0)))


def linear_program(Y: np.ndarray, X: np.ndarray, q: float) -> np.ndarray:
    """Quantile regression as Koenker and Bassett (1978) state it: errors are u - v, and q u + (1 - q) v least."""
    from scipy.optimize import linprog

    n, k = X.shape
    cost = np.concatenate([np.zeros(k), np.full(n, q), np.full(n, 1 - q)])
    bounds = [(None, None)] * k + [(0, None)] * (2 * n)
    found = linprog(
        cost, A_eq=np.hstack([X, np.eye(n), -np.eye(n)]), b_eq=Y, bounds=bounds, method="highs-ds"
    )
    assert found.status == 0, found.message
    return found.x[:k]


def is_the_only_optimum(beta: np.ndarray, Y: np.ndarray, X: np.ndarray, q: float) -> bool:
    """Koenker (2005), theorem 2.1: weights of the points on the line strictly inside (q - 1, q)."""
    errors = Y - X @ beta
    on = np.argsort(np.abs(errors))[: X.shape[1]]
    off = np.setdiff1d(np.arange(len(Y)), on)
    weights = np.linalg.solve(X[on].T, -X[off].T @ (q - (errors[off] < 0)))
    assert np.abs(errors[on]).max() < 1e-9
    assert ((weights >= q - 1 - 1e-9) & (weights <= q + 1e-9)).all(), "not even an optimum"
    return bool(((weights > q - 1 + 1e-9) & (weights < q - 1e-9)).all())


def test_quantiles_are_the_optimum(rates) -> None:
    """Quantile slopes at seven levels against linear programming: slope to 1e-9, check loss to 1e-12."""
    y, x = rates
    levels = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    found = quantile_slopes(y, x, quantiles=levels).table.set_index("quantile")["slope"]
    sample = y.dropna().index
    Y, x = y.loc[sample].to_numpy(), x.loc[sample].to_numpy()
    X = np.column_stack([np.ones(len(x)), x])
    for q, slope in found.items():
        beta = linear_program(Y, X, q)
        assert is_the_only_optimum(beta, Y, X, q)
        assert slope == pytest.approx(beta[1], rel=1e-9)
        intercept = np.quantile(Y - slope * x, q, method="inverted_cdf")
        least = check_loss(Y - X @ beta, q)
        assert check_loss(Y - intercept - slope * x, q) == pytest.approx(least, rel=1e-12)


@pytest.mark.parametrize("horizon", [1, 6])
def test_quantile_errors_by_simulation(horizon: int) -> None:
    """Mean standard error against the spread of 300 estimates, errors uncorrelated and overlapping.

    A spread from 300 samples is known to 4 percent; Bartlett weights and kernels take up to 20 percent off.
    """
    rng = np.random.default_rng(3)
    slopes, errors = [], []
    for _ in range(300):
        x = np.convolve(rng.standard_normal(410), np.ones(11), "valid")
        e = np.convolve(rng.standard_normal(400 + horizon - 1), np.ones(horizon), "valid")
        row = quantile_slopes(
            labelled(e, "y"), labelled(x, "x"), quantiles=[0.5], horizon=horizon
        ).table.iloc[0]
        slopes.append(row["slope"])
        errors.append(row["se"])
    assert 0.8 < np.mean(errors) / np.std(slopes) < 1.12
    if horizon > 1:
        naive = quantile_slopes(labelled(e, "y"), labelled(x, "x"), quantiles=[0.5]).table["se"].iloc[0]
        assert naive < 0.6 * np.std(slopes)


def test_quantiles_of_a_scale_model() -> None:
    """y = x (1 + e): the slope at q is 1 + its quantile, which the bands must hold."""
    from scipy.special import ndtri

    rng = np.random.default_rng(4)
    x = rng.uniform(1, 5, 3000)
    found = quantile_slopes(labelled(x * (1 + rng.standard_normal(3000)), "y"), labelled(x, "x"), level=0.999)
    truth = 1 + ndtri(found.table["quantile"])
    assert ((found.table["lower"] < truth) & (truth < found.table["upper"])).all()
    assert found.table["slope"].is_monotonic_increasing


def test_subsamples_are_regressions_of_their_own(rates) -> None:
    """Slopes and Newey-West errors of subsamples against separate regressions, to 1e-10."""
    y, x = rates
    found = subsample_slopes(y, x, ["1966-01", "1982-10"]).table
    assert found["sample"].tolist() == [
        "1950-01-2010-11",
        "1950-01-1965-12",
        "1966-01-1982-09",
        "1982-10-2010-11",
    ]
    assert found["nobs"].iloc[0] == found["nobs"].iloc[1:].sum()
    part = slice("1966-01", "1982-09")
    lags = int(4 * (found["nobs"].iloc[2] / 100) ** (2 / 9))
    beta, se, _ = newey_west(y.loc[part], x.loc[part], lags=lags)
    assert found.loc[2, ["slope", "se"]].tolist() == pytest.approx([beta[1], se], rel=1e-10)
    assert len(subsample_slopes(y, x, []).table) == 1


def test_rolling_windows(decile, rates) -> None:
    """A rolling slope and its Newey-West error against the regression of its window, to 1e-10; its band to 1e-7."""
    quarters = pd.period_range("1950Q1", "2010Q4", freq="Q")
    bill = rates[1].groupby(rates[1].index.asfreq("Q")).last().rename("bill")
    target = cumulate_after(decile, quarters, horizon=4).rename("small")
    found = rolling_slopes(target, bill, window=60, horizon=4)
    assert len(found.table) == len(quarters) - 59
    window = slice("1965Q2", "1980Q1")
    beta, se, _ = newey_west(target.loc[window], bill.loc[window], lags=3)
    row = found.table.loc["1980Q1"]
    assert row[["slope", "se"]].tolist() == pytest.approx([beta[1], se], rel=1e-10)
    assert row["upper"] - row["slope"] == pytest.approx(1.6448536 * se, rel=1e-7)
    assert "the last ends in 2010Q4" in str(found.summary())


def test_no_window_knows_the_future(decile, rates) -> None:
    quarters = pd.period_range("1950Q1", "2010Q4", freq="Q")
    bill = rates[1].groupby(rates[1].index.asfreq("Q")).last().rename("bill")

    def run(returns: pd.Series) -> pd.DataFrame:
        target = cumulate_after(returns, quarters, horizon=4).rename("small")
        return rolling_slopes(target, bill, window=60, horizon=4).table

    cut = run(decile.loc[:"1987-09"])
    assert str(cut.index[-1]) == "1986Q2"  # May 1986 to April 1987 is the last whole year after publication
    pd.testing.assert_frame_equal(run(decile).loc[: cut.index[-1]], cut, rtol=1e-9)


def test_nile() -> None:
    """R's strucchange on the flow of the Nile: sup F 75.93 at 1898, the year Aswan was begun."""
    from statsmodels.datasets import nile

    volume = labelled(nile.load_pandas().data["volume"], "volume")
    found = break_test(volume, pd.DataFrame(index=volume.index))
    assert found.sup_wald == pytest.approx(75.93, abs=0.005)
    assert volume.index.get_loc(found.date) + 1871 == 1898
    assert found.p_asymptotic < 1e-10
    assert found.p_bootstrap == 0.001
    assert "75.93" in str(found.summary())


def test_statistic_is_chow_by_date(rates) -> None:
    """The Wald statistic of a break at three dates against the sums of squares of two regressions, to 1e-8."""
    y, x = rates
    found = break_test(y, x, n_replications=1)
    n = found.nobs
    X = np.column_stack([np.ones(n), x.to_numpy()[:n]])
    Y = y.to_numpy()[:n]

    def squares(part: slice) -> float:
        return float(np.linalg.lstsq(X[part], Y[part], rcond=None)[1][0])

    for position in (0, 200, len(found.table) - 1):
        date = found.table.index[position]
        cut = y.index.get_loc(date) + 1
        split = squares(slice(0, cut)) + squares(slice(cut, n))
        expected = (squares(slice(0, n)) - split) / (split / (n - 4))
        assert found.table["wald"].iloc[position] == pytest.approx(expected, rel=1e-8)
    assert (len(found.table), found.parameters) == (n - 2 * int(0.15 * n) + 1, 2)
    assert found.sup_wald == found.table["wald"].max() == found.table.loc[found.date, "wald"]


def test_a_slope_alone_may_change(rates) -> None:
    """A break in the slope alone: sup Wald against least squares with one added regressor, to 1e-8."""
    y, x = rates
    found = break_test(y, x, constant=False, n_replications=1)
    n = found.nobs
    late = np.where(np.arange(n) > y.index.get_loc(found.date), x.to_numpy()[:n], 0.0)
    X = np.column_stack([np.ones(n), x.to_numpy()[:n]])
    Y = y.to_numpy()[:n]
    small, wide = (np.linalg.lstsq(M, Y, rcond=None)[1][0] for M in (X, np.column_stack([X, late])))
    assert found.parameters == 1
    assert found.sup_wald == pytest.approx((small - wide) / (wide / (n - 3)), rel=1e-8)


@pytest.mark.parametrize(
    ("parameters", "critical"),
    [(1, (7.12, 8.68, 12.16)), (2, (10.00, 11.72, 15.56)), (3, (12.28, 14.13, 18.07)), (4, (14.34, 16.36, 20.47)),
     (5, (16.30, 18.32, 22.66)), (6, (18.11, 20.24, 24.74))],
)  # fmt: skip
def test_critical_values_of_andrews(parameters: int, critical: tuple[float, ...]) -> None:
    """Andrews (2003), table I, pi_0 = 0.15: p-values of 10, 5 and 1 percent, to Hansen's approximation."""
    for value, p in zip(critical, (0.10, 0.05, 0.01), strict=True):
        assert sup_wald_p(value, parameters) == pytest.approx(p, rel=0.15)
    assert sup_wald_p(0.0, parameters) == pytest.approx(1.0, abs=0.02)


def test_bootstrap_keeps_its_size_where_the_variance_changes() -> None:
    """Errors four times as volatile in the last third, no break, a predictor that wanders.

    200 samples: a true 5 percent gives 2-8 percent with 95 percent chance.
    """
    rng = np.random.default_rng(8)
    scale = np.where(np.arange(120) < 80, 1.0, 4.0)
    found = [
        break_test(
            labelled(scale * rng.standard_normal(120), "y"),
            labelled(rng.standard_normal(120).cumsum(), "x"),
            n_replications=199,
            seed=s,
        )
        for s in range(200)
    ]
    assert 0.01 <= np.mean([one.p_bootstrap <= 0.05 for one in found]) <= 0.08
    assert np.mean([one.p_asymptotic <= 0.05 for one in found]) > 0.15


def test_bootstrap_keeps_its_size_under_overlap() -> None:
    """Targets that sum four periods: multipliers that last as long against independent ones."""
    rng = np.random.default_rng(9)
    share = {1: 0, 4: 0}
    for s in range(150):
        y = labelled(np.convolve(rng.standard_normal(163), np.ones(4), "valid"), "y")
        x = labelled(rng.standard_normal(160).cumsum(), "x")
        for horizon in share:
            one = break_test(y, x, horizon=horizon, n_replications=99, seed=s)
            share[horizon] += one.p_bootstrap <= 0.05
            assert np.isnan(one.p_asymptotic) == (horizon == 4)
    assert share[4] / 150 < 0.09
    assert share[1] / 150 > 0.4


def test_bootstrap_finds_a_break(rates) -> None:
    """The premium's slope on the bill, shifted by five of its standard errors after 1980."""
    y, x = rates
    shifted = y - 1.0 * (x - x.mean()) * (x.index >= pd.Period("1980-01", "M"))
    found = break_test(shifted.rename("premium"), x, n_replications=199)
    assert found.p_bootstrap <= 0.01
    assert abs((found.date - pd.Period("1980-01", "M")).n) < 60


def test_figures(rates) -> None:
    y, x = rates
    both = pd.concat([x, (x**2).rename("square")], axis=1)
    (quantiles,) = quantile_slopes(y, both, quantiles=(0.25, 0.75)).plot().axes
    assert [line.get_label() for line in quantiles.lines[:2]] == ["tbl", "square"]
    (rolling,) = rolling_slopes(y, x, window=240).plot().axes
    assert len(rolling.lines[0].get_xdata()) == len(y.dropna()) - 239
    (samples,) = subsample_slopes(y, x, ["1980-01"]).plot().axes
    assert len(samples.get_yticks()) == 3


def test_bad_input(rates) -> None:
    y, x = rates
    with pytest.raises(SpecificationError, match="between 0 and 1"):
        quantile_slopes(y, x, quantiles=[0.5, 1.0])
    with pytest.raises(SpecificationError, match="window=17"):
        rolling_slopes(y, x, window=17, horizon=4)
    with pytest.raises(DataError, match="at least 900"):
        rolling_slopes(y, x, window=900)
    with pytest.raises(DataError, match="leave a sample of 5 dates"):
        subsample_slopes(y, x, ["1950-06"])
    with pytest.raises(SpecificationError, match=r"trim=0\.6"):
        break_test(y, x, trim=0.6)
    with pytest.raises(SpecificationError, match="constant=False"):
        break_test(y, pd.DataFrame(index=y.index), constant=False)
    with pytest.raises(DataError, match="leaves 1, too few"):
        break_test(y, x, trim=0.002)
    with pytest.raises(DataError, match="does not vary"):
        break_test(y, x * 0)
