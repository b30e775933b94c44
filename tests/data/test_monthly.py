"""Monthly input from raw series and its vintages, over loopback, through the whole path and the command line."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data.live import serve_all
from data.sources import Server
from typer.testing import CliRunner

from capstar import data, rstar
from capstar.cli import app
from capstar.data import MonthlyVintages, Vintages
from capstar.errors import DataError, DataWarning


@pytest.fixture
def live(server: Server, reference) -> Iterator[Server]:
    serve_all(server, reference)
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "(?s).*has no value after", DataWarning
        )  # the reference data end in 2026
        yield server


def raw(reference, name: str) -> pd.Series:
    table = pd.read_csv(reference(f"fred_2026/{name}.csv"), index_col=0)[name]
    often = "Q" if name == "GDPC1" else "M"
    return table.set_axis(pd.PeriodIndex(table.index, freq=often))


def test_every_column_from_its_series(live: Server, reference) -> None:
    ours = data.us_monthly(end="2025-12")
    gdp, core, rate = (raw(reference, name) for name in ("GDPC1", "PCEPILFE", "FEDFUNDS"))
    assert (str(ours.index[0]), str(ours.index[-1]), ours.index.freqstr) == ("1959-02", "2025-12", "M")
    ends = ours["log_gdp"].dropna()
    assert set(ends.index.month) == {3, 6, 9, 12}
    np.testing.assert_allclose(ends, np.log(gdp.loc["1959Q1":"2025Q4"]), rtol=1e-14)
    np.testing.assert_allclose(
        ours["inflation"], 1200 * np.log(core).diff().loc["1959-02":"2025-12"], atol=1e-11
    )
    funds = 100 * ((1 + rate.loc["1959-02":"2025-12"] / 36000) ** 365 - 1)
    np.testing.assert_allclose(ours["interest_rate"], funds, rtol=1e-12)
    whole = 1200 * np.log(core).diff().dropna()
    quarterly = whole.rolling(3).mean()
    quarters = quarterly[quarterly.index.month % 3 == 0]
    direct = data.expected_inflation(
        quarters.set_axis(quarters.index.asfreq("Q")).dropna(), "direct"
    ).dropna()
    monthly = ours["expected_inflation"].loc[direct.index.asfreq("M", "end")[0] :]
    np.testing.assert_allclose(monthly.iloc[::3], direct.loc[:"2025Q4"], atol=1e-10)
    early = whole.loc["1959-02":"1960-01"].mean()
    assert ours.loc["1960-01", "expected_inflation"] == pytest.approx(early, abs=1e-10)


def test_import_prices_are_of_the_quarter_until_there_are_months(live: Server, reference) -> None:
    """As in the paper's data; the index of October 2025 was never published, and lies half-way."""
    ours = data.us_monthly(end="2025-12")["import_price_inflation"]
    book = pd.read_csv(reference("lw2023/us_2023q2_input.csv"), index_col="date")["import_price_inflation"]
    for quarter, months in (("1973-10-01", ("1973-10", "1973-12")), ("1988-10-01", ("1988-10", "1988-12"))):
        np.testing.assert_allclose(ours.loc[slice(*months)], book[quarter], rtol=1e-12)
    assert ours.loc["1989-01"] == pytest.approx(book["1989-01-01"], rel=1e-9)
    assert ours.loc["2025-10"] == pytest.approx(ours.loc["2025-11"], abs=1e-3)
    assert ours.notna().all()
    told = data.describe_data(data.us_monthly(end="2025-12"))
    assert (
        told.loc["import_price_inflation", "series"] == "IR, before 1989-01 the workbook of the New York Fed"
    )


def test_the_edge_is_ragged_as_of_a_day(live: Server) -> None:
    """On 20 February 2008: output of 2007Q4, prices of December, rates of January, import prices of January."""
    then = data.us_monthly("2008-02-20")
    last = {name: str(then[name].last_valid_index()) for name in then}
    assert last["log_gdp"] == "2007-12"
    assert last["inflation"] == "2007-12"
    assert last["interest_rate"] == last["expected_inflation"] == "2008-01"
    assert then.loc["2008-01", "expected_inflation"] == then.loc["2007-12", "expected_inflation"]
    assert np.isnan(then.loc["2008-01", "inflation"])
    assert str(data.us_monthly("2008-02-10").index[-1]) == "2008-01"
    with pytest.raises(DataError, match=r"the series cover 1959-01-"):
        data.us_monthly(start="2030-01")


def test_later_releases_leave_earlier_months_alone(live: Server) -> None:
    pd.testing.assert_frame_equal(
        data.us_monthly().loc[:"1999-12"], data.us_monthly(end="1999-12"), check_freq=False
    )


def test_mean_of_twelve_months_without_oil(live: Server) -> None:
    ours = data.fetch("us_monthly_hlw", end="2019-12")
    assert list(ours)[-1] == "covid_index"
    assert "oil_price_inflation" not in ours
    assert ours["expected_inflation"].iloc[-1] == pytest.approx(
        ours["inflation"].iloc[-12:].mean(), abs=1e-12
    )
    assert data.us_monthly_hlw(end="2020-12")["covid_index"].loc["2020-04":"2020-06"].nunique() == 1


@pytest.fixture
def held(live: Server) -> rstar.DeclaredModel:
    """The monthly model with parameters of the sample to 2019, all held."""
    found = rstar.MonthlyLW.fit(data.us_monthly(end="2019-12"), n_starts=1, progress=False)
    values, spec = found.all_params, rstar.MonthlyLW.spec
    parameters = {name: replace(one, start=values[name], fixed=True) for name, one in spec.parameters.items()}
    return replace(rstar.MonthlyLW, spec=replace(spec, parameters=parameters))


def test_no_vintage_sees_a_later_one(live: Server, held) -> None:
    """Later vintages deleted, and later months of the columns without vintages changed: nothing moves."""
    known = data.monthly_vintages("2007-06", "2008-12")
    assert list(known.months.astype(str))[::18] == ["2007-06", "2008-12"]
    day = known.day("2008-03")
    latest = known.latest.copy()
    latest.loc[latest.index.end_time >= day] = 99.0
    earlier = MonthlyVintages(
        latest,
        *(
            Vintages(one.table.loc[:, one.days <= day].dropna(how="all"), dict(one.attrs))
            for one in (known.output, known.prices)
        ),
    )
    for month in ("2007-06", "2008-03"):
        pd.testing.assert_frame_equal(known(month), earlier(month))
    whole = rstar.real_time(held, known, "2007-12", "2008-12", progress=False)
    cut = rstar.real_time(held, earlier, "2007-12", "2008-03", progress=False)
    pd.testing.assert_frame_equal(whole.table.loc[:"2008-03"], cut.table)
    assert whole.kind == "real time"
    assert whole.table["gap"].notna().all()
    assert (whole.table["last"] == whole.table.index.astype(str)).all()


def test_real_time_gap_is_that_of_the_vintage(live: Server, held) -> None:
    """And revised data, cut at the month, give another: each is marked."""
    known = data.monthly_vintages("2008-01", "2008-06")
    found = rstar.real_time(held, known, "2008-01", "2008-06", progress=False)
    fit = held.fit(known("2008-06"), progress=False)
    assert found.gap.loc["2008-06"] == pytest.approx(fit.gap().iloc[-1], abs=1e-10)
    assert found.gap.attrs["kind"] == "real time"
    revised = rstar.quasi_real_time(held, data.us_monthly(end="2008-06"), "2008-01", progress=False)
    assert revised.kind == "quasi-real time"
    assert (found.gap - revised.gap).abs().max() > 0.01
    assert known.kinds.to_dict() == {
        "log_gdp": "real time", "inflation": "real time", "expected_inflation": "real time",
        "interest_rate": "never revised", "oil_price_inflation": "never revised",
        "import_price_inflation": "quasi-real time", "covid_index": "quasi-real time",
    }  # fmt: skip
    assert known("2008-06").attrs["kinds"]["inflation"] == "real time"


def test_a_vintage_is_what_was_asked_of_its_day(live: Server) -> None:
    known = data.monthly_vintages("2008-02", "2008-03", delay=1)
    pd.testing.assert_frame_equal(known("2008-02"), data.us_monthly("2008-04-01"), check_freq=False)
    assert str(known("2008-02").index[-1]) == "2008-03"


@pytest.mark.parametrize(
    "wrong",
    [{"first": "1999-01"}, {"first": "2008-05", "last": "2008-01"}, {"first": "2008-05", "delay": -1}],
)
def test_months_without_vintages_are_refused(wrong) -> None:
    with pytest.raises(DataError, match="vintages are of 2000-08 to "):
        data.monthly_vintages(**wrong)


def test_on_the_command_line(live: Server, tmp_path: Path) -> None:
    out, table = tmp_path / "out.json", tmp_path / "us.csv"
    call = ["rstar", "--model", "monthly-lw", "--input", "fred", "--as-of", "2008-02-20", "--json", str(out)]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert "Monthly LW: natural rate of interest, 1962-01-2008-01" in done.stdout
    assert json.loads(out.read_text())["sample"]["end"] == "2008-01"
    fetched = CliRunner().invoke(
        app, ["data", "fetch", "us_monthly", "--as-of", "2008-02-20", "--out", str(table)]
    )
    assert fetched.exit_code == 0, fetched.output
    of_file = CliRunner().invoke(app, [*call[:3], "--input", str(table), "--json", "-"])
    assert json.loads(of_file.stdout)["states"] == json.loads(out.read_text())["states"]
    covid = CliRunner().invoke(
        app, ["rstar", "--model", "monthly-hlw2023", "--input", "fred", "--end", "2007-12"]
    )
    assert covid.exit_code == 0, covid.output


def test_what_live_data_do_not_serve_is_refused(live: Server) -> None:
    published = CliRunner().invoke(app, ["rstar", "--model", "monthly-lw-published", "--input", "fred"])
    assert published.exit_code == 2
    assert "is in dollars of 2009" in published.output
    assert "Choose --model monthly-lw" in published.output
    yearly = CliRunner().invoke(app, ["rstar", "--model", "global-trend-var", "--input", "fred"])
    assert "live data are not yearly, as Global trend VAR is. Give a file" in yearly.output
    embedded = CliRunner().invoke(app, ["rstar", "--model", "monthly-hlw2023", "--input", "embedded"])
    assert "Give --input fred, or a file, one row a month" in embedded.output
