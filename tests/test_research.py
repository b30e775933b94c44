"""The replications: each runs and meets what its README claims."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import REFERENCE, ROOT, load_module
from scipy.stats import chisquare

from capstar.tasks import cluster

WITHIN = {  # largest difference by heading, from the READMEs
    "holston_laubach_williams_2017": {"New York Fed workbook": 2e-5},
    "holston_laubach_williams_2023": {"New York Fed workbook": 1e-6, "One-sided": 1e-6},
    "laubach_williams_2003": {"New York Fed workbook": 3e-4, "One- and two-sided": 1e-6},
    "laubach_williams_2023": {"New York Fed workbook": 2e-5, "One- and two-sided": 1e-5},
}


@pytest.fixture(autouse=True)
def _root_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.parametrize("name", sorted(WITHIN))
def test_study_meets_its_claims(name: str, reference) -> None:
    reference("hlw2023/us_2023q2_input.csv")
    tables = load_module(ROOT / "research" / name / "reproduce.py").reproduce(REFERENCE)
    for beginning, bound in WITHIN[name].items():
        heading = next(h for h in tables if h.startswith(beginning))
        column = "difference" if "difference" in tables[heading] else "largest difference"
        assert tables[heading][column].abs().max() <= bound, heading


def test_tables_a1_and_a2(reference) -> None:
    reference("hlw2023/us_2023q2_input.csv")
    tables = load_module(ROOT / "research" / "holston_laubach_williams_2023" / "reproduce.py").reproduce(
        REFERENCE
    )
    table = next(t for h, t in tables.items() if h.startswith("Table A1"))
    # Revised data: the figures of interest agree to about the last digit printed.
    for parameter in ("lambda_g", "lambda_z", "a_r", "b_y", "a_y1+a_y2"):
        assert abs(table.loc[parameter, "difference"]) < 1e-3, parameter
    table = next(t for h, t in tables.items() if h.startswith("Table A2"))
    assert table["difference"].abs().max() <= 0.0005  # half the last digit printed


def test_coverage_is_computed_as_the_committed_table_says(reference) -> None:
    """A few samples through the same code; the committed table has the same rows and its seed."""
    folder = reference("hlw2017").parent
    module = load_module(ROOT / "research" / "coverage_of_bands" / "reproduce.py")
    table = next(iter(module.reproduce(folder, n_replications=3, seed=1).values()))
    again = next(iter(module.reproduce(folder, n_replications=3, seed=1, n_workers=2).values()))
    pd.testing.assert_frame_equal(table, again, check_exact=True)
    committed = pd.read_csv(module.HERE / "coverage.csv", index_col=[0, 1])
    assert list(committed.index) == list(table.index)
    assert set(table.columns) <= set(committed.columns)
    assert (committed["samples"] == 500).all()
    assert committed["coverage"].between(0.3, 1).all()


def test_posterior_study_is_computed_as_the_committed_tables_say(golden) -> None:
    """Short chains through the same code; the committed tables meet what the README claims."""
    module = load_module(ROOT / "research" / "lewis_vazquez_grande_2018" / "reproduce.py")
    folder = golden("models2/lewis_vazquez_grande2018/lvg_input.csv").parent
    parameters, states, _ = module.reproduce(folder, n_draws=400, n_state_draws=25).values()
    committed = pd.read_csv(module.HERE / "parameters.csv", index_col=[0, 1])
    assert list(committed.index) == list(parameters.index)
    assert (committed.loc["alt", "ess"] > 1000).all()
    assert committed["in standard errors"].abs().max() < 3
    committed = pd.read_csv(module.HERE / "states.csv", index_col=[0, 1])
    assert list(committed.index) == list(states.index)
    assert set(committed.columns) == set(states.columns)
    assert committed["p50"].max() < 0.11
    assert committed["quarters within 0.15 (16, 50, 84)"].min() > 0.98


def test_calibration_table_is_that_of_the_code_and_shows_uniform_ranks() -> None:
    module = load_module(ROOT / "research" / "simulation_based_calibration" / "reproduce.py")
    committed = module.read()
    table = module.reproduce(simulations=dict.fromkeys(module.SAMPLERS, 1), seed=1)
    assert list(committed.index) == list(table.index)
    np.testing.assert_array_equal(committed["draws"], table["draws"])
    counts = committed[module.COUNTS]
    assert (counts.sum(axis=1) == committed["samples"]).all()
    again = chisquare(counts, axis=1)
    np.testing.assert_allclose(committed["chi2"], again.statistic, atol=0.006)
    np.testing.assert_allclose(committed["p"], again.pvalue, atol=6e-5)
    assert (again.pvalue > 0.01).all()
    readme = (module.HERE / "README.md").read_text()
    assert module.words(committed) in readme


def test_calibration_accepts_the_gibbs_sampler_and_rejects_one_of_too_little_spread() -> None:
    """150 samples: from the sampler every rank is uniform; of the same draws nearer to their mean by half none is."""
    module = load_module(ROOT / "research" / "simulation_based_calibration" / "reproduce.py")

    def simulate(rng: np.random.Generator):
        found = module.real_rate(rng, burn=300, thin=30)
        closer = {f"closer {n}": x.mean() + (x - x.mean()) / 2 for n, x in found.draws.items()}
        truth = found.truth | {f"closer {n}": found.truth[n] for n in found.draws}
        return found._replace(truth=truth, draws={**found.draws, **closer})

    children = np.random.SeedSequence(7).spawn(150)
    p = module.tested("Gibbs", [module.ranks(simulate, one) for one in children]).loc["Gibbs", "p"]
    names = ["phi", "var_cycle", "var_trend", "rstar"]
    assert (p[names] > 1e-3).all()
    assert (p[[f"closer {n}" for n in names]] < 1e-3).all()


def test_unobserved_components_study(golden) -> None:
    """Short chains through the same code; the committed table has the same rows, and what the README claims of it."""
    folder = golden("models2/bauer_rudebusch2020_uc").parents[1].parent / "reference"
    module = load_module(ROOT / "research" / "bauer_rudebusch_2020_uc" / "reproduce.py")
    tables = module.reproduce(folder, n_draws=2_000, n_paths=1_000)
    committed = pd.read_csv(module.HERE / "table.csv").set_index(["table", "row", "column"])["value"]
    assert set(tables) == set(committed.index.get_level_values("table"))
    paths = "r* by quarter, percentage points"
    for counted in ("two fewer, as published", "one fewer"):
        assert tables[paths].loc[(counted, "mean"), "from published, on average"] < 0.15
    row = (paths, "two fewer, as published: mean")
    assert committed[(*row, "from published, on average")] < 0.06
    assert committed[(*row, "errors from computed, at most")] < 3
    apart = committed.loc["Parameters"].xs("errors apart", level="column")
    assert (apart < 3).all()
    assert list(apart.index) == list(tables["Parameters"].index)


LONG = (
    "coverage_of_bands", "del_negro_giannone_giannoni_tambalotti_2017", "lewis_vazquez_grande_2018", "range_trading",
    "monthly_rstar_gap_and_small_caps", "rstar_gap_and_small_caps", "simulation_based_calibration", "size_of_tests",
)  # fmt: skip


@pytest.mark.parametrize(
    "module", [*(f"{name}.reproduce" for name in LONG), "size_of_tests.moving_variances"]
)
def test_long_studies_go_to_a_cluster_and_keep_what_is_finished(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each says that no scheduler is there: the options are read, and the work is given to where they point."""
    main = import_module(f"research.{module}").main
    monkeypatch.setattr(sys, "argv", ["study", "--cluster", "tcp://nowhere:1"])
    monkeypatch.setattr(cluster, "_PATIENCE", 0.1)
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "No Dask scheduler answers at tcp://nowhere:1" in capsys.readouterr().err


def test_a_study_takes_what_it_has_kept(reference, tmp_path: Path) -> None:
    """Run as users run it, with two workers and with one, which cannot import ``__main__``."""
    reference("hlw2017/us_input.csv")
    command = [
        sys.executable,
        "-m",
        "research",
        "coverage_of_bands",
        "--replications",
        "2",
        "--keep",
        tmp_path / "kept",
    ]
    tables, written = [], []
    for workers in ("2", "1"):
        out = tmp_path / f"{workers}.csv"
        subprocess.run(
            [*command, "--workers", workers, "--out", out], cwd=ROOT, capture_output=True, check=True
        )
        tables.append(out.read_bytes())
        written.append({path: path.stat().st_mtime_ns for path in (tmp_path / "kept").glob("*/*")})
    assert tables[0] == tables[1]
    assert written[0] == written[1]
    assert len(written[0]) == 2


def test_list_and_unknown_name() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "research"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "holston_laubach_williams_2023: Holston, Laubach and Williams (2023)" in done.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "research", "x"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert wrong.returncode == 2
    assert "There is no study 'x'" in wrong.stderr


def test_absent_data_is_said() -> None:
    """Every file, from whom it is, the address, and the command that gets it."""
    command = [sys.executable, "-m", "research", "holston_laubach_williams_2017", "--data", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "lacks 3 of 3 files in nowhere" in done.stderr
    assert (
        "hlw2017/us_input.csv\n    from     inputs as of 28 May 2020, from FRED\n    address  https://"
        in done.stderr
    )
    assert "capstar data fetch us_hlw --as-of 2020-05-28" in done.stderr
    assert "another folder with --data" in done.stderr
    assert "Traceback" not in done.stderr


def test_needs_are_those_of_studies(reference) -> None:
    """Commands are commands that exist; every file is read by its study, and is there."""
    from research.__main__ import studies
    from research.needs import absent, needs
    from typer.testing import CliRunner

    from capstar.cli import app
    from capstar.data import RECIPES

    root = reference("hlw2017/us_input.csv").parents[1]
    for study in studies():
        assert absent(study, root).empty
        code = "".join(path.read_text() for path in (ROOT / "research" / study).glob("*.py"))
        for row in needs(study).to_dict("records"):
            assert Path(row["file"]).stem.split(".")[0].rsplit("_", 1)[-1] in code
            words = row["command"].split()
            assert not words or (words[:3] == ["capstar", "data", "fetch"] and words[3] in RECIPES)
            options = {word for word in words if word.startswith("--")}
            shown = CliRunner().invoke(app, ["data", "fetch", "--help"]).output
            assert all(option in shown for option in options)


def test_small_caps_and_the_economy_is_computed_as_committed(reference) -> None:
    """All but p-values, which are within the error of 199 replications; the README is the table's words."""
    reference("vintages/real_gdp_2026q1.csv.gz")
    reference("small_caps/size_portfolios_daily.csv.gz")
    module = import_module("research.small_caps_and_the_economy.reproduce")
    found = module.reproduce(REFERENCE, n_replications=199)
    committed = pd.read_csv(module.HERE / "other_way.csv")
    p = ["bootstrap_p", "p_adjusted", "clark_west_bootstrap_p"]
    same = {"check_dtype": False, "rtol": 1e-8, "atol": 1e-10}
    pd.testing.assert_frame_equal(found.table.drop(columns=p), committed.drop(columns=p), **same)
    spread = np.sqrt(committed["bootstrap_p"] * (1 - committed["bootstrap_p"]) / 199)
    assert ((found.table["bootstrap_p"] - committed["bootstrap_p"]).abs() < 4 * spread + 0.005).all()
    assert (module.HERE / "README.md").read_text() == module.readme(replace(found, table=committed))
