"""Tests of predictability against R packages, published tables and one another."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from capstar.errors import DataError, SpecificationError
from capstar.leads import (
    bias_correction,
    compare_forecasts,
    df_gls,
    direction_test,
    equal_weighted_cosine,
    fixed_b_critical,
    hansen_hodrick,
    hodrick_1b,
    ivx,
    newey_west,
    q_test,
    recursive_forecasts,
)
from capstar.leads.inference.local_to_unity import c_interval, limit_probability

# Ten-odd digits in the golden files; the same arithmetic in double.
EXACT = 1e-8


@pytest.fixture(scope="module")
def kms(reference) -> pd.DataFrame:
    return pd.read_csv(reference("predictability/kms2015/monthly.csv"), index_col="date")


def test_ivx_every_model_and_horizon(kms, reference) -> None:
    """All 129 rows of R's ivx: one to four predictors, horizons 1 to 60, to 1e-8."""
    golden = pd.read_csv(reference("predictability/kms2015/ivx_golden.csv"))
    assert len(golden) == 129
    for (model, horizon), group in golden.groupby(["model", "horizon"]):
        rows = group.set_index("term")
        found = ivx(kms["ret"], kms[model.split(" + ")], horizon=horizon)
        for theirs, ours in (("coef", "slope"), ("wald_individual", "wald"), ("ols_coef", "ols_slope")):
            np.testing.assert_allclose(
                found.table[ours], rows[theirs], rtol=EXACT, err_msg=f"{model} {horizon}"
            )
        assert found.wald == pytest.approx(rows["wald_joint"].iloc[0], rel=EXACT)
        np.testing.assert_allclose(found.delta, rows["delta"], rtol=EXACT)
        np.testing.assert_allclose(found.rho, rows["ar1_no_intercept"], rtol=EXACT)


def test_ivx_ignores_units_and_asks_for_usable_input(kms) -> None:
    """IVX: other units leave the Wald statistic, to 1e-9; unusable data are refused with the reason."""
    one = ivx(kms["ret"], kms[["dp", "tbl"]], horizon=12)
    other = ivx(100 * kms["ret"], kms[["dp", "tbl"]] * [5.0, 100.0], horizon=12)
    assert other.wald == pytest.approx(one.wald, rel=1e-9)
    with pytest.raises(DataError, match="collinear"):
        ivx(kms["ret"], kms[["lty", "tbl", "tms"]])
    with pytest.raises(DataError, match="does not vary"):
        ivx(kms["ret"], kms["dp"] * 0)
    with pytest.raises(DataError, match="dp is missing in 1950-01-01"):
        ivx(kms["ret"], kms["dp"].where(kms.index != "1950-01-01"))
    with pytest.raises(DataError, match="too few"):
        ivx(kms["ret"].iloc[:40], kms["dp"].iloc[:40], horizon=12)
    with pytest.raises(DataError, match="different dates"):
        ivx(kms["ret"].iloc[1:], kms["dp"])


@pytest.mark.parametrize("name", ["dp", "tbl", "tms"])
def test_slopes_and_standard_errors(kms, reference, name: str) -> None:
    """Plain, bias-corrected and long-horizon slopes of dp, tbl and tms, and their t statistics, against R, to 1e-8."""
    golden = json.loads(reference("predictability/kms2015/predictive_regression_golden.json").read_text())[
        name
    ]
    y, x = kms["ret"].to_numpy(), kms[name].to_numpy()
    corrected, cosine = bias_correction(y, x), equal_weighted_cosine(y[1:], x[:-1])
    ours = {
        "beta": corrected.slope,
        "t_iid": corrected.t,
        "rho": corrected.rho,
        "delta": corrected.delta,
        "stambaugh_bias": corrected.stambaugh_bias,
        "ah_rho": corrected.rho_corrected,
        "ah_beta": corrected.corrected,
        "ah_phi": corrected.phi,
        "ah_se": corrected.corrected_se,
        "ewc_B": cosine.cosines,
        "t_ewc": cosine.t,
        "p_ewc": cosine.p,
    }
    for lags, key in ((0, "t_hc0"), (4, "t_nw4"), (12, "t_nw12")):
        beta, se, _ = newey_west(y[1:], x[:-1], lags=lags)
        ours[key] = beta[1] / se
    for key, value in ours.items():
        assert value == pytest.approx(golden[key], rel=EXACT), key
    for h in (12, 24):
        total = np.concatenate([[0.0], np.cumsum(y[1:])])
        Y = total[h:] - total[:-h]
        X = x[: len(Y)]
        beta, se, r2 = newey_west(Y, X, lags=h - 1)
        stored = golden[f"h{h}"]
        assert len(Y) == stored["n"]
        assert beta[1] == pytest.approx(stored["beta"], rel=EXACT)
        assert r2 == pytest.approx(stored["r2"], rel=EXACT)
        assert beta[1] / se == pytest.approx(stored["t_nw"], rel=EXACT)
        assert beta[1] / hodrick_1b(y[1:], x[:-1], h) == pytest.approx(stored["t_hodrick"], rel=EXACT)
        assert beta[1] / hansen_hodrick(Y, X, horizon=h) == pytest.approx(
            stored["t_hansen_hodrick"], rel=EXACT
        )


def test_campbell_yogo_tables(reference) -> None:
    """Campbell and Yogo (2006), tables 4 and 5, annual rows, as printed (0.0006; interpolated bounds 0.0015)."""
    data = pd.read_csv(reference("predictability/campbell_yogo2006/crsp_annual.csv"), index_col="year")
    bounds = pd.read_csv(reference("predictability/campbell_yogo2006/q_test_c_bounds.csv"))
    for row in pd.read_csv(reference("predictability/campbell_yogo2006/published_annual.csv")).itertuples():
        first, last = map(int, row.sample.split("-"))
        sample = data.loc[first:last]
        found = q_test(sample["excess_return"], sample[row.predictor], bounds)
        assert found.delta == pytest.approx(row.delta, abs=0.0006)
        assert found.df_gls == pytest.approx(row.dfgls, abs=0.0006)
        assert found.t == pytest.approx(row.t_stat, abs=0.0006)
        assert found.slope * found.scale == pytest.approx(row.beta_scaled, abs=0.0006)
        assert found.low * found.scale == pytest.approx(row.q_low90, abs=0.0015)
        assert found.high * found.scale == pytest.approx(row.q_high90, abs=0.0015)
        if np.isfinite(row.q_low_rho1) and np.isfinite(found.low_at_one):
            assert found.low_at_one * found.scale == pytest.approx(row.q_low_rho1, abs=0.0006)


def test_campbell_yogo_table_4_intervals_of_the_root(reference) -> None:
    """Campbell and Yogo (2006), table 4: intervals of the root by their table to 0.001, in the limit to 0.003."""
    folder = reference("predictability/campbell_yogo2006/dfgls_confidence_c.csv").parent
    data, bounds = (pd.read_csv(folder / name) for name in ("crsp_annual.csv", "q_test_c_bounds.csv"))
    belts = pd.read_csv(folder / "dfgls_confidence_c.csv").query("confidence == '95%'")
    for row in pd.read_csv(folder / "published_annual.csv").itertuples():
        sample = data[data["year"].between(*map(int, row.sample.split("-")))]
        found = q_test(sample["excess_return"], sample[row.predictor], bounds)
        by_table, limit = found.rho_conf_int(c_bounds=belts), found.rho_conf_int()
        assert by_table.loc["rho"].to_list() == pytest.approx([row.rho_low95, row.rho_high95], abs=0.001)
        assert by_table.loc["c"].to_list() == pytest.approx([row.c_low95, row.c_high95], abs=0.08)
        assert limit.loc["rho"].to_list() == pytest.approx([row.rho_low95, row.rho_high95], abs=0.003)


@pytest.mark.parametrize("c", [-30.0, -3.0, 0.0, 2.0, 5.0])
def test_limit_of_the_unit_root_statistic_is_that_of_long_samples(c: float) -> None:
    """Of 3,000 steps and 4,000 samples: within four Monte Carlo standard errors and 0.002 for the steps."""
    rng, steps, n = np.random.default_rng(11), 3000, 4000
    level, square, product = np.zeros((3, n))
    for _ in range(steps):
        change = c / steps * level + rng.standard_normal(n)
        square += level**2
        product += level * change
        level += change
    for p in (0.025, 0.25, 0.5, 0.75, 0.975):
        found = limit_probability(np.quantile(product / np.sqrt(square), p), c)
        assert found == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / n) + 0.002)


@pytest.mark.parametrize("x", [-25.0, -6.0, -1.5, -1e-9, 0.4, 3.0, 1e4])
def test_interval_of_c_holds_what_the_statistic_does_not_reject(x: float) -> None:
    narrow, wide = c_interval(x, 0.8), c_interval(x, 0.95)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert [limit_probability(x, c) for c in (*narrow, *wide)] == pytest.approx(
        [0.9, 0.1, 0.975, 0.025],
        abs=1e-7,  # the series errs by 1e-8
    )
    if x == -1e-9:  # negative where J(1) is within 1 of 0: the normal distribution alone
        assert limit_probability(x, 0.0) == pytest.approx(0.6826894921370859, rel=1e-12)


def test_far_below_one_the_limit_is_nearly_normal() -> None:
    """Where the computation gives way to the normal distribution the ends change by less than 0.2 percent."""
    for level in (0.8, 0.95, 1 - 1e-9):
        assert c_interval(-30 - 1e-9, level) == pytest.approx(c_interval(-30 + 1e-9, level), rel=0.009)
    assert c_interval(-30 - 1e-9, 0.95) == pytest.approx(c_interval(-30 + 1e-9, 0.95), rel=0.002)


def test_interval_of_the_root_refuses(kms) -> None:
    """Coverages below one half and tables that do not hold the statistic are refused with the reason."""
    table = pd.DataFrame({"delta": -0.9, "dfgls": [-5.0, 1.0], "c_min": [-40.0, -5.0], "c_max": [-20.0, 2.0]})
    found = q_test(kms["ret"], kms["dp"], table)
    with pytest.raises(SpecificationError, match="coverage"):
        found.rho_conf_int(0.05)
    with pytest.raises(DataError, match="lacks"):
        found.rho_conf_int(c_bounds=table[["dfgls"]])
    with pytest.raises(DataError, match="outside"):
        found.rho_conf_int(c_bounds=table.assign(dfgls=[-9.0, -8.0]))
    assert found.frames()["Root of the predictor, 95 percent interval"].equals(found.rho_conf_int())


def test_df_gls_is_that_of_arch(reference) -> None:
    """DF-GLS of the dividend-price ratio is arch's to 2 percent: its variance divides by n, ours by n - 1."""
    from arch.unitroot import DFGLS

    data = pd.read_csv(reference("predictability/campbell_yogo2006/crsp_annual.csv"))
    x = data["log_dp"].to_numpy()
    # arch divides by n rather than n - 1 where there is no lag; the ratio is exact.
    theirs = DFGLS(x, lags=0, trend="c").stat
    assert df_gls(x) == pytest.approx(theirs, rel=0.02)


def test_q_test_bad_input(kms) -> None:
    with pytest.raises(DataError, match="lacks"):
        q_test(kms["ret"], kms["dp"], pd.DataFrame({"delta": [0.0]}))
    with pytest.raises(DataError, match="at least 30"):
        q_test([1.0] * 5, [1.0] * 5, pd.DataFrame({"delta": [0.0]}))


def test_cosine_test_with_the_null_imposed() -> None:
    """Scores of the regression without x; size of 4.1 to 5.2 percent at delta 0 (tests2), the plain test 7 to 8."""
    rng, n, rejected = np.random.default_rng(1), 250, []
    for _ in range(3000):
        x, e = lfilter([1.0], [1.0, -0.95], rng.standard_normal(n)), rng.standard_normal(n)
        rejected.append([equal_weighted_cosine(e, x, null_imposed=null).p <= 0.05 for null in (False, True)])
    plain, imposed = np.mean(rejected, axis=0)
    # Standard errors 0.4 points.
    assert plain > 0.06
    assert imposed == pytest.approx(0.0465, abs=0.012)
    centred, demeaned = x - x.mean(), e - e.mean()
    b = int(0.4 * n ** (2 / 3))
    angles = np.pi * np.arange(1, b + 1)[:, None] * (np.arange(n) + 0.5) / n
    omega = ((np.sqrt(2 / n) * np.cos(angles) @ (centred * demeaned)) ** 2).mean()
    found = equal_weighted_cosine(e, x, null_imposed=True)
    assert found.se == pytest.approx(np.sqrt(n * omega) / (centred @ centred), rel=1e-10)


def test_fixed_b_tends_to_the_normal() -> None:
    assert fixed_b_critical(0.0) == pytest.approx(1.96)
    # Kiefer and Vogelsang's limit by simulation at b = 0.1: 2.23 (methods, 60,000 draws).
    assert fixed_b_critical(0.1) == pytest.approx(2.26, abs=0.01)
    assert fixed_b_critical(0.1, level=0.10) < fixed_b_critical(0.1)


@pytest.fixture(scope="module")
def rapach_zhou(reference) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    raw = pd.read_csv(reference("predictability/rapach_zhou2013/monthly.csv"), index_col="month")
    raw.index = pd.PeriodIndex(raw.index, freq="M")
    y = (np.log1p(raw["crsp_spvw"]) - np.log1p(raw["rfree"].shift(1))).rename("premium")
    log = np.log
    x = pd.DataFrame(
        {
            "DP": log(raw["d12"] / raw["sp500"]), "DY": log(raw["d12"] / raw["sp500"].shift(1)),
            "EP": log(raw["e12"] / raw["sp500"]), "DE": log(raw["d12"] / raw["e12"]), "SVAR": raw["svar"],
            "BM": raw["bm"], "NTIS": raw["ntis"], "TBL": raw["tbl"], "LTY": raw["lty"], "LTR": raw["ltr"],
            "TMS": raw["lty"] - raw["tbl"], "DFY": raw["baa"] - raw["aaa"], "DFR": raw["corpr"] - raw["ltr"],
            "INFL": raw["infl"].shift(1),
        }
    )  # fmt: skip
    return y.loc["1926-12":], x.loc["1926-12":], raw


SIGNS = {
    "DP": 1, "DY": 1, "EP": 1, "BM": 1, "NTIS": -1, "TBL": -1, "LTY": -1, "LTR": 1, "TMS": 1, "DFR": 1, "INFL": -1,
}  # fmt: skip


def test_rapach_zhou_forecasts_and_table(rapach_zhou, reference) -> None:
    """Rapach and Zhou (2013): 14 forecasts against R to 1e-10, their tests to 1e-8, the printed table to 0.006."""
    y, x, raw = rapach_zhou
    stored = pd.read_csv(
        reference("predictability/rapach_zhou2013/oos_forecasts_golden.csv"), index_col="month"
    )
    golden = pd.read_csv(reference("predictability/rapach_zhou2013/oos_golden.csv"), index_col="predictor")
    ours = recursive_forecasts(y, x, "1957-01")
    np.testing.assert_allclose(ours, stored, rtol=0, atol=1e-10)  # ten digits are stored
    restricted = recursive_forecasts(y, x, "1957-01", signs=SIGNS)
    recession = raw.loc["1957-01":, "nber_recession_with_peak"].astype(bool).to_numpy()

    def found(table: pd.DataFrame, name: str, keep=slice(None)):
        return compare_forecasts(table["actual"][keep], table["mean"][keep], table[name][keep])

    for name, row in golden.iterrows():
        all_, up, down = found(ours, name), found(ours, name, ~recession), found(ours, name, recession)
        pairs = {
            "r2os": all_.r2_os, "cw": all_.clark_west, "p": all_.clark_west_p, "msef": all_.mse_f,
            "encnew": all_.enc_new, "dm": all_.diebold_mariano, "r2os_exp": up.r2_os, "p_exp": up.clark_west_p,
            "r2os_rec": down.r2_os, "p_rec": down.clark_west_p,
        }  # fmt: skip
        if np.isfinite(row["r2os_ct"]):
            one = found(restricted, name)
            pairs |= {"r2os_ct": one.r2_os, "p_ct": one.clark_west_p}
        for key, value in pairs.items():
            assert value == pytest.approx(row[key], rel=EXACT, abs=EXACT), f"{name} {key}"
    published = {
        "DP": (-0.05, 0.10),
        "DY": (-0.37, 0.07),
        "EP": (-1.88, 0.28),
        "TBL": (-0.01, 0.09),
        "TMS": (0.06, 0.16),
    }
    for name, (r2, p) in published.items():
        assert found(ours, name).r2_os == pytest.approx(r2, abs=0.006)
        assert found(ours, name).clark_west_p == pytest.approx(p, abs=0.006)
    pool = ours[list(x)].mean(axis=1)
    one = compare_forecasts(ours["actual"], ours["mean"], pool)
    assert one.r2_os == pytest.approx(0.44, abs=0.006)
    assert one.clark_west_p == pytest.approx(0.03, abs=0.006)


def test_direction(reference) -> None:
    """Pesaran and Timmermann's directional test, computed independently: hit rates and statistic, to 1e-8."""
    stored = pd.read_csv(
        reference("predictability/rapach_zhou2013/oos_forecasts_golden.csv"), index_col="month"
    )
    path = reference("predictability/rapach_zhou2013/pesaran_timmermann_golden.json")
    for name, row in json.loads(path.read_text()).items():
        found = direction_test(stored["actual"], stored[name])
        assert found.hit == pytest.approx(row["hit"], rel=EXACT)
        assert found.expected == pytest.approx(row["expected"], rel=EXACT)
        assert found.statistic == pytest.approx(row["stat"], rel=EXACT)


def test_forecasts_see_nothing_later(rapach_zhou) -> None:
    """Recursive forecasts use no later data: cut in 1980 or spoiled from 1970 on, earlier ones are the same."""
    y, x, _ = rapach_zhou
    whole = recursive_forecasts(y, x[["DP", "TBL"]], "1957-01")
    cut = recursive_forecasts(y.loc[:"1980-12"], x[["DP", "TBL"]].loc[:"1980-12"], "1957-01")
    pd.testing.assert_frame_equal(whole.loc[:"1980-12"], cut, rtol=1e-9)
    spoiled = x[["DP"]].copy()
    spoiled.loc["1970-01":] = 99.0
    early = recursive_forecasts(y, spoiled, "1957-01").loc[:"1970-01", "DP"]
    np.testing.assert_allclose(early, whole.loc[:"1970-01", "DP"], rtol=1e-7)


def test_rolling_window_and_horizon_against_plain_regressions(rapach_zhou) -> None:
    """A rolling forecast of three months against the regression of its window, to 1e-9."""
    y, x, _ = rapach_zhou
    h, window = 3, 120
    target = y.rolling(h).sum().dropna()
    tbl = x[["TBL"]].loc[target.index]
    found = recursive_forecasts(target, tbl, "1960-01", window=window, horizon=h)
    t = target.index.get_loc(pd.Period("1975-06", "M"))
    known = slice(t - h - window + 1, t - h + 1)  # outcomes known at the end of t - h
    Y, X = target.to_numpy()[known], tbl["TBL"].to_numpy()[known.start - h : known.stop - h]
    slope, intercept = np.polyfit(X, Y, 1)
    expected = intercept + slope * tbl["TBL"].iloc[t - h]
    assert found.loc["1975-06", "TBL"] == pytest.approx(expected, rel=1e-9)
    assert found.loc["1975-06", "mean"] == pytest.approx(Y.mean(), rel=1e-9)


def test_one_forecast_is_made_as_many_are(rapach_zhou) -> None:
    """The forecast of the last month asked for alone is that of the whole exercise, to 1e-9."""
    y, x, _ = rapach_zhou
    many = recursive_forecasts(y, x[["DP", "TBL"]], "1957-01")
    pd.testing.assert_frame_equal(
        recursive_forecasts(y, x[["DP", "TBL"]], "2010-12"), many.tail(1), rtol=1e-9
    )


def test_out_of_sample_bad_input(rapach_zhou) -> None:
    y, x, _ = rapach_zhou
    with pytest.raises(DataError, match="Choose another start"):
        recursive_forecasts(y, x, "2011-01")
    with pytest.raises(DataError, match="one to forecast and 10 earlier"):
        recursive_forecasts(y, x, "1927-03")
    late_start = pd.Series(x.index < pd.Period("1956-06", "M"), x.index).to_frame("DP")
    with pytest.raises(DataError, match="begins too late"):
        recursive_forecasts(y, x[["DP"]].mask(late_start), "1957-01")
    with pytest.raises(DataError, match="too few to compare"):
        compare_forecasts([1.0] * 19, [0.0] * 19, [0.5] * 19)
    with pytest.raises(DataError, match="outcome 3 of 50 is missing"):
        compare_forecasts(np.where(np.arange(50) == 2, np.nan, 1.0), np.zeros(50), np.zeros(50))


def test_a_forecast_that_is_the_benchmark_has_no_test() -> None:
    y = np.random.default_rng(0).normal(size=60)
    for horizon in (1, 4):
        found = compare_forecasts(y, np.zeros(60), np.zeros(60), horizon=horizon)
        assert found.r2_os == 0
        assert np.isnan(
            [found.clark_west, found.clark_west_p, found.diebold_mariano, found.diebold_mariano_p]
        ).all()
