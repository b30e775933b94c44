"""The replications: each runs and meets what its README claims."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
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


@cache
def reproduced(name: str) -> dict[str, pd.DataFrame]:
    """Tables of a study on the reference data."""
    tables: dict[str, pd.DataFrame] = load_module(ROOT / "research" / name / "reproduce.py").reproduce(
        REFERENCE
    )
    return tables


@pytest.mark.parametrize("name", [*sorted(WITHIN), "bauer_rudebusch_2020_uc", "russell_2000_in_2015"])
def test_study_meets_what_it_claims(name: str, reference) -> None:
    """As many published numbers as its row of ``studies.csv`` says, and a workbook's far closer than the tolerance."""
    from research.comparison import judged, judgements
    from research.needs import absent
    from research.runner import promises

    for file in absent(name, REFERENCE)["file"]:
        reference(file)
    tables = reproduced(name)
    met = judgements(tables)["met"]
    assert [len(met), met.sum()] == promises().loc[name, ["published", "met"]].to_list()
    for beginning, bound in WITHIN.get(name, {}).items():
        table = next(judged(t) for h, t in tables.items() if h.startswith(beginning))
        if "difference" in table:  # of the states' standard errors those of 2017 are of other draws
            assert table[~table.index.str.contains("_se_")]["difference"].abs().max() <= bound, beginning
        else:
            assert table["largest difference"].abs().max() <= bound, beginning


@pytest.mark.parametrize(
    "name", ["campbell_yogo_2006", "kostakis_magdalinos_stamatogiannis_2015", "pagan_sossounov_2003"]
)
def test_as_many_published_numbers_are_met_as_is_said(name: str, reference) -> None:
    from research.comparison import judged, verdict
    from research.needs import needs
    from research.runner import promises

    for file in needs(name)["file"]:
        reference(file)
    module = load_module(ROOT / "research" / name / "reproduce.py")
    tables = module.reproduce(REFERENCE)
    row = promises().loc[name]
    said = f"{row['met']} of {row['published']}"
    assert verdict(tables) == f"{said} published numbers are met"
    table = judged(next(iter(tables.values())))
    assert len(table) == len(pd.read_csv(module.HERE / "published.csv"))
    readme = (module.HERE / "README.md").read_text()
    assert said in readme
    # Whole half units of what is printed, and months: nothing looser.
    assert set(table["tolerance"]) <= {0.5, 0.0005, 0.00005}
    if name == "campbell_yogo_2006":
        missed = table.loc[~table["met"], "ours"].rename(index=lambda row: row.removeprefix("log_ep, "))
        said_to_be = {
            "1926-2002: rho, upper": 0.9994,
            "1926-2002: low": 0.0427,
            "1926-1994: rho, upper": 0.9409,
        }
        assert missed.to_dict() == pytest.approx(said_to_be, abs=5e-5)


def test_ivx_and_dating_are_those_of_the_packages(reference) -> None:
    """Beyond what is printed: every row of R's ivx, and every month of R's bbdetection."""
    reference("predictability/kms2015/ivx_golden.csv")
    study = ROOT / "research" / "kostakis_magdalinos_stamatogiannis_2015" / "reproduce.py"
    rows = load_module(study).reproduce(REFERENCE)["Every row computed with R's ivx"]
    assert (rows["rows"] == 129).all()
    difference = rows["largest relative difference"]
    assert difference.drop("ols_t").max() < 1e-10
    # R divides by n - k, ours by n - k - 1.
    assert difference["ols_t"] == pytest.approx(1 - (1 - 1 / 1028) ** 0.5, rel=1e-3)
    reference("predictability/bull_bear/sp500_monthly_states.csv")
    _, states, phases = (
        load_module(ROOT / "research" / "pagan_sossounov_2003" / "reproduce.py").reproduce(REFERENCE).values()
    )
    assert (states["months"] == 840).all()
    assert (states["months apart"] == 0).all()
    assert states.loc["bry_boschan_w8", "turning points"] == 36
    assert phases["number"].sum() == 35


def test_normal_numbers_are_those_of_r() -> None:
    """``set.seed(42); rnorm(3)`` and ``set.seed(123); rnorm(3)`` as R 3 and 4 print them with 15 digits."""
    from research.published_draws import normals

    drawn = normals(42)
    together = [*drawn(1), *drawn(2)]
    np.testing.assert_allclose(
        together, [1.37095844714667, -0.564698171396089, 0.363128411337339], rtol=1e-14
    )
    np.testing.assert_allclose(
        normals(123)(3), [-0.560475646552213, -0.230177489483280, 1.55870831414912], rtol=1e-14
    )


def test_which_published_numbers_are_not_met(reference) -> None:
    """Table 1 of 2017 hangs on what GDP was known to be; tables A1 and A2 of 2023 are met in every figure."""
    from research.comparison import judgements

    reference("vintages/real_gdp.csv")
    for name in ("holston_laubach_williams_2017", "holston_laubach_williams_2023"):
        found = judgements(reproduced(name))
        missed = found.loc[~found["met"].astype(bool), "heading"]
        assert missed.str.startswith("Table 1, ").all(), name
    tables = reproduced("holston_laubach_williams_2017")
    lambda_g = next(t for h, t in tables.items() if h.startswith("What the revisions")).loc["lambda_g"]
    assert lambda_g.round(3).to_dict() == {"as known then": 0.053, "as of May 2020": 0.073}  # printed: 0.053
    far = next(t for h, t in tables.items() if h.startswith("One-sided"))["largest difference"]
    assert far["as known then", "rstar_filtered"] < 0.005
    assert far["as of May 2020", "rstar_filtered"] > 0.3


def test_figure_five_is_met_as_studies_csv_says(golden) -> None:
    from research.brave_butters_kelley_2022 import reproduce as study
    from research.comparison import judged
    from research.runner import promises

    folder = golden("monthly_rstar/inputs_monthly_raw.csv").parent
    fit = study.cs.rstar.MonthlyLWPublished.fit(
        study.read_input(folder, overlapping=True), end=study.END, n_starts=1, progress=False
    )
    table = judged(study.figure_five(folder, fit))
    row = promises().loc["brave_butters_kelley_2022"]
    assert [len(table), table["met"].sum()] == row[["published", "met"]].to_list()


def test_welch_goyal_2008(reference) -> None:
    """39 of 47; the rest are of the size of the file's rounding."""
    reference("predictability/welch_goyal2008/annual_2005.csv")
    module = import_module("research.welch_goyal_2008.reproduce")
    tables = module.reproduce(REFERENCE)
    assert import_module("research.comparison").verdict(tables) == "39 of 47 published numbers are met"
    compared, table, rounding = tables.values()
    assert compared["ours"].notna().all()
    missed = import_module("research.comparison").judged(compared).query("not met")
    spread = [rounding.loc[name.split()[0], name.split()[1]] for name in missed.index]
    assert (missed["difference"].abs() < 1.2 * np.array(spread)).all()
    assert set(table.index[table["delta_rmse"] > 0]) == {"ik", "eqis"}


def test_cooper_priestley_2009(reference) -> None:
    """In sample as published; out of sample the gap of the whole sample gains and the one known then loses."""
    reference("predictability/cooper_priestley2009/indpro_1919_2019.csv")
    module = import_module("research.cooper_priestley_2009.reproduce")
    tables = module.reproduce(REFERENCE, n_replications=99)
    assert import_module("research.comparison").verdict(tables) == "1 of 1 published numbers are met"
    _, within, out = tables.values()
    golden = json.loads(reference("small_caps/evidence_golden.json").read_text())
    for name, row in golden["cooper_priestley_monthly_1948_2005"].items():
        found = [*within.loc[name], *out.loc[("recursive", name), ["r2_os", "clark_west"]]]
        stored = [row[key] for key in ("slope", "t_nw1", "adj_r2", "n", "oos_r2_recursive_gap", "clark_west")]
        assert found == pytest.approx(stored, abs=1e-4), name
    seen = out.loc["whole sample"].drop("S-B")
    assert (seen["r2_os"] > 0.7).all()
    assert (seen["mse_f_bootstrap_p"] < 0.05).all()
    assert (out.loc["recursive", "r2_os"] < 0).all()
    assert (out.loc["recursive", "clark_west_bootstrap_p"] > 0.1).all()


def test_rapach_zhou_2013(reference) -> None:
    """Every figure of the replication, and those of oos_golden.csv, also by phase of the cycle."""
    golden = pd.read_csv(reference("predictability/rapach_zhou2013/oos_golden.csv"), index_col="predictor")
    tables = import_module("research.rapach_zhou_2013.reproduce").reproduce(REFERENCE)
    assert import_module("research.comparison").verdict(tables) == "70 of 70 published numbers are met"
    compared, table = tables.values()
    assert compared["ours"].notna().all()
    columns = {"unrestricted": "", "expansion": "_exp", "recession": "_rec", "restricted": "_ct"}
    for kind, end in columns.items():
        stored = golden[[f"r2os{end}", f"p{end}"]].dropna()
        assert len(stored) >= 10
        np.testing.assert_allclose(table.loc[kind].loc[stored.index], stored, rtol=1e-8, atol=1e-8)


def test_coverage_is_computed_as_the_committed_table_says(reference) -> None:
    """A few samples through the same code; the committed table has the same rows and its seed."""
    folder = reference("hlw2017").parent
    module = load_module(ROOT / "research" / "coverage_of_bands" / "reproduce.py")
    table = next(iter(module.reproduce(folder, n_replications=3, seed=1, n_workers=1).values()))
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
    golden("models2/lewis_vazquez_grande2018/lvg_input.csv")
    parameters, states, *_ = module.reproduce(REFERENCE, n_draws=400, n_state_draws=25).values()
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
    table = module.calibration(simulations=dict.fromkeys(module.SAMPLERS, 1), seed=1)
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


def test_stock_watson_study(reference) -> None:
    """The committed quantiles are those of the code and its seed; table 3 and 4 by them, and what the README says."""
    from research.comparison import judged, verdict

    folder = reference("stock_watson1998/gdp_growth.csv").parents[1]
    module = import_module("research.stock_watson_1998.reproduce")
    lookup = pd.read_csv(module.HERE / "lookup.csv", index_col=[0, 1])
    simulated = module.simulate((0, 4), module.DRAWS, module.SEED)
    again = module.summarize(simulated, (0, 4))
    pd.testing.assert_frame_equal(lookup.loc[[0, 4]], again, rtol=0, atol=1e-6)
    tables = module.tables(folder, lookup, simulated[:, 0])
    assert verdict(tables) == "156 of 160 published numbers are met"
    assert verdict(tables) in (module.HERE / "README.md").read_text()
    missed = judged(tables["Table 4, lambda by table 3"]).query("not met")
    assert list(missed.index) == ["MW: lambda", "MW: sigma", "QLR: lambda", "QLR: sigma"]
    assert list(module.reproduce(folder, draws=20)) == list(tables)


def test_buncic_study(reference) -> None:
    from research.comparison import verdict

    folder = reference("hlw2017/us_input.csv").parents[1]
    module = import_module("research.buncic_2021.reproduce")
    tables = module.reproduce(folder)
    assert verdict(tables) == "164 of 164 published numbers are met"
    assert verdict(tables) in (module.HERE / "README.md").read_text()
    # The option keeps lambda_g of stage 1: the README says how far that is from the paper.
    ways = tables["One-sided r*, US"]["r* in the last quarter"].round(2)
    assert ways.to_list() == [0.48, 1.01, 1.30, 1.47, 1.50]


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
    assert "lacks 6 of 6 files in nowhere" in done.stderr
    assert (
        "hlw2017/us_input.csv\n    from     inputs as of 28 May 2020, from FRED\n    address  https://"
        in done.stderr
    )
    assert "capstar data fetch us_hlw --as-of 2020-05-28" in done.stderr
    assert "another folder with --data" in done.stderr
    assert "Traceback" not in done.stderr


def code_of(study: str) -> str:
    return "".join(path.read_text() for path in (ROOT / "research" / study).glob("*.py"))


def test_needs_are_those_of_studies(reference) -> None:
    """Commands are commands that exist; every file is read by its study, and is there."""
    from research.needs import absent, needs, studies
    from typer.testing import CliRunner

    from capstar.cli import app
    from capstar.data import RECIPES

    root = reference("hlw2017/us_input.csv").parents[1]
    for study in studies():
        assert absent(study, root).empty
        code = code_of(study)
        code += "".join(
            code_of(other) for other in studies() if f"research.{other}" in code and other != study
        )
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
    found = module.led(REFERENCE, n_replications=199)
    committed = pd.read_csv(module.HERE / "other_way.csv")
    p = ["bootstrap_p", "p_adjusted", "clark_west_bootstrap_p"]
    same = {"check_dtype": False, "rtol": 1e-8, "atol": 1e-10}
    pd.testing.assert_frame_equal(found.table.drop(columns=p), committed.drop(columns=p), **same)
    spread = np.sqrt(committed["bootstrap_p"] * (1 - committed["bootstrap_p"]) / 199)
    assert ((found.table["bootstrap_p"] - committed["bootstrap_p"]).abs() < 4 * spread + 0.005).all()
    assert (module.HERE / "README.md").read_text() == module.readme(replace(found, table=committed))
