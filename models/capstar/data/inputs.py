"""Model input from raw series."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.frames import require_quarters
from capstar.units import QUANTITIES, Units, check_units, in_model_units

Expectations = Literal["moving_average", "ar3", "direct"]
Compounding = Literal["365", "none"]
_WINDOW = 40  # quarters of the rolling regressions (Laubach and Williams 2003)


def model_input(
    real_gdp: pd.Series,
    price_index: pd.Series,
    short_rate: pd.Series,
    *,
    expectations: Expectations = "moving_average",
    compounding: Compounding = "365",
    covid_index: pd.Series | None = None,
    units: Units = None,
) -> pd.DataFrame:
    """Build the input of a Laubach-Williams model.

    Parameters
    ----------
    real_gdp
        Level of real GDP, any unit, on a quarterly PeriodIndex.
    price_index
        Level of the price index.
    short_rate
        Nominal short rate, annualised percent, quarterly average.
    expectations
        See `expected_inflation`.
    compounding
        See `annualised_yield`; ``"none"`` keeps the rate as given.
    covid_index
        Stringency index, 0-100; only HLW 2023 needs it.
    units
        Where the short rate is not in percent, ``"fraction"`` or ``"basis points"``; or by the column made of a series,
        such as ``{"log_gdp": "log log"}`` where ``real_gdp`` is a natural log already; see
        `capstar.units.in_model_units`.

    Returns
    -------
    pandas.DataFrame
        ``log_gdp``, ``inflation``, ``expected_inflation``, ``interest_rate`` (and ``covid_index``) on the
        quarters for which all are known, and no others.  ``attrs`` hold ``units`` and ``transformation``
        by column.

    Raises
    ------
    DataError
        A level is not positive, an index is not quarterly, a value inside a series is missing, infinite
        or text, an option is unknown, the series share no quarters, or a unit is impossible.

    Warns
    -----
    DataWarning
        A unit is odd; see `capstar.units`.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> from statsmodels.datasets import macrodata
    >>> raw = macrodata.load_pandas().data
    >>> raw.index = pd.period_range("1959Q1", periods=len(raw), freq="Q")
    >>> us = cs.data.model_input(raw["realgdp"], raw["cpi"], raw["tbilrate"])
    >>> us.round(2).tail(2)
            log_gdp  inflation  expected_inflation  interest_rate
    date
    2009Q2     9.47       3.37               -1.91           0.18
    2009Q3     9.47       3.56               -0.23           0.12
    """
    if compounding not in ("365", "none"):
        raise DataError(f"compounding={compounding!r}; choose '365' or 'none'.")
    series = {"real_gdp": real_gdp, "price_index": price_index, "short_rate": short_rate}
    if covid_index is not None:
        series["covid_index"] = covid_index
    for name, one in series.items():
        require_quarters(one, name)
        _require_known(one, name)
    for name in ("real_gdp", "price_index"):
        _require_positive(series[name], name)
    inflation = 400.0 * np.log(price_index).diff()
    given = {"log_gdp": np.log(real_gdp), "inflation": inflation, "interest_rate": short_rate}
    made = in_model_units(pd.DataFrame(given), {"interest_rate": units} if isinstance(units, str) else units)
    inflation, rate = made["inflation"].reindex(inflation.index), made["interest_rate"]
    rate = annualised_yield(rate) if compounding == "365" else rate
    table: dict[str, tuple[pd.Series, str]] = {  # values, and how they were made
        "log_gdp": (made["log_gdp"], "natural log of real GDP"),
        "inflation": (inflation, "400 * dlog(price index)"),
        "expected_inflation": (expected_inflation(inflation, expectations), expectations),
        "interest_rate": (rate, "365-day compounding" if compounding == "365" else "as given"),
    }
    if covid_index is not None:
        table["covid_index"] = covid_index, "as given"
    out = pd.DataFrame({name: values for name, (values, _) in table.items()}).dropna().rename_axis("date")
    if out.empty:
        raise DataError("real_gdp, price_index and short_rate share no quarters. Check their dates.")
    out.attrs = made.attrs | {"units": {str(name): QUANTITIES[str(name)].unit for name in out}}
    out.attrs["transformation"] = {name: said for name, (_, said) in table.items()}
    check_units(out, source="model_input")
    return out


def annualised_yield(rate: pd.Series) -> pd.Series:
    r"""Annual yield of a money-market rate by 365-day compounding of a 360-day quote.

    :math:`100\,((1 + i/36000)^{365} - 1)`, percent a year (Holston, Laubach and Williams 2017, data
    appendix).

    Parameters
    ----------
    rate
        Percent a year, on the base of 360 days.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> cs.data.annualised_yield(pd.Series([0.0, 5.0])).round(3).tolist()
    [0.0, 5.2]
    """
    return 100.0 * ((1.0 + rate / 36_000.0) ** 365 - 1.0)


def expected_inflation(inflation: pd.Series, method: Expectations = "moving_average") -> pd.Series:
    """Inflation expected over the next four quarters, from inflation to date.

    Parameters
    ----------
    inflation
        Annualised percent, on a quarterly PeriodIndex, or a monthly one, where a quarter is the mean of the month and
        the two before.
    method
        ``"moving_average"``: mean of the quarter and the three before (Holston, Laubach and Williams
        2017).  ``"ar3"``: mean of the four-quarter path forecast by an AR(3) re-estimated on the latest
        40 quarters (Laubach and Williams 2003).  ``"direct"``: forecast by a regression of the mean of
        the next four quarters on a constant and the three latest quarters over the 40 observations
        that end four quarters ago, which is what the Laubach-Williams workbooks hold.

    Returns
    -------
    pandas.Series
        Named ``expected_inflation``; NaN until enough quarters are known.  The value at t uses inflation
        to t only.

    Raises
    ------
    DataError
        The index is not quarterly without gaps or monthly, or the method is unknown.

    Examples
    --------
    >>> import capstar as cs
    >>> inflation = cs.data.us_macro()["inflation"]
    >>> expected = [cs.data.expected_inflation(inflation, how) for how in ("moving_average", "ar3")]
    >>> print(*[round(one.iloc[-1], 1) for one in expected])
    -0.2 2.5
    """
    months = isinstance(inflation.index, pd.PeriodIndex) and inflation.index.freqstr == "M"
    if not months:
        require_quarters(inflation, "inflation")
    if method == "moving_average":
        return inflation.rolling(12 if months else 4).mean().rename("expected_inflation")
    if method not in ("ar3", "direct"):
        raise DataError(f"expectations={method!r}; choose 'moving_average', 'ar3' or 'direct'.")
    values = (inflation.rolling(3).mean() if months else inflation).to_numpy(dtype=float)
    forecast, step = _direct if method == "direct" else _iterated, 3 if months else 1
    path = [forecast(values[t % step : t + 1 : step]) for t in range(len(values))]
    return pd.Series(path, inflation.index, name="expected_inflation")


def _iterated(known: np.ndarray) -> float:
    """Mean of the next four quarters of an AR(3) fitted to the last 40."""
    if len(known) < _WINDOW + 3 or np.isnan(known[-_WINDOW - 3 :]).any():
        return float("nan")
    beta = _regress(known[-_WINDOW:], known, _WINDOW, ahead=0)
    path = list(known[-3:])
    for _ in range(4):
        path.append(beta @ np.array([1.0, path[-1], path[-2], path[-3]]))
    return float(np.mean(path[3:]))


def _direct(known: np.ndarray) -> float:
    if len(known) < _WINDOW + 6 or np.isnan(known[-_WINDOW - 6 :]).any():
        return float("nan")
    ahead = np.convolve(known, np.full(4, 0.25), mode="valid")[-_WINDOW:]
    beta = _regress(ahead, known, _WINDOW, ahead=3)
    return float(beta @ np.array([1.0, *known[-1:-4:-1]]))


def _regress(y: np.ndarray, known: np.ndarray, n: int, *, ahead: int) -> np.ndarray:
    """Regression of ``y`` on a constant and the three quarters before it (``ahead`` more apart)."""
    last = len(known) - 1 - ahead
    columns = [known[last - n - k + 1 : last - k + 1] for k in (1, 2, 3)]
    beta: np.ndarray = np.linalg.lstsq(np.column_stack([np.ones(n), *columns]), y, rcond=None)[0]
    return beta


def _require_known(series: pd.Series, name: str) -> None:
    """Numbers from the first known quarter to the last; a quarter lost here would be a gap in the input."""
    if not pd.api.types.is_numeric_dtype(series):
        raise DataError(
            f"{name}: the values are of type {series.dtype}, expected numbers. See pd.to_numeric."
        )
    known = series.loc[series.first_valid_index() : series.last_valid_index()]
    bad = ~np.isfinite(known.to_numpy(dtype=float))
    if bad.any():
        where = known.index[int(np.argmax(bad))]
        what = "missing" if np.isnan(known[where]) else "infinite"
        raise DataError(f"{name} in {where} is {what}. Fill it, or begin or end the series there.")


def _require_positive(series: pd.Series, name: str) -> None:
    bad = series <= 0
    if bad.any():
        raise DataError(
            f"{name} in {bad.idxmax()} is {series[bad.idxmax()]:.6g}; a level must be positive. Give levels, "
            "not growth rates or logs."
        )
