"""Standard errors of the states on the very draws of the New York Fed's programs, from R's random numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

import capstar as cs

DRAWS, SEED = 5000, 50  # of the programs
_STEP, _WORDS = 2.0**27, 624  # of R's inversion; of the Mersenne twister

Floats = NDArray[np.float64]


def with_published_errors(fit: cs.rstar.RStarResults, *, discard: bool = True) -> cs.rstar.RStarResults:
    """With standard errors of the states as ``kalman.standard.errors.R`` has them, draw by draw.

    Parameters
    ----------
    fit
        An estimate.
    discard
        See `capstar.rstar.draw_parameters`.
    """
    stage = fit.stages.stage3
    cov = fit.cov_params().dropna(how="all").dropna(how="all", axis=1)
    names, center = list(cov.index), stage.ml.params[list(cov.index)].to_numpy(dtype=float)
    root, spread = _root(cov.to_numpy()), _root(stage.states.predicted_cov[0])
    normal, tried = normals(SEED), 0
    theta, initial = (
        np.tile(stage.problem.vector(stage.ml.params), (DRAWS, 1)),
        np.empty((DRAWS, len(spread))),
    )
    places = [stage.problem.names.index(name) for name in names]
    for i in range(DRAWS):
        while True:
            drawn, tried = center + root @ normal(len(names)), tried + 1
            if not discard or _inside(dict(zip(names, drawn.tolist(), strict=True))):
                break
        theta[i, places] = drawn
        initial[i] = stage.states.smoothed[0] + spread @ normal(len(spread))
    draws = cs.rstar.Draws(theta, initial, tried - DRAWS)
    return replace(fit, uncertainty=cs.rstar.state_uncertainty(fit, draws, covariance="published"))


def normals(seed: int) -> Callable[[int], Floats]:
    """What ``rnorm(n)`` gives in R after ``set.seed(seed)``: Mersenne twister, inversion of 59 bits."""
    state, key = seed, []
    for _ in range(50 + 1 + _WORDS):
        state = (69069 * state + 1) % 2**32
        key.append(state)
    bits = np.random.MT19937()
    words = {"key": np.array(key[-_WORDS:], dtype=np.uint32), "pos": _WORDS}
    bits.state = {"bit_generator": "MT19937", "state": words}

    def draw(n: int) -> Floats:
        uniform = bits.random_raw(2 * n).reshape(n, 2) * 2.3283064365386963e-10
        found: Floats = ndtri((np.floor(_STEP * uniform[:, 0]) + uniform[:, 1]) / _STEP)
        return found

    return draw


def _root(cov: Floats) -> Floats:
    """Eigenvectors, of the largest eigenvalue first and with a positive first entry, times its root.

    Those of z begin at zero, and the programs leave their sign to the linear algebra at hand; here the first entry that
    is not zero is positive.
    """
    values, vectors = np.linalg.eigh(cov)
    values, vectors = values[::-1], vectors[:, ::-1]
    first = np.argmax(np.abs(vectors) > 1e-9, axis=0)
    signs = np.sign(vectors[first, np.arange(len(values))])
    root: Floats = vectors * signs * np.sqrt(np.maximum(values, 0.0))
    return root


def _inside(draw: dict[str, float]) -> bool:
    bounded = draw["a_r"] <= -0.0025 and draw["b_y"] >= 0.025 and draw["a_y1"] + draw["a_y2"] < 1
    return bounded and all(value >= 1 for name, value in draw.items() if name.startswith("kappa"))
