"""A predictor against several return series at several horizons, in sample and out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from capstar.arguments import check_fields
from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.frames import described
from capstar.leads.alignment import AlignedData, quarters_after
from capstar.leads.checks import require_known
from capstar.leads.forecasts.comparison import ForecastComparison, compare
from capstar.leads.inference.drawn_regressor import DrawnRegressor, drawn_regressor
from capstar.leads.inference.estimated_regressor import Source, resample
from capstar.leads.inference.in_sample import persistence, tabulate
from capstar.leads.records import period_name
from capstar.leads.results import LeadResults
from capstar.leads.verdict import PRIMARY, PRIMARY_MONTHLY, PrimarySpecification
from capstar.progress import Progress, reporting
from capstar.provenance import titled

Information = Literal["filtered", "smoothed", "recursive", "real time"]
_SEEN = ("filtered", "smoothed", "recursive", "real time")
_COLLINEAR = 0.995


@dataclass(frozen=True)
class LeadStudy:
    """Whether a quarterly or monthly series leads returns.

    Attributes
    ----------
    gap
        Predictor on a quarterly or monthly PeriodIndex, such as the r* gap in percentage points.
    returns
        A month on a monthly PeriodIndex: a Series, or a DataFrame with one column a portfolio.
    horizons
        Periods of the predictor: quarters of a quarterly one, months of a monthly one.
    information
        What the predictor has seen: ``"filtered"`` (data to the period, parameters of the whole sample),
        ``"recursive"`` (quasi-real time: data and parameters to the period, but revised data), ``"real time"``
        (vintages: data as known then) or ``"smoothed"`` (the future too, with a warning). By default what
        ``gap.attrs["kind"]`` says, which `capstar.rstar.RecursiveEstimates` writes, and filtered without it. A gap
        whose kind is ``"quasi-real time"`` is refused as ``"real time"``.
    publication_lag
        Months until a period's data are known; `capstar.leads.release_delay` derives them from a release calendar.
    benchmarks
        Competitors of the predictor on its dates, a column each: the real rate, the output gap, the dividend yield.
    source
        Redraws the predictor, ``capstar.rstar.gap_source(fit)``, for the bootstrap of an estimated regressor.
    draws
        Posterior draws of the predictor, a row a period and a column each, such as ``fit.gap_draws()``, for
        `capstar.leads.drawn_regressor`.
    start
        First quarter (or month) in which a forecast return has ended; None to forecast nothing.
    signs
        Of slopes by predictor or (portfolio, predictor), for forecasts restricted as by Campbell and Thompson.
    units
        Of the returns, ``"percent"`` or ``"decimal"``.
    n_replications
        Of each bootstrap.
    seed, n_workers
        The same seed gives the same numbers whatever the number of workers.
    primary
        The one test the study is made for, which its verdict begins with; all others are called exploratory. By default
        small minus large over one quarter, or of a monthly predictor, as the second one written down, over one month.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> study = cs.leads.LeadStudy(gap, returns[["excess"]], (1,), start=None, n_replications=99)
    >>> lead = study.run()
    >>> lead.own[["slope", "hodrick_p", "ivx_rwb_p"]].round(2)
       slope  hodrick_p  ivx_rwb_p
    0  -0.09       0.82        0.9
    >>> figure = lead.plot()
    """

    gap: pd.Series
    returns: pd.Series | pd.DataFrame
    horizons: tuple[int, ...] = (1, 2, 4, 8)
    information: Information | None = None
    publication_lag: int = 1
    benchmarks: pd.DataFrame | None = None
    source: Source | None = None
    draws: pd.DataFrame | None = None
    start: str | None = "1980Q1"
    signs: Mapping[str, int] | Mapping[tuple[str, str], int] = field(default_factory=dict)
    units: Literal["percent", "decimal"] = "percent"
    n_replications: int = 499
    seed: int = 0
    n_workers: int = 1
    primary: PrimarySpecification | None = None

    def __post_init__(self) -> None:
        """Take a table of one column as its series, and refuse what is no series, number or choice."""
        check_fields(self)

    def run(self, *, progress: Progress | bool = True) -> LeadResults:
        """Run everything.

        Parameters
        ----------
        progress
            See `capstar.progress.reporting`.

        Raises
        ------
        DataError
            The series cannot be aligned, are too short, do not vary, or are not in the units declared.
        SpecificationError
            A horizon, the information set or an option is not valid.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> study = cs.leads.LeadStudy(gap, returns[["excess"]], (1,), start=None, n_replications=99)
        >>> lead = study.run(progress=False)
        >>> print(lead.information, len(lead.table), lead.forecast_comparison)
        filtered 1 None
        """
        self._check()
        portfolios = self.returns.to_frame() if isinstance(self.returns, pd.Series) else self.returns
        _check_returns(portfolios)
        data = self._aligned(_in_percent(portfolios, self.units))
        options = {"n_replications": self.n_replications, "seed": self.seed}
        with reporting(progress) as tell:
            table = tabulate(data, self.horizons, progress=tell)
            constancy = persistence(data, **options, progress=tell)
            forecasts, note = self._forecasts(data, tell)
            estimated = None
            if self.source is not None:
                after = pd.DataFrame({one: data.after[one, 1] for one in data.portfolios})
                estimated = resample(
                    self.source,
                    self.gap,
                    after,
                    self.horizons,
                    **options,
                    n_workers=self.n_workers,
                    progress=tell,
                )
        for one in (table, *([] if forecasts is None else [forecasts.table])):
            titled(one, self.gap, self.returns)
        return LeadResults(
            str(self.gap.name),
            table,
            constancy,
            forecasts,
            estimated,
            self._seen,
            self.publication_lag,
            note,
            self._primary,
            self._drawn(portfolios),
        )

    def _drawn(self, portfolios: pd.DataFrame) -> DrawnRegressor | None:
        if self.draws is None:
            return None
        percent, horizons = _in_percent(portfolios, self.units), tuple(self.horizons)
        return drawn_regressor(self.draws, percent, horizons, publication_lag=self.publication_lag)

    @property
    def _period(self) -> str:
        """What the predictor has one value of."""
        return period_name(self.gap.index[0])

    @property
    def _primary(self) -> PrimarySpecification:
        return self.primary or (PRIMARY if self._period == "quarter" else PRIMARY_MONTHLY)

    @property
    def _seen(self) -> str:
        """What the predictor has seen, as declared, or as the series says itself."""
        kind = str(self.gap.attrs.get("kind", "filtered"))
        return self.information or ("recursive" if kind == "quasi-real time" else kind)

    def _forecasts(self, data: AlignedData, tell: Progress) -> tuple[ForecastComparison | None, str]:
        if self.start is None:
            return None, ""
        left, notes = sorted(self.horizons), []
        while left:
            try:
                found = compare(
                    data, tuple(left), start=self.start, signs=self.signs or None,
                    n_replications=self.n_replications, seed=self.seed, n_workers=self.n_workers,
                    progress=tell,
                )  # fmt: skip
            except DataError as error:
                notes.append(f"Over {left.pop()} {self._period}(s) nothing is forecast: {error}")
            else:
                return found, "\n".join(notes)
        warnings.warn(notes[-1], DataWarning, stacklevel=3)
        return None, notes[-1]

    def _aligned(self, portfolios: pd.DataFrame) -> AlignedData:
        """Predictors, and every return series that a step needs, each built once."""
        return AlignedData.of(
            portfolios, self._predictors(), self.horizons, publication_lag=self.publication_lag,
            quarters=quarters_after(self.gap.index, self.horizons),
        )  # fmt: skip

    def _predictors(self) -> pd.DataFrame:
        """The predictor and its competitors on the periods all have."""
        table = self.gap.to_frame(str(self.gap.name))
        if self.benchmarks is not None:
            if clash := [name for name in self.benchmarks if name in table]:
                raise SpecificationError(f"benchmarks: {clash[0]!r} is the predictor's own name. Rename it.")
            theirs, own = self.benchmarks.index, self.gap.index
            if theirs.dtype != own.dtype:
                raise DataError(
                    f"benchmarks: {list(self.benchmarks)} are on {described(theirs)}, {self.gap.name} on "
                    f"{described(own)}. Bring both to one frequency, such as with capstar.data.to_quarterly."
                )
            table = table.join(self.benchmarks, how="inner")
        table = _overlap(table)
        for name in table:
            column = table[name]
            require_known(column.to_frame())
            if np.ptp(column.to_numpy()) == 0:
                raise DataError(
                    f"{name} does not vary in {table.index[0]}-{table.index[-1]}. Give another predictor."
                )
        _warn_of_twins(table)
        return table

    def _check(self) -> None:
        if not self.horizons or any(h < 1 for h in self.horizons):
            raise SpecificationError(f"horizons={self.horizons}; give numbers of periods, at least 1 each.")
        if self._seen not in _SEEN:
            raise SpecificationError(f"information={self._seen!r}; choose one of {list(_SEEN)}.")
        if self._seen == "real time" and self.gap.attrs.get("kind", "real time") != "real time":
            raise SpecificationError(
                f"{self.gap.name} is in {self.gap.attrs['kind']}: its data are revised, not as known then. Set "
                "information='recursive', or estimate it on vintages."
            )
        index = self.gap.index
        if _spacing(index) < 45 < _spacing(self.returns.index):
            raise DataError(
                f"{self.gap.name} is on a {described(index)} and the returns on a {described(self.returns.index)}: "
                "they seem to be swapped. Give the predictor first, LeadStudy(gap, returns)."
            )
        if not isinstance(index, pd.PeriodIndex) or index.freqstr[:1] not in ("Q", "M"):
            raise DataError(
                f"{self.gap.name}: the predictor must be on a quarterly or monthly PeriodIndex, got "
                f"{described(index)}. {_to_quarters(index)}"
            )
        if self._primary.period != self._period:
            raise SpecificationError(
                f"primary: its horizon is in {self._primary.period}s, and {self.gap.name} is by {self._period}. Give "
                f"PrimarySpecification(period={self._period!r}, ...)."
            )
        if self._seen == "smoothed":
            warnings.warn(
                f"{self.gap.name}: a smoothed predictor has seen the returns' future; the regressions describe "
                "and cannot show that it leads. Use a filtered, recursive or real-time series.",
                DataWarning,
                stacklevel=3,
            )


def _overlap(table: pd.DataFrame) -> pd.DataFrame:
    """From the first to the last period in which every predictor has begun and none has ended."""
    spans = [table[name].dropna().index for name in table]
    if all(map(len, spans)):
        first, last = max(span[0] for span in spans), min(span[-1] for span in spans)
        if first <= last:
            return table.loc[first:last]
    own, *rest = map(str, table)
    too = f" that {rest} have too" if rest else ""
    raise DataError(f"{own} has no period with a value{too}. Give series that overlap.")


def _check_returns(table: pd.DataFrame) -> None:
    """Monthly, with a value, and without a gap between the first and the last."""
    index = table.index
    for name in table:
        known = table[name].loc[table[name].first_valid_index() : table[name].last_valid_index()]
        if not isinstance(index, pd.PeriodIndex) or index.freqstr != "M":
            raise DataError(
                f"{name}: returns must be on a monthly PeriodIndex, got {described(index)}. {_to_months(index)}"
            )
        if known.empty or table[name].isna().all():
            raise DataError(f"{name}: there is no return. Give a month's return in every row.")
        if known.isna().any():
            raise DataError(
                f"{name} is missing in {known.index[known.isna()][0]}; returns over it are unknown. Fill it or cut the "
                "sample there."
            )


def _spacing(index: pd.Index) -> float:
    """Median days between dates; NaN where there are none."""
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 2:
        return float("nan")
    return float(index.to_series().diff().median() / pd.Timedelta(days=1))


def _to_quarters(index: pd.Index) -> str:
    """How a predictor on such dates is brought to quarters."""
    spacing = _spacing(index)
    if spacing < 45:
        return "Bring it to quarters with gap = capstar.data.to_quarterly(gap)."
    if spacing < 120:
        return "Convert with gap.index = gap.index.to_period('Q')."
    if spacing > 300:
        return "A value a year says nothing of quarters within it: give the gap of a quarterly model, such as HLW2017."
    return "Give one value a quarter, with gap.index = pd.period_range('1960Q1', periods=len(gap), freq='Q')."


def _to_months(index: pd.Index) -> str:
    """How returns on such dates are brought to months, where they can be."""
    spacing, periods = (
        _spacing(index),
        "asfreq('M')" if isinstance(index, pd.PeriodIndex) else "to_period('M')",
    )
    if spacing < 25:
        return f"Compound them: 100 * ((1 + returns / 100).groupby(returns.index.{periods}).prod() - 1)."
    if spacing < 45:
        return f"Convert with returns.index = returns.index.{periods}."
    if spacing < 120:
        return (
            "Months are needed, from which the quarters after publication are made. Give monthly returns, or test "
            "these with capstar.leads.predictive_regression(gap, returns, horizon=1)."
        )
    return "Give one return a month, with returns.index = pd.period_range('1960-01', periods=len(returns), freq='M')."


def _warn_of_twins(table: pd.DataFrame) -> None:
    correlation = table.corr().abs()
    for k, one in enumerate(table.columns):
        for other in table.columns[k + 1 :]:
            if correlation.loc[one, other] > _COLLINEAR:
                warnings.warn(
                    f"{one} and {other} are nearly the same series (correlation {correlation.loc[one, other]:.4f}): "
                    "their rows are not independent. Leave one out.",
                    DataWarning,
                    stacklevel=4,
                )


def _are_prices(values: pd.Series) -> bool:
    """Whether all are positive, persistent, and never near zero as interest rates are, or too large for them."""
    if len(values) < 24 or not values.min() > 0 or values.std() == 0:
        return False
    level = values.min() > 0.2 * values.max() or values.mean() > 2
    return bool(level and values.autocorr() > 0.8)


def _in_percent(returns: pd.DataFrame, units: str) -> pd.DataFrame:
    """Returns in percent; refuse values inconsistent with the units declared.

    Raises
    ------
    DataError
        The units are unknown, or the returns are far too small or large for them.
    """
    if units not in ("percent", "decimal"):
        raise DataError(f"units={units!r}; declare 'percent' or 'decimal'.")
    percent = returns if units == "percent" else 100 * returns
    spread = percent.std()
    for name in percent:
        if _are_prices(returns[name].dropna()):
            raise DataError(
                f"{name}: every value is positive and near the one before it, from {returns[name].min():.4g} to "
                f"{returns[name].max():.4g}: these are prices. Give returns, 100 * returns.pct_change().iloc[1:]."
            )
        if spread[name] < 0.15 and percent[name].abs().max() < 1.5:
            raise DataError(
                f"{name}: a standard deviation of {spread[name]:.4f} percent a month is that of decimals. Declare "
                "units='decimal', or multiply by 100."
            )
        if spread[name] > 60 and not np.isnan(spread[name]):
            raise DataError(
                f"{name}: a standard deviation of {spread[name]:.0f} percent a month is that of percent declared as "
                "decimals. Declare units='percent', or divide by 100."
            )
    return percent
