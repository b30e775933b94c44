"""How an estimation is carried out, and which of it departs from the published procedure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import pandas as pd

from capstar.errors import SpecificationError
from capstar.rstar.laubach_williams.equations import (
    PARAMETERS,
    Variant,
    Window,
    fixed_parameters,
    published_final,
)
from capstar.statespace.initial import InitialState

SignalToNoise = Literal["EW", "MW", "QLR", "ML"]
_SIGNAL_TO_NOISE: Mapping[str, str] = {
    "EW": "exponential Wald statistic (Andrews and Ploberger 1994; as published)",
    "MW": "mean Wald statistic (Andrews and Ploberger 1994) in place of the exponential one",
    "QLR": "Quandt likelihood ratio (Andrews 1993) in place of the exponential Wald statistic",
    "ML": "one-step maximum likelihood of stage 3, without stages 1 and 2",
}


@dataclass(frozen=True)
class Options:
    """How the likelihoods are maximised.

    Attributes
    ----------
    n_starts, seed
        See `capstar.statespace.maximum_likelihood.maximize`.
    keep
        Where a likelihood has several maxima, which one counts.  None: the one uphill of the published
        start values, which is what every published estimate on hand turns out to be (stage 1 on US data
        to 2019: b_y at its bound, 1.3 below a maximum with b_y = 0.10), and the best with ``start_params``,
        with ``signal_to_noise="ML"``, and in stage 3 with equations that are not published.
    allow_unconverged
        Warn instead of raising where a maximum is not reached.
    start_params
        Start values that replace the least-squares ones, by parameter name.
    fixed
        Parameters held at a value in every stage that has them; a lambda held needs no stage 1 or 2.
    signal_to_noise
        How the lambdas that are not held are found.
    initial
        State before the sample: ``"published"`` (trend of output, covariance from a first pass; or least squares
        on the first observations), ``"diffuse"``, or given.
    """

    n_starts: int = 4
    seed: int = 0
    keep: Literal["best", "first"] | None = None
    allow_unconverged: bool = False
    start_params: Mapping[str, float] | None = None
    fixed: Mapping[str, float] | None = None
    signal_to_noise: SignalToNoise = "EW"
    initial: Literal["published", "diffuse"] | InitialState = "published"

    def __post_init__(self) -> None:
        """Refuse an invalid choice."""
        if self.signal_to_noise not in _SIGNAL_TO_NOISE:
            raise SpecificationError(
                f"signal_to_noise={self.signal_to_noise!r}; choose one of {list(_SIGNAL_TO_NOISE)}."
            )
        if not isinstance(self.initial, InitialState) and self.initial not in ("published", "diffuse"):
            raise SpecificationError(
                f"initial={self.initial!r}; choose 'published', 'diffuse' or give an InitialState."
            )
        if isinstance(self.initial, InitialState) and self.initial.diffuse:
            raise SpecificationError(
                f"initial makes {list(self.initial.diffuse)} diffuse; the stages start from moments of all states, or "
                "from none. Give an InitialState without diffuse, or initial='diffuse'."
            )

    @property
    def maximum(self) -> Literal["best", "first"]:
        """Which maximum counts."""
        searching = self.start_params is not None or self.signal_to_noise == "ML"
        return self.keep or ("best" if searching else "first")

    @property
    def searches(self) -> bool:
        """Whether lambdas that are estimated with the rest start from a grid."""
        return self.signal_to_noise == "ML" and self.maximum == "best" and self.n_starts > 1


def departures(variant: Variant, published: Variant | None, options: Options) -> tuple[str, ...]:
    """What differs from the published model and procedure, a sentence each.

    Parameters
    ----------
    variant
        As estimated.
    published
        The model it was edited from, less the terms the sample cannot identify; None if there is none.
    options
        Of the estimation.
    """
    out = []
    if options.signal_to_noise != "EW":
        out.append(f"lambda_g and lambda_z: {_SIGNAL_TO_NOISE[options.signal_to_noise]}.")
    if isinstance(options.initial, InitialState):
        out.append("Initial state: mean and covariance as given.")
    elif options.initial == "diffuse":
        out.append("Initial state: exact diffuse (Koopman and Durbin 2003).")
    own = fixed_parameters(variant)
    held = {n: v for n, v in (options.fixed or {}).items() if own.get(n) != v}
    if held:
        out.append("Held fixed: " + ", ".join(f"{n} = {v:.6g}" for n, v in held.items()) + ".")
    return (*out, *_model_departures(variant, published))


def _model_departures(variant: Variant, published: Variant | None) -> list[str]:
    if published is None:
        return [f"{variant.name} is not one of the published models."]
    out = []
    if variant.stage2 == "buncic":
        out.append("Stage 2 and its break test as corrected by Buncic (2021).")
    if variant.missing:
        spans = ", ".join(f"{start}-{end}" for start, end in variant.missing)
        out.append(f"Output and inflation of {spans} treated as missing.")
    if dict(variant.scale_windows) != dict(published.scale_windows):
        spans = ", ".join(f"{n} in {start}-{end}" for n, (start, end) in variant.scale_windows.items())
        out.append(f"Measurement errors scaled by {spans or 'nothing'}.")
    if variant.covid != published.covid:
        out.append(f"Output {'' if variant.covid else 'not '}net of phi times the COVID index.")
    if freed := sorted(set(published.fixed) - set(variant.fixed)):
        out.append(f"Estimated where the published model fixes it: {', '.join(freed)}.")
    rest = replace(
        variant,
        stage2=published.stage2,
        missing=published.missing,
        covid=published.covid,
        scale_windows=published.scale_windows,
        fixed=published.fixed,
        final=None,
    )
    if rest != published or not published_final(variant):
        out.append("The equations differ from the published ones; print the spec to see them.")
    return out


def checked_windows(windows: Mapping[str, Window]) -> dict[str, Window]:
    """Windows of the scale factors, sorted by date.

    Raises
    ------
    SpecificationError
        A date is not a quarter, a window ends before it starts, two overlap, or a name is taken.
    """
    spans = {name: _span(name, span) for name, span in windows.items()}
    ordered = sorted(spans.items(), key=lambda item: item[1])
    for (name, (_, end)), (other, (start, _)) in pairwise(ordered):
        if start <= end:
            raise SpecificationError(
                f"The windows of {name} and {other} overlap in {start}. A quarter can have one scale."
            )
    taken = [n for n in windows if n in PARAMETERS and not n.startswith("kappa")]
    if taken:
        raise SpecificationError(f"{taken[0]} is a parameter of the model; give the scale another name.")
    return {name: (str(start), str(end)) for name, (start, end) in ordered}


def checked_missing(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    """Windows of quarters to pass over, as text.

    Raises
    ------
    SpecificationError
        A date is not a quarter or a window ends before it starts.
    """
    spans = [_span("missing", span) for span in windows]
    return tuple((str(start), str(end)) for start, end in spans)


def _span(name: str, span: Window) -> tuple[pd.Period, pd.Period]:
    try:
        start, end = (pd.Period(date, freq="Q") for date in span)
    except (TypeError, ValueError) as error:
        raise SpecificationError(
            f"{name}: {span!r} is not a pair of quarters. Write it as ('2020Q2', '2020Q4')."
        ) from error
    if end < start:
        raise SpecificationError(f"{name}: the window ends in {end}, before it starts in {start}. Swap them.")
    return start, end
