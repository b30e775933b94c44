"""The main job: data, r*, its gap, small-cap returns, and whether the one leads the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar import data, leads, markets, rstar
from capstar.errors import DataError, SpecificationError
from capstar.leads.verdict import count_sentence, tilt_sentence
from capstar.progress import Progress, reporting
from capstar.reporting import Result
from capstar.rstar import NaturalRate, NaturalRateModel, PosteriorRate, RecursiveEstimates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["StudyResults", "live_data", "portfolio_returns", "run_study", "study_data"]

GAP = "rstar_gap"
# Theory gives a sign to what small caps earn over bills alone, not to large caps' share of it or to the difference.
SIGNS = {("small", GAP): -1, ("small", "real_rate"): -1}
STATES = ("rally", "range_bound")
RECURSIVE = "1985Q1"  # before, samples are so short that a_r ends at its bound and r* can be anything
FORECAST = "1995Q1"  # first forecast with the recursive gap: ten years to learn the slope from
_RISK_AVERSION = (1, 3, 5, 10)
_COST = 10.0  # basis points
_NOT_DRAWN = (
    "{} gives no samples to re-estimate r* on: the bootstrap of the estimated predictor is left out, and p values "
    "take r* as known{}."
)
_DRAWN = " but for those over posterior draws"


@dataclass(frozen=True)
class StudyResults(Result):
    """Everything the study found.

    Attributes
    ----------
    rstar
        The natural-rate estimates.
    returns
        Monthly returns, percent.
    lead
        Regressions, forecasts and the joint bootstrap, on the filtered gap.
    quasi_real_time
        r* estimated again on every sample that ends from 1985Q1 on, recursively; the data are revised.
    recursive
        The regressions and forecasts on the gap in quasi-real time.
    projections
        Cumulative returns after a shock to the gap.
    by_state
        The same in bull and bear markets of small caps, as known at the time (Lunde and Timmermann).
    probability
        By state of the market, ``"rally"`` or ``"range_bound"``: its probability within four quarters.
    economic_value
        Of the forecasts of small caps to an investor, net of 10 basis points a trade; None where nothing is forecast.
    tilts
        The same of the recursive gap's forecasts of small minus large, to one who holds large caps and tilts to small
        ones: ``"long and short"``, weights in [-1, 1], and ``"long only"``, in [0, 1].
    inputs
        The tables it ran on, by name.
    """

    rstar: NaturalRate
    returns: pd.DataFrame
    lead: leads.LeadResults
    quasi_real_time: RecursiveEstimates
    recursive: leads.LeadResults
    projections: leads.LocalProjections
    by_state: leads.LocalProjections
    probability: dict[str, leads.StateProbability]
    economic_value: leads.EconomicValue | None
    tilts: dict[str, leads.EconomicValue]
    inputs: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Model and sample."""
        fit = self.rstar
        return f"{fit.model_name} r*, its gap and US small caps, {fit.start}-{fit.end}"

    def to_frame(self) -> pd.DataFrame:
        """r* and its gap by quarter."""
        return self.rstar.to_frame().assign(rstar_gap_filtered=self.rstar.gap("filtered"))

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables of every part, under its title."""
        return {
            ": ".join(filter(None, (part.title, heading))): frame
            for part in self._parts()
            for heading, frame in part.frames().items()
        }

    def notes(self) -> tuple[str, ...]:
        """What was estimated, the legend, and the verdict."""
        fit, verdict, known = self.rstar, self.verdict(), self.quasi_real_time
        r = fit.rstar.filtered
        ratios = ", ".join(f"{name} {value:.4f}" for name, value in fit.ratios.items())
        likelihood = "" if fit.llf is None else f"log-likelihood {fit.llf:.4f}"
        more = "".join(f"; {words}" for words in (ratios, likelihood) if words)
        known_by_draws = "" if self.lead.drawn is None else _DRAWN
        said = (note for part in self._parts() for note in part.notes() if note not in verdict)
        path = f"{r.iloc[0]:.2f} in {r.index[0]}, {r.iloc[-1]:.2f} in {r.index[-1]} percent"
        return (
            f"{fit.model_name} on {fit.data_title}, {fit.start}-{fit.end}: r* (one-sided) {path}{more}.",
            f"Small caps: {self.returns.attrs.get('note', '')}.",
            *dict.fromkeys(said),
            *([] if fit.can_be_drawn else [_NOT_DRAWN.format(fit.model_name, known_by_draws)]),
            " ".join([f"{known.title}.", *known.notes()]),
            *verdict.split("\n\n"),
        )

    def _parts(self) -> Iterator[Result]:
        yield from self.probability.values()
        if self.economic_value is not None:
            yield self.economic_value
        yield from self.tilts.values()
        yield from (self.lead, self.recursive)

    def verdict(self) -> str:
        """The primary specification and how well r* is identified; then all else, which is exploratory."""
        known, kind = self.quasi_real_time.gap, self.quasi_real_time.kind
        filtered = self.rstar.gap("filtered").loc[known.index]
        primary, *others = self.recursive.sentences()
        first = " ".join((primary, *self.rstar.identification_notes()))
        return (
            f"{first}\n\n{' '.join(self.lead.sentences())}\n\n"
            f"In {kind}, estimated again every quarter from {known.index[0]} on, the gap correlates "
            f"{known.corr(filtered):.2f} with the one estimated once. {' '.join((*others, self._tilted())).strip()}\n\n"
            f"{self._counted()}"
        )

    def _tilted(self) -> str:
        return tilt_sentence({name: one.table for name, one in self.tilts.items()}, GAP)

    @property
    def counts(self) -> dict[str, int]:
        """Tests made, by kind."""
        counts = {kind: n + self.recursive.counts[kind] for kind, n in self.lead.counts.items()}
        values = (self.economic_value, *self.tilts.values())
        counts["local projections"] = len(self.projections.table) + len(self.by_state.table)
        counts["regressions of market states"] = sum(len(one.table) for one in self.probability.values())
        counts["strategies"] = sum(len(one.table) for one in values if one is not None)
        return counts

    def _counted(self) -> str:
        """How many tests there were; a start or a delay that is chosen makes more of them."""
        made = [one.forecast_comparison for one in (self.lead, self.recursive)]
        starts = [f"forecasts from {one.table['first'].min()}" for one in made if one is not None]
        gaps = f"the gap from {self.quasi_real_time.gap.index[0]}"
        return count_sentence(
            self.counts, [*starts, gaps, f"a delay of {self.lead.publication_lag} month(s)"]
        )

    def plot(self, ax: Any = None) -> Figure:
        """r*, the gap, what small caps did, and the regressions."""
        from capstar.plotting import plot_study

        months = self.returns.loc[str(self.rstar.start.asfreq("M", "start")) :]
        frame, gap = self.rstar.to_frame(), self.rstar.gap("filtered")
        return plot_study(frame, gap, months, self.lead.own, title=self.title, ax=ax)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by the name of its file, indexed."""
        after = pd.concat([self.projections.table, self.by_state.table])
        states = {name: found.table for name, found in self.probability.items()}
        out = {
            "rstar": self.to_frame(),
            **self.lead.tables(),
            "quasi_real_time": self.quasi_real_time.table,
            **{f"recursive_{name}": table for name, table in self.recursive.tables().items()},
            "projections": after.set_index(["response", "state"]),
            "probability": pd.concat(states, names=["state", "predictor"]),
        }
        if self.economic_value is not None:
            out["economic_value"] = self.economic_value.table.set_index(["strategy", "risk_aversion"])
        if self.tilts:
            tilts = {name: one.table for name, one in self.tilts.items()}
            out["tilts"] = (
                pd.concat(tilts, names=["weights"])
                .droplevel(1)
                .set_index(["strategy", "risk_aversion"], append=True)
            )
        return out

    def figures(self) -> dict[str, Figure]:
        """Every figure by the name of its file."""
        own = {
            "study": self.plot(),
            "quasi_real_time": self.quasi_real_time.plot(final=self.rstar),
            "projections": self.projections.plot(),
            "by_state": self.by_state.plot(),
        }
        return own | self.lead.figures()

    def save(self, folder: str | Path) -> list[Path]:
        """Write every table as CSV, every figure as PNG and, as text, `overview` and the summary: all or none.

        Raises
        ------
        DataError
            The folder cannot be written to.
        """
        from capstar.plotting import save_all

        return save_all(folder, self.tables(), self.figures(), f"{self.overview()}\n\n{self.summary()}")

    def overview(self) -> str:
        """On one screen, the answer first; see `capstar.report.overview`."""
        from capstar.report import overview

        return overview(self)


def study_data(snapshot: str | Path | None = None) -> dict[str, pd.DataFrame]:
    """The study's tables, ``macro`` (model input) and ``returns``: embedded, or of a snapshot.

    Parameters
    ----------
    snapshot
        Folder written by ``capstar data snapshot``.

    Raises
    ------
    DataError
        The folder holds no snapshot of a study.
    """
    if snapshot is None:
        return {"macro": data.us_macro(), "returns": data.small_cap_returns()}
    tables = data.read_snapshot(snapshot)
    if absent := [name for name in ("macro", "returns") if name not in tables]:
        raise DataError(f"{snapshot}: the snapshot has no table {absent[0]}; it is not of a study.")
    return tables


def live_data() -> dict[str, pd.DataFrame]:
    """The same tables from FRED and French's library."""
    return {"macro": data.us_hlw(), "returns": data.size_returns()}


def require_quarterly(model: NaturalRateModel) -> None:
    """Refuse a yearly model, whose gap cannot be followed from quarter to quarter."""
    if model.frequency != "Q":
        raise SpecificationError(
            f"{model.name} gives r* of years, and the study asks what returns do after quarters. Choose a quarterly "
            "model."
        )


def run_study(
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    model: NaturalRateModel = rstar.HLW2017,
    horizons: tuple[int, ...] = (1, 2, 4, 8, 12),
    n_replications: int = 199,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> StudyResults:
    """Estimate r* on US data and test in every way whether its gap leads small-cap returns.

    Parameters
    ----------
    tables
        From `study_data` or `live_data`; by default embedded.
    model
        Of the natural rate; any of `capstar.rstar.models`.
    horizons
        Quarters.
    n_replications
        Of every bootstrap, among them the joint one that re-estimates r* each time; 0 leaves that one out, as does a
        model that gives no samples to estimate it on.
    n_workers
        Processes; the numbers are the same for any.
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    SpecificationError
        The model is yearly.
    """
    require_quarterly(model)
    tables = study_data() if tables is None else tables
    macro, returns = tables["macro"], tables["returns"]
    portfolios = portfolio_returns(returns)
    with reporting(progress) as tell:
        fit = model.fit(macro, progress=tell)
        gap = fit.gap("filtered")
        lead = leads.LeadStudy(
            gap,
            portfolios,
            horizons,
            benchmarks=_benchmarks(fit, gap),
            signs=SIGNS,
            source=fit.redraw() if n_replications and fit.can_be_drawn else None,
            draws=_gap_draws(fit),
            n_replications=n_replications or 199,
            n_workers=n_workers,
        ).run(progress=tell)
        known = rstar.quasi_real_time(model, macro, RECURSIVE, n_workers=n_workers, progress=tell)
        later = leads.LeadStudy(known.gap, portfolios, horizons, start=FORECAST, signs=SIGNS)
        recursive = later.run(progress=tell)
    price = (1 + returns["small"] / 100).cumprod().rename("small")
    bull = markets.lunde_timmermann(price).real_time.dropna().rename("bull market")
    return StudyResults(
        fit,
        returns,
        lead,
        known,
        recursive,
        leads.local_projections(portfolios, gap),
        leads.local_projections(portfolios[["small", "small_minus_large"]], gap, state=bull),
        {name: _probability(name, price, gap) for name in STATES},
        _economic_value(lead, returns),
        _tilts(recursive, returns),
        dict(tables),
    )


def portfolio_returns(returns: pd.DataFrame) -> pd.DataFrame:
    """What the gap is asked to lead: small and large caps over the bill, and small minus large, percent a month."""
    large = returns["large"] - returns["risk_free"]
    return pd.DataFrame(
        {"small": returns["excess"], "large": large, "small_minus_large": returns["small_minus_large"]}
    )


def _benchmarks(fit: NaturalRate, gap: pd.Series) -> pd.DataFrame:
    """The plain real rate, and the output gap where the model has one."""
    columns = {"real_rate": fit.real_rate.loc[gap.index]}
    if "output_gap" in fit.quantities:
        columns["output_gap"] = fit.path("output_gap").filtered
    return pd.DataFrame(columns)


def _gap_draws(fit: NaturalRate) -> pd.DataFrame | None:
    """Posterior draws of paths of the filtered gap, where there are any."""
    if isinstance(fit, PosteriorRate) and fit.states["rstar"].joint:
        return fit.gap_draws()
    return None


def _probability(state: str, price: pd.Series, gap: pd.Series) -> leads.StateProbability:
    rally = state == "rally"
    known = markets.rallies(price).real_time if rally else markets.range_bound(price)["range_bound"]
    within = leads.state_within(known.rename(state), pd.PeriodIndex(gap.index), horizon=4)
    return leads.state_probability(within, gap, horizon=4)


def _economic_value(lead: leads.LeadResults, returns: pd.DataFrame) -> leads.EconomicValue | None:
    """The investor holds small caps or the bill; a quarter begins when the last one's data are published."""
    forecasts = _one_quarter(lead, "small")
    if forecasts is None:
        return None
    simple = _held(returns[["small", "risk_free"]], forecasts)
    return leads.economic_value(
        simple["small"], forecasts, simple["risk_free"], risk_aversion=_RISK_AVERSION, cost=_COST, logs="log"
    )


def _tilts(recursive: leads.LeadResults, returns: pd.DataFrame) -> dict[str, leads.EconomicValue]:
    """The investor holds large caps and tilts to small ones, by what the gap as known then forecasts."""
    forecasts = _one_quarter(recursive, "small_minus_large")
    if forecasts is None:
        return {}
    simple = _held(returns[["small", "large"]], forecasts)
    bounds = {"long and short": (-1.0, 1.0), "long only": (0.0, 1.0)}
    return {
        name: leads.economic_value_of_tilt(
            simple["small"], simple["large"], forecasts, bounds=ends, cost=_COST, logs="difference of logs"
        )
        for name, ends in bounds.items()
    }


def _one_quarter(found: leads.LeadResults, portfolio: str) -> pd.DataFrame | None:
    """Forecasts over one quarter, which investors here trade on; None if there are none."""
    made = found.forecast_comparison
    return None if made is None else made.forecasts.get((portfolio, 1))


def _held(returns: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Simple returns over quarters that begin a month after the last, by the quarter in which they end."""
    quarters = pd.period_range(returns.index[0].asfreq("Q"), forecasts.index[-1], freq="Q")
    logs = returns.apply(leads.cumulate_after, quarters=quarters)
    simple = (100 * np.expm1(logs / 100)).dropna()
    simple.index = simple.index + 1
    return simple


def __dir__() -> list[str]:
    return __all__
