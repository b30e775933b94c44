"""The size study with moving variances: its samples are the design's, its statistics the library's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from capstar.leads import bootstrap_forecasts, compare_forecasts, predictability_tests, recursive_forecasts

sys.path.insert(0, str(ROOT))

from research.size_of_tests.moving_variances import (
    CELLS,
    ERRORS,
    FIRST,
    PERIODS,
    TESTS,
    Cell,
    main,
    recursive_design,
    rejection_rates,
)


def drawn(errors: str = ERRORS[0], horizon: int = 4, samples: int = 3, seed: int = 0):
    return Cell(errors, -0.5, 0.95, horizon).draw(np.random.default_rng(seed), samples)


@pytest.mark.parametrize("errors", ERRORS)
def test_samples_are_those_of_the_design(errors: str) -> None:
    """Correlation and root from 400 samples of 250; four standard errors of an iid sample, twice that if GARCH."""
    found = drawn(errors, samples=400)
    v = found.x[:, :, 1:] - 0.95 * found.x[:, :, :-1]
    e = found.returns[:, 1:]
    third = PERIODS // 3
    spread = e.std(axis=0)
    assert spread[third + 5 :].mean() == pytest.approx(1.0, abs=0.06)
    ratio = spread[: third - 5].mean() / spread[third + 5 :].mean()
    assert ratio == pytest.approx(3.0 if errors.startswith("variance") else 1.0, rel=0.06)
    assert np.corrcoef(v[0].ravel(), e.ravel())[0, 1] == pytest.approx(-0.5, abs=0.03)
    assert np.corrcoef(v[0].ravel(), v[1].ravel())[0, 1] == pytest.approx(0.25, abs=0.03)
    squares = e**2 - (e**2).mean(axis=0)
    clustered = (squares[:, 1:] * squares[:, :-1]).mean() / (squares**2).mean()
    assert (clustered > 0.1) == errors.startswith("GARCH")


@pytest.mark.parametrize("horizon", [1, 4])
def test_statistics_are_the_librarys(horizon: int) -> None:
    """Forecasts of every sample through the public functions; rejections where their p is at most 5 percent."""
    found = drawn(ERRORS[2], horizon=horizon, samples=60, seed=3)
    index = pd.period_range("1900Q1", periods=PERIODS + 1, freq="Q")
    start = index[FIRST + horizon]
    rejects = TESTS["Clark-West, ewc"](found)["Clark-West, ewc"]
    both = set()
    for i in range(60):
        y = pd.Series(found.returns[i], index).iloc[1:].rolling(horizon).sum().reindex(index)
        x = pd.DataFrame(found.x[:2, i].T, index, ["a", "b"])
        made = recursive_forecasts(y, x, start, horizon=horizon)
        np.testing.assert_allclose(found.made[0, i], made["a"], rtol=1e-8)
        one = compare_forecasts(made["actual"], found.mean[i], made["a"], horizon=horizon, variance="ewc")
        assert rejects[i] == (one.clark_west_p <= 0.05)
        both.add(bool(rejects[i]))
    assert both == {True, False}
    # The bootstrap's benchmark has one return more, the first, and its pairs begin with the first sum.
    y = pd.Series(found.returns[0], index).rolling(horizon).sum().dropna()
    x = pd.DataFrame({"a": found.x[0, 0]}, index).loc[y.index]
    made = recursive_forecasts(y, x, start, horizon=horizon)
    plain = compare_forecasts(made["actual"], made["mean"], made["a"], horizon=horizon)
    table = bootstrap_forecasts(
        pd.Series(found.returns[0]),
        pd.Series(found.x[0, 0]),
        FIRST + horizon,
        horizon=horizon,
        n_replications=99,
    ).table
    assert table.loc["clark_west", "statistic"] == pytest.approx(plain.clark_west, rel=1e-7)
    assert table.loc["enc_new", "statistic"] == pytest.approx(plain.enc_new, rel=1e-7)
    redrawn = recursive_design("wild", drawn(horizon=horizon, samples=2, seed=3))
    assert set(redrawn) == {f"{name}, wild redrawn" for name in ("MSE-F", "ENC-NEW", "Clark-West")}


def test_rates_of_a_cell() -> None:
    """300 samples, constant variance, one period: 5 percent within three standard errors; workers change nothing."""
    cell = Cell(ERRORS[0], 0.0, 0.9, 1)
    tests = ("Clark-West, bartlett", "Diebold-Mariano, ewc", "Hubrich-West")
    one, two = (rejection_rates((cell,), tests=tests, samples=300, n_workers=n) for n in (1, 2))
    pd.testing.assert_series_equal(one["rate"], two["rate"])
    assert (one["samples"] == 300).all()
    assert one["rate"].between(0.0, 0.088).all()
    assert (one["rate"] > 0).any()


def test_every_test_runs_and_the_table_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--samples", "2", "--horizons", "4", "--rho", "0.9", "--delta", "0", "--workers", "1"]
    monkeypatch.setattr(sys, "argv", ["moving_variances", *options, "--out", str(tmp_path)])
    main()
    written = pd.read_csv(tmp_path / "size_moving_variances.csv")
    assert list(written) == ["errors", "delta", "rho", "horizon", "test", "rate", "samples", "seed"]
    registered = {test.name for test in predictability_tests()}
    assert registered <= set(written["test"])
    assert written["test"].nunique() == len(registered) + 5 + 5 + 2 + 2 + 3 + 3
    assert len(written) == 3 * written["test"].nunique()
    assert len(CELLS) == 3 * 3 * 3 * 4


def test_a_slope_is_found_more_often_the_larger_it_is() -> None:
    """300 samples with the same errors: 5 percent, half, nearly all."""
    cells = tuple(Cell(ERRORS[0], 0.0, 0.95, 1, b) for b in (0.0, 10.0, 30.0))
    found = rejection_rates(cells, tests=("Clark-West, bartlett",), samples=300)["rate"].to_numpy()
    assert found[0] < 0.09
    assert 0.3 < found[1] < 0.8
    assert found[2] > 0.9


def test_the_command_runs_on_two_workers_and_gives_what_one_gives(tmp_path: Path) -> None:
    tables = []
    for workers in ("1", "2"):
        folder = tmp_path / workers
        what = ("--power", "--samples", "2", "--horizons", "1", "--delta", "0", "--tests", "Clark-West, ewc")
        command = (sys.executable, "-m", "research.size_of_tests.moving_variances", *what)
        subprocess.run(
            [*command, "--workers", workers, "--out", str(folder)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
            check=True,
            capture_output=True,
        )
        tables.append((folder / "power_moving_variances.csv").read_bytes())
    assert tables[0] == tables[1]
