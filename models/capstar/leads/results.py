"""What a lead study found: tables, and what they show in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.leads import verdict
from capstar.leads.forecasts.comparison import KEYS, ForecastComparison, shown
from capstar.leads.inference.drawn_regressor import DrawnRegressor
from capstar.leads.inference.estimated_regressor import EstimatedRegressor
from capstar.leads.inference.registry import heads, legend
from capstar.leads.records import SlopeTable, period_name
from capstar.leads.verdict import PRIMARY, PrimarySpecification

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class LeadResults(SlopeTable):
    """Whether a series leads returns.

    Attributes
    ----------
    predictor
        Its name.
    table : pandas.DataFrame
        In sample, of `capstar.leads.in_sample_table`: the predictor and the benchmarks, every portfolio and horizon.
    persistence : pandas.DataFrame
        Of `capstar.leads.persistence_table`.
    forecast_comparison : ForecastComparison or None
        Out of sample; None where there are too few periods.
    estimated : EstimatedRegressor or None
        The joint bootstrap, where a source of the estimated predictor was given.
    information, publication_lag
        As in the study.
    note
        What could not be done, and why; empty if nothing.
    primary
        The test the study is made for; the verdict begins with it.
    drawn : DrawnRegressor or None
        The regressions on posterior draws of the predictor, where these were given.

    Notes
    -----
    `bse`, `tvalues`, `pvalues` and `conf_int` are with Hodrick's standard error 1B; ``table`` has the other tests.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> primary = cs.leads.PrimarySpecification(returns="excess", information=("filtered",))
    >>> options = {"start": None, "n_replications": 99, "primary": primary}
    >>> lead = cs.leads.LeadStudy(gap, returns["excess"], (1,), **options).run()
    >>> lead.own[["ivx_p", "hodrick_p", "ivx_rwb_p"]].round(2)
       ivx_p  hodrick_p  ivx_rwb_p
    0   0.89       0.82        0.9
    >>> lead.counts["regressions"], list(lead.tables()), list(lead.figures())
    (1, ['lead', 'persistence'], ['lead'])
    >>> print(lead.sentences()[0][:43])
    Primary specification, fixed before the run
    >>> lead.verdict().startswith(lead.sentences()[0]), lead.period
    (True, 'quarter')
    """

    _keys, _columns = ("predictor", "returns", "horizon"), ("slope", "hodrick_se")
    predictor: str
    table: pd.DataFrame
    persistence: pd.DataFrame
    forecast_comparison: ForecastComparison | None
    estimated: EstimatedRegressor | None
    information: str
    publication_lag: int
    note: str = ""
    primary: PrimarySpecification = PRIMARY
    drawn: DrawnRegressor | None = None

    @property
    def own(self) -> pd.DataFrame:
        """In-sample rows of the predictor itself, without the benchmarks."""
        return self.table[self.table["predictor"] == self.predictor]

    @property
    def period(self) -> str:
        """What horizons count: ``"quarter"`` or ``"month"``, the frequency of the predictor."""
        return period_name(self.table["first"].iloc[0])

    @property
    def title(self) -> str:
        """Predictor, what it has seen, and the number of regressions."""
        return (
            f"Returns over the next {self.period}s on {self.predictor} ({self.information}), publication lag "
            f"{self.publication_lag} month(s); {len(self.table)} regressions"
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """Every table, under the heads of the registered tests."""
        out = {"In sample": shown(self.table, {"slope": "slope", **heads(), "r_squared": "R2", "nobs": "n"})}
        out[f"One {self.period}, persistence and constancy"] = self.persistence
        for part in (self.estimated, self.drawn, self.forecast_comparison):
            if part is not None:
                out[part.title] = part.frames()[""]
        return out

    def notes(self) -> tuple[str, ...]:
        """Legend, what could not be done, and the verdict."""
        ability = () if self.forecast_comparison is None else self.forecast_comparison.notes()
        drawn = () if self.drawn is None else self.drawn.notes()
        return (*legend(), *drawn, *ability, *self.note.splitlines(), *self.sentences(), self._counted())

    def verdict(self) -> str:
        """In plain words: the primary specification, all else in sample, out of sample, and what that leaves open."""
        return " ".join((*self.sentences(), self._counted()))

    def _counted(self) -> str:
        return verdict.count_sentence(self.counts)

    def sentences(self) -> tuple[str, ...]:
        """Of the verdict, the primary specification first; each written from the tables it speaks of."""
        made = self.forecast_comparison
        drawn = None if self.estimated is None else self.estimated.table
        out = (
            verdict.primary_sentence(self.primary, self.table, self.predictor, self.information, drawn),
            verdict.exploratory_sentence(self.primary, self.table, self.predictor, drawn),
            verdict.horizons_sentence(self.predictor, self.table, self.persistence),
            "" if drawn is None else verdict.attenuation_sentence(drawn, self.period),
            "" if self.drawn is None else verdict.drawn_sentence(self.primary, self.drawn.table),
            "No out-of-sample forecasts were made."
            if made is None
            else verdict.out_of_sample_sentence(made.table, self.predictor, made.search.p, made.ability.spa),
            verdict.caveat(self.information),
        )
        return tuple(filter(None, out))

    @property
    def counts(self) -> dict[str, int]:
        """Tests made, by kind."""
        made, drawn = self.forecast_comparison, self.estimated
        return {
            "regressions": len(self.table),
            "forecasts": 0 if made is None else len(made.table),
            "rows of the joint bootstrap": 0 if drawn is None else len(drawn.table),
            "rows over posterior draws": 0 if self.drawn is None else len(self.drawn.table),
        }

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by the name of its file, indexed."""
        out = {"lead": self.table.set_index(KEYS), "persistence": self.persistence.set_index(KEYS[:2])}
        if self.forecast_comparison is not None:
            out["out_of_sample"] = self.forecast_comparison.table.set_index(KEYS)
            out["out_of_sample_by_start"] = self.forecast_comparison.by_start(self.predictor).set_index(KEYS)
        if self.estimated is not None:
            out["estimated_regressor"] = self.estimated.table.set_index(KEYS[1:])
        if self.drawn is not None:
            out["drawn_regressor"] = self.drawn.table.set_index(KEYS[1:])
        return out

    def figures(self) -> dict[str, Figure]:
        """Every figure by the name of its file."""
        made = self.forecast_comparison
        return {"lead": self.plot()} | ({} if made is None else {"out_of_sample": made.plot()})

    def plot(self, ax: Any = None, *, level: float = 0.9) -> Figure:
        """Slopes by horizon in Hodrick bands of a coverage, a panel a portfolio."""
        from capstar.plotting import plot_lead

        return plot_lead(self.own, predictor=self.predictor, level=level, source=self.provenance, ax=ax)
