"""Series of several frequencies in one model: what a quarter's value is of the months, and tables put together.

A model runs at its highest frequency.  A value of a lower one stands in the last period of its own (a quarter's in its
third month) and is a sum over the periods it covers; all other periods have none, and the filter passes over them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import as_periods
from capstar.kernels.arrays import Floats
from capstar.statespace.algebra import Linear


def total(one: Linear, k: int) -> Linear:
    """Sum over the ``k`` periods that end with this one, such as a quarter's sales of monthly ones.

    It holds ``k - 1`` lags among the states.  From six periods on declare `Spec.accumulated`, one state that is reset
    at the start of each longer period: the log-likelihood is the same, and the score of 520 periods takes as long with
    k = 3, half with 6, a third with 12 and a fortieth with 52.  It also serves periods of unequal length, such as the
    weeks of a quarter.

    Examples
    --------
    >>> from capstar.statespace import total, variables
    >>> (y,) = variables("y")
    >>> print(total(y, 3))
    y + y(-1) + y(-2)
    """
    _require_periods(k)
    return sum((one(-j) for j in range(1, k)), one)


def average(one: Linear, k: int) -> Linear:
    """Mean over the ``k`` periods that end with this one, such as a quarter's log GDP of that of its months.

    Of logs the mean is that of logs, which stands for the log of the mean.

    Examples
    --------
    >>> from capstar.statespace import average, variables
    >>> (y,) = variables("y")
    >>> print(average(y, 3))
    0.333333*y + 0.333333*y(-1) + 0.333333*y(-2)
    """
    return total(one, k) / k


def last(one: Linear) -> Linear:
    """The value of the last period, such as an interest rate at the end of the quarter.

    Examples
    --------
    >>> from capstar.statespace import last, variables
    >>> (y,) = variables("y")
    >>> print(last(y))
    y
    """
    return one


def growth_of_average(growth: Linear, k: int) -> Linear:
    """Growth of a mean over ``k`` periods on the mean over the ``k`` before, of growth from period to period.

    With three months it is (1, 2, 3, 2, 1)/3 of their growth, from the latest back (Mariano and Murasawa 2003).

    References
    ----------
    Mariano, R. S. and Murasawa, Y. (2003). A new coincident index of business cycles based on monthly and quarterly
    series. *Journal of Applied Econometrics* 18(4), 427-443.

    Examples
    --------
    >>> from capstar.statespace import growth_of_average, variables
    >>> (y,) = variables("y")
    >>> print(growth_of_average(y, 3))
    0.333333*y + 0.666667*y(-1) + y(-2) + 0.666667*y(-3) + 0.333333*y(-4)
    """
    return total(average(growth, k), k)


def _require_periods(k: int) -> None:
    if not isinstance(k, int) or k < 1:
        raise SpecificationError(f"k={k!r}; give the number of periods that a value covers, such as 3.")


def combine_frequencies(*tables: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """One table of the highest frequency, with the values of the others in the last period of their own.

    Parameters
    ----------
    *tables
        Each as of `capstar.statespace.fit`, of its own frequency and span.

    Returns
    -------
    pandas.DataFrame
        From the first period of any of them to the last, NaN where a series has no value.

    Raises
    ------
    DataError
        A table cannot be put on periods, two have a column of one name, or a frequency is not a part of the lowest.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.statespace import combine_frequencies
    >>> quarters = pd.Series([1.0, 2.0], pd.period_range("2020Q1", periods=2, freq="Q"), name="gdp")
    >>> months = pd.Series(range(7), pd.period_range("2020-01", periods=7, freq="M"), name="prices")
    >>> combine_frequencies(months, quarters)["gdp"].dropna()
    date
    2020-03    1.0
    2020-06    2.0
    Freq: M, Name: gdp, dtype: float64
    """
    if not tables:
        raise DataError("There is no table to combine. Give one for each frequency.")
    frames = [as_periods(one, source=f"table {k}") for k, one in enumerate(tables, 1)]
    names = [str(name) for frame in frames for name in frame]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{twice[0]} is in two tables. Rename one, or leave it out.")
    frequency = min((frame.index.freqstr for frame in frames), key=_days)
    placed = [frame.set_axis(frame.index.asfreq(frequency, how="end")) for frame in frames]
    whole = pd.period_range(
        min(frame.index[0] for frame in placed), max(frame.index[-1] for frame in placed), freq=frequency
    )
    out = pd.concat([frame.reindex(whole) for frame in placed], axis=1).rename_axis("date")
    out.attrs = dict(tables[0].attrs)
    return out


def _days(frequency: str) -> float:
    """Length of a period, for comparison."""
    first = pd.Period("2000", freq=frequency)
    return float((first + 1).start_time.timestamp() - first.start_time.timestamp())


def require_last_periods(values: Floats, periods: pd.PeriodIndex, frequency: str, name: str) -> None:
    """Raise `DataError` where a series of a lower frequency has a value that is not in the last period of its own."""
    ends = periods.asfreq(frequency).asfreq(periods.freqstr, how="end") == periods
    wrong = ~ends & np.isfinite(values)
    if wrong.any():
        at = periods[wrong][0]
        raise DataError(
            f"{name} has a value in {at}, which is not the last period of {at.asfreq(frequency)}. Put each value in "
            "the last period that it covers; combine_frequencies does so."
        )


def begins(index: pd.PeriodIndex, often: str) -> npt.NDArray[np.bool_]:
    """Whether each period is the first of one of a lower frequency."""
    return np.asarray(index.asfreq(often).asfreq(index.freqstr, how="start") == index)
