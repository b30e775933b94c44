"""Filter, smoother and likelihood against statsmodels on the same system."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import GOLDEN_SETS

from capstar.statespace import estimate_states

TOLERANCE = 1e-9


def statsmodels_smoother(problem, theta: np.ndarray):
    """The system handed to statsmodels, which starts from the first *predicted* moments."""
    from statsmodels.tsa.statespace.kalman_smoother import KalmanSmoother

    values = problem.values(theta)
    dense = {name: problem.model.blocks[name].dense(values) for name in "ZDHTcGa"}
    p = problem.y.shape[1]
    m = len(problem.model.states)
    model = KalmanSmoother(k_endog=p, k_states=m, k_posdef=dense["G"].shape[1])
    model.bind(np.asfortranarray(problem.y.T))
    model["design"], model["transition"] = dense["Z"], dense["T"]
    model["selection"], model["state_cov"] = dense["G"], np.eye(dense["G"].shape[1])
    model["state_intercept"] = dense["c"]
    model["obs_intercept"] = dense["D"] @ problem.x.T
    model["obs_cov"] = np.diag(dense["H"][:, 0])[:, :, None] * problem.scale(theta) ** 2
    a0 = problem.initial_mean + dense["a"][:, 0]
    Q = dense["G"] @ dense["G"].T
    model.initialize_known(
        dense["T"] @ a0 + dense["c"][:, 0], dense["T"] @ problem.initial_cov @ dense["T"].T + Q
    )
    return model


@pytest.mark.parametrize("missing", [False, True], ids=["complete", "missing"])
@pytest.mark.parametrize("name", GOLDEN_SETS)
def test_same_filter_smoother_and_likelihood(golden_set, name: str, missing: bool) -> None:
    """Predicted, filtered and smoothed moments and likelihood, also with missing values, to 1e-9."""
    one = golden_set(name)
    problem = one.problem(3)
    if missing:
        y = problem.y.copy()
        y[10, 0] = y[60:64] = y[-1, 1] = np.nan
        problem = problem.with_data(y)
    theta = problem.vector(one.params(3))
    theirs, ours = statsmodels_smoother(problem, theta).smooth(), estimate_states(problem, theta)
    assert problem.loglike(theta) == pytest.approx(theirs.llf, abs=TOLERANCE)
    np.testing.assert_allclose(problem.loglike_obs(theta), theirs.llf_obs, atol=TOLERANCE)
    pairs = [
        (ours.predicted, theirs.predicted_state[:, :-1]),
        (ours.filtered, theirs.filtered_state),
        (ours.smoothed, theirs.smoothed_state),
    ]
    for mine, other in pairs:
        np.testing.assert_allclose(mine, other.T, rtol=TOLERANCE, atol=TOLERANCE)
    covs = [
        (ours.predicted_cov, theirs.predicted_state_cov[:, :, :-1]),
        (ours.filtered_cov, theirs.filtered_state_cov),
        (ours.smoothed_cov, theirs.smoothed_state_cov),
    ]
    for mine, other in covs:
        np.testing.assert_allclose(mine, np.moveaxis(other, -1, 0), rtol=TOLERANCE, atol=TOLERANCE)
    # Theirs is Cov(t+1, t | all), stored at t.
    lagged = np.moveaxis(theirs.smoothed_state_autocov, -1, 0)
    np.testing.assert_allclose(ours.lag_one_cov[1:], lagged[:-1], rtol=TOLERANCE, atol=TOLERANCE)
