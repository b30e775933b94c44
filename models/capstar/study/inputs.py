"""What is studied: input of the models, returns and vintages, from wherever they are."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from capstar import data
from capstar.data import Vintages
from capstar.data.embedded import by_size
from capstar.errors import DataError, DataWarning, SourceError, SpecificationError
from capstar.frames import as_frequency, as_quarterly
from capstar.rstar.countries import COUNTRIES, country_name
from capstar.study.vintages import vintage_tables
from capstar.units import Units, in_model_units

Tables: TypeAlias = dict[str, pd.DataFrame]
Source: TypeAlias = str | Path | pd.DataFrame
EMBEDDED, FRED, FRENCH, ALFRED, NONE = "embedded", "fred", "french", "alfred", "none"
MACRO, LW, RETURNS, ECONOMY, MONTHLY = "macro", "lw", "returns", "economy", "monthly"
_NEEDED = ("small", "large", "risk_free")
_BEHIND = 4  # quarters by which returns may end before the data without a warning


def study_data(
    input: Source = EMBEDDED,  # noqa: A002
    returns: Source | None = None,
    *,
    as_of: str | pd.Timestamp | None = None,
    country: str | None = None,
    vintages: str | Path | Mapping[str, Vintages] | None = None,
    monthly: Source | None = None,
    units: Units = None,
) -> Tables:
    """The study's tables.

    Parameters
    ----------
    input
        Of the models: ``"embedded"`` (US, to 2009), ``"fred"`` (live), a file (`capstar.data.read_input`), a folder
        written by ``capstar data snapshot``, or a table.
    returns
        ``"embedded"`` (to 2017), ``"french"`` (live), or a file or table of months with ``small``, ``large`` and
        ``risk_free``, percent.  By default French's with live data, those of a snapshot, and else embedded.
    as_of
        Day of which live data are taken as then known; returns end in the month before.
    country
        Of live data, one of `capstar.rstar.countries`; returns are of the United States unless given.
    vintages
        ``"alfred"``, by default with live US data, ``"philadelphia"``, a folder of the Philadelphia Fed's files,
        ``"none"``, or `Vintages` by ``"output"`` and ``"prices"``.
    monthly
        Of the models of months, a file or table: monthly columns, and output in the quarter's last month.  By default
        there is none, or that of a snapshot.
    units
        Of a file or table; see `capstar.units.in_model_units`.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``macro`` and ``returns``; ``lw``, input of Laubach and Williams's models, where live data have it; ``economy``,
        unemployment and the term spread, of embedded and live data (a file may have them as columns ``unemployment``
        and ``term_spread``); ``vintages_output`` and ``vintages_prices`` where there are vintages; ``monthly`` where
        it is given.

    Raises
    ------
    DataError
        A table cannot be read, lacks a column, or a folder holds no snapshot of a study.
    SourceError
        A source has no usable answer.
    SpecificationError
        Options do not go together.

    Warns
    -----
    DataWarning
        A source that the study can do without has no usable answer, or returns end long before the data.

    Examples
    --------
    >>> import capstar as cs
    >>> tables = cs.study.study_data("embedded")
    >>> print({name: str(table.index[-1]) for name, table in tables.items()})
    {'macro': '2009Q3', 'economy': '2009Q3', 'returns': '2017-03'}
    """
    _require_options(input, returns, as_of, country)
    if monthly is not None and as_of is not None:
        raise SpecificationError(
            f"as_of: {_named(monthly)} is of one day alone, which need not be that one. Leave as_of or monthly out."
        )
    if units is not None and (_is(input, EMBEDDED) or _is(input, FRED) or _is_folder(input)):
        raise SpecificationError(
            f"units are of a file's columns; those of {_named(input)} are known. Leave units out."
        )
    tables = _model_tables(input, as_of, country, units)
    wanted = FRENCH if returns is None and _is(input, FRED) else returns
    if wanted is not None or RETURNS not in tables:
        tables[RETURNS] = _returns(EMBEDDED if wanted is None else wanted)
    if monthly is not None:
        tables[MONTHLY] = _by_month(monthly, units)
    if as_of is not None:
        known = tables[RETURNS].index.end_time < pd.Timestamp(as_of)
        tables[RETURNS] = tables[RETURNS].loc[known]
    _add_vintages(tables, vintages, live=_is(input, FRED) and country is None, as_of=as_of)
    _warn_of_early_end(tables)
    return tables


def _is(source: object, word: str) -> bool:
    return isinstance(source, str) and source == word


def _is_folder(source: object) -> bool:
    try:
        return isinstance(source, str | Path) and Path(source).is_dir()
    except OSError:  # too long for a name
        return False


def _require_options(input_: object, returns: object, as_of: object, country: str | None) -> None:
    if as_of is not None and not _is(input_, FRED):
        raise SpecificationError(
            f"as_of needs live data; {_named(input_)} is of one day alone. Leave as_of out, or give input 'fred'."
        )
    if country is None or country_name(country) == "us":
        return
    if _is(input_, EMBEDDED):
        raise SpecificationError(
            f"country {country!r}: the embedded data are of the United States. Give input 'fred', or a file."
        )
    if returns is None and not _is_folder(input_):
        raise SpecificationError(
            f"country {country!r}: there are no small-cap returns of it here. Give returns, a file with the columns "
            f"date, {', '.join(_NEEDED)}; or 'french' to ask of those of the United States."
        )


def _named(source: object) -> str:
    return "a table" if isinstance(source, pd.DataFrame) else str(source)[:80]


def _model_tables(
    source: Source, as_of: str | pd.Timestamp | None, country: str | None, units: Units
) -> Tables:
    if isinstance(source, pd.DataFrame):
        table = as_quarterly(source, source=_named(source), columns=None)
        return {MACRO: in_model_units(table, units)}
    if _is(source, EMBEDDED):
        return {MACRO: data.us_macro(), ECONOMY: data.us_economy()}
    if _is(source, FRED):
        return _live(as_of, "us" if country is None else country_name(country, COUNTRIES))
    if _is_folder(source):
        return _snapshot(source)
    return {MACRO: data.read_input(source, units=units)}


def _by_month(source: Source, units: Units) -> pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        return in_model_units(as_frequency(source, "M", source="monthly", columns=None), units)
    return data.read_input(source, units=units, frequency="M")


def _snapshot(folder: str | Path) -> Tables:
    tables = data.read_snapshot(folder)
    if absent := [name for name in (MACRO, RETURNS) if name not in tables]:
        raise DataError(f"{folder}: the snapshot has no table {absent[0]}; it is not of a study.")
    return tables


def _live(as_of: str | pd.Timestamp | None, country: str) -> Tables:
    name = country.replace(" ", "_")
    out = {MACRO: data.fetch(f"{name}_hlw", as_of=as_of, covid=True)}
    if country == "us":
        try:
            out[LW] = data.us_lw(as_of)
        except SourceError as error:
            _warn(f"The models of Laubach and Williams are left out: {error}")
        try:
            out[ECONOMY] = data.us_economy("fred", as_of=as_of)
        except SourceError as error:
            _warn(str(error))
    return out


def _returns(source: Source) -> pd.DataFrame:
    if _is(source, EMBEDDED):
        return data.small_cap_returns()
    if _is(source, FRENCH):
        return data.size_returns()
    table = source if isinstance(source, pd.DataFrame) else data.read_returns(str(source))
    if absent := [name for name in _NEEDED if name not in table]:
        raise DataError(
            f"{_named(source)}: there is no column {absent[0]}. Give returns in percent a month in the columns "
            f"{', '.join(_NEEDED)}."
        )
    missing = pd.Series(np.nan, table.index)
    market, smb = (table.get(name, missing) for name in ("market", "smb"))
    out = by_size(table["small"], table["large"], market, smb, table["risk_free"])
    out.attrs = {
        "title": _named(source),
        "units": "percent a month",
        "note": "small as the file has it",
    } | table.attrs
    return out


def _add_vintages(
    tables: Tables,
    wanted: str | Path | Mapping[str, Vintages] | None,
    *,
    live: bool,
    as_of: str | pd.Timestamp | None,
) -> None:
    if _is(wanted, NONE) or (wanted is None and not live):
        return
    last = tables[MACRO].index[-1]
    try:
        tables |= vintage_tables(ALFRED if wanted is None else wanted, last, as_of)
    except SourceError as error:
        if wanted is not None:
            raise
        _warn(f"There are no vintages, and r* is estimated again in quasi-real time alone: {error}")


def _warn_of_early_end(tables: Tables) -> None:
    last, months = tables[MACRO].index[-1], tables[RETURNS].index
    if not isinstance(last, pd.Period) or not len(months) or not hasattr(months, "asfreq"):
        return
    if (last.asfreq("Q") - months[-1].asfreq("Q")).n > _BEHIND:
        _warn(
            f"The returns end in {months[-1]} and the data in {last}: what is later says nothing of returns. Give "
            "longer returns, such as 'french'."
        )


def _warn(text: str) -> None:
    warnings.warn(text, DataWarning, stacklevel=4)
