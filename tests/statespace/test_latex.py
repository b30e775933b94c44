"""Equations as LaTeX."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from capstar import rstar
from capstar.statespace import Between, Spec, Stationary, SumBelow, params, variables
from capstar.statespace.latex import symbol

SPECS = {key: rstar.model(key).spec for key in ("hlw2017", "hlw2023", "lw2003", "lvg-alt", "uc-ml")}


def equations(key: str) -> Spec:
    return SPECS[key]() if callable(SPECS[key]) else SPECS[key]


def rows(spec: Spec) -> list[str]:
    return spec._repr_latex_().splitlines()[2:-2]


def test_the_model_of_holston_laubach_and_williams() -> None:
    found = "\n".join(rows(equations("hlw2017")))
    assert found.startswith(
        r"y_{t} &= y^*_{t} + a_{y,1} (y_{t-1} - y^*_{t-1}) + a_{y,2} (y_{t-2} - y^*_{t-2}) \\" + "\n"
        r"&\quad {} + \tfrac{1}{2} a_{r} (r_{t-1} - z_{t-1} + r_{t-2} - z_{t-2})"
        r" - 2 a_{r} c (g_{t-1} + g_{t-2}) + \varepsilon_{y,t} \\" + "\n"
        r"\pi_{t} &= b_{\pi} \pi_{t-1} + \tfrac{1}{3} (1 - b_{\pi}) (\pi_{t-2} + \pi_{t-3} + \pi_{t-4})"
        r" + b_{y} (y_{t-1} - y^*_{t-1}) + \varepsilon_{\pi,t} \\"
    )
    assert (
        r"\operatorname{sd}(\varepsilon_{z,t}) &= \frac{\lambda_{z} \sigma_{\text{ygap}}}{a_{r}} \\" in found
    )
    assert r"\text{reported } r^*_{t} &= 4 c g_{t-1} + z_{t-1} \\" in found
    covid = rows(equations("hlw2023"))
    assert r"&\text{sd of measurement errors times } \kappa_{2021} \text{ in 2021Q1 to 2021Q4} \\" in covid


@pytest.mark.parametrize("key", SPECS)
def test_every_block_is_balanced_and_fits(key: str) -> None:
    text = equations(key)._repr_latex_()
    assert text.startswith("$$\n\\begin{aligned}\n")
    assert text.endswith("\n\\end{aligned}\n$$")
    assert text.count("{") == text.count("}")
    assert not re.search(r"0\.\d{5}", text)
    for row in rows(equations(key)):
        assert row.count("&") == 1
        seen = re.sub(r"\\[a-z]+", "x", row.removesuffix(r"\\"))
        assert len(re.sub(r"[{}_^ &]", "", seen)) <= 90
    assert all(row.endswith(r" \\") for row in rows(equations(key))[:-1])


def test_what_else_a_model_may_say() -> None:
    a_1, a_2, b, s_e, s_u = params("a_1 a_2 b s_e s_u")
    x, mu, pi_bar, e, u = variables("oil_price mu pi_bar e u")
    spec = Spec(
        "all", {"y": mu - b / 7 * x(-1) + 0.123456 * pi_bar - b**2 * mu(-1) / a_1**2 + 3 + e},
        {"mu": a_1 * mu(-1) + a_2 * mu(-2) + u, "pi_bar": pi_bar(-1)}, {"e": s_e, "u": s_u},
        initial_mean={("mu", 0): 2 * b}, constraints=(Stationary("a_1", "a_2"), SumBelow("a_1", "a_2", limit=0.9)),
    )  # fmt: skip
    found = rows(replace(spec, constraints=(*spec.constraints, Between(b * a_1, -1, 1))))
    assert found[0].startswith(
        r"y_{t} &= \mu_{t} - \tfrac{1}{7} b \text{oil price}_{t-1} + 0.123456 \bar{\pi}_{t} - "
    )
    assert found[0].endswith(r"\frac{b^{2}}{a_{1}^{2}} \mu_{t-1} + 3 + \varepsilon_{t} \\")
    assert found[1:] == [
        r"\mu_{t} &= a_{1} \mu_{t-1} + a_{2} \mu_{t-2} + u_{t} \\",
        r"\bar{\pi}_{t} &= \bar{\pi}_{t-1} \\",
        r"\operatorname{sd}(\varepsilon_{t}) &= s_{e} \\",
        r"\operatorname{sd}(u_{t}) &= s_{u} \\",
        r"&\text{initial } \mu_{t} \text{ shifted by } 2 b \\",
        r"&\text{stationary: } a_{1}, a_{2} \\",
        r"&a_{1} + a_{2} < 0.9 \\",
        r"&-1 \le a_{1} b \le 1",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("sigma_ystar", r"\sigma_{y^*}"),
        ("a_y1", "a_{y,1}"),
        ("b_pi_lag1", r"b_{\pi,\text{lag1}}"),
        ("kappa_2020q2_q4", r"\kappa_{\text{2020q2 q4}}"),
        ("output_gap", r"\text{output gap}"),
        ("rstar_long_run", r"r^*_{\text{long run}}"),
        ("s_eps", r"s_{\varepsilon}"),
    ],
)
def test_names_as_symbols(name: str, shown: str) -> None:
    assert symbol(name).replace("{}", "") == shown
