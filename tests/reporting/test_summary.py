"""Summaries on paper: text, HTML, LaTeX, CSV."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from textbook import books, fitted

from capstar.reporting import Summary
from capstar.statespace import fit

ODD = Summary(
    "Odds & ends: 50 % of $a_b$ <c>",
    {
        "A_heading # 1": pd.DataFrame({"x_1 & y": [1.5, np.nan], "text": ["a\\b", "{~^}"]}, ["r_1", "<r&2>"]),
        "Numbers": pd.DataFrame({"n": [1, 2]}, ["one", "two"]),
    },
    ("Std err of x_1 < 5 %.",),
)


class Tags(HTMLParser):
    """Fails at a tag that closes another than the last opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


def check_latex(text: str) -> None:
    """Environments are balanced, rows have the columns declared, and no special character is left bare."""
    stack: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    bodies = re.findall(r"\\begin\{tabular\}\{([lcr]+)\}(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert len(bodies) == text.count(r"\begin{tabular}")
    for columns, body in bodies:
        rows = [line for line in body.splitlines() if line.rstrip().endswith(r"\\")]
        assert len(rows) > 1
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(columns) - 1}
        assert [body.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]
    shown = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert not re.search(r"(?<!\\)[#%_]", shown)
    assert not re.search(r"(?<!\\)\$", re.sub(r"\$[<>]\$", "", shown))
    assert len(re.findall(r"(?<!\\)\{", shown)) == len(re.findall(r"(?<!\\)\}", shown))


def check_csv(summary: Summary) -> None:
    back = pd.read_csv(io.StringIO(summary.as_csv()), dtype=str, keep_default_na=False)
    assert list(back) == ["table", "row", "column", "value"]
    expected = [
        (heading, str(row), str(column), table.iloc[i, j])
        for heading, table in summary.frames.items()
        for i, row in enumerate(table.index)
        for j, column in enumerate(table.columns)
    ]
    assert [tuple(r) for r in back[["table", "row", "column"]].to_numpy()] == [e[:3] for e in expected]
    for text, (*_, value) in zip(back["value"], expected, strict=True):
        if isinstance(value, str):
            assert text == value
        elif np.isnan(value):
            assert text == ""
        else:
            assert float(text) == value


@pytest.fixture(params=["odd", "estimate", "news", "held"])
def summary(request) -> Summary:
    if request.param == "odd":
        return ODD
    if request.param == "estimate":
        return fitted("factor").summary()
    data = books()["factor"].data
    if request.param == "news":
        return fitted("factor").news(data.iloc[:-2], data).summary()
    return fit(books()["factor"].spec, data, fixed=fitted("factor").ml.params.to_dict()).summary()


def test_html_is_balanced_and_escaped(summary: Summary) -> None:
    text = summary.as_html()
    parser = Tags()
    parser.feed(text)
    assert parser.open == []
    assert text == summary._repr_html_()
    for heading, table in summary.frames.items():
        assert len(table) == 0 or f"<h4>{heading.replace('&', '&amp;')}</h4>" in text
        for value in table.select_dtypes(float).to_numpy().ravel():
            if not np.isnan(value) and (value == 0 or 1e-3 <= abs(value) < 1e7):
                assert f"{value:.4f}" in parser.cells


def test_special_characters_in_html() -> None:
    text = ODD.as_html()
    assert "<c>" not in text
    assert "&lt;r&amp;2&gt;" in text
    assert "x_1 &lt; 5 %" in text


def test_latex_is_balanced_and_escaped(summary: Summary) -> None:
    check_latex(summary.as_latex())
    assert summary.as_latex() == summary._repr_latex_()


def test_special_characters_in_latex() -> None:
    text = ODD.as_latex()
    assert text.startswith("% Odds & ends: 50 % of $a_b$ <c>\n")
    assert "A\\_heading \\# 1\n" in text
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)&", line.rstrip(" \\"))] for line in text.splitlines()
    ]
    assert ["", r"\textbf{x\_1 \& y}", r"\textbf{text}"] in cells
    assert [r"\textbf{r\_1}", "1.5000", r"a\textbackslash{}b"] in cells
    assert [r"\textbf{$<$r\&2$>$}", "", r"\{\textasciitilde{}\textasciicircum{}\}"] in cells
    assert [r"\textbf{one}", "1"] in cells
    assert r"Std err of x\_1 $<$ 5 \%." in text


def test_small_and_large_numbers_keep_four_digits() -> None:
    text = Summary("Sizes", {"": pd.DataFrame({"x": [1.23456e-7, 1.23456e9, 0.0, np.nan]})}).as_text()
    assert [line.strip() for line in text.splitlines()[5:8]] == ["1.235e-07", "1.235e+09", "0.0000"]


def test_csv_parses_back(summary: Summary) -> None:
    check_csv(summary)


def test_text(summary: Summary) -> None:
    lines = str(summary).splitlines()
    assert lines[0] == summary.title
    assert repr(summary) == str(summary)
    for heading, table in summary.frames.items():
        if len(table):
            at = lines.index(heading)
            assert set(lines[at + 1]) == {"="}
            rows = lines[at + 4 : at + 4 + len(table)]
            labels = [str(label) for label in table.index]
            assert [row[: len(label)] for row, label in zip(rows, labels, strict=True)] == labels
            assert {len(row) for row in (lines[at + 1], *rows)} == {len(lines[at + 1])}
    for note in summary.notes:
        assert f"* {note}" in lines


def test_an_empty_summary() -> None:
    empty = Summary("Nothing")
    assert str(empty).splitlines()[0] == "Nothing"
    assert empty.as_csv() == "table,row,column,value\n"
    check_latex(empty.as_latex())


def test_the_numbers_of_an_estimate() -> None:
    ours = fitted("factor")
    tables = ours.summary().frames
    np.testing.assert_array_equal(tables["Parameters"]["estimate"], ours.params)
    np.testing.assert_array_equal(tables["Parameters"]["std err"], ours.bse)
    np.testing.assert_allclose(tables["Parameters"][["[0.025", "0.975]"]], ours.conf_int(), rtol=1e-10)
    np.testing.assert_allclose(tables["Parameters"]["P>|z|"], ours.pvalues)
    fitted_by = tables["Fit"].squeeze()
    assert fitted_by.to_dict() == {
        "periods": 202.0,
        "log-likelihood": ours.llf,
        "AIC": ours.aic,
        "BIC": ours.bic,
    }
    latest = tables["Reports in 2009Q3"].loc["factor"]
    assert latest["filtered"] == ours.reports("filtered")["factor"].iloc[-1]
    assert latest["smoothed, a year earlier"] == ours.reports()["factor"]["2008Q3"]
    yearly = fitted("local level").summary().frames["Reports in 1970"].loc["level"]
    assert yearly["smoothed, a year earlier"] == fitted("local level").reports()["level"]["1969"]
    monthly = fitted("arma").summary().frames["Reports in 1974-12"].loc["state"]
    assert monthly["smoothed, a year earlier"] == fitted("arma").reports()["state"]["1973-12"]


def test_notes_are_broken_between_words() -> None:
    note = "r* lies where the real rate neither speeds output up nor slows it down; " * 4
    lines = str(Summary("Title", {}, (note, "A short one."))).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[-1] == "* A short one."
    assert " ".join(" ".join(lines[1:-1]).split()) == f"* {note}".strip()
