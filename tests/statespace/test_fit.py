"""`fit` on models of the textbooks, against statsmodels' likelihood and its maximum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from textbook import books, fitted, local_level, nile, oriented, polished

from capstar.errors import SpecificationError
from capstar.statespace import DiffuseProblem, Spec, fit, params, posterior, variables

NAMES = ("local level", "trend", "cycle", "arma", "factor")
DIFFUSE = {"local level": 1, "trend": 2, "cycle": 2, "arma": 0, "factor": 0}


@pytest.mark.parametrize("name", NAMES)
def test_same_log_likelihood(name: str) -> None:
    one, ours = books()[name], fitted(name)
    assert ours.llf == pytest.approx(one.model().loglike(one.to_theirs(ours.params)), abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_same_maximum(name: str) -> None:
    ours = fitted(name)
    llf, at = polished(books()[name])
    assert ours.converged
    assert ours.llf > llf - 1e-8
    pd.testing.assert_series_equal(
        oriented(ours.params), at[ours.params.index], rtol=1e-5, atol=1e-5, check_names=False
    )


@pytest.mark.parametrize("name", NAMES)
def test_not_below_what_statsmodels_reaches_by_itself(name: str) -> None:
    model = books()[name].model()
    theirs = model.fit(method="powell", disp=0, maxiter=30, cov_type="none", warn_convergence=False)
    assert fitted(name).llf > theirs.llf - 1e-8


@pytest.mark.parametrize("name", NAMES)
def test_states_that_start_diffuse(name: str) -> None:
    problem = fitted(name).problem
    found = problem.loading.shape[1] if isinstance(problem, DiffuseProblem) else 0
    assert found == DIFFUSE[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_search_finds_what_good_start_values_find(name: str) -> None:
    one, searched = books()[name], fitted(name)
    given = fit(one.spec, one.data, start_params=one.start, n_starts=1)
    assert searched.llf == pytest.approx(given.llf, abs=1e-7)
    # The score vanishes to 1e-6 standard errors in both.
    pd.testing.assert_series_equal(oriented(searched.params), oriented(given.params), atol=1e-5, rtol=1e-5)


def test_the_seed_alone_decides() -> None:
    one = books()["factor"]
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    first = fit(one.spec, one.data, n_starts=2, seed=7)
    np.random.seed(2)  # noqa: NPY002
    second = fit(one.spec, one.data, n_starts=2, seed=7)
    np.random.set_state(state)  # noqa: NPY002
    pd.testing.assert_series_equal(first.params, second.params, check_exact=True)
    pd.testing.assert_frame_equal(first.ml.starts, second.ml.starts, check_exact=True)
    other = fit(one.spec, one.data, n_starts=2, seed=8)
    assert not other.ml.starts.equals(first.ml.starts)


def test_what_is_held_stays() -> None:
    spec = local_level().spec
    held = fit(spec, nile(), fixed={"s_eps": 100.0})
    assert held.fixed.to_dict() == {"s_eps": 100.0}
    assert list(held.params.index) == ["s_eta"]
    assert held.df_model == 2
    nothing = fit(spec, nile(), fixed={"s_eps": 100.0, "s_eta": 30.0})
    assert nothing.params.empty
    assert nothing.llf == pytest.approx(local_level().model().loglike([1e4, 900.0]), abs=1e-9)
    assert "Held fixed: s_eps = 100, s_eta = 30." in str(nothing.summary())


def test_a_coefficient_held_at_one_is_a_unit_root() -> None:
    one = books()["arma"]
    free, held = fitted("arma"), fit(one.spec, one.data, fixed={"rho": 1.0})
    assert not isinstance(free.problem, DiffuseProblem)
    assert isinstance(held.problem, DiffuseProblem)
    whole = held.news(one.data.iloc[:290], one.data)
    np.testing.assert_allclose(whole.table["later"].to_numpy(), held.reports()["state"].to_numpy(), rtol=1e-9)
    more = fit(one.spec, one.data.iloc[:290], fixed=held.ml.params.to_dict()).append(one.data.iloc[290:])
    assert more.llf == pytest.approx(held.llf, abs=1e-9)


def test_start_and_end_cut_the_sample() -> None:
    one = books()["factor"]
    cut = fit(one.spec, one.data, start="1970Q1", end="1999Q4", n_starts=1)
    same = fit(one.spec, one.data.loc["1970Q1":"1999Q4"], n_starts=1)
    assert cut.llf == pytest.approx(same.llf, abs=1e-9)
    assert (str(cut.problem.index[0]), str(cut.problem.index[-1])) == ("1970Q1", "1999Q4")
    # What lies beyond the end can be appended.
    more = cut.append(one.data.loc["2000Q1":])
    assert more.problem.index[-1] == one.data.index[-1]


def test_filtered_reports_do_not_look_ahead() -> None:
    for name in ("cycle", "factor"):
        whole, one = fitted(name), books()[name]
        held = whole.ml.params.to_dict()
        for last in ("1985Q2", "2001Q1"):
            cut = fit(one.spec, one.data.loc[:last], fixed=held)
            then, now = cut.reports("filtered"), whole.reports("filtered").loc[:last]
            pd.testing.assert_frame_equal(then, now, rtol=1e-9, atol=1e-9)
            assert not np.allclose(cut.reports().iloc[-8:], whole.reports().loc[:last].iloc[-8:], atol=1e-3)


def test_a_report_alone_decides_nothing() -> None:
    spec = local_level().spec
    bare = fit(replace(spec, reports={}), nile())
    assert bare.llf == fitted("local level").llf
    assert list(bare.to_frame()) == ["mu_filtered", "mu_filtered_se", "mu_smoothed", "mu_smoothed_se"]


def test_progress_is_told_by_stage() -> None:
    told: dict[str, list[float]] = {}

    def tell(stage: str, share: float) -> None:
        told.setdefault(stage, []).append(share)

    found = fit(local_level().spec, nile(), n_starts=3, progress=tell)
    found.uncertainty(4, progress=tell)
    found.news(nile().iloc[:-3].to_frame(), nile().to_frame(), progress=tell)
    assert list(told) == ["start values", "maximum likelihood", "drawing parameters", "weights of the news"]
    for shares in told.values():
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
    assert told["maximum likelihood"] == [1 / 3, 2 / 3, 1.0]
    assert told["drawing parameters"] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_the_maximum_as_a_table() -> None:
    whole = fitted("local level")
    held = fit(local_level().spec, nile(), fixed={"s_eta": whole.params["s_eta"]})
    table = held.ml.to_frame()
    # One parameter alone: the standard error at the others' values is the standard error.
    assert table.loc["s_eps", "std err"] == pytest.approx(held.bse["s_eps"], rel=1e-12)
    assert table["estimate"].to_dict() == held.ml.params.to_dict()
    assert table.loc["s_eta", ["score", "std err", "at_bound"]].isna().all()
    assert held.ml.notes() == ()
    lower = replace(whole.ml, llf=whole.llf - 1.0, converged=False)
    assert [note.split()[0] for note in lower.notes()] == ["Other", "NOT"]
    assert f"{whole.llf:.4f}, above {whole.llf - 1.0:.4f}; keep='best'" in lower.notes()[0]


@pytest.mark.parametrize("initial", [([0.0], [[4.0]]), "diffuse"], ids=["given", "diffuse"])
def test_a_model_without_parameters_is_that_with_all_of_them_held(initial: object) -> None:
    mu, eps, eta = variables("mu eps eta")
    a, b = params("a b")
    equations = ({"y": mu + eps}, {"mu": mu(-1) + eta})
    known = Spec("known", *equations, {"eps": 1.0, "eta": 0.5}, reports={"level": mu})
    held = Spec("known", *equations, {"eps": a, "eta": b}, reports={"level": mu})
    values = np.random.default_rng(1).standard_normal(30).cumsum()
    data = pd.DataFrame({"y": values}, pd.period_range("2000Q1", periods=30, freq="Q"))
    data.iloc[7] = np.nan
    one = fit(known, data, initial=initial, progress=False)
    other = fit(held, data, initial=initial, fixed={"a": 1.0, "b": 0.5}, progress=False)
    assert one.llf == other.llf
    for which in ("filtered", "smoothed"):
        pd.testing.assert_frame_equal(one.states(which), other.states(which))
    pd.testing.assert_frame_equal(one.simulate(5, seed=2).data, other.simulate(5, seed=2).data)
    pd.testing.assert_frame_equal(one.forecast(4).to_frame(), other.forecast(4).to_frame())
    assert one.to_statsmodels().loglike([]) == pytest.approx(one.llf, rel=1e-9)
    assert len(one.problem.value_and_score(np.empty(0))[1]) == 0
    assert "There was nothing to estimate: the model has no free parameter." in str(one.summary())
    assert "nothing to estimate" in str(other.summary())
    with pytest.raises(SpecificationError, match="known: every parameter is held; there is nothing to draw"):
        posterior(known, data, initial=initial, progress=False)
