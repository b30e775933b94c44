"""The state before the sample of the monthly models, against the joint normal of all observations written out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.rstar.test_monthly import drawn

from capstar import data, rstar
from capstar.errors import SpecificationError
from capstar.rstar.monthly.starting import STARTS, diffuse_trend, estimated_trend, trend_start
from capstar.statespace import InitialState, start_from

TREND = ("ystar", "g")


@pytest.fixture(scope="module")
def months() -> pd.DataFrame:
    return drawn(rstar.MonthlyHLW2023, "1985-01", 480)


def bound(model: Any, table: pd.DataFrame, rule: Any, n: int) -> tuple[Any, dict[str, float]]:
    """The first ``n`` months of a model from the state that a rule gives, and its start values."""
    spec = model.spec
    frame = model.series_from(table)
    first = model._first(spec, frame)
    problem = start_from(spec, frame, rule(spec, frame, first), start=first, end=first + n - 1)
    return problem, {name: one.start for name, one in spec.parameters.items()}


def joint(problem: Any, theta: dict[str, float]) -> tuple[Any, ...]:
    """Mean and covariance of the state before the sample and of what is observed, at no trend, and their slopes in it.

    The state before the sample follows from one ``warmup`` months earlier; nothing is filtered.
    """
    long, w = problem.longer(), problem.warmup
    values = problem.values(problem.vector(theta))
    Z, D, H, T, c, Q, B = (problem.model.blocks[name].dense(values) for name in "ZDHTcQB")
    Q = Q + np.tril(Q, -1).T
    mean, cov, slope = long.initial_mean, long.initial_cov, problem.loading
    means, slopes, states = [], [], [cov]
    for t in range(long.nobs):
        mean, slope = T @ mean + c[:, 0] + B @ long.x[t], T @ slope
        states.append(T @ states[-1] @ T.T + Q)
        means.append(mean)
        slopes.append(slope)

    def between(s: int, t: int) -> Any:
        """Covariance of the states of two months, the first not before the second."""
        return np.linalg.matrix_power(T, s - t) @ states[t + 1]

    rows = [(t, i) for t in range(w, long.nobs) for i in range(len(H)) if np.isfinite(long.y[t, i])]
    before = w - 1
    on_mean = np.array([Z[i] @ means[t] + D[i] @ long.x[t] for t, i in rows])
    on_slope = np.array([Z[i] @ slopes[t] for t, i in rows])
    omega = np.array(
        [[Z[i] @ (between(t, s) if t >= s else between(s, t).T) @ Z[j] for s, j in rows] for t, i in rows]
    )
    omega += np.diag([H[i, 0] for _, i in rows])
    cross = np.array([Z[i] @ between(t, before) for t, i in rows])
    y = np.array([long.y[t, i] for t, i in rows])
    return y, on_mean, on_slope, omega, cross, means[before], slopes[before], states[w]


@pytest.mark.parametrize("model", [rstar.MonthlyLW, rstar.MonthlyHLW2023], ids=lambda one: one.key)
def test_the_start_is_least_squares_on_two_years(months, model) -> None:
    """Generalised least squares of the trend, and the states given it, by the matrices of the textbook."""
    problem, theta = bound(model, months, diffuse_trend, 24)
    y, mean, X, omega, cross, before, moves, cov = joint(problem, theta)
    inverse = np.linalg.inv(omega)
    information = X.T @ inverse @ X
    trend = np.linalg.solve(information, X.T @ inverse @ (y - mean))
    rest = y - mean - X @ trend
    gain = cross.T @ inverse
    free = moves - gain @ X
    expected = before + moves @ trend + gain @ rest
    spread = cov - gain @ cross + free @ np.linalg.solve(information, free.T)

    frame = model.series_from(months)
    found = estimated_trend(model.spec, frame, model._first(model.spec, frame))
    np.testing.assert_allclose(found.mean, expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.cov, spread, rtol=1e-7, atol=1e-8)
    assert found.diffuse == ()
    assert 0.02 < found.cov.loc["g", "g"] ** 0.5 < 0.2  # percent a month: the data say something


def test_diffuse_likelihood_is_that_of_the_contrasts(months) -> None:
    """de Jong (1991): the joint normal with a flat prior on the trend."""
    problem, theta = bound(rstar.MonthlyLW, months, diffuse_trend, 40)
    y, mean, X, omega, *_ = joint(problem, theta)
    assert X.shape[1] == len(TREND)
    inverse = np.linalg.inv(omega)
    information = X.T @ inverse @ X
    rest = y - mean
    rest = rest - X @ np.linalg.solve(information, X.T @ inverse @ rest)
    value = len(y) * np.log(2 * np.pi) + np.linalg.slogdet(omega)[1] + np.linalg.slogdet(information)[1]
    assert problem.loglike(theta) == pytest.approx(-0.5 * (value + rest @ inverse @ rest), rel=1e-9)


def test_starts_are_chosen_by_name(months) -> None:
    model, by_name = rstar.MonthlyLW, {}
    for name in STARTS:
        by_name[name] = model.fit(months, initial=name, fixed=held(model), progress=False)
    usual = model.fit(months, fixed=held(model), progress=False)
    assert usual.llf == by_name["estimated-trend"].llf
    assert by_name["fitted-trend"].results.initial.diffuse == ()
    assert by_name["diffuse-trend"].results.initial.diffuse == TREND
    assert len({round(one.llf, 6) for one in by_name.values()}) == 3
    assert by_name["diffuse-trend"].df_model == 2
    # What the start says is forgotten: within a tenth of a standard error.
    late = np.array([one.rstar.filtered.iloc[-1] for one in by_name.values()])
    assert np.ptp(late) < 0.1 * usual.rstar.filtered_se.iloc[-1]
    with pytest.raises(
        SpecificationError, match=r"Monthly LW: initial='zero'; choose one of .*'diffuse-trend'"
    ):
        model.fit(months, initial="zero", progress=False)


def held(model: Any) -> dict[str, float]:
    return {name: one.start for name, one in model.spec.parameters.items()}


def test_a_diffuse_part_is_kept_in_a_file_and_run_on(months, tmp_path) -> None:
    model = rstar.MonthlyLW
    found = model.fit(months.iloc[:-12], initial="diffuse-trend", fixed=held(model), progress=False)
    again = type(found.results).load(found.results.save(tmp_path / "one.json"))
    assert again.initial.diffuse == TREND
    assert again.problem.loglike(again.all_params) == pytest.approx(found.llf, rel=1e-12)
    longer = found.run_on(months)
    np.testing.assert_allclose(
        longer.rstar.filtered.iloc[:-12].dropna(), found.rstar.filtered.dropna(), atol=1e-7
    )


def test_mistakes_of_a_diffuse_part_are_named(months) -> None:
    frame = rstar.MonthlyLW.series_from(months)
    start = trend_start(rstar.MonthlyLW.spec, frame, frame.index[30])
    with pytest.raises(SpecificationError, match=r"diffuse names h, which is not among the states"):
        replace(start, diffuse=("g", "h"))
    some = InitialState(pd.Series({"ystar": 1.0}), pd.DataFrame({"ystar": {"ystar": 1.0}}), ("ystar",))
    with pytest.raises(SpecificationError, match=r"makes \['ystar'\] diffuse; the stages start from moments"):
        rstar.HLW2017.fit(data.us_macro(), initial=some)
