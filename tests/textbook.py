"""Five models of the textbooks, declared as equations, and the same models of statsmodels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from capstar.statespace import Spec, StateSpaceResults, Stationary, fit, params, variables

Numbers = np.ndarray


@dataclass(frozen=True)
class Textbook:
    """A declared model, its data, and statsmodels' version of it.

    ``to_theirs`` maps our parameters to statsmodels' vector; ``start`` is near the maximum.
    """

    spec: Spec
    data: pd.DataFrame
    theirs: Callable[[Any], Any]
    to_theirs: Callable[[pd.Series], Numbers]
    start: dict[str, float] = field(default_factory=dict)
    allowed: Callable[[pd.Series], bool] = lambda p: True

    def model(self, data: pd.DataFrame | None = None) -> Any:
        """Statsmodels' model of data by period."""
        return self.theirs(self.data if data is None else data)


@cache
def books() -> dict[str, Textbook]:
    """By name: ``local level``, ``trend``, ``cycle``, ``arma``, ``factor``."""
    return {
        "local level": local_level(),
        "trend": trend(),
        "cycle": cycle(),
        "arma": arma(),
        "factor": factor(),
    }


@cache
def fitted(name: str) -> StateSpaceResults:
    """Our estimate, without any start values."""
    one = books()[name]
    return fit(one.spec, one.data)


def nile() -> pd.Series:
    """Annual flow of the Nile at Aswan, 1871-1970."""
    from statsmodels.datasets import nile as source

    flow = source.load_pandas().data["volume"].to_numpy(dtype=float)
    return pd.Series(flow, pd.period_range("1871", periods=100, freq="Y", name="date"), name="y")


def macro() -> pd.DataFrame:
    """US macroeconomic data, 1959Q1-2009Q3."""
    from statsmodels.datasets import macrodata

    data = macrodata.load_pandas().data
    return data.set_index(pd.period_range("1959Q1", periods=len(data), freq="Q", name="date"))


def log_gdp() -> pd.DataFrame:
    """100 times the logarithm of US real GDP."""
    return pd.DataFrame({"y": 100 * np.log(macro()["realgdp"])})


def _components(*args: Any, **options: Any) -> Callable[[Any], Any]:
    from statsmodels.tsa.api import UnobservedComponents

    return lambda data: UnobservedComponents(data["y"], *args, use_exact_diffuse=True, **options)


def local_level() -> Textbook:
    """Durbin and Koopman (2012), chapter 2."""
    s_eps, s_eta = params("s_eps s_eta")
    _, mu, eps, eta = variables("y mu eps eta")
    spec = Spec(
        "local level",
        {"y": mu + eps},
        {"mu": mu(-1) + eta},
        {"eps": s_eps, "eta": s_eta},
        reports={"level": mu},
    )
    return Textbook(
        spec,
        nile().to_frame(),
        _components("llevel"),
        lambda p: p[["s_eps", "s_eta"]].to_numpy() ** 2,
        {"s_eps": 100.0, "s_eta": 50.0},
    )


def trend() -> Textbook:
    """Local linear trend, Durbin and Koopman (2012), section 3.2.1."""
    s_e, s_l, s_b = params("s_e s_l s_b")
    _, mu, slope, e, level, bend = variables("y mu slope e level bend")
    spec = Spec(
        "local linear trend",
        {"y": mu + e},
        {"mu": mu(-1) + slope(-1) + level, "slope": slope(-1) + bend},
        {"e": s_e, "level": s_l, "bend": s_b},
        reports={"trend": mu, "growth": slope},
    )
    names = ("s_e", "s_l", "s_b")
    return Textbook(
        spec,
        log_gdp(),
        _components("lltrend"),
        lambda p: p[list(names)].to_numpy() ** 2,
        {"s_e": 0.1, "s_l": 0.7, "s_b": 0.2},
    )


def cycle() -> Textbook:
    """Trend plus a cycle that is an AR(2), Clark (1987)."""
    a_1, a_2, s_l, s_b, s_c = params("a_1 a_2 s_l s_b s_c")
    _, mu, slope, c, level, bend, e_c = variables("y mu slope c level bend e_c")
    spec = Spec(
        "trend and cycle",
        {"y": mu + c},
        {"mu": mu(-1) + slope(-1) + level, "slope": slope(-1) + bend, "c": a_1 * c(-1) + a_2 * c(-2) + e_c},
        {"level": s_l, "bend": s_b, "e_c": s_c},
        constraints=(Stationary("a_1", "a_2"),),
        reports={"cycle": c, "trend": mu},
    )

    def to_theirs(p: pd.Series) -> Numbers:
        return np.array([p["s_l"] ** 2, p["s_b"] ** 2, p["s_c"] ** 2, p["a_1"], p["a_2"]])

    def stationary(p: pd.Series) -> bool:
        return abs(p["a_2"]) < 1 and p["a_2"] + abs(p["a_1"]) < 1

    start = {"a_1": 1.65, "a_2": -0.7, "s_l": 0.65, "s_b": 0.03, "s_c": 0.4}
    parts = ("level", "stochastic_level", "trend", "stochastic_trend")
    options = {"autoregressive": 2, "irregular": False} | dict.fromkeys(parts, True)
    return Textbook(spec, log_gdp(), _components(**options), to_theirs, start, stationary)


def arma() -> Textbook:
    """ARMA(1, 1), drawn with 0.7 and 0.4."""
    from statsmodels.tsa.api import SARIMAX

    shock = np.random.default_rng(0).standard_normal(301)
    x = np.zeros(301)
    for t in range(1, 301):
        x[t] = 0.7 * x[t - 1] + shock[t] + 0.4 * shock[t - 1]
    rho, theta, sigma = params("rho theta sigma")
    _, a, w, u = variables("y a w u")
    spec = Spec(
        "ARMA(1, 1)",
        {"y": a},
        {"a": rho * a(-1) + u + theta * w(-1), "w": u},
        {"u": sigma},
        constraints=(Stationary("rho"),),
        reports={"state": a},
    )
    names = ["rho", "theta", "sigma"]
    return Textbook(
        spec,
        pd.DataFrame({"y": x[1:]}, pd.period_range("1950-01", periods=300, freq="M", name="date")),
        lambda data: SARIMAX(data["y"], order=(1, 0, 1)),
        lambda p: p[names].to_numpy() ** np.array([1, 1, 2]),
        {"rho": 0.6, "theta": 0.3, "sigma": 1.0},
    )


def factor() -> Textbook:
    """One autoregressive factor in the growth of output and consumption."""
    from statsmodels.tsa.api import DynamicFactor

    growth = 100 * np.log(macro()[["realgdp", "realcons"]]).diff().iloc[1:]
    data = ((growth - growth.mean()) / growth.std()).set_axis(["y_1", "y_2"], axis=1)
    l_1, l_2, phi, s_1, s_2 = params("l_1 l_2 phi s_1 s_2")
    f, v, e_1, e_2 = variables("f v e_1 e_2")
    spec = Spec(
        "dynamic factor",
        {"y_1": l_1 * f + e_1, "y_2": l_2 * f + e_2},
        {"f": phi * f(-1) + v},
        {"v": 1.0, "e_1": s_1, "e_2": s_2},
        constraints=(Stationary("phi"),),
        reports={"factor": f, "first": l_1 * f, "second": l_2 * f},
    )

    def to_theirs(p: pd.Series) -> Numbers:
        return np.array([p["l_1"], p["l_2"], p["s_1"] ** 2, p["s_2"] ** 2, p["phi"]])

    start = {"l_1": 0.6, "l_2": 0.6, "phi": 0.5, "s_1": 0.6, "s_2": 0.6}
    return Textbook(
        spec,
        data,
        lambda frame: DynamicFactor(frame, k_factors=1, factor_order=1),
        to_theirs,
        start,
    )


def phillips() -> tuple[Spec, pd.DataFrame, dict[str, float]]:
    """Output about a trend and inflation that reads its own lags, after Holston, Laubach and Williams (2017)."""
    a_1, a_r, b_1, b_y, s_y, s_pi, s_s, s_g, _ = params("a_1 a_r b_1 b_y s_y s_pi s_s s_g kappa")
    y, pi, r, star, g, e_y, e_pi, e_s, e_g = variables("y pi r star g e_y e_pi e_s e_g")
    gap = y - star
    spec = Spec(
        "Phillips curve",
        {
            "y": star + a_1 * gap(-1) + a_r * r(-1) + e_y,
            "pi": b_1 * pi(-1) + (1 - b_1) * pi(-2) + b_y * gap(-1) + e_pi,
        },
        {"star": star(-1) + g(-1) + e_s, "g": g(-1) + e_g},
        {"e_y": s_y, "e_pi": s_pi, "e_s": s_s, "e_g": s_g},
        obs_scale={"kappa": ("1974Q1", "1975Q4")},
        reports={"gap": gap, "growth": 4 * g},
    )
    table = macro()
    data = pd.DataFrame({"y": 100 * np.log(table["realgdp"]), "pi": table["infl"], "r": table["realint"]})
    values = {
        "a_1": 0.8,
        "a_r": -0.05,
        "b_1": 0.6,
        "b_y": 0.1,
        "s_y": 0.4,
        "s_pi": 1.8,
        "s_s": 0.5,
        "s_g": 0.05,
    }
    return spec, data.iloc[1:], values | {"kappa": 1.5}


def oriented(p: pd.Series) -> pd.Series:
    """Parameters with the sign of the factor that makes the first loading positive."""
    out = p.copy()
    if "l_1" in out and out["l_1"] < 0:
        out[["l_1", "l_2"]] *= -1
    return out


def polished(one: Textbook) -> tuple[float, pd.Series]:
    """The maximum of statsmodels' likelihood, and where it is in our parameters.

    Its own optimisers differentiate numerically in variances and stop short of five digits where the likelihood is
    flat (the cycle's), so the simplex of Nelder and Mead climbs in standard deviations, started again until it rests.
    """
    model, x = one.model(), pd.Series(one.start)

    def minus(values: Numbers) -> float:
        p = pd.Series(values, x.index)
        return -float(model.loglike(one.to_theirs(p))) if one.allowed(p) else np.inf

    options = {"xatol": 1e-9, "fatol": 1e-11, "maxfev": 10_000, "adaptive": True}
    values, best = x.to_numpy(), np.inf
    for _ in range(6):
        found = minimize(minus, values, method="Nelder-Mead", options=options)
        values = found.x
        if best - found.fun < 1e-11:
            break
        best = found.fun
    return -float(found.fun), oriented(pd.Series(np.abs(values) if "s_e" in x else values, x.index))
