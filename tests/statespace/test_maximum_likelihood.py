"""Maximum likelihood on a textbook problem, bounds and errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capstar.errors import ConvergenceError, ConvergenceWarning, DataError
from capstar.statespace import (
    Parameter,
    Spec,
    bind,
    maximize,
    outer_product_cov,
    params,
    sandwich_cov,
    standard_errors,
    variables,
)

s_eps, s_eta = params("s_eps s_eta")
y, mu, eps, eta = variables("y mu eps eta")
POSITIVE = {"s_eps": Parameter(50.0, lower=1e-6), "s_eta": Parameter(50.0, lower=1e-6)}
LOCAL_LEVEL = Spec(
    "local level", {"y": mu + eps}, {"mu": mu(-1) + eta}, {"eps": s_eps, "eta": s_eta}, parameters=POSITIVE
)


@pytest.fixture(scope="module")
def nile():
    """Annual flow of the Nile at Aswan, 1871-1970."""
    from statsmodels.datasets import nile as source

    flow = source.load_pandas().data["volume"].to_numpy(dtype=float)
    data = pd.DataFrame({"y": flow}, pd.period_range("1871", periods=len(flow), freq="Y"))
    return bind(LOCAL_LEVEL, data, initial_mean={("mu", 0): 0.0}, initial_cov=[[1e9]])


def test_nile_variances(nile) -> None:
    """Durbin and Koopman (2012), section 2.10.3: 15,099 and 1,469.1."""
    fit = maximize(nile, nile.table())
    assert fit.converged
    assert not fit.at_bound.any()
    # They start diffusely; a prior variance of 1e9 stands in for it and moves the fifth digit.
    assert fit.params["s_eps"] ** 2 == pytest.approx(15099, rel=1e-4)
    assert fit.params["s_eta"] ** 2 == pytest.approx(1469.1, rel=1e-4)
    assert fit.higher_maximum is None
    assert len(fit.starts) == 4
    np.testing.assert_allclose(fit.starts["log_likelihood"], fit.llf, atol=1e-8)


def test_a_standard_deviation_started_at_zero_leaves_it(nile) -> None:
    """Its score is zero there, and it is no maximum."""
    table = replace(nile.table(), lower=nile.table().lower * 0.0)
    whole = maximize(nile, table)
    assert nile.score({"s_eps": 169.0, "s_eta": 0.0})["s_eta"] == 0.0
    stuck = maximize(nile, table.starting({"s_eps": 169.0, "s_eta": 0.0}), n_starts=1)
    assert stuck.llf == pytest.approx(whole.llf, abs=1e-8)
    assert not stuck.at_bound.any()


def test_fixed_parameters_stay(nile) -> None:
    fit = maximize(nile, nile.table().fix({"s_eps": 100.0}))
    assert fit.params["s_eps"] == 100.0
    assert fit.free == ("s_eta",)
    whole = maximize(nile, nile.table())
    assert fit.llf < whole.llf


def test_parameter_at_its_bound_is_reported(nile) -> None:
    from dataclasses import replace

    table = nile.table()
    upper = table.upper.copy()
    upper["s_eta"] = 20.0
    fit = maximize(nile, replace(table, upper=upper).starting({"s_eta": 10.0}))
    assert fit.converged
    assert fit.at_bound.to_dict() == {"s_eps": False, "s_eta": True}
    assert fit.gradient["s_eta"] > 0
    assert np.isnan(sandwich_cov(nile, fit).loc["s_eta", "s_eta"])


def test_unconverged_raises_unless_asked_for(nile) -> None:
    # No rounding allows a projected gradient of 1e-300.
    with pytest.raises(
        ConvergenceError, match=r"local level: no maximum reached in 1871-1970: the projected"
    ):
        maximize(nile, nile.table(), tolerance=1e-300)
    with pytest.warns(ConvergenceWarning, match="allow_unconverged=True"):
        fit = maximize(nile, nile.table(), tolerance=1e-300, allow_unconverged=True)
    assert not fit.converged


def test_standard_errors_agree_where_the_model_holds(nile) -> None:
    from capstar.statespace import simulate_data

    truth = {"s_eps": 120.0, "s_eta": 40.0}
    long = nile.with_data(simulate_data(nile, truth, seed=5)[1])
    fit = maximize(long, long.table())
    hessian = np.sqrt(np.diag(np.linalg.inv(-fit.hessian.to_numpy())))
    opg, robust = standard_errors(outer_product_cov(long, fit)), standard_errors(sandwich_cov(long, fit))
    # Three estimates of one matrix from 100 years: equal up to sampling error.
    np.testing.assert_allclose(opg, hessian, rtol=0.5)
    np.testing.assert_allclose(robust, hessian, rtol=0.5)


def test_hessian_is_the_derivative_of_the_score(nile) -> None:
    at = {"s_eps": 120.0, "s_eta": 40.0}
    step = 1e-3
    up = nile.score(at | {"s_eta": 40.0 + step})
    down = nile.score(at | {"s_eta": 40.0 - step})
    np.testing.assert_allclose(nile.hessian(at)["s_eta"], (up - down) / (2 * step), rtol=1e-6)


def test_too_few_observations(nile) -> None:
    data = pd.DataFrame({"y": [1.0]}, pd.period_range("1871", periods=1, freq="Y"))
    one = bind(LOCAL_LEVEL, data, initial_mean={("mu", 0): 0.0}, initial_cov=[[1.0]])
    with pytest.raises(DataError, match="1 periods cannot identify 2 parameters"):
        maximize(one, one.table())
