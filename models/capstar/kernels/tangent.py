"""Derivative of each period's log-likelihood, carried forward beside the filter.

The backward score gives the sum over periods only; the outer product of scores needs each.
"""

from __future__ import annotations

from capstar.kernels.arrays import Floats, Path, Pattern, Sample, System
from capstar.kernels.gaussian import flat
from capstar.kernels.recursions import along, scratch


def score_per_period(
    pattern: Pattern,
    system: System,
    tangent: System,
    P0: Floats,
    dP0: Floats,
    sample: Sample,
    dscale: Floats,
    path: Path,
    out: Floats,
) -> None:
    """Fill ``out`` (n,) with the derivative of each log-likelihood term along one direction.

    ``tangent`` is the derivative of the system's values, ``dP0`` (m, m) that of the covariance ``P0`` of the
    state before the sample and ``dscale`` (n,) that of the measurement scale; ``path`` comes from the filter
    at the same parameters.
    """
    moving = bool(tangent.t.any())
    start, change = P0.reshape(-1), dP0.reshape(-1)
    along(
        pattern,
        system,
        tangent,
        moving,
        start,
        change,
        sample,
        dscale,
        flat(path),
        out,
        scratch(system.c.size),
    )
