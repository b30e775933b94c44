"""An index as computed: levels, holdings, exposures, contributions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import Start, since
from capstar.reporting import Result
from capstar.smallcaps.prices import PriceTable
from capstar.smallcaps.rules import IndexRules
from capstar.smallcaps.schema import NO_SECTOR
from capstar.writing import csv_text, whole, whole_folder, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Level = Literal["price", "total"]


@dataclass(frozen=True)
class IndexResults(Result):
    """An index by its rules.

    A security keeps its first identifier; `names` leads from later ones to it.

    Attributes
    ----------
    rules
        By which it was computed.
    levels : pandas.DataFrame
        By date: ``price`` and ``total`` return level; ``divisor``, ``members`` and ``effective_number`` of
        holdings (one over the sum of squared weights) after the day's changes.
    event_log : pandas.DataFrame
        Every event (``date``, ``event``) with the divisor after it.
    membership : pandas.DataFrame
        One row a spell: ``id``, ``joined`` and ``left`` are the dates after whose close it joined and left (NaT
        if it is still in), ``why_joined``, ``why_left``.
    holdings : pandas.DataFrame
        Changes of index shares: ``date``, ``id``, ``shares`` from that day's close on.
    sectors : pandas.DataFrame
        Weight of each sector by date, after the day's changes; sums to one.
    gains : pandas.DataFrame
        Points of the ``price`` and the ``total`` return level gained through each member, by ``month``.
    rebalances : pandas.DataFrame
        Reconstitutions and reviews: members, joined, left, ``turnover`` (one way, a fraction; NaN at the start),
        and for each screen how many securities, or companies, failed it on rank day (``fails_min_price``).
    carried : pandas.DataFrame
        Closes that members were valued at and that are not in the table of prices.
    names : pandas.Series
        First identifier by later identifier.
    prices
        Table of prices, read again for the weights of a date.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.smallcaps.examples import three_companies
    >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run()
    >>> index.annualised().round(1)
           return  volatility
    price    68.3         0.1
    total    70.6         0.7
    >>> index.rebalances[["kind", "members", "turnover"]]
                 kind  members  turnover
    0  reconstitution        3       NaN
    """

    rules: IndexRules
    levels: pd.DataFrame
    event_log: pd.DataFrame
    membership: pd.DataFrame
    holdings: pd.DataFrame
    sectors: pd.DataFrame
    gains: pd.DataFrame
    rebalances: pd.DataFrame
    carried: pd.DataFrame
    names: pd.Series
    prices: PriceTable = field(repr=False)

    def members(self, date: str | pd.Timestamp) -> pd.Index:
        """Identifiers in the index after the close of a date.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.smallcaps.examples import three_companies
        >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run()
        >>> index.members("2024-03-01").tolist()
        ['DOWN', 'FLAT', 'UP']
        """
        return self._shares(self._day(date)).index.sort_values()

    def weights(self, date: str | pd.Timestamp | None = None) -> pd.Series:
        """Weights after the close and the changes of a date, descending; they sum to one.

        Parameters
        ----------
        date
            With a level; by default the last.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.smallcaps.examples import three_companies
        >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run()
        >>> index.weights("2024-03-28").round(3).to_dict()
        {'UP': 0.528, 'FLAT': 0.295, 'DOWN': 0.178}
        """
        day = self._day(date)
        shares = self._shares(day)
        carried = self.carried[self.carried["date"] == day]
        closes = self.prices.closes(np.datetime64(day, "D"))
        closes = pd.concat(
            [closes, pd.Series(carried["close"].to_numpy(), carried["id"].astype(object).to_numpy())]
        )
        value = shares * closes.reindex(shares.index)
        order = np.lexsort([value.index.to_numpy(), -value.to_numpy()])
        return (value / value.sum()).iloc[order].rename("weight")

    def top_holdings(self, count: int = 10, date: str | pd.Timestamp | None = None) -> pd.Series:
        """Largest weights of a date, as in `weights`.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.smallcaps.examples import three_companies
        >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run()
        >>> index.top_holdings(1, "2024-01-03").round(3).to_dict()
        {'UP': 0.402}
        """
        return self.weights(date).head(count)

    def exposure(self, date: str | pd.Timestamp | None = None, *, by: pd.Series | None = None) -> pd.Series:
        """Weight of each sector on a date, descending; they sum to one.

        Parameters
        ----------
        date
            By default the last.
        by
            Labels by identifier in place of the sectors; what has none is ``unclassified``.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.smallcaps.examples import three_companies
        >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run()
        >>> index.exposure().round(3).to_dict()
        {'energy': 0.705, 'banks': 0.295}
        """
        if by is None:
            row = self.sectors.loc[self._day(date)]
        else:
            weights = self.weights(date)
            row = weights.groupby(by.reindex(weights.index).fillna(NO_SECTOR).to_numpy()).sum()
        return row[row > 0].sort_values(ascending=False).rename("weight")

    def contributions(
        self,
        by: Literal["id", "sector"] = "id",
        start: str | None = None,
        end: str | None = None,
        *,
        level: Level = "price",
    ) -> pd.Series:
        """Contribution to the return over whole months, a fraction, descending; they sum to the return.

        Parameters
        ----------
        by
            Member or sector.
        start, end
            First and last month, ``"2015-07"``; by default all.
        level
            Of which return.

        Raises
        ------
        SpecificationError
            `by` or `level` is neither of the two.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.smallcaps.examples import three_companies
        >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run()
        >>> index.contributions("sector", "2024-02", level="total").round(4).to_dict()
        {'energy': 0.0833, 'banks': 0.0032}
        """
        if by not in ("id", "sector") or level not in ("price", "total"):
            raise SpecificationError(
                f"by={by!r}, level={level!r}; choose 'id' or 'sector', 'price' or 'total'."
            )
        months = self.levels.index.to_period("M")
        first = pd.Period(start, "M") if start else months[0]
        last = pd.Period(end, "M") if end else months[-1]
        rows = self.gains[self.gains["month"].between(first.start_time, last.start_time)]
        base = self.levels[level][months < first]
        base_level = base.iloc[-1] if len(base) else self.levels[level].iloc[0]
        points = rows.groupby(by, observed=True)[level].sum() / base_level
        points.index = points.index.astype(object)
        return points.sort_values(ascending=False).rename("contribution")

    def returns(self, level: Level = "price") -> pd.Series:
        """Return of each day since the day before, a fraction.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.smallcaps.examples import three_companies
        >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run()
        >>> (100 * index.returns("total")).round(2).loc["2024-02-14":"2024-02-16"].tolist()
        [0.2, 0.51, 0.2]
        """
        series = self.levels[level]
        return (series / series.shift(1) - 1.0).iloc[1:].rename(level)

    def annualised(self) -> pd.DataFrame:
        """Return and volatility a year, percent, of both levels."""
        years = (self.levels.index[-1] - self.levels.index[0]).days / 365.25
        rows = {}
        for level in ("price", "total"):
            series = self.levels[level]
            growth = (series.iloc[-1] / series.iloc[0]) ** (1.0 / years) - 1.0 if years > 0 else np.nan
            each_year = len(series) / years if years > 0 else np.nan
            spread = self.returns(level).std() * np.sqrt(each_year)
            rows[level] = {"return": 100.0 * growth, "volatility": 100.0 * spread}
        return pd.DataFrame(rows).T

    @property
    def title(self) -> str:
        """Whose rules, and the days."""
        dates = self.levels.index
        return f"{self.rules.name}, {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d} ({len(dates)} days)"

    def to_frame(self) -> pd.DataFrame:
        """Levels by day: `levels`."""
        return self.levels

    def frames(self) -> dict[str, pd.DataFrame]:
        """Levels and returns, largest holdings, sectors, and the screens with what failed them last."""
        ends = self.levels[["price", "total"]].iloc[[0, -1]].T.set_axis(["first", "last"], axis=1)
        percent = {"return": "return a year, %", "volatility": "volatility, %"}
        screens = pd.Series(self.rules.screens, name="threshold", dtype=float).to_frame()
        for _, row in self.rebalances.filter(like="fails_").dropna(how="all").iloc[-1:].iterrows():
            screens["failed last"] = row.set_axis(row.index.str.removeprefix("fails_"))
        return {
            "Levels": ends.join(self.annualised().rename(columns=percent)),
            "Largest weights, %": 100.0 * self.top_holdings().to_frame(),
            "Sectors, %": 100.0 * self.exposure().to_frame(),
            "Screens": screens,
        }

    def notes(self) -> tuple[str, ...]:
        """Breadth, turnover and carried closes."""
        last, turnover = self.levels.iloc[-1], 100.0 * self.rebalances["turnover"].mean()
        return (
            f"Members {last['members']:.0f}, effective number {last['effective_number']:.1f}",
            f"Changes {len(self.rebalances)}, mean turnover {turnover:.1f} % one way",
            f"Carried closes {len(self.carried)}",
        )

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """Both levels, on a log scale where they grow manifold, and the reconstitutions, from a day on."""
        from capstar.plotting.smallcaps import plot_levels

        levels = since(self.levels, start)
        days = self.rebalances.loc[self.rebalances["kind"] == "reconstitution", "effective"]
        days = days[days >= levels.index[0]]
        unit = f"{self.levels.index[0]:%Y-%m-%d} = {self.rules.base:g}"
        return plot_levels(levels, days, title=self.rules.name, unit=unit, source=self.provenance, ax=ax)

    def save(self, folder: str | Path) -> list[Path]:  # type: ignore[override]
        """Write every table as Parquet, ``index.csv``, ``index.png`` and the summary as text: all of them or none.

        Parameters
        ----------
        folder
            Made if absent.  A name that ends in ``.capstar`` is one file instead, which `load` reads; prices that are
            in a file are not copied into it.

        Raises
        ------
        OutputError
            The folder cannot be written to.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.smallcaps.examples import three_companies
        >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run()
        >>> [path.name for path in index.save("three companies")][-4:]
        ['weights.parquet', 'index.csv', 'index.png', 'summary.txt']
        """
        from capstar.plotting import save

        if Path(folder).suffix == ".capstar":
            return [super().save(folder)]
        tables = {name: table for name, table in vars(self).items() if isinstance(table, pd.DataFrame)}
        tables["weights"] = self.weights().rename_axis("id").reset_index()
        names = [*(f"{name}.parquet" for name in tables), "index.csv", "index.png", "summary.txt"]
        with whole_folder(Path(folder)) as new:
            for name, table in tables.items():
                with whole(new / f"{name}.parquet") as partial:
                    table.to_parquet(partial)
            write_whole(new / "index.csv", csv_text(self.levels))
            save(self.plot(), new / "index.png")
            write_whole(new / "summary.txt", f"{self.summary()}\n")
        return [Path(folder) / name for name in names]

    def _shares(self, day: pd.Timestamp) -> pd.Series:
        held = self.holdings[self.holdings["date"] <= day].drop_duplicates("id", keep="last")
        held = held[held["shares"] > 0]
        return pd.Series(held["shares"].to_numpy(), index=pd.Index(held["id"].astype(object), name="id"))

    def _day(self, date: str | pd.Timestamp | None) -> pd.Timestamp:
        if date is None:
            last: pd.Timestamp = self.levels.index[-1]
            return last
        day = pd.Timestamp(date)
        if day not in self.levels.index:
            raise DataError(
                f"{self.rules.name} has no level on {day:%Y-%m-%d}; it runs from {self.levels.index[0]:%Y-%m-%d} to "
                f"{self.levels.index[-1]:%Y-%m-%d}. Choose a trading day."
            )
        return day
