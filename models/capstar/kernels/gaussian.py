r"""The linear Gaussian state space, one observation at a time.

.. math::
    y_{ti} = d_i' x_t + z_i' a_t + e_{ti},\quad e_{ti} \sim N(0, s_t^2 h_i),\qquad
    a_t = T a_{t-1} + c + B x_t + u_t,\quad u_t \sim N(0, Q + (s_t^2 - 1) S)

Before a transition the states that `Sample.reset` names, sums over a longer period, are set to zero with their
covariances: :math:`T D_t` stands for :math:`T`, with :math:`D_t` diagonal, of zeros and ones.  Of the rows of ``T``
only a sum's own reads it, with a coefficient of one, so no derivative goes through what is set to zero.

Each element of ``y_t`` updates the state in turn (Koopman and Durbin 2000), so nothing is
inverted and a NaN is passed over.  ``Z``, ``D``, ``T`` are compressed rows, ``B`` a list of
entries, ``Q`` and ``S``, the part of the shocks that are scaled, lists of those of their lower triangles;
the number of states is the length of ``c``.

The backward pass carries :math:`r` and :math:`N` of the fixed-interval smoother (Durbin and
Koopman 2012, section 4.4).  They are also the derivatives of the log-likelihood: with respect to
a predicted mean it is :math:`r`, to a predicted covariance :math:`(r r' - N)/2` (Koopman and
Shephard 1992), so smoother, disturbances and exact score share one recursion.
"""

from __future__ import annotations

import numpy as np

from capstar.kernels.arrays import Floats, Path, Pattern, Sample, System
from capstar.kernels.recursions import LOG_2PI, backward, forward, scratch
from capstar.kernels.tangents import along

__all__ = ["LOG_2PI", "filter_path", "loglike", "score", "score_per_period", "smooth_path"]

_NOTHING = np.empty(0)
_NO_PATH = Path(*(np.empty(0) for _ in Path._fields))


def loglike(pattern: Pattern, system: System, P0: Floats, sample: Sample, per_period: Floats) -> float:
    """Log-likelihood, constants included; ``per_period`` (n,) is filled.

    Minus infinity where an innovation variance is not positive.
    """
    W = scratch(system.c.size)
    return float(forward(pattern, system, P0.reshape(-1), sample, _NO_PATH, False, per_period, W))


def filter_path(pattern: Pattern, system: System, P0: Floats, sample: Sample, path: Path) -> bool:
    """Kalman filter that keeps its path; returns False where a variance is not positive."""
    return _filter(pattern, system, P0.reshape(-1), sample, flat(path)) != -np.inf


def score(
    pattern: Pattern, system: System, P0: Floats, sample: Sample, path: Path, out: System, out_scale: Floats,
    out_P0: Floats,
) -> float:  # fmt: skip
    """Log-likelihood and its exact derivative with respect to every system value.

    ``path`` is written; ``out`` (a zeroed `System`) and ``out_scale`` (n,) are added to; ``out_P0`` (m, m) is
    filled with the derivative in the covariance of the state before the sample, a symmetric matrix.
    """
    start, kept = P0.reshape(-1), flat(path)
    value = _filter(pattern, system, start, sample, kept)
    if value > -np.inf:
        m, (u, D) = system.c.size, np.empty((2, kept.F.size))
        by_cov = out_P0.reshape(-1)
        backward(
            pattern, system, start, sample, kept, True, True, False, out, out_scale, np.empty(m), by_cov, u, D,
            _NO_PATH, scratch(m),
        )  # fmt: skip
    return value


def score_per_period(
    pattern: Pattern, system: System, tangent: System, P0: Floats, dP0: Floats, sample: Sample,
    dscale: Floats, path: Path, out: Floats,
) -> None:  # fmt: skip
    """Fill ``out`` (n,) with the derivative of each period's log-likelihood along one direction, beside the filter.

    The backward `score` gives the sum over periods only; the outer product of scores needs each.

    ``tangent`` is the derivative of the system's values, ``dP0`` (m, m) that of the covariance ``P0`` of the
    state before the sample and ``dscale`` (n,) that of the measurement scale; ``path`` comes from the filter
    at the same parameters.
    """
    along(
        pattern, system, tangent, bool(tangent.t.any()), P0.reshape(-1), dP0.reshape(-1), sample, dscale,
        flat(path), out, scratch(system.c.size),
    )  # fmt: skip


def smooth_path(
    pattern: Pattern, system: System, sample: Sample, path: Path, r_path: Floats, N_path: Floats, u: Floats, D: Floats
) -> None:  # fmt: skip
    """Backward pass of the smoother.

    Row ``t + 1`` of ``r_path`` (n + 1, m) and ``N_path`` (n + 1, m, m) belongs to the prediction
    of period ``t``, row 0 to the state before the sample.  ``u`` and ``D`` (n, p) are the
    smoothing errors and their variances, NaN where the observation is missing.
    """
    backward(
        pattern, system, _NOTHING, sample, flat(path), False, False, False, system, _NOTHING,
        r_path.reshape(-1), N_path.reshape(-1), u.reshape(-1), D.reshape(-1), _NO_PATH, scratch(system.c.size),
    )  # fmt: skip


def flat(path: Path) -> Path:
    """One-dimensional views of a path's arrays."""
    return Path(*[each.reshape(-1) for each in path])


def _filter(pattern: Pattern, system: System, P0: Floats, sample: Sample, path: Path) -> float:
    per_period, W = np.empty(len(sample.y)), scratch(system.c.size)
    return float(forward(pattern, system, P0, sample, path, True, per_period, W))
