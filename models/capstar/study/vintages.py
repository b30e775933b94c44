"""Vintages of output and prices, and the input of a model as it was known after each quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from capstar import data
from capstar.data import Vintages
from capstar.errors import DataError, SpecificationError

OUTPUT, PRICES = "vintages_output", "vintages_prices"
FIRST = "2000Q2"  # ALFRED has the core price index in vintages since August 2000
_LONGEST = 4096  # characters of a path
LAG = 2  # months from the end of a quarter to the day its vintage is of, rounded up
_SERIES = {OUTPUT: "GDPC1", PRICES: "PCEPILFE"}
# Prices of output have vintages since 1965, core prices since 1996.
_VARIABLES = {OUTPUT: ("ROUTPUT",), PRICES: ("PCONX", "P")}
_BASIC = {"log_gdp", "inflation", "expected_inflation", "interest_rate", "covid_index"}


def day_known(quarter: pd.Period) -> pd.Timestamp:
    """The day whose vintage a quarter has: the 15th of the second month after it, when its first release is out."""
    return (quarter + 1).start_time.normalize() + pd.DateOffset(months=1, days=14)


def vintage_tables(
    source: str | Path | Mapping[str, Vintages], last: pd.Period, as_of: str | pd.Timestamp | None = None
) -> dict[str, pd.DataFrame]:
    """Vintages of output and of prices, as tables with a column a day.

    Parameters
    ----------
    source
        ``"alfred"``, ``"philadelphia"``, a folder with the Philadelphia Fed's files (``ROUTPUT...``, and ``PCONX...``
        or ``P...``), or `Vintages` by ``"output"`` and ``"prices"``.
    last
        Last quarter wanted.
    as_of
        Day after which no vintage is wanted.

    Raises
    ------
    DataError
        A file is absent, or there is no vintage.
    SourceError
        A source has no usable answer.
    SpecificationError
        There is no such source.
    """
    found = _found(source, last, as_of)
    out = {}
    for name, one in found.items():
        kept = one.table.loc[:, one.days <= _end(as_of)]
        if kept.shape[1] == 0:
            raise DataError(f"{one.title}: no vintage is of {as_of} or before. Choose a later day.")
        out[name] = Vintages(kept, one.attrs).to_frame()
    return out


def _end(as_of: str | pd.Timestamp | None) -> pd.Timestamp:
    return pd.Timestamp.now().normalize() if as_of is None else pd.Timestamp(as_of)


def _found(
    source: str | Path | Mapping[str, Vintages], last: pd.Period, as_of: str | pd.Timestamp | None
) -> dict[str, Vintages]:
    if isinstance(source, Mapping):
        try:
            return {OUTPUT: source["output"], PRICES: source["prices"]}
        except KeyError as error:
            raise SpecificationError(f"vintages: {error} is missing. Give 'output' and 'prices'.") from error
    if source == "alfred":
        days = [day_known(t) for t in pd.period_range(FIRST, max(last, pd.Period(FIRST)), freq="Q")]
        known = [day for day in days if day <= _end(as_of)]
        return {name: data.alfred(series, known) for name, series in _SERIES.items()}
    if source == "philadelphia":
        return {name: data.real_time_matrix(names[-1]) for name, names in _VARIABLES.items()}
    if not (isinstance(source, Path) or len(source) < _LONGEST) or not Path(source).is_dir():
        raise SpecificationError(
            f"vintages={str(source)[:80]!r}; choose 'alfred', 'philadelphia', 'none', or a folder that is there."
        )
    return {name: _in_folder(Path(source), names) for name, names in _VARIABLES.items()}


def _in_folder(folder: Path, names: tuple[str, ...]) -> Vintages:
    """The first of some variables that a file in the folder is of, such as ``ROUTPUTQvQd.xlsx``."""
    files = sorted(one for one in folder.iterdir() if one.suffix.lower() in (".xlsx", ".csv"))
    for name in names:
        for file in files:
            if file.stem.upper() in (name, f"{name}QVQD", f"{name}MVQD"):
                return data.real_time_matrix(name, file)
    raise DataError(
        f"{folder}: there is no file {' or '.join(f'{name}QvQd.xlsx' for name in names)}. Put the Philadelphia Fed's "
        "file there under its own name."
    )


@dataclass(frozen=True)
class KnownThen:
    """The input of a model as it was known after each quarter.

    Attributes
    ----------
    macro
        The latest input; its interest rate is never revised, its COVID index taken as it is.
    output, prices
        Vintages of real output and of the price index, monthly or quarterly.
    """

    macro: pd.DataFrame
    output: Vintages
    prices: Vintages

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame]) -> KnownThen | None:
        """Of the study's tables; None where they hold no vintages."""
        if OUTPUT not in tables or PRICES not in tables:
            return None
        output, prices = (
            Vintages(one.set_axis(pd.DatetimeIndex(one.columns), axis=1), dict(one.attrs))
            for one in (tables[OUTPUT], tables[PRICES])
        )
        return cls(tables["macro"], output, prices)

    def __call__(self, quarter: pd.Period) -> pd.DataFrame:
        """The input known on `day_known`, to the quarter."""
        day = day_known(quarter)
        gdp, prices = (_quarterly(one.as_of(day)) for one in (self.output, self.prices))
        rate = self.macro["interest_rate"].loc[:quarter].dropna()
        out = data.model_input(gdp, prices, rate, compounding="none")
        if "covid_index" in self.macro:
            out["covid_index"] = self.macro["covid_index"].reindex(out.index)
        return out.loc[:quarter]

    def serves(self, inputs: tuple[str, ...]) -> bool:
        """Whether vintages give every input of a model."""
        return set(inputs) <= _BASIC

    @property
    def quarters(self) -> pd.PeriodIndex:
        """The last quarters in a row after each of which data were known that end in it, or the quarter before."""
        first = max(self.output.days[0], self.prices.days[0]).to_period("Q") - 1
        out: list[pd.Period] = []
        for t in pd.period_range(first, self.macro.index[-1], freq="Q"):
            if self._reaches(t):
                out.append(t)
            elif out and self._reaches(t + 1):  # a hole, not the end
                out = []
        return pd.PeriodIndex(out, freq="Q", name="date")

    def _reaches(self, quarter: pd.Period) -> bool:
        day = day_known(quarter)
        if day < max(self.output.days[0], self.prices.days[0]):
            return False
        ends = [one.as_of(day).last_valid_index().asfreq("Q") for one in (self.output, self.prices)]
        return bool(min(ends) >= quarter - 1)


def _quarterly(series: pd.Series) -> pd.Series:
    whole = series.dropna()
    return data.to_quarterly(whole).dropna() if whole.index.freqstr.startswith("M") else whole
