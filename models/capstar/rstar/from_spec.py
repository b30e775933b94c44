"""An edited or new set of equations as a natural-rate model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.rstar.bayesian import BayesianModel
from capstar.rstar.declared import RSTAR, DeclaredModel
from capstar.rstar.laubach_williams.equations import LaubachWilliamsSpec
from capstar.rstar.laubach_williams.model import RStarModel
from capstar.rstar.lewis_vazquez_grande.model import trend_start
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.statespace.algebra import variables
from capstar.statespace.compiled import compile_spec
from capstar.statespace.initial import Initial
from capstar.statespace.parameters import Parameter
from capstar.statespace.spec import Spec


@checked
def from_spec(
    spec: Spec,
    *,
    name: str,
    citation: str = "",
    initial: Initial | None = None,
    fixed: Mapping[str, float] | None = None,
    method: Literal["likelihood", "posterior"] = "likelihood",
) -> NaturalRateModel:
    """Make equations a natural-rate model, with everything such a model has.

    Equations that were made from those of a published model of the Laubach-Williams family, with
    `dataclasses.replace`, keep that family's procedure: stages 1 and 2 as published give the ratios lambda_g and
    lambda_z, the edited equations are stage 3.  All others are estimated in one step by maximum likelihood.

    Parameters
    ----------
    spec
        The equations.  They need a report ``rstar``, or a state of that name, in percent a year.  Series by name:
        ``y`` (100 times log real GDP), ``pi`` (inflation), ``r`` (ex-ante real rate), ``d`` (COVID index), ``oil`` and
        ``imports`` (inflation relative to ``pi``); any other is the input column of its name.
    name
        In summaries, and in lower case without spaces on the command line once it is registered.
    citation
        Where the model is published.
    initial
        State before the sample, as of `capstar.statespace.fit`; by default that of the published procedure, or
        ``"stationary"``.  With an initial state of its own a model of the family is estimated in one step too.
    fixed
        Parameters held at a value.
    method
        ``"likelihood"``, or ``"posterior"``: the priors that the parameters carry, ``Parameter(prior=...)``, and the
        likelihood of all of them at once, see `capstar.statespace.posterior`.  Equations of the Laubach-Williams family
        then start as those of `capstar.rstar.LVG_ALT`.

    Returns
    -------
    NaturalRateModel
        ``fit(data)`` estimates it; ``capstar.rstar.register`` puts it beside the published ones.

    Raises
    ------
    SpecificationError
        An equation is invalid, or there is no r*.

    Examples
    --------
    A random walk seen through the real rate alone:

    >>> import capstar as cs
    >>> from capstar.statespace import Spec, params, variables
    >>> (s_e, s_r), (r, rstar, e, u) = params("s_e s_r"), variables("r rstar e u")
    >>> walk = Spec("walk", {"r": rstar + e}, {"rstar": rstar(-1) + u}, {"e": s_e, "u": s_r})
    >>> fit = cs.rstar.from_spec(walk, name="random walk").fit(cs.data.us_macro())
    >>> fit.gap("filtered").iloc[-1].round(2).item()
    -0.1

    A published Bayesian model with one prior changed:

    >>> from dataclasses import replace
    >>> from capstar.statespace import Normal, Parameter
    >>> known = cs.rstar.LVG_ALT.spec
    >>> steadier = {**known.parameters, "rho_z": Parameter(prior=Normal(0.9, 0.05, lower=0, upper=1))}
    >>> mine = replace(known, parameters=steadier)
    >>> model = cs.rstar.from_spec(mine, name="steadier z", method="posterior")
    >>> found = model.fit(cs.data.us_macro(), n_draws=100, n_chains=2, warmup=500, thin=2, n_state_draws=10)
    >>> bool(found.params["rho_z"] > 0.75)
    True
    """
    if method not in ("likelihood", "posterior"):
        raise SpecificationError(f"method={method!r}; choose 'likelihood' or 'posterior'.")
    spec = _holding(spec, fixed or {})
    if method == "posterior":
        return _bayesian(spec, name, citation, initial)
    variant = spec.variant if isinstance(spec, LaubachWilliamsSpec) and RSTAR in spec.reports else None
    if variant is not None and initial is None:
        return RStarModel(replace(variant, name=name, citation=citation, final=spec))
    start = "stationary" if initial is None else initial
    return DeclaredModel(replace(_reporting(spec, name), name=name), name, citation, start)


def _bayesian(spec: Spec, name: str, citation: str, initial: Initial | None) -> BayesianModel:
    spec = replace(_reporting(spec, name), name=name)
    if isinstance(spec, LaubachWilliamsSpec) and spec.variant is not None:
        spec = replace(spec, variant=replace(spec.variant, name=name))
        return BayesianModel(spec, name, citation, trend_start if initial is None else initial)
    return BayesianModel(spec, name, citation, "stationary" if initial is None else initial)


def _reporting(spec: Spec, name: str) -> Spec:
    """The equations with r* among the reports."""
    if RSTAR in spec.reports:
        return spec
    if RSTAR not in spec.transition:
        raise SpecificationError(
            f"{name}: the equations have no r*. Name a state 'rstar', or declare reports={{'rstar': 4 * g + z}}, "
            "in percent a year."
        )
    return replace(spec, reports={RSTAR: variables(RSTAR)[0], **spec.reports})


def _holding(spec: Spec, fixed: Mapping[str, float]) -> Spec:
    """The equations with parameters held, which may lie outside the bounds they had."""
    held = {}
    for name, value in fixed.items():
        known = spec.parameters.get(name, Parameter())
        lower, upper = min(known.lower, value), max(known.upper, value)
        held[name] = replace(known, start=float(value), fixed=True, lower=lower, upper=upper)
    if unknown := sorted(set(held) - set(compile_spec(spec).param_names)):
        raise SpecificationError(
            f"{spec.name} has no parameter {unknown[0]!r} to hold. Print the spec to see them."
        )
    return replace(spec, parameters={**spec.parameters, **held})
