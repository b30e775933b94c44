"""What a lead study found: tables, and what they show in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.leads.forecasts.comparison import KEYS, ForecastComparison, shown
from capstar.leads.inference.estimated_regressor import EstimatedRegressor
from capstar.leads.inference.registry import heads, legend
from capstar.leads.records import Tabled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEVEL = 0.05


@dataclass(frozen=True)
class LeadResults(Tabled):
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
        Out of sample; None where there are too few quarters.
    estimated : EstimatedRegressor or None
        The joint bootstrap, where a source of the estimated predictor was given.
    information, publication_lag
        As in the study.
    note
        What could not be done, and why; empty if nothing.
    """

    predictor: str
    table: pd.DataFrame
    persistence: pd.DataFrame
    forecast_comparison: ForecastComparison | None
    estimated: EstimatedRegressor | None
    information: str
    publication_lag: int
    note: str = ""

    @property
    def own(self) -> pd.DataFrame:
        """In-sample rows of the predictor itself, without the benchmarks."""
        return self.table[self.table["predictor"] == self.predictor]

    @property
    def title(self) -> str:
        """Predictor, what it has seen, and the number of regressions."""
        return (
            f"Returns over the next quarters on {self.predictor} ({self.information}), publication lag "
            f"{self.publication_lag} month(s); {len(self.table)} regressions"
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """Every table, under the heads of the registered tests."""
        out = {"In sample": shown(self.table, {"slope": "slope", **heads(), "r_squared": "R2", "nobs": "n"})}
        out["One quarter, persistence and constancy"] = self.persistence
        for part in (self.estimated, self.forecast_comparison):
            if part is not None:
                out[part.title] = part.frames()[""]
        return out

    def notes(self) -> tuple[str, ...]:
        """Legend, what could not be done, and the verdict."""
        ability = () if self.forecast_comparison is None else self.forecast_comparison.notes()
        return (*legend(), *ability, *self.note.splitlines(), *self._sentences())

    def verdict(self) -> str:
        """Three sentences in plain words: in sample, out of sample, and what that does not show."""
        return " ".join(self._sentences())

    def _sentences(self) -> tuple[str, str, str]:
        return self._in_sample(), self._out_of_sample(), self._caveat()

    def _in_sample(self) -> str:
        own, n = self.own, len(self.table)
        best = own.loc[own["hodrick_p"].idxmin()]
        said = (
            f"In sample the strongest of {len(own)} regressions on {self.predictor} ({n} tests with the benchmarks) "
            f"is {best['returns']} over {best['horizon']} quarter(s): a rise of one point goes with "
            f"{best['slope']:+.2f} percent (Hodrick t {best['hodrick_t']:.2f}, IVX p {best['ivx_p']:.3f}, "
            f"{best['first']}-{best['last']})"
        )
        if self.estimated is not None:
            key = self.estimated.table.set_index(["returns", "horizon"]).loc[
                (best["returns"], best["horizon"])
            ]
            said += f"; with the predictor re-estimated in every bootstrap sample p is {key['p']:.3f}"
        kept = own[own["hodrick_p_adjusted"] < _LEVEL]
        smallest = f"smallest adjusted p {own['hodrick_p_adjusted'].min():.3f}"
        if kept.empty:
            return f"{said}; allowing for multiple testing none is significant at 5 percent ({smallest})."
        names = ", ".join(dict.fromkeys(kept["returns"].astype(str)))
        return f"{said}; allowing for multiple testing {len(kept)} remain significant ({names}; {smallest})."

    def _out_of_sample(self) -> str:
        if self.forecast_comparison is None:
            return "No out-of-sample forecasts were made."
        table, ability = self.forecast_comparison.table, self.forecast_comparison.ability
        own, p = table[table["predictor"] == self.predictor], ability.spa
        better, best = int((own["r2_os"] > 0).sum()), own.loc[own["r2_os"].idxmax()]
        beats = f"the best of all {len(ability.table)} forecasts beats the mean"
        search = beats if p < _LEVEL else f"that {beats} is not shown"
        return (
            f"Out of sample from {own['first'].min()} it beats the prevailing mean in {better} of {len(own)} cases "
            f"(best R2_OS {best['r2_os']:+.1f} percent, {best['returns']} over {best['horizon']} quarter(s), "
            f"Clark-West p {best['clark_west_p']:.3f}; worst {own['r2_os'].min():+.1f}); allowing for data snooping, "
            f"{search} (SPA p {p:.3f})."
        )

    def _caveat(self) -> str:
        return {
            "filtered": "The filtered series uses parameters of the whole sample and revised data, so forecasts made "
            "in real time would have known less: an association in sample is not a lead one could have used.",
            "smoothed": "The smoothed series has seen the future: this describes and cannot show a lead.",
            "recursive": "The series is in quasi-real time: parameters were estimated on data to each quarter, but "
            "on revised data: the data available at the time differed.",
            "real time": "The series uses only what was known at each date, so these forecasts could have been made.",
        }[self.information]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by the name of its file, indexed."""
        out = {"lead": self.table.set_index(KEYS), "persistence": self.persistence.set_index(KEYS[:2])}
        if self.forecast_comparison is not None:
            out["out_of_sample"] = self.forecast_comparison.table.set_index(KEYS)
        if self.estimated is not None:
            out["estimated_regressor"] = self.estimated.table.set_index(KEYS[1:])
        return out

    def figures(self) -> dict[str, Figure]:
        """Every figure by the name of its file."""
        made = self.forecast_comparison
        return {"lead": self.plot()} | ({} if made is None else {"out_of_sample": made.plot()})

    def plot(self, ax: Any = None) -> Figure:
        """Slopes by horizon with 90 percent bands, a panel a portfolio."""
        from capstar.plotting import plot_lead

        return plot_lead(self.own, predictor=self.predictor, ax=ax)
