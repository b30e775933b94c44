"""Natural rates as a combination of common trends, declared by what each series is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import as_periods, as_quarterly, require_columns
from capstar.kernels.arrays import Floats
from capstar.progress import Progress
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.trend_var.estimate import TrendVarRate, estimate
from capstar.statespace.algebra import Linear
from capstar.statespace.bayes.trend_cycle import TrendCycle, sample_trend_cycle

Span = tuple[str | None, str | None]
"""First and last period, each included; None: from the first, or to the last."""

_KEPT = 4000  # draws of the states, all chains together, that are kept unless asked otherwise
_YEARS = 100  # over which the priors say how far a trend moves


@dataclass(frozen=True)
class Trend:
    """Prior of a trend.

    Attributes
    ----------
    change
        Standard deviation of its change over a hundred years, where the prior of its variance has its mode; points.
    mean, sd
        Of its value before the sample, percent.
    """

    change: float
    mean: float
    sd: float = 1.0


@dataclass(frozen=True, kw_only=True)
class TrendVarModel(NaturalRateModel):
    """Series that are sums of random-walk trends and of a stationary vector autoregression; r* is one of the sums.

    A variant is `dataclasses.replace` of a published one, such as ``replace(TREND_VAR_3, name="loose", key="loose",
    df=8)``, or another table of equations.

    Attributes
    ----------
    name, key, citation
        As in summaries and on the command line.
    equations
        The trends that each series is made of, such as ``pi_bar + m_bar - liquidity``, beside its cycle.  A
        coefficient may be a parameter, which is then estimated.
    trends
        Prior by trend, in the order of the state vector.
    reports
        ``"rstar"`` first, and other combinations of interest.
    psi
        Prior scale of the variance of each series' innovation, 1 where none is given.
    df
        Degrees of freedom of the prior of the trends' covariance: the larger, the closer it keeps them.
    lags, tightness
        Of the cycle; see `capstar.statespace.bayes.trend_cycle.TrendCycle`.
    free
        Prior mean, prior standard deviation and proposals' standard deviation of each parameter of the equations.
    leave_out
        Values that are treated as missing, by series.
    rate
        Columns of the nominal rate and of inflation that make the real rate: the rate minus mean inflation over the
        latest year.
    first
        First period of the sample unless asked otherwise, where the data reach back.
    frequency
        Of the data: ``"Q"`` or ``"Y"``.
    largest
        Values beyond it in size are missing; None: none are.
    seconds
        See `NaturalRateModel`.
    """

    name: str = ""
    key: str = ""
    citation: str = ""
    equations: Mapping[str, Linear]
    trends: Mapping[str, Trend]
    reports: Mapping[str, Linear]
    psi: Mapping[str, float] = field(default_factory=dict)
    df: float = 100.0
    lags: int = 4
    tightness: float = 0.2
    free: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    leave_out: Mapping[str, Span] = field(default_factory=dict)
    rate: tuple[str, str] = ("bill_rate", "inflation")
    first: str = "1960Q1"
    frequency: str = "Q"
    largest: float | None = None
    seconds: float = 150.0

    options = (
        "n_draws", "n_chains", "warmup", "thin", "n_filtered", "seed", "n_workers", "as_published", "leave_out"
    )  # fmt: skip
    method = "common trends and a Bayesian VAR, posterior by Gibbs sampling"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input columns the model needs besides the date."""
        return tuple(self.equations)

    @property
    def per_year(self) -> int:
        """Periods a year."""
        return 4 if self.frequency == "Q" else 1

    @property
    def structure(self) -> TrendCycle:
        """The model in arrays.

        Raises
        ------
        SpecificationError
            An equation has a term that is no declared trend, or is not linear in the parameters.
        """
        parts = [self.weights(one) for one in self.equations.values()]
        priors, free = list(self.trends.values()), np.array(list(self.free.values())).reshape(-1, 3)
        return TrendCycle(
            loadings=np.array([fixed for fixed, _ in parts]),
            change_sd=np.array([one.change for one in priors]) / np.sqrt(_YEARS * self.per_year),
            change_df=self.df,
            trend_mean=np.array([one.mean for one in priors], dtype=float),
            trend_sd=np.array([one.sd for one in priors], dtype=float),
            psi=np.array([self.psi.get(name, 1.0) for name in self.equations]),
            lags=self.lags,
            tightness=self.tightness,
            shift=np.array([moved for _, moved in parts]).transpose(1, 0, 2),
            theta_mean=tuple(free[:, 0]),
            theta_sd=tuple(free[:, 1]),
            theta_step=tuple(free[:, 2]),
        )

    def weights(self, expression: Linear) -> tuple[Floats, Floats]:
        """Fixed weights on the trends, shape (r,), and what a unit of each parameter adds, shape (k, r)."""
        trends, free = list(self.trends), list(self.free)
        fixed, moved = np.zeros(len(trends)), np.zeros((len(free), len(trends)))
        for (name, lag), coef in expression.terms.items():
            for monomial, number in coef.terms.items():
                if name not in trends or lag or monomial not in ((), *(((one, 1),) for one in free)):
                    raise SpecificationError(
                        f"{self.name}: {expression} is no sum of its trends {trends} times numbers or the parameters "
                        f"{free}. Name the trend in trends, and the parameter in free."
                    )
                if monomial:
                    moved[free.index(monomial[0][0]), trends.index(name)] += number
                else:
                    fixed[trends.index(name)] += number
        return fixed, moved

    def fit(  # noqa: PLR0913 - options of the sampler
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_starts: int = 4,
        progress: Progress | bool = True,
        n_draws: int = 20_000,
        n_chains: int = 4,
        warmup: int | None = None,
        thin: int | None = None,
        n_filtered: int = 250,
        seed: int = 0,
        n_workers: int = -1,
        as_published: bool = False,
        leave_out: Mapping[str, Span] | None = None,
    ) -> TrendVarRate:
        """Draw from the posterior distribution of the trends.

        Parameters
        ----------
        data
            One row a period, without gaps, with the columns `inputs`; values may be missing.
        start, end
            Sample; by default from `first`, or where the data begin, to where they end.
        n_starts
            Ignored: each chain has a start of its own.
        progress
            See `capstar.progress.reporting`.
        n_draws
            Of each chain after its first ``warmup``, by default a quarter as many.
        n_chains, seed, n_workers
            See `capstar.statespace.bayes.trend_cycle.sample_trend_cycle`.
        thin
            Every how many draws one is kept; by default so that 4,000 are, all chains together.
        n_filtered
            Draws of the parameters of each chain for which trends given data to each period are drawn.
        as_published
            Whether to ignore that the distribution of the cycles before the sample follows from the parameters, as the
            code of 2017 does.
        leave_out
            In place of the model's: first and last period treated as missing, by column; ``{}`` uses every value.

        Raises
        ------
        DataError
            A column is missing, or the sample has no value of a series.
        SpecificationError
            See `sample_trend_cycle`.
        """
        spans = self.leave_out if leave_out is None else leave_out
        rate, frame = self.series_from(data, start, end, spans)
        warmup = n_draws // 4 if warmup is None else warmup
        thin = max(1, n_draws * n_chains // _KEPT) if thin is None else thin
        sampled = sample_trend_cycle(
            self.structure, frame, n_draws=n_draws, warmup=warmup, thin=thin, n_chains=n_chains, seed=seed,
            n_workers=n_workers, exact=not as_published, progress=progress,
        )  # fmt: skip
        return estimate(
            self, frame, rate, sampled, spans, seed=seed, n_filtered=n_filtered, exact=not as_published
        )

    def series_from(
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None,
        end: str | pd.Period | None,
        leave_out: Mapping[str, Span],
    ) -> tuple[pd.Series, pd.DataFrame]:
        """The real rate, and the series of the sample with what is left out missing.

        Raises
        ------
        DataError
            As `fit`.
        """
        source = str(data.attrs.get("title", "data"))
        table = self._table(data, source)
        if unknown := [name for name in leave_out if name not in self.inputs]:
            raise SpecificationError(
                f"leave_out names {unknown}; {self.name} reads {', '.join(self.inputs)}."
            )
        low = max(pd.Period(self.first, freq=self.frequency), table.index[0]) if start is None else start
        frame = table.loc[low:end].copy()
        for name, (first, last) in leave_out.items():
            frame.loc[first:last, name] = np.nan
        if self.largest is not None:
            frame = frame.where(frame.abs() <= self.largest)
        if len(frame) == 0 or len(empty := frame.columns[frame.isna().all()]):
            what = "a row" if len(frame) == 0 else f"a value of {empty[0]}"
            raise DataError(
                f"{source}: from {low} on there is not {what} that {self.name} could use. Choose another sample, or "
                "another leave_out."
            )
        nominal, prices = self.rate
        rate = table[nominal] - table[prices].rolling(self.per_year).mean()
        rate.attrs = dict(data.attrs)
        return rate.loc[:end], frame

    def usable(self, data: pd.DataFrame) -> str:
        """In words: the sample a table gives the model, or why it gives none; values may be missing in it."""
        try:
            _, frame = self.series_from(data, None, None, self.leave_out)
        except DataError as error:
            return f"not usable: {error}"
        return f"usable, {frame.index[0]}-{frame.index[-1]}"

    def _table(self, data: pd.DataFrame, source: str) -> pd.DataFrame:
        if self.frequency == "Q":
            table = as_quarterly(data, source=source, columns=self.inputs)
        else:
            kept = data.loc[:, data.columns.isin(["date", *self.inputs])]
            table = as_periods(kept, source=source)
        require_columns(table, self.inputs, source=source, why=f"needed by {self.name}")
        if table.index.freqstr[:1] != self.frequency:
            raise DataError(
                f"{source}: {self.name} is made for data of frequency {self.frequency}, one row a year."
            )
        return table[list(self.inputs)]
