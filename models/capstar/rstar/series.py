"""From input columns to the series that equations read, and back: which column each series needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from capstar.errors import SpecificationError

Y, PI, R, D, OIL, IMPORTS = "y", "pi", "r", "d", "oil", "imports"
COVID = pd.Period("2020Q1", freq="Q")  # before, the COVID index is zero and may be left out


class Derivation(NamedTuple):
    """How a series follows from input columns.

    Attributes
    ----------
    columns
        It needs.
    compute
        The series from a table with these columns.
    unit
        Of the series.
    """

    columns: tuple[str, ...]
    compute: Callable[[pd.DataFrame], pd.Series]
    unit: str


DERIVATIONS: dict[str, Derivation] = {
    Y: Derivation(("log_gdp",), lambda f: 100.0 * f["log_gdp"], "100 times the log of real GDP"),
    PI: Derivation(("inflation",), lambda f: f["inflation"], "percent a year"),
    R: Derivation(
        ("interest_rate", "expected_inflation"),
        lambda f: f["interest_rate"] - f["expected_inflation"],
        "ex-ante real rate, percent a year",
    ),
    D: Derivation(("covid_index",), lambda f: f["covid_index"], "stringency index, 0-100"),
    OIL: Derivation(
        ("oil_price_inflation", "inflation"),
        lambda f: f["oil_price_inflation"] - f["inflation"],
        "percent a year, relative to inflation",
    ),
    IMPORTS: Derivation(
        ("import_price_inflation", "inflation"),
        lambda f: f["import_price_inflation"] - f["inflation"],
        "percent a year, relative to inflation",
    ),
}


def columns_of(series: Iterable[str]) -> tuple[str, ...]:
    """Input columns that series need; a series of another name is a column of that name."""
    found = dict.fromkeys(
        column
        for name in series
        for column in (DERIVATIONS[name].columns if name in DERIVATIONS else (name,))
    )
    return tuple(found)


def derive(frame: pd.DataFrame, series: Iterable[str]) -> pd.DataFrame:
    """The series by name, from a table that has the columns they need."""
    out = pd.DataFrame(
        {name: DERIVATIONS[name].compute(frame) if name in DERIVATIONS else frame[name] for name in series},
        index=frame.index,
    )
    out.attrs = dict(frame.attrs)
    return out


def with_covid_index(frame: pd.DataFrame, last: pd.Period) -> pd.DataFrame:
    """A table with the COVID index, zero before 2020 where it gives none; a sample that ends before needs no column."""
    if "covid_index" not in frame and last.start_time >= COVID.start_time:
        return frame
    given = frame["covid_index"] if "covid_index" in frame else pd.Series(np.nan, frame.index)
    return frame.assign(
        covid_index=given.mask(given.isna() & (frame.index.start_time < COVID.start_time), 0.0)
    )


def assumed_future(
    h: int, real_rate: float | pd.Series | str, rstar: pd.Series, rate: pd.Series, unexplained: list[str]
) -> pd.DataFrame:
    """Series that a forecast takes as given: the assumed real rate, and zero for all others.

    Parameters
    ----------
    h
        Number of periods.
    real_rate
        ``"neutral"``, ``"last"``, a number or a path.
    rstar, rate
        Filtered r* and the real rate until the forecast begins, percent a year.
    unexplained
        The series that the equations read and do not explain.

    Raises
    ------
    SpecificationError
        ``h`` is below 1, or ``real_rate`` is none of these.
    """
    if h < 1:
        raise SpecificationError(f"h={h}; the number of periods must be at least 1.")
    index = pd.period_range(rstar.index[-1] + 1, periods=h, freq=rstar.index.freqstr)
    out = pd.DataFrame(0.0, index, unexplained)
    if isinstance(real_rate, str):
        known = {"neutral": rstar.iloc[-1], "last": rate.loc[rstar.index[-1]]}
        if real_rate not in known:
            raise SpecificationError(f"real_rate={real_rate!r}; choose 'neutral', 'last' or give a path.")
        real_rate = float(known[real_rate])
    if R in out:
        out[R] = real_rate.reindex(index) if isinstance(real_rate, pd.Series) else real_rate
    return out
