"""The output gap of Cooper and Priestley (2009): log output less a polynomial in time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError

Floats = npt.NDArray[np.float64]


def output_gap(
    production: pd.Series, *, degree: int = 2, recursive: bool = False, first: int = 60
) -> pd.Series:
    r"""Deviation of log output from a polynomial in time.

    Parameters
    ----------
    production
        Level of output or industrial production, positive, one value a period without gaps.
    degree
        Of the polynomial; Cooper and Priestley use 2, and 1 for comparison.
    recursive
        The trend of each period from the periods up to it, instead of the whole sample.  The whole-sample gap of a
        period uses the future: forecasts from it look ahead.  Neither form undoes revisions of the data.
    first
        Periods before the first recursive gap, itself included.

    Returns
    -------
    pandas.Series
        ``100 log`` deviation, percent, named after the series; NaN before the first.

    Raises
    ------
    DataError
        A value is missing or not positive, or there are too few.
    SpecificationError
        The degree is not 1 to 4, or ``first`` leaves fewer than two degrees of freedom.

    References
    ----------
    Cooper and Priestley (2009), "Time-varying risk premiums and the output gap", *Review of Financial Studies*
    22(7), equation 1.
    """
    if not 1 <= degree <= 4 or first < degree + 3:
        raise SpecificationError(
            f"degree={degree}, first={first}; the degree is 1 to 4 and first at least degree + 3."
        )
    levels = production.to_numpy(dtype=float)
    bad = ~(np.isfinite(levels) & (levels > 0))
    if bad.any():
        raise DataError(
            f"{production.name} in {production.index[int(np.argmax(bad))]} is {levels[int(np.argmax(bad))]:g}; no "
            "log exists. Fill it or cut the sample there."
        )
    if len(levels) < first:
        raise DataError(f"{production.name} has {len(levels)} periods; at least {first} are needed.")
    log = 100 * np.log(levels)
    if recursive:
        gap = np.full(len(log), np.nan)
        for t in range(first - 1, len(log)):
            gap[t] = _detrended(log[: t + 1], degree)[-1]
    else:
        gap = _detrended(log, degree)
    return pd.Series(gap, production.index, name=production.name)


def _detrended(log: Floats, degree: int) -> Floats:
    basis, _ = np.linalg.qr(np.vander(np.linspace(-1, 1, len(log)), degree + 1))
    out: Floats = log - basis @ (basis.T @ log)
    return out
