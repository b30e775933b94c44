"""Trends of a series by themselves, without a model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.kernels.arrays import Floats

_HIGHEST = 8  # degree; higher ones swing at the ends of the sample


@checked
def polynomial_trend(
    series: pd.Series, degree: int = 2, *, one_sided: bool = False, min_periods: int = 60
) -> pd.Series:
    """Least squares of a series on a constant and powers of time.

    The quadratic trend of ``100 log`` industrial production, taken from it, is the output gap of Cooper and Priestley.

    Parameters
    ----------
    series
        One value a period, without missing ones, shape (n,).
    degree
        Of the polynomial, 0 (the mean) to 8.
    one_sided
        Each period's trend is the end point of that of the periods up to it.  The trend of the whole sample uses the
        future: forecasts from deviations from it look ahead.  Neither undoes revisions of the data.
    min_periods
        Periods up to the first one-sided trend, itself included, at least ``degree + 2``; earlier ones are NaN.

    Raises
    ------
    DataError
        A value is missing or infinite, or there are too few.
    SpecificationError
        The degree or ``min_periods`` is not valid.

    References
    ----------
    Cooper and Priestley (2009), "Time-varying risk premiums and the output gap", *Review of Financial Studies*
    22(7), equation 1.

    Examples
    --------
    >>> import capstar as cs
    >>> output = 100 * cs.data.us_macro()["log_gdp"]
    >>> seen, known = (output - cs.rstar.polynomial_trend(output, one_sided=one) for one in (False, True))
    >>> print(round(seen["1990Q1"], 1), round(known["1990Q1"], 1))  # output gap, percent
    0.9 4.0
    """
    if not 0 <= degree <= _HIGHEST or min_periods < degree + 2:
        raise SpecificationError(
            f"degree={degree}, min_periods={min_periods}; the degree is 0 to {_HIGHEST} and min_periods at least "
            "degree + 2."
        )
    values, fewest = series.to_numpy(dtype=float), min_periods if one_sided else degree + 2
    unknown = int((~np.isfinite(values)).sum())
    if unknown or len(values) < fewest:
        raise DataError(
            f"{series.name}: {len(values)} values, {unknown} missing or infinite; at least {fewest}, all finite, "
            "are needed. Fill or cut the series."
        )
    trend = np.full(len(values), np.nan)
    if one_sided:
        trend[fewest - 1 :] = [_fitted(values[:t], degree)[-1] for t in range(fewest, len(values) + 1)]
    else:
        trend = _fitted(values, degree)
    return pd.Series(trend, series.index, name=series.name)


def _fitted(values: Floats, degree: int) -> Floats:
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(np.linspace(-1, 1, len(values)), degree))
    out: Floats = basis @ (basis.T @ values)
    return out
