"""The index calculator: tables in, index out."""

from __future__ import annotations

import warnings

import pandas as pd

from capstar.errors import DataError, DataWarning
from capstar.progress import Progress, reporting
from capstar.smallcaps.actions import TICKER_CHANGE, as_actions, check_parties, identities, placed
from capstar.smallcaps.engine import Engine, Inputs
from capstar.smallcaps.prices import PriceTable
from capstar.smallcaps.results import IndexResults
from capstar.smallcaps.rules import IndexRules
from capstar.smallcaps.schedule import by_calendar, by_weights
from capstar.smallcaps.schema import Table, as_weights
from capstar.smallcaps.share_table import ShareTable, first_ids


class IndexCalculator:
    """Index by rules, from prices, share counts and corporate actions.

    Every day is valued at closes; members and shares change after the close.  The level is the sum of price,
    shares and float factor over the divisor, and the divisor takes up every change that is not the market's.
    Nothing later than a day enters its numbers.

    Parameters
    ----------
    rules
        Of the index.
    prices
        Long table of closes as traded, and of dividends, or a Parquet file or folder of it, read a calendar
        year at a time; see `capstar.smallcaps.schema`.
    shares
        Long table of shares outstanding, or a Parquet file, a large one read some years at a time; see there.
    actions
        Corporate actions, or a Parquet file; see `capstar.smallcaps.actions`.
    weights
        Given weights, or a Parquet file: the index takes them after the closes of their dates, and
        neither calendar nor selection of the rules.

    Raises
    ------
    DataError
        An invalid value in the tables: the message names the id, the date and the remedy.

    References
    ----------
    FTSE Russell, *Russell US Equity Indices: Construction and Methodology*.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-04"])
    >>> closes = {"id": ["A", "B"] * 3, "close": [10, 20, 11, 20, 12, 19]}
    >>> prices = pd.DataFrame(closes).assign(date=days.repeat(2))
    >>> shares = pd.DataFrame({"date": days[0], "id": ["A", "B"], "shares": [1e6, 2e6]})
    >>> rules = cs.smallcaps.IndexRules.custom(2, [("2024-01-02", "2024-01-03")], base=100)
    >>> index = cs.smallcaps.IndexCalculator(rules, prices, shares).run()
    >>> index.levels[["price", "members"]].round(2)
                 price  members
    date
    2024-01-03  100.00        2
    2024-01-04   98.04        2
    """

    def __init__(
        self,
        rules: IndexRules,
        prices: Table,
        shares: Table,
        actions: Table | None = None,
        *,
        weights: Table | None = None,
    ) -> None:
        events = as_actions(actions)
        names = identities(events)
        counts = ShareTable(shares, names)
        table = PriceTable(prices, names)
        _check_known(table, counts.known)
        brought = set(events.loc[events["action"] == TICKER_CHANGE, "other"])
        check_parties(events, table.raw_ids, table.raw_ids | set(counts.known["raw"]) | brought)
        position = {name: at for at, name in enumerate(sorted(set(table.ids) | set(counts.known["id"])))}
        dated = placed(events, position, names)
        if weights is None:
            schedule = by_calendar(rules, table.dates, dated)
        else:
            given = first_ids(as_weights(weights), names, "weights")
            if len(unknown := given[~given["id"].isin(table.ids)]):
                row = unknown.iloc[0]
                raise DataError(
                    f"weights: {row['id']} on {row['date']:%Y-%m-%d} has no prices. Correct the id, or add its prices."
                )
            schedule = by_weights(given.assign(id=given["id"].map(position)), table.dates, dated)
        self._names = names
        self._inputs = Inputs(rules, table, counts, position, schedule)

    def run(self, *, progress: Progress | bool = True) -> IndexResults:
        """Compute the index from the first effective date to the last close.

        Parameters
        ----------
        progress
            See `capstar.progress.reporting`.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.smallcaps.examples import three_companies
        >>> index = cs.smallcaps.IndexCalculator(*three_companies()).run(progress=False)
        >>> print(index.title)
        three companies, 2024-01-03 to 2024-03-28 (62 days)
        """
        inputs = self._inputs
        with reporting(progress) as tell:
            tables = Engine(inputs).run(tell)
        return IndexResults(
            rules=inputs.rules,
            **tables,
            names=pd.Series(self._names.first, name="first_id", dtype=object).rename_axis("id"),
            prices=inputs.prices,
        )


def _check_known(prices: PriceTable, shares: pd.DataFrame) -> None:
    known = set(shares["id"])
    unknown = sorted(set(prices.ids) - known)
    if unknown:
        raise DataError(
            f"prices: {unknown[0]} has no row in the table of shares ({len(unknown)} such ids). Add its shares, "
            "correct the id, or drop its prices."
        )
    lone = shares[~shares["id"].isin(prices.ids)]
    traded = set(shares.loc[shares["id"].isin(prices.ids), "company"])
    lone = lone[~lone["company"].isin(traded)]
    if len(lone):
        warnings.warn(
            f"shares: {lone['id'].iloc[0]} has no prices ({lone['id'].nunique()} such ids) and cannot be ranked. Add "
            "its prices, or drop the row.",
            DataWarning,
            stacklevel=3,
        )
