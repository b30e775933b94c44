"""Polynomial trends against NumPy's fits, and what they know when."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capstar.data import us_macro
from capstar.errors import DataError, SpecificationError
from capstar.rstar import polynomial_trend


@pytest.fixture(scope="module")
def output() -> pd.Series:
    return (100 * us_macro()["log_gdp"]).rename("output")


@pytest.mark.parametrize("degree", [0, 1, 2, 5])
def test_trends_are_those_of_polyfit(output: pd.Series, degree: int) -> None:
    t = np.arange(float(len(output)))
    whole, known = (polynomial_trend(output, degree, one_sided=one) for one in (False, True))
    np.testing.assert_allclose(whole, np.polynomial.Polynomial.fit(t, output, degree)(t), rtol=1e-11)
    for end in (60, 61, 150, len(output)):
        fitted = np.polynomial.Polynomial.fit(t[:end], output[:end], degree)
        assert known.iloc[end - 1] == pytest.approx(fitted(end - 1.0), rel=1e-11)
    assert known.isna().sum() == 59
    assert known.iloc[-1] == pytest.approx(whole.iloc[-1], rel=1e-12)


def test_one_sided_trend_sees_nothing_later(output: pd.Series) -> None:
    whole = polynomial_trend(output, one_sided=True, min_periods=40)
    for last in ("1975Q1", "1990Q4"):
        cut = polynomial_trend(output.loc[:last], one_sided=True, min_periods=40)
        pd.testing.assert_series_equal(whole.loc[:last], cut, rtol=0, atol=0)
    assert whole.first_valid_index() == output.index[39]
    assert np.abs(whole - polynomial_trend(output)).max() > 2  # that of the whole sample is another


def test_a_quadratic_is_its_own_trend(output: pd.Series) -> None:
    t = np.arange(120.0)
    series = pd.Series(100 + t - 2e-3 * t**2, output.index[:120], name="y")
    before = series.copy()
    for one_sided in (False, True):
        assert np.abs(series - polynomial_trend(series, one_sided=one_sided)).max() < 1e-9
    assert np.abs(series - polynomial_trend(series, 1)).max() > 1
    pd.testing.assert_series_equal(series, before)


def test_wrong_trends_are_refused(output: pd.Series) -> None:
    with pytest.raises(DataError, match="output: 199 values, 1 missing"):
        polynomial_trend(output.where(output.index != output.index[7]))
    with pytest.raises(DataError, match="output: 50 values, 0 missing or infinite; at least 60"):
        polynomial_trend(output.iloc[:50], one_sided=True)
    with pytest.raises(SpecificationError, match="degree=9"):
        polynomial_trend(output, 9)
    with pytest.raises(SpecificationError, match="min_periods=3"):
        polynomial_trend(output, one_sided=True, min_periods=3)
