"""The page as a reader's browser shows it: from disk, at three widths, in both schemes, on paper."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import ROOT

WIDTHS, SCHEMES = (360, 768, 1280), ("light", "dark")
AXE = Path(os.environ.get("CAPSTAR_AXE", ROOT / ".browser/node_modules/axe-core/axe.min.js"))
OVERFLOWING = """
[...document.querySelectorAll('body *')]
    .filter(e => !e.closest('.scroll') && !e.closest('.skip') && !e.closest('svg'))
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(e => e.outerHTML.slice(0, 80))
"""
FIGURES = """
[...document.querySelectorAll('figure')].map(figure => {
    const shown = [...figure.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width > 0);
    return shown.map(svg => ({
        role: svg.getAttribute('role'),
        text: svg.getAttribute('aria-label') ?? svg.getAttribute('aria-labelledby').split(' ')
            .map(id => document.getElementById(id).textContent).join(' '),
        smallest: Math.min(...[...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect().height)),
    }));
})
"""


@pytest.fixture
def opened(tab, page: Path):
    tab.show(1280)
    tab.open(page)
    return tab


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_page(opened, width: int, scheme: str) -> None:
    opened.show(width, scheme=scheme)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.evaluate(OVERFLOWING) == []
    assert opened.complaints() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_is_shown_once_and_has_its_number_in_words(opened, width: int) -> None:
    opened.show(width)
    figures = opened.evaluate(FIGURES)
    assert len(figures) == opened.evaluate("document.querySelectorAll('figure').length") > 8
    for shown in figures:
        assert len(shown) == 1
        assert shown[0]["role"] == "img"
        assert any(letter.isdigit() for letter in shown[0]["text"]), shown
    drawn_for_the_page = [shown[0]["smallest"] for shown in figures if shown[0]["smallest"] != float("inf")]
    assert min(size for size in drawn_for_the_page if size) > 9, "type of ten pixels can be read"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(opened, width: int, scheme: str) -> None:
    """Contrast, labels, order of headings, regions, keyboard."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here; .ci/run fetches it, or name axe.min.js in CAPSTAR_AXE")
    opened.show(width, scheme=scheme)
    opened.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
    found = opened.evaluate("axe.run().then(found => JSON.stringify([found.violations, found.passes]))")
    violations, passes = json.loads(found)
    assert {"color-contrast", "svg-img-alt", "scrollable-region-focusable"} <= {rule["id"] for rule in passes}
    told = [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in violations]
    assert told == []


def test_schemes_differ_and_paper_is_light(opened) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('svg.chart text')).fill"
    seen = {}
    for media, scheme in (("screen", "light"), ("screen", "dark"), ("print", "dark")):
        opened.show(1280, scheme=scheme, media=media)
        seen[media, scheme] = (opened.evaluate(ground), opened.evaluate(ink))
    assert seen["screen", "light"][0] == seen["print", "dark"][0] == "rgb(255, 255, 255)"
    assert seen["screen", "dark"][0] == "rgb(22, 24, 27)"
    assert seen["print", "dark"][1] == "rgb(0, 0, 0)"


@pytest.mark.parametrize(
    ("name", "millimetres", "inches"), [("A4", 210, (8.27, 11.69)), ("Letter", 216, (8.5, 11))]
)
def test_tables_fit_on_paper(opened, tmp_path: Path, name: str, millimetres: int, inches) -> None:
    printable = int((millimetres - 32) / 25.4 * 96)
    opened.show(printable, media="print")
    wide = (
        "[...document.querySelectorAll('table')].filter(t => t.scrollWidth > innerWidth + 1).map(t => t.id)"
    )
    assert opened.evaluate(wide) == []
    assert opened.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    opened.pdf(tmp_path / f"{name}.pdf", width=inches[0], height=inches[1])
    assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_a_number_leads_to_its_row(opened) -> None:
    """Every link within the page has its target, and a quoted number stands in the row it leads to."""
    links = "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash)"
    loose = f"{links}.filter(hash => !document.querySelector(hash))"
    assert opened.evaluate(loose) == []
    elsewhere = """
        [...document.querySelectorAll('a.quoted')].filter(a => {
            const row = document.querySelector(a.hash);
            if (row.tagName === 'TABLE') return row.tBodies[0].rows.length !== Number(a.dataset.value);
            return ![...row.cells].some(cell => cell.dataset.value === a.dataset.value);
        }).map(a => a.hash + ' ' + a.textContent)
    """
    assert opened.evaluate(elsewhere) == []
    assert opened.evaluate("document.querySelectorAll('a.quoted').length") > 40


def test_a_long_table_is_sorted_by_a_head(opened) -> None:
    column = """[...document.querySelectorAll('#recursive_lead tbody td[data-column="slope"]')]"""
    cells = f"{column}.map(cell => Number(cell.dataset.value))"
    before = opened.evaluate(cells)
    button = "document.querySelectorAll('#recursive_lead thead button')[2]"
    opened.evaluate(f"{button}.focus(), {button}.click(), document.activeElement === {button}")
    assert opened.evaluate(f"{button}.closest('th').ariaSort") == "ascending"
    assert opened.evaluate(cells) == sorted(before) != before
    opened.evaluate(f"{button}.click()")
    assert opened.evaluate(cells) == sorted(before, reverse=True)


def test_the_start_of_forecasts_is_chosen_by_keyboard(opened) -> None:
    """The slider has a name, says what is chosen, and one figure at a time is shown; paper has the primary one."""
    opened.show(1280)
    slider = "document.querySelector('#cumulated-slider')"
    shown = "[...document.querySelectorAll('#cumulated .choice')].filter(c => c.offsetHeight).map(c => c.dataset.name)"
    assert opened.evaluate(f"{slider}.labels[0].textContent") == "First quarter forecast"
    assert opened.evaluate(shown) == ["1995Q1"]
    opened.evaluate(f"{slider}.focus()")
    opened.press("Home")
    first = opened.evaluate(f"{slider}.getAttribute('aria-valuetext')")
    assert opened.evaluate(shown) == [first] != ["1995Q1"]
    assert f"from {first}: R²" in opened.evaluate("document.querySelector('#cumulated output').textContent")
    opened.press("ArrowRight")
    assert opened.evaluate(shown)[0] > first
    opened.show(1280, media="print")
    assert opened.evaluate(shown) == ["1995Q1"]
    assert opened.evaluate(f"{slider}.offsetHeight") == 0


def test_a_figure_can_be_kept_as_csv_and_as_svg(tab, page: Path, study) -> None:
    tab.open(page, policy=False)  # or the page would let nobody fetch what it offers
    fetched = "fetch(document.querySelector({!r}).href).then(body => body.text())"
    lines = tab.evaluate(fetched.format('#slopes a[download$=".csv"]')).splitlines()
    assert lines[0] == "horizon,estimate,lower,upper,returns,gap"
    slope = study.lead.own.query("returns == 'small' and horizon == 1")["slope"].iloc[0]
    assert any(line.startswith(f"1,{float(slope)!r},") for line in lines)
    link = "document.querySelector('#slopes a.svg')"
    tab.evaluate(f"{link}.addEventListener('click', event => event.preventDefault()), {link}.click()")
    svg = tab.evaluate(fetched.format("#slopes a.svg"))
    assert svg.startswith("<svg")
    assert "--c0:#0072B2" in svg, "with its colours inside"
    assert "small minus large" in svg
