"""Lead studies at several frequencies side by side, as one family of tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from capstar.errors import DataError
from capstar.leads.inference.registry import predictability_tests
from capstar.leads.multiplicity import adjusted_p_values
from capstar.leads.records import SlopeTable
from capstar.leads.verdict import primary_sentence

if TYPE_CHECKING:
    from capstar.leads.results import LeadResults


@dataclass(frozen=True)
class LeadFamily(SlopeTable):
    """In-sample rows of several studies, adjusted together.

    Attributes
    ----------
    table : pandas.DataFrame
        As `LeadResults.table`, with ``period`` (``"quarter"`` or ``"month"``, of the horizon) before it; every
        ``_p_adjusted`` is Benjamini-Hochberg over all rows of all studies.
    said
        What each study's primary specification shows, the first one's first.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()[["excess"]]
    >>> one, two = (cs.leads.LeadStudy(gap, returns, (h,), start=None, n_replications=99).run() for h in (1, 4))
    >>> cs.leads.lead_family(one, two).table[["period", "horizon", "ivx_rwb_p"]].round(2)
        period  horizon  ivx_rwb_p
    0  quarter        1       0.90
    1  quarter        4       0.45
    """

    _keys, _columns = ("period", "predictor", "returns", "horizon"), ("slope", "hodrick_se")
    table: pd.DataFrame
    said: tuple[str, ...]

    @property
    def title(self) -> str:
        """Number of regressions and their periods."""
        count = self.table["period"].value_counts(sort=False)
        by = ", ".join(f"{n} by {period}" for period, n in count.items())
        return f"Returns after publication on a predictor: {by}, one family"

    def notes(self) -> tuple[str, ...]:
        """What each primary specification shows, and what stays significant over the whole family."""
        adjusted = [name for name in self.table if str(name).endswith("_p_adjusted")]
        kept = ", ".join(
            f"{int((self.table[name] < 0.05).sum())} by {str(name).removesuffix('_p_adjusted')} (smallest "
            f"{self.table[name].min():.3f})"
            for name in adjusted
        )
        return (
            *self.said,
            f"Of all {len(self.table)} regressions as one family there are below 5% after Benjamini-Hochberg: {kept}.",
        )


def lead_family(*studies: LeadResults) -> LeadFamily:
    """Studies side by side, such as a quarterly and a monthly one, with p-values adjusted over all of them.

    Parameters
    ----------
    *studies
        At least two, the one with the first primary specification first.

    Raises
    ------
    DataError
        Fewer than two, or a regression that is in two of them.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()[["excess"]]
    >>> one, two = (cs.leads.LeadStudy(gap, returns, (h,), start=None, n_replications=99).run() for h in (1, 4))
    >>> cs.leads.lead_family(one, two).title
    'Returns after publication on a predictor: 2 by quarter, one family'
    """
    if len(studies) < 2:
        raise DataError(
            f"{len(studies)} study was given; give at least two, lead_family(quarterly, monthly)."
        )
    tables = [one.table.assign(period=one.period) for one in studies]
    table = pd.concat(tables, ignore_index=True)
    table = table[["period", *table.columns.drop("period")]]
    twice = table.duplicated(list(LeadFamily._keys))
    if twice.any():
        row = table[twice].iloc[0]
        raise DataError(
            f"{row['predictor']}, {row['returns']} over {row['horizon']} {row['period']}(s) is in two studies. Give "
            "every regression once."
        )
    for column in (f"{test.key}_p" for test in predictability_tests() if test.adjusted):
        table[f"{column}_adjusted"] = adjusted_p_values(table, column=column).table[f"{column}_adjusted"]
    said = tuple(primary_sentence(one.primary, one.table, one.predictor, one.information) for one in studies)
    return LeadFamily(table, said)
