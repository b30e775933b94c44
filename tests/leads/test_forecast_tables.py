"""Welch and Goyal's table, their running comparison, and Rapach, Strauss and Zhou's combinations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module

from capstar.errors import DataError, SpecificationError
from capstar.leads import (
    compare_forecasts,
    cumulative_difference,
    recursive_forecasts,
)

RESEARCH = ROOT / "research"
combine_forecasts = load_module(RESEARCH / "earlier_evidence" / "combination.py").combine_forecasts
predictor_table = load_module(RESEARCH / "welch_goyal_2008" / "predictor_table.py").predictor_table
PUBLISHED = 0.006  # half of the last digit printed, and a rounding
# Rapach, Strauss and Zhou (2010), table 1, panel A: R2_OS in percent, 1965Q1-2005Q4.
RSZ_SINGLE = {
    "DP": 0.34, "DY": 0.25, "EP": 0.36, "DE": -1.42, "SVAR": -12.97, "BM": -2.60, "NTIS": -0.91, "TBL": -2.78,
    "LTY": -3.09, "LTR": 0.33, "TMS": -2.96, "DFY": -2.72, "DFR": -1.10, "INFL": -0.84, "IK": 1.44,
}  # fmt: skip
RSZ_POOLED = {
    "pool_mean": 3.58, "pool_median": 3.04, "pool_trimmed": 3.51, "pool_dmsfe(1)": 3.54, "pool_dmsfe(0.9)": 3.49,
}  # fmt: skip


def _predictors(raw: pd.DataFrame) -> pd.DataFrame:
    log = np.log
    return pd.DataFrame(
        {
            "dp": log(raw["d12"] / raw["sp500"]), "dy": log(raw["d12"] / raw["sp500"].shift(1)),
            "ep": log(raw["e12"] / raw["sp500"]), "de": log(raw["d12"] / raw["e12"]), "svar": raw["svar"],
            "bm": raw["bm"], "ntis": raw["ntis"], "tbl": raw["tbl"], "lty": raw["lty"], "ltr": raw["ltr"],
            "tms": raw["lty"] - raw["tbl"], "dfy": raw["baa"] - raw["aaa"], "dfr": raw["corpr"] - raw["ltr"],
            "infl": raw["infl"],
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def annual(reference) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    """Premium and predictors, each from the year with which its sample in the table begins; the golden table."""
    raw = pd.read_csv(reference("predictability/welch_goyal2008/annual_2005.csv"), index_col="year")
    golden = pd.read_csv(
        reference("predictability/welch_goyal2008/table1_annual_golden.csv"), index_col="predictor"
    )
    premium = np.log((raw["sp500"] + raw["d12"]) / raw["sp500"].shift(1)) - np.log1p(raw["rfree"])
    x = _predictors(raw).assign(ik=raw["ik"], eqis=raw["eqis"])[list(golden.index)]
    return (
        premium.rename("premium"),
        x.apply(lambda one: one.where(one.index >= golden["data_start"][one.name])),
        golden,
    )


@pytest.fixture(scope="module")
def quarterly(reference) -> tuple[pd.Series, pd.DataFrame]:
    raw = pd.read_csv(reference("predictability/welch_goyal2008/quarterly_2005.csv"), index_col="quarter")
    raw.index = pd.PeriodIndex(raw.index, freq="Q")
    x = _predictors(raw).assign(infl=raw["infl"].shift(1), ik=raw["ik"])
    y = (raw["crsp_spvw"] - raw["rfree"]).rename("premium")
    return y.loc["1947Q2":], x.rename(columns=str.upper).loc["1947Q2":]


@pytest.fixture(scope="module")
def from_1955(quarterly) -> pd.DataFrame:
    return recursive_forecasts(*quarterly, "1955Q1")


def test_welch_goyal_table_1_annual(annual) -> None:
    """Welch and Goyal (2008), table 1, 16 annual predictors: computed cells to 1e-6, printed ones to 0.035.

    Printed cells are as recalled; i/k has no printed RMSE.
    """
    premium, x, golden = annual
    table = predictor_table(premium, x)
    assert len(table) == len(golden) == 16
    assert (table["delta_rmse"] > 0).sum() == 2  # i/k and eqis
    for name in ("data_start", "first_forecast", "n"):
        assert list(table[name]) == list(golden[name])
    for name in ("is_adj_r2", "oos_r2", "oos_adj_r2", "delta_rmse", "mse_f"):
        np.testing.assert_allclose(table[name], golden[name], rtol=0, atol=1e-6, err_msg=name)
    for name in ("is_adj_r2", "oos_adj_r2", "delta_rmse"):
        printed = golden[f"{name}_published"].dropna()
        assert len(printed) >= 15
        np.testing.assert_allclose(table.loc[printed.index, name], printed, rtol=0, atol=0.035, err_msg=name)


def test_table_sees_nothing_later(annual) -> None:
    """The last value of a predictor is paired with a return after the table, and must not matter."""
    premium, x, _ = annual
    spoiled = x[["dp", "ntis"]].copy()
    spoiled.loc[2005] = 1e6
    whole, other = predictor_table(premium, x[["dp", "ntis"]]), predictor_table(premium, spoiled)
    pd.testing.assert_frame_equal(whole, other, rtol=1e-9)


def test_table_bad_input(annual) -> None:
    premium, x, _ = annual
    with pytest.raises(DataError, match="different dates"):
        predictor_table(premium.iloc[1:], x)
    with pytest.raises(DataError, match="tbl is missing in 1970"):
        predictor_table(premium, x["tbl"].where(x.index != 1970).to_frame())
    with pytest.raises(DataError, match="premium is missing in 1950"):
        predictor_table(premium.where(premium.index != 1950), x[["tbl"]])
    with pytest.raises(DataError, match="ik begins in 1947: after 45 periods 14 are left"):
        predictor_table(premium, x[["ik"]], wait=45)
    with pytest.raises(SpecificationError, match="wait=2"):
        predictor_table(premium, x, wait=2)


def test_cumulated_differences_end_with_the_out_of_sample_r2(quarterly) -> None:
    """Cumulative differences of squared errors end at R2_OS of the same forecasts, 15 predictors, to 1e-10."""
    f = recursive_forecasts(*quarterly, "1965Q1")
    found = cumulative_difference(f)
    assert list(found.series) == list(RSZ_SINGLE)
    squared = float(((f["actual"] - f["mean"]) ** 2).sum())
    for name in RSZ_SINGLE:
        r2 = compare_forecasts(f["actual"], f["mean"], f[name]).r2_os
        assert 100 * found.series[name].iloc[-1] / squared == pytest.approx(r2, rel=1e-10)
    # Each step is the difference of that period's squared errors, so a shorter sample gives a shorter series.
    cut = cumulative_difference(f.loc[:"1990Q4"])
    pd.testing.assert_frame_equal(cut.series, found.series.loc[:"1990Q4"])
    # Welch and Goyal's finding: the dividend yield gained in 1973-1974 and lost in the 1990s.
    path = found.series["DP"]
    assert path["1974Q4"] - path["1972Q4"] > 0
    assert path["1999Q4"] - path["1994Q4"] < 0
    assert "1965Q1 to 2005Q4" in str(found.summary())
    figure = cumulative_difference(f[["actual", "mean", "DP", "TBL"]]).plot()
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), path)
    assert len(figure.axes) == 2


def test_rapach_strauss_zhou_table_1(quarterly, from_1955) -> None:
    """Rapach, Strauss and Zhou (2010), table 1, panel A: 15 predictors, five combinations, as printed (0.006).

    Combinations have ten years of holdout.
    """
    single = recursive_forecasts(*quarterly, "1965Q1")
    pooled = combine_forecasts(from_1955, holdout=40)
    assert pooled.index[0] == single.index[0]
    for table, published in ((single, RSZ_SINGLE), (pooled, RSZ_POOLED)):
        for name, r2 in published.items():
            found = compare_forecasts(table["actual"], table["mean"], table[name]).r2_os
            assert found == pytest.approx(r2, abs=PUBLISHED), name


def test_rapach_zhou_combinations(reference) -> None:
    """Rapach and Zhou (2013), two combinations: R2_OS 0.44 [0.03] and 0.51 [0.02], as printed (0.006).

    POOL-AVG, and POOL-DMSFE with theta 0.75 and ten years of holdout.
    """
    raw = pd.read_csv(reference("predictability/rapach_zhou2013/monthly.csv"), index_col="month")
    raw.index = pd.PeriodIndex(raw.index, freq="M")
    y = (np.log1p(raw["crsp_spvw"]) - np.log1p(raw["rfree"].shift(1))).rename("premium").loc["1926-12":]
    x = _predictors(raw).assign(infl=raw["infl"].shift(1)).loc["1926-12":]
    found = combine_forecasts(recursive_forecasts(y, x, "1947-01"), discounts=(0.75,), holdout=120)
    assert str(found.index[0]) == "1957-01"
    for name, r2, p in (("pool_mean", 0.44, 0.03), ("pool_dmsfe(0.75)", 0.51, 0.02)):
        one = compare_forecasts(found["actual"], found["mean"], found[name])
        assert one.r2_os == pytest.approx(r2, abs=PUBLISHED)
        assert one.clark_west_p == pytest.approx(p, abs=PUBLISHED)


@pytest.mark.parametrize("horizon", [1, 4])
def test_weights_see_nothing_later(from_1955, horizon: int) -> None:
    whole = combine_forecasts(from_1955, horizon=horizon)
    cut = combine_forecasts(from_1955.loc[:"1985Q4"], horizon=horizon)
    pd.testing.assert_frame_equal(whole.loc[:"1985Q4"], cut)
    spoiled = from_1955.copy()
    spoiled.loc["1980Q1":, "actual"] = 9.9
    known = pd.Period("1980Q1") + horizon - 1  # its forecast is made one period before the spoiled outcome
    other = combine_forecasts(spoiled, horizon=horizon)
    pools = [name for name in whole if str(name).startswith("pool")]
    pd.testing.assert_frame_equal(whole.loc[:known, pools], other.loc[:known, pools])
    assert (whole["pool_dmsfe(0.9)"] - other["pool_dmsfe(0.9)"]).loc[known + 1] != 0


def test_combinations_by_hand() -> None:
    f = pd.DataFrame(
        {
            "actual": [1.0, 2.0, 0.0],
            "mean": 0.0,
            "a": [2.0, 4.0, 1.0],
            "b": [3.0, 3.0, 2.0],
            "c": [0.0, 0.0, 6.0],
        }
    )
    found = combine_forecasts(f, discounts=(0.5,), holdout=2).iloc[0]
    assert found["pool_mean"] == pytest.approx(3.0)
    assert found["pool_median"] == found["pool_trimmed"] == pytest.approx(2.0)
    # Squared errors a: 1, 4; b: 4, 1; c: 1, 4; discounted by half: 4.5, 3, 4.5; shares 2/7, 3/7, 2/7.
    assert found["pool_dmsfe(0.5)"] == pytest.approx((2 * 1 + 3 * 2 + 2 * 6) / 7)


def test_combination_bad_input(from_1955) -> None:
    with pytest.raises(DataError, match="actual is absent"):
        combine_forecasts(from_1955.drop(columns="actual"))
    with pytest.raises(DataError, match="any forecast is absent"):
        cumulative_difference(from_1955[["actual", "mean"]])
    with pytest.raises(DataError, match="at least 3"):
        combine_forecasts(from_1955[["actual", "mean", "DP", "EP"]])
    with pytest.raises(DataError, match="DP is missing in 1970Q1"):
        combine_forecasts(from_1955.assign(DP=from_1955["DP"].mask(from_1955.index == "1970Q1")))
    with pytest.raises(DataError, match="leaves none of 204"):
        combine_forecasts(from_1955, holdout=204)
    with pytest.raises(SpecificationError, match="holdout is not shorter"):
        combine_forecasts(from_1955, holdout=3, horizon=4)
    with pytest.raises(SpecificationError, match="discounts"):
        combine_forecasts(from_1955, discounts=(0.0,))
