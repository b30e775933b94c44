"""The model's input: which columns, which units, which quarters."""

from __future__ import annotations

import pandas as pd

from capstar.errors import DataError
from capstar.frames import as_quarterly, require_columns, require_complete
from capstar.rstar.laubach_williams.equations import Variant
from capstar.rstar.laubach_williams.starting import TREND_LEAD

_LARGEST_LOG = 20.0  # log GDP of 5e8 units; GDP in any unit in use lies below as a log, above in levels
_IMPORTS = ("oil_price_inflation", "import_price_inflation")
_COVID = pd.Period("2020Q1", freq="Q")
_BASE = ("log_gdp", "inflation", "expected_inflation", "interest_rate")


def required_columns(variant: Variant) -> tuple[str, ...]:
    """Input columns of a published model."""
    covid = ("covid_index",) if variant.covid else ()
    return (*_BASE, *covid, *(_IMPORTS if variant.import_prices else ()))


def prepare(
    data: pd.DataFrame,
    variant: Variant,
    *,
    start: str | pd.Period | None,
    end: str | pd.Period | None,
    n_params: int,
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

    Returns
    -------
    frame : pandas.DataFrame
        Columns ``y`` (100 log GDP), ``pi``, ``r`` (ex-ante real rate), ``d`` with COVID terms, ``oil``
        and ``imports`` (inflation relative to ``pi``) with import prices; from the pre-sample to ``end``.
    start, end : pandas.Period
        Sample as used.

    Raises
    ------
    DataError
        A column or quarter is missing, GDP is in levels, the sample is too short or outside the data.
    """
    source = str(data.attrs.get("title", "data"))
    frame = _before_covid(as_quarterly(data, source=source), variant, end)
    columns = required_columns(variant)
    require_columns(frame, columns, source=source, why=f"needed by {variant.name}")
    first, last = _sample(frame, variant, start, end, source)
    for column in columns:
        require_complete(frame.loc[first - _depth(column, variant) : last], [column], source=source)
    _check_units(frame.loc[first - TREND_LEAD : last], source)
    quarters = (last - first).n + 1
    if quarters < 4 * n_params:
        raise DataError(
            f"{source}: {first}-{last} has {quarters} quarters; {variant.name} has {n_params} parameters and "
            f"needs at least {4 * n_params}. Give a longer sample."
        )
    return _rename(frame.loc[first - variant.presample : last], variant), first, last


def _before_covid(frame: pd.DataFrame, variant: Variant, end: str | pd.Period | None) -> pd.DataFrame:
    """Give a sample that ends before 2020 the zero COVID index it may leave out."""
    last = frame.index[-1] if end is None else _quarter(end, "end")
    absent = variant.covid and "covid_index" not in frame.columns
    return frame.assign(covid_index=0.0) if absent and last < _COVID else frame


def _sample(
    frame: pd.DataFrame,
    variant: Variant,
    start: str | pd.Period | None,
    end: str | pd.Period | None,
    source: str,
) -> tuple[pd.Period, pd.Period]:
    earliest, binding = _earliest(frame, variant, source)
    first = earliest if start is None else _quarter(start, "start")
    last = frame.index[-1] if end is None else _quarter(end, "end")
    if first < earliest:
        raise DataError(
            f"{source}: the sample cannot start in {first}. {binding} starts in "
            f"{frame[binding].first_valid_index()} and is needed {_depth(binding, variant)} quarters before the "
            f"start: the earliest is {earliest}."
        )
    if start is not None and end is not None and last < first:
        raise DataError(f"start={first} comes after end={last}. Exchange them.")
    if last > frame.index[-1] or last < first:
        raise DataError(
            f"{source}: the sample {first}-{last} lies outside the data, {frame.index[0]}-{frame.index[-1]}. "
            "Choose another start or end."
        )
    return first, last


def _depth(column: str, variant: Variant) -> int:
    """Quarters before the start from which a column is read."""
    depths = {"log_gdp": TREND_LEAD, "inflation": variant.presample, "import_price_inflation": 0}
    return depths.get(column, 1 if column == "oil_price_inflation" else 2)


def _earliest(frame: pd.DataFrame, variant: Variant, source: str) -> tuple[pd.Period, str]:
    """First quarter the data allow, and the column that sets it."""
    starts = {}
    for column in required_columns(variant):
        first = frame[column].first_valid_index()
        if first is None:
            raise DataError(f"{source}: {column} has no value in any quarter. Fill it.")
        starts[column] = max(first, frame.index[0]) + _depth(column, variant)
    binding = max(starts, key=lambda column: starts[column])
    return starts[binding], binding


def _quarter(value: str | pd.Period, name: str) -> pd.Period:
    try:
        return pd.Period(value, freq="Q")
    except ValueError as error:
        raise DataError(f"{name}={value!r} is not a quarter. Write it as 1961Q1.") from error


def _check_units(frame: pd.DataFrame, source: str) -> None:
    high = frame["log_gdp"] > _LARGEST_LOG
    if high.any():
        quarter = high.idxmax()
        raise DataError(
            f"{source}: log_gdp in {quarter} is {frame.loc[quarter, 'log_gdp']:.6g}; a natural logarithm of "
            f"GDP is below {_LARGEST_LOG:.0f}. The column seems to hold levels (or 100 times the log): take "
            "the natural log, or use capstar.data.model_input."
        )
    if "covid_index" in frame and not frame["covid_index"].between(0, 100).all():
        quarter = (~frame["covid_index"].between(0, 100)).idxmax()
        raise DataError(
            f"{source}: covid_index in {quarter} is {frame.loc[quarter, 'covid_index']:.6g}; the stringency "
            "index lies between 0 and 100."
        )


def _rename(frame: pd.DataFrame, variant: Variant) -> pd.DataFrame:
    out = pd.DataFrame(
        {
            "y": 100.0 * frame["log_gdp"],
            "pi": frame["inflation"],
            "r": frame["interest_rate"] - frame["expected_inflation"],
        }
    )
    out.attrs = dict(frame.attrs)
    if variant.covid:
        out["d"] = frame["covid_index"]
    if variant.import_prices:
        out["oil"] = frame["oil_price_inflation"] - frame["inflation"]
        out["imports"] = frame["import_price_inflation"] - frame["inflation"]
    return out
