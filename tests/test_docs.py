"""The site: every name has a page, every link is looked at, and the record of golden tests is what they compared."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module
from golden_record import Row, watching

DOCS = ROOT / "docs"


@pytest.fixture(autouse=True)
def _docs_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))


def test_every_public_name_is_on_the_page_of_its_room() -> None:
    from making.names import ROOMS, public_names
    from making.reference import reference_pages

    import capstar

    pages, names = reference_pages(), public_names()
    assert {f"capstar.{room}" for room in capstar.__all__} - set(names) <= set(ROOMS)
    assert len(names) > 350
    for name in names:
        room, _, short = name.rpartition(".")
        assert re.search(rf"^(   |\.\. py:class:: ){short}$", pages[f"reference/{room}.md"], re.MULTILINE), (
            name
        )
        assert getattr(importlib.import_module(room), short) is not None


def test_a_class_that_two_rooms_list_has_one_page() -> None:
    from making.reference import home_of

    from capstar import rstar

    assert home_of("InitialState", rstar.InitialState, "capstar.rstar") == "capstar.statespace"
    assert home_of("HLW2017", rstar.HLW2017, "capstar.rstar") == "capstar.rstar"


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("b.html", ""), ("b.html#there", ""), ("https://example.org/x", ""), ("#here", ""), ("mailto:a@b.org", ""),
        ("c.html", "leads to no file"), ("b.html#gone", "no anchor 'gone'"), ("https://", "is no address"),
        ("https://exa mple.org", "is no address"), ("../out.html", "leads to no file"), ("ftp:x", "unknown scheme"),
    ],
)  # fmt: skip
def test_links(tmp_path: Path, link: str, fault: str) -> None:
    from making.links import faults

    (tmp_path / "a.html").write_text(f'<h1 id="here"></h1><a href="{link}">x</a>')
    (tmp_path / "b.html").write_text('<img src="b.html"><h1 id="there"></h1>')
    found = faults(tmp_path)
    assert len(found) == bool(fault)
    assert not fault or fault in found[0]


def close_to(found: object, expected: object) -> bool:
    return found == expected


def test_comparisons_are_recorded() -> None:
    row = Row("m", "t", "")
    with watching(row):
        np.testing.assert_allclose([1.0, 2.1], [1.0, 2.0], rtol=0, atol=0.4)
        assert close_to(5.0, pytest.approx(5.05, abs=0.1))
        assert close_to([1.0, np.nan], pytest.approx([1.0, np.nan], nan_ok=True))
    assert row.values == 4  # not the NaN
    assert row.largest == pytest.approx(0.1)
    assert (row.difference, row.allowed, row.share) == pytest.approx((0.05, 0.1, 0.5))
    np.testing.assert_allclose(1.0, 1.0)
    assert row.values == 4


def test_what_fails_is_not_recorded() -> None:
    row = Row("m", "t", "")
    with watching(row):
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(1.0, 2.0)
        assert not close_to(1.0, pytest.approx(2.0))
    assert row.values == 0


def test_stored_record_is_of_the_golden_tests_there_are() -> None:
    stored = pd.read_csv(DOCS / "golden.csv", keep_default_na=False)
    for module, tests in stored.groupby("module")["test"]:
        tree = ast.parse((ROOT / str(module)).read_text(encoding="utf-8"))
        assert set(tests) <= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    golden = re.search(r"^GOLDEN :=(.*?)\n\n", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL)
    assert golden is not None
    named = {
        f"test_{one}"
        for one in re.findall(r"(?:,| |\t)(\w+\.py)", golden[1].replace("test_golden.py", "golden.py"))
    }
    assert {Path(str(module)).name for module in stored["module"]} == named
    assert (stored["share"].replace("", 0).astype(float) <= 1).all()


def test_every_recorded_test_says_in_a_line_what_it_compares() -> None:
    from making.sure import docstrings

    stored = pd.read_csv(DOCS / "golden.csv", keep_default_na=False)
    for module, tests in stored.groupby("module")["test"]:
        lines = docstrings(ROOT / str(module))
        assert [f"{module} {one}" for one in ("", *tests.unique()) if not lines[one].endswith(".")] == []


def test_absent_data_take_the_stored_row(tmp_path: Path) -> None:
    from making.sure import page, read_record

    stored = pd.read_csv(DOCS / "golden.csv", keep_default_na=False)
    fresh = stored.copy()
    fresh.loc[0, ["values", "largest", "difference", "allowed", "share", "skipped"]] = [0, "", "", "", "", 1]
    fresh.to_csv(tmp_path / "record.csv", index=False)
    table, absent = read_record(tmp_path / "record.csv", DOCS / "golden.csv")
    assert absent == [stored.loc[0, "test"]]
    assert table["values"].sum() == stored["values"].astype(int).sum()
    text = page(table, absent, ROOT)
    assert "Reference data of 1 tests were absent" in text
    assert f"{table['values'].sum():,} numbers" in text


def test_every_model_says_what_it_is_held_against() -> None:
    from making.models import HELD, about

    from capstar import rstar

    stored = pd.read_csv(DOCS / "golden.csv", keep_default_na=False)
    published = [key for key in rstar.models().index if key in HELD or not key.startswith("test")]
    assert set(HELD) == set(published)
    for key, held in HELD.items():
        assert len(about(held, stored)) or not held.word, key
        assert not held.study or (ROOT / "research" / held.study / "README.md").exists()
    cases = {key: about(HELD[key], stored)["case"].str.partition("_")[0] for key in ("lw2023", "hlw2023")}
    for key, other in (("lw2023", "hlw2023"), ("hlw2023", "lw2023")):
        assert key in set(cases[key])
        assert other not in set(cases[key])


def test_models_table_is_of_the_registry_and_of_the_record() -> None:
    from making.models import page
    from making.sure import read_record

    table, _ = read_record(DOCS / "golden.csv", DOCS / "golden.csv")
    text = page(table, ROOT)
    (line,) = re.findall(r"^\| `hlw2023` .*$", text, re.MULTILINE)
    assert re.search(
        r"\| medium-run rate \| 0\.2 s \| [\d,]+ numbers, \d+ tests; \[study\]\(.*\) \| \d+% \|$", line
    )
    doubled = table.assign(largest=2 * table["largest"] + 1)
    assert page(doubled, ROOT) != text


def test_a_command_that_fails_fails_its_page() -> None:
    from sybil import Document

    parser = load_module(DOCS / "conftest.py").ShellBlocks()
    for command, message in (
        ("capstar rstar --model list", None),
        ("capstar rstar --model none", "exit code 2"),
    ):
        (region,) = parser(Document(f"```console\n$ {command}\n```\n", "page.md"))
        region.evaluator = parser.evaluate
        found = parser.evaluate(region)
        assert (found is None) if message is None else message in found


def test_pages_have_examples_and_tasks_are_solved() -> None:
    pages = [path for path in DOCS.rglob("*.md") if "_build" not in path.parts]
    with_code = {path.stem for path in pages if ">>> " in path.read_text()}
    assert {"notebook", "script", "paper", "rstar", "bands", "leads", "small_cap_index", "country", "equations",
            "index_of_your_own", "vintages", "cite"} <= with_code  # fmt: skip
    tasks = re.findall(r"^\d+\. .*\n   \*Path\*: ", (DOCS / "tasks.md").read_text(), re.MULTILINE)
    assert len(tasks) == 20


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<munderover><mi>y</mi><mi>t</mi><mo>~</mo></munderover>",
         '<msub><mover accent="true"><mi>y</mi><mo>~</mo></mover><mi>t</mi></msub>'),
        ("<msup><munderover><mi>s</mi><mi>t</mi><mo>^</mo></munderover><mn>2</mn></msup>",
         '<msubsup><mover accent="true"><mi>s</mi><mo>^</mo></mover><mi>t</mi><mn>2</mn></msubsup>'),
        ("<munderover><mo>S</mo><mi>t</mi><mi>n</mi></munderover><mi>x</mi>", None),
        ("<msup><mi>y</mi><mn>2</mn></msup><mi>&lt;</mi>", None),
        ("<mi>log</mi><mo>&ApplyFunction;</mo><mi>y</mi>", "<mi>log</mi><mo>\N{FUNCTION APPLICATION}</mo><mi>y</mi>"),
    ],
)  # fmt: skip
def test_subscripts_stand_beside_letters_with_accents(written: str, shown: str | None) -> None:
    from making.formulas import scripts_beside_accents

    formula = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow>{}</mrow></math>'
    assert scripts_beside_accents(formula.format(written)) == formula.format(shown or written)
