"""Published natural rates read as estimates: layouts, what each r* is, and clear errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar import data, rstar
from capstar.errors import DataError, SpecificationError

QUARTERS = pd.period_range("2000Q1", periods=60, freq="Q")


@pytest.fixture
def table() -> pd.DataFrame:
    rstar_ = np.linspace(3, 0, 60)
    dates = QUARTERS.to_timestamp().strftime("%Y-%m-%d")
    return pd.DataFrame({"date": dates, "rstar": rstar_, "real_rate": rstar_ - 0.5})


def test_a_users_own_file(table, tmp_path) -> None:
    file = tmp_path / "mine.csv"
    table.assign(lower=table["rstar"] - 1, upper=table["rstar"] + 2).to_csv(file, index=False)
    one = rstar.read_published(file, name="mine", definition=rstar.LONG_RUN, which="filtered")
    assert (one.model_name, one.nobs, str(one.end)) == ("mine", 60, "2014Q4")
    np.testing.assert_allclose(one.gap(), -0.5)
    bands = one.bands()
    np.testing.assert_allclose(bands["upper"] - bands["lower"], 3)
    assert bands.attrs["level"] == 0.9
    assert one.rstar.smoothed.isna().all()
    assert "long-run trend" in " ".join(one.notes())
    assert "mine.csv" in one.data_title
    assert one.to_dict()["states"]["rstar_filtered"][0] == 3
    assert rstar.read_published(one.frame.reset_index(names="date"), column="filtered").nobs == 60


def test_without_a_real_rate_it_is_a_table_all_the_same() -> None:
    given = pd.DataFrame({"date": ["2001Q1", "2001Q2", "2001Q3"], "rstar": [2.0, 2.1, 2.2]})
    mine = rstar.read_published(given, name="mine")
    assert mine.to_frame()["rstar_smoothed"].tolist() == [2.0, 2.1, 2.2]
    assert "real_rate" not in mine.to_frame()
    assert mine.to_dict()


def test_a_series_that_has_seen_the_future_is_no_predictor_by_chance(table) -> None:
    """Unless the reader says that it was known at the time."""
    one = rstar.read_published(table)
    assert "does not say what its r* is" in one.notes()[0]
    with pytest.raises(SpecificationError, match=r"no filtered r\*, only smoothed.*which='filtered'"):
        one.gap()
    np.testing.assert_allclose(one.gap("smoothed"), -0.5)


def test_gap_needs_a_real_rate(table) -> None:
    bare = table.drop(columns="real_rate")
    with pytest.raises(SpecificationError, match=r"comes without a real rate.*rate="):
        rstar.read_published(bare, which="filtered").gap()
    assert "published r*" in str(rstar.read_published(bare).summary())
    rate = pd.Series(1.0, QUARTERS[20:])
    gap = rstar.read_published(bare, which="filtered", rate=rate).gap()
    assert gap.index.equals(QUARTERS[20:])
    with pytest.raises(SpecificationError, match="do not overlap without a gap"):
        rstar.read_published(bare, which="filtered", rate=pd.Series(1.0, QUARTERS + 400)).gap()


LAYOUTS = {
    "kiley": ("bauer_rudebusch2020/rstar_panel.csv", "kiley_filtered"),
    "johannsen-mertens": ("bauer_rudebusch2020/rstar_panel.csv", "johannsen_mertens_realtime"),
    "bauer-rudebusch-uc": ("bauer_rudebusch2020/rstar_panel.csv", "bauer_rudebusch_uc_realtime"),
    "bauer-rudebusch-proxies": ("bauer_rudebusch2020/rstar_panel.csv", "bauer_rudebusch_proxies_realtime"),
    "bauer-rudebusch-ssm": ("bauer_rudebusch2020/rstar_panel.csv", "bauer_rudebusch_ssm_realtime"),
    "del-negro": ("bauer_rudebusch2020/rstar_panel.csv", None),
    "lubik-matthes": ("lubik_matthes/us_2025q4_published.csv", "lubik_matthes_2025q4"),
    "trend-var": ("del_negro2017/tvar_trends_published.csv", "del_negro2017_model3_smoothed_2016q4"),
    "dsge-five-years": ("del_negro2017/dsge_rstar_published.csv", None),
    "lewis-vazquez-grande-filtered": (
        "lewis_vazquez_grande2018/lvgEstimatesFiltered.csv", "lewis_vazquez_grande_filtered_2018q3",
    ),
    "lewis-vazquez-grande-smoothed": (
        "lewis_vazquez_grande2018/lvgEstimatesSmoothed.csv", "lewis_vazquez_grande_smoothed_2018q3",
    ),
    "new-york-fed": ("lw2023/us_2023q2_published.csv", "lw2023_filtered_2023q2"),
}  # fmt: skip


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_layouts_against_the_table_of_all(layout: str, reference, golden) -> None:
    """Twelve published layouts are read, ten of them compared with one table of all, to its four decimals."""
    file, column = LAYOUTS[layout]
    one = rstar.read_published(reference(file), layout=layout)
    assert one.definition in (rstar.LONG_RUN, rstar.MEDIUM_RUN, rstar.FIVE_YEARS)
    assert one.citation
    assert one.summary().as_text()
    bands = one.bands().dropna()
    assert ((bands["lower"] < bands["estimate"]) & (bands["estimate"] < bands["upper"])).all()
    if column is None:
        return
    theirs = pd.read_csv(golden("models2/comparison/us_rstar_wide.csv"), index_col="quarter")[column].dropna()
    theirs.index = pd.PeriodIndex(theirs.index, freq="Q")
    ours = getattr(one.rstar, one.which).dropna()
    assert ours.index.equals(theirs.index)
    np.testing.assert_allclose(ours, theirs, atol=6e-5)


def test_every_layout_is_tested() -> None:
    assert set(rstar.LAYOUTS) == {*LAYOUTS, "plain", "bauer-rudebusch-bands"}


def test_published_bands(golden) -> None:
    """The published 95 percent band of Bauer and Rudebusch (2020): its lower bound, exactly; 90 percent is refused."""
    file = golden("models2/bauer_rudebusch2020_uc/ssm_published.csv")
    one = rstar.read_published(file, layout="bauer-rudebusch-bands", name="SSM")
    bands, table = one.bands(level=0.95), pd.read_csv(file)
    np.testing.assert_array_equal(bands["lower"], table["rstar.lb"])
    with pytest.raises(SpecificationError, match="band of 95%, not of 90%"):
        one.bands(level=0.9)
    assert one.plot().axes[0].has_data()


def test_any_column_of_a_wide_table(golden) -> None:
    """Any column of a wide table is read: Kiley's smoothed r*, from 1965Q1."""
    file = golden("models2/comparison/us_rstar_wide.csv")
    one = rstar.read_published(
        file, date="quarter", column="kiley_smoothed", name="Kiley", definition=rstar.MEDIUM_RUN
    )
    assert (one.which, str(one.start)) == ("smoothed", "1965Q1")


def test_a_workbook_of_the_new_york_fed(reference) -> None:
    """The New York Fed's LW 2023 estimates, in the columns of `capstar.data`, are read whole and keep their title."""
    frame = pd.read_csv(reference("lw2023/us_2023q2_published.csv"))
    frame = frame.set_index(pd.PeriodIndex(frame.pop("date"), freq="Q", name="date"))
    frame.attrs["title"] = "New York Fed: LW current estimates, US"
    one = rstar.read_published(frame, layout="new-york-fed", name="LW 2023")
    assert one.rstar.smoothed.notna().all()
    assert one.data_title == frame.attrs["title"]


def test_estimates_in_quasi_real_time_are_read_too() -> None:
    recursive = rstar.quasi_real_time(rstar.MovingAverage(), data.us_macro(), "2005Q1", progress=False)
    one = rstar.read_published(recursive.table, which="filtered", name="recursive")
    pd.testing.assert_series_equal(one.gap(), recursive.gap, check_names=False)


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (lambda t: t.rename(columns={"rstar": "r"}), {}, DataError, r"expected a column 'rstar'.*Name it with column="),
        (lambda t: t, {"column": "other"}, DataError, "expected a column 'other'"),
        (lambda t: t.assign(rstar=np.nan), {}, DataError, r"r\* has no value"),
        (lambda t: t.drop(index=5), {}, DataError, "2001Q"),
        (lambda t: t.assign(rstar="much"), {}, DataError, "much"),
        (lambda t: t.assign(lower=9.0, upper=1.0), {}, DataError, "upside down in 2000Q1"),
        (lambda t: t, {"lower": "low"}, DataError, "there is no column 'low'"),
        (lambda t: t, {"rows": {"country": "us"}}, DataError, "rows with country = 'us'"),
        (lambda t: t, {"layout": "kily"}, SpecificationError, "no layout 'kily'; there are plain, new-york-fed"),
        (lambda t: t, {"unit": "percent"}, SpecificationError, "no option 'unit'"),
        (lambda t: t, {"column": "rstar", "which": "now"}, SpecificationError, "choose 'filtered' or 'smoothed'"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_error(table, change, options, error, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        rstar.read_published(change(table), **options)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_none(tmp_path) -> None:
    with pytest.raises(DataError, match="cannot be read as CSV"):
        rstar.read_published(tmp_path / "absent.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match="cannot be read as CSV"):
        rstar.read_published(tmp_path / "empty.csv")


def test_a_published_series_cannot_be_run_on_or_drawn(table) -> None:
    one = rstar.read_published(table)
    with pytest.raises(SpecificationError, match="cannot be run on"):
        one.run_on(data.us_macro())
    assert not one.can_be_drawn
