"""Standard errors of reports that carry the uncertainty of the parameters (Hamilton 1986)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.progress import Progress, reporting
from capstar.statespace.coordinates import Coordinates
from capstar.statespace.maximum_likelihood import MaximumLikelihood
from capstar.statespace.problem import Problem
from capstar.statespace.smoothing import estimate_states
from capstar.statespace.tables import SeriesResult

_PATIENCE = 100  # draws tried for one inside the bounds before giving up


@dataclass(frozen=True)
class ReportUncertainty(SeriesResult):
    """Standard errors of the smoothed reports with their two sources.

    Attributes
    ----------
    se : pandas.DataFrame
        Standard error by period and report, in its units.
    parameter_variance, filter_variance : pandas.DataFrame
        The two parts of its square: mean squared move of the smoothed report over draws of the parameters, and mean
        smoothed variance.
    n_draws, discarded, seed
        Of the Monte Carlo; discarded draws broke a bound or a constraint.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> errors = found.uncertainty(50, seed=1)
    >>> errors.title
    'Standard errors of level from 50 draws, 1 discarded'
    >>> list(errors.frames()), errors.to_frame().shape
    (['Standard errors of the reports'], (100, 1))
    """

    se: pd.DataFrame
    parameter_variance: pd.DataFrame
    filter_variance: pd.DataFrame
    n_draws: int
    discarded: int
    seed: int

    @property
    def title(self) -> str:
        """Of which reports, from how many draws."""
        return (
            f"Standard errors of {', '.join(self.se)} from {self.n_draws} draws, {self.discarded} discarded"
        )

    def to_frame(self) -> pd.DataFrame:
        """Standard errors by period."""
        return self.se

    def frames(self) -> dict[str, pd.DataFrame]:
        """Averages over the periods."""
        parts = {"of which parameters": self.parameter_variance, "of which filter": self.filter_variance}
        roots = {name: np.sqrt(variance.mean()) for name, variance in parts.items()}
        return {"Standard errors of the reports": pd.DataFrame({"average": self.se.mean()} | roots)}


def report_uncertainty(
    problem: Problem,
    ml: MaximumLikelihood,
    cov: pd.DataFrame,
    *,
    n_draws: int = 1000,
    seed: int = 0,
    progress: Progress | bool = True,
) -> ReportUncertainty:
    """Draw parameters around their estimate and smooth again at each draw.

    Parameters
    ----------
    problem, ml
        Model and estimate.
    cov
        Covariance of the estimated parameters; those whose row is NaN, as at a bound, stay at the estimate.
    n_draws, seed
        Number of draws from N(estimate, cov) inside bounds and constraints, and their seed.
    progress
        See `capstar.progress`.

    Raises
    ------
    SpecificationError
        Fewer than one draw, or hardly any draw lies inside the bounds.

    References
    ----------
    Hamilton, J. D. (1986). A standard error for the estimated state vector of a state-space model. *Journal of
    Econometrics* 33(3), 387-397.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> cov = found.cov_params("opg")
    >>> errors = cs.statespace.report_uncertainty(found.problem, found.ml, cov, n_draws=50, seed=1)
    >>> errors.se["level"].iloc[-1].round(-1).item()
    60.0
    """
    if n_draws < 1:
        raise SpecificationError(f"n_draws={n_draws}; at least one draw is needed.")
    draws, discarded = _draws(problem, ml, cov, n_draws, seed)
    center, _ = _moments(problem, ml.params.to_numpy(dtype=float))
    moves, variances = np.zeros_like(center), np.zeros_like(center)
    with reporting(progress) as tell:
        for k, theta in enumerate(draws):
            tell("drawing parameters", k / n_draws)
            mean, std = _moments(problem, theta)
            moves += (mean - center) ** 2
            variances += std**2
        tell("drawing parameters", 1.0)

    def frame(values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, problem.index, list(problem.model.reports)).rename_axis("date")

    parameter, filtering = frame(moves / n_draws), frame(variances / n_draws)
    total = np.sqrt(parameter + filtering)
    return ReportUncertainty(total, parameter, filtering, n_draws, discarded, seed)


def _moments(problem: Problem, theta: Floats) -> Floats:
    """Smoothed means and standard deviations of the reports, shape (2, n, number of reports)."""
    states = estimate_states(problem, theta)
    found = np.array([states.report(name) for name in problem.model.reports])
    return found.transpose(1, 2, 0)


def _draws(
    problem: Problem, ml: MaximumLikelihood, cov: pd.DataFrame, n_draws: int, seed: int
) -> tuple[Floats, int]:
    """Full parameter vectors inside the bounds, shape (n_draws, k), and the number thrown away."""
    known = cov.dropna(how="all").dropna(how="all", axis=1)
    names, rng = list(known.index), np.random.default_rng(seed)
    held = {str(n): float(v) for n, v in ml.params.items() if n not in names}
    at = Coordinates(problem.table().release(names).fix(held))
    where = [problem.names.index(name) for name in names]
    center, root = ml.params.to_numpy(dtype=float), np.linalg.cholesky(known.to_numpy())
    out: list[Floats] = []
    tried = 0
    while len(out) < n_draws:
        theta = center.copy()
        theta[where] += root @ rng.standard_normal(len(names))
        tried += 1
        if _inside(at, theta) and np.isfinite(problem.loglike(theta)):
            out.append(theta)
        elif tried > _PATIENCE * (len(out) + 10):
            raise SpecificationError(
                f"{problem.spec.name}: of {tried} draws of the parameters {len(out)} lie inside their bounds. The "
                "estimate is too near them for this Monte Carlo; hold the parameters at their bounds."
            )
    return np.array(out), tried - n_draws


def _inside(at: Coordinates, theta: Floats) -> bool:
    """Whether bounds and constraints leave a parameter vector as it is."""
    lower, upper = at.bounds
    x = at.of(theta)
    return bool(((lower <= x) & (x <= upper)).all() and np.allclose(at.fill(x), theta, rtol=1e-9, atol=1e-12))
