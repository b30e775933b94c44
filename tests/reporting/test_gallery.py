"""Every result's figure says what it shows, of which data, in which unit, and shows what it did when looked at."""

from __future__ import annotations

import inspect
import json

import matplotlib.dates
import numpy as np
import pytest
from figure_data import STORED, fingerprint, same, texts
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.dates import DateLocator, num2date
from matplotlib.figure import Figure
from result_examples import every_example

from capstar.dates import recessions
from capstar.names import NAMES
from capstar.reporting import Result

EXAMPLES = {kind: make for kind, make in every_example().items() if kind.__module__.startswith("capstar.")}
LOOKED_AT = json.loads(STORED.read_text(encoding="utf-8"))
# Chains of draws part where another processor rounds otherwise; their figures' words and lengths are compared.
CHAINS = {"BayesianRate", "PosteriorResults", "TrendVarRate", "UnobservedComponentsRate"}
EVERY = pytest.mark.parametrize("kind", EXAMPLES, ids=lambda one: one.__qualname__)


def dated(ax: Axes) -> bool:
    return isinstance(ax.xaxis.get_major_locator(), DateLocator)


def titles(figure: Figure) -> list[str]:
    return [figure.get_suptitle(), *(ax.get_title(loc="left") for ax in figure.axes)]


def has_unit(ax: Axes) -> bool:
    """A label, or that of the axes whose scale it shares."""
    beside = [one for one in ax.figure.axes if one.get_shared_y_axes().joined(ax, one)]
    return any(one.get_ylabel() for one in (ax, *beside)) or bool(ax.get_xlabel())


@EVERY
def test_title_units_source_and_names(kind: type[Result]) -> None:
    result = EXAMPLES[kind]()
    figure = result.plot()
    assert any(titles(figure))
    assert all(has_unit(ax) for ax in figure.axes)
    line = figure.get_supxlabel().replace("\n", " ")
    assert line.startswith("Source: ")
    assert all(title in line for title in result.provenance.data.split("; "))
    assert f"Sample: {result.provenance.sample}" in line or not result.provenance.sample
    said = texts(figure)
    raw = [name for name in NAMES if "_" in name and any(name in text.split() for text in said)]
    assert not raw, f"{raw} are names of columns; name_of() gives words."
    assert not {"true", "false", "True", "False"} & set(said)


@EVERY
def test_recessions_behind_dates_of_the_united_states_alone(kind: type[Result]) -> None:
    result = EXAMPLES[kind]()
    figure = result.plot()
    said = "recessions (NBER)" in figure.get_supxlabel()
    shaded = [
        ax for ax in figure.axes if any(to_hex(patch.get_facecolor()) == "#d9d9d9" for patch in ax.patches)
    ]
    assert said == bool(shaded)
    assert all(dated(ax) for ax in shaded)
    if result.provenance.is_us:
        assert all(ax in shaded for ax in figure.axes if dated(ax) and meets_a_recession(ax))
    else:
        assert not shaded


def meets_a_recession(ax: Axes) -> bool:
    first, last = (num2date(day).replace(tzinfo=None) for day in ax.dataLim.intervalx)
    found = recessions()
    return bool(((found["peak"].dt.end_time < last) & (found["trough"].dt.end_time > first)).any())


@EVERY
def test_figure_shows_what_it_did(kind: type[Result]) -> None:
    """``make gallery`` writes tests/reporting/figures.json anew, and the figures, which are to be looked at."""
    found, known = fingerprint(EXAMPLES[kind]().plot()), LOOKED_AT[kind.__qualname__]
    assert found["words"] == known["words"]
    assert [one[0] for one in found["data"]] == [one[0] for one in known["data"]]
    assert kind.__qualname__ in CHAINS or same(found["data"], known["data"])


def test_every_figure_that_was_looked_at_is_of_a_result() -> None:
    assert set(LOOKED_AT) == {kind.__qualname__ for kind in EXAMPLES}


def takes(option: str) -> list[type[Result]]:
    return [kind for kind in EXAMPLES if option in inspect.signature(kind.plot).parameters]


@pytest.mark.parametrize("kind", takes("start"), ids=lambda one: one.__qualname__)
def test_start_is_the_first_date_shown(kind: type[Result]) -> None:
    result = EXAMPLES[kind]()
    whole = [ax.dataLim.intervalx for ax in result.plot().axes if dated(ax)]
    if not whole:
        assert kind.__qualname__ == "Slopes"  # by sample
        return
    middle = num2date(np.mean(whole[0]))
    day = f"{middle:%Y-%m-%d}"
    shown = [ax.dataLim.intervalx for ax in result.plot(start=day).axes if dated(ax)]
    assert len(shown) == len(whole)
    period = 366  # the longest a period that the day is in may have begun before it
    assert all(first >= matplotlib.dates.date2num(middle) - period for first, _ in shown)
    assert shown[0][0] > whole[0][0] or len(result.to_frame()) < 5
    np.testing.assert_allclose([last for _, last in shown], [last for _, last in whole])


@pytest.mark.parametrize("kind", takes("level"), ids=lambda one: one.__qualname__)
def test_a_band_of_higher_coverage_is_wider(kind: type[Result]) -> None:
    result = EXAMPLES[kind]()
    if kind.__qualname__ == "PublishedRate":
        assert fingerprint(result.plot(level=0.9))["data"] == fingerprint(result.plot())["data"]
        return
    narrow, wide = (result.plot(level=level) for level in (0.5, 0.99))
    has_band = any(reach(ax) > 0 for ax in wide.axes)
    assert has_band or not result.bands()["lower"].notna().any()
    assert not has_band or any(reach(a) > reach(b) for a, b in zip(wide.axes, narrow.axes, strict=True))
    words = " ".join(texts(wide))
    assert ("99%" in words) == has_band


def reach(ax: Axes) -> float:
    """Sum of the extents of bands and error bars."""
    return sum(
        float(np.ptp(path.vertices, axis=0).sum())
        for one in ax.collections
        for path in one.get_paths()
        if len(path.vertices)
    )
