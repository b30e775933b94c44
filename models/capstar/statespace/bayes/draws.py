"""Draws of parameters from several chains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.reporting.estimates import Covariances, require_coverage
from capstar.statespace.bayes.convergence import effective_sample_size, monte_carlo_error, split_rhat

DISAGREE = 1.01  # Vehtari et al. (2021)
_QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True)
class PosteriorDraws:
    """Draws of parameters from their posterior distribution.

    Attributes
    ----------
    values
        Shape (chains, draws, parameters).
    names
        Of the parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import capstar as cs
    >>> values = np.random.default_rng(0).standard_normal((4, 1000, 2))
    >>> draws = cs.statespace.PosteriorDraws(values, ("a", "b"))
    >>> draws.n_chains, draws.n_draws, draws.pooled().shape
    (4, 1000, (4000, 2))
    >>> draws.table()[["mean", "sd", "rhat"]].abs().round(1).loc["a"].to_dict()
    {'mean': 0.0, 'sd': 1.0, 'rhat': 1.0}
    >>> draws.disagreement()
    ''
    """

    values: Floats
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[2] != len(self.names):
            raise SpecificationError(
                f"Draws of shape {self.values.shape} for {len(self.names)} parameters; expected (chains, draws, "
                "parameters)."
            )

    @property
    def n_chains(self) -> int:
        """Number of chains."""
        return int(self.values.shape[0])

    @property
    def n_draws(self) -> int:
        """Number of draws a chain that are kept."""
        return int(self.values.shape[1])

    def of(self, name: str) -> Floats:
        """Draws of one parameter, shape (chains, draws).

        Raises
        ------
        SpecificationError
            There is no such parameter.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_posterior
        >>> found = nile_posterior()
        >>> found.draws.of("s_eta").shape
        (4, 250)
        """
        if name not in self.names:
            raise SpecificationError(f"There is no parameter {name!r}; there are {', '.join(self.names)}.")
        return self.values[:, :, self.names.index(name)]

    def pooled(self) -> Floats:
        """All draws, chain after chain, shape (chains x draws, parameters)."""
        return self.values.reshape(-1, len(self.names))

    def table(self) -> pd.DataFrame:
        """By parameter: ``mean``, ``sd``, quantiles ``p05``, ``p50`` and ``p95``, ``ess``, ``rhat``, ``mcse``.

        ``ess`` is the effective sample size, ``rhat`` the split potential scale reduction, and ``mcse`` the Monte
        Carlo standard error of the mean; see `capstar.statespace.effective_sample_size` and `split_rhat`.
        """
        rows = {name: _row(self.of(name)) for name in self.names}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

    def disagreement(self) -> str:
        """In words: the parameters on which the chains disagree, with the mean of each chain; empty where none."""
        rhat = pd.Series({name: split_rhat(self.of(name)) for name in self.names}).dropna()
        if rhat.empty or rhat.max() <= DISAGREE:
            return ""
        worst = str(rhat.idxmax())
        means = ", ".join(f"{mean:.3g}" for mean in self.of(worst).mean(axis=1))
        return (
            f"The chains disagree on {(rhat > DISAGREE).sum()} of {len(rhat)} parameters: the split R-hat of {worst} "
            f"is {rhat.max():.2f}, and its mean by chain {means}. Draw longer chains; if they still disagree, the "
            "posterior has several modes and no pooled number describes it."
        )


class PosteriorCoefficients(Covariances):
    """Parameters with a posterior distribution: medians, standard deviations, equal-tailed credible intervals."""

    draws: PosteriorDraws

    @property
    def params(self) -> pd.Series:
        """Posterior medians by parameter."""
        return pd.Series(np.median(self.draws.pooled(), axis=0), list(self.draws.names))

    @property
    def bse(self) -> pd.Series:
        """Posterior standard deviations."""
        return pd.Series(self.draws.pooled().std(axis=0, ddof=1), list(self.draws.names), name="std_error")

    def cov_params(self) -> pd.DataFrame:
        """Posterior covariance of the parameters, shape (k, k)."""
        return pd.DataFrame(self.draws.pooled(), columns=list(self.draws.names)).cov()

    @property
    def tvalues(self) -> pd.Series:
        """None: a posterior distribution has no tests of zero."""
        raise AttributeError(
            "A posterior distribution has no t or p values. Ask conf_int() for credible intervals, and "
            "PosteriorResults.savage_dickey() for the Bayes factor of a value."
        )

    @property
    def pvalues(self) -> pd.Series:
        """None: a posterior distribution has no tests of zero."""
        return self.tvalues

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Equal-tailed credible intervals of the parameters.

        Parameters
        ----------
        level
            Posterior probability inside, at least 0.5.

        Returns
        -------
        pandas.DataFrame
            Columns ``lower`` and ``upper``, a row a parameter.
        """
        tail = (1 - require_coverage(level)) / 2
        ends = np.quantile(self.draws.pooled(), [tail, 1 - tail], axis=0)
        return pd.DataFrame(ends.T, list(self.draws.names), ["lower", "upper"])


def _row(draws: Floats) -> dict[str, float]:
    quantiles = np.quantile(draws, list(_QUANTILES.values()))
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)),
        **dict(zip(_QUANTILES, map(float, quantiles), strict=True)),
        "ess": effective_sample_size(draws),
        "rhat": split_rhat(draws),
        "mcse": monte_carlo_error(draws),
    }
