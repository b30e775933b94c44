"""What single tests ask of their input and options beyond `checked_sample`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.leads.numerics import checked_sample

Floats = npt.NDArray[np.float64]


def require_pairs(
    y: npt.ArrayLike, x: npt.ArrayLike, *, fewest: int = 10, unused: int = 0
) -> tuple[Floats, Floats]:
    """Response and regressor, (n,) each, as floats, once `checked_sample` and a regressor that varies allow a test.

    Parameters
    ----------
    y, x
        Aligned by position: an index, such as that of a lag, is not compared.
    fewest
        Rows needed.
    unused
        Leading values of ``y`` that the test does not use and that may be missing.

    Raises
    ------
    DataError
        Other shapes, unequal lengths, too few rows, a value missing, or a regressor that does not vary.
    """
    given = {"response": np.array(y, dtype=float, ndmin=1), "regressor": np.asarray(x, dtype=float)}
    given["response"][:unused] = 0.0
    response, regressor = checked_sample(given, what="observations", fewest=max(fewest, 2))
    require_variation_of(regressor)
    return response, regressor


def require_variation_of(x: Floats, name: object = "The regressor") -> None:
    """Raise `DataError` unless every column of x, (n,) or (n, k), varies beyond rounding."""
    if (np.ptp(x, axis=0) <= 1e-12 * np.abs(x).max(axis=0, initial=0.0)).any():
        raise DataError(f"{name} does not vary. Give another one.")


def require_count(name: str, value: int, least: int, most: int, of: str) -> None:
    """Raise `SpecificationError` unless a number lies between two others.

    Parameters
    ----------
    name, value
        Of the option.
    least, most
        Allowed.
    of
        What sets the bounds: ``"60 observations"``.
    """
    if not least <= value <= most or value != int(value):
        raise SpecificationError(
            f"{name}={value}; choose a whole number from {least} to {most} with {of}."
            if most >= least
            else f"{name}={value}: {of} are too few for any."
        )


def require_horizon(horizon: int, nobs: int, *, fewest: int = 10) -> None:
    """Raise `SpecificationError` unless ``nobs`` periods leave ``fewest`` sums over the horizon."""
    require_count("horizon", horizon, 1, nobs - fewest + 1, f"{nobs} periods")


def require_level(name: str, value: float) -> None:
    """Raise `SpecificationError` unless a probability lies strictly between 0 and 1."""
    if not 0 < value < 1:
        raise SpecificationError(f"{name}={value}; choose a number between 0 and 1.")


def require_same_dates(series: pd.Series, table: pd.Series | pd.DataFrame) -> None:
    """Raise `DataError` unless both are on the same dates."""
    if not table.index.equals(series.index):
        names = table.name if isinstance(table, pd.Series) else list(table)
        raise DataError(f"{series.name} and {names} are on different dates. Align them first.")


def require_known(table: pd.DataFrame, advice: str = "Fill it or cut the sample there.") -> None:
    """Raise `DataError` at the first missing or infinite value of a table."""
    unknown = (table.isna() | table.isin([np.inf, -np.inf])).to_numpy()
    if unknown.any():
        column = int(np.argmax(unknown.any(axis=0)))  # by position: two may have one name
        at = int(np.argmax(unknown[:, column]))
        how = "missing" if pd.isna(table.iloc[at, column]) else "infinite"
        raise DataError(f"{table.columns[column]} is {how} in {table.index[at]}. {advice}")


def require_variation(table: pd.DataFrame) -> None:
    """Raise `DataError` if a column is constant or a combination of others."""
    spread = table.std(ddof=0).where(lambda sd: sd > 1e-12 * table.abs().max(), 1.0)
    scaled = ((table - table.mean()) / spread).to_numpy(dtype=float)
    if table.shape[1] and np.linalg.svd(scaled, compute_uv=False)[-1] < 1e-6 * np.sqrt(len(table)):
        raise DataError(
            f"{[str(name) for name in table]}: a predictor does not vary, or they are collinear. Leave one out."
        )


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
