"""Which value belongs to which date: returns after publication, series on shared dates.

One dating: a return belongs to the quarter or month after whose publication it begins.  `AlignedSample.in_period`
alone moves it to that in which it has ended.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.checks import require_known, require_variation
from capstar.leads.records import period_name
from capstar.provenance import titled

_MONTHS = {"M": 1, "Q": 3}


@checked
def cumulate_after(
    returns: pd.Series, quarters: pd.PeriodIndex, *, horizon: int = 1, publication_lag: int = 1
) -> pd.Series:
    """Log return over ``horizon`` periods that begins once the period's data are published.

    Parameters
    ----------
    returns
        Simple returns in percent a month, on a monthly PeriodIndex without gaps; or of the periods that predict.
    quarters
        Quarters (or months) whose data predict, without gaps.
    horizon
        Length, in such periods.
    publication_lag
        Months between the end of a period and the first month of the return: with 1, the first quarter's
        figures are taken as known at the end of April, and the return starts with May.

    Returns
    -------
    pandas.Series
        ``sum 100 log(1 + r/100)`` over the horizon, by period; NaN where a return is unknown.

    Raises
    ------
    DataError
        From `window_after`, or returns that fall to -100 percent.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()["small"]
    >>> quarters = cs.data.us_macro().index[-4:]
    >>> cs.leads.cumulate_after(returns, quarters, horizon=2).round(1).tolist()
    [37.5, 25.8, 10.2, 27.8]
    """
    if (returns <= -100).any():
        raise DataError(
            f"{returns.name} in {(returns <= -100).idxmax()} is {returns.min():.4g} percent; no log exists. "
            "Give returns in percent."
        )
    length, last = window_after(returns, quarters, horizon=horizon, publication_lag=publication_lag)
    total = (100 * np.log1p(returns / 100)).rolling(length).sum()
    return titled(pd.Series(total.reindex(last).to_numpy(), quarters, name=returns.name), returns)


@dataclass(frozen=True, eq=False)
class AlignedSample:
    """A predictor beside the returns after it: what every test of predictability gets.

    Attributes
    ----------
    x : pandas.Series
        Predictor by quarter or month, without a gap.
    after : Mapping[int, pandas.Series]
        By horizon in such periods (1 is always there): log return in percent that begins once the period's data are
        published, on the periods of ``x``; NaN where a month is unknown.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["small_minus_large"], gap, horizon=4)
    >>> sample.x.index[[0, -1]].strftime("%YQ%q").tolist()
    ['1969Q4', '2009Q3']
    >>> sorted(sample.after)
    [1, 4]
    """

    x: pd.Series
    after: Mapping[int, pd.Series]

    @classmethod
    def of(
        cls, returns: pd.Series, predictor: pd.Series, horizon: int = 1, *, publication_lag: int = 1
    ) -> AlignedSample:
        """One predictor and one portfolio, whatever their names; ``returns`` percent a month.

        Raises
        ------
        DataError
            As `AlignedData.of` and `AlignedData.sample`.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap, horizon=4)
        >>> print(sample.after[1].round(2).head(2).tolist(), sample.after[4].round(2).head(2).tolist())
        [-22.35, -16.32] [-5.98, 29.95]
        """
        one, other = (
            series.to_frame(default if series.name is None else series.name)
            for series, default in ((returns, "returns"), (predictor, "predictor"))
        )
        data = AlignedData.of(one, other, (horizon,), publication_lag=publication_lag)
        return data.sample(one.columns[0], other.columns[0])

    def pairs(self, horizon: int = 1) -> tuple[pd.Series, pd.Series]:
        """Return and predictor by the period of the predictor, where the return is known.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
        >>> y, x = sample.pairs()
        >>> print(str(x.index[-1]), round(x.iloc[-1], 2), round(y.iloc[-1], 2))
        2009Q3 -0.01 6.6
        """
        y = self.after[horizon].dropna()
        return y, self.x.loc[y.index]

    def in_period(self, horizon: int = 1, *, to_last: bool = False) -> tuple[pd.Series, pd.Series]:
        """The same by the period in which the return has ended, as functions of a return and a predictor have it.

        Parameters
        ----------
        horizon
            Quarters.
        to_last
            Go on to the last return that is over, as forecasts do, with the predictor missing after its own end; by
            default both end with the predictor.

        Returns
        -------
        returns, predictor
            The return of row t begins when the predictor of t - ``horizon`` has been published.  The first ``horizon``
            returns have no predictor before them and are missing.

        Raises
        ------
        DataError
            Fewer than 40 periods, or a gap.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
        >>> y, x = sample.in_period()
        >>> cs.leads.ivx(y, x).table.round(2)[["slope", "t", "p"]]
                   slope     t     p
        rstar_gap  -0.05 -0.14  0.89
        """
        after, x = self.after[horizon], self.x
        known = after.loc[after.first_valid_index() : after.last_valid_index()]
        if len(known) < 40 or known.isna().any():
            raise DataError(
                f"{after.name} and {x.name}: {len(known)} {period_name(x.index[0])}s are shared, or one inside is "
                "missing; give at least 40 without gaps."
            )
        last = known.index[-1] + horizon
        if not to_last:
            last = min(last, x.index[-1])
        span = pd.period_range(known.index[0], last, freq=x.index.freq, name="date")
        shifted = pd.Series(known.to_numpy(), known.index + horizon).reindex(span)
        return titled(shifted.rename(after.name), after), x.reindex(span)


@dataclass(frozen=True, eq=False)
class AlignedData:
    """The dataset of a study: each return series after publication built once, beside the predictors.

    Attributes
    ----------
    predictors : pandas.DataFrame
        By quarter, or by month.
    after : Mapping[tuple[str, int], pandas.Series]
        By portfolio and horizon, as in `AlignedSample`, on quarters that include those of the predictors.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> data = cs.leads.AlignedData.of(returns[["excess", "smb"]], gap.to_frame(), horizons=(1, 4))
    >>> print(data.portfolios, round(data.after["excess", 4].iloc[-1], 2))
    ['excess', 'smb'] 23.51
    """

    predictors: pd.DataFrame
    after: Mapping[tuple[Hashable, int], pd.Series]

    @classmethod
    def of(
        cls,
        returns: pd.DataFrame,
        predictors: pd.DataFrame,
        horizons: Iterable[int] = (1,),
        *,
        publication_lag: int = 1,
        quarters: pd.PeriodIndex | None = None,
    ) -> AlignedData:
        """Build every series; ``quarters`` (or months), by default the predictors' own, are what returns come after.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> data = cs.leads.AlignedData.of(returns[["excess"]], gap.to_frame(), publication_lag=2)
        >>> print(data.after["excess", 1].name, len(data.predictors))
        excess 160
        """
        index = predictors.index if quarters is None else quarters
        build = partial(cumulate_after, quarters=index, publication_lag=publication_lag)
        keys = [(name, h) for name in returns for h in sorted({1, *horizons})]
        return cls(predictors, {(name, h): build(returns[name], horizon=h) for name, h in keys})

    @property
    def portfolios(self) -> list[Hashable]:
        """Names of the return series."""
        return list(dict.fromkeys(name for name, _ in self.after))

    def sample(self, portfolio: Hashable, predictor: Hashable) -> AlignedSample:
        """One predictor, from its first to its last value, beside the returns of one portfolio.

        Raises
        ------
        DataError
            The predictor has a gap.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> data = cs.leads.AlignedData.of(returns[["excess"]], gap.to_frame(), horizons=(1, 4))
        >>> y, x = data.sample("excess", gap.name).pairs(4)
        >>> print(len(y), round(x.corr(y), 2))
        160 -0.12
        """
        x = self.predictors[predictor]
        x = x.loc[x.first_valid_index() : x.last_valid_index()]
        if x.isna().any():
            raise DataError(f"{x.name} has no value in {x.isna().idxmax()}. Fill it or cut the sample.")
        return AlignedSample(
            x, {h: series.loc[x.index] for (name, h), series in self.after.items() if name == portfolio}
        )

    def samples(self) -> Iterator[tuple[Hashable, Hashable, AlignedSample]]:
        """Every predictor and portfolio, by predictor.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> data = cs.leads.AlignedData.of(returns[["excess", "smb"]], gap.to_frame())
        >>> {portfolio: len(sample.x) for predictor, portfolio, sample in data.samples()}
        {'excess': 160, 'smb': 160}
        """
        for predictor in self.predictors:
            for portfolio in self.portfolios:
                yield predictor, portfolio, self.sample(portfolio, predictor)


def quarters_after(quarters: pd.PeriodIndex, horizons: Iterable[int]) -> pd.PeriodIndex:
    """Quarters of a predictor and those after it in which single returns begin that the longest horizon adds up."""
    _regular(quarters, "predictors")
    return pd.period_range(quarters[0], quarters[-1] + max(horizons, default=1) - 1, freq=quarters.freq)


def aligned(
    target: pd.Series, predictors: pd.Series | pd.DataFrame, *, fewest: int = 30
) -> tuple[pd.Series, pd.DataFrame]:
    """Target and predictors on the dates all have, as floats.

    Parameters
    ----------
    target
        What follows each date, such as `capstar.leads.cumulate_after` gives.
    predictors
        Known at each date.
    fewest
        Dates needed.

    Raises
    ------
    DataError
        Predictors that do not vary or are collinear, or from `on_shared_dates`.
    """
    y, x = on_shared_dates(target, predictors, fewest=fewest)
    require_variation(x)
    return y, x


def on_shared_dates(
    target: pd.Series, predictors: pd.Series | pd.DataFrame, *, fewest: int = 30
) -> tuple[pd.Series, pd.DataFrame]:
    """As `aligned`, for series that may be constant.

    Raises
    ------
    DataError
        Not on Periods of one frequency, a period missing or repeated, a gap inside, or too few shared dates.
    """
    table = predictors.to_frame() if isinstance(predictors, pd.Series) else predictors
    if _regular(target.index, target.name) != _regular(table.index, list(table)):
        raise DataError(
            f"{target.name} is {target.index.freqstr} and {list(table)} are {table.index.freqstr}. Bring them to one "
            "frequency first."
        )
    joined = pd.concat([target, table], axis=1, join="inner").astype(float)
    whole = joined.notna().all(axis=1)
    joined = joined.loc[whole.idxmax() : whole[::-1].idxmax()] if whole.any() else joined.iloc[:0]
    require_known(joined)
    if len(joined) < fewest:
        raise DataError(
            f"{target.name} and {list(table)} share {len(joined)} dates; at least {fewest} are needed. Give longer "
            "series, a shorter horizon or fewer regressors."
        )
    return joined.iloc[:, 0], joined.iloc[:, 1:]


def overlap_lags(nobs: int, horizon: int) -> int:
    """Autocovariances for targets over ``horizon`` periods, as `capstar.leads.predictive_regression` has them."""
    return max(horizon - 1, int(4 * (nobs / 100) ** (2 / 9)))


def window_after(
    series: pd.Series, dates: pd.PeriodIndex, *, horizon: int, publication_lag: int = 1
) -> tuple[int, pd.PeriodIndex]:
    """Length in periods of ``series``, and last one, of the ``horizon`` periods after each date is published.

    Parameters
    ----------
    series
        Monthly or quarterly; not of lower frequency than the dates.
    dates
        Quarters or months.
    horizon
        Periods of ``dates``.
    publication_lag
        Months, as in `capstar.leads.cumulate_after`; rounded up to whole periods of ``series``.

    Raises
    ------
    DataError
        Other frequencies, or a period missing or repeated.
    SpecificationError
        The horizon is less than 1.
    """
    if horizon < 1:
        raise SpecificationError(f"horizon={horizon}; choose at least 1.")
    months = _MONTHS[_regular(series.index, series.name)]
    each = _MONTHS[_regular(dates, "dates")] / months
    if each < 1:
        raise DataError(f"{series.name} is quarterly and the dates monthly. Give a monthly series.")
    length = int(each) * horizon
    last = dates.asfreq(series.index.freqstr, how="end") + -(-publication_lag // months) + length
    return length, last


def _regular(index: pd.Index, name: object) -> str:
    """Frequency letter; raise `DataError` unless every month or quarter occurs once and in order."""
    if not isinstance(index, pd.PeriodIndex) or index.freqstr[:1] not in _MONTHS:
        raise DataError(
            f"{name}: expected a monthly or quarterly PeriodIndex, got {type(index).__name__} "
            f"{getattr(index, 'freqstr', '')}. Convert with index.to_period('M') or ('Q')."
        )
    if (np.diff(index.asi8) != 1).any():
        where = index[int(np.argmax(np.diff(index.asi8) != 1))]
        raise DataError(f"{name}: a period is missing or repeated after {where}. Give every period once.")
    return str(index.freqstr[:1])
