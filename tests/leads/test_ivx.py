"""IVX, its systems, episodes and residual-augmented form against R's ivx 1.2.0 (``golden/tests2``; R and NumPy)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.leads import episodic_ivx, ivx, ivx_system, residual_augmented_ivx
from capstar.leads.inference.instrument import instrumented

# Golden files have 17 digits; two programs in double agree to 1e-11 where sums of a thousand rows cancel.
EXACT = 1e-8
COVARIANCE = {"homoskedastic": "conventional", "eicker_white": "white"}
SCHEME = {"rwb": "residual", "frwb": "fixed"}


def test_statistics(golden_sample, golden) -> None:
    """IVX, 164 rows: one or more predictors, months and quarters, horizons 1, 4, 12, both covariances, to 1e-8."""
    rows = pd.read_csv(golden("tests2/ivx_statistics.csv"))
    assert len(rows) == 164
    for (name, model, horizon, variance), group in rows.groupby(
        ["data", "predictors", "horizon", "variance"]
    ):
        y, x = golden_sample(name)
        found = ivx(y, x[model.split("+")], horizon=horizon, covariance=COVARIANCE[variance])
        stored = group.set_index("predictor")
        for ours, theirs in {
            "slope": "beta", "se": "se", "t": "t", "wald": "wald", "p": "p_two_sided", "p_less": "p_less",
            "p_greater": "p_greater",
        }.items():  # fmt: skip
            np.testing.assert_allclose(found.table[ours], stored[theirs], EXACT, err_msg=f"{model} {ours}")
        assert found.corrected
        assert found.wald == pytest.approx(stored["wald_joint"].iloc[0], rel=EXACT)
        assert found.p == pytest.approx(stored["p_joint"].iloc[0], rel=EXACT)
        np.testing.assert_allclose(found.delta, stored["delta"], EXACT)
        np.testing.assert_allclose(found.rho, stored["ar1_root"], EXACT)


def test_white_is_of_one_period(golden_sample) -> None:
    """White's covariance at more than one period, and unknown ones, are refused with the reason."""
    y, x = golden_sample("sim_garch")
    with pytest.raises(SpecificationError, match="'white' is of one period, not 4"):
        ivx(y, x["x1"], horizon=4, covariance="white")
    with pytest.raises(
        SpecificationError, match="covariance='HC3'; choose one of \\['conventional', 'white'\\]"
    ):
        ivx(y, x["x1"], covariance="HC3")


def test_a_correction_that_leaves_no_variance_is_dropped() -> None:
    """White's meat is put on rows where the instrument is near zero, so that the correction exceeds it."""
    rng = np.random.default_rng(4)
    x = np.cumsum(1.0 + 0.1 * rng.standard_normal(200))
    y = np.where(np.arange(200) < 4, 30.0, 0.01) * rng.standard_normal(200)
    found = instrumented(y[None, :, None], x[None, :, None], white=True)
    assert found.dropped.tolist() == [True]
    z = np.zeros(199)
    for t in range(1, 199):
        z[t] = (1 - 199**-0.95) * z[t - 1] + x[t] - x[t - 1]
    centred = x[:-1] - x[:-1].mean()
    errors = y[1:] - y[1:].mean() - (centred @ y[1:]) / (centred @ centred) * centred
    expected = np.sqrt(((z * errors) ** 2).sum()) / (z @ centred)
    assert found.se[0, 0] == pytest.approx(abs(expected), rel=1e-9)
    assert not ivx(pd.Series(y), pd.Series(x), covariance="white").corrected


def test_perfect_cubes_have_their_own_number_of_lags() -> None:
    """1,000 rows: ten Bartlett lags, not the nine that n ** (1 / 3) rounds down to."""
    from capstar.leads.inference.instrument import variances

    rng = np.random.default_rng(0)
    u = rng.standard_normal((1, 1000, 1)).cumsum(axis=1)
    errors = rng.standard_normal((1, 1000, 1)) + u
    v, e = u[0, :, 0], errors[0, :, 0]
    omega, cross = v @ v, v @ e
    for h in range(1, 11):
        omega += 2 * (1 - h / 11) * (v[h:] @ v[:-h])
        cross += (1 - h / 11) * (v[h:] @ e[:-h])
    expected = (e @ e - cross**2 / omega) / 1000
    assert variances(errors, u)[1][0, 0, 0] == pytest.approx(expected, rel=1e-10)


def test_systems(golden_sample, golden) -> None:
    """Systems of two responses: slopes, errors, t and Wald statistics, horizons 1, 4 and 12, to 1e-8."""
    rows = pd.read_csv(golden("tests2/ivx_system.csv"))
    for (name, responses, model, horizon), group in rows.groupby(
        ["data", "responses", "predictors", "horizon"]
    ):
        y, x = golden_sample(name)
        x["y^2"] = y**2
        found = ivx_system(x[responses.split("+")], x[model.split("+")], horizon=horizon)
        stored = group.set_index(["response", "predictor"])
        table = found.table.loc[stored.index]
        for ours, theirs in {"slope": "beta", "se": "se", "t": "t"}.items():
            np.testing.assert_allclose(table[ours], stored[theirs], EXACT)
        walds = stored.groupby("response")["wald_equation"].first()
        np.testing.assert_allclose(found.equations.loc[walds.index, "wald"], walds, EXACT)
        assert found.wald == pytest.approx(stored["wald_joint"].iloc[0], rel=EXACT)
        np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), found.table["se"], 1e-12)


def test_a_system_of_one_response_is_ivx(golden_sample) -> None:
    """A system of one response is the single equation: Wald statistic and p to 1e-12."""
    y, x = golden_sample("sim_garch")
    system, one = ivx_system(y.to_frame(), x[["x1", "x2"]]), ivx(y, x[["x1", "x2"]])
    assert system.wald == pytest.approx(one.wald, rel=1e-12)
    assert system.p == pytest.approx(one.p, rel=1e-12)
    with pytest.raises(DataError, match="returns: expected a DataFrame"):
        ivx_system("y", x["x1"])


def test_residual_augmented(golden_sample, golden) -> None:
    """Residual-augmented IVX, 144 rows: order by AIC, 1 and 2; horizons 1, 4, 12 and 24, to 1e-8."""
    rows = pd.read_csv(golden("tests2/ivx_residual_augmented.csv"))
    assert len(rows) == 144
    for (name, model, horizon, order), group in rows.groupby(["data", "predictors", "horizon", "ar"]):
        y, x = golden_sample(name)
        lags = None if order == "aic" else int(order)
        found = residual_augmented_ivx(y, x[model.split("+")], horizon=horizon, lags=lags)
        stored = group.set_index("predictor")
        assert found.order == stored["ar_order"].iloc[0]
        for ours, theirs in {"slope": "beta", "se": "se", "t": "t", "gamma": "gamma"}.items():
            np.testing.assert_allclose(found.table[ours], stored[theirs], EXACT, err_msg=f"{model} {ours}")
        assert found.wald == pytest.approx(stored["wald_joint"].iloc[0], rel=EXACT)


def test_residual_augmented_keeps_its_size_where_least_squares_does_not() -> None:
    """Unit root, correlation -0.95, 200 periods: 5.4 percent in the paper (tests2, section 4); s.e. 0.9 points."""
    rng, t, rejected = np.random.default_rng(8), 200, []
    for _ in range(600):
        v = rng.standard_normal(t)
        y = -0.95 * v + np.sqrt(1 - 0.95**2) * rng.standard_normal(t)
        found = residual_augmented_ivx(pd.Series(y), pd.Series(v.cumsum()), lags=1)
        rejected.append(found.p <= 0.05)
    assert np.mean(rejected) == pytest.approx(0.054, abs=0.028)


def test_episodes(golden_sample, golden) -> None:
    """Episodes: sup statistics and every 25th window to 1e-8; p within four standard errors of 999 and 99 draws."""
    rows = pd.read_csv(golden("tests2/ivx_episodic.csv"))
    paths = pd.read_csv(golden("tests2/ivx_episodic_sequence.csv"))
    keys = ["data", "predictors", "scheme", "window", "variance", "bootstrap"]
    seen = 0
    for (name, model, windows, share, variance, bootstrap), group in rows.groupby(keys):
        if model != "dp" and bootstrap == "frwb":
            continue  # the statistics are those of the other scheme
        y, x = golden_sample(name)
        found = episodic_ivx(
            y, x[model.split("+")], windows=windows, share=share, covariance=COVARIANCE[variance],
            scheme=SCHEME[bootstrap], n_replications=99, seed=1,
        )  # fmt: skip
        assert len(found.path) == group["windows"].iloc[0]
        np.testing.assert_allclose(found.table["statistic"], group["statistic"], EXACT)
        p = group["p"].to_numpy()
        bound = 4 * np.sqrt(np.maximum(p * (1 - p), 0.01) * (1 / 999 + 1 / 99)) + 0.01
        assert (np.abs(found.table["p"] - p) < bound).all(), (name, model, windows, variance, bootstrap)
        stored = paths.query(
            "data == @name and predictor == @model and scheme == @windows and variance == @variance"
        )
        both = stored.merge(found.path, left_on=["start", "end"], right_on=["first", "last"])
        assert len(both) == len(stored)
        seen += len(both)
        if len(both):
            np.testing.assert_allclose(both["t_y"], both["t_x"], EXACT)
            np.testing.assert_allclose(both["wald_y"], both["wald_x"], EXACT)
    assert seen == len(paths) + (paths["predictor"] == "dp").sum()


def test_a_window_that_is_too_short_is_refused(golden_sample) -> None:
    """Windows that are too short and invalid options are refused with the reason."""
    y, x = golden_sample("sim_garch")
    for share, windows in ((0.02, "rolling"), (0.99, "backward")):
        with pytest.raises(SpecificationError, match="is too short; at least 20"):
            episodic_ivx(y, x["x1"], windows=windows, share=share)
    with pytest.raises(SpecificationError, match=r"share=1\.2; choose a number between 0 and 1"):
        episodic_ivx(y, x["x1"], share=1.2)
    with pytest.raises(SpecificationError, match="windows='all'"):
        episodic_ivx(y, x["x1"], windows="all")
