"""A posterior distribution and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy
from scipy.special import logsumexp

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.reporting import Result
from capstar.statespace.bayes.draws import PosteriorCoefficients, PosteriorDraws
from capstar.statespace.bayes.priors import Prior
from capstar.statespace.bayes.reports import StateDraws, draw_reports
from capstar.statespace.bayes.target import Target
from capstar.statespace.problem import Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTILES = (0.05, 0.16, 0.5, 0.84, 0.95)
_FEW = 400.0  # effective draws below which quantiles are rough (Vehtari et al. 2021)
_GRID = 200


@dataclass(frozen=True)
class PosteriorResults(PosteriorCoefficients, Result):
    """Draws from the posterior distribution of a declared model.

    Make one with `capstar.statespace.posterior`.

    Attributes
    ----------
    target
        The density they were drawn from: likelihood, priors and what is held.
    draws
        Of the parameters.
    log_density
        Log posterior density, but for its constant, of each draw, shape (chains, draws).
    reports
        Draws of every report by period, at the draws of the parameters in ``thetas``.
    log_likelihood
        Of each period given the past at the same draws, shape (chains, state draws, n).
    thetas
        All parameters, the held ones included, shape (chains, state draws, all).
    sampler, seed
        As asked for.
    acceptance
        By chain: share of proposals accepted, or average acceptance statistic of NUTS.
    divergent
        Trajectories of NUTS that left the region where its integrator is accurate, or met a constraint.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_posterior
    >>> found = nile_posterior()
    >>> found
    <PosteriorResults: Posterior of local level, 1871-1970: 4 chains of 250 draws, random walk>
    >>> found.parameters["p50"].round(-1).to_dict()
    {'s_eps': 120.0, 's_eta': 30.0}
    >>> found.priors["prior"].to_dict()
    {'s_eps': 'IG(2, 100)', 's_eta': 'IG(2, 50)'}
    >>> found.title.split(":")[0], found.problem.nobs, list(found.frames()), found.to_frame().shape
    ('Posterior of local level, 1871-1970', 100, ['Parameters', 'Priors', 'Reports in 1970, quantiles'], (2, 8))
    >>> found.waic().index.to_list(), found.densities()["s_eta"].columns.to_list()
    (['waic', 'elpd', 'se', 'p_waic'], ['prior', 'posterior'])
    >>> found.plot_ranks().savefig("ranks.png")
    >>> len(found.notes())
    1
    """

    target: Target
    draws: PosteriorDraws
    log_density: Floats
    reports: Mapping[str, StateDraws]
    log_likelihood: Floats
    thetas: Floats
    sampler: str
    seed: int
    acceptance: tuple[float, ...]
    divergent: int

    @property
    def problem(self) -> Problem:
        """The likelihood."""
        return self.target.problem

    @property
    def title(self) -> str:
        """What was drawn, from what."""
        index, draws = self.problem.index, self.draws
        return (
            f"Posterior of {self.problem.spec.name}, {index[0]}-{index[-1]}: {draws.n_chains} chains of "
            f"{draws.n_draws} draws, {self.sampler}"
        )

    @property
    def parameters(self) -> pd.DataFrame:
        """By parameter; see `capstar.statespace.PosteriorDraws.table`."""
        return self.draws.table()

    @property
    def priors(self) -> pd.DataFrame:
        """By parameter: the prior, in words, and its quantiles."""
        rows = {
            name: {"prior": str(one)} | dict(zip(("p05", "p50", "p95"), one.quantile([0.05, 0.5, 0.95]), strict=True))
            for name, one in zip(self.target.names, self.target.ordered, strict=True)
        }  # fmt: skip
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

    def to_frame(self) -> pd.DataFrame:
        """The parameters."""
        return self.parameters

    def frames(self) -> dict[str, pd.DataFrame]:
        """Parameters, their priors, and the reports in the last period."""
        last = {name: self.quantiles(name).iloc[-1] for name in self.reports}
        return {
            "Parameters": self.parameters,
            "Priors": self.priors,
            f"Reports in {self.problem.index[-1]}, quantiles": pd.DataFrame(last).T,
        }

    def notes(self) -> tuple[str, ...]:
        """Whether the chains agree, and how many independent draws they stand for."""
        ess = self.parameters["ess"]
        few = (
            f"Only {ess.min():.0f} effective draws of {ess.idxmin()}: draw longer chains."
            if ess.min() < _FEW
            else ""
        )
        accepted = ", ".join(f"{one:.2f}" for one in self.acceptance)
        divergent = (
            f"{self.divergent} trajectories diverged or met a constraint: compare with sampler='random walk'."
            if self.divergent
            else ""
        )
        limits = "; ".join(map(str, self.target.table.constraints))
        said = (
            self.draws.disagreement(), few, divergent, f"Accepted by chain: {accepted}.",
            f"Under the constraints {limits}." if limits else "",
        )  # fmt: skip
        return tuple(one for one in said if one)

    def on(self, problem: Problem) -> PosteriorResults:
        """The same draws of the parameters with states drawn on other data of the same model.

        Filtered draws of periods that both have are the same.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_posterior
        >>> found = nile_posterior()
        >>> now = found.on(found.problem.with_data(found.problem.y + 100.0))
        >>> float((now.quantiles("level") - found.quantiles("level")).loc["1970", 0.5].round(-1))
        100.0
        """
        reports, by_period = draw_reports(problem, self.thetas, seed=self.seed, n_workers=-1)
        target = replace(self.target, problem=problem)
        return replace(self, target=target, reports=reports, log_likelihood=by_period)

    def quantiles(
        self, report: str, which: str = "smoothed", probabilities: tuple[float, ...] = QUANTILES
    ) -> pd.DataFrame:
        """Posterior quantiles of one report by period, a column a probability.

        Parameters
        ----------
        report
            One of `reports`.
        which
            ``"smoothed"``: given all data.  ``"filtered"``: states given data to the period; the parameters have seen
            all.
        probabilities
            Between 0 and 1.

        Raises
        ------
        SpecificationError
            There is no such report or kind, or a probability is not between 0 and 1.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_posterior
        >>> found = nile_posterior()
        >>> found.quantiles("level").loc["1900"].round(-1).to_dict()
        {0.05: 840.0, 0.16: 880.0, 0.5: 920.0, 0.84: 970.0, 0.95: 1010.0}
        """
        if report not in self.reports:
            raise SpecificationError(f"There is no report {report!r}; there are {', '.join(self.reports)}.")
        if which not in ("filtered", "smoothed"):
            raise SpecificationError(f"which={which!r}; choose 'filtered' or 'smoothed'.")
        if bad := [p for p in probabilities if not 0 < p < 1]:
            raise SpecificationError(f"probability {bad[0]}; give ones between 0 and 1, such as 0.05.")
        draws = self.reports[report].given(which)
        found = np.quantile(draws.reshape(-1, draws.shape[-1]), probabilities, axis=0).T
        return pd.DataFrame(found, self.problem.index, list(probabilities))

    def savage_dickey(self, name: str, value: float) -> float:
        """Bayes factor in favour of a parameter being a value: its posterior over its prior density there.

        From a kernel density of the draws, reflected at the ends of the prior.  It holds where the prior of the other
        parameters does not depend on this one, so that no constraint may name it.

        Parameters
        ----------
        name
            Of the parameter.
        value
            Inside the support.

        Raises
        ------
        SpecificationError
            The prior density is zero there, or a constraint names the parameter.

        References
        ----------
        Dickey, J. M. (1971). The weighted likelihood ratio, linear hypotheses on normal location parameters. *Annals
        of Mathematical Statistics* 42(1), 204-223.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_posterior
        >>> found = nile_posterior()
        >>> found.savage_dickey("s_eta", 40.0) > 1  # the data speak for it
        True
        """
        draws = self.draws.of(name).ravel()
        prior = self.target.priors[name]
        density = float(prior.log_density(value))
        if not np.isfinite(density):
            raise SpecificationError(
                f"The prior of {name}, {prior}, has no density at {value}. Choose another value."
            )
        if any(name in one.names for one in self.target.table.constraints):
            raise SpecificationError(
                f"A constraint names {name}: the ratio of densities is no Bayes factor for it."
            )
        return float(_density(draws, prior, np.array([value]))[0] / np.exp(density))

    def waic(self) -> pd.Series:
        """Widely applicable information criterion, from the log-likelihood of each period given the past.

        Returns
        -------
        pandas.Series
            ``waic`` (-2 ``elpd``; smaller is better), ``elpd`` (expected log predictive density), ``se`` of it over
            periods, and ``p_waic``, the effective number of parameters.

        References
        ----------
        Watanabe, S. (2010). *Journal of Machine Learning Research* 11, 3571-3594; Gelman, A., Hwang, J. and Vehtari, A.
        (2014). *Statistics and Computing* 24, 997-1016.
        """
        values = self._pooled_likelihood()
        density, spent = logsumexp(values, axis=0) - np.log(len(values)), values.var(axis=0, ddof=1)
        each = density - spent
        se = float(np.sqrt(each.size) * each.std(ddof=1))
        return pd.Series({"waic": -2 * each.sum(), "elpd": each.sum(), "se": se, "p_waic": spent.sum()})

    def predictive_likelihood(self) -> pd.DataFrame:
        r"""Log density of each period's observations before they were seen.

        Returns
        -------
        pandas.DataFrame
            ``hindsight``: :math:`\log E[p(y_t | y_1 \dots y_{t-1}, \theta)]` over the posterior of the parameters
            given *all* data: states as known then, parameters not.  ``as_known``: over their posterior given the data
            before the period, which is what a forecaster had, by weighting the draws with
            :math:`1 / p(y_t, \dots, y_T | y_1 \dots y_{t-1}, \theta)`.  ``effective_draws``: how many equal weights
            these stand for; where they are few, early in the sample, ``as_known`` is a guess, and only an estimation
            that ends before the period gives the number.

        References
        ----------
        Gelfand, A. E., Dey, D. K. and Chang, H. (1992). Model determination using predictive distributions. *Bayesian
        Statistics* 4, 147-167.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_posterior
        >>> found = nile_posterior()
        >>> found.predictive_likelihood()["as_known"].tail(2).round(1).to_list()
        [-6.4, -6.1]
        """
        values = self._pooled_likelihood()
        hindsight = logsumexp(values, axis=0) - np.log(len(values))
        to_come = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
        weights = -to_come - logsumexp(-to_come, axis=0)
        known = logsumexp(weights + values, axis=0)
        effective = np.exp(-logsumexp(2 * weights, axis=0))
        columns = {"hindsight": hindsight, "as_known": known, "effective_draws": effective}
        return pd.DataFrame(columns, self.problem.index)

    def densities(self) -> dict[str, pd.DataFrame]:
        """By parameter: prior and posterior density on a grid of values."""
        out = {}
        for name, prior in zip(self.target.names, self.target.ordered, strict=True):
            draws = self.draws.of(name).ravel()
            low, high = np.quantile(draws, [0.0005, 0.9995])
            reach = 0.15 * (high - low)
            grid = np.linspace(max(low - reach, prior.lower), min(high + reach, prior.upper), _GRID)
            columns = {"prior": np.exp(prior.log_density(grid)), "posterior": _density(draws, prior, grid)}
            out[name] = pd.DataFrame(columns, grid)
        return out

    def plot(self, ax: Any = None) -> Figure:
        """Prior against posterior density, a panel a parameter.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_posterior
        >>> found = nile_posterior()
        >>> found.plot().savefig("posterior.png")
        """
        from capstar.plotting.posterior import plot_densities

        return plot_densities(self.densities(), title=self.title, source=self.provenance, ax=ax)

    def plot_ranks(self, ax: Any = None) -> Figure:
        """Histograms of the ranks of each chain's draws among all: flat where the chains agree."""
        from capstar.plotting.posterior import plot_ranks

        draws = {name: pd.DataFrame(self.draws.of(name).T) for name in self.draws.names}
        title = f"Ranks by chain: {self.problem.spec.name}"
        return plot_ranks(draws, title=title, source=self.provenance, ax=ax)

    def _dated(self) -> pd.Series | pd.DataFrame:
        return pd.Series(index=self.problem.index, dtype=float)

    def to_arviz(self) -> Any:
        """What ArviZ reads: an ``xarray.DataTree``, or ``arviz.InferenceData`` before ArviZ 1.0.

        Groups ``posterior`` (the parameters), ``sample_stats`` (log density ``lp``), ``states`` (smoothed reports by
        date) and ``log_likelihood`` (of each period given the past); the last two are of the draws that states were
        drawn for, whose numbers are their coordinate ``draw``.

        Raises
        ------
        SpecificationError
            ArviZ is not installed.

        Examples
        --------
        Where ArviZ is installed:

        >>> from capstar.statespace.examples import nile_posterior
        >>> found = nile_posterior()
        >>> idata = found.to_arviz()  # doctest: +SKIP
        """
        from capstar.statespace.bayes.exchange import as_arviz

        rows = np.linspace(0, self.draws.n_draws - 1, self.thetas.shape[1]).round().astype(np.int64)
        return as_arviz(
            self.draws, self.reports, self.problem.index, rows, log_density=self.log_density,
            log_likelihood=self.log_likelihood, seed=self.seed, sampler=self.sampler, model=self.problem.spec.name,
        )  # fmt: skip

    def _pooled_likelihood(self) -> Floats:
        return self.log_likelihood.reshape(-1, self.log_likelihood.shape[-1])


def _density(draws: Floats, prior: Prior, at: Floats) -> Floats:
    """Kernel density of draws, reflected at the ends of the prior so that none of it lies outside."""
    if len(draws) > 20_000:
        draws = draws[:: len(draws) // 20_000 + 1]
    estimate = scipy.stats.gaussian_kde(draws)
    out = estimate(at)
    for end in (prior.lower, prior.upper):
        if np.isfinite(end):
            out = out + estimate(2 * end - at)
    return np.asarray(out)
