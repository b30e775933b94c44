"""Wild bootstraps of IVX against R's ivx 1.2.0 and published p-values (``golden/tests2``)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from capstar import leads
from capstar.errors import DataError, SpecificationError
from capstar.leads import ivx, ivx_bootstrap, ivx_family
from capstar.leads.inference.instrument import instrumented
from capstar.leads.inference.ivx_bootstrap import BootstrappedIVX, replicate
from capstar.leads.inference.wild_null import draw_multipliers, fit_wild_null

EXACT = 1e-8  # 17 digits are stored; two programs in double agree to 5e-12
COVARIANCE = {"homoskedastic": "conventional", "eicker_white": "white"}
SCHEME = {"rwb": "residual", "frwb": "fixed"}


def near(found, p, stored: int, ours: int) -> np.ndarray:
    """Whether shares of two sets of draws differ by less than four standard errors (MANIFEST)."""
    p = np.asarray(p)
    bound = 4 * np.sqrt(np.maximum(p * (1 - p), 1 / stored) * (1 / stored + 1 / ours)) + 1 / ours
    return np.abs(np.asarray(found) - p) < bound


def arrays(y: pd.Series, x: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return y.where(np.arange(len(y)) > 0, 0.0).to_numpy(), x.to_numpy(dtype=float)


def test_order_and_coefficients_of_the_autoregression(golden_sample, golden) -> None:
    """Order by BIC and coefficients of the predictors' autoregression, to 1e-8."""
    rows = pd.read_csv(golden("tests2/ivx_var_order.csv"))
    for (name, model), group in rows.groupby(["data", "predictors"]):
        y, x = golden_sample(name)
        names = model.split("+")
        null = fit_wild_null(*arrays(y, x[names]), scheme="residual")
        assert null.order == group["order"].iloc[0]
        at = (group["lag"] - 1, group["equation"].map(names.index), group["variable"].map(names.index))
        np.testing.assert_allclose(null.coefficients[at], group["coefficient"], EXACT, atol=1e-10)


def test_given_multipliers(golden_sample, golden) -> None:
    """Given multipliers, nothing random: slope, t and Wald statistic of 270 bootstrap samples, to 1e-8.

    Row i has the sign of the MANIFEST.
    """
    rows = pd.read_csv(golden("tests2/ivx_bootstrap_fixed_multipliers.csv"))
    assert len(rows) == 270
    keys = ["data", "predictors", "horizon", "variance", "bootstrap"]
    for (name, model, horizon, variance, bootstrap), group in rows.groupby(keys):
        y, x = golden_sample(name)
        names = model.split("+")
        null = fit_wild_null(*arrays(y, x[names]), scheme=SCHEME[bootstrap])
        i, b = np.arange(len(y) - 1), np.arange(5)[:, None]
        signs = 1.0 - 2 * ((i * (2 * b + 3) + b**2) // 5 % 2)
        found = replicate(null, signs, horizon=horizon, white=COVARIANCE[variance] == "white")
        at = (group["b"].to_numpy(), group["predictor"].map(names.index).to_numpy())
        np.testing.assert_allclose(found.slope[at], group["beta_star"], EXACT)
        np.testing.assert_allclose(found.t[at], group["t_star"], EXACT)
        np.testing.assert_allclose(found.wald[at[0]], group["wald_star"], EXACT)


def test_p_values(golden_sample, golden) -> None:
    """Every p-value within four standard errors of 9,999 and 499 draws; quantiles likewise, as shares of draws."""
    rows, ours = pd.read_csv(golden("tests2/ivx_bootstrap.csv")), 499
    keys = ["data", "predictors", "horizon", "variance", "bootstrap", "multipliers"]
    for key, group in rows.groupby(keys):
        name, model, horizon, variance, bootstrap, multipliers = key
        y, x = golden_sample(name)
        found = ivx_bootstrap(
            y, x[model.split("+")], horizon=horizon, covariance=COVARIANCE[variance], scheme=SCHEME[bootstrap],
            multipliers=multipliers, n_replications=ours, seed=2,
        )  # fmt: skip
        stored = group.set_index("predictor")
        np.testing.assert_allclose(found.table["t"], stored["t"], EXACT)
        assert found.wald == pytest.approx(stored["wald_joint"].iloc[0], rel=EXACT)
        if bootstrap == "rwb":
            assert found.order == stored["var_order"].iloc[0]
        for column, theirs in {"p": "p_two_sided", "p_less": "p_less", "p_greater": "p_greater"}.items():
            assert near(found.table[column], stored[theirs], 9999, ours).all(), (key, column)
        assert near(found.p, stored["p_joint"].iloc[0], 9999, ours), key
        for share, theirs in ((0.05, "q05_t"), (0.95, "q95_t")):
            below = (found.draws[list(stored.index)] <= stored[theirs]).mean()
            assert near(below, share, 9999, ours).all(), (key, theirs)
        assert near((found.draws["wald"] <= stored["q95_wald"].iloc[0]).mean(), 0.95, 9999, ours), key


@pytest.fixture(scope="module")
def goyal_welch(reference) -> tuple[pd.Series, pd.DataFrame]:
    """Price return above the bill of the month before, and 14 predictors, 1926-12 to 2020-12."""
    raw = pd.read_csv(reference("predictability/goyal_welch_monthly_2021.csv"))
    raw.index = pd.PeriodIndex(raw.pop("yyyymm").astype(str), freq="M")
    log, price = np.log, raw["sp500"]
    y = (log(price).diff() - np.log1p(raw["rfree"].shift(1))).rename("ret")
    x = pd.DataFrame(
        {
            "dp": log(raw["d12"] / price), "dy": log(raw["d12"] / price.shift(1)), "ep": log(raw["e12"] / price),
            "de": log(raw["d12"] / raw["e12"]), "svar": raw["svar"], "bm": raw["bm"], "ntis": raw["ntis"],
            "tbl": raw["tbl"], "lty": raw["lty"], "ltr": raw["ltr"], "tms": raw["lty"] - raw["tbl"],
            "dfy": raw["baa"] - raw["aaa"], "dfr": raw["corpr"] - raw["ltr"], "infl": raw["infl"],
        }
    )  # fmt: skip
    return y.loc["1926-12":"2020-12"], x.loc["1926-12":"2020-12"]


def test_published_table_4(goyal_welch, golden) -> None:
    """Demetrescu, Georgiev, Rodrigues and Taylor (2023), table 4: bootstrap p to 0.05, White's p to 0.04.

    Tolerances of the design note: RWB .05 without dy (another return), White .04 without dy, tms and infl (revised).
    """
    y, x = goyal_welch
    rows, ours = pd.read_csv(golden("tests2/dgrt2023_table4.csv"), index_col="predictor"), 999
    rwb, white = [], []
    for name, stored in rows.iterrows():
        robust = ivx(y, x[name], covariance="white")
        found = ivx_bootstrap(y, x[name], n_replications=ours, seed=4)
        row, asymptotic = found.table.iloc[0], robust.table.iloc[0]
        assert robust.nobs == stored["n"]
        assert found.order == stored["var_order"]
        # The stored numbers have twelve digits.
        assert row["slope"] == pytest.approx(stored["beta"], rel=EXACT)
        assert row["t"] == pytest.approx(stored["t_conventional"], rel=EXACT)
        assert asymptotic["t"] == pytest.approx(stored["t_white"], rel=EXACT)
        for p, side in (("p", "two"), ("p_less", "left"), ("p_greater", "right")):
            assert near(row[p], stored[f"rwb_{side}"], 9999, ours), (name, side)
            assert asymptotic[p] == pytest.approx(stored[f"ew_{side}"], rel=EXACT)
            if name != "dy":
                rwb.append(row[p] - stored[f"rwb_{side}_published"])
            if name not in ("dy", "tms", "infl"):
                white.append(asymptotic[p] - stored[f"ew_{side}_published"])
    assert np.abs(rwb).max() < 0.05
    assert np.abs(white).max() < 0.04


def test_workers_and_batches_change_nothing(golden_sample) -> None:
    """Numbers of workers and of draws in a batch change no draw, exactly."""
    y, x = golden_sample("sim_garch")
    one = ivx_bootstrap(y, x["x1"], n_replications=500, seed=9)
    other = ivx_bootstrap(y, x["x1"], n_replications=500, seed=9, n_workers=2)
    pd.testing.assert_frame_equal(one.draws, other.draws, check_exact=True)
    fewer = ivx_bootstrap(y, x["x1"], n_replications=250, seed=9)
    pd.testing.assert_frame_equal(fewer.draws, one.draws.iloc[:250], check_exact=True)


def test_an_explosive_root_is_shrunk_and_said(golden_sample) -> None:
    """A largest root of 1.01 is shrunk to 1 - 1e-6, and the summary reports it."""
    y, x = golden_sample("sim_garch")
    grown = pd.Series(1.01 ** np.arange(500), y.index, name="grown") + x["x2"] * 1e-3
    found = ivx_bootstrap(y, grown, n_replications=99, lags=2)
    assert found.shrunk_from == pytest.approx(1.01, abs=1e-4)
    assert "largest root 1.01" in found.summary().notes[0]
    null = fit_wild_null(*arrays(y, grown.to_frame()), scheme="residual", lags=2)
    first, second = null.coefficients[:, 0, 0]
    assert np.abs(np.roots([1.0, -first, -second])).max() == pytest.approx(1 - 1e-6, abs=1e-9)
    assert np.isnan(ivx_bootstrap(y, x["x1"], n_replications=99).shrunk_from)


def test_a_simulated_sample_obeys_its_equations(golden_sample) -> None:
    """A simulated sample obeys its VAR(2), one multiplier a period for all residuals, to 1e-10.

    No constant, zeros before.
    """
    y, x = golden_sample("sim_break")
    null = fit_wild_null(*arrays(y, x[["x1", "x2"]]), scheme="residual", lags=2)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (3, 399))
    drawn_y, drawn_x = null.draw(signs)
    np.testing.assert_allclose(drawn_y[:, 1:, 0], signs * null.errors)
    assert (drawn_x[:, 0] == 0).all()
    assert (null.shocks[:1] == 0).all()
    for t in range(2, 400):
        expected = sum(drawn_x[:, t - j] @ null.coefficients[j - 1].T for j in (1, 2))
        expected = expected + signs[:, [t - 1]] * null.shocks[t - 1]
        np.testing.assert_allclose(drawn_x[:, t], expected, atol=1e-10)


def test_size_when_the_variance_breaks() -> None:
    """Standard deviation three to one after a third of the sample, root 0.9, errors unrelated, 250 periods.

    The chi-squared rejects about 14 percent at nominal 5, the residual bootstrap 5 (tests2; s.e. 0.8 points).
    """
    rng, n, asymptotic, bootstrapped = np.random.default_rng(3), 250, [], []
    for _ in range(800):
        y, v = np.where(np.arange(n) < n // 3, 3.0, 1.0) * rng.standard_normal((2, n))
        x = lfilter([1.0], [1.0, -0.9], v)[:, None]
        wald = instrumented(y[None, :, None], x[None]).wald[0]
        null = fit_wild_null(y, x, scheme="residual")
        drawn = replicate(null, draw_multipliers(rng, (99, n - 1), "rademacher")).wald
        asymptotic.append(wald > 3.841458820694124)
        bootstrapped.append((1 + (drawn >= wald).sum()) / 100 <= 0.05)
    assert np.mean(asymptotic) > 0.10
    assert 0.03 < np.mean(bootstrapped) < 0.07


def test_options_are_refused_in_words(golden_sample) -> None:
    """Invalid options are refused with their value and the valid choices."""
    y, x = golden_sample("sim_garch")
    for options, words in (
        ({"scheme": "pairs"}, "scheme='pairs'; choose one of "),
        ({"multipliers": "mammen"}, "multipliers='mammen'; choose one of "),
        ({"n_replications": 9}, "n_replications=9; at least 99"),
        ({"lags": 0}, "lags=0; choose a whole number from 1"),
        ({"horizon": 500}, "horizon=500; choose a whole number from 1 to 499 with 500 periods"),
    ):
        with pytest.raises(SpecificationError, match=words):
            ivx_bootstrap(y, x["x1"], **options)


def test_family_of_one_is_the_test_itself(golden_sample) -> None:
    """A family of one is the single test: the same p and the same draws, exactly."""
    y, x = golden_sample("kms_quarterly")
    family = ivx_family({"dp": (y, x["dp"])}, n_replications=299, seed=6)
    one = ivx_bootstrap(y, x["dp"], n_replications=299, seed=6)
    assert family.table["p_family"].iloc[0] == family.table["p"].iloc[0] == one.p == family.p
    np.testing.assert_array_equal(family.draws.iloc[:, 0], one.draws["dp"])


def test_a_family_shares_its_multipliers(golden_sample) -> None:
    """Members of a family share multipliers by date: a rescaled copy of one leaves every family p, to 1e-7."""
    y, x = golden_sample("kms_quarterly")
    late = y.iloc[100:], x["tbl"].iloc[100:]
    plain = ivx_family({"dp": (y, x["dp"]), "late": late}, (1, 4), n_replications=499, seed=1)
    copied = ivx_family(
        {"dp": (y, x["dp"]), "late": late, "again": (-3 * y, 5 * x["dp"])}, (1, 4), n_replications=499, seed=1
    )
    np.testing.assert_allclose(copied.table.loc[plain.table.index, "p_family"], plain.table["p_family"])
    np.testing.assert_allclose(copied.draws["again"], -copied.draws["dp"], atol=1e-9)
    assert list(plain.table.index) == [("dp", 1), ("dp", 4), ("late", 1), ("late", 4)]
    assert (plain.table["p_family"] >= plain.table["p"]).all()
    largest = plain.draws.abs().max(axis=1)
    expected = (1 + (largest.to_numpy()[:, None] >= plain.table["t"].abs().to_numpy()).sum(axis=0)) / 500
    np.testing.assert_allclose(plain.table["p_family"], expected)
    assert plain.table.loc[("late", 1), "t"] == pytest.approx(ivx(*late).table["t"].iloc[0], rel=1e-12)
    assert f"none of {len(plain.table)} predicts" in str(plain.summary())
    with pytest.raises(SpecificationError, match="An empty family"):
        ivx_family({})
    with pytest.raises(DataError, match="expected one series"):
        ivx_family({"both": (y, x[["dp", "tbl"]])})


def test_family_wise_error_holds_and_beats_bonferroni() -> None:
    """Five returns of one factor on one persistent predictor: 5 percent of families; p below five times the least."""
    rng, n, smallest, bonferroni = np.random.default_rng(11), 150, [], []
    for seed in range(120):
        v = rng.standard_normal(n)
        x = pd.Series(lfilter([1.0], [1.0, -0.95], v))
        factor = -0.5 * v + rng.standard_normal(n)
        members = {k: (pd.Series(factor + 0.5 * rng.standard_normal(n)), x) for k in range(5)}
        found = ivx_family(members, n_replications=99, seed=seed)
        smallest.append(found.p)
        bonferroni.append(5 * found.table["p"].min())
    # Three standard errors of a share of 120.
    assert np.mean(np.array(smallest) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)
    assert np.mean(smallest) < 0.8 * np.mean(np.minimum(bonferroni, 1))


def test_the_registered_test_is_the_function() -> None:
    from capstar import data

    returns = data.small_cap_returns()[["small_minus_large"]]
    quarters = pd.period_range("1961Q1", "2009Q3", freq="Q", name="date")
    steps = np.random.default_rng(5).standard_normal(len(quarters))
    gap = pd.Series(steps, quarters, name="gap").ewm(alpha=0.2).mean()
    sample_ = leads.AlignedData.of(returns, gap.to_frame(), (4,)).sample("small_minus_large", "gap")
    found = BootstrappedIVX(n_replications=299, seed=3).run(sample_, 4)
    direct = ivx_bootstrap(*sample_.in_period(), horizon=4, n_replications=299, seed=3)
    assert (found.statistic, found.p) == (direct.table["t"].iloc[0], direct.table["p"].iloc[0])
    assert found.columns["p_less"] == direct.table["p_less"].iloc[0]
    assert found.note == direct.note
