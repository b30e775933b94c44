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
    """Environments are balanced, rows have the columns declared, and no special character stands bare."""
    assert re.findall(r"\\begin\{(\w+)\}", text).count("tabular") == text.count(r"\end{tabular}")
    stack: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    for body in re.findall(r"\\begin\{tabular\}\{(l r*|lr*)\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        rows = [line for line in body[1].splitlines() if line.endswith(r"\\")]
        assert rows
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(body[0]) - 1}
    shown = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert not re.search(r"(?<!\\)[#$%_]", shown)
    assert len(re.findall(r"(?<!\\)\{", shown)) == len(re.findall(r"(?<!\\)\}", shown))


def check_csv(summary: Summary) -> None:
    back = pd.read_csv(io.StringIO(summary.as_csv()), dtype=str, keep_default_na=False)
    assert list(back) == ["table", "row", "column", "value"]
    expected = [
        (heading, str(row), str(column), table.iloc[i, j])
        for heading, table in summary.tables.items()
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
    for heading, table in summary.tables.items():
        assert heading.replace("&", "&amp;") in text
        for value in table.select_dtypes(float).to_numpy().ravel():
            assert np.isnan(value) or f"{value:.4f}" in parser.cells


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
    assert r"\caption{A\_heading \# 1}" in text
    assert r"r\_1 & 1.5000 & a\textbackslash{}b \\" in text
    assert r"<r\&2> &  & \{\textasciitilde{}\textasciicircum{}\} \\" in text
    assert "one & 1 " in text


def test_csv_parses_back(summary: Summary) -> None:
    check_csv(summary)


def test_text(summary: Summary) -> None:
    lines = str(summary).splitlines()
    assert lines[0] == summary.title
    assert set(lines[1]) == {"="}
    assert len(lines[1]) >= len(summary.title)
    assert repr(summary) == str(summary)
    for note in summary.notes:
        assert f"* {note}" in lines


def test_an_empty_summary() -> None:
    empty = Summary("Nothing")
    assert str(empty).splitlines()[0] == "Nothing"
    assert empty.as_csv() == "table,row,column,value\n"
    check_latex(empty.as_latex())


def test_the_numbers_of_an_estimate() -> None:
    ours = fitted("factor")
    tables = ours.summary().tables
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
    yearly = fitted("local level").summary().tables["Reports in 1970"].loc["level"]
    assert yearly["smoothed, a year earlier"] == fitted("local level").reports()["level"]["1969"]
    monthly = fitted("arma").summary().tables["Reports in 1974-12"].loc["state"]
    assert monthly["smoothed, a year earlier"] == fitted("arma").reports()["state"]["1973-12"]
