"""The lead by the month: a monthly r*, its gap as estimated then, and the quarterly study beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar import leads, rstar
from capstar.errors import DataError
from capstar.leads import LeadFamily, LeadResults
from capstar.leads.records import periods_of
from capstar.leads.verdict import PRIMARY, PrimarySpecification
from capstar.names import name_of
from capstar.progress import Progress
from capstar.reporting import Result
from capstar.rstar import NaturalRate, NaturalRateModel, RecursiveEstimates
from capstar.rstar.series import COVID

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUARTER = 3  # months
RELEASES = ("gdp", "pce", "rates")
LEVEL = 0.9
_PERIODS = {"quarter": QUARTER, "month": 1}
_KINDS = ("monthly-lw", "monthly-hlw2023")
_LEARNED, _SLOPE = 72 * QUARTER, 40 * QUARTER  # months, as the quarterly study has quarters
_SHOWN = {
    "slope": "slope",
    "lower": "low",
    "upper": "high",
    "ivx_rwb_p": "IVX-RWB p",
    "ivx_rwb_p_adjusted": "p adj",
}


@dataclass(frozen=True)
class ByMonth(Result):
    """The lead by the month, beside that by the quarter.

    Attributes
    ----------
    rstar
        Estimate of the monthly model on the whole sample.
    quasi_real_time
        The same on every sample that ends from the first month on; the data are revised.
    lead
        Regressions and forecasts on the monthly gap as estimated then; its primary specification is the second.
    family
        The regressions of ``lead`` and of the quarterly gap as known then, adjusted together.

    Examples
    --------
    >>> from capstar.study.examples import quick_by_month
    >>> both = quick_by_month()
    >>> print(both.title)
    By the month: Monthly HLW 2023 r*, its gap and small caps, 1961-01-2009-09
    >>> both.table[["months", "period", "nobs"]].head(3).to_dict("list")
    {'months': [1, 3, 3], 'period': ['month', 'quarter', 'month'], 'nobs': [237, 79, 237]}
    >>> print(both.answer().partition(" (")[0])
    Second primary specification, fixed before the run
    >>> list(both.tables())[:2], list(both.frames())[-1]
    (['monthly_rstar', 'monthly_quasi_real_time'], 'Forecasts by the gap of the month, against the mean')
    >>> print(both.family_sentence()[:36], both.counts["forecasts"])
    Of 9 regressions by quarter and mont 6
    """

    rstar: NaturalRate
    quasi_real_time: RecursiveEstimates
    lead: LeadResults
    family: LeadFamily

    @property
    def title(self) -> str:
        """Model and sample."""
        fit = self.rstar
        return f"By the month: {fit.model_name} r*, its gap and small caps, {fit.start}-{fit.end}"

    @property
    def table(self) -> pd.DataFrame:
        """Every regression of both by portfolio and ``months`` of the horizon, with the ends of 90 percent bands."""
        found = self.family.table
        width = NormalDist().inv_cdf(0.5 + LEVEL / 2) * found["hodrick_se"]
        months = found["horizon"] * found["period"].map(_PERIODS)
        out = found.assign(months=months, lower=found["slope"] - width, upper=found["slope"] + width)
        order = list(dict.fromkeys(out["returns"]))
        return out.sort_values(
            ["returns", "months", "period"], ascending=[True, True, False], ignore_index=True,
            key=lambda one: one.map(order.index) if one.name == "returns" else one,
        )  # fmt: skip

    def _dated(self) -> pd.DataFrame:
        return self.lead.table

    def frames(self) -> dict[str, pd.DataFrame]:
        """Both side by side, and the forecasts of the month."""
        sides = self.table.set_index(["returns", "months", "period"])[list(_SHOWN)].rename(columns=_SHOWN)
        sides.index = sides.index.set_names(["returns", "months ahead", "by the"])
        out = {"Small caps after the gap, by the quarter and by the month, percent per point": sides}
        made = self.lead.forecast_comparison
        if made is not None:
            shown = {
                "r2_os": "R2 out of sample",
                "clark_west_bootstrap_p": "Clark-West p",
                "nobs": "n",
                "first": "first",
            }
            own = made.table.set_index(["returns", "horizon"])
            own.index = own.index.set_names(["returns", "months ahead"])
            out["Forecasts by the gap of the month, against the mean"] = own[list(shown)].rename(
                columns=shown
            )
        return out

    def notes(self) -> tuple[str, ...]:
        """The second primary specification beside the first, both as one family, and what the gap has seen."""
        return (self.answer(), self.family_sentence(), *self._cautions())

    def answer(self) -> str:
        """What the second primary specification shows, and the first beside it."""
        at, rows = self.lead.primary, self.family.table
        first, second = (_row(rows, one) for one in (PRIMARY, at))
        if second is None:
            return f"The second primary specification ({_words(at)}) is not in this study: all of it is exploratory."
        shown = "is shown" if second["ivx_rwb_p"] < at.level else "is not shown"
        beside = "" if first is None else f" By the quarter it is {_found(first)} over one quarter."
        return (
            f"Second primary specification, fixed before the run ({_words(at)}): a gap one point higher, by "
            f"{self.rstar.model_name}, goes with {_found(second)}; that it leads {shown} at {at.level:.0%}.{beside}"
        )

    def family_sentence(self) -> str:
        """What remains of all regressions of both, adjusted together."""
        found = self.family.table
        p = found["ivx_rwb_p_adjusted"]
        kept = found[p < self.lead.primary.level]
        named = ", ".join(
            f"{name_of(r.returns)} over {periods_of(r.horizon, r.period)}" for r in kept.itertuples()
        )
        return (
            f"Of {len(found)} regressions by quarter and month as one family {len(kept)} are below "
            f"{self.lead.primary.level:.0%} after Benjamini-Hochberg on IVX-RWB{f' ({named})' if named else ''}, the "
            f"smallest p {p.min():.3f}. Both are asked of one history: the same answer twice is no further evidence."
        )

    def _cautions(self) -> Iterator[str]:
        known = self.quasi_real_time
        filtered = self.rstar.gap("filtered").loc[known.gap.index]
        yield (
            f"The gap of the month is in {known.kind}, estimated again from {known.table.index[0]} on; with the one "
            f"estimated once it correlates {known.gap.corr(filtered):.2f}. Returns begin {self.lead.publication_lag} "
            "months after its month, when output, prices and rates are published."
        )
        yield "r* is not estimated again in bootstrap samples of months: p takes the gap as known."
        yield from self.rstar.identification_notes()

    @property
    def counts(self) -> dict[str, int]:
        """Tests made, by kind."""
        return self.lead.counts

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by the name of its file, indexed."""
        own = {f"monthly_{name}": table for name, table in self.lead.tables().items()}
        both = self.table.set_index(["returns", "months", "period"])
        return {
            "monthly_rstar": self.rstar.to_frame().assign(rstar_gap_filtered=self.rstar.gap("filtered")),
            "monthly_quasi_real_time": self.quasi_real_time.table,
            **own,
            "quarterly_and_monthly": both,
        }

    def plot(self, ax: Any = None) -> Figure:
        """Slopes by months of the horizon, quarterly and monthly side by side, a panel a portfolio."""
        from capstar.plotting.study import plot_sides

        return plot_sides(self.table, predictor=self.lead.predictor, source=self.provenance, ax=ax)


def _row(rows: pd.DataFrame, at: PrimarySpecification) -> pd.Series | None:
    """Of a primary specification; None where its portfolio or horizon was not asked."""
    own = rows[
        (rows["period"] == at.period) & (rows["returns"] == at.returns) & (rows["horizon"] == at.horizon)
    ]
    return None if own.empty else own.iloc[0]


def _words(at: PrimarySpecification) -> str:
    return f"{name_of(at.returns)} over {periods_of(at.horizon, at.period)}, IVX-RWB, one test"


def _found(row: pd.Series) -> str:
    return f"{row['slope']:+.2f} percent (p {row['ivx_rwb_p']:.3f}, {row['first']}-{row['last']})"


def monthly_model(table: pd.DataFrame, named: NaturalRateModel | None = None) -> NaturalRateModel:
    """The monthly model named, or the one made for the table: with COVID terms past 2019, else of Laubach and Williams.

    Parameters
    ----------
    table
        Of months.
    named
        By whoever asks.

    Raises
    ------
    DataError
        Its inputs are not there.
    """
    past = pd.PeriodIndex(table.index).asfreq("Q")[-1] >= COVID
    kinds = [named] if named else [rstar.model(key) for key in (_KINDS[::-1] if past else _KINDS)]
    absent = [
        [name for name in one.inputs if name not in table and (past or name != "covid_index")]
        for one in kinds
    ]
    for one, lacks in zip(kinds, absent, strict=True):
        if not lacks:
            return one
    raise DataError(
        f"monthly: there is no {' and no '.join(absent[-1])}, which {kinds[-1].name} needs. Give a table of months "
        f"with the columns {', '.join(kinds[-1].inputs)}; a quarter's output stands in its last month."
    )


def look_by_month(
    model: NaturalRateModel,
    table: pd.DataFrame,
    portfolios: pd.DataFrame,
    quarterly: LeadResults,
    first: pd.Period,
    *,
    every: int = 1,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> ByMonth:
    """Ask the quarterly study's question of a monthly gap, over a month and over the same horizons.

    Parameters
    ----------
    model, table
        Monthly, and its input.
    portfolios
        Percent a month, a column each.
    quarterly
        On the gap of quarters as known then.
    first
        Quarter of the first estimate, or later where the data begin late.
    every
        Months from one estimate of the parameters to the next.
    n_workers, progress
        Of the estimates.
    """
    fit = model.fit(table, progress=progress)
    begins = max(first.asfreq("M", "start"), pd.PeriodIndex(table.index)[0] + _LEARNED)
    known = rstar.quasi_real_time(model, table, begins, every=every, n_workers=n_workers, progress=progress)
    horizons = tuple(QUARTER * int(h) for h in quarterly.table["horizon"].unique())
    lead = leads.LeadStudy(
        known.gap.rename(quarterly.predictor), portfolios, (1, *horizons), start=str(begins + _SLOPE),
        publication_lag=leads.release_delay(*RELEASES),
    ).run(progress=progress)  # fmt: skip
    return ByMonth(fit, known, lead, leads.lead_family(quarterly, lead))
