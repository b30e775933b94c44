"""What a lead study found: tables, and what they show in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from capstar.leads.forecasts.comparison import Race
from capstar.leads.inference.estimated_regressor import EstimatedRegressor
from capstar.leads.inference.registry import heads, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEVEL = 0.05
_RACE = {
    "r2_os": "R2_OS", "r2_os_rolling": "rolling", "r2_os_restricted": "restricted", "clark_west": "CW",
    "clark_west_p": "CW p", "mse_f_p": "MSE-F p", "enc_new_p": "ENC-NEW p", "diebold_mariano_p": "DM p",
    "direction_p": "PT p", "in_set": "in MCS", "nobs": "n",
}  # fmt: skip


@dataclass(frozen=True)
class LeadResults:
    """Whether a series leads returns.

    Attributes
    ----------
    predictor
        Its name.
    table : pandas.DataFrame
        In sample, of `capstar.leads.in_sample_table`: the predictor and the benchmarks, every portfolio and horizon.
    persistence : pandas.DataFrame
        Of `capstar.leads.persistence_table`.
    race : Race or None
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
    race: Race | None
    estimated: EstimatedRegressor | None
    information: str
    publication_lag: int
    note: str = ""

    @property
    def own(self) -> pd.DataFrame:
        """In-sample rows of the predictor itself, without the benchmarks."""
        return self.table[self.table["predictor"] == self.predictor]

    def summary(self) -> str:
        """Tables and verdict as text."""
        return f"{self.tables_as_text()}\n{self.verdict()}"

    def tables_as_text(self) -> str:
        """Every table with its legend."""
        keys = ["predictor", "returns", "horizon"]
        head = f"Returns over the next quarters on {self.predictor} ({self.information})"
        parts = [
            f"{head}, publication lag {self.publication_lag} month(s); {len(self.table)} regressions",
            _shown(self.table, keys, {"slope": "slope", **heads(), "r_squared": "R2", "nobs": "n"}),
            legend(),
            "One quarter, persistence and constancy",
            self.persistence.to_string(index=False, float_format="{:.3f}".format),
        ]
        if self.estimated is not None:
            parts.append(self.estimated.summary())
        if self.race is not None:
            ability, first = self.race.ability, self.race.table["first"].min()
            tests = f"reality check p {ability.reality_check:.3f}, SPA p {ability.spa:.3f}"
            parts += [
                f"Out of sample from {first}, percent of squared error saved against the mean",
                _shown(self.race.table, keys, _RACE),
                f"That none of all {len(ability.table)} forecasts beats the mean: {tests}.",
            ]
        return "\n".join([*parts, *([self.note] if self.note else [])])

    def verdict(self) -> str:
        """Three sentences in plain words: in sample, out of sample, and what that does not show."""
        return " ".join([self._in_sample(), self._out_of_sample(), self._caveat()])

    def _in_sample(self) -> str:
        own, n = self.own, len(self.table)
        best = own.loc[own["hodrick_p"].idxmin()]
        said = (
            f"In sample the strongest of {len(own)} regressions on {self.predictor} ({n} tried with the benchmarks) "
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
        if self.race is None:
            return "No out-of-sample forecasts were made."
        own, p = self.race.table[self.race.table["predictor"] == self.predictor], self.race.ability.spa
        better, best = int((own["r2_os"] > 0).sum()), own.loc[own["r2_os"].idxmax()]
        search = (
            f"the best of all {len(self.race.ability.table)} forecasts beats the mean"
            if p < _LEVEL
            else f"that the best of all {len(self.race.ability.table)} forecasts beats the mean is not shown"
        )
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
        keys = ["predictor", "returns", "horizon"]
        out = {"lead": self.table.set_index(keys), "persistence": self.persistence.set_index(keys[:2])}
        if self.race is not None:
            out["out_of_sample"] = self.race.table.set_index(keys)
        if self.estimated is not None:
            out["estimated_regressor"] = self.estimated.table.set_index(keys[1:])
        return out

    def figures(self) -> dict[str, Figure]:
        """Every figure by the name of its file."""
        out = {"lead": self.plot()}
        return out if self.race is None else out | {"out_of_sample": self.plot_race()}

    def plot(self) -> Figure:
        """Slopes by horizon with 90 percent bands, a panel a portfolio."""
        from capstar.plotting import plot_lead

        return plot_lead(self.own, predictor=self.predictor)

    def plot_race(self, horizon: int = 1) -> Figure:
        """Squared errors of the mean less those of each forecast, cumulated (Welch and Goyal 2008)."""
        from capstar.errors import SpecificationError
        from capstar.leads.forecasts.forecast_tables import cumulative_difference
        from capstar.plotting.leads import plot_race

        made = {} if self.race is None else self.race.forecasts
        chosen = {
            name: cumulative_difference(table).series for (name, h), table in made.items() if h == horizon
        }
        if not chosen:
            raise SpecificationError(
                f"horizon={horizon}: no forecasts were made; there are {sorted({h for _, h in made})}."
            )
        return plot_race(chosen)


def _shown(table: pd.DataFrame, keys: list[str], names: dict[str, str]) -> str:
    columns = [name for name in names if name in table]
    shown = table[keys + columns].rename(columns=names)
    return str(shown.to_string(index=False, float_format="{:.3f}".format, na_rep=""))
