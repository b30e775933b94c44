"""What the command line chooses where nothing is chosen, and how it tells what went wrong."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from fuzz import valid_tables
from fuzz.command_runs import Run, run, told

from capstar import data
from capstar.cli.faults import OWN_FAULT, Commands, errors, reading, say
from capstar.cli.shared import as_json, write_json
from capstar.errors import ConvergenceError, DataError, DataWarning
from capstar.rstar.registry import default_model

LEAD = (
    "lead",
    "--gap",
    "gap.csv",
    "--returns",
    "returns.csv",
    "--replications",
    "99",
    "--horizons",
    "1",
    "--start",
    "none",
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAPSTAR_DEBUG", raising=False)
    for name in ("macro", "gap", "returns"):
        valid_tables.TABLES[name]().to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def done(arguments: tuple[str, ...], place: Path) -> Run:
    one = run(arguments, place)
    assert one.code == 0, told(one)
    assert not one.faults, told(one)
    return one


def held() -> list[str]:
    return [part for name, value in valid_tables.FIXED.items() for part in ("--fix", f"{name}={value}")]


@pytest.mark.parametrize(
    ("last", "key"), [("2009Q3", "hlw2017"), ("2019Q4", "hlw2017"), ("2020Q1", "hlw2023")]
)
def test_default_model_is_the_one_made_for_the_sample(last: str, key: str) -> None:
    chosen, why = default_model(pd.Period(last, "Q"))
    assert chosen.key == key
    assert last in why


@pytest.mark.parametrize("source", ["embedded", "macro.csv"])
def test_model_chosen_by_the_data_is_told(source: str, place: Path) -> None:
    one = done(("rstar", "--input", source, *held(), "--json", "-"), place)
    assert json.loads(one.stdout)["model"] == "HLW 2017"
    assert one.stderr.startswith("capstar: no --model: HLW 2017, since the sample ends in 2009Q3")


@pytest.mark.parametrize(("end", "name"), [(None, "HLW 2023"), ("2019Q4", "HLW 2017")])
def test_data_past_2019_take_hlw_2023_unless_the_sample_ends_before(
    end: str | None, name: str, place: Path
) -> None:
    table = data.us_macro().iloc[-120:]
    table.index = pd.period_range("1993Q1", periods=120, freq="Q", name="date")
    table.assign(covid_index=0.0).to_csv("long.csv")
    span = () if end is None else ("--end", end)
    one = run(
        ("rstar", "--input", "long.csv", "--start", "2019Q1", *span), place
    )  # too short to be estimated
    assert one.stderr.startswith(f"capstar: no --model: {name}, since"), told(one)


def test_covid_option_is_the_edit_of_that_name(place: Path) -> None:
    one = done(("rstar", "--input", "macro.csv", "--covid", *held(), "--json", "-"), place)
    plain = done(("rstar", "--input", "macro.csv", *held(), "--json", "-"), place)
    # Before 2020 the index is zero, and nothing changes.
    assert json.loads(one.stdout)["states"] == json.loads(plain.stdout)["states"]


@pytest.mark.parametrize(
    ("given", "tested"), [((), "small large"), (("SMB",), "SMB"), (("large", "SMB"), "large SMB")]
)
def test_portfolios_are_chosen_or_all_but_factors(given: tuple[str, ...], tested: str, place: Path) -> None:
    options = [part for name in given for part in ("--portfolio", name)]
    table = valid_tables.returns()
    table.assign(SMB=table["small"] - table["large"]).to_csv("returns.csv", index=False)
    one = done((*LEAD, *options, "--out", "out"), place)
    assert list(pd.unique(pd.read_csv("out/lead.csv")["returns"])) == tested.split()
    assert ("RF, SMB taken as risk-free rate and factors" in one.stderr) == (not given)


@pytest.mark.parametrize("name", ["rf", "RF", "Mkt-RF", "SMB", "hml", "risk_free", "Rmw", "CMA", "Mom   "])
def test_a_file_of_factors_alone_is_refused_with_a_remedy_that_works(name: str, place: Path) -> None:
    table = valid_tables.returns()[["date", "small"]].set_axis(["date", name], axis=1)
    table.to_csv("returns.csv", index=False)
    one = run(LEAD, place)
    assert one.code == 2
    remedy = one.stderr.strip().removesuffix(".").partition(" such as ")[2]
    assert remedy.startswith("--portfolio ")
    done((*LEAD, "--portfolio", remedy.removeprefix("--portfolio ")), place)


@pytest.mark.parametrize("header", ["date,", "date,0", "date,None", 'date,""', "date,Unnamed: 1"])
def test_predictor_without_a_name_is_called_gap(header: str, place: Path) -> None:
    lines = (place / "gap.csv").read_text().splitlines()
    (place / "gap.csv").write_text("\n".join([header, *lines[1:]]) + "\n")
    one = done((*LEAD, "--portfolio", "small"), place)
    assert "on gap (filtered)" in one.stdout
    assert "None" not in one.stdout


def test_numbers_that_are_not_finite_are_null_in_json(tmp_path: Path) -> None:
    found = {
        "a": float("nan"),
        "b": [1.5, float("inf"), {"c": -np.inf}],
        "d": (np.float64("nan"), None, True, 3),
    }
    expected = {"a": None, "b": [1.5, None, {"c": None}], "d": [None, None, True, 3]}
    assert json.loads(as_json(found)) == expected
    write_json(str(tmp_path / "r.json"), found)
    text = (tmp_path / "r.json").read_text()
    assert json.loads(text) == expected
    assert "NaN" not in text
    assert "Infinity" not in text


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (DataError("x.csv: no"), 2, "x.csv: no"),
        (ConvergenceError("no maximum"), 3, "no maximum"),
        (FileNotFoundError(2, "No such file", "x.csv"), 2, "x.csv: No such file. Check that path"),
        (np.linalg.LinAlgError("Singular matrix"), 2, "LinAlgError: Singular matrix"),
        (OverflowError("too large"), 2, "Look for extreme"),
        (MemoryError(), 2, "not enough memory"),
        (KeyError("column"), OWN_FAULT, "Please report it"),
        (DataError("y" * 9000), 2, "y" * 80 + "..."),
    ],
)
def test_every_exception_is_a_line_and_a_code(
    raised: Exception, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, errors(debug=False):
        raise raised
    assert ended.value.exit_code == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("capstar: ")
    assert words in line
    assert len(line) < 1300


def test_environment_variable_shows_the_traceback(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPSTAR_DEBUG", "1")
    one = run(("data", "check", "none.csv"), place)
    assert one.code == 2
    assert "Traceback" in one.stderr


def test_reading_names_the_file_and_the_kind_of_fault() -> None:
    words = r"^x\.csv: cannot be read \(ZeroDivisionError: division by zero\)"
    with pytest.raises(DataError, match=words), reading("x.csv"):
        _ = 1 / 0


def test_warnings_are_told_once_and_never_turned_into_errors(capsys: pytest.CaptureFixture[str]) -> None:
    with errors(debug=False):
        for _ in range(2):
            warnings.warn("odd data", DataWarning, stacklevel=1)
        warnings.warn("of a library", RuntimeWarning, stacklevel=1)
    assert capsys.readouterr().err == "capstar: odd data\n"


def test_what_could_steer_a_terminal_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[31mb\tr\u202ex\udcff\nπ*")
    assert capsys.readouterr().out == "a\\x1b[31mb\tr\\u202ex\\udcff\nπ*\n"


def test_faults_outside_of_a_command_are_told_alike(capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer(cls=Commands, add_completion=False)

    @app.command()
    def one() -> None:
        raise KeyError("x")

    @app.callback()
    def _all() -> None:
        pass

    with pytest.raises(SystemExit) as ended:
        app(["one"])
    assert ended.value.code == OWN_FAULT
    assert len(capsys.readouterr().err.splitlines()) == 1
