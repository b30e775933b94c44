"""The command line, run as a user runs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def capstar(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "capstar.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Lines of standard error but those that tell, on a slow machine, how long a stage took."""
    return [line for line in done.stderr.splitlines() if not re.fullmatch(r"capstar: .+, \d+ s", line)]


def test_json_to_standard_output_alone(reference, golden_set) -> None:
    path = reference("hlw2023/us_2023q2_input.csv")
    done = capstar("rstar", "--model", "hlw2023", "--input", path, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert complaints(done) == []
    out = json.loads(done.stdout)
    converged = golden_set("hlw2023_us_2023q2").numbers["converged"]
    assert out["lambda_g"] == pytest.approx(converged["lambda_g"], abs=1e-6)
    assert out["sample"] == {"start": "1961Q1", "end": "2023Q2", "quarters": 250}
    published = pd.read_csv(reference("hlw2023/us_2023q2_published.csv"))["rstar_filtered"]
    np.testing.assert_allclose(out["states"]["rstar_filtered"], published, atol=1e-5)


def test_files_and_summary(tmp_path: Path) -> None:
    files = {name: tmp_path / f"r.{name}" for name in ("json", "csv", "png")}
    done = capstar(
        "rstar", "--model", "hlw2017", "--input", "embedded", "--start", "1965Q1", "--end", "2007Q4",
        "--json", files["json"], "--csv", files["csv"], "--plot", files["png"],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "HLW 2017: natural rate of interest, 1965Q1-2007Q4, 172 quarters" in done.stdout
    table = pd.read_csv(files["csv"], index_col="date")
    assert table.index[0] == "1965Q1"
    assert (
        json.loads(files["json"].read_text())["states"]["rstar_smoothed"] == table["rstar_smoothed"].tolist()
    )
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.csv", "r.json", "r.png"]


def test_standard_errors_in_the_json() -> None:
    call = ("rstar", "--model", "hlw2017", "--input", "embedded", "--se", "100", "--json", "-")
    first, again = capstar(*call), capstar(*call)
    assert first.returncode == 0, first.stderr
    errors = json.loads(first.stdout)["standard_errors"]
    assert set(errors["average"]) == set(errors["final"]) == {"rstar", "g", "potential"}
    assert first.stdout == again.stdout


def test_options_reach_the_estimate() -> None:
    done = capstar(
        "rstar", "--model", "hlw2017", "--input", "embedded", "--signal-to-noise", "MW", "--stage2", "buncic",
        "--fix", "lambda_z=0.02", "--missing", "2008Q3:2009Q1", "--json", "-",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["lambda_z"] == 0.02
    told = " ".join(out["departures"])
    for part in ("mean Wald", "lambda_z = 0.02", "2008Q3-2009Q1 treated as missing", "Buncic"):
        assert part in told


def test_hlw_2023_on_embedded_data() -> None:
    done = capstar("rstar", "--model", "hlw2023", "--input", "embedded")
    assert done.returncode == 0, done.stderr
    assert "HLW 2023" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "hlw2017", "--input", "none.csv"], "none.csv: there is no such file"),
        (["--model", "hlw2017", "--input", "embedded", "--start", "then"], "start='then' is not a quarter"),
        (
            ["--model", "hlw2017", "--input", "embedded", "--json", "no/where.json"],
            "the folder no does not exist",
        ),
        (["--model", "hlw2017", "--input", "embedded", "--fix", "c"], "write NAME=VALUE with a number"),
        (["--model", "hlw2017", "--input", "embedded", "--fix", "rho=1"], "has no parameter rho"),
        (["--model", "hlw2017", "--input", "embedded", "--missing", "x:y"], "not a pair of quarters"),
        (["--model", "hlw1999", "--input", "embedded"], "hlw1999"),
        ([], "--input is missing. Give a CSV, Parquet or Excel file, or 'embedded'"),
        (["--input", "embedded", "--fix", "sigma_pi=0"], "sigma_pi"),
        (["--input", "embedded", "--fix", "lambda_g=-1"], "lambda_g"),
        (["--input", "embedded", "--missing", "1700Q1"], "Write quarters of the sample"),
        (["--input", "embedded", "--csv", ""], "--csv: the value is empty"),
        (
            ["--model", "lw2003", "--input", "embedded"],
            "have no oil_price_inflation and no import_price_inflation",
        ),
        (["--model", "hlw2017", "--input", "embedded", "--plot", "r.xyz"], "cannot be written as .xyz"),
        (
            ["--model", "hlw2017", "--input", "embedded", "--as-of", "2008-04-30"],
            "embedded is of one day alone",
        ),
        (
            ["--model", "hlw2017", "--input", "embedded", "--start", "2000Q1", "--end", "1990Q1"],
            "start=2000Q1 comes after end=1990Q1",
        ),
    ],
)
def test_wrong_calls_exit_with_2_and_no_traceback(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = capstar("rstar", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_message_is_one_line_and_debug_shows_the_traceback(tmp_path: Path) -> None:
    call = ("rstar", "--model", "hlw2017", "--input", "none.csv")
    done = capstar(*call, cwd=tmp_path)
    assert len(complaints(done)) == 1
    assert "Traceback" in capstar(*call, "--debug", cwd=tmp_path).stderr


def test_no_convergence_exits_with_3(tmp_path: Path) -> None:
    # Real growth replaced by one exact trend: the likelihood rises without end as sigmas fall to zero.
    from capstar import data

    frame = data.us_macro()
    t = np.arange(len(frame))
    frame.assign(log_gdp=8 + 0.008 * t, inflation=2.0, expected_inflation=2.0).to_csv(tmp_path / "flat.csv")
    right = ("--units", "log_gdp=log")  # such growth is refused otherwise
    done = capstar("rstar", "--model", "hlw2017", "--input", tmp_path / "flat.csv", *right)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_study_writes_tables_figures_and_summary(tmp_path: Path) -> None:
    done = capstar("study", "--replications", "0", "--out", "new/folder", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    assert lines[2] == "Does the r* gap lead small caps?   NOT SHOWN"
    assert "over all rows" not in done.stdout, "tables are printed by --tables alone"
    files = r"\S+study\.html\s+\S+summary\.txt\s+\S+\*\.csv \(\d+\)\s+\S+\*\.svg \(\d+\)\s+(\d+ min )?\d+ s\n"
    assert re.search(rf"\n{files}$", done.stdout)
    names = {p.name for p in (tmp_path / "new" / "folder").iterdir()}
    assert {
        "lead.csv",
        "rstar.csv",
        "out_of_sample.csv",
        "economic_value.csv",
        "study.html",
        "study.svg",
        "summary.txt",
    } <= names
    page = (tmp_path / "new" / "folder" / "study.html").read_text(encoding="utf-8")
    assert ">capstar study --out new/folder --replications 0<" in page
    lead = pd.read_csv(tmp_path / "new" / "folder" / "lead.csv")
    assert set(lead["returns"]) == {"small", "large", "small_minus_large"}
    assert sorted(set(lead["horizon"])) == [1, 2, 4, 8, 12]


@pytest.fixture(scope="module")
def lead_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from capstar import data, rstar

    folder = tmp_path_factory.mktemp("lead")
    fit = rstar.HLW2017.fit(data.us_macro(), n_starts=1)
    table = pd.DataFrame({"gap": fit.gap(), "real_rate": fit.data["r"].loc[fit.start : fit.end]})
    table.to_csv(folder / "gap.csv")
    data.small_cap_returns()[["excess", "small_minus_large"]].to_csv(folder / "returns.csv")
    return folder


def test_lead_on_any_pair_of_series(lead_files: Path, tmp_path: Path) -> None:
    done = capstar(
        "lead", "--gap", lead_files / "gap.csv", "--returns", lead_files / "returns.csv", "--column", "gap",
        "--benchmark", "real_rate", "--horizons", "1,4", "--replications", "99", "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "8 regressions by 6 tests each, 4 of them on gap" in done.stdout
    lead = pd.read_csv(tmp_path / "out" / "lead.csv")
    assert len(lead) == 8
    assert {"out_of_sample.csv", "lead.svg", "out_of_sample.svg"} <= {
        p.name for p in (tmp_path / "out").iterdir()
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--horizons", "1"], "Name the predictor with --column"),
        (["--column", "nu"], "there is no column 'nu'"),
        (["--column", "gap", "--horizons", "one"], "write periods such as 1,2,4,8"),
        (["--column", "gap", "--horizons", "80"], "a shorter horizon"),
        (["--column", "gap", "--units", "decimal"], "Declare units='percent'"),
    ],
)
def test_lead_called_wrongly(lead_files: Path, options: list[str], message: str) -> None:
    done = capstar("lead", "--gap", lead_files / "gap.csv", "--returns", lead_files / "returns.csv", *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_states_of_a_market(reference, tmp_path: Path) -> None:
    prices = reference("small_caps/russell2000_daily.csv.gz")
    done = capstar("market", "--prices", prices, "--plot", tmp_path / "m.png")
    assert done.returncode == 0, done.stderr
    for words in ("rate of change", "swing", "last rally", "range-bound", "trading range"):
        assert words in done.stdout
    assert (tmp_path / "m.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "taken"], "Choose another folder"),
        (["--replications", "5"], "--replications 5: at least 99 are needed, or 0"),
        (
            ["--model", "lw2003"],
            "there is no oil_price_inflation and no import_price_inflation, which LW 2003 needs",
        ),
        (["--model", "hlw2107"], "Did you mean 'hlw2017'?"),
        (["--input", "nowhere"], "nowhere: there is no such file"),
        (
            ["--report", "study.pdf"],
            "study.pdf: a report cannot be written as .pdf. End its name in .html, .tex, .md",
        ),
        (["--report", "absent/study.html"], "the folder absent does not exist"),
        (["--report", "a.html", "--report", "a.html"], "a.html: is an input, or another output"),
    ],
)
def test_study_called_wrongly_ends_before_the_work(options: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = capstar("study", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(complaints(done)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_what_is_not_identified_is_one_line_and_no_error(tmp_path: Path, golden_set) -> None:
    """A real rate of noise: a_r goes to its bound."""
    table = golden_set("hlw2017_us_2019q4").data
    noise = np.random.default_rng(3).standard_normal(len(table))
    table = table.assign(interest_rate=table["expected_inflation"] + noise)
    table.to_csv(tmp_path / "noise.csv")
    done = capstar(
        "rstar", "--model", "hlw2017", "--input", "noise.csv", "--start", "1961Q1", "--end", "1985Q4", "--json", "-",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = complaints(done)
    assert line.startswith(
        "capstar: HLW 2017, 1961Q1-1985Q4: r* is not identified: a_r = -0.0025 is at its bound"
    )
    out = json.loads(done.stdout)
    assert out["identified"] is False
    assert "a_r = -0.0025 is at its bound" in out["identification"]
