"""The NBER's dates, against what it publishes of them, and their shading."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.dates import num2date

from capstar.dates import recessions
from capstar.errors import SpecificationError
from capstar.frames import since
from capstar.names import name_of, state_names
from capstar.plotting.figures import BLUE, draw_line, finish, panels, styled
from capstar.provenance import Source, sample_of, source_of, titled

US = Source("macrodata (US)", "1969Q1 to 1975Q4")
QUARTERS = pd.period_range("1969Q1", "1975Q4", freq="Q")


def test_average_lengths_that_the_nber_publishes() -> None:
    """nber.org/cycles: mean months of contraction and of the expansion before, 34 cycles since 1854 and by era."""
    found = recessions()
    assert len(found) == 34
    peaks, troughs = (pd.PeriodIndex(found[name]).astype("int64") for name in ("peak", "trough"))
    before = [pd.Period("1854-12", "M").ordinal, *troughs[:-1]]
    contraction, expansion = (
        pd.Series(ends - begins) for begins, ends in ((peaks, troughs), (before, peaks))
    )
    eras = {(0, 34): (17.0, 41.4), (0, 16): (21.6, 26.6), (16, 22): (18.2, 35.0), (22, 34): (10.3, 64.2)}
    for (first, last), published in eras.items():
        means = contraction.iloc[first:last].mean(), expansion.iloc[first:last].mean()
        assert means == pytest.approx(published, abs=0.051)  # published to one decimal


def drawn(source: Source | None, *, ground: bool = True, index: pd.Index = QUARTERS):
    figure, (ax,) = panels(None)
    draw_line(ax, pd.Series(range(len(index)), index, dtype=float), color=BLUE)
    finish(figure, None, source=source, ground=ground)
    return figure, ax


def spans(ax) -> list[tuple[str, str]]:
    boxes = (patch.get_path().transformed(patch.get_patch_transform()).get_extents() for patch in ax.patches)
    return [tuple(f"{num2date(x):%Y-%m-%d}" for x in box.intervalx) for box in boxes]


def test_months_after_the_peak_to_the_end_of_the_trough_are_shaded() -> None:
    figure, ax = drawn(US)
    assert spans(ax) == [("1970-01-01", "1970-12-01"), ("1973-12-01", "1975-04-01")]
    assert figure.get_supxlabel().endswith("Sample: 1969Q1 to 1975Q4. Shaded: recessions (NBER).")


def test_a_recession_is_cut_where_the_data_end() -> None:
    assert spans(drawn(US, index=pd.period_range("1970Q2", "1974Q1", freq="Q"))[1]) == [
        ("1970-04-01", "1970-12-01"),
        ("1973-12-01", "1974-01-01"),
    ]


def test_a_strip_where_the_ground_is_taken() -> None:
    figure, ax = drawn(US, ground=False)
    assert all(patch.get_height() < 0.05 for patch in ax.patches)
    assert figure.get_supxlabel().endswith("Strip: recessions (NBER).")


@pytest.mark.parametrize(
    "source", [None, Source("Canada"), Source("RUSSIA"), Source("a (US); Canada"), Source()]
)
def test_other_data_have_none(source: Source | None) -> None:
    figure, ax = drawn(source)
    assert not ax.patches
    assert "NBER" not in figure.get_supxlabel()


def test_numbers_have_none() -> None:
    assert not drawn(US, index=pd.RangeIndex(1960, 1990))[1].patches


def test_titles_are_carried_and_joined() -> None:
    one, other = (titled(pd.Series([1.0]), pd.Series(dtype=float)) for _ in range(2))
    assert not one.attrs
    one.attrs["title"], other.attrs["title"] = "a (US)", "b"
    joined = titled(pd.Series([1.0], pd.period_range("2000Q1", periods=1, freq="Q")), one, other, one)
    assert source_of(joined) == Source("a (US); b", "2000Q1 to 2000Q1")
    assert not source_of(joined).is_us
    assert str(source_of(one)) == "Source: a (US)."
    assert sample_of(pd.DataFrame({"nobs": [40, 60]})) == "40 to 60 observations"
    assert sample_of(pd.DataFrame({"first": ["1961Q1"], "last": ["2009Q3"]})) == "1961Q1 to 2009Q3"


def test_lines_that_coincide_are_told_apart() -> None:
    path = pd.Series(range(50), dtype=float)
    frame = pd.DataFrame({"a": path, "b": path + 0.1, "c": 49 - path, "d": path})
    assert [style for _, _, style in styled(frame)] == ["-", "--", "-", "-."]
    assert len({color for _, color, _ in styled(frame)}) == 4


def test_columns_and_states_in_words() -> None:
    assert name_of("small_minus_large") == "small minus large"
    assert name_of(("excess", "4 quarters")) == "small caps over the bill, 4 quarters"
    assert name_of("my_own") == "my_own"
    assert state_names("real_time_state")["false"] == "bear market, as known then"
    assert state_names("bull market") == {"all": "all states", "true": "bull market", "false": "bear market"}
    assert state_names("wet")["false"] == "not wet"


def test_start_is_a_date_within_the_data() -> None:
    table = pd.Series(1.0, QUARTERS)
    assert since(table, "1974-05-03").index[0] == pd.Period("1974Q2", "Q")
    assert since(table, None) is table
    with pytest.raises(
        SpecificationError, match=r"start='1999': the figure's data end in 1975Q4. Choose an earlier"
    ):
        since(table, "1999")
    with pytest.raises(SpecificationError, match=r"start='soon' is not a date. Write it as 1969Q1"):
        since(table, "soon")
