"""The model and data of the examples in this room's docstrings."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from capstar.statespace.algebra import params, variables
from capstar.statespace.bayes.posterior import posterior
from capstar.statespace.bayes.priors import InverseGamma
from capstar.statespace.bayes.results import PosteriorResults
from capstar.statespace.fitting import fit
from capstar.statespace.initial import Initial, start_from
from capstar.statespace.problem import Problem
from capstar.statespace.results import StateSpaceResults
from capstar.statespace.spec import Spec


def nile_level() -> tuple[Spec, pd.Series]:
    """Local level of the annual flow of the Nile at Aswan, 1871-1970, in 10^8 cubic metres.

    Durbin and Koopman (2012), chapter 2; the data come with statsmodels.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_level
    >>> level, flow = nile_level()
    >>> flow.tail(2).to_dict()
    {Period('1969', 'Y-DEC'): 714.0, Period('1970', 'Y-DEC'): 740.0}
    """
    from statsmodels.datasets import nile

    s_eps, s_eta = params("s_eps s_eta")
    _, mu, eps, eta = variables("y mu eps eta")
    shocks = {"eps": s_eps, "eta": s_eta}
    level = Spec("local level", {"y": mu + eps}, {"mu": mu(-1) + eta}, shocks, reports={"level": mu})
    flow = nile.load_pandas().data["volume"].to_numpy()
    return level, pd.Series(flow, pd.period_range("1871", periods=100, freq="Y"), name="y")


def nile_autoregression() -> tuple[Spec, pd.DataFrame]:
    """The flow less 919, about its mean, on its own lag, and the data.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_autoregression
    >>> print(nile_autoregression()[0])
    AR(1)
      y = phi*y(-1) + e
      sd(e) = s
    """
    (phi, s), (y, e) = params("phi s"), variables("y e")
    return Spec("AR(1)", {"y": phi * y(-1) + e}, {}, {"e": s}), nile_level()[1].to_frame() - 919.0


def nile_problem(*, diffuse: bool = False) -> tuple[Problem, dict[str, float]]:
    """Likelihood of the same model and data, and Durbin and Koopman's estimates of its parameters.

    Parameters
    ----------
    diffuse
        Whether the level of 1870 is unknown, rather than N(1120, 100^2).

    Examples
    --------
    >>> from capstar.statespace.examples import nile_problem
    >>> problem, known = nile_problem(diffuse=True)
    >>> round(problem.loglike(known), 2)
    -633.46
    """
    level, flow = nile_level()
    initial: Initial = "diffuse" if diffuse else ([1120.0], [[100.0**2]])
    return start_from(level, flow.to_frame(), initial), {"s_eps": 122.876, "s_eta": 38.33}


@cache
def nile_fit() -> StateSpaceResults:
    """Maximum of that likelihood with an unknown first level, found once.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> nile_fit().params.round(1).to_dict()
    {'s_eps': 122.9, 's_eta': 38.3}
    """
    return fit(*nile_level(), progress=False)


@cache
def nile_posterior() -> PosteriorResults:
    """A few draws from the posterior of the same model under inverse gamma priors, drawn once.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_posterior
    >>> nile_posterior().draws.values.shape
    (4, 250, 2)
    """
    problem, _ = nile_problem()
    priors = {"s_eps": InverseGamma(2, 100), "s_eta": InverseGamma(2, 50)}
    few: dict[str, Any] = {"n_draws": 250, "warmup": 500, "thin": 8, "n_state_draws": 25, "progress": False}
    return posterior(problem, priors=priors, **few)
