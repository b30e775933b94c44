"""Estimates in files."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from textbook import books, fitted, macro

from capstar.errors import DataError
from capstar.statespace import (
    InitialState,
    Parameter,
    Spec,
    StateSpaceResults,
    Stationary,
    SumBelow,
    fit,
    params,
    variables,
)
from capstar.statespace.storage import pack_spec, unpack_spec


def same(one: StateSpaceResults, two: StateSpaceResults) -> None:
    """Bit for bit."""
    exact = {"check_exact": True, "check_index_type": False}  # of no parameter at all
    pd.testing.assert_series_equal(one.ml.params, two.ml.params, **exact)
    pd.testing.assert_frame_equal(one.data, two.data, **exact)
    assert one.llf == two.llf
    assert one.problem.loglike(one.ml.params) == two.problem.loglike(two.ml.params)
    pd.testing.assert_frame_equal(one.smoothed, two.smoothed, **exact)
    assert str(one.spec) == str(two.spec)
    assert pack_spec(one.spec) == pack_spec(two.spec)
    np.testing.assert_array_equal(one.ml.hessian, two.ml.hessian)
    assert list(one.ml.hessian) == list(two.ml.hessian)
    pd.testing.assert_series_equal(one.ml.at_bound, two.ml.at_bound)
    assert one.ml.starts.to_dict("list") == two.ml.starts.to_dict("list")
    assert (one.ml.converged, one.ml.curvature) == (two.ml.converged, two.ml.curvature)
    assert repr(one) == repr(two)
    pd.testing.assert_series_equal(one.bse, two.bse, **exact)
    assert str(one.summary()) == str(two.summary())


@pytest.mark.parametrize("name", ["local level", "trend", "cycle", "arma", "factor"])
def test_round_trip(name: str, tmp_path) -> None:
    ours = fitted(name)
    path = ours.save(tmp_path / "estimate.json")
    back = StateSpaceResults.load(path)
    same(ours, back)
    pd.testing.assert_frame_equal(ours.forecast(5).to_frame(), back.forecast(5).to_frame(), check_exact=True)


def everything() -> tuple[Spec, pd.DataFrame]:
    """A spec that uses every field."""
    k, b_1, b_2, s, lam, rho, kappa, a_0 = params("k b_1 b_2 s lam rho kappa a_0")
    pi, un, n, e, v = variables("pi un n e v")
    spec = Spec(
        "every field",
        {"pi": k + b_1 * pi(-1) + b_2 * pi(-2) - 0.05 * un(-1) + n + e},
        {"n": rho * n(-1) + v},
        {"e": s, "v": lam * s / (1.0 * kappa)},
        layout=(("n", 0), ("n", -1)),
        initial_mean={("n", 0): a_0 * k},
        obs_scale={"kappa": ("1974Q1", "1975Q4")},
        reports={"gap": pi - n(-1)},
        parameters={
            "a_0": Parameter(0.0, fixed=True, unit="percent", description="first noise"),
            "kappa": Parameter(1.0, lower=1.0),
        },
        constraints=(SumBelow("b_1", "b_2", limit=0.99), Stationary("rho")),
    )
    data = macro()[["infl", "unemp"]].set_axis(["pi", "un"], axis=1).iloc[1:]
    data.iloc[60, 1] = data.iloc[60, 1] + 1e-13
    return spec, data


def test_every_field_of_a_spec() -> None:
    spec = everything()[0]
    back = unpack_spec(json.loads(json.dumps(pack_spec(spec))))
    assert str(back) == str(spec)
    assert back.parameters == spec.parameters
    assert back.constraints == spec.constraints
    assert (back.layout, back.obs_scale) == (spec.layout, spec.obs_scale)


def test_given_start_held_parameters_and_appended_data(tmp_path) -> None:
    spec, data = everything()
    labels = ["n", "n(-1)"]
    initial = InitialState(
        pd.Series([0.1, 1 / 3], labels), pd.DataFrame([[1.0, 0.2], [0.2, 1.0]], labels, labels)
    )
    held = {"k": 0.9, "b_1": 0.5, "b_2": 0.3, "s": 1.5, "lam": 0.2, "rho": 0.7, "kappa": 1.4}
    ours = fit(spec, data.iloc[:-8], initial=initial, fixed=held, start="1965Q1", end="2006Q4")
    same(ours, StateSpaceResults.load(ours.save(tmp_path / "a.json")))
    part = fit(
        spec, data.iloc[:-8], initial=initial, fixed={n: held[n] for n in ("lam", "kappa", "rho")}, n_starts=1
    )
    more = part.append(data.iloc[-8:])
    back = StateSpaceResults.load(more.save(tmp_path / "b.json"))
    same(more, back)
    same(more.estimated, back.estimated)


def test_rows_without_dates_and_other_frequencies(tmp_path) -> None:
    spec, values = fitted("local level").spec, {"s_eps": 1.0, "s_eta": 1.0}
    series = np.sin(np.arange(30.0))
    indices = [
        None,
        *[pd.period_range("2001-01-01", periods=30, freq=f) for f in ("M", "W", "D", "h", "Q-NOV")],
    ]
    for index in indices:
        ours = fit(spec, pd.Series(series, index), fixed=values)
        same(ours, StateSpaceResults.load(ours.save(tmp_path / "a.json")))


def changed(path, edit) -> None:
    stored = json.loads(path.read_text())
    edit(stored)
    path.write_text(json.dumps(stored))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda s: s["estimate"]["ml"]["params"].update(rho=0.5), "changed since it was written"),
        (lambda s: s["estimate"]["ml"]["hessian"][0].__setitem__(0, -1.0), "changed since it was written"),
        (lambda s: s["estimate"]["data"]["columns"]["y"].__setitem__(3, 0.0), "changed since it was written"),
        (lambda s: s.pop("estimate"), "changed since it was written"),
        (lambda s: s.update(version=2), "version 2 of the format, this library reads version 1"),
        (lambda s: s.update(format="another"), r"not a file written by StateSpaceResults\.save"),
    ],
)
def test_a_changed_file_is_refused(edit, message: str, tmp_path) -> None:
    path = fitted("arma").save(tmp_path / "a.json")
    changed(path, edit)
    with pytest.raises(DataError, match=message):
        StateSpaceResults.load(path)


def test_an_estimate_of_another_likelihood_is_refused(tmp_path) -> None:
    """As a library would write that computed another one."""
    ours = fitted("arma")
    wrong = replace(ours, ml=replace(ours.ml, llf=ours.llf + 1e-3))
    with pytest.raises(DataError, match="the log-likelihood recomputed from the file is"):
        StateSpaceResults.load(wrong.save(tmp_path / "a.json"))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"format": 1}'])
def test_garbage_is_refused(content: bytes, tmp_path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"not readable as an estimate|not a file written by"):
        StateSpaceResults.load(path)


def test_places_that_do_not_exist(tmp_path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        StateSpaceResults.load(tmp_path / "none.json")
    with pytest.raises(DataError, match="not readable as an estimate"):
        StateSpaceResults.load(tmp_path)
    with pytest.raises(DataError, match="there is no folder"):
        fitted("arma").save(tmp_path / "none" / "a.json")


def test_nothing_is_left_half_written(tmp_path) -> None:
    """A failing write leaves what was there, and nothing beside it."""
    ours = fitted("arma")
    path = ours.save(tmp_path / "a.json")
    before = path.read_bytes()
    odd = replace(ours, ml=replace(ours.ml, llf=float("nan")))
    with pytest.raises(DataError, match="not finite"):
        odd.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


class Positive(Stationary):
    """A constraint of the user's own."""


def test_a_constraint_of_ones_own_cannot_be_saved(tmp_path) -> None:
    ours = fitted("arma")
    own = replace(ours.spec, constraints=(Positive("rho"),))
    found = fit(own, books()["arma"].data, fixed=ours.ml.params.to_dict())
    with pytest.raises(DataError, match="of type Positive cannot be saved"):
        found.save(tmp_path / "a.json")
