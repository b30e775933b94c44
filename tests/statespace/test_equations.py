"""Algebra, specification and compilation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capstar.errors import SpecificationError
from capstar.rstar import HLW2017, HLW2023
from capstar.statespace import Spec, bind, compile_spec, mean, params, variables
from capstar.statespace.algebra import as_linear

sigma, tau, rho, b = params("sigma tau rho b")
y, w, mu, x, e, u, f = variables("y w mu x e u f")


def local_level(**changes: object) -> Spec:
    spec = Spec("local level", {"y": mu + e}, {"mu": mu(-1) + u}, {"e": sigma, "u": tau})
    return replace(spec, **changes)


def test_expressions_expand_and_print() -> None:
    assert str((1 - b) * mean(y(-1), y(-2))) == "(0.5 - 0.5*b)*y(-1) + (0.5 - 0.5*b)*y(-2)"
    assert str(sigma**2 / tau) == "sigma^2/tau"
    assert str(2 - (y - mu)(-1)) == "2 - y(-1) + mu(-1)"
    assert str(as_linear(0.0)) == "0"
    assert as_linear(3.0)(-1) == as_linear(3.0)  # a constant has no date
    assert (y - y).terms == {}
    assert (rho * rho**-1).terms == {(): 1.0}


def test_products_of_variables_and_sums_in_denominators_are_refused() -> None:
    with pytest.raises(SpecificationError, match="is not linear"):
        y * mu
    with pytest.raises(SpecificationError, match="not a product of powers"):
        sigma / (1 + rho)


def test_printed_model_shows_its_equations() -> None:
    text = str(HLW2023.spec())
    assert "z = z(-1) + e_z" in text
    assert "sd(e_z) = lambda_z*sigma_ygap/a_r" in text
    assert "measurement sd times kappa_2021 in 2021Q1-2021Q4" in text


def test_state_vector_follows_from_the_lags() -> None:
    second_order = local_level(transition={"mu": rho * mu(-1) + b * mu(-2) + u})
    assert compile_spec(second_order).states == (("mu", 0), ("mu", -1))
    assert [s for s in compile_spec(HLW2023.spec(3)).states if s[0] == "g"] == [
        ("g", 0),
        ("g", -1),
        ("g", -2),
    ]


def test_unheld_lag_is_replaced_by_its_law_of_motion() -> None:
    """HLW 2017 stage 3 holds g(-1): Q[y*,y*] = (1 + lambda_g^2) sigma^2, Q[y*,g] = lambda_g^2 sigma^2."""
    model = compile_spec(HLW2017.spec(3))
    spec_values = dict.fromkeys(model.param_names, 0.5) | {"lambda_g": 0.3, "sigma_ystar": 2.0}
    data = pd.DataFrame(1.0, pd.period_range("2000Q1", periods=12, freq="Q"), ["y", "pi", "r"])
    problem = bind(
        HLW2017.spec(3),
        data,
        initial_mean=dict.fromkeys(model.states, 0.0),
        initial_cov=np.eye(len(model.states)),
    )
    lower = model.blocks["Q"].dense(problem.values(problem.vector(spec_values)))
    g = model.states.index(("g", -1))
    assert lower[0, 0] == pytest.approx((1 + 0.3**2) * 4)
    assert lower[g, 0] == lower[g, g] == pytest.approx(0.3**2 * 4)


def test_a_research_variant_is_an_edit() -> None:
    rho_z, a_f = params("rho_z a_f")
    z, e_z, nfci = variables("z e_z nfci")
    base = HLW2023.spec(3)
    variant = replace(
        base,
        transition={**base.transition, "z": rho_z * z(-1) + e_z},
        observation={**base.observation, "y": base.observation["y"] + a_f * nfci(-1)},
    )
    model = compile_spec(variant)
    assert {"rho_z", "a_f"} <= set(model.param_names)
    assert ("nfci", -1) in model.regressors


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (local_level(transition={"mu": mu(-1) + e}), "shock e drives"),
        (local_level(shocks={"e": sigma, "u": tau, "f": rho}), "shock f appears in no equation"),
        (local_level(observation={"y": y + e}), "both sides"),
        (local_level(observation={"y": mu + x(1) + e}), "a future value"),
        (local_level(transition={"mu": mu + u}), "only lags remain"),
        (local_level(transition={"mu": mu(-1) + x(1) + u}), r"reads x\(\+1\), a future value"),
        (local_level(layout=(("nu", 0),)), "no transition equation"),
        (local_level(observation={"y": mu(-1) + e}, layout=(("mu", 0),)), "does not hold"),
        (local_level(transition={"mu": mu(-3) + u}, layout=(("mu", 0),)), "cannot serve"),
        (local_level(shocks={"e": sigma, "mu": tau}), "two roles"),
        (local_level(transition={"mu": mu(-1) + u + u(-1)}), "at two dates"),
    ],
)
def test_mistakes_are_named(spec: Spec, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        compile_spec(spec)


def test_unknown_parameters_are_refused() -> None:
    data = pd.DataFrame({"y": np.arange(8.0)}, pd.period_range("2000Q1", periods=8, freq="Q"))
    problem = bind(local_level(), data, initial_mean={("mu", 0): 0.0}, initial_cov=[[1.0]])
    with pytest.raises(SpecificationError, match=r"Unknown parameters \['sgima'\]"):
        problem.table().fix({"sgima": 1.0})
    with pytest.raises(SpecificationError, match="no value for the parameters"):
        problem.loglike({"sigma": 1.0})
    with pytest.raises(SpecificationError, match="has shape"):
        problem.loglike([1.0])
