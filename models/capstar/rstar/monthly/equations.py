"""Equations of the monthly models of the Laubach-Williams family.

Output of a month is a state; a quarter's is the mean of its three.  Growth g is that of a month, in percent, and
12 g is annual.
"""

from __future__ import annotations

from collections.abc import Mapping

from capstar.rstar.laubach_williams.equations import (
    PARAMETERS,
    Window,
    a_r,
    a_y1,
    a_y2,
    b_import,
    b_near,
    b_next,
    b_oil,
    b_pi,
    b_y,
    c,
    d,
    e_g,
    e_pi,
    e_y,
    e_ystar,
    e_z,
    g,
    imports,
    lambda_g,
    lambda_z,
    oil,
    phi,
    pi,
    r,
    sigma_pi,
    sigma_y,
    sigma_ystar,
    ystar,
    z,
)
from capstar.statespace.algebra import Coef, Linear, mean, variables
from capstar.statespace.mixed_frequency import average
from capstar.statespace.parameters import Parameter
from capstar.statespace.spec import Spec

gdp, gap = variables("gdp gap")
LAMBDA_G, LAMBDA_Z = (
    0.01183685,
    0.04195394,
)  # of Laubach and Williams's quarterly model, as the published code has them
LAMBDAS_2023 = (0.07276955, 0.02060921)  # of HLW (2023), by their code on the data of 2023Q2
COVID_MONTHS: Mapping[str, Window] = {
    "kappa_2020q2_q4": ("2020-04", "2020-12"),
    "kappa_2021": ("2021-01", "2021-12"),
    "kappa_2022": ("2022-01", "2022-12"),
}
_QUARTERLY = {"y": "Q"}
_SHOCKS: dict[str, Coef] = {
    "e_y": sigma_y,
    "e_pi": sigma_pi,
    "e_ystar": sigma_ystar,
    "e_g": lambda_g * sigma_ystar,
    "e_z": lambda_z * sigma_y / a_r,
}


def months(one: Linear, first: int, last: int) -> Linear:
    """Mean of a series from ``first`` to ``last`` months ago."""
    return mean(*(one(-k) for k in range(first, last + 1)))


def published() -> Spec:
    """The published code's equations: lags keep their number, in months; the gap of the month moves prices."""
    natural, output_gap = 12 * c * g + z, gdp - ystar
    return Spec(
        name="Monthly LW, published",
        observation={
            "y": average(gdp, 3),
            "pi": b_near * pi(-1)
            + b_next * months(pi, 2, 4)
            + (1 - b_near - b_next) * months(pi, 5, 8)
            + b_y * output_gap
            + b_oil * oil(-1)
            + b_import * imports
            + e_pi,
        },
        transition={
            "ystar": ystar(-1) + g(-1) + e_ystar,
            "gdp": ystar(-1) + g(-1) + e_ystar
            + a_y1 * output_gap(-1) + a_y2 * output_gap(-2) + a_r * months(r - natural, 1, 2) + e_y,
            "g": g(-1) + e_g,
            "z": z(-1) + e_z,
        },
        shocks=_SHOCKS,
        frequency=_QUARTERLY,
        reports={
            "rstar": natural(-1), "output_gap": output_gap, "potential": ystar, "g": 12 * g, "z": z, "output": gdp,
            "rstar_now": natural,
        },
        parameters=_parameters(_PUBLISHED, LAMBDA_G, LAMBDA_Z),
    )  # fmt: skip


def in_calendar_time() -> Spec:
    """The same model of months with the lags of the quarterly one in the calendar, and its lambdas a month.

    Inflation is that of the month.  A mean over the last three months stands for the quarter before.
    """
    natural = 12 * c * g + z
    return Spec(
        name="Monthly LW",
        observation={
            "y": average(ystar + gap, 3),
            "pi": b_near * months(pi, 1, 3)
            + b_next * months(pi, 4, 12)
            + (1 - b_near - b_next) * months(pi, 13, 24)
            + b_y * months(gap, 1, 3)
            + b_oil * months(oil, 1, 3)
            + b_import * months(imports, 0, 2)
            + e_pi,
        },
        transition={
            "ystar": ystar(-1) + g(-1) + e_ystar,
            "gap": a_y1 * gap(-1) + a_y2 * gap(-2) + a_r * (months(r, 1, 6) - natural(-1)) + e_y,
            "g": g(-1) + e_g,
            "z": z(-1) + e_z,
        },
        shocks=_SHOCKS,
        frequency=_QUARTERLY,
        reports={
            "rstar": natural, "output_gap": gap, "potential": ystar, "g": 12 * g, "z": z, "output": ystar + gap,
        },
        parameters=_parameters(_MONTHLY, LAMBDA_G / 3, LAMBDA_Z / 3),
    )  # fmt: skip


def with_covid() -> Spec:
    """Holston, Laubach and Williams (2023) in months: output net of the COVID index, and larger shocks in 2020-22."""
    natural = 12 * g + z
    return Spec(
        name="Monthly HLW 2023",
        observation={
            "y": average(ystar + phi * d + gap, 3),
            "pi": b_pi * months(pi, 1, 3) + (1 - b_pi) * months(pi, 4, 12) + b_y * months(gap, 1, 3) + e_pi,
        },
        transition={
            "ystar": ystar(-1) + g(-1) + e_ystar,
            "gap": a_y1 * gap(-1) + a_y2 * gap(-2) + a_r * (months(r, 1, 6) - natural(-1)) + e_y,
            "g": g(-1) + e_g,
            "z": z(-1) + e_z,
        },
        shocks=_SHOCKS,
        obs_scale=COVID_MONTHS,
        scaled_shocks=("e_y",),
        frequency=_QUARTERLY,
        reports={
            "rstar": natural, "output_gap": gap, "potential": ystar, "g": 12 * g, "z": z,
            "output": ystar + phi * d + gap,
        },
        parameters=_parameters(_HOLSTON, *(value / 3 for value in LAMBDAS_2023)),
    )  # fmt: skip


_PUBLISHED = {  # the published estimates of the quarterly model, where the published code's search begins
    "a_y1": 1.564865401,
    "a_y2": -0.609755474,
    "a_r": -0.055248043,
    "b_pi_lag1": 0.574182907,
    "b_pi_lag2to4": 0.369526918,
    "b_y": 0.041247163,
    "b_oil": 0.002288444,
    "b_import": 0.03554271,
    "c": 1.414502044,
    "sigma_ygap": 0.346675183,
    "sigma_pi": 0.760784621,
    "sigma_ystar": 0.597671856,
}
# The same a month: a gap as persistent as in quarters, effects and standard deviations of a third and a root of it.
_MONTHLY = _PUBLISHED | {
    "a_y1": 1.80,
    "a_y2": -0.82,
    "a_r": -0.018,
    "sigma_ygap": 0.2,
    "sigma_pi": 1.8,
    "sigma_ystar": 0.345,
}
_HOLSTON = {
    n: _MONTHLY[n] for n in ("a_y1", "a_y2", "a_r", "b_y", "sigma_ygap", "sigma_pi", "sigma_ystar")
} | {
    "b_pi": 0.67,
    "phi": -0.08,
    **dict.fromkeys(COVID_MONTHS, 1.5),
}


def _parameters(starts: dict[str, float], on_g: float, on_z: float) -> dict[str, Parameter]:
    given = starts | {"lambda_g": on_g, "lambda_z": on_z}
    held = ("lambda_g", "lambda_z")
    return {
        name: Parameter(
            value, lower=PARAMETERS[name].lower, upper=PARAMETERS[name].upper, unit=PARAMETERS[name].unit,
            description=PARAMETERS[name].description.replace("quarterly", "monthly"), fixed=name in held,
        )
        for name, value in given.items()
    }  # fmt: skip
