"""Observation equations as regressions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.statespace import Parameter, Spec, least_squares_start, mean, params, regression, variables

a, b, mu, phi, sigma, s_mu, c = params("a b mu phi sigma s_mu c")
y, x, w, trend, g, e, u, v = variables("y x w trend g e u v")
INDEX = pd.period_range("1990Q1", periods=80, freq="Q")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(rng.standard_normal((80, 3)).cumsum(axis=0), INDEX, ["y", "x", "w"])


@pytest.fixture(scope="module")
def states(data: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"trend": data["y"].rolling(8).mean(), "g": 0.6})


def _spec(rhs, **more) -> Spec:
    transition = {"trend": trend(-1) + g(-1) + u, "g": g(-1) + v}
    return Spec("a model", {"y": rhs + e}, transition, {"e": sigma, "u": s_mu, "v": s_mu}, **more)


def test_terms_of_one_coefficient_share_a_regressor(data, states) -> None:
    spec = _spec(trend + a * (y - trend)(-1) + b * mean(x(-1), x(-2), x(-3)) + (1 - b) * w + mu)
    found = regression(spec, "y", data, states)
    gap = data["y"] - states["trend"]
    X = pd.DataFrame(
        {"a": gap.shift(1), "b": data["x"].rolling(3).mean().shift(1), "1 - b": data["w"], "mu": 1.0}
    )
    X = X[X.notna().all(axis=1)]
    assert list(found.X) == ["a", "b", "1 - b", "mu"]
    np.testing.assert_allclose(found.X, X, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.y, gap[X.index], rtol=1e-12, atol=1e-12)
    beta, rest, *_ = np.linalg.lstsq(X.to_numpy(), gap[X.index].to_numpy(), rcond=None)
    start = least_squares_start(spec, "y", data, states)
    assert set(start) == {"a", "b", "mu", "sigma"}
    np.testing.assert_allclose([start["a"], start["b"], start["mu"]], beta[[0, 1, 3]], rtol=1e-10)
    assert start["sigma"] == pytest.approx(np.sqrt(rest[0] / (len(X) - 4)), rel=1e-10)


def test_collinear_columns_go_and_data_come_first(data, states) -> None:
    # g is constant here, as is the column of mu: one of the two can stay.
    spec = _spec(b * g(-1) + mu + a * x(-1))
    assert list(regression(spec, "y", data, states).X) == ["a", "mu"]
    assert list(regression(spec, "y", data, states.assign(g=data["w"])).X) == ["a", "mu", "b"]
    assert list(regression(spec, "y", data.assign(x=0.0), states).X) == ["mu"]


def test_a_lag_with_a_column_of_its_own_is_that_column(data, states) -> None:
    known = states.assign(**{"trend(-1)": data["w"]})
    found = regression(_spec(trend(-1) + mu), "y", data, known)
    np.testing.assert_array_equal(found.y, (data["y"] - data["w"])[found.y.index])


def test_at_known_parameters_the_left_side_is_the_residual(data, states) -> None:
    spec = _spec(trend + a * (y - trend)(-1) + b * c * x(-1))
    found = regression(spec, "y", data, states, values={"a": 0.7, "b": -0.5, "c": 2.0})
    gap = data["y"] - states["trend"]
    expected = (gap - 0.7 * gap.shift(1) + data["x"].shift(1)).dropna()
    assert found.X.shape[1] == 0
    np.testing.assert_allclose(found.y, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(found.residuals, found.y)


def test_a_product_is_concentrated_out(data, states) -> None:
    """y - phi x follows its own lag: nonlinear in a and phi jointly, and both are found."""
    rng = np.random.default_rng(5)
    level = np.zeros(80)
    for t in range(1, 80):
        level[t] = 0.6 * level[t - 1] + 0.1 * rng.standard_normal()
    made = data.assign(y=level + 0.8 * data["x"])
    net = y - phi * x
    spec = _spec(phi * x + a * net(-1), parameters={"phi": Parameter(0.0)})
    start = least_squares_start(spec, "y", made, states)

    def total(value: float) -> float:
        rest = made["y"] - value * made["x"]
        lag, now = rest.iloc[:-1].to_numpy(), rest.iloc[1:].to_numpy()
        return float(((now - lag * (lag @ now) / (lag @ lag)) ** 2).sum())

    grid = np.linspace(start["phi"] - 0.01, start["phi"] + 0.01, 201)
    best = grid[np.argmin([total(value) for value in grid])]
    assert abs(best - start["phi"]) <= 1e-4  # the grid's step
    assert start["phi"] == pytest.approx(0.8, abs=0.1)
    assert start["a"] == pytest.approx(0.6, abs=0.2)
    assert start["sigma"] == pytest.approx(np.sqrt(total(start["phi"]) / (79 - 2)), rel=1e-9)


def test_a_known_factor_needs_no_search(data, states) -> None:
    spec = _spec(a * phi * x(-1) + mu)
    start = least_squares_start(spec, "y", data, states, values={"phi": 0.5})
    X = np.column_stack([0.5 * data["x"].iloc[:-1], np.ones(79)])
    beta = np.linalg.lstsq(X, data["y"].iloc[1:].to_numpy(), rcond=None)[0]
    np.testing.assert_allclose([start["a"], start["mu"]], beta, rtol=1e-10)
    assert "phi" not in start


def test_a_standard_deviation_that_is_no_single_parameter_has_no_start(data, states) -> None:
    spec = _spec(mu + a * x)
    product = Spec("scaled", spec.observation, spec.transition, {**spec.shocks, "e": 2 * sigma})
    assert set(least_squares_start(product, "y", data, states)) == {"mu", "a"}


def test_missing_periods_are_left_out_and_a_tiny_sample_gives_no_spread(data, states) -> None:
    holes = data.copy()
    holes.loc["1995Q1", "y"] = np.nan
    spec = _spec(mu + a * y(-1))
    assert len(regression(spec, "y", holes, states).y) == 79 - 2
    few = least_squares_start(spec, "y", data, states, index=INDEX[1:3])
    assert "sigma" not in few


def test_bad_calls_are_named(data, states) -> None:
    spec = _spec(trend + a * x)
    with pytest.raises(SpecificationError, match="no equation of 'pi'; it has \\['y'\\]"):
        regression(spec, "pi", data, states)
    with pytest.raises(SpecificationError, match=r"reads trend; there are .* Add a column 'trend'"):
        regression(spec, "y", data, states[["g"]])
