"""What ArviZ is given: on a stand-in, and where it is installed by itself, for every Bayesian result."""

from __future__ import annotations

import sys
import warnings
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
import textbook
from result_examples import rstar as natural
from result_examples import statespace, trend_var

from capstar import rstar
from capstar.errors import SpecificationError
from capstar.rstar.unobserved_components.model import of_paths
from capstar.statespace import InverseGamma, PosteriorDraws, PosteriorResults, posterior

EXAMPLES = statespace.EXAMPLES | natural.EXAMPLES | trend_var.EXAMPLES
RESULTS = [kind for kind in EXAMPLES if hasattr(kind, "to_arviz")]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data sets as (dims and values by name, coordinates, attributes), trees as dictionaries."""
    monkeypatch.setitem(sys.modules, "arviz", SimpleNamespace())
    tree = SimpleNamespace(from_dict=lambda groups: groups)
    monkeypatch.setitem(sys.modules, "xarray", SimpleNamespace(Dataset=lambda *parts: parts, DataTree=tree))


def test_every_bayesian_result_has_it() -> None:
    kinds = {PosteriorResults, rstar.BayesianRate, rstar.TrendVarRate, rstar.UnobservedComponentsRate}
    assert kinds <= set(RESULTS)


def test_absent_arviz_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arviz", None)
    with pytest.raises(SpecificationError, match="ArviZ is not installed"):
        EXAMPLES[PosteriorResults]().to_arviz()


@pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("stand_in")
def test_shapes_and_coordinates(kind: type) -> None:
    found = EXAMPLES[kind]()
    groups = found.to_arviz()
    values, coords, attrs = groups["posterior"]
    shape = (found.draws.n_chains, found.draws.n_draws)
    assert list(values) == list(found.draws.names)
    assert all(dims == ("chain", "draw") and one.shape == shape for dims, one in values.values())
    assert (len(coords["chain"]), len(coords["draw"])) == shape
    assert attrs["seed"] == found.seed
    for name in {"states", "log_likelihood"} & set(groups):
        values, coords, _ = groups[name]
        for dims, one in values.values():
            assert dims == ("chain", "draw", "date")
            assert one.shape == (shape[0], len(coords["draw"]), len(coords["date"]))
        assert coords["draw"][0] == 0
        assert (np.diff(coords["draw"]) >= 1).all()
        assert coords["draw"][-1] < shape[1]


@pytest.mark.usefixtures("stand_in")
def test_states_belong_to_the_draws_that_their_coordinate_says() -> None:
    found = EXAMPLES[PosteriorResults]()
    groups = found.to_arviz()
    rows, at = groups["states"][1]["draw"], [found.problem.names.index(n) for n in found.draws.names]
    np.testing.assert_array_equal(found.thetas[:, :, at], found.draws.values[:, rows])
    assert groups["sample_stats"][0]["lp"][1].shape == found.log_density.shape
    periods = groups["states"][1]["date"]
    assert list(periods) == [str(one) for one in found.problem.index]
    rate = EXAMPLES[rstar.UnobservedComponentsRate]()
    kept = rate.states["rstar"].smoothed.shape[1]
    rows = rate.to_arviz()["states"][1]["draw"]
    np.testing.assert_array_equal(of_paths(rate.draws.values, kept), rate.draws.values[:, rows])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__name__)
def test_arviz_reads_every_result(kind: type) -> None:
    """R-hat to rounding; effective draws, of chains that are no toy, to two percent: sums are cut off differently."""
    arviz = _arviz()
    found = EXAMPLES[kind]()
    _same_diagnostics(arviz, found.to_arviz(), found.draws)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sampler", ["random walk", "nuts"])
def test_arviz_finds_the_same_diagnostics_and_criterion(sampler: Literal["random walk", "nuts"]) -> None:
    arviz = _arviz()
    book = textbook.books()["local level"]
    priors = dict.fromkeys(("s_eps", "s_eta"), InverseGamma(2.0, 60.0))
    found = posterior(
        book.spec, book.data, priors, initial=([1000.0], [[1e5]]), sampler=sampler, n_draws=200, warmup=200, thin=2,
        n_state_draws=100, progress=False,
    )  # fmt: skip
    data = found.to_arviz()
    _same_diagnostics(arviz, data, found.draws)
    # Both estimate the same predictive density; leave-one-out weights differ from half the variance a little.
    ours, theirs = found.waic(), arviz.loo(data, reff=1.0)
    assert float(theirs.elpd if hasattr(theirs, "elpd") else theirs["elpd_loo"]) == pytest.approx(
        ours["elpd"], abs=0.5
    )


def _same_diagnostics(arviz: Any, data: Any, draws: PosteriorDraws) -> None:
    group = data["posterior"]
    values, ours = group.to_dataset() if hasattr(group, "to_dataset") else group, draws.table()
    rhat, ess = arviz.rhat(values), arviz.ess(values, method="mean")
    for name in draws.names:
        assert float(rhat[name]) == pytest.approx(ours.loc[name, "rhat"], rel=1e-9)
        if draws.n_draws >= 100:
            assert float(ess[name]) == pytest.approx(ours.loc[name, "ess"], rel=0.02)
    summary = arviz.summary(data, round_to=8)
    assert list(summary.index) == list(draws.names)
    np.testing.assert_allclose(summary["mean"].astype(float), ours["mean"], rtol=1e-6, atol=1e-7)
    arviz.plot_rank(data)


def _arviz() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own coming versions
        return pytest.importorskip("arviz")
