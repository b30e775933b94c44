"""What single tests ask of their input and options beyond `checked_sample`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
