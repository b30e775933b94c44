"""Multiple testing: arch's reference values, hand-computed adjustments, size of the tests."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.leads import adjusted_p_values, confidence_set, loss_table, superior_ability

ASKED = 0.02  # as stored; other seeds of 10,000 samples move a p-value of SPA by about 0.01, of MCS by 0.03


@pytest.fixture(scope="module")
def forecasts(reference) -> pd.DataFrame:
    table = pd.read_csv(
        reference("predictability/rapach_zhou2013/oos_forecasts_golden.csv"), index_col="month"
    )
    return table.set_axis(pd.PeriodIndex(table.index, freq="M"))


@pytest.fixture(scope="module")
def losses(forecasts) -> pd.DataFrame:
    return loss_table(forecasts)


@pytest.fixture(scope="module")
def stored(reference) -> dict[str, dict[str, object]]:
    return json.loads(reference("predictability/rapach_zhou2013/spa_mcs_reference.json").read_text())


def test_rapach_zhou_against_the_mean(losses, stored) -> None:
    """Hansen's SPA and White's reality check of 14 predictors against arch: p to 0.02, the error of 10,000 draws."""
    found = superior_ability(losses, "mean", block=12, n_replications=10_000, seed=2)
    expected = stored["spa_stationary_block12_reps10000"]
    for name, value in expected.items():
        assert found.p_values.loc["raw", name] == pytest.approx(value, abs=ASKED), name
    assert found.reality_check == found.p_values.loc["raw", "upper"]
    assert found.best == "SVAR"  # the one predictor with a positive R2_OS of note
    assert (found.p_values["lower"] <= found.p_values["consistent"]).all()
    assert (found.p_values["consistent"] <= found.p_values["upper"]).all()
    assert "reality check p 0.99" in str(found.summary())


def test_rapach_zhou_confidence_set(forecasts, losses, stored) -> None:
    """Model confidence sets of 16 forecasts, both statistics, against arch: members, and p to 0.02."""
    predictors = forecasts.drop(columns=["actual", "mean"])
    pooled = losses.assign(pool_avg=(forecasts["actual"] - predictors.mean(axis=1)) ** 2)
    for method in ("R", "max"):
        expected = stored[f"mcs_10pct_{method}"]
        found = confidence_set(pooled, method=method, block=12, n_replications=10_000, seed=1)
        assert sorted(found.included) == expected["included"]
        for name, p in expected["pvalues"].items():
            assert found.table.loc[name, "p"] == pytest.approx(p, abs=ASKED), name
        assert found.table.loc["DE", "loss"] == pytest.approx(pooled["DE"].mean(), rel=1e-12)
        assert "16 of 16 models" in str(found.summary())


def test_studentized_statistic_ignores_the_scale_of_a_model(losses) -> None:
    """Ten times the loss differences of one model change the raw test, not Hansen's."""
    stretched = losses.copy()
    stretched["SVAR"] = losses["mean"] + 10 * (losses["SVAR"] - losses["mean"])
    options = {"block": 12, "n_replications": 500, "seed": 3}
    one, other = (superior_ability(t, "mean", **options) for t in (losses, stretched))
    pd.testing.assert_series_equal(
        one.p_values.loc["studentized"], other.p_values.loc["studentized"], rtol=1e-12
    )
    assert abs(one.reality_check - other.reality_check) > 0.05
    pd.testing.assert_series_equal(one.table["t"], other.table["t"], rtol=1e-9)


def test_t_uses_the_variance_of_the_bootstrap(losses) -> None:
    """The stationary bootstrap's variance in closed form against 5,000 resampled means: t within 3 percent."""
    from arch.bootstrap import StationaryBootstrap

    found = superior_ability(losses[["mean", "TBL"]], "mean", block=12, n_replications=100)
    gain = (losses["mean"] - losses["TBL"]).to_numpy()
    means = StationaryBootstrap(12, gain, seed=4).apply(np.mean, 5000)
    # 5,000 samples give a standard deviation to about 1 percent.
    assert found.table.loc["TBL", "t"] == pytest.approx(gain.mean() / means.std(), rel=0.03)


def test_size_and_power_of_superior_ability() -> None:
    """Five models no better than the benchmark, and one that is.

    200 samples: a true 5 percent gives 2-8 percent with 95 percent chance.
    """
    rng = np.random.default_rng(7)
    index = pd.period_range("1990Q1", periods=120, freq="Q")
    rejected, names = {0.0: 0, 0.4: 0}, ["mean", *"abcde"]
    for draw in range(200):
        losses = pd.DataFrame(rng.standard_normal((120, 6)), index, names)
        for better in rejected if draw < 50 else [0.0]:
            table = losses.assign(a=losses["a"] - better)
            rejected[better] += (
                superior_ability(table, "mean", block=1, n_replications=199, seed=draw).spa < 0.05
            )
    assert 0.02 <= rejected[0.0] / 200 <= 0.08
    assert rejected[0.4] / 50 > 0.7


def test_benjamini_hochberg_by_hand() -> None:
    """Benjamini and Hochberg (1995), section 4.1: 15 p-values, 4 rejections at 5 percent."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0]  # fmt: skip
    found = adjusted_p_values(pd.Series(p[::-1]))
    assert (found.n_tests, int(found.table["rejected"].sum())) == (15, 4)
    by_hand = np.minimum.accumulate((np.array(p) * 15 / np.arange(1, 16))[::-1])
    np.testing.assert_allclose(found.table["p_adjusted"], by_hand, rtol=1e-12)
    assert "15 tests: 9 significant at 0.05 alone, 4 with" in str(found.summary())


def test_rows_without_a_p_value_are_no_tests() -> None:
    table = pd.DataFrame({"returns": ["a", "b", "c"], "q": [0.01, np.nan, 0.04], "nobs": 10})
    found = adjusted_p_values(table, column="q")
    assert list(found.table) == ["returns", "q", "q_adjusted", "rejected", "nobs"]
    assert found.n_tests == 2
    np.testing.assert_allclose(found.table["q_adjusted"], [0.02, np.nan, 0.04])
    assert list(found.table["rejected"]) == [True, False, True]
    assert "q_adjusted" not in table


def test_a_table_that_is_adjusted_already_is_adjusted_anew() -> None:
    """As the tables of studies are, over all their rows."""
    once = adjusted_p_values(pd.Series([0.01, 0.04, 0.5]), level=0.05).table
    found = adjusted_p_values(once.iloc[:2], level=0.01).table
    assert list(found) == list(once) == ["p", "p_adjusted", "rejected"]
    np.testing.assert_allclose(found["p_adjusted"], [0.02, 0.04], rtol=1e-14)  # two tests, not three
    assert not found["rejected"].any()


def test_losses(forecasts) -> None:
    """Absolute losses are absolute forecast errors, and their squares the squared losses, to 1e-12."""
    absolute = loss_table(forecasts, kind="absolute")
    assert absolute.loc["1987-10", "mean"] == pytest.approx(
        abs(forecasts.loc["1987-10", "actual"] - forecasts.loc["1987-10", "mean"])
    )
    np.testing.assert_allclose(absolute**2, loss_table(forecasts), rtol=1e-12)


def test_bad_input(losses) -> None:
    with pytest.raises(SpecificationError, match="benchmark='average'"):
        superior_ability(losses, "average")
    with pytest.raises(DataError, match="missing in 1970-01"):
        superior_ability(losses.drop(columns="DP").join(losses["DP"].drop(pd.Period("1970-01", "M"))), "mean")
    with pytest.raises(DataError, match="39 dates"):
        superior_ability(losses.iloc[:39], "mean")
    with pytest.raises(DataError, match="twin: its losses differ"):
        superior_ability(losses.assign(twin=losses["mean"]), "mean")
    with pytest.raises(DataError, match="losses of their own"):
        confidence_set(losses.assign(twin=losses["DP"]))
    with pytest.raises(DataError, match="no column 'pvalue'"):
        adjusted_p_values(pd.DataFrame({"p": [0.5]}), column="pvalue")
    with pytest.raises(DataError, match="found 5"):
        adjusted_p_values(pd.Series([0.1, 5.0]))
