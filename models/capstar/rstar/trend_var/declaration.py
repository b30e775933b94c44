"""What is declared of a natural rate that is a combination of common trends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import as_quarterly, as_yearly, require_columns
from capstar.kernels.arrays import Floats
from capstar.rstar.natural_rate import LONG_RUN
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.statespace.algebra import Linear
from capstar.statespace.bayes.trend_cycle import TrendCycle

Span = tuple[str | None, str | None]
"""First and last period, each included; None: from the first, or to the last."""

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

    Examples
    --------
    It moves by about a point in a hundred years, and was near 0.5 percent:

    >>> import capstar as cs
    >>> cs.rstar.Trend(change=1.0, mean=0.5)
    Trend(change=1.0, mean=0.5, sd=1.0)
    """

    change: float
    mean: float
    sd: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Declaration(NaturalRateModel):
    """Series that are sums of random-walk trends and of a stationary vector autoregression; r* is one of the sums.

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
        Columns of the nominal rate and of inflation that make the real rate, the rate minus mean inflation over the
        latest year; of several pairs their mean, over those that have a value.
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
    rate: tuple[tuple[str, str], ...] = (("bill_rate", "inflation"),)
    first: str = "1960Q1"
    frequency: str = "Q"
    largest: float | None = None
    seconds: float = 150.0

    options = (
        "n_draws", "n_chains", "warmup", "thin", "n_filtered", "seed", "n_workers", "as_published", "leave_out"
    )  # fmt: skip
    method = "common trends and a Bayesian VAR, posterior by Gibbs sampling"
    definition = LONG_RUN

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
            A column is missing, or the sample has no value of a series.
        SpecificationError
            ``leave_out`` names a series that the model does not read.
        """
        source = str(data.attrs.get("title", "data"))
        table = self._table(data, source)
        if self.largest is not None:
            table = table.where(table.abs() <= self.largest)
        if unknown := [name for name in leave_out if name not in self.inputs]:
            raise SpecificationError(
                f"leave_out names {unknown}; {self.name} reads {', '.join(self.inputs)}."
            )
        first, last = (None if one is None else pd.Period(one, freq=self.frequency) for one in (start, end))
        low = max(pd.Period(self.first, freq=self.frequency), table.index[0]) if first is None else first
        frame = table.loc[low:last].copy()
        for name, (since, until) in leave_out.items():
            frame.loc[since:until, name] = np.nan
        if len(frame) == 0 or len(empty := frame.columns[frame.isna().all()]):
            what = "a row" if len(frame) == 0 else f"a value of {empty[0]}"
            raise DataError(
                f"{source}: from {low} on there is not {what} that {self.name} could use. Choose another sample, or "
                "another leave_out."
            )
        real = (table[nominal] - table[prices].rolling(self.per_year).mean() for nominal, prices in self.rate)
        rate = pd.concat(real, axis=1).mean(axis=1)
        rate.attrs = dict(data.attrs)
        return rate.loc[:last], frame

    def usable(self, data: pd.DataFrame) -> str:
        """In words: the sample a table gives the model, or why it gives none; values may be missing in it."""
        try:
            _, frame = self.series_from(data, None, None, self.leave_out)
        except DataError as error:
            return f"not usable: {error}"
        return f"usable, {frame.index[0]}-{frame.index[-1]}"

    def _table(self, data: pd.DataFrame, source: str) -> pd.DataFrame:
        require_columns(data, self.inputs, source=source, why=f"needed by {self.name}")
        checked = as_quarterly if self.frequency == "Q" else as_yearly
        return checked(data, source=source, columns=self.inputs)[list(self.inputs)]
