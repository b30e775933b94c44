"""Standard errors with the parameters' uncertainty against quadrature over the parameter."""

from __future__ import annotations

import numpy as np
import pytest
from textbook import fitted, local_level, nile

from capstar.errors import SpecificationError
from capstar.statespace import estimate_states, fit, report_uncertainty


def test_one_parameter_against_quadrature() -> None:
    """Hamilton's two variances as Gauss-Hermite integrals over s_eta, s_eps held."""
    results = fit(local_level().spec, nile(), fixed={"s_eps": 123.0})
    found = results.uncertainty(4000, seed=5)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    center = results.estimates.report("level")[0]
    moves, variances, inside = 0.0, 0.0, 0.0
    for node, weight in zip(nodes, weights, strict=True):
        value = results.params["s_eta"] + node * results.bse["s_eta"]
        if value > 0:
            mean, std = estimate_states(results.problem, {"s_eps": 123.0, "s_eta": value}).report("level")
            moves, variances, inside = (
                moves + weight * (mean - center) ** 2,
                variances + weight * std**2,
                inside + weight,
            )
    # 4,000 draws know a mean square to 100 sqrt(2 / 4000) = 2.2 percent; four of that, and the edge at zero.
    np.testing.assert_allclose(found.parameter_variance["level"].mean(), (moves / inside).mean(), rtol=0.09)
    np.testing.assert_allclose(found.filter_variance["level"], variances / inside, rtol=0.03)
    np.testing.assert_allclose(found.se**2, found.parameter_variance + found.filter_variance, rtol=1e-12)
    assert (found.se["level"] > results.estimates.report("level")[1] * 0.99).all()


def test_seed_bounds_and_constraints() -> None:
    arma = fitted("arma")
    one, same = (arma.uncertainty(50, seed=2) for _ in range(2))
    np.testing.assert_array_equal(one.se, same.se)
    assert not np.array_equal(one.se, arma.uncertainty(50, seed=3).se)
    wide = arma.cov_params() * 400.0
    found = report_uncertainty(arma.problem, arma.ml, wide, n_draws=20, seed=0)
    assert found.discarded > 0  # outside stationarity or below a variance of zero
    assert np.isfinite(found.se.to_numpy()).all()
    with pytest.raises(SpecificationError, match="n_draws=0"):
        arma.uncertainty(0)
