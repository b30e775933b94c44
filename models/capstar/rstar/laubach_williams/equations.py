"""The Laubach-Williams family, declared once.

Every published variant is the same few equations with terms switched on or off; stages of the
estimation differ in the same way.  Notation follows Holston, Laubach and Williams (2017, 2023):
``y`` is 100 times log real GDP, ``pi`` inflation, ``r`` the ex-ante real rate, ``d`` the COVID
stringency index; ``oil`` and ``imports`` are the inflation of oil and import prices relative to
``pi`` (Laubach and Williams); ``ystar``, ``g`` (quarterly) and ``z`` are the states.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

from capstar.statespace.algebra import Coef, Linear, Slot, as_linear, mean, params, variables
from capstar.statespace.parameters import Parameter
from capstar.statespace.spec import Spec

Stage = Literal[1, 2, 3]
STAGES: tuple[Stage, ...] = (1, 2, 3)
StageTwo = Literal["published", "buncic"]
Window: TypeAlias = tuple[str, str]

a_y1, a_y2, a_r, a_0, a_g, b_pi, b_y, c, g_bar, phi = params("a_y1 a_y2 a_r a_0 a_g b_pi b_y c g phi")
b_near, b_next, b_oil, b_import = params("b_pi_lag1 b_pi_lag2to4 b_oil b_import")
sigma_y, sigma_pi, sigma_ystar = params("sigma_ygap sigma_pi sigma_ystar")
lambda_g, lambda_z = params("lambda_g lambda_z")
y, pi, r, d, oil, imports, ystar, g, z = variables("y pi r d oil imports ystar g z")
e_y, e_pi, e_ystar, e_g, e_z = variables("e_y e_pi e_ystar e_g e_z")

COVID_SCALE: Mapping[str, Window] = {
    "kappa_2020q2_q4": ("2020Q2", "2020Q4"),
    "kappa_2021": ("2021Q1", "2021Q4"),
    "kappa_2022": ("2022Q1", "2022Q4"),
}


def _kappa(span: Window) -> Parameter:
    return Parameter(1.0, lower=1.0, description=f"sd of both shocks, {span[0]}-{span[1]}, relative")


# Of standard deviations, in percent: nothing for an economist; the score in one that is much smaller is rounding.
_POSITIVE = 1e-3
PARAMETERS: Mapping[str, Parameter] = {
    "a_y1": Parameter(description="IS: first lag of the output gap"),
    "a_y2": Parameter(description="IS: second lag of the output gap"),
    "a_r": Parameter(upper=-0.0025, description="IS: real-rate gap, mean of two lags"),
    "a_0": Parameter(unit="percent", description="IS, stage 2: intercept"),
    "a_g": Parameter(description="IS, stage 2: trend growth"),
    "b_pi": Parameter(description="Phillips: first lag of inflation"),
    "b_pi_lag1": Parameter(description="Phillips: first lag of inflation"),
    "b_pi_lag2to4": Parameter(description="Phillips: mean of lags 2 to 4 of inflation"),
    "b_y": Parameter(lower=0.025, description="Phillips: lagged output gap"),
    "b_oil": Parameter(description="Phillips: lagged relative oil price inflation"),
    "b_import": Parameter(description="Phillips: relative import price inflation"),
    "g": Parameter(0.85, unit="percent a quarter", description="stage 1: constant trend growth"),
    "sigma_ygap": Parameter(lower=_POSITIVE, unit="percent", description="sd of the output-gap shock"),
    "sigma_pi": Parameter(lower=_POSITIVE, unit="percent a year", description="sd of the inflation shock"),
    "sigma_ystar": Parameter(0.5, lower=_POSITIVE, unit="percent", description="sd of the potential shock"),
    "phi": Parameter(0.0, unit="percent per index point", description="output per point of COVID index"),
    "c": Parameter(1.0, description="natural rate per unit of annual trend growth"),
    **{name: _kappa(span) for name, span in COVID_SCALE.items()},
    "lambda_g": Parameter(0.05, lower=0.0, description="sd of trend growth over sd of potential"),
    "lambda_z": Parameter(0.03, lower=0.0, description="sd of z over sd of the gap, times |a_r|"),
}


@dataclass(frozen=True)
class Variant:
    """What distinguishes the published models from one another.

    Attributes
    ----------
    name
        As in summaries, ``"HLW 2017"``.
    covid
        Output net of ``phi * d`` in both equations, and measurement errors scaled in 2020-22.
    import_prices
        Phillips curve of Laubach and Williams: eight lags of inflation, oil and import prices.
    growth_lags
        Lags of trend growth in the stage 2 IS curve.
    growth_delay
        Lag of trend growth that potential inherits in stage 2.
    report_lag
        Date of the trend growth and z that the published r* of quarter t reports: HLW (2017)
        read them off a state that holds their first lag.
    weighted_break
        Whether the break test behind lambda_z weights quarters by ``1 / kappa^2``.
    detrended
        Stage 1 subtracts ``g * t`` from the data instead of letting potential drift, which
        equals a drift with the initial lags shifted by ``(0, -g, -2g)``.
    fixed
        Parameters held at a value; with `final`, those it marks as fixed are.
    scale_windows
        Quarters (inclusive) in which a named parameter scales the measurement errors.
    layout
        Order of the state vector by stage; empty for the default.
    trend_breaks
        Quarters (counted from the fourth before the start) after which the linear trend behind the
        start values changes its slope.
    trend_start
        Whether that trend starts the filter too, in place of the Hodrick-Prescott trend.
    gls_start
        By stage: how many first observations give the state before the sample, and the divisor of their squared
        residuals in its covariance, see `capstar.statespace.gls.gls_start`; None where a trend of output does, as it
        does in the second stage of Buncic, whose lags of g the first observations cannot tell apart.
    bounded_slope
        Whether the slope of the Phillips curve, b_y, is bounded from below in stage 1 too.
    stage2
        ``"published"``, or ``"buncic"``: the full model less z, without a_0 and a_g, and lambda_z from the
        mean of its IS residual (Buncic 2021).
    missing
        Quarters (inclusive) whose output and inflation the likelihood passes over, as if the scale of their
        measurement errors were infinite; they still serve as lags.
    countries
        Countries it is published for, each with the factors of measurement errors it has beyond `scale_windows`.
    successor
        Name of the model to take for samples that go beyond 2019; empty for one made for them.
    citation
        Where it is published; empty where it is not.
    final
        Equations of stage 3 in place of the published ones; stages 1 and 2 stay those of the other fields.

    Examples
    --------
    >>> import capstar as cs
    >>> variant = cs.rstar.HLW2023.variant
    >>> variant.name, variant.covid, list(variant.scale_windows)
    ('HLW 2023', True, ['kappa_2020q2_q4', 'kappa_2021', 'kappa_2022'])
    """

    name: str
    covid: bool = False
    import_prices: bool = False
    growth_lags: tuple[int, ...] = (-1, -2)
    growth_delay: int = -1
    report_lag: int = 0
    weighted_break: bool = False
    detrended: bool = True
    fixed: Mapping[str, float] = field(default_factory=dict)
    scale_windows: Mapping[str, Window] = field(default_factory=dict)
    layout: tuple[tuple[Slot, ...], ...] = ((), (), ())
    trend_breaks: tuple[int, ...] = ()
    trend_start: bool = False
    gls_start: tuple[tuple[int, float] | None, ...] = (None, None, None)
    bounded_slope: bool = True
    stage2: StageTwo = "published"
    missing: tuple[Window, ...] = ()
    countries: Mapping[str, Mapping[str, Window]] = field(default_factory=dict)
    successor: str = ""
    citation: str = ""
    final: Spec | None = None

    @cached_property
    def _declared(self) -> dict[Stage, LaubachWilliamsSpec]:
        return {}

    def stage(self, stage: Stage) -> LaubachWilliamsSpec:
        """The equations of a stage, declared once: to be read alone; see `declare`.

        Examples
        --------
        >>> import capstar as cs
        >>> print(cs.rstar.HLW2017.variant.stage(1).observation["y"])
        ystar + a_y1*y(-1) - a_y1*ystar(-1) + a_y2*y(-2) - a_y2*ystar(-2) + e_y
        """
        if stage not in self._declared:
            self._declared[stage] = declare(self, stage)
        return self._declared[stage]


@dataclass(frozen=True, repr=False)
class LaubachWilliamsSpec(Spec):
    """Equations of the family, which remember the model they were declared for when they are edited.

    Attributes
    ----------
    variant
        The model whose stages 1 and 2 go with these equations of stage 3; None for those of another stage.

    Examples
    --------
    >>> import capstar as cs
    >>> spec = cs.rstar.HLW2017.spec()
    >>> spec.variant.name, list(spec.observation), list(spec.transition)
    ('HLW 2017', ['y', 'pi'], ['ystar', 'g', 'z'])
    >>> print(spec.transition["ystar"], "and", spec.reports["rstar"])
    ystar(-1) + g(-1) + e_ystar and 4*c*g(-1) + z(-1)
    """

    variant: Variant | None = field(default=None, repr=False, compare=False)


def declare(variant: Variant, stage: Stage) -> LaubachWilliamsSpec:
    """Equations of one variant at one estimation stage.

    Parameters
    ----------
    variant
        Which terms are present.
    stage
        1: no real rate, constant trend growth. 2: trend growth varies, the real rate enters with
        an intercept in place of z. 3: the full model, or the equations given in its place.
    """
    if stage == 3 and variant.final is not None:
        given = {one.name: getattr(variant.final, one.name) for one in fields(Spec)}
        given["name"] = f"{variant.name}, stage 3"
        return LaubachWilliamsSpec(**given, variant=replace(variant, final=None))
    covid = phi * d if variant.covid else as_linear(0.0)
    gap = y - ystar - covid
    natural = 4 * c * g + z
    return LaubachWilliamsSpec(
        name=f"{variant.name}, stage {stage}",
        observation={
            "y": ystar + covid + a_y1 * gap(-1) + a_y2 * gap(-2) + _rates(variant, stage, natural) + e_y,
            "pi": _phillips(variant) + b_y * gap(-1) + e_pi,
        },
        transition=_transition(variant, stage),
        shocks=_shocks(stage),
        layout=() if corrected(variant, stage) else variant.layout[stage - 1],
        initial_mean=_DETRENDED if variant.detrended and stage == 1 else {},
        obs_scale=variant.scale_windows,
        reports=_reports(variant, stage, gap, natural),
        parameters=_parameters(variant, stage),
        variant=variant if stage == 3 else None,
    )


def published_final(variant: Variant) -> bool:
    """Whether the equations of stage 3 are the published ones, given explicitly or not."""
    return variant.final is None or variant.stage(3) == declare(replace(variant, final=None), 3)


def with_windows(variant: Variant, windows: Mapping[str, Window]) -> Variant:
    """The same model with measurement errors scaled in other quarters, in every stage."""
    final = variant.final
    if final is not None:
        new = {name: _kappa(span) for name, span in windows.items() if name not in final.obs_scale}
        final = replace(final, obs_scale=windows, parameters={**final.parameters, **new})
    return replace(variant, scale_windows=windows, final=final)


def in_country(variant: Variant, country: str) -> Variant:
    """The model as published for one of its countries; itself where that has no terms of its own."""
    own = variant.countries[country]
    if not own or own.items() <= variant.scale_windows.items():
        return variant
    named = replace(variant, name=f"{variant.name}, {country}")
    return with_windows(named, {**variant.scale_windows, **own})


def fixed_parameters(variant: Variant) -> dict[str, float]:
    """Parameters of stage 3 that are held unless they are freed, and their values."""
    known = variant.stage(3).parameters.items()
    return {name: one.start for name, one in known if one.fixed and one.start is not None}


def freed(variant: Variant, names: Iterable[str]) -> Variant:
    """The same model with parameters estimated that it holds."""
    final, free = variant.final, set(names)
    if final is not None:
        table = {n: replace(one, fixed=one.fixed and n not in free) for n, one in final.parameters.items()}
        final = replace(final, parameters=table)
    return replace(variant, fixed={n: v for n, v in variant.fixed.items() if n not in free}, final=final)


def _parameters(variant: Variant, stage: Stage) -> dict[str, Parameter]:
    known = {**PARAMETERS, **{name: _kappa(span) for name, span in variant.scale_windows.items()}}
    if stage == 1 and not variant.bounded_slope:
        known["b_y"] = replace(known["b_y"], lower=-math.inf)
    held = {n: replace(known.get(n, Parameter()), start=v, fixed=True) for n, v in variant.fixed.items()}
    return known | held


def corrected(variant: Variant, stage: Stage) -> bool:
    """Whether a stage is the second as Buncic (2021) corrects it."""
    return stage == 2 and variant.stage2 == "buncic"


def _rates(variant: Variant, stage: Stage, natural: Linear) -> Linear:
    if stage == 1:
        return as_linear(0.0)
    if corrected(variant, stage):
        natural = 4 * c * g
    elif stage == 2:
        growth = mean(*(g(lag) for lag in variant.growth_lags))
        return a_r * mean(r(-1), r(-2)) + a_g * growth + a_0
    return a_r * mean((r - natural)(-1), (r - natural)(-2))


def _phillips(variant: Variant) -> Linear:
    near = mean(pi(-2), pi(-3), pi(-4))
    if not variant.import_prices:
        return b_pi * pi(-1) + (1 - b_pi) * near
    far = mean(pi(-5), pi(-6), pi(-7), pi(-8))
    lags = b_near * pi(-1) + b_next * near + (1 - b_near - b_next) * far
    return lags + b_oil * oil(-1) + b_import * imports


def _transition(variant: Variant, stage: Stage) -> dict[str, Linear]:
    inherited = variant.growth_delay if stage == 2 and not corrected(variant, stage) else -1
    drift: Linear | Coef = g_bar if stage == 1 else g(inherited)
    growth = {"g": g(-1) + e_g} if stage >= 2 else {}
    other = {"z": z(-1) + e_z} if stage == 3 else {}
    return {"ystar": ystar(-1) + drift + e_ystar} | growth | other


def _shocks(stage: Stage) -> dict[str, Coef]:
    growth = {"e_g": lambda_g * sigma_ystar} if stage >= 2 else {}
    other = {"e_z": lambda_z * sigma_y / a_r} if stage == 3 else {}
    return {"e_y": sigma_y, "e_pi": sigma_pi, "e_ystar": sigma_ystar} | growth | other


def _reports(variant: Variant, stage: Stage, gap: Linear, natural: Linear) -> dict[str, Linear]:
    lag = 0 if corrected(variant, stage) else variant.report_lag
    growth = {"g": 4 * g(lag)} if stage >= 2 else {}
    full = {"rstar": natural(lag), "z": z(lag)} if stage == 3 else {}
    return {"output_gap": gap, "potential": ystar} | growth | full


_DETRENDED: Mapping[Slot, Coef] = {("ystar", -1): -g_bar, ("ystar", -2): -2 * g_bar}
_YSTAR: tuple[Slot, ...] = (("ystar", 0), ("ystar", -1), ("ystar", -2))

HLW2017_VARIANT = Variant(
    "HLW 2017",
    fixed={"c": 1.0},
    growth_lags=(-1,),
    growth_delay=-2,  # as published: the stage 2 state holds g(-1), and y* inherits its past
    report_lag=-1,
    layout=(
        _YSTAR,
        (*_YSTAR, ("g", -1)),
        (*_YSTAR, ("g", -1), ("g", -2), ("z", -1), ("z", -2)),
    ),
    countries={"us": {}, "canada": {}, "euro area": {}, "uk": {}},
    successor="HLW2023",
    citation="Holston, Laubach and Williams (2017), Journal of International Economics 108, S59-S75",
)
_LW: dict[str, Any] = {"import_prices": True, "trend_breaks": (56, 142)}
LW2003_VARIANT = replace(
    HLW2017_VARIANT,
    name="LW 2003",
    fixed={},
    detrended=False,
    trend_start=True,
    gls_start=((4, 3.0), (5, 6.0), None),  # the divisors of the published code: 2k - m in stage 2 only
    bounded_slope=False,
    countries={"us": {}},
    successor="LW2023",
    citation="Laubach and Williams (2003), Review of Economics and Statistics 85(4), 1063-1070",
    **_LW,
)
HLW2023_VARIANT = Variant(
    "HLW 2023",
    covid=True,
    weighted_break=True,
    scale_windows=COVID_SCALE,
    countries={"us": {}, "canada": {}, "euro area": {"kappa_2023": ("2023Q1", "2023Q4")}},
    citation="Holston, Laubach and Williams (2023), Federal Reserve Bank of New York Staff Report 1063",
)
LW2023_VARIANT = replace(
    HLW2023_VARIANT,
    name="LW 2023",
    detrended=False,
    countries={"us": {}},
    citation="Laubach and Williams (2003) with the COVID adjustments of Holston, Laubach and Williams (2023), as "
    "published by the Federal Reserve Bank of New York since 2023",
    **_LW,
)
