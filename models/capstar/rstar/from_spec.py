"""An edited or new set of equations as a natural-rate model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.rstar.declared import RSTAR, DeclaredModel
from capstar.rstar.laubach_williams.equations import LaubachWilliamsSpec
from capstar.rstar.laubach_williams.model import RStarModel
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
    A random walk with drift seen through the real rate alone:

    >>> import capstar as cs
    >>> from capstar.statespace import Spec, params, variables
    >>> s_e, s_r, s_g = params("s_e s_r s_g")
    >>> r, rstar, g, e, u, v = variables("r rstar g e u v")
    >>> trend = Spec(
    ...     "trend", {"r": rstar + e}, {"rstar": rstar(-1) + g(-1) + u, "g": g(-1) + v}, {"e": s_e, "u": s_r, "v": s_g}
    ... )
    >>> fit = cs.rstar.from_spec(trend, name="trend of the real rate").fit(cs.data.us_macro())
    >>> fit.gap("filtered").index[-1]
    Period('2009Q3', 'Q-DEC')
    """
    spec = _holding(spec, fixed or {})
    variant = spec.variant if isinstance(spec, LaubachWilliamsSpec) and RSTAR in spec.reports else None
    if variant is not None and initial is None:
        return RStarModel(replace(variant, name=name, citation=citation, final=spec))
    if RSTAR not in spec.reports:
        if RSTAR not in spec.transition:
            raise SpecificationError(
                f"{name}: the equations have no r*. Name a state 'rstar', or declare reports={{'rstar': 4 * g + z}}, "
                "in percent a year."
            )
        spec = replace(spec, reports={RSTAR: variables(RSTAR)[0], **spec.reports})
    start = "stationary" if initial is None else initial
    return DeclaredModel(replace(spec, name=name), name, citation, start)


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
