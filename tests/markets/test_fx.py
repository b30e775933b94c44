"""Rates of exchange: identities to rounding, real data, dates never mixed in silence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.errors import DataError, SpecificationError
from capstar.markets.fx import Rate, rate_differential, rates_of


@pytest.fixture(scope="module")
def ecb(reference) -> pd.DataFrame:
    table = pd.read_csv(reference("fx/ecb_reference_rates.csv.gz"), index_col="date", parse_dates=True)
    table.attrs["pairs"] = {name: ("EUR", name) for name in table}
    return table


@pytest.fixture(scope="module")
def fed(reference) -> pd.DataFrame:
    return pd.read_csv(reference("fx/fed_h10_rates.csv.gz"), index_col="date", parse_dates=True)


def test_inverse_and_triangle_close(ecb) -> None:
    rates = rates_of(ecb)
    eurusd, eurjpy = rates["EUR/USD"], rates["EUR/JPY"]
    np.testing.assert_allclose(eurusd.invert().invert().series, eurusd.series, rtol=1e-15)
    usdjpy = eurusd.cross(eurjpy)
    assert usdjpy.name == "USD/JPY"
    around = eurusd.series * usdjpy.series * eurjpy.invert().series
    np.testing.assert_allclose(around.dropna(), 1.0, rtol=1e-12)
    for other in (eurusd, eurusd.invert()):
        for third in (eurjpy, eurjpy.invert()):
            assert {other.cross(third).base, other.cross(third).quote} == {"USD", "JPY"}


def test_crosses_of_two_sources_agree(ecb, fed) -> None:
    """Noon in New York against 14:15 in Frankfurt: 0.2 percent in the median, says the manifest."""
    ours = rates_of(ecb)["EUR/USD"].cross(rates_of(ecb)["EUR/JPY"])
    theirs = Rate("USD", "JPY", fed["DEXJPUS"])
    with pytest.raises(DataError, match="are on different dates"):
        ours.cross(Rate("USD", "CAD", fed["DEXCAUS"]))
    both = pd.concat([ours.series, theirs.series], axis=1, join="inner").dropna()
    assert (both.iloc[:, 0] / both.iloc[:, 1] - 1).abs().median() < 0.004


def test_missing_stays_missing(ecb) -> None:
    turkey = rates_of(ecb)["EUR/TRY"]
    holes = turkey.series.isna()
    assert holes.any()
    crossed = rates_of(ecb)["EUR/USD"].cross(turkey).series
    assert crossed[holes].isna().all()
    prices = pd.Series(100.0, turkey.series.index, name="x")
    assert turkey.convert_prices(prices, "EUR")[holes].isna().all()


def test_conversion_of_prices_and_returns_is_consistent(ecb) -> None:
    rate = rates_of(ecb)["EUR/USD"]
    rng = np.random.default_rng(0)
    prices = pd.Series(100 * np.exp(0.01 * rng.standard_normal(len(ecb)).cumsum()), ecb.index, name="stock")
    in_dollars = rate.convert_prices(prices, "EUR")
    returns = 100 * (prices / prices.shift(1) - 1)
    direct = 100 * (in_dollars / in_dollars.shift(1) - 1)
    np.testing.assert_allclose(rate.convert_returns(returns, "EUR").dropna(), direct.dropna(), atol=1e-10)
    back = rate.convert_prices(in_dollars, "USD")
    np.testing.assert_allclose(back.dropna(), prices[back.notna()], rtol=1e-14)


def test_real_rate_undoes_inflation() -> None:
    index = pd.period_range("2000-01", periods=24, freq="M")
    home = pd.Series(1.01 ** np.arange(24.0), index, name="home")
    abroad = pd.Series(1.02 ** np.arange(24.0), index, name="abroad")
    rate = Rate("AAA", "BBB", abroad / home)  # purchasing power parity
    np.testing.assert_allclose(rate.real(home, abroad), 1.0, rtol=1e-12)
    assert rate.changes().iloc[1] == pytest.approx(100 * (1.02 / 1.01 - 1))


def test_dates_are_not_mixed_in_silence() -> None:
    days = pd.date_range("2020-01-01", periods=5)
    rate = Rate("EUR", "USD", pd.Series(1.1, days))
    late = pd.Series(1.0, days[1:], name="late")
    with pytest.raises(DataError, match="2020-01-01 00:00:00 is only in EUR/USD"):
        rate.convert_prices(late, "EUR")
    assert len(rate.convert_prices(late, "EUR", dates="common")) == 4
    with pytest.raises(DataError, match="dated differently"):
        rate.convert_prices(late.to_period("D"), "EUR", dates="common")
    with pytest.raises(DataError, match="share no date"):
        rate.convert_prices(pd.Series([1.0], [pd.Timestamp("1999-01-01")], name="x"), "EUR", dates="common")
    with pytest.raises(SpecificationError, match="choose 'same' or 'common'"):
        rate.convert_prices(late, "EUR", dates="outer")


def test_what_is_no_rate() -> None:
    days = pd.date_range("2020-01-01", periods=2)
    with pytest.raises(SpecificationError, match="Name two currencies"):
        Rate("EUR", "EUR", pd.Series(1.0, days))
    with pytest.raises(DataError, match="a rate is positive"):
        Rate("EUR", "USD", pd.Series([1.0, 0.0], days))
    with pytest.raises(DataError, match="dates repeat or fall"):
        Rate("EUR", "USD", pd.Series(1.0, days[::-1]))
    with pytest.raises(SpecificationError, match="share 2 currencies"):
        Rate("EUR", "USD", pd.Series(1.0, days)).cross(Rate("USD", "EUR", pd.Series(1.0, days)))
    with pytest.raises(SpecificationError, match="'GBP' is not in EUR/USD"):
        Rate("EUR", "USD", pd.Series(1.0, days)).convert_prices(pd.Series(1.0, days), "GBP")
    with pytest.raises(SpecificationError, match="Give pairs"):
        rates_of(pd.DataFrame({"x": [1.0]}))


def test_rstar_differential(golden_fit) -> None:
    us, canada = (golden_fit(f"hlw2017_{c}_2019q4").rstar.filtered for c in ("us", "ca"))
    found = rate_differential(us, canada)
    assert found.index.equals(us.index.intersection(canada.index))
    assert found.iloc[-1] == us.iloc[-1] - canada.iloc[-1]
