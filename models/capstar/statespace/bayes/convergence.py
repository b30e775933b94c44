"""Whether chains agree, and how many independent draws theirs count for."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import scipy
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats

_ONE_DEVIATION = (0.15865525393145707, 0.8413447460685429)  # of a normal, below and above its mean


def split_rhat(draws: npt.ArrayLike) -> float:
    """Potential scale reduction, rank-normalised, of each chain's two halves: 1 where they agree.

    The larger of that of the draws and that of their distances from the median, so that chains of one centre and
    different spread are found out too.

    Parameters
    ----------
    draws
        Shape (chains, draws).

    Returns
    -------
    float
        Above 1.01 the chains disagree; NaN where all draws are equal.

    Raises
    ------
    SpecificationError
        There are fewer than four draws a chain, or a draw is not a finite number.

    References
    ----------
    Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Bürkner, P.-C. (2021). Rank-normalization, folding, and
    localization. *Bayesian Analysis* 16(2), 667-718, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> import capstar as cs
    >>> draws = np.random.default_rng(0).standard_normal((4, 1000))
    >>> round(cs.statespace.split_rhat(draws), 2)
    1.0
    >>> cs.statespace.split_rhat(draws + [[0], [0], [0], [2]]) > 1.2
    True
    """
    halves = _halves(_checked(draws))
    folded = np.abs(halves - np.median(halves))
    return max(_rhat(_normal_ranks(halves)), _rhat(_normal_ranks(folded)))


def effective_sample_size(draws: npt.ArrayLike) -> float:
    """Independent draws that would give the mean as precisely.

    From the autocorrelations within and between the split chains, summed in Geyer's initial monotone sequence.

    Parameters
    ----------
    draws
        Shape (chains, draws).

    Returns
    -------
    float
        NaN where all draws are equal.

    Raises
    ------
    SpecificationError
        There are fewer than four draws a chain, or a draw is not a finite number.

    References
    ----------
    Vehtari et al. (2021), section 3.2; Geyer, C. J. (1992). Practical Markov chain Monte Carlo. *Statistical Science*
    7(4), 473-483.

    Examples
    --------
    >>> import numpy as np
    >>> import capstar as cs
    >>> draws = np.random.default_rng(0).standard_normal((4, 1000))
    >>> 3500 < cs.statespace.effective_sample_size(draws) < 4500
    True
    """
    chains = _halves(_checked(draws))
    m, n = chains.shape
    covariances = _autocovariances(chains)
    within = covariances[:, 0].mean() * n / (n - 1)
    if within == 0:
        return math.nan
    total = within * (n - 1) / n + (chains.mean(axis=1).var(ddof=1) if m > 1 else 0.0)
    rho = 1 - (within - covariances.mean(axis=0) * n / (n - 1)) / total
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2).sum(axis=1)
    below = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: below[0] if below.size else pairs.size])
    time = max(2 * pairs.sum() - 1, 1 / math.log10(m * n))
    return float(m * n / time)


def monte_carlo_error(draws: npt.ArrayLike) -> float:
    """Monte Carlo standard error of the mean of draws of shape (chains, draws).

    Examples
    --------
    >>> import numpy as np
    >>> import capstar as cs
    >>> draws = np.random.default_rng(0).standard_normal((4, 1000))
    >>> round(cs.statespace.monte_carlo_error(draws), 3)  # about 1 / sqrt(4000)
    0.016
    """
    chains = _checked(draws)
    return float(chains.std(ddof=1) / math.sqrt(effective_sample_size(chains)))


def quantile_error(draws: npt.ArrayLike, probability: float) -> float:
    """Monte Carlo standard error of a quantile.

    Parameters
    ----------
    draws
        Shape (chains, draws).
    probability
        Of the quantile, between 0 and 1.

    Raises
    ------
    SpecificationError
        The probability is not between 0 and 1, or the draws are as `effective_sample_size` refuses them.

    References
    ----------
    Vehtari et al. (2021), section 4.4.

    Examples
    --------
    >>> import numpy as np
    >>> import capstar as cs
    >>> draws = np.random.default_rng(0).standard_normal((4, 1000))
    >>> round(cs.statespace.quantile_error(draws, 0.95), 2)
    0.03
    """
    chains = _checked(draws)
    if not 0 < probability < 1:
        raise SpecificationError(f"probability={probability}; give one between 0 and 1, such as 0.05.")
    size = effective_sample_size((chains <= np.quantile(chains, probability)).astype(float))
    if not math.isfinite(size):
        return math.nan
    ends = scipy.stats.beta.ppf(_ONE_DEVIATION, size * probability + 1, size * (1 - probability) + 1)
    low, high = np.quantile(chains, ends)
    return float(high - low) / 2


def _checked(draws: npt.ArrayLike) -> Floats:
    chains = np.asarray(draws, dtype=float)
    if chains.ndim != 2 or chains.shape[1] < 4:
        raise SpecificationError(f"Draws of shape {chains.shape}; give (chains, draws), at least 4 a chain.")
    if not np.isfinite(chains).all():
        raise SpecificationError("A draw is not a finite number. Look at the chain before its summary.")
    return chains


def _halves(chains: Floats) -> Floats:
    half = chains.shape[1] // 2
    return np.concatenate([chains[:, :half], chains[:, -half:]])


def _normal_ranks(chains: Floats) -> Floats:
    ranks = scipy.stats.rankdata(chains, method="average").reshape(chains.shape)
    return np.asarray(ndtri((ranks - 0.375) / (chains.size + 0.25)))


def _rhat(chains: Floats) -> float:
    n = chains.shape[1]
    within = chains.var(axis=1, ddof=1).mean()
    between = chains.mean(axis=1).var(ddof=1)
    return math.sqrt((n - 1) / n + between / within) if within > 0 else math.nan


def _autocovariances(chains: Floats) -> Floats:
    n = chains.shape[1]
    size = next_fast_len(2 * n)
    spectrum = rfft(chains - chains.mean(axis=1, keepdims=True), size, axis=1)
    covariances: Floats = irfft(np.abs(spectrum) ** 2, size, axis=1)[:, :n] / n
    return covariances
