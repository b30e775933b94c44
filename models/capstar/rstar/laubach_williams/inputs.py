"""The model's input: which columns, which units, which quarters."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from capstar.errors import DataError
from capstar.frames import as_quarterly, require_columns, require_complete
from capstar.rstar.laubach_williams.equations import STAGES, Variant
from capstar.rstar.laubach_williams.starting import TREND_LEAD
from capstar.rstar.series import PI, R, Y, columns_of, derive, with_covid_index
from capstar.units import RIGHT, Units, check_units, in_model_units


def required_columns(variant: Variant) -> tuple[str, ...]:
    """Input columns of a model."""
    return columns_of(_depths(variant))


def _depths(variant: Variant) -> dict[str, int]:
    """Quarters before the start from which each series is read, by any stage or by the trend of output."""
    out = {Y: TREND_LEAD, PI: 0, R: 0}
    for stage in STAGES:
        for name, depth in variant.stage(stage).depths().items():
            out[name] = max(out.get(name, 0), depth)
    return out


def prepare(
    data: pd.DataFrame,
    variant: Variant,
    *,
    start: str | pd.Period | None,
    end: str | pd.Period | None,
    n_params: int,
    units: Units = None,
) -> tuple[pd.DataFrame, pd.Period, pd.Period]:
    """Check the input and give it the model's names.

    Parameters
    ----------
    data
        Table in the input format; see `RStarModel.fit`.
    variant
        Decides the columns.
    start, end
        Sample of the likelihood; by default everything the lags leave.
    n_params
        A sample of fewer than four quarters a parameter is refused.
    units
        Of the columns, where they are not the model's; see `capstar.units.in_model_units`.

    Returns
    -------
    frame : pandas.DataFrame
        The series that the equations of any stage read; see `capstar.rstar.series.DERIVATIONS`.  A series without
        a derivation is the input column of its name.  From the deepest lag to ``end``.
    start, end : pandas.Period
        Sample as used.

    Raises
    ------
    DataError
        A column or quarter is missing, a unit is impossible (`capstar.units`), the sample is too short or outside the
        data.
    """
    source = str(data.attrs.get("title", "data"))
    depths = _depths(variant)
    needed = _by_column(depths)
    table = in_model_units(as_quarterly(data, source=source, columns=needed), units)
    known, table.attrs = table.attrs, {RIGHT: table.attrs.get(RIGHT, ())}  # which pandas copies at every step
    frame = with_covid_index(table, table.index[-1] if end is None else _quarter(end, "end"))
    columns = tuple(needed)
    absent = [name for name in columns if name not in frame]
    require_columns(table, absent, source=source, why=f"needed by {variant.name}")
    first, last = _sample(frame, needed, start, end, source)
    for column, depth in needed.items():
        require_complete(frame.loc[first - depth : last], [column], source=source)
    check_units(frame.loc[first - TREND_LEAD : last, list(columns)], source=source)
    quarters = (last - first).n + 1
    if quarters < 4 * n_params:
        raise DataError(
            f"{source}: {first}-{last} has {quarters} quarters; {variant.name} has {n_params} parameters and "
            f"needs at least {4 * n_params}. Give a longer sample."
        )
    out = derive(frame.loc[first - max(depths.values()) : last], depths)
    out.attrs = known
    return out, first, last


def _by_column(depths: Mapping[str, int]) -> dict[str, int]:
    """Quarters before the start from which each input column is read."""
    out = dict.fromkeys(columns_of(depths), 0)
    for series, depth in depths.items():
        for column in columns_of([series]):
            out[column] = max(out[column], depth)
    return out


def _sample(
    frame: pd.DataFrame,
    needed: Mapping[str, int],
    start: str | pd.Period | None,
    end: str | pd.Period | None,
    source: str,
) -> tuple[pd.Period, pd.Period]:
    earliest, binding = _earliest(frame, needed, source)
    first = earliest if start is None else _quarter(start, "start")
    last = frame.index[-1] if end is None else _quarter(end, "end")
    if first < earliest:
        raise DataError(
            f"{source}: the sample cannot start in {first}. {binding} starts in "
            f"{frame[binding].first_valid_index()} and is needed {needed[binding]} quarters before the "
            f"start: the earliest is {earliest}."
        )
    if start is not None and end is not None and last < first:
        raise DataError(f"start={first} comes after end={last}. Swap them.")
    if last > frame.index[-1] or last < first:
        raise DataError(
            f"{source}: the sample {first}-{last} lies outside the data, {frame.index[0]}-{frame.index[-1]}. "
            "Choose another start or end."
        )
    return first, last


def _earliest(frame: pd.DataFrame, needed: Mapping[str, int], source: str) -> tuple[pd.Period, str]:
    """First quarter the data allow, and the column that sets it."""
    starts = {}
    for column, depth in needed.items():
        first = frame[column].first_valid_index()
        if first is None:
            raise DataError(f"{source}: {column} has no value in any quarter. Fill it.")
        starts[column] = max(first, frame.index[0]) + depth
    binding = max(starts, key=lambda column: starts[column])
    return starts[binding], binding


def _quarter(value: str | pd.Period, name: str) -> pd.Period:
    try:
        return pd.Period(value, freq="Q")
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(f"{name}={str(value)[:80]!r} is not a quarter. Write it as 1961Q1.") from error
