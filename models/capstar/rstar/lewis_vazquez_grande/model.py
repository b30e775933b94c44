"""The model of Lewis and Vazquez-Grande (2018): equations of HLW (2017), priors, and all parameters at once.

Published code: ``base`` is HLW (2017) with a random walk z, ``alt`` lets z be an autoregression.  Their comments call
the second number of a normal prior a variance; the code passes a standard deviation, and so is it here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from capstar.rstar.bayesian import BayesianModel
from capstar.rstar.laubach_williams.equations import (
    COVID_SCALE,
    HLW2017_VARIANT,
    LaubachWilliamsSpec,
    a_r,
    declare,
    e_z,
    g,
    sigma_y,
    sigma_ystar,
    z,
)
from capstar.rstar.laubach_williams.starting import initial_state
from capstar.statespace.algebra import params, show_slot
from capstar.statespace.bayes.priors import Normal, Prior, Uniform
from capstar.statespace.columns import Columns
from capstar.statespace.constraints import Between
from capstar.statespace.initial import InitialState
from capstar.statespace.parameters import Parameter
from capstar.statespace.spec import Spec

CITATION = (
    "Lewis and Vazquez-Grande (2018, in print 2019), Measuring the natural rate of interest: a note on transitory "
    "shocks, Journal of Applied Econometrics 34(3), 425-436"
)
AHEAD = 41  # quarters from the date of the state that the r* of a quarter reports to forty quarters after it
RATIOS = (0.01, 5.0)  # bounds of lambda_g and lambda_z
sigma_g, sigma_z, rho_z = params("sigma_g sigma_z rho_z")

PRIORS: dict[str, Prior] = {
    "a_y1": Normal(0, 2),
    "a_y2": Normal(0, 2),
    "a_r": Normal(0, 2, upper=-0.0025),
    "b_pi": Uniform(0, 1),
    "b_y": Normal(0, 2, lower=0.025),
    "sigma_ygap": Uniform(0, 5),
    "sigma_pi": Uniform(0, 5),
    "sigma_z": Uniform(0, 5),
    "sigma_ystar": Uniform(0, 5),
    "sigma_g": Uniform(0, 5),
    "rho_z": Normal(1, 0.5, lower=0),
}
COVID_PRIORS: dict[str, Prior] = {
    "phi": Normal(0, 0.2),  # an index of 75 moves output by fifteen percent at one standard deviation
    **{name: Normal(1, 5, lower=1) for name in COVID_SCALE},
}
_DESCRIPTIONS = {
    "sigma_g": "sd of the shock to trend growth, quarterly",
    "sigma_z": "sd of the shock to z",
    "rho_z": "autoregression of z",
}
_DATING = (
    "r* of quarter t is 4 g + z of quarter t-1 given data to t, as in Holston, Laubach and Williams (2017)."
)


def equations(name: str, *, persistent: bool, covid: bool = False) -> LaubachWilliamsSpec:
    """The equations with their priors.

    Parameters
    ----------
    name
        Of the model.
    persistent
        Whether z is a random walk, as in ``base``.
    covid
        Whether output is net of the COVID index and measurement errors are scaled in 2020-22, as in HLW (2023).
    """
    variant = replace(HLW2017_VARIANT, name=name, covid=covid, scale_windows=COVID_SCALE if covid else {})
    known = declare(variant, 3)
    law = z(-1) + e_z if persistent else rho_z * z(-1) + e_z
    distant = {} if persistent else {"rstar_long_run": 4 * g(-1) + rho_z**AHEAD * z(-1)}
    reports = {"rstar": known.reports["rstar"], **distant, **known.reports}
    priors = PRIORS | (COVID_PRIORS if covid else {})
    if persistent:
        priors = {n: one for n, one in priors.items() if n != "rho_z"}
    table = {n: replace(one, prior=None) for n, one in known.parameters.items() if one.fixed}
    published = replace(
        known, name=name, transition={**known.transition, "z": law}, reports=reports,
        shocks={**known.shocks, "e_g": sigma_g, "e_z": sigma_z},
        constraints=(Between(sigma_g / sigma_ystar, *RATIOS), Between(-a_r * sigma_z / sigma_y, *RATIOS)),
    )  # fmt: skip
    return replace(published, parameters=table | {n: _parameter(known, n, one) for n, one in priors.items()})


def trend_start(spec: Spec, frame: pd.DataFrame, start: pd.Period) -> InitialState:
    """State one quarter before the sample: trend of output, and the covariance of the published code.

    Parameters
    ----------
    spec
        With states ``ystar`` and ``g``, and any others, which start at zero.
    frame
        With 100 times log real GDP as ``y``.
    start
        First quarter of the likelihood.

    Notes
    -----
    The mean of y* and g is the Hodrick-Prescott trend (penalty 36,000) of the whole sample and its growth.  The lags
    of g, and those of z, are perfectly correlated, so that the covariance is singular; the first prediction is not.
    """
    slots = spec.state_slots()
    newest = {name: max(lag for other, lag in slots if other == name) for name, _ in slots}
    aged = [(name, newest[name] - lag) for name, lag in slots]
    cov = np.array([[_covariance(one, other) for other in aged] for one in aged])
    labels = [show_slot(slot) for slot in slots]
    mean = initial_state(Columns.of(frame, ["y"]), start, slots)
    return InitialState(pd.Series([mean[slot] for slot in slots], labels), pd.DataFrame(cov, labels, labels))


def _covariance(one: tuple[str, int], other: tuple[str, int]) -> float:
    (name, age), (second, lag) = sorted((one, other))
    if name == second == "ystar":
        return (0.7 if age == 0 else 0.2) if age == lag else 0.2 * ({age, lag} == {0, 1})
    if name == second:
        return 0.2
    return 0.2 * ((name, second, lag) == ("g", "ystar", 0))


def _parameter(known: Spec, name: str, prior: Prior) -> Parameter:
    found = known.parameters.get(name, Parameter(description=_DESCRIPTIONS.get(name, "")))
    return replace(found, start=None, lower=prior.lower, upper=prior.upper, prior=prior)


def _model(short: str, *, persistent: bool, covid: bool) -> BayesianModel:
    name = f"LVG {'base' if persistent else 'alt'}{', COVID' if covid else ''}"
    citation = f"{CITATION}; {'base' if persistent else 'alt'}"
    if covid:
        citation += ", with the COVID terms of Holston, Laubach and Williams (2023)"
    return BayesianModel(
        equations(name, persistent=persistent, covid=covid), name, citation, trend_start, short,
        successor="" if covid else f"{short}-covid", dating=_DATING,
    )  # fmt: skip


LVG_BASE = _model("lvg-base", persistent=True, covid=False)
LVG_ALT = _model("lvg-alt", persistent=False, covid=False)
LVG_BASE_COVID = _model("lvg-base-covid", persistent=True, covid=True)
LVG_ALT_COVID = _model("lvg-alt-covid", persistent=False, covid=True)
