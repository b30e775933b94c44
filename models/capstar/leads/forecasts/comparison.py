"""Forecasts out of sample: every predictor against the prevailing mean, with data snooping accounted for."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.frames import Start, since
from capstar.leads.alignment import AlignedData, quarters_after
from capstar.leads.forecasts.forecast_tables import cumulative_difference
from capstar.leads.forecasts.nested_search import (
    NestedSearch,
    adjusted_loss_table,
    maximum_adjusted_mspe,
)
from capstar.leads.forecasts.out_of_sample import (
    compare_forecasts,
    direction_test,
    earliest_forecasts,
    recursive_forecasts,
)
from capstar.leads.forecasts.superior_ability import (
    SuperiorAbility,
    confidence_set,
    loss_table,
    superior_ability,
)
from capstar.leads.inference.bootstrap import bootstrap_forecasts
from capstar.leads.numerics import bootstrap_p
from capstar.leads.records import Tabled, period_name, periods_of
from capstar.progress import Progress, reporting
from capstar.provenance import Source, sample_of, source_of, titled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEYS = ["predictor", "returns", "horizon"]
_HEADS = {
    "r2_os": "R2_OS", "r2_os_rolling": "rolling", "r2_os_restricted": "restricted", "clark_west": "CW",
    "clark_west_p": "CW p", "clark_west_bootstrap_p": "CW boot p", "mse_f_p": "MSE-F p", "enc_new_p": "ENC-NEW p",
    "diebold_mariano_p": "DM p", "direction_p": "PT p", "in_set": "in MCS", "nobs": "n",
}  # fmt: skip

_FEWEST, _MOST = 40, 8  # forecasts after a start; years in which forecasts start
_BOOTSTRAPPED = {"mse_f": "mse_f_p", "enc_new": "enc_new_p", "clark_west": "clark_west_bootstrap_p"}
Signs = Mapping[str, int] | Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class ForecastComparison(Tabled):
    """Forecasts of every portfolio and horizon against the prevailing mean.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a forecast, portfolio and horizon: ``r2_os`` (percent), ``r2_os_rolling``, ``r2_os_restricted``
        (Campbell and Thompson), Clark-West and Diebold-Mariano statistic and p, ``mse_f``, ``enc_new`` and again
        Clark-West (``clark_west_bootstrap_p``) with p from the wild bootstrap, the only ones that keep their size
        over several periods and when variances move (research/size_of_tests), ``hit`` and ``direction_p``
        (Pesaran-Timmermann, one period), ``nobs``, ``first``; ``in_set``: whether it is in the 90 percent model
        confidence set of its portfolio and horizon.
    forecasts : dict
        Outcome and forecasts by (portfolio, horizon), expanding samples.
    ability
        Reality check and SPA over all rows of predictors at once, squared errors in units of the mean's.
    search
        Search over the same rows by the maximum adjusted mean squared error: the test for forecasts that nest the mean.
    earliest : dict
        As ``forecasts``, from the first quarter or month that can be forecast.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.forecast_comparison(returns[["excess"]], gap.to_frame(), (1,), n_replications=99)
    >>> found.forecasts["excess", 1].round(2).tail(2)
            actual  mean  rstar_gap
    date
    2009Q3    3.55  1.09       0.90
    2009Q4    6.60  1.10       1.08
    >>> print(found.search.best, found.ability.nobs)
    rstar_gap, excess, 1 120
    """

    table: pd.DataFrame
    forecasts: dict[tuple[str, int], pd.DataFrame]
    ability: SuperiorAbility
    search: NestedSearch
    earliest: dict[tuple[str, int], pd.DataFrame] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """First period, and what the numbers are."""
        return (
            f"Out of sample from {self.table['first'].min()}, percent of squared error saved against the mean"
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """The table with the names of the tests for heads."""
        return {"": shown(self.table, _HEADS)}

    def notes(self) -> tuple[str, ...]:
        """Whether any forecast beats the mean."""
        tests = f"reality check p {self.ability.reality_check:.3f}, SPA p {self.ability.spa:.3f}"
        nested = f"allowing for nesting p {self.search.p:.3f} ({self.search.best} the best)"
        return (f"That none of all {len(self.ability.table)} forecasts beats the mean: {tests}; {nested}.",)

    def plot(self, ax: Any = None, *, horizon: int = 1, start: Start = None) -> Figure:
        """Squared errors of the mean less those of each forecast, cumulated (Welch and Goyal 2008).

        Parameters
        ----------
        ax
            Axes to draw the first portfolio in; by default a figure of its own.
        horizon
            Quarters.
        start
            First quarter or month shown.

        Raises
        ------
        SpecificationError
            Nothing was forecast over the horizon.
        """
        from capstar.plotting.leads import plot_lines

        made = self.forecasts
        chosen = {
            name: since(cumulative_difference(table).series, start)
            for (name, h), table in made.items()
            if h == horizon
        }
        if not chosen:
            raise SpecificationError(
                f"horizon={horizon}: no forecasts were made; there are {sorted({h for _, h in made})}."
            )
        unit = period_name(next(iter(made.values())).index[0])
        title = (
            f"Squared errors saved against the mean, {periods_of(horizon, unit)} ahead: rising where better"
        )
        return plot_lines(
            chosen, unit="percent squared, cumulated", title=title, source=self.provenance, ax=ax
        )

    def by_start(self, predictor: str) -> pd.DataFrame:
        """How far the result depends on the first period forecast (Hansen and Timmermann 2012; Rossi and Inoue 2012).

        Parameters
        ----------
        predictor
            Whose forecasts.

        Returns
        -------
        pandas.DataFrame
            One row a portfolio, horizon and start of `starts`, that of ``table``, which is ``chosen``, among them:
            ``r2_os`` (percent), ``clark_west`` with its asymptotic ``clark_west_p``, and ``nobs``.  To choose a
            start by them is a search, which no p here allows for.

        Examples
        --------
        >>> import capstar as cs
        >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
        >>> returns = cs.data.small_cap_returns()
        >>> found = cs.leads.forecast_comparison(returns[["excess"]], gap.to_frame(), (1,), n_replications=99)
        >>> found.by_start(["rstar_gap"])[["start", "r2_os"]].round(2).head(2)
            start  r2_os
        0  1975Q1  -2.58
        1  1980Q1  -1.93
        """
        rows: list[dict[str, object]] = []
        for (portfolio, horizon), made in self.earliest.items():
            chosen = self.forecasts[portfolio, horizon].index[0]
            for start in starts(made.index, chosen):
                part = made.loc[start:]
                fit = compare_forecasts(part["actual"], part["mean"], part[predictor], horizon=horizon)
                row = {"predictor": predictor, "returns": portfolio, "horizon": horizon, "start": str(start)}
                row |= {name: getattr(fit, name) for name in ("r2_os", "clark_west", "clark_west_p", "nobs")}
                rows.append(row | {"chosen": start == chosen})
        return pd.DataFrame(rows)

    @property
    def provenance(self) -> Source:
        """The data, and the periods that were forecast."""
        return source_of(self.table, sample=sample_of(next(iter(self.forecasts.values()))))


def starts(periods: pd.PeriodIndex, chosen: pd.Period) -> list[pd.Period]:
    """First periods of the years that at least 40 forecasts follow, or of every second, fifth or tenth; and the chosen.

    At most eight years, the fewest years apart that leave no more.
    """
    first = [one for one in periods[: max(len(periods) - _FEWEST + 1, 0)] if (one - 1).year < one.year]
    apart = next(
        years for years in (1, 2, 5, 10, 20) if len([q for q in first if q.year % years == 0]) <= _MOST
    )
    return sorted({chosen, *(one for one in first if one.year % apart == 0)})


def shown(table: pd.DataFrame, heads: Mapping[str, str]) -> pd.DataFrame:
    """Columns of a table that is printed, under their heads."""
    return table[KEYS + [name for name in heads if name in table]].rename(columns=heads)


@checked
def forecast_comparison(
    returns: pd.DataFrame,
    predictors: pd.DataFrame,
    horizons: tuple[int, ...] = (1, 4),
    *,
    start: str = "1980Q1",
    window: int = 80,
    signs: Signs | None = None,
    publication_lag: int = 1,
    n_replications: int = 499,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> ForecastComparison:
    """Forecast returns with each predictor alone and with their mean, from data published by then.

    Parameters
    ----------
    returns
        Percent a month, a column a portfolio.
    predictors
        Quarterly or monthly; known a ``publication_lag`` after each period.
    horizons
        Periods of the predictors.
    start
        First quarter or month in which a return forecast has ended.
    window
        Periods of the rolling samples.
    signs
        Of slopes, for the restricted forecasts, by predictor or (portfolio, predictor). Only where theory gives
        one: for an excess return over bills, say, not for the difference of two portfolios.
    publication_lag
        Months.
    n_replications
        Of the bootstrap behind the p-values of MSE-F, ENC-NEW and Clark-West.
    seed, n_workers
        As of `capstar.leads.bootstrap_forecasts`.
    progress
        See `capstar.progress.reporting`.

    Raises
    ------
    DataError
        Fewer than 40 forecasts or too few periods before the first.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.forecast_comparison(returns[["excess"]], gap.to_frame(), (1,), n_replications=99)
    >>> found.table[["predictor", "r2_os", "clark_west_p", "in_set"]].round(2)
       predictor  r2_os  clark_west_p  in_set
    0  rstar_gap  -1.93          0.81    True
    """
    quarters = quarters_after(predictors.index, horizons)
    data = AlignedData.of(returns, predictors, horizons, publication_lag=publication_lag, quarters=quarters)
    found = compare(
        data, horizons, start=start, window=window, signs=signs, n_replications=n_replications, seed=seed,
        n_workers=n_workers, progress=progress,
    )  # fmt: skip
    titled(found.table, predictors, returns)
    return found


def compare(
    data: AlignedData,
    horizons: tuple[int, ...],
    *,
    start: str,
    signs: Signs | None,
    n_replications: int,
    seed: int,
    n_workers: int,
    window: int = 80,
    progress: Progress | bool = False,
) -> ForecastComparison:
    """As `forecast_comparison`, of data that are aligned."""
    rows: list[dict[str, object]] = []
    made: dict[tuple[str, int], pd.DataFrame] = {}
    earliest: dict[tuple[str, int], pd.DataFrame] = {}
    cells = [(portfolio, horizon) for portfolio in data.portfolios for horizon in horizons]
    with reporting(progress) as tell:
        for done, (portfolio, horizon) in enumerate(cells):
            tell("out of sample", done / len(cells))
            y, x = _together(data, portfolio, horizon)
            own = _signs_of(signs or {}, str(portfolio), list(x))
            table, made[str(portfolio), horizon] = _portfolio(y, x, horizon, start, window, own)
            earliest[str(portfolio), horizon] = earliest_forecasts(y, x, horizon=horizon)
            for row in table:
                if row["predictor"] in x:
                    one, z = _by_period(data, portfolio, str(row["predictor"]), horizon)
                    draws = bootstrap_forecasts(
                        one, z, start, horizon=horizon, n_replications=n_replications,
                        scheme="wild", seed=seed, n_workers=n_workers, progress=False,
                    ).draws  # fmt: skip
                    for name, key in _BOOTSTRAPPED.items():
                        row[key] = float(bootstrap_p((draws[name] >= row[name]).to_numpy()))
                rows.append({"returns": portfolio, **row})
        tell("out of sample", 1.0)
    losses, adjusted = _pooled(made, list(data.predictors))
    longest = max(horizons)
    return ForecastComparison(
        pd.DataFrame(rows),
        made,
        superior_ability(losses.assign(mean=0.0), "mean", block=max(longest, 2)),
        maximum_adjusted_mspe(adjusted, horizon=longest),
        earliest,
    )


def _signs_of(signs: Signs, portfolio: str, predictors: list[str]) -> dict[str, int]:
    """Signs of one portfolio's slopes by predictor."""
    given = {key if isinstance(key, tuple) else (portfolio, key): sign for key, sign in signs.items()}
    return {name: given[portfolio, name] for name in predictors if (portfolio, name) in given}


def _together(data: AlignedData, portfolio: Hashable, horizon: int) -> tuple[pd.Series, pd.DataFrame]:
    """Returns and predictors on the periods all have."""
    found = [data.sample(portfolio, name).in_period(horizon, to_last=True) for name in data.predictors]
    x = pd.concat([one for _, one in found], axis=1, join="inner")
    return found[0][0].loc[x.index], x


def _by_period(
    data: AlignedData, portfolio: Hashable, predictor: str, horizon: int
) -> tuple[pd.Series, pd.Series]:
    """Returns of single periods, to the end of the last that is forecast, and the predictor to its own end."""
    _, x = data.sample(portfolio, predictor).in_period(horizon, to_last=True)
    one = data.after[portfolio, 1]
    return one.set_axis(one.index + 1).reindex(x.index).iloc[1:], x.iloc[1:]


def _portfolio(
    y: pd.Series, x: pd.DataFrame, horizon: int, start: str, window: int, signs: dict[str, int]
) -> tuple[list[dict[str, object]], pd.DataFrame]:
    forecasts = recursive_forecasts(y, x, start, horizon=horizon)
    if len(forecasts) < _FEWEST:
        raise DataError(
            f"start={start}: {len(forecasts)} forecasts can be made; a comparison needs at least {_FEWEST}. Choose an "
            "earlier start."
        )
    alone = forecasts
    if len(x.columns) > 1:
        forecasts = forecasts.assign(pool_mean=forecasts[list(x)].mean(axis=1))
    rolling = recursive_forecasts(y, x, start, horizon=horizon, window=window)
    restricted = recursive_forecasts(y, x, start, horizon=horizon, signs=signs)
    included = set(confidence_set(loss_table(forecasts), block=max(horizon, 2)).included)
    rows = []
    for name in forecasts.columns.drop(["actual", "mean"]):
        fit = compare_forecasts(forecasts["actual"], forecasts["mean"], forecasts[name], horizon=horizon)
        way = direction_test(forecasts["actual"], forecasts[name])
        row: dict[str, object] = {"predictor": str(name), "horizon": horizon, "r2_os": fit.r2_os}
        for label, other in (("rolling", rolling), ("restricted", restricted)):
            if name in alone and (label == "rolling" or name in signs):
                compared = compare_forecasts(other["actual"], forecasts["mean"], other[name], horizon=horizon)
                row[f"r2_os_{label}"] = compared.r2_os
        row |= {
            **asdict(fit),
            "hit": way.hit,
            # The test takes outcomes as independent: with overlap it has no p-value.
            "direction_p": way.p if horizon == 1 else float("nan"),
            "in_set": str(name) in included,
            "mean_in_set": "mean" in included,
            "first": str(forecasts.index[0]),
        }
        rows.append(row)
    return rows, forecasts


def _pooled(
    made: Mapping[tuple[str, int], pd.DataFrame], predictors: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Squared errors less the mean's, and adjusted losses, in units of the mean's average, of all rows."""
    losses, adjusted = {}, {}
    for (portfolio, horizon), forecasts in made.items():
        squared, terms = loss_table(forecasts), adjusted_loss_table(forecasts)
        scale = squared["mean"].mean()
        for name in predictors:
            key = f"{name}, {portfolio}, {horizon}"
            losses[key] = (squared[name] - squared["mean"]) / scale
            adjusted[key] = terms[name] / scale
    tables = pd.DataFrame(losses).dropna(), pd.DataFrame(adjusted).dropna()
    if tables[0].empty:
        raise DataError("The forecasts of the portfolios share no period. Choose one start for all.")
    return tables
