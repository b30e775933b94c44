"""Workbooks of the Federal Reserve Bank of New York: inputs, published estimates and parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from capstar.data.files import INPUT_NAMES, existing
from capstar.data.sources import DataSource, register
from capstar.data.sources.workbook import Workbook, headed, understood
from capstar.data.vintages import Vintages
from capstar.errors import DataError, SourceError
from capstar.frames import Start, as_quarterly, since
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Model = Literal["hlw", "lw"]
_SOURCE = "Federal Reserve Bank of New York"
_FOLDER = "/medialibrary/media/research/economists/williams/data/"
_FILES = {"hlw": "Holston_Laubach_Williams", "lw": "Laubach_Williams"}
_COUNTRIES = {"us": ("us", "united states"), "ca": ("ca", "canada"), "ea": ("ea", "euro area"), "uk": ("uk",)}
_INPUTS = INPUT_NAMES | {"gdp": "log_gdp"}
_VARIABLES = (
    ("rstar", "natural rate|rstar|r\\*"),
    ("g", "trend growth|^g$"),
    ("z", "other determinants|^z$"),
)
_VINTAGE = re.compile(r"(\d{4})[ :_]?[Qq]([1-4])")
_LOG_BELOW = 50.0  # a log of GDP is below, GDP in billions above
_PUBLISHED = 62  # days after the quarter's end at which its estimates have been out, at the latest


@dataclass(frozen=True)
class PublishedEstimates(Result):
    """What a workbook of current estimates holds for one country.

    Attributes
    ----------
    inputs
        Input of `capstar.rstar.RStarModel.fit`, quarterly; expected inflation only where the workbook has it.  Empty
        where the workbook has no inputs of the country; `published_inputs` refuses that.
    estimates
        ``rstar``, ``g``, ``z`` and ``output_gap``, percent at annual rates, each ``_filtered`` (one-sided) and in the
        Laubach-Williams workbook also ``_smoothed`` (two-sided).
    parameters
        By the workbook's own names; columns as there (``estimate`` where there is one without a name). Empty
        where the workbook has none.

    Examples
    --------
    >>> import capstar as cs
    >>> found = cs.data.current_estimates("lw")
    >>> print(*found.estimates.columns[:4])
    rstar_filtered g_filtered z_filtered output_gap_filtered
    >>> print(round(found.inputs["interest_rate"]["2019Q4"], 1))
    1.7
    >>> figure = found.plot(start="2000Q1")
    """

    inputs: pd.DataFrame
    estimates: pd.DataFrame
    parameters: pd.DataFrame

    @property
    def title(self) -> str:
        """Bank, model and country."""
        return str(self.estimates.attrs["title"])

    def to_frame(self) -> pd.DataFrame:
        """The estimates."""
        return self.estimates

    def frames(self) -> dict[str, pd.DataFrame]:
        """The last two years, and the parameters where there are any."""
        out = {"Latest estimates": self.estimates.iloc[-8:]}
        return out if self.parameters.empty else out | {"Parameters": self.parameters}

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """r*, one-sided and, where the workbook has it, two-sided, from a quarter on."""
        from capstar.plotting import plot_lines

        lines = since(self.estimates.filter(like="rstar_"), start)
        title = "Natural rate r*, published estimates"
        return plot_lines(
            lines, title=title, unit="percent a year", zero=False, source=self.provenance, ax=ax
        )


class NewYorkFed(DataSource[Workbook]):
    """A workbook by its name; as a table its estimates of the United States, of a real-time workbook those of r*."""

    key, name, example = "newyorkfed", _SOURCE, "Holston_Laubach_Williams_current_estimates"
    url = f"https://www.newyorkfed.org{_FOLDER}{{series}}.xlsx"
    pattern, terms = (
        f"({'|'.join(_FILES.values())})_(current|real_time)_estimates",
        "free; the Bank's terms of use hold",
    )

    def read(self, body: bytes, series: str) -> Workbook:
        """The workbook, known to hold r* of the United States, which each of them does."""
        book = Workbook(body, self.where(series))
        self.frame(book)
        return book

    def frame(self, found: Workbook) -> pd.DataFrame:
        """Estimates by quarter, or by quarter and vintage."""
        if "real_time" in found.where:
            return Vintages(_by_vintage(found, "us", "rstar_filtered")).to_frame()
        return _current(found, "us")


NEW_YORK = register(NewYorkFed())


def current_estimates(
    model: Model = "hlw", country: str = "us", path: str | Path | None = None
) -> PublishedEstimates:
    """The workbook of current estimates.

    Parameters
    ----------
    model
        ``"hlw"``, Holston, Laubach and Williams, or ``"lw"``, Laubach and Williams.
    country
        ``"us"``, ``"ca"``, ``"ea"`` or ``"uk"``; the second model has the United States alone.
    path
        A workbook on disk, old layout or new; by default the one now published is downloaded.

    Raises
    ------
    SourceError
        The workbook is unavailable or not one of these.
    DataError
        The model or country is unknown.

    Examples
    --------
    >>> import capstar as cs
    >>> found = cs.data.current_estimates("hlw", "us")
    >>> found.title
    'Federal Reserve Bank of New York: HLW current estimates, US'
    """
    _check_choice(model, country)
    book, attrs = _book(model, "current", path)
    title = f"{_SOURCE}: {model.upper()} current estimates, {country.upper()}"
    inputs = _inputs(book, country)
    inputs.attrs |= attrs | {"title": f"{title}, inputs"}
    estimates = _current(book, country)
    estimates.attrs |= attrs | {"title": title, "units": "percent a year"}
    return PublishedEstimates(inputs, estimates, _parameters(book, country))


def published_inputs(model: Model, country: str = "us") -> pd.DataFrame:
    """Inputs of the workbook of current estimates; raises as that does, and `SourceError` where it has none."""
    found = current_estimates(model, country).inputs
    if found.empty:
        raise SourceError(f"{found.attrs['title']}: the workbook has none. Give them in a file of your own.")
    return found


def real_time_estimates(
    model: Model = "hlw",
    country: str = "us",
    variable: str = "rstar_filtered",
    path: str | Path | None = None,
) -> Vintages:
    """Estimates as they were published quarter by quarter.

    Parameters
    ----------
    model, country, path
        As of `current_estimates`.
    variable
        A column of its ``estimates``.

    Returns
    -------
    Vintages
        A sheet of the workbook is a vintage, named by the last quarter in it. Its day here is 62 days after that
        quarter's end: the Bank publishes 58 to 62 days after.

    Examples
    --------
    >>> import capstar as cs
    >>> rstar = cs.data.real_time_estimates("hlw", "us")
    >>> str(rstar.as_of("2018-07-01").index[-1])
    '2018Q1'
    """
    _check_choice(model, country)
    book, attrs = _book(model, "real_time", path)
    out = _by_vintage(book, country, variable)
    return Vintages(out, attrs | {"series_id": f"{model}_{country}_{variable}", "units": "percent a year"})


def _by_vintage(book: Workbook, country: str, variable: str) -> pd.DataFrame:
    columns = {}
    for name in book.names:
        if (found := _VINTAGE.fullmatch(name.strip())) is None:
            continue
        where = f"{book.where}, sheet {name!r}"
        with understood(book.where, f"sheet {name!r}"):
            cells = book.sheet(name)
            table = _estimates(cells, _required_date_row(cells, where), country, where)
        if variable not in table:
            raise DataError(f"{where}: there is no {variable!r}; there are {list(table)}.")
        quarter = pd.Period(f"{found[1]}Q{found[2]}", freq="Q")
        columns[quarter.end_time.normalize() + pd.Timedelta(days=_PUBLISHED)] = table[variable]
    if not columns:
        raise SourceError(
            f"{book.where}: no sheet is named like a vintage, 2015Q4; there are {book.names[:5]}."
        )
    return pd.DataFrame(columns).sort_index().sort_index(axis=1).rename_axis("date")


def _check_choice(model: str, country: str) -> None:
    if model not in _FILES:
        raise DataError(f"model={model!r}; choose one of {list(_FILES)}.")
    if country not in _COUNTRIES or (model == "lw" and country != "us"):
        raise DataError(
            f"country={country!r}; choose one of {list(_COUNTRIES) if model == 'hlw' else ['us']}."
        )


def _book(model: Model, kind: str, path: str | Path | None) -> tuple[Workbook, dict[str, object]]:
    if path is not None:
        return Workbook(existing(path).read_bytes(), str(path)), {"source": f"{_SOURCE}, {path}"}
    book, entry = NEW_YORK.get(f"{_FILES[model]}_{kind}_estimates")
    return book, {"source": book.where, "downloaded": entry.downloaded}


def _current(book: Workbook, country: str) -> pd.DataFrame:
    """The first table of r* of a workbook."""
    for name in book.names:
        if "input" in name.lower():
            continue
        with understood(book.where, f"sheet {name!r}"):
            cells = book.sheet(name)
            row = _date_row(cells)
            heads = [] if row is None else cells.iloc[max(row - 1, 0) : row + 1].stack()
            if row is not None and "rstar" in map(_variable, map(_word, heads)):
                return _estimates(cells, row, country, f"{book.where}, sheet {name!r}")
    raise SourceError(f"{book.where}: no sheet holds r*; there are {book.names}. The layout has changed.")


def _inputs(book: Workbook, country: str) -> pd.DataFrame:
    """Of the country's own sheet, or the only one; empty where there is none."""
    sheets = [name for name in book.names if "input" in name.lower()]
    own = [name for name in sheets if name.lower().startswith(_COUNTRIES[country])]
    if not (own or (len(sheets) == 1 and country == "us")):
        return pd.DataFrame(index=pd.PeriodIndex([], freq="Q", name="date"))
    name = (own or sheets)[0]
    where = f"{book.where}, sheet {name!r}"
    with understood(book.where, f"sheet {name!r}"):
        cells = book.sheet(name)
        table = headed(cells, _required_date_row(cells, where))
        names = {column: _INPUTS[column.lower()] for column in table if column.lower() in _INPUTS}
        if absent := {"log_gdp", "inflation", "interest_rate"} - set(names.values()):
            raise SourceError(
                f"{where}: there is no column for {sorted(absent)}; there are {list(table)[:20]}."
            )
        out = _quarterly(table.rename(columns=names), list(names.values()), where)
    if (out["log_gdp"] > _LOG_BELOW).any():
        out["log_gdp"] = np.log(out["log_gdp"])
    out.attrs["units"] = dict.fromkeys(out, "percent a year") | {"log_gdp": "natural log"}
    return out


def _estimates(cells: pd.DataFrame, row: int, country: str, where: str) -> pd.DataFrame:
    """Columns under 'Date', named by themselves and by the block of the row above."""
    heads = [_word(cell) for cell in cells.iloc[row]]
    blocks = cells.iloc[row - 1].ffill() if row else pd.Series([None] * len(heads))
    columns: dict[str, int] = {}
    for k, (head, block) in enumerate(zip(heads, map(_word, blocks), strict=True)):
        own = _variable(head)
        side = "smoothed" if "two-sided" in block else "filtered"
        if own is None and head in _COUNTRIES[country]:
            own = _variable(block)
        if own is not None:
            columns.setdefault(f"{own}_{side}", k)
    if "rstar_filtered" not in columns:
        raise SourceError(f"{where}: no column holds r* of {country.upper()}. The layout has changed.")
    table = cells.iloc[row + 1 :, [0, *columns.values()]].set_axis(["date", *columns], axis=1)
    return _quarterly(table, list(columns), where)


def _quarterly(table: pd.DataFrame, columns: list[str], where: str) -> pd.DataFrame:
    """Rows that have a date, whichever day of the quarter; 'NA' is missing; notes below the table are left out."""
    date = next(name for name in table if str(name).lower() == "date")
    dates = pd.to_datetime(table[date], errors="coerce")
    kept = table.loc[dates.notna(), columns].replace(["NA", "#N/A", ".", ""], None)
    kept.index = pd.PeriodIndex(dates[dates.notna()], freq="Q", name="date")
    out = as_quarterly(kept, source=where)
    if out.isna().all(axis=None):
        raise SourceError(
            f"{where}: there is no value in {', '.join(columns)}. Take another country or workbook."
        )
    return out.loc[: out.dropna(how="all").index[-1]]


def _parameters(book: Workbook, country: str) -> pd.DataFrame:
    """The first table whose rows are named like parameters."""
    for name in book.names:
        if "input" in name.lower() or "param" not in name.lower():
            continue
        with understood(book.where, f"sheet {name!r}"):
            cells = book.sheet(name)
            labels = cells[0].map(_word)
            rows = labels.str.fullmatch(r"(lambda|sigma|kappa|phi|[abc])(_\S*)?").to_numpy(dtype=bool)
            if rows.any():
                return _named_rows(cells, labels, rows, country, f"{book.where}, sheet {name!r}")
    return pd.DataFrame()


def _named_rows(
    cells: pd.DataFrame, labels: pd.Series, rows: np.ndarray, country: str, where: str
) -> pd.DataFrame:
    """Values of the parameters' rows: in the country's column, or in all below the heading."""
    head = cells.iloc[: int(rows.argmax())].iloc[::-1]
    heading = next((line for _, line in head.iterrows() if line.iloc[1:].notna().any()), None)
    own = [] if heading is None else [k for k, c in enumerate(heading) if _word(c) in _COUNTRIES[country]]
    values = cells.loc[rows].set_index(labels[rows].rename("parameter"))
    wanted = own or [k for k in values.columns[1:] if values[k].notna().any()]
    out = values[wanted].apply(pd.to_numeric, errors="coerce").astype(float)
    if np.isinf(out).any(axis=None):
        raise SourceError(
            f"{where}: {out.index[np.isinf(out).any(axis=1)][0]} is infinite. Fetch the workbook again."
        )
    named = [_word(heading[k]) if heading is not None and not own else "" for k in wanted]
    out.columns = pd.Index([word or "estimate" for word in named])
    return out


def _date_row(cells: pd.DataFrame) -> int | None:
    first = cells[0].map(_word).to_numpy()
    found = np.flatnonzero(first == "date")
    return int(found[0]) if len(found) else None


def _required_date_row(cells: pd.DataFrame, where: str) -> int:
    if (row := _date_row(cells)) is None:
        raise SourceError(f"{where}: there is no row that begins with 'Date'. The layout has changed.")
    return row


def _variable(text: str) -> str | None:
    if "gap" in text:
        return "output_gap"
    return next((name for name, pattern in _VARIABLES if re.search(pattern, text)), None)


def _word(cell: object) -> str:
    return "" if cell is None or cell != cell else str(cell).strip().lower()  # noqa: PLR0124
