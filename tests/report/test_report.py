"""The report says what the tables hold: every number, in every format, whatever the data are called."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import math
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from capstar import data
from capstar.errors import OutputError, SpecificationError
from capstar.report import SECTIONS, Section, overview, say, write_report
from capstar.report.charts import labels_of, shadings
from capstar.report.numbers import brief, duration, minus, p_value, plain, quarters, signed, three, two, whole
from capstar.report.overview import located
from capstar.report.parts import Cell
from capstar.report.sections.account import checksum
from capstar.report.sections.opening import answer_word, head, why
from capstar.report.svg import NARROW, WIDE, draw

ATTACK = '"><script>alert(1)</script>${x} \\input{/etc/passwd} |a| [x](javascript:1) <<7*7>> {{7*7}} \x1b[31m'


class Reader(HTMLParser):
    """Cells of every table by its id: for each row, column and the cell's digits and text; links; scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[dict[str, tuple[str, str]]]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._table, self._cell = "", None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "table":
            self._table = str(found["id"])
            self.tables[self._table] = []
        elif tag == "tr" and self._table:
            self.tables[self._table].append({})
        elif tag == "td":
            self._cell = (str(found["data-column"]), str(found["data-value"]))
            self.tables[self._table][-1][self._cell[0]] = (self._cell[1], "")

    def handle_data(self, text: str) -> None:
        if self._cell is not None:
            column, value = self._cell
            self.tables[self._table][-1][column] = (value, text)

    def handle_endtag(self, tag: str) -> None:
        self._cell = None if tag == "td" else self._cell
        self._table = "" if tag == "table" else self._table


@pytest.fixture(scope="module")
def read(page: Path) -> Reader:
    return Reader(page.read_text(encoding="utf-8"))


def shown(reader: Reader, table: str) -> pd.DataFrame:
    """A table of the page with all digits."""
    rows = [row for row in reader.tables[table] if row]
    frame = pd.DataFrame({name: [row[name][0] for row in rows] for name in rows[0]})
    return frame.drop(columns=["first", "last"]).astype(float)


@pytest.mark.parametrize("name", ["lead", "recursive_lead"])
def test_numbers_of_the_page_are_those_of_the_csv_file(
    study, read: Reader, name: str, tmp_path: Path
) -> None:
    study.save(tmp_path)
    written = pd.read_csv(tmp_path / f"{name}.csv")
    own = written[written["predictor"] == "rstar_gap"].reset_index(drop=True)
    on_page = shown(read, name)
    same = [column for column in on_page if column in own]
    assert {"slope", "ivx_rwb_p", "ivx_rwb_p_adjusted", "r_squared", "nobs"} <= set(same)
    assert set(on_page) - set(same) == {"lower", "upper"}
    pd.testing.assert_frame_equal(on_page[same], own[same].astype(float), check_exact=True)
    width = 1.6448536269514722 * own["hodrick_se"]
    np.testing.assert_allclose(on_page["lower"], own["slope"] - width, rtol=1e-12)


def test_every_number_is_written_as_its_digits_say(read: Reader) -> None:
    """A text is its value rounded: to half a unit of its last digit."""
    checked = 0
    for rows in read.tables.values():
        for value, text in (cell for row in rows for cell in row.values()):
            if (
                not text
                or not re.fullmatch(r"[+−]?[\d,]+(\.\d+)?", text)
                or not re.match(r"-?[\d.]+(e-?\d+)?$", value)
            ):
                continue
            decimals = len(text.partition(".")[2])
            number = float(text.replace("−", "-").replace(",", ""))
            assert abs(number - float(value)) <= 0.5000001 * 10.0**-decimals, (value, text)
            checked += 1
    assert checked > 500


def built(results: Any) -> list[Section]:
    return [section for section in (build(results) for build in SECTIONS) if section is not None]


def sentences(results: Any) -> list[Any]:
    top = head(results)
    out = [top.answer, top.specification, top.dates]
    for section in built(results):
        out += [sentence for paragraph in section.paragraphs for sentence in paragraph]
        out += [text for figure in section.figures for text in (figure.title, figure.text)]
        out += [said for figure in section.figures if figure.others for said in figure.others.said.values()]
    return out


def test_no_sentence_has_a_number_of_its_own(study) -> None:
    """Words have no digits: numbers stand in slots, and slots are filled from tables; labels and dates are texts."""
    labels = {
        "note",
        "model",
        "data",
        "month",
        "first",
        "last",
        "horizon",
        "longest",
        "level",
        "includes",
        "title",
        "main",
    }
    counted = 0
    for sentence in sentences(study):
        assert not re.search(r"\d", re.sub(r"{\w+}", "", sentence.template)), sentence.template
        for name, value in sentence.values.items():
            counted += isinstance(value, Cell)
            if isinstance(value, str) and re.search(r"\d", value):
                assert name in labels | {"n", "tables"}, (sentence.template, name, value)
    assert counted > 60


def test_a_number_changed_in_the_table_is_changed_in_the_sentence(study) -> None:
    table = study.recursive.table.copy()
    at = (table["returns"] == "small_minus_large") & (table["horizon"] == 1)
    table.loc[at, "slope"] = -7.25
    changed = dataclasses.replace(study, recursive=dataclasses.replace(study.recursive, table=table))
    assert "−7.25 percent per point" in str(head(changed).answer)
    assert "−7.25" in overview(changed)


@pytest.mark.parametrize(
    ("p", "r2", "information", "word"),
    [
        (0.03, 2.0, "recursive", "SHOWN"),
        (0.03, -2.0, "recursive", "MIXED"),
        (0.2, 2.0, "recursive", "NOT SHOWN"),
        (0.03, 2.0, "real time", "SHOWN"),
        (0.03, 2.0, "filtered", "NOT TESTED"),
        (None, 2.0, "recursive", "NOT TESTED"),
    ],
)
def test_the_answer_is_that_of_the_primary_test(study, p, r2, information, word: str) -> None:
    found = study.recursive
    table, made = found.table.copy(), found.forecast_comparison.table.copy()
    at = (table["returns"] == "small_minus_large") & (table["horizon"] == 1)
    table.loc[at, "ivx_rwb_p"] = p
    made.loc[(made["returns"] == "small_minus_large") & (made["horizon"] == 1), "r2_os"] = r2
    comparison = dataclasses.replace(found.forecast_comparison, table=made)
    if p is None:
        table = table[~at]
    found = dataclasses.replace(found, table=table, forecast_comparison=comparison, information=information)
    changed = dataclasses.replace(study, recursive=found)
    assert answer_word(changed) == head(changed).word == word
    assert len(str(head(changed).answer).split()) <= 35
    assert overview(changed).splitlines()[2].endswith(f"   {word}")


def test_the_page_needs_nothing_but_itself(page: Path, read: Reader) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 3_000_000
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
    assert sum(len(script) for script in scripts) < 30_000
    for tag, attributes in read.tags:
        for name in ("src", "href", "data", "srcset", "poster"):
            address = attributes.get(name) or ""
            followed = tag == "a" and address.startswith("https://")  # by the reader alone
            assert followed or address.startswith(("#", "data:")) or not address, (tag, address)
    assert "url(http" not in text
    assert "@import" not in text


def test_the_answer_comes_before_every_figure(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.index("NOT SHOWN") < text.index('id="why"') < text.index('id="now"') < text.index("<figure")
    order = [
        "why",
        "now",
        "rstar",
        "gap",
        "lead",
        "out-of-sample",
        "other_way",
        "real-time",
        "states",
        "tried",
        "certainty",
        "data",
        "made",
    ]
    assert re.findall(r'<h2 id="([^"]+)">', text) == order


def test_the_csv_of_a_figure_holds_its_numbers(study, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    body = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)" download="rstar-path.csv"', text)
    assert body is not None
    frame = pd.read_csv(io.BytesIO(base64.b64decode(body[1])), index_col=0)
    np.testing.assert_allclose(frame["estimate"], study.rstar.rstar.filtered, rtol=1e-12)
    np.testing.assert_allclose(frame["lower"], study.rstar.bands("filtered", 0.9)["lower"], rtol=1e-12)


def test_parts_are_shown_only_where_they_are(study, extended, tmp_path: Path) -> None:
    write_report(study, tmp_path / "plain.html")
    plain = (tmp_path / "plain.html").read_text(encoding="utf-8")
    assert re.findall('<h2 id="(now|whose|other_way)"', plain) == ["now", "other_way"]  # of one model
    more = extended(study, now=study.projections, whose=study.by_state, other_way=study.probability["rally"])
    write_report(more, tmp_path / "more.html")
    text = (tmp_path / "more.html").read_text(encoding="utf-8")
    assert re.findall('<h2 id="(now|whose|other_way)"', text) == ["now", "whose", "other_way"]
    note = study.probability["rally"].notes()[0]
    assert note.partition(" ")[0] in text
    assert "Other way" in overview(more)


def test_another_section_is_a_function_in_the_list(study, tmp_path: Path) -> None:
    def mine(results: Any) -> Section:
        return Section("mine", "My own", ((say("It has {n} rows.", n=str(len(results.lead.table))),),))

    write_report(study, tmp_path / "mine.html", sections=(*SECTIONS, mine))
    text = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert '<h2 id="mine">My own</h2>' in text
    assert "It has 45 rows." in text


def test_names_from_users_are_text(study, extended, tmp_path: Path) -> None:
    """In every format, wherever a name of a column, a title, a source or a note is shown."""
    returns = study.returns.copy()
    returns.attrs = {"title": ATTACK, "source": ATTACK, "note": ATTACK}
    inputs = {ATTACK: study.inputs["macro"].rename(columns={"inflation": ATTACK})}
    probability = {ATTACK: study.probability["rally"]}
    wild = extended(study, returns=returns, inputs=inputs, probability=probability)
    for suffix in (".html", ".tex", ".md"):
        write_report(wild, tmp_path / f"study{suffix}", command=ATTACK)
    page = (tmp_path / "study.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script", page)
    assert len(scripts) == 1
    assert "alert(1)" in page
    assert "\x1b" not in page
    assert "<script" not in (tmp_path / "study.md").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)\]\(javascript", (tmp_path / "study.md").read_text(encoding="utf-8"))
    tex = (tmp_path / "study.tex").read_text(encoding="utf-8")
    assert "\\input" not in tex
    assert "alert(1)" in tex
    assert "{{7*7}}" in page, "names are no templates"


@pytest.mark.parametrize("suffix", [".tex", ".md"])
def test_the_report_for_papers_and_repositories(study, tmp_path: Path, suffix: str) -> None:
    paths = write_report(study, tmp_path / f"study{suffix}")
    text = paths[0].read_text(encoding="utf-8")
    kind, start = {".tex": (".pdf", b"%PDF"), ".md": (".svg", b"<svg ")}[suffix]
    figures = [figure for section in built(study) for figure in section.figures]
    assert [path.name for path in paths[1:]] == [f"study-{figure.key}{kind}" for figure in figures]
    for path in paths[1:]:
        assert start in path.read_bytes()[:300]
        assert text.count(f"{{{path.name}}}" if suffix == ".tex" else f"]({path.name})") == 1
    slope = signed(
        study.recursive.own.query("returns == 'small_minus_large' and horizon == 1")["slope"].iloc[0]
    )
    assert (slope.replace("−", "$-$") if suffix == ".tex" else slope) in text


def test_latex_is_whole(study, tmp_path: Path) -> None:
    """Environments close, braces pair, and every row has as many cells as its table columns."""
    text = write_report(study, tmp_path / "study.tex")[0].read_text(encoding="utf-8")
    open_ones: list[str] = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if what == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert open_ones == []
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert text.isascii() or not re.search("[−²∞–]", text)
    tables = re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert len(tables) == sum(len(section.tables) for section in built(study)) + 1
    for columns, body in tables:
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert len(rows) > 1
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(columns)}


def test_latex_compiles(study, extended, tmp_path: Path) -> None:
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("there is no pdflatex here")
    returns = study.returns.copy()
    returns.attrs = {"title": "100 % of R&D_$", "note": r"\input{x} # ~ ^ {"}
    write_report(extended(study, returns=returns, now=study.projections), tmp_path / "study.tex")
    for _ in range(2):  # the second time with the labels of the first
        command = [program, "-interaction=nonstopmode", "-halt-on-error", "study.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-800:]
    assert (tmp_path / "study.pdf").read_bytes().startswith(b"%PDF")


def test_markdown_tables_are_whole(study, tmp_path: Path) -> None:
    text = write_report(study, tmp_path / "study.md")[0].read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(blocks) == sum(len(section.tables) for section in built(study)) + 1
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}) == 1, block


def test_the_screen_is_one_screen(study, extended) -> None:
    lines = overview(study, ["results/study.html"]).splitlines()
    assert lines[2] == "Does the r* gap lead small caps?   NOT SHOWN"
    assert lines[-1] == "results/study.html"
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    assert str(sum(study.counts.values())) in lines[-4]
    long = extended(study.rstar, identification_notes=lambda: ("word " * 4000,) * 3)
    much = overview(extended(study, rstar=long, now=study.projections), ["results/study.html"])
    assert len(much.splitlines()) == 40
    assert much.splitlines()[-3] == "... more in the tables: --tables"


def test_files_are_told_by_kind() -> None:
    many = [Path("out") / f"{k}.csv" for k in range(3)]
    assert located([*many, Path("out/study.html")]) == ["out/study.html   out/*.csv (3)"]


def test_checksums_are_those_of_a_snapshot(study, read: Reader, tmp_path: Path) -> None:
    data.write_snapshot(tmp_path / "kept", study.inputs)
    kept = json.loads((tmp_path / "kept" / "manifest.json").read_text())["tables"]
    on_page = [row["checksum"][0] for row in read.tables["checksums"] if row]
    assert on_page == [kept[name]["sha256"] for name in study.inputs]
    assert checksum(study.inputs["macro"].iloc[1:]) not in on_page


def test_another_ending_is_refused_before_anything_is_written(study, tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match=r"End its name in \.html, \.tex, \.md"):
        write_report(study, tmp_path / "study.docx")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "study.html").mkdir()
    with pytest.raises(OutputError, match="it is a folder"):
        write_report(study, tmp_path / "study.html")


def test_the_same_study_gives_the_same_page(study, extended, page: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.html"
    write_report(extended(study, now=study.projections), again, command="capstar study --out results")
    assert page.read_bytes() == again.read_bytes()


def charts(results: Any) -> dict[str, Any]:
    return {figure.key: figure for section in built(results) for figure in section.figures}


def test_recessions_behind_time_of_the_united_states_alone(study, extended) -> None:
    """At the months of the NBER's table, as far as the axis reaches, and said so in the line of the source."""
    chart = charts(study)["rstar-path"]
    spans = shadings(chart.panels[0])
    assert len(spans) == 8  # from the trough of February 1961 to that of June 2009
    assert spans[1] == (pytest.approx(1970.0, abs=0.01), pytest.approx(1970.0 + 11 / 12, abs=0.01))
    assert draw(chart, WIDE).count('class="shade"') == 8
    assert chart.source_line.endswith("Shaded: recessions (NBER)")
    assert all(not shadings(panel) for panel in charts(study)["scatter"].panels)
    abroad = charts(extended(study, rstar=extended(study.rstar, data_title="Canada")))
    assert not any("Shaded" in figure.source_line for figure in abroad.values())


def test_a_reader_chooses_where_forecasts_start(study) -> None:
    """The start shown where nobody chooses is the primary one; each R squared is that of its own forecasts."""
    chart = charts(study)["cumulated"]
    made = study.recursive.forecast_comparison
    assert chart.others.chosen == "1995Q1"
    assert list(chart.others.charts) == sorted(chart.others.charts)
    assert 5 <= len(chart.others.charts) <= 9
    for start, one in chart.others.charts.items():
        drawn = one.panels[0].marks[0].values
        part = made.earliest["small_minus_large", 1].loc[start:]
        errors = part[["mean", "rstar_gap"]].sub(part["actual"], axis=0) ** 2
        assert str(drawn.index[0]) == start
        np.testing.assert_allclose(drawn.iloc[-1], (errors["mean"] - errors["rstar_gap"]).sum(), rtol=1e-9)
        r2 = 100 * (1 - errors["rstar_gap"].sum() / errors["mean"].sum())
        assert f"R² {signed(r2)} percent over {len(part)} quarters" in str(chart.others.said[start])
    row = made.table.query("returns == 'small_minus_large' and horizon == 1").iloc[0]
    assert f"R² {signed(row['r2_os'])} percent" in str(chart.title)


def test_what_can_be_chosen_is_hidden_until_a_script_shows_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count('<div class="choice') == text.count('<div class="choice"') + 1
    assert re.findall(r'<div class="choice chosen" data-name="(\w+)"[^>]*"\s*>', text) == ["1995Q1"]
    assert (
        len(re.findall(r'<div class="choice" [^>]* hidden>', text)) == text.count('<div class="choice"') > 3
    )
    assert '<div class="chooser tools" hidden>' in text


def test_terms_of_use_are_told_of_each_source(read: Reader) -> None:
    rows = [row for row in read.tables["licences"] if row]
    told = " ".join(row["terms"][0] for row in rows)
    assert "copyright Eugene F. Fama and Kenneth R. French" in told
    assert "statsmodels calls this data set public domain" in told
    assert all(row["at"][0].startswith("https://") for row in rows)


def test_the_page_tells_how_long_it_took(study, read: Reader) -> None:
    assert duration(study.seconds) in [row["value"][0] for row in read.tables["made"] if row]
    assert study.seconds > 0
    assert located([Path("a.csv")], 130.4) == ["a.csv   2 min 10 s"]
    for length in range(70, 100):  # a time, or a count of files, is never broken
        folder = Path("f" * length)
        lines = located([folder / "a.csv", folder / "b.csv"], 76)
        assert [part for line in lines for part in line.split("   ")] == [f"{folder}/*.csv (2)", "1 min 16 s"]


def test_intervals_of_models_lie_below_one_another(study) -> None:
    """Labels stand at the left where there is room, else above; both name every row in its order."""
    chart = charts(study)["gains"]
    labels = labels_of(chart.panels[0])
    assert labels == list(chart.frame.index)
    for width in (WIDE, NARROW):
        drawn = str(draw(chart, width))
        heights = [float(re.search(rf'y="([\d.]+)"[^>]*>{re.escape(label)}<', drawn)[1]) for label in labels]
        assert heights == sorted(set(heights))
        bars = [float(y) for y in re.findall(r'class="bar [^"]*" d="M[\d.]+ ([\d.]+)H', drawn)]
        assert len(bars) == len(labels)
        assert bars == sorted(bars)


def test_hover_tells_quarter_and_value(study) -> None:
    (chart,) = next(section for section in built(study) if section.key == "rstar").figures
    last = study.rstar.rstar.filtered
    assert f"<title>{last.index[-1]}: {three(last.iloc[-1])}</title>" in draw(chart, WIDE)


def test_figures_for_paper_show_the_same_numbers(study) -> None:
    from capstar.plotting import plot_panels
    from capstar.report import charts

    (chart,) = next(section for section in built(study) if section.key == "rstar").figures
    figure = plot_panels(
        chart.panels,
        positions=charts.positions,
        dodge=charts.dodge,
        labels=charts.labels_of,
        shadings=charts.shadings,
    )
    drawn = figure.axes[0].lines[0]
    np.testing.assert_allclose(drawn.get_ydata(), study.rstar.rstar.filtered)
    assert drawn.get_xdata()[0] == 1961.0


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (three, 0.0000339, "0.000"),
        (three, -0.0004, "0.000"),
        (duration, 59.6, "1 min 0 s"),
        (duration, 3.2, "3 s"),
        (minus, "r* [-12.9, +3.1], 1985Q1-2009Q3, 2010-01-30", "r* [−12.9, +3.1], 1985Q1-2009Q3, 2010-01-30"),
        (two, -10.71, "−10.7"),
        (signed, 120.4, "+120"),
        (three, 12.345, "12.3"),
        (three, 123456.7, "123,457"),
        (three, -1.5, "−1.50"),
        (three, math.nan, ""),
        (three, math.inf, "∞"),
        (two, -0.594, "−0.59"),
        (signed, 0.5, "+0.50"),
        (signed, -0.5, "−0.50"),
        (signed, math.nan, ""),
        (p_value, 0.00049, "<0.001"),
        (p_value, 0.0005, "0.001"),
        (p_value, math.nan, ""),
        (whole, 12345.0, "12,345"),
        (quarters, 1, "one quarter"),
        (quarters, 4, "4 quarters"),
        (plain, np.True_, "yes"),
        (plain, None, ""),
        (plain, pd.NaT, ""),
        (plain, np.int64(1961), "1961"),
        (brief, 0.8374, "0.84"),
        (brief, 15, "15"),
    ],
)
def test_numbers_as_they_are_written(form, value, text: str) -> None:
    assert form(value) == text


def test_an_estimate_without_standard_errors_is_said_to_have_none() -> None:
    from capstar.study.examples import quick_study

    said = " ".join(map(str, why(quick_study()).paragraphs[-1]))
    assert "moving average gives r* without a standard error" in said
    assert "known to a standard error" not in said
