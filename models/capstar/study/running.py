"""The main job: data, r*, its gap, small-cap returns, and whether the one leads the other."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from capstar import leads, markets, rstar
from capstar.data import Vintages
from capstar.errors import SpecificationError
from capstar.leads import LeadResults
from capstar.progress import Progress, reporting
from capstar.provenance import titled
from capstar.rstar import NaturalRate, PosteriorRate, RecursiveEstimates
from capstar.study.by_month import ByMonth, look_by_month
from capstar.study.choice import Choice, Model, choose, fit_all, table_for, with_errors
from capstar.study.economy import economy_of
from capstar.study.inputs import MONTHLY, RETURNS, Source, Tables, study_data
from capstar.study.lead_economy import lead_the_economy
from capstar.study.now import look_now
from capstar.study.other_way import OtherWay
from capstar.study.real_time import estimate_then, revise
from capstar.study.results import GAP, StudyResults
from capstar.study.vintages import LAG, KnownThen
from capstar.study.whose import WhoseRate, compare_models
from capstar.units import Units

# Theory gives a sign to what small caps earn over bills alone, not to large caps' share of it or to the difference.
SIGNS = {("small", GAP): -1, ("small", "real_rate"): -1}
STATES = ("rally", "range_bound")
RECURSIVE = "1985Q1"  # before, samples are so short that a_r ends at its bound and r* can be anything
_LEARNED = 72  # quarters of the first recursive sample, at least, where the data begin late
_SLOPE = 40  # quarters of the recursive gap to learn the slope from before the first forecast
_RISK_AVERSION = (1, 3, 5, 10)
_COST = 10.0  # basis points
_FAMILY = 999  # replications of the bootstrap of all models' regressions


def run(
    input: Source | Mapping[str, pd.DataFrame] = "embedded",  # noqa: A002
    *,
    model: Model | Sequence[Model] | None = None,
    returns: Source | None = None,
    as_of: str | pd.Timestamp | None = None,
    country: str | None = None,
    vintages: str | Path | Mapping[str, Vintages] | None = None,
    units: Units = None,
    horizons: tuple[int, ...] = (1, 2, 4, 8, 12),
    recursive_from: str | pd.Period = RECURSIVE,
    n_replications: int = 199,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> StudyResults:
    """Estimate r* and test in every way whether its gap leads small-cap returns.

    Parameters
    ----------
    input
        ``"embedded"``, ``"fred"``, a file, a snapshot's folder, a table, or the tables of `study_data`.
    model
        Keys of `capstar.rstar.models`, models, or published series (CSV files with ``date`` and ``rstar``, or what
        `capstar.rstar.read_published` gives); the primary test is of the first model.  ``"all"``: every quarterly model
        whose inputs are there.  By default the one made for the data: HLW (2023) past 2019, else HLW (2017).
    returns, as_of, country, vintages, units
        Of `study_data`, whose tables may have a monthly one, too: the question is then asked by the month as well.
    horizons
        Quarters.
    recursive_from
        First quarter of the estimates as known then, or later where the data begin late.
    n_replications
        Of the bootstraps on the whole sample, among them the joint one that re-estimates r* each time; 0 leaves that
        one out, as does a model that gives no samples to estimate it on, and the others have 199.  Those on the gap as
        known then have 499, those of several models at least 999.
    n_workers
        Processes; the numbers are the same for any.
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    DataError
        The data cannot be used, or lack an input of a model named.
    SpecificationError
        Options do not go together, or a model is yearly.

    Examples
    --------
    >>> import capstar as cs
    >>> options = {"horizons": (1,), "recursive_from": "1990Q1", "n_replications": 0}
    >>> found = cs.study.run(model="moving-average", **options)
    >>> print(found.title)
    moving average r*, its gap and small caps, 1969Q4-2009Q3
    >>> found.recursive.own[["returns", "slope", "nobs"]].round(1)
                 returns  slope  nobs
    0              small    0.1    79
    1              large    0.9    79
    2  small_minus_large   -0.8    79
    """
    began = time.perf_counter()
    if isinstance(input, Mapping):
        given = {"returns": returns, "as_of": as_of, "vintages": vintages, "units": units}
        if named := [name for name, value in given.items() if value is not None]:
            raise SpecificationError(f"{named[0]}: the tables are given already. Make them with study_data.")
        tables: Tables = dict(input)
    else:
        tables = study_data(input, returns, as_of=as_of, country=country, vintages=vintages, units=units)
    choice = choose(model, tables, country)
    with reporting(progress) as tell:
        first = pd.Period(recursive_from, freq="Q")
        found = _Study(choice, tables, tuple(horizons), first, n_replications, n_workers, tell).run()
    return replace(found, seconds=time.perf_counter() - began)


@dataclass(frozen=True)
class _Study:
    """One run: what its steps share."""

    choice: Choice
    tables: Tables
    horizons: tuple[int, ...]
    first: pd.Period
    n_replications: int
    n_workers: int
    tell: Progress

    @property
    def macro(self) -> pd.DataFrame:
        """The main model's input."""
        return table_for(self.choice.main, self.tables)

    @property
    def returns(self) -> pd.DataFrame:
        """By size."""
        return self.tables[RETURNS]

    @property
    def portfolios(self) -> pd.DataFrame:
        """What the gap is asked to lead."""
        return portfolio_returns(self.returns)

    @property
    def price(self) -> pd.Series:
        """Of small caps."""
        return (1 + self.returns["small"] / 100).cumprod().rename("small")

    def run(self) -> StudyResults:
        """Estimate r* of the main model and ask everything of its gap; then the other models, and now."""
        fit = with_errors(self.choice.main.fit(self.macro, progress=self.tell), self.choice.main, self.tell)
        gap, portfolios = fit.gap("filtered"), self.portfolios
        lead = self._lead(fit, gap)
        quasi, then = self._known()
        whole = then is not None and then.table.index[0] <= quasi.table.index[0]
        known = then if whole and then is not None else quasi
        recursive = self._recursive(known)
        fits, absent = fit_all(self.choice, self.tables, n_workers=self.n_workers, progress=self.tell)
        everything = {
            self.choice.main.name: fit,
            **fits,
            **{one.model_name: one for one in self.choice.published},
        }
        bull = markets.lunde_timmermann(self.price).real_time.dropna().rename("bull market")
        return StudyResults(
            fit, self.returns, lead, quasi, recursive,
            leads.local_projections(portfolios, gap),
            leads.local_projections(portfolios[["small", "small_minus_large"]], gap, state=bull),
            {name: _probability(name, self.price, gap) for name in STATES},
            _economic_value(lead, self.returns), _tilts(recursive, self.returns),
            look_now(everything, known.gap, recursive, portfolios, self.price, country=self._country),
            self._whose(everything, known.gap, absent),
            None if then is None else revise(then, quasi, fit, portfolios, self.horizons),
            self._other_way(fit, known), self.tables, (self.choice.reason, *self.choice.cautions),
            self._by_month(recursive),
        )  # fmt: skip

    def _by_month(self, quarterly: LeadResults) -> ByMonth | None:
        """The same question by the month, where there is a monthly table."""
        if self.choice.monthly is None:
            return None
        return look_by_month(
            self.choice.monthly, self.tables[MONTHLY], self.portfolios, quarterly, self.first, n_workers=self.n_workers,
            progress=self.tell,
        )  # fmt: skip

    @property
    def _country(self) -> str:
        return str(self.macro.attrs.get("country", "us"))

    def _lead(self, fit: NaturalRate, gap: pd.Series) -> LeadResults:
        source = fit.redraw() if self.n_replications and fit.can_be_drawn else None
        return leads.LeadStudy(
            gap, self.portfolios, self.horizons, benchmarks=_benchmarks(fit, gap), signs=SIGNS, source=source,
            draws=_gap_draws(fit), n_replications=self.n_replications or 199, n_workers=self.n_workers,
        ).run(progress=self.tell)  # fmt: skip

    def _known(self) -> tuple[RecursiveEstimates, RecursiveEstimates | None]:
        """In quasi-real time, and on vintages where there are any."""
        model, first = self.choice.main, max(self.first, self.macro.index[0] + _LEARNED)
        quasi = rstar.quasi_real_time(model, self.macro, first, n_workers=self.n_workers, progress=self.tell)
        known = KnownThen.of(self.tables)
        if known is None:
            return quasi, None
        return quasi, estimate_then(model, known, first, n_workers=self.n_workers, progress=self.tell)

    def _recursive(self, known: RecursiveEstimates) -> LeadResults:
        """The laboratory on the gap as known then."""
        return leads.LeadStudy(
            known.gap, self.portfolios, self.horizons, start=str(known.table.index[0] + _SLOPE), signs=SIGNS,
            publication_lag=LAG if known.vintages else 1,
        ).run(progress=self.tell)  # fmt: skip

    def _whose(
        self, fits: Mapping[str, NaturalRate], known: pd.Series, absent: Mapping[str, str]
    ) -> WhoseRate | None:
        if not self.choice.several:
            return None
        left_out = {**self.choice.left_out, **absent}
        return compare_models(
            fits, known, self.portfolios, self.horizons, left_out=left_out,
            n_replications=max(self.n_replications, _FAMILY), n_workers=self.n_workers, progress=self.tell,
        )  # fmt: skip

    def _other_way(self, fit: NaturalRate, known: RecursiveEstimates) -> OtherWay | None:
        """Do small caps lead the economy; r* as estimated then."""
        then = KnownThen.of(self.tables)
        economy = economy_of(self.tables, fit, known, None if then is None else then.output)
        return lead_the_economy(self.portfolios, economy)


def portfolio_returns(returns: pd.DataFrame) -> pd.DataFrame:
    """What the gap is asked to lead: small and large caps over the bill, and small minus large, percent a month.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.study.portfolio_returns(cs.data.small_cap_returns()).round(2).tail(2)
             small  large  small_minus_large
    date
    2017-02   1.16   3.24              -2.02
    2017-03   1.34  -0.47               1.81
    """
    large = returns["large"] - returns["risk_free"]
    kept = {"small": returns["excess"], "large": large, "small_minus_large": returns["small_minus_large"]}
    return titled(pd.DataFrame(kept), returns)


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
