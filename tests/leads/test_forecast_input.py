"""Degenerate input to the out-of-sample tests: one error each, of the project's own kind, and no warning from below."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module

from capstar import leads
from capstar.errors import CapstarError

RESEARCH = ROOT / "research"
combine_forecasts = load_module(RESEARCH / "earlier_evidence" / "combination.py").combine_forecasts
predictor_table = load_module(RESEARCH / "welch_goyal_2008" / "predictor_table.py").predictor_table
N = 60
DATES = pd.period_range("2000Q1", periods=N, freq="Q")


def series(seed: int) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).standard_normal(N), DATES, name=f"s{seed}")


def forecasts(**changed: object) -> pd.DataFrame:
    columns = {"actual": series(0), "mean": 0.1 * series(1), "a": series(2), "b": series(3), "c": series(4)}
    return pd.DataFrame(columns | changed)


def gap(at: int, value: float = np.nan, seed: int = 2) -> pd.Series:
    return series(seed).where(DATES[at] != DATES, value)


def compare(**options: object) -> object:
    table = forecasts()
    return leads.compare_forecasts(table["actual"], table["mean"], table["a"], **options)


def search(table: pd.DataFrame, **options: object) -> object:
    return leads.maximum_adjusted_mspe(leads.adjusted_loss_table(table), n_replications=99, **options)


def spa(table: pd.DataFrame, **options: object) -> object:
    return leads.superior_ability(leads.loss_table(table), "mean", n_replications=99, **options)


def recursive(**options: object) -> object:
    y, x = (pd.Series(np.arange(90.0), pd.period_range("2000Q1", periods=90, freq="Q")) ** k for k in (1, 2))
    return leads.recursive_forecasts(y, x.to_frame("x"), "2006Q1", **options)


def wild(**options: object) -> object:
    rng = np.random.default_rng(0)
    index = pd.period_range("2000Q1", periods=90, freq="Q")
    y, x = (pd.Series(rng.standard_normal(90), index, name=name) for name in "yx")
    given = {"start": "2006Q1", "n_replications": 99} | options
    return leads.wild_bootstrap_forecasts(y, x.to_frame(), **given)


BAD = {
    "horizon 0": (lambda: compare(horizon=0), "horizon=0; choose from 1"),
    "horizon -1": (lambda: compare(horizon=-1), "horizon=-1; choose from 1"),
    "horizon n": (lambda: compare(horizon=N), "horizon=60; choose from 1 to below the 60 forecasts"),
    "variance": (lambda: compare(variance="hac"), "variance='hac'; choose one of"),
    "dates differ": (
        lambda: leads.compare_forecasts(series(0), series(1), series(2).set_axis(DATES + 1)),
        "the same dates",
    ),
    "lengths differ": (lambda: leads.direction_test(np.ones(9), np.ones(8)), r"forecast \(8,\): expected"),
    "missing outcome": (lambda: leads.direction_test(gap(4), series(1)), "outcome is missing in 2001Q1"),
    "missing forecast": (lambda: leads.direction_test(series(1), gap(5)), "forecast is missing in 2001Q2"),
    "infinite forecast": (
        lambda: leads.compare_forecasts(series(0), series(1), gap(1, np.inf)),
        "forecast is missing in 2000Q2",
    ),
    "no forecasts": (lambda: leads.direction_test([], []), "0 forecasts are too few"),
    "benchmark without error": (
        lambda: leads.compare_forecasts(series(0), series(0), series(1)),
        "The benchmark has no error",
    ),
    "forecast without error": (
        lambda: leads.compare_forecasts(series(0), series(1), series(0)),
        "The forecast has no error",
    ),
    "combination without error": (
        lambda: combine_forecasts(forecasts(a=series(0)), holdout=20),
        "A forecast has no error",
    ),
    "combination horizon": (lambda: combine_forecasts(forecasts(), holdout=20, horizon=0), "horizon=0"),
    "recursive horizon": (lambda: recursive(horizon=0), "horizon=0, window=None"),
    "recursive window": (lambda: recursive(window=2), "window=2"),
    "recursive sign": (lambda: recursive(signs={"x": 2}), "signs are"),
    "search horizon": (lambda: search(forecasts(), horizon=N), "horizon=60"),
    "search block": (lambda: search(forecasts(), block=N + 1), "block=61; choose from 1 to the 60 dates"),
    "search variance": (lambda: search(forecasts(), variance="rectangular"), "may be negative"),
    "search benchmark": (lambda: search(forecasts(a=0.1 * series(1))), "a: its forecasts are the benchmark's"),
    "search missing": (lambda: search(forecasts(a=gap(4))), "a is missing in 2001Q1"),
    "search few": (lambda: search(forecasts().iloc[:39]), "39 dates are too few"),
    "spa block": (lambda: spa(forecasts(), block=N + 1), "block=61"),
    "spa block 0": (lambda: spa(forecasts(), block=0), "block=0"),
    "spa missing": (lambda: spa(forecasts(a=gap(4))), "a is missing in 2001Q1"),
    "confidence set block": (
        lambda: leads.confidence_set(leads.loss_table(forecasts()), block=N + 1),
        "block=61",
    ),
    "multi-horizon block": (lambda: leads.multi_horizon_ability(forecasts(), block=N + 1), "block=61"),
    "multi-horizon missing": (lambda: leads.multi_horizon_ability(forecasts(a=gap(4))), "a is missing in"),
    "multi-horizon constant": (lambda: leads.multi_horizon_ability(forecasts(a=1.0)), "a: its gains do not vary"),
    "multi-horizon weights": (lambda: leads.multi_horizon_ability(forecasts(), weights=[1]), "give 5"),
    "wild horizon": (lambda: wild(horizon=0), "horizon=0"),
    "wild window": (lambda: wild(window=5), "window=5"),
    "wild start": (lambda: wild(start="2020Q1"), "Choose another start"),
    "wild multipliers": (lambda: wild(multipliers="mammen"), "multipliers='mammen'"),
    "wild replications": (lambda: wild(n_replications=9), "at least 99"),
    "long-run horizon": (lambda: leads.mean_test(series(0), horizon=N), "horizon=60"),
    "table missing": (lambda: leads.cumulative_difference(forecasts(a=gap(4))), "a is missing in 2001Q1"),
    "table infinite": (lambda: leads.cumulative_difference(forecasts(a=gap(4, np.inf))), "a is missing in 2001Q1"),
    "constant predictor": (
        lambda: predictor_table(series(0), pd.DataFrame({"still": 1.0}, DATES)),
        "still does not vary from 2000Q1 on",
    ),
    "long-run missing": (lambda: leads.long_run_variance(gap(3), "ewc"), "missing or infinite"),
}  # fmt: skip


@pytest.mark.parametrize("call", BAD)
def test_degenerate_input_is_one_error(call: str) -> None:
    run, message = BAD[call]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CapstarError, match=message):
            run()


@pytest.mark.parametrize("variance", ["bartlett", "rectangular", "wce", "wpe", "ewc"])
def test_every_variance_gives_a_test_at_every_horizon(variance: str) -> None:
    """Numbers, or NaN where nothing varies: no other outcome, up to the last horizon allowed."""
    table = forecasts()
    for h in (1, 2, 12, N - 1):
        found = compare(horizon=h, variance=variance)
        assert np.isfinite([found.clark_west, found.diebold_mariano]).all()
        assert 0 <= found.diebold_mariano_p <= 1
        same = leads.compare_forecasts(
            table["actual"], table["mean"], table["mean"], horizon=h, variance=variance
        )
        assert np.isnan(
            [same.clark_west, same.clark_west_p, same.diebold_mariano, same.diebold_mariano_p]
        ).all()
