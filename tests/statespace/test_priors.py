"""Priors: densities that integrate to one, their derivatives, draws, and truncation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest

from capstar.errors import SpecificationError
from capstar.kernels.random_walk import log_prior
from capstar.statespace import Beta, InverseGamma, Normal, Parameter, Prior, Spec, Uniform, params, variables
from capstar.statespace.bayes.priors import as_arrays
from capstar.statespace.storage import pack_spec, unpack_spec

PRIORS = [
    Normal(0.5, 2.0),
    Normal(0.0, 2.0, upper=-0.0025),
    Normal(1.0, 0.5, lower=0.0),
    Uniform(-1.0, 5.0),
    Beta(3.0, 2.0),
    Beta(2.0, 4.0, lower=0.3),
    InverseGamma(3.0, 2.0),
    InverseGamma(3.0, 2.0, upper=1.5),
]


def ends(prior: Prior) -> tuple[float, float]:
    return float(prior.quantile(1e-12)), float(prior.quantile(1 - 1e-9))


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_density_integrates_to_one(prior: Prior) -> None:
    total = quad(lambda x: float(np.exp(prior.log_density(x))), *ends(prior), limit=400)[0]
    assert total == pytest.approx(1.0, abs=1e-6)  # the tails left out


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_slope_is_the_derivative(prior: Prior) -> None:
    for x in prior.quantile([0.1, 0.5, 0.9]):
        h = 1e-6
        difference = (prior.log_density(x + h) - prior.log_density(x - h)) / (2 * h)
        assert prior.slope(float(x)) == pytest.approx(float(difference), abs=1e-5)


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_draws_follow_the_density(prior: Prior) -> None:
    draws = prior.draws(2000, seed=1)
    low, high = prior.mass
    test = kstest(draws, lambda x: (prior.untruncated.cdf(x) - low) / (high - low))
    assert test.pvalue > 0.001
    assert draws.min() >= prior.lower
    assert draws.max() <= prior.upper


def test_compiled_density_is_the_same() -> None:
    for share in (0.01, 0.4, 0.97):
        x = np.array([float(one.quantile(share)) for one in PRIORS])
        expected = sum(float(one.log_density(value)) for one, value in zip(PRIORS, x, strict=True))
        assert log_prior(x, as_arrays(PRIORS)) == pytest.approx(expected, rel=1e-12)


def test_truncated_to_the_bounds_of_the_parameter() -> None:
    assert Normal(0, 1).within(0.0, np.inf) == Normal(0, 1, lower=0.0)
    assert float(Normal(0, 1, lower=0.0).log_density(0.0)) == pytest.approx(np.log(2 / np.sqrt(2 * np.pi)))
    assert Beta(2, 2).within(-5, 5) == Beta(2, 2)
    with pytest.raises(SpecificationError, match="gives nothing to the bounds 2 and 3"):
        Uniform(0, 1).within(2, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Normal(0, 0), lambda: Uniform(2, 1), lambda: Beta(-1, 2), lambda: InverseGamma(1, np.inf),
        lambda: Beta(1, 1, upper=2), lambda: InverseGamma(1, 1, lower=-1),
    ],
)  # fmt: skip
def test_no_density(make) -> None:
    with pytest.raises(SpecificationError, match="is not a density"):
        make()


def test_kept_in_a_file() -> None:
    s = params("s")[0]
    _, mu, e = variables("y mu e")
    spec = Spec(
        "walk", {"y": mu}, {"mu": mu(-1) + e}, {"e": s}, parameters={"s": Parameter(prior=InverseGamma(2, 3))}
    )
    again = unpack_spec(pack_spec(spec))
    assert again.parameters["s"] == spec.parameters["s"]
