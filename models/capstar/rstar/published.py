"""Published natural rates: series that are read, not estimated, and answer as every estimate does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import Start, as_quarterly
from capstar.rstar.layouts import LAYOUTS, Layout
from capstar.rstar.natural_rate import NaturalRate
from capstar.rstar.state_path import StatePath, Which, require_which

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_AS_PUBLISHED = "what the published band includes"


@dataclass(frozen=True)
class PublishedRate(NaturalRate):
    """A published natural rate, without parameters.

    Attributes
    ----------
    layout
        What it is and where it was read.
    source
        The file, or what the table is.
    frame : pandas.DataFrame
        ``filtered`` and ``smoothed`` r*, ``lower`` and ``upper``, percent a year by quarter; NaN where it has none.
    rate : pandas.Series or None
        Real rate by quarter, percent a year, for the gap.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> table = pd.DataFrame({"date": ["2019Q3", "2019Q4"], "rstar": [0.5, 0.6], "real_rate": [0.4, 0.1]})
    >>> mine = cs.rstar.read_published(table, name="my r*", definition=cs.rstar.LONG_RUN, which="filtered")
    >>> mine
    <PublishedRate: my r*: natural rate of interest, 2019Q3-2019Q4, 2 quarters>
    >>> mine.definition == cs.rstar.LONG_RUN, mine.which, mine.citation, mine.real_rate.iloc[-1].item()
    (True, 'filtered', '', 0.1)
    >>> mine.path("rstar").filtered.to_list(), mine.data_title, list(mine.frames()), len(mine.notes())
    ([0.5, 0.6], 'the table', ['Latest quarters, percent'], 3)
    >>> figure = mine.plot(start="2019Q3")
    """

    layout: Layout
    source: str
    frame: pd.DataFrame
    rate: pd.Series | None = None

    @property
    def model_name(self) -> str:
        """Name of the estimate."""
        return self.layout.name

    @property
    def citation(self) -> str:
        """Where it is published."""
        return self.layout.citation

    @property
    def definition(self) -> str:
        """What its r* is; empty where the file does not say."""
        return self.layout.definition

    @property
    def data_title(self) -> str:
        """The file."""
        return self.source

    @property
    def real_rate(self) -> pd.Series:
        """Real rate by quarter, percent a year.

        Raises
        ------
        SpecificationError
            None was given.
        """
        if self.rate is None:
            raise SpecificationError(
                f"{self.model_name} comes without a real rate, so that it has no gap. Read it with rate=, such as "
                "rate=cs.rstar.HLW2017.fit(us).real_rate."
            )
        return self.rate

    @property
    def which(self) -> Which:
        """The kind of r* it has: ``"filtered"`` where there is one."""
        return "smoothed" if self.frame["filtered"].isna().all() else "filtered"

    def path(self, name: str) -> StatePath:
        """r* by quarter; standard errors are not published."""
        self.require_quantity(name)
        none = pd.Series(np.nan, self.frame.index)
        filtered, smoothed = (self.frame[which].rename(name) for which in ("filtered", "smoothed"))
        return StatePath(filtered, smoothed, none, none)

    def run_on(self, data: pd.DataFrame) -> PublishedRate:
        """A published series cannot be run on.

        Raises
        ------
        SpecificationError
            Always.

        Examples
        --------
        What is published ends where it ends:

        >>> import capstar as cs
        >>> import pandas as pd
        >>> table = pd.DataFrame({"date": ["2019Q3", "2019Q4"], "rstar": [0.5, 0.6], "real_rate": [0.4, 0.1]})
        >>> mine = cs.rstar.read_published(table, name="my r*", definition=cs.rstar.LONG_RUN, which="filtered")
        >>> try:
        ...     mine.run_on(table)
        ... except cs.errors.SpecificationError as error:
        ...     print(str(error).split(" and ")[0])
        my r* is a published series
        """
        raise SpecificationError(
            f"{self.model_name} is a published series and cannot be run on over {len(data)} quarters. Estimate a model."
        )

    def gap(self, which: Which = "filtered") -> pd.Series:
        """Real rate minus r*, percentage points, on the quarters that have both.

        Raises
        ------
        SpecificationError
            The series is not of that kind, or there is no real rate.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> table = pd.DataFrame({"date": ["2019Q3", "2019Q4"], "rstar": [0.5, 0.6], "real_rate": [0.4, 0.1]})
        >>> mine = cs.rstar.read_published(table, name="my r*", definition=cs.rstar.LONG_RUN, which="filtered")
        >>> mine.gap("filtered").round(2).to_list()
        [-0.1, -0.5]
        """
        if self.frame[require_which(which)].isna().all():
            raise SpecificationError(
                f"{self.model_name} has no {which} r*, only {self.which}. Ask for gap({self.which!r}); if its values "
                "were known at the time, read it with which='filtered'."
            )
        gap = (self.real_rate - self.frame[which]).reindex(self.frame.index).rename("rstar_gap")
        known = gap.loc[gap.first_valid_index() : gap.last_valid_index()]
        if gap.isna().all() or known.isna().any():
            missing = self.source if gap.isna().all() else known.index[known.isna()][0]
            raise SpecificationError(
                f"{self.model_name}: real rate and r* do not overlap without a gap ({missing}). Give a real rate "
                f"on the quarters {self.start}-{self.end}."
            )
        return known

    def bands(self, which: Which | None = None, level: float | None = None) -> pd.DataFrame:
        """The published band; NaN where there is none.

        Parameters
        ----------
        which, level
            By default, and at most, what is published.

        Raises
        ------
        SpecificationError
            Another coverage is asked for than is published.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> table = pd.DataFrame({"date": ["2019Q3", "2019Q4"], "rstar": [0.5, 0.6], "real_rate": [0.4, 0.1]})
        >>> mine = cs.rstar.read_published(table, name="my r*", definition=cs.rstar.LONG_RUN, which="filtered")
        >>> mine.bands().iloc[-1].to_dict()
        {'lower': nan, 'estimate': 0.6, 'upper': nan}
        """
        banded = "smoothed" if self.layout.smoothed else "filtered"
        chosen: Which = self.which if which is None else which
        has = chosen == banded and self.frame["lower"].notna().any()
        if has and level is not None and abs(level - self.layout.level) > 1e-9:
            raise SpecificationError(
                f"{self.model_name} is published with a band of {self.layout.level:.0%}, not of {level:.0%}. Leave "
                "level out."
            )
        out = self.frame[["lower", chosen, "upper"]].set_axis(["lower", "estimate", "upper"], axis=1)
        if not has:
            out = out.assign(lower=np.nan, upper=np.nan)
        out.attrs = {
            "includes": _AS_PUBLISHED if has else "nothing: none is published",
            "level": self.layout.level,
        }
        return out

    def frames(self) -> dict[str, pd.DataFrame]:
        """The last four quarters."""
        return {"Latest quarters, percent": self.frame.dropna(axis=1, how="all").iloc[-4:]}

    def notes(self) -> tuple[str, ...]:
        """What its r* is, where it is from, and whether it is known at the time."""
        kind = {
            "filtered": "r* of a quarter is as known then.",
            "smoothed": "r* of a quarter has seen the future.",
        }
        what = self.definition_note or "The file does not say what its r* is; read it with definition=."
        return (what, f"Read from {self.source}; {self.citation or 'no citation is given'}", kind[self.which])

    def plot(self, ax: Any = None, *, start: Start = None, level: float | None = None) -> Figure:
        """r* in its published band, from a quarter on; the only ``level`` is the published one."""
        banded: Which = "smoothed" if self.layout.smoothed else "filtered"
        if self.frame[banded].isna().all():
            banded = self.which
        return self._draw(self.bands(banded, level), banded, start, ax)


def read_published(
    source: str | Path | pd.DataFrame,
    *,
    layout: str | Layout = "plain",
    column: str | None = None,
    which: Which = "smoothed",
    rate: pd.Series | None = None,
    rows: Mapping[str, str] | None = None,
    **other: Any,
) -> PublishedRate:
    """Read a published natural rate, or one of your own.

    Parameters
    ----------
    source
        A CSV file or a table, one row a quarter. Of the default layout: ``date`` and ``rstar`` (or ``rstar_filtered``,
        ``rstar_smoothed``, or both), and if there are any ``lower``, ``upper`` and ``real_rate``, percent a year.
        A workbook of the New York Fed: ``cs.data.current_estimates("hlw").estimates`` with ``layout="new-york-fed"``.
    layout
        One of `capstar.rstar.LAYOUTS`, which say what each published r* is.
    column
        Column of r*, in place of the layout's.
    which
        Whether ``column``, or ``rstar``, is known at the time (``"filtered"``) or has seen the future, which is assumed
        where you do not say.
    rate
        Ex-ante real rate by quarter, percent a year, for the gap.
    rows
        Values by column of the rows to read, in place of the layout's.
    **other
        In place of the layout's own: ``name``, ``citation``, ``definition``, ``lower``, ``upper``, ``level``, ``date``.

    Raises
    ------
    DataError
        The file cannot be read, or a column, row or value is missing.
    SpecificationError
        There is no such layout or option.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> table = pd.DataFrame({"date": ["2019Q3", "2019Q4"], "rstar": [0.5, 0.6], "real_rate": [0.4, 0.1]})
    >>> mine = cs.rstar.read_published(table, name="my r*", definition=cs.rstar.LONG_RUN, which="filtered")
    >>> mine.gap().round(2).to_list()
    [-0.1, -0.5]
    """
    chosen = _layout(layout, other, rows)
    table, name = _table(source)
    if column is None and layout == "plain" and not {chosen.filtered, chosen.smoothed} & {*table}:
        column = "rstar"
    if column is not None:
        filtered, smoothed = (column, "") if require_which(which) == "filtered" else ("", column)
        chosen = replace(chosen, filtered=filtered, smoothed=smoothed)
    frame = _columns(table, chosen, name)
    chosen = replace(
        chosen,
        filtered="" if frame["filtered"].isna().all() else chosen.filtered,
        smoothed="" if frame["smoothed"].isna().all() else chosen.smoothed,
    )
    if rate is None and "rate" in frame and frame["rate"].notna().any():
        rate = frame["rate"].dropna().rename("r")
    return PublishedRate(chosen, name, frame.drop(columns="rate"), _quarterly_rate(rate))


def _layout(layout: str | Layout, other: Mapping[str, Any], rows: Mapping[str, str] | None) -> Layout:
    if isinstance(layout, str) and layout not in LAYOUTS:
        raise SpecificationError(f"There is no layout {layout!r}; there are {', '.join(LAYOUTS)}.")
    found = LAYOUTS[layout] if isinstance(layout, str) else layout
    known = ("name", "citation", "definition", "lower", "upper", "level", "date")
    if unknown := [key for key in other if key not in known]:
        raise SpecificationError(
            f"read_published has no option {unknown[0]!r}; beside its own it has {', '.join(known)}."
        )
    return replace(found, **other, rows=found.rows if rows is None else dict(rows))


def _table(source: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, str]:
    if isinstance(source, pd.DataFrame):
        title = str(source.attrs.get("title", "the table"))
        return source, title
    try:
        return pd.read_csv(source), Path(source).name
    except (OSError, ValueError) as error:  # a parser's error is a ValueError
        said = str(error).strip().splitlines()[0]
        raise DataError(f"{source} cannot be read as CSV: {said}. Give a CSV file with a header.") from error


def _columns(table: pd.DataFrame, layout: Layout, name: str) -> pd.DataFrame:
    """The layout's columns by their meaning, on quarters from the first to the last r*."""
    chosen = table
    for column, value in layout.rows.items():
        if column not in table or not (chosen[column].astype(str) == str(value)).any():
            raise DataError(
                f"{name}: expected rows with {column} = {value!r}. Choose rows that are there with rows={{...}}."
            )
        chosen = chosen[chosen[column].astype(str) == str(value)]
    if layout.date != "date" and layout.date in chosen:
        chosen = chosen.rename(columns={layout.date: "date"})
    meaning = ("filtered", "smoothed", "lower", "upper", "rate")
    where = {one: str(getattr(layout, one)) for one in meaning}
    if not any(where[one] in chosen for one in ("filtered", "smoothed")):
        wanted = " or ".join(repr(where[one]) for one in ("filtered", "smoothed") if where[one])
        raise DataError(
            f"{name}: expected a column {wanted} with r*, found {[str(c) for c in table]}. Name it with column=."
        )
    own = LAYOUTS["plain"]
    for one in ("lower", "upper"):
        if where[one] and where[one] not in chosen and where[one] != getattr(own, one):
            raise DataError(
                f"{name}: there is no column {where[one]!r}, the band's {one} bound. Correct {one}=."
            )
    frame = as_quarterly(chosen, source=name, columns=where.values())
    out = pd.DataFrame({one: frame.get(c, np.nan) for one, c in where.items()}, frame.index, dtype=float)
    known = out[["filtered", "smoothed"]].notna().any(axis=1)
    if not known.any():
        raise DataError(f"{name}: r* has no value. Give a series with values.")
    out = out.loc[known.idxmax() : known[::-1].idxmax()]
    if (out["lower"] > out["upper"]).any():
        raise DataError(
            f"{name}: the band is upside down in {(out['lower'] > out['upper']).idxmax()}. Swap its columns."
        )
    return out


def _quarterly_rate(rate: pd.Series | None) -> pd.Series | None:
    return None if rate is None else as_quarterly(rate.to_frame("r"), source="rate")["r"]
