"""Estimated again on every sample: equal to single fits, blind to the future, called what the data make them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from capstar import data, leads, rstar
from capstar.errors import CapstarError, DataError, SpecificationError
from capstar.units import in_model_units


@pytest.fixture(scope="module")
def us() -> pd.DataFrame:
    return data.us_macro()


@pytest.fixture(scope="module")
def known(us) -> rstar.RecursiveEstimates:
    return rstar.quasi_real_time(rstar.HLW2017, us, "2003Q1", "2004Q4")


@pytest.fixture(scope="module")
def as_known(us, vintages) -> Callable[[pd.Period], pd.DataFrame]:
    """GDP and its price as known in the middle of the next quarter; the interest rate is never revised."""
    gdp, price = vintages("real_gdp"), vintages("gdp_price")

    def table(quarter: pd.Period) -> pd.DataFrame:
        day = (quarter + 1).start_time + pd.DateOffset(months=1, days=14)
        return data.model_input(gdp.as_of(day), price.as_of(day), us["interest_rate"], compounding="none")

    return table


@pytest.fixture(scope="module")
def on_vintages(as_known) -> rstar.RecursiveEstimates:
    return rstar.real_time(rstar.HLW2017, as_known, "2000Q1", "2001Q4", start="1961Q1")


def words(found: rstar.RecursiveEstimates, final: rstar.NaturalRate | None = None) -> list[str]:
    """Every place in which the estimates say what they are."""
    ax = found.plot(final=final).axes[0]
    legend = ax.get_legend()  # none where there is one line
    return [
        found.kind, found.gap.attrs["kind"], str(found.summary()), repr(found), found._repr_html_(),
        ax.get_title(loc="left"), *([] if legend is None else [legend.get_texts()[0].get_text()]),
    ]  # fmt: skip


def test_one_revised_table_is_quasi_real_time(us, known) -> None:
    """Also where it is given to `real_time`, which hands it on: the numbers are the same, and so are the words."""
    handed_on = rstar.real_time(rstar.HLW2017, us, "2003Q1", "2004Q4")
    pd.testing.assert_frame_equal(handed_on.table, known.table, check_exact=True)
    for found in (known, handed_on):
        assert not found.vintages
        assert found.kind == "quasi-real time"
        for said in words(found):
            assert "quasi-real time" in said
            assert "real time" not in said.replace("quasi-real time", "")
    assert repr(known).startswith(
        "<RecursiveEstimates: HLW 2017 estimated again on samples ending in 2003Q1-2004Q4"
    )


def test_vintages_are_real_time(on_vintages) -> None:
    assert on_vintages.vintages
    assert on_vintages.kind == "real time"
    for said in words(on_vintages):
        assert "real time" in said
        assert "quasi" not in said
        assert "revised" not in said


def test_only_vintages_pass_for_real_time_in_the_laboratory(known, on_vintages) -> None:
    """The gap takes its kind along; on too few quarters neither is estimated, but only one is refused for its name."""
    returns = data.small_cap_returns()["small_minus_large"]
    with pytest.raises(SpecificationError, match="rstar_gap is in quasi-real time: its data are revised"):
        leads.LeadStudy(known.gap, returns, (1,), information="real time").run()
    for gap, information in ((known.gap, "recursive"), (on_vintages.gap, "real time")):
        with pytest.raises(DataError, match="8 quarters"):
            leads.LeadStudy(gap, returns, (1,), information=information).run()


def test_every_row_is_a_fit_of_its_own(us, known) -> None:
    for quarter in ("2003Q1", "2004Q2"):
        alone = rstar.HLW2017.fit(us.loc[:quarter], n_starts=1)
        row = known.table.loc[quarter]
        assert row["rstar"] == alone.rstar.filtered.iloc[-1]
        assert row["gap"] == alone.gap().iloc[-1]
        assert row["lambda_z"] == alone.lambda_z
        assert row["estimated"] == quarter
    assert known.failed.empty


def test_no_look_ahead_and_any_number_of_workers(us, known) -> None:
    """Later data change nothing, not even when they are absurd."""
    absurd = us.copy()
    absurd.loc["2004Q1":, "inflation"] += 50.0
    early = rstar.quasi_real_time(rstar.HLW2017, absurd, "2003Q1", "2003Q4", n_workers=2)
    pd.testing.assert_frame_equal(early.table, known.table.loc[:"2003Q4"], check_exact=True)
    cut = rstar.quasi_real_time(rstar.HLW2017, us.loc[:"2003Q4"], "2003Q1")
    pd.testing.assert_frame_equal(cut.table, known.table.loc[:"2003Q4"], check_exact=True)
    pd.testing.assert_series_equal(cut.gap, known.gap.loc[:"2003Q4"], check_exact=True)


def test_no_look_ahead_on_vintages(as_known, on_vintages) -> None:
    """Neither later rows of a vintage nor later vintages are seen: deleted, every value stays as it was."""
    last = pd.Period("2000Q4", freq="Q")

    def with_later_rows(quarter: pd.Period) -> pd.DataFrame:
        assert quarter <= last, "a later vintage was asked for"
        table = as_known(quarter)
        later = table.iloc[[-1, -1]].set_axis(table.index[-1:].append(table.index[-1:] + 1) + 1)
        return pd.concat([table, later + 50.0])

    early = rstar.real_time(rstar.HLW2017, with_later_rows, "2000Q1", last, start="1961Q1")
    pd.testing.assert_frame_equal(early.table, on_vintages.table.loc[:last], check_exact=True)


def test_parameters_kept_between_estimations(us, known) -> None:
    yearly = rstar.quasi_real_time(rstar.HLW2017, us, "2003Q1", "2004Q4", every=4)
    assert list(yearly.table["estimated"].unique()) == ["2003Q1", "2004Q1"]
    assert list(yearly.table["last"]) == [str(quarter) for quarter in yearly.table.index]
    same = ["2003Q1", "2004Q1"]
    pd.testing.assert_frame_equal(yearly.table.loc[same], known.table.loc[same], check_exact=True)
    held = rstar.HLW2017.fit(us.loc[:"2003Q1"], n_starts=1).run_on(us, "2003Q3")
    assert yearly.table.loc["2003Q3", "rstar"] == held.rstar.filtered.iloc[-1]


def test_vintages_of_the_philadelphia_fed(as_known, on_vintages) -> None:
    found, table = on_vintages, as_known(pd.Period("2001Q4", freq="Q"))
    assert str(table.index[-1]) == "2001Q4"
    alone = rstar.HLW2017.fit(table, "1961Q1", n_starts=1)
    assert found.table.loc["2001Q4", "rstar"] == alone.rstar.filtered.iloc[-1]
    revised = rstar.quasi_real_time(
        rstar.HLW2017, as_known(pd.Period("2009Q2", freq="Q")), "2000Q1", "2001Q4", start="1961Q1"
    )
    away = (found.table["rstar"] - revised.table["rstar"]).abs()
    assert away.max() > 0.05, "revisions of 2000 and 2001 matter"


def test_a_sample_that_fails_keeps_the_parameters_of_the_one_before(us) -> None:
    def odd(quarter: pd.Period) -> pd.DataFrame:
        table = us.loc[:quarter].copy()
        if str(quarter) == "2003Q3":
            # Trend growth forty points higher from 1985 on: a break beyond the end of the lookup table.
            table["log_gdp"] += 0.1 * np.maximum(np.arange(len(table)) - 100, 0)
            return in_model_units(table, {"log_gdp": "log"})
        return table

    found = rstar.real_time(rstar.HLW2017, odd, "2003Q2", "2003Q4")
    assert list(found.failed.index.astype(str)) == ["2003Q3"]
    assert list(found.table["estimated"]) == ["2003Q2", "2003Q2", "2003Q4"]
    assert "kept from the sample before in 1 of them" in str(found.summary())


def test_a_quarter_published_late(us, known) -> None:
    """The estimate of the quarter before is what was known; two quarters late is an error."""

    def late(quarter: pd.Period) -> pd.DataFrame:
        return us.loc[: quarter - 1] if str(quarter) == "2003Q2" else us.loc[:quarter]

    found = rstar.real_time(rstar.HLW2017, late, "2003Q1", "2003Q3")
    assert list(found.table["last"]) == ["2003Q1", "2003Q1", "2003Q3"]
    shown = ["rstar", "gap", "lambda_z"]
    np.testing.assert_array_equal(
        found.table[shown].astype(float), known.table.loc[["2003Q1", "2003Q1", "2003Q3"], shown].astype(float)
    )
    with pytest.raises(DataError, match="known after 2003Q1 end in 2002Q3"):
        rstar.real_time(rstar.HLW2017, lambda quarter: us.loc[: quarter - 2], "2003Q1", "2003Q1")


def test_short_samples_are_told(us) -> None:
    found = rstar.quasi_real_time(rstar.HLW2017, us, "1976Q1", "1976Q2")
    assert found.table["at_bound"].any()
    assert f"not identified in {int((~found.table['identified']).sum())} of 2 samples" in str(found.summary())


def test_figure_and_gap(us, known) -> None:
    figure = known.plot(final=rstar.HLW2017.fit(us, n_starts=1))
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), known.table["rstar"])
    assert known.gap.name == "rstar_gap"
    assert (known.gap == known.table["real_rate"] - known.table["rstar"]).all()


def test_wrong_calls(us) -> None:
    with pytest.raises(SpecificationError, match="every=0"):
        rstar.quasi_real_time(rstar.HLW2017, us, "2003Q1", every=0)
    with pytest.raises(DataError, match="comes after"):
        rstar.quasi_real_time(rstar.HLW2017, us, "2010Q1")
    with pytest.raises(DataError, match="Give last"):
        rstar.real_time(rstar.HLW2017, lambda _: us, "2003Q1")
    with pytest.raises(DataError, match="known after 2010Q1 end in 2009Q3"):
        rstar.quasi_real_time(rstar.HLW2017, us, "2010Q1", "2010Q2")
    with pytest.raises(CapstarError, match="needs at least"):
        rstar.quasi_real_time(rstar.HLW2017, us, "1964Q1", "1964Q2")
    with pytest.raises(SpecificationError, match=r"got function\. For vintages call real_time"):
        rstar.quasi_real_time(rstar.HLW2017, lambda _: us, "2003Q1", "2003Q1")
    with pytest.raises(SpecificationError, match=r"got dict\. For vintages"):
        rstar.real_time(rstar.HLW2017, {"2003Q1": us}, "2003Q1")
    with pytest.raises(SpecificationError, match="every=0"):
        rstar.real_time(rstar.HLW2017, lambda _: us, "2003Q1", "2003Q1", every=0)


def test_a_row_holds_all_of_its_fit(us) -> None:
    """Every column, of a sample with a start of its own."""
    found = rstar.quasi_real_time(rstar.HLW2017, us, "2001Q1", "2001Q2", start="1966Q1").table
    assert len(found) == 2
    for quarter, row in found.iterrows():
        alone = rstar.HLW2017.fit(us.loc[:quarter], "1966Q1", n_starts=1)
        for name in ("rstar", "g", "z", "output_gap"):
            assert row[name] == getattr(alone, name).filtered.iloc[-1], name
        real_rate = us["interest_rate"] - us["expected_inflation"]
        assert row["real_rate"] == pytest.approx(real_rate[quarter], abs=1e-12)
        assert row["gap"] == pytest.approx(real_rate[quarter] - row["rstar"], abs=1e-12)
        assert (row["lambda_g"], row["lambda_z"]) == (alone.lambda_g, alone.lambda_z)
        assert row["at_bound"] == alone.at_bound.any()
        assert row["identified"] == alone.identified
        assert row["last"] == row["estimated"] == str(quarter)


def test_later_rows_of_a_vintage_are_left_out(us, known) -> None:
    """A table that knows more than it should is cut at the quarter."""
    found = rstar.real_time(rstar.HLW2017, lambda _: us, "2003Q1", "2003Q2")
    pd.testing.assert_frame_equal(found.table, known.table.loc[:"2003Q2"], check_exact=True)
