"""Model input from files, raw series and embedded data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from capstar import data
from capstar.errors import DataError


@pytest.fixture(scope="module")
def fred(reference):
    """A series as FRED's text format holds it, monthly or quarterly."""

    def read(name: str) -> pd.Series:
        lines = reference(f"fred_2020_05/{name}.txt").read_text().splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("DATE")) + 1
        rows = [line.split() for line in lines[first:] if line.strip()]
        dates = pd.to_datetime([row[0] for row in rows])
        frequency = "Q" if (dates[1] - dates[0]).days > 31 else "M"
        values = [float("nan") if row[1] == "." else float(row[1]) for row in rows]
        return pd.Series(values, dates.to_period(frequency), name=name)

    return read


def test_us_input_of_hlw_2017_from_raw_series(fred, reference) -> None:
    """All four columns of the published input from FRED's series of May 2020, to 1e-12."""
    price = data.splice_growth(data.to_quarterly(fred("PCEPILFE")), fred("PCECTPI"), "1959Q1")
    rate = pd.concat(
        [
            data.to_quarterly(fred("M13009USM156NNBR")).loc[:"1964Q4"],
            data.to_quarterly(fred("FEDFUNDS")).loc["1965Q1":],
        ]
    )
    ours = data.model_input(fred("GDPC1"), price, rate)
    published = data.read_input(reference("hlw2017/us_input.csv"))
    for column in ours:
        np.testing.assert_allclose(
            ours.loc["1960Q1":"2019Q4", column], published[column], atol=1e-12, rtol=1e-12
        )


def test_plain_monthly_means_would_not_do(fred, reference) -> None:
    published = data.read_input(reference("hlw2017/us_input.csv"))["interest_rate"].loc["1965Q1":]
    plain = data.annualised_yield(data.to_quarterly(fred("FEDFUNDS"), "mean"))
    assert np.abs(plain.reindex(published.index) - published).max() > 0.01


def test_direct_expectations_are_those_of_the_lw_workbook(reference) -> None:
    published = data.read_input(reference("lw2023/us_2023q2_input.csv"))
    ours = data.expected_inflation(published["inflation"], "direct")
    late = slice("1970Q2", None)
    np.testing.assert_allclose(ours.loc[late], published["expected_inflation"].loc[late], atol=2e-6)


def test_iterated_ar3_is_the_textbook_forecast(reference) -> None:
    from statsmodels.tsa.ar_model import AutoReg

    inflation = data.read_input(reference("lw2023/us_2023q2_input.csv"))["inflation"]
    ours = data.expected_inflation(inflation, "ar3")
    for quarter in ("1980Q1", "2008Q4", "2021Q2"):
        window = inflation.loc[:quarter].to_numpy()[-43:]
        forecast = AutoReg(window, 3).fit().forecast(4).mean()
        assert ours[quarter] == pytest.approx(forecast, rel=1e-8)


@pytest.mark.parametrize("method", ["moving_average", "ar3", "direct"])
def test_expectations_use_no_later_data(reference, method: str) -> None:
    inflation = data.read_input(reference("lw2023/us_2023q2_input.csv"))["inflation"]
    whole = data.expected_inflation(inflation, method)
    for quarter in ("1975Q3", "2001Q1"):
        assert data.expected_inflation(inflation.loc[:quarter], method)[quarter] == whole[quarter]


def test_embedded_macro_data() -> None:
    frame = data.us_macro()
    assert (str(frame.index[0]), str(frame.index[-1])) == ("1960Q1", "2009Q3")
    assert list(frame) == ["log_gdp", "inflation", "expected_inflation", "interest_rate"]
    assert not frame.isna().any(axis=None)
    # Raw rows of the data set: real GDP 2834.39 and 2847.699 in 1960Q1; bill rate 0.12 in 2009Q3.
    assert frame["interest_rate"].iloc[-1] == pytest.approx(100 * ((1 + 0.12 / 36_000) ** 365 - 1))
    assert frame.attrs["source"].startswith("statsmodels")
    assert frame.attrs["start"] == "1960Q1"
    for key in ("units", "transformation"):
        assert list(frame.attrs[key]) == list(frame), key


@pytest.mark.parametrize("source", ["french", "french_size_value", "french_size_momentum"])
def test_small_and_large_are_the_outer_quintiles(reference, source: str) -> None:
    """Held against French's own five quintiles of market equity.

    The nearest of the five is the smallest for small, the largest for large; and the mean is nearer to
    the quintile's return than to its return in excess of the risk-free rate, so that rate is still in.
    """
    published = pd.read_csv(reference("small_caps/size_portfolios_monthly.csv"), index_col="month")
    published.index = pd.PeriodIndex(published.index, freq="M")
    ours = data.small_cap_returns(source)
    quintiles = published[["Lo 20", "Qnt 2", "Qnt 3", "Qnt 4", "Hi 20"]].reindex(ours.index)
    for column, quintile in (("small", "Lo 20"), ("large", "Hi 20")):
        assert quintiles.corrwith(ours[column]).idxmax() == quintile
        difference = (ours[column] - quintiles[quintile]).mean()
        assert abs(difference) < abs(difference + ours["risk_free"].mean())
    assert ours.attrs["transformation"].startswith(f"{source}:")


def test_unknown_return_source_is_named() -> None:
    with pytest.raises(DataError, match=r"source='russell'; choose one of \['french'"):
        data.small_cap_returns("russell")


def test_french_portfolios_and_factors_agree() -> None:
    returns, factors = data.small_cap_returns(), data.french_factors()
    assert (str(returns.index[0]), str(returns.index[-1])) == ("1949-01", "2017-03")
    assert (str(factors.index[0]), str(factors.index[-1])) == ("1926-07", "2018-11")
    # Two vintages of one library: French revises history, by 0.03 at most over these months.
    assert np.abs(returns["market"] - factors["market"].reindex(returns.index)).max() < 0.04
    np.testing.assert_allclose(returns["excess"], returns["small"] - returns["risk_free"])
    assert returns["small"].std() > returns["large"].std()
    assert "smaller than the Russell 2000" in returns.attrs["note"]


def test_french_factors_match_the_library_s_own_file(reference) -> None:
    published = pd.read_csv(reference("small_caps/french/factors3_monthly.csv"))
    published.index = pd.PeriodIndex(published.iloc[:, 0].astype(str), freq="M")
    column = next(c for c in published if c.lower().replace("_", "-").startswith("mkt"))
    both = published[column].reindex(data.french_factors().index)
    # A later vintage: the manifest gives 0.39 as the largest revision.
    assert np.abs(both - data.french_factors()["market"]).max() <= 0.39 + 1e-9
    assert np.abs(both - data.french_factors()["market"]).median() < 0.01


def test_files_round_trip(tmp_path: Path) -> None:
    frame = data.us_macro()
    frame.to_csv(tmp_path / "a.csv")
    table = frame.reset_index().assign(date=frame.index.astype(str))
    table.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(data.read_input(tmp_path / "a.csv"), frame, rtol=1e-14)
    pd.testing.assert_frame_equal(data.read_input(tmp_path / "a.parquet"), frame)
    crlf = (tmp_path / "a.csv").read_text().replace("\n", "\r\n")
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbf" + crlf.encode())
    pd.testing.assert_frame_equal(data.read_input(tmp_path / "b.csv"), frame, rtol=1e-14)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"date,log_gdp\n", "a header but no rows"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a CSV file"),
        (b"<html><body>Not found</body></html>\n", "there is no column 'date'"),
        (b"date,log_gdp\n2000Q1,8.1,9,9\n2000Q2,8.2\n", "a row has more values than the header"),
        (b"date,log_gdp\n2000Q1,8.1\n2000Q2,8.2,9\n", "not a CSV file"),
        (b"date,log_gdp\n2000-01-01,8.1\n2000-04-01,eight\n", "log_gdp in 2000Q2 is 'eight', not a number"),
        (b"quarter,log_gdp\n2000Q1,8.1\n", "there is no column 'date'"),
        (b"date,log_gdp\n2000Q1,8.1\n2000Q2,inf\n", "log_gdp in 2000Q2 is infinite"),
        (b"date,log_gdp\n2000Q1,8.1\n,8.2\n", "row 2 has no date"),
        (b"date,log_gdp\n1 April 2000,8.1\n", "row 1 has the date '1 April 2000', which cannot be read"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        data.read_input(path)
    assert "bad.csv" in str(error.value)


def test_trailing_commas_are_no_column(tmp_path: Path) -> None:
    """Spreadsheets write them; the first column must not become an index for their sake."""
    (tmp_path / "a.csv").write_text("date,log_gdp\n2000Q1,8.1,\n2000Q2,8.2,\n")
    assert data.read_input(tmp_path / "a.csv")["log_gdp"].to_dict() == {
        pd.Period("2000Q1"): 8.1,
        pd.Period("2000Q2"): 8.2,
    }


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zip"])
def test_broken_compression_is_named(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.csv.{ending}"
    data.us_macro().to_csv(path)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"date,log_gdp\n2000Q1,8.1\n"):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=rf"a\.csv\.{ending}: this is not a CSV file"):
            data.read_input(path)


def test_absent_and_false_parquet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        data.read_input(tmp_path / "none.csv")
    (tmp_path / "false.parquet").write_text("date,log_gdp\n")
    with pytest.raises(DataError, match="not a Parquet file"):
        data.read_input(tmp_path / "false.parquet")


def test_builder_names_what_is_wrong() -> None:
    quarters = pd.period_range("2000Q1", periods=12, freq="Q")
    good = pd.Series(np.linspace(100.0, 110.0, 12), quarters)
    with pytest.raises(DataError, match="real_gdp in 2000Q3 is -1; a level must be positive"):
        data.model_input(good.where(quarters != "2000Q3", -1.0), good, good)
    with pytest.raises(DataError, match="price_index: expected a quarterly PeriodIndex, got RangeIndex"):
        data.model_input(good, good.reset_index(drop=True), good)
    with pytest.raises(DataError, match="missing or repeated after 2001Q1"):
        data.model_input(good, good, good.drop(quarters[5]))
    with pytest.raises(DataError, match="share no quarters"):
        data.model_input(good, good, good.set_axis(quarters + 40))
    with pytest.raises(DataError, match="choose 'moving_average'"):
        data.model_input(good, good, good, expectations="survey")
    with pytest.raises(DataError, match="expected one value a month"):
        data.to_quarterly(good)
    with pytest.raises(DataError, match="no value in 1990Q1"):
        data.splice_growth(good, good, "1990Q1")
    with pytest.raises(DataError, match="2000Q2 is 0; an index level must be positive"):
        data.splice_growth(good, good * 0, "2000Q2")
    with pytest.raises(DataError, match="choose '365' or 'none'"):
        data.model_input(good, good, good, compounding="360")
    with pytest.raises(DataError, match="real_gdp: the values are of type str, expected numbers"):
        data.model_input(good.astype("str"), good, good)


@pytest.mark.parametrize("name", ["real_gdp", "price_index", "short_rate", "covid_index"])
@pytest.mark.parametrize(("value", "what"), [(np.nan, "missing"), (np.inf, "infinite")])
def test_hole_inside_a_raw_series_is_named(name: str, value: float, what: str) -> None:
    """Dropping the quarter would leave a gap that lags step over."""
    quarters = pd.period_range("2000Q1", periods=24, freq="Q")
    series = {
        one: pd.Series(np.linspace(100.0, 110.0, 24), quarters)
        for one in ("real_gdp", "price_index", "short_rate", "covid_index")
    }
    series[name].iloc[10] = value
    with pytest.raises(DataError, match=f"{name} in 2002Q3 is {what}"):
        data.model_input(**series)


def test_unknown_ends_of_a_raw_series_shorten_the_input() -> None:
    quarters = pd.period_range("2000Q1", periods=24, freq="Q")
    level = pd.Series(np.linspace(100.0, 110.0, 24), quarters)
    out = data.model_input(level, level, (level / 20).where((quarters >= "2002Q1") & (quarters <= "2004Q4")))
    pd.testing.assert_index_equal(out.index, pd.period_range("2002Q1", "2004Q4", freq="Q", name="date"))


def test_expectations_refuse_a_gap() -> None:
    quarters = pd.period_range("2000Q1", periods=12, freq="Q")
    inflation = pd.Series(2.0, quarters).drop(quarters[5])
    with pytest.raises(DataError, match="inflation: a quarter is missing or repeated after 2001Q1"):
        data.expected_inflation(inflation)


def test_months_out_of_order_are_refused() -> None:
    monthly = pd.Series([1.0, 2.0, 3.0], pd.period_range("2000-01", periods=3, freq="M"), name="rate")
    with pytest.raises(DataError, match="rate: the dates are out of order"):
        data.to_quarterly(monthly[::-1], "end")


def test_incomplete_quarter_is_missing() -> None:
    monthly = pd.Series([1.0, 2.0, 3.0, 4.0], pd.period_range("2000-01", periods=4, freq="M"))
    out = data.to_quarterly(monthly)
    assert out["2000Q1"] == pytest.approx((31 * 1 + 29 * 2 + 31 * 3) / 91)
    assert np.isnan(out["2000Q2"])
    assert data.to_quarterly(monthly, "end")["2000Q1"] == 3.0
