"""Series brought to the same dates, with errors that name what is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.errors import DataError

_MONTHS = {"M": 1, "Q": 3}


def aligned(
    target: pd.Series, predictors: pd.Series | pd.DataFrame, *, fewest: int = 30
) -> tuple[pd.Series, pd.DataFrame]:
    """Target and predictors on the dates all have, as floats.

    Parameters
    ----------
    target
        What follows each date, such as `capstar.leads.cumulate_after` gives.
    predictors
        Known at each date.
    fewest
        Dates needed.

    Raises
    ------
    DataError
        Predictors that do not vary or are collinear, or from `on_shared_dates`.
    """
    y, x = on_shared_dates(target, predictors, fewest=fewest)
    scaled = ((x - x.mean()) / x.std(ddof=0).where(lambda sd: sd > 0, 1.0)).to_numpy()
    if x.shape[1] and np.linalg.svd(scaled, compute_uv=False)[-1] < 1e-6 * np.sqrt(len(x)):
        raise DataError(f"{list(x)}: a predictor does not vary, or they are collinear. Leave one out.")
    return y, x


def on_shared_dates(
    target: pd.Series, predictors: pd.Series | pd.DataFrame, *, fewest: int = 30
) -> tuple[pd.Series, pd.DataFrame]:
    """As `aligned`, for series that may be constant.

    Raises
    ------
    DataError
        Not on Periods of one frequency, a period missing or repeated, a hole inside, or too few shared dates.
    """
    table = predictors.to_frame() if isinstance(predictors, pd.Series) else predictors
    if _regular(target.index, target.name) != _regular(table.index, list(table)):
        raise DataError(
            f"{target.name} is {target.index.freqstr} and {list(table)} are {table.index.freqstr}. Bring them to one "
            "frequency first."
        )
    joined = pd.concat([target, table], axis=1, join="inner").astype(float)
    whole = joined.notna().all(axis=1)
    joined = joined.loc[whole.idxmax() : whole[::-1].idxmax()] if whole.any() else joined.iloc[:0]
    if not whole.loc[joined.index].all():
        column = joined.isna().any().idxmax()
        raise DataError(
            f"{column} is missing in {joined[column].isna().idxmax()}. Fill it or cut the sample there."
        )
    if len(joined) < fewest:
        raise DataError(
            f"{target.name} and {list(table)} share {len(joined)} dates; at least {fewest} are needed. Give longer "
            "series, a shorter horizon or fewer regressors."
        )
    return joined.iloc[:, 0], joined.iloc[:, 1:]


def overlap_lags(nobs: int, horizon: int) -> int:
    """Autocovariances for targets over ``horizon`` periods, as `capstar.leads.predictive_regression` has them."""
    return max(horizon - 1, int(4 * (nobs / 100) ** (2 / 9)))


def window_after(
    series: pd.Series, dates: pd.PeriodIndex, *, horizon: int, publication_lag: int = 1
) -> tuple[int, pd.PeriodIndex]:
    """Length in periods of ``series``, and last one, of the ``horizon`` periods after each date is published.

    Parameters
    ----------
    series
        Monthly or quarterly; not of lower frequency than the dates.
    dates
        Quarters or months.
    horizon
        Periods of ``dates``.
    publication_lag
        Months, as in `capstar.leads.cumulate_after`; rounded up to whole periods of ``series``.

    Raises
    ------
    DataError
        Other frequencies, or a period missing or repeated.
    """
    months = _MONTHS[_regular(series.index, series.name)]
    each = _MONTHS[_regular(dates, "dates")] / months
    if each < 1:
        raise DataError(f"{series.name} is quarterly and the dates monthly. Give a monthly series.")
    length = int(each) * horizon
    last = dates.asfreq(series.index.freqstr, how="end") + -(-publication_lag // months) + length
    return length, last


def as_state(state: pd.Series) -> pd.Series:
    """State as 1, 0 and NaN; raise `DataError` at any other value."""
    values = pd.to_numeric(state, errors="coerce").astype(float)
    strange = ~(values.isin([0.0, 1.0]) | state.isna())
    if strange.any():
        raise DataError(
            f"{state.name} in {strange.idxmax()} is {state[strange.idxmax()]!r}; a state is true or false. Compare "
            "with a threshold first."
        )
    return values


def _regular(index: pd.Index, name: object) -> str:
    """Frequency letter; raise `DataError` unless every month or quarter stands once and in order."""
    if not isinstance(index, pd.PeriodIndex) or index.freqstr[:1] not in _MONTHS:
        raise DataError(
            f"{name}: expected a monthly or quarterly PeriodIndex, got {type(index).__name__} "
            f"{getattr(index, 'freqstr', '')}. Convert with index.to_period('M') or ('Q')."
        )
    if (np.diff(index.asi8) != 1).any():
        where = index[int(np.argmax(np.diff(index.asi8) != 1))]
        raise DataError(f"{name}: a period is missing or repeated after {where}. Give every period once.")
    return str(index.freqstr[:1])
