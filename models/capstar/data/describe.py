"""What a table of data is and where it came from."""

from __future__ import annotations

import pandas as pd

_KEYS = {
    "units": "unit",
    "series_id": "series",
    "source": "source",
    "vintage": "vintage",
    "downloaded": "downloaded",
    "transformation": "transformation",
    "assumed": "assumed",
}


def describe_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Every column's span, gaps, unit and provenance.

    Parameters
    ----------
    frame
        Any table of this package; ``attrs`` tell what the values themselves do not.

    Returns
    -------
    pandas.DataFrame
        One row a column: ``first``, ``last``, ``observations``, ``missing`` (between first and last), and from
        ``attrs`` ``unit``, ``series``, ``source``, ``vintage``, ``downloaded``, ``transformation``, and ``assumed``,
        how a file was read where there was a choice; empty where nothing is known.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.describe_data(cs.data.us_macro())[["first", "last", "missing"]]
                                 first    last  missing
    statsmodels macrodata (US)
    log_gdp                     1960Q1  2009Q3        0
    inflation                   1960Q1  2009Q3        0
    expected_inflation          1960Q1  2009Q3        0
    interest_rate               1960Q1  2009Q3        0
    """
    out = pd.DataFrame.from_dict({str(name): _row(frame, str(name)) for name in frame}, orient="index")
    out.index.name = str(frame.attrs.get("title", "data"))
    return out


def _row(frame: pd.DataFrame, name: str) -> dict[str, object]:
    column = frame[name]
    first, last = column.first_valid_index(), column.last_valid_index()
    row: dict[str, object] = {
        "first": "" if first is None else str(first),
        "last": "" if last is None else str(last),
        "observations": int(column.notna().sum()),
        "missing": 0 if first is None else int(column.loc[first:last].isna().sum()),
    }
    for key, label in _KEYS.items():
        said = frame.attrs.get(key, "")  # of all columns, or by column
        row[label] = str(said.get(name, "") if isinstance(said, dict) else said)
    return row
