"""``capstar rstar --set``: the options of a model that have no flag of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fuzz import valid_tables
from fuzz.command_runs import run, told

from capstar import data, rstar
from capstar.cli.settings import FLAGS, list_settings, settable, settings, settled
from capstar.errors import SpecificationError

KEYS = list(rstar.models().index)
BY_PYTHON_ALONE = {"priors", "prior", "start_params"}
AVERAGE = ("rstar", "--input", "macro.csv", "--model", "moving-average")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    valid_tables.TABLES["macro"]().to_csv(tmp_path / "macro.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("key", KEYS)
def test_every_option_has_a_flag_or_can_be_set(key: str) -> None:
    model = rstar.model(key)
    known = {*settable(model), *FLAGS, "seed", "units", *BY_PYTHON_ALONE}
    assert set(model.options) <= known
    assert not set(settable(model)) & set(FLAGS)


def typed() -> Iterator[tuple[str, str, Any]]:
    yield "moving-average", "window=40", {"window": 40}
    yield "hp-one-sided", "penalty=36000", {"penalty": 36000.0}
    yield "uc", "as-published=yes", {"as_published": True}
    yield "uc-ml", "cycle=noise", {"cycle": "noise"}
    yield "survey", "column=longer_run", {"column": "longer_run"}
    yield "lvg-alt", "sampler=nuts", {"sampler": "nuts"}
    yield "trend-var-3", "thin=1e2", {"thin": 100}
    yield "trend-var-3", "leave_out=none", {"leave_out": {}}
    spans = {"bill_rate": ("2008Q4", "2015Q4"), "inflation": (None, "1970Q4")}
    yield "trend-var-3", "leave_out=bill_rate:2008Q4:2015Q4, inflation::1970Q4", {"leave_out": spans}


@pytest.mark.parametrize(("key", "text", "expected"), list(typed()))
def test_values_have_the_type_of_the_signature(key: str, text: str, expected: dict[str, Any]) -> None:
    found = settings(rstar.model(key), [text])
    assert found == expected
    assert [type(one) for one in found.values()] == [type(one) for one in expected.values()]


@pytest.mark.parametrize("key", KEYS)
def test_defaults_are_listed_as_one_would_write_them(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    model = rstar.model(key)
    list_settings(model)
    lines = capsys.readouterr().out.splitlines()
    if not settable(model):
        assert lines == [f"{model.name} has no option for --set."]
        return
    assert [line.split()[0] for line in lines] == list(settable(model))
    for line in lines:
        name, usual = line.split()[0], line.rpartition("by default ")[2]
        if usual != "as the model has it":
            changed, others = settled(model, settings(model, [f"{name}={usual}"]))
            assert changed == model
            assert set(others) <= {name}


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("moving-average", "nonsense=1", "no option 'nonsense'. moving average takes window; --set list says"),
        ("moving-average", "window=x", "write a whole number of at most 1000000"),
        ("moving-average", "seed=1", "seed has a flag of its own. Write --seed."),
        ("lvg-alt", "n_draws=9", "n_draws has a flag of its own. Write --draws."),
        ("lvg-alt", "priors=x", r"priors cannot be written as text; give it from Python, to fit\(priors=...\)"),
        ("lvg-alt", "sampler=gibbs", r"sampler='gibbs'; choose one of \['random walk', 'nuts'\]"),
        ("hlw2017", "window=1", "HLW 2017 takes none; leave --set out"),
        ("uc", "as_published=maybe", "write true or false"),
        ("trend-var-1", "leave_out=bill_rate", "write COLUMN:FIRST:LAST"),
        ("trend-var-1", "leave_out=bill_rate:zz:", "write COLUMN:FIRST:LAST"),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_with_a_remedy(key: str, text: str, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        settings(rstar.model(key), [text])


def test_remedy_works_and_the_json_keeps_what_was_asked_for(place: Path) -> None:
    refused = run((*AVERAGE, "--set", "windows=20"), place)
    assert refused.code == 2
    assert "moving average takes window" in refused.stderr
    one = run((*AVERAGE, "--set", "window=20", "--json", "-"), place)
    assert (one.code, one.faults) == (0, ()), told(one)
    found = json.loads(one.stdout)
    assert found["options"] == {"window": 20}
    expected = rstar.MovingAverage(20).fit(data.read_input("macro.csv")).rstar.filtered
    assert found["states"]["rstar_filtered"] == pytest.approx(expected.to_list(), rel=1e-12)


def test_a_column_set_is_the_one_that_is_read(place: Path) -> None:
    table = pd.read_csv("macro.csv").assign(longer_run=4.0)
    table.to_csv("macro.csv", index=False)
    command = ("rstar", "--input", "macro.csv", "--model", "survey", "--json", "-")
    assert "survey_rate" in run(command, place).stderr
    one = run((*command, "--set", "column=longer_run", "--set", "target=1.5"), place)
    assert (one.code, one.faults) == (0, ()), told(one)
    assert set(json.loads(one.stdout)["states"]["rstar_filtered"]) == {2.5}


def test_settings_of_a_model_are_listed_without_data(place: Path) -> None:
    one = run(("rstar", "--model", "hp-one-sided", "--set", "list"), place)
    assert one.stdout == "penalty  a number; by default 36000\n"
