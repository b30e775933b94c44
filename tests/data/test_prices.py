"""Index prices and exchange rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar import data
from capstar.errors import DataError, SourceError
from capstar.markets.fx import rates_of


def test_a_users_file(tmp_path, reference) -> None:
    table = pd.read_csv(reference("small_caps/russell2000_daily.csv.gz")).iloc[:500]
    table.rename(columns={"date": "Date", "close": "Close"}).to_csv(tmp_path / "rut.csv", index=False)
    out = data.read_prices(tmp_path / "rut.csv")
    assert list(out) == ["open", "high", "low", "close"]
    assert isinstance(out.index, pd.DatetimeIndex)
    np.testing.assert_array_equal(out["close"], table["close"])
    out.to_parquet(tmp_path / "rut.parquet")
    pd.read_parquet(tmp_path / "rut.parquet").reset_index().to_parquet(tmp_path / "rut.parquet")
    pd.testing.assert_frame_equal(data.read_prices(tmp_path / "rut.parquet"), out, check_freq=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,price\n2020-01-01,1\n", "no column 'close'"),
        ("date,close\n2020-01-02,1\n2020-01-01,2\n", "comes after 2020-01-02"),
        ("date,close\n2020-01-01,1\n2020-01-01,2\n", "comes twice"),
        ("date,close\n2020-01-01,0\n", "a price is positive"),
        ("date,close\n2020-01-01,\n", "a price is positive"),
        ("date,close\n2020-01-01,one\n", "cannot be read"),
        ("date,close\nsomeday,1\n", "cannot be read"),
        ("date,close\n,1\n", "has no date"),
        ("date,close\n", "there are no rows"),
        ("date,high,close\n2020-01-01,1,2\n", "high of 2020-01-01 is below"),
        ("date,low,close\n2020-01-01,3,2\n", "low of 2020-01-01 is above"),
    ],
)
def test_prices_that_are_refused(tmp_path, text: str, message: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        data.read_prices(tmp_path / "p.csv")
    assert "p.csv" in str(caught.value)


def test_live_small_cap_index(server) -> None:
    days = pd.bdate_range("2020-01-01", periods=30)
    server.fred(
        "NASDAQNQUSS", "".join(f"{d:%Y-%m-%d},{'' if k == 5 else 1000 + k}\n" for k, d in enumerate(days))
    )
    out = data.small_cap_index()
    assert len(out) == 29
    assert out["close"].iloc[-1] == 1029
    assert data.describe_data(out).loc["close", "series"] == "NASDAQNQUSS"


def test_exchange_rates_say_what_is_quoted_in_what(server, reference) -> None:
    raw = pd.read_csv(reference("fx/fed_h10_rates.csv.gz"), index_col="date").iloc[-60:]
    for name in ("DEXUSEU", "DEXJPUS"):
        rows = "".join(f"{date},{'' if np.isnan(v) else v}\n" for date, v in raw[name].items())
        server.fred(name, rows)
    out = data.exchange_rates(["DEXUSEU", "DEXJPUS"])
    rates = rates_of(out)
    assert list(rates) == ["EUR/USD", "USD/JPY"]
    yen = rates["EUR/USD"].cross(rates["USD/JPY"]).series.iloc[-1]
    assert yen == pytest.approx(raw["DEXUSEU"].iloc[-1] * raw["DEXJPUS"].iloc[-1])
    assert out.attrs["units"]["DEXJPUS"] == "JPY per USD"
    with pytest.raises(DataError, match="which currency is quoted in which is not known"):
        data.exchange_rates(["DEXXX"])


def test_yahoo_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(SourceError, match="pip install 'capstar\\[prices\\]'"):
        data.yahoo_prices("^RUT")


def test_daily_to_quarterly() -> None:
    days = pd.bdate_range("2019-01-01", "2020-05-15")
    rate = pd.Series(np.where(days < "2019-02-01", 1.0, 2.0), days, name="rate")
    rate.attrs = {"source": "x"}
    weighted = data.to_quarterly(rate)
    # January has 31 days at 1, the other 59 are at 2.
    assert weighted.loc["2019Q1"] == pytest.approx((31 * 1 + 59 * 2) / 90)
    assert np.isnan(weighted.loc["2020Q2"])
    assert data.to_quarterly(rate, "end").loc["2020Q1"] == 2
    assert np.isnan(data.to_quarterly(rate, "end").loc["2020Q2"])
    assert data.to_quarterly(rate, "last_complete").loc["2020Q2"] == 2
    assert data.to_quarterly(rate, "mean").loc["2019Q1"] == pytest.approx(
        rate.loc["2019-01":"2019-03"].mean()
    )
    assert weighted.attrs == {"source": "x", "aggregation": "day_weighted"}
    cut = rate.loc[:"2019-12-20"]
    pd.testing.assert_series_equal(data.to_quarterly(cut).loc[:"2019Q3"], weighted.loc[:"2019Q3"])
    with pytest.raises(DataError, match="choose one of"):
        data.to_quarterly(rate, "median")
