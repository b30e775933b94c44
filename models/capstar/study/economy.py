"""What returns are asked to lead: each target of the economy beside what was known of it at the end of a quarter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from capstar import leads
from capstar.data import Vintages
from capstar.names import name_of
from capstar.rstar import NaturalRate, RecursiveEstimates
from capstar.study.inputs import ECONOMY, MACRO, RETURNS

DELAY = (
    1  # quarters by which what is known of the economy is behind the returns: its last quarter is not out yet
)
LAGS = 4
FINAL, FIRST = "final data", "first release"
GDP, UNEMPLOYMENT, OUTPUT_GAP, RSTAR = "gdp_growth", "unemployment", "output_gap", "rstar"
SPREAD_COLUMN = "term_spread"
OWN, SPREAD, LARGE = "own lags", "term spread", "large caps"
_SCALE = {GDP: 400.0}  # of growth at an annual rate; other targets are changes in points
_GET = "is not in these data; 'capstar study --input fred' gets it"
_NO_VINTAGES = "are not there: 'capstar study --input fred' gets vintages, '--vintages FOLDER' reads them"
OUTLIERS = pd.period_range(
    "2020Q1", "2020Q4", freq="Q"
)  # growth of -28 and +35 percent a year would decide every slope


@dataclass(frozen=True)
class Economy:
    """What returns are asked to lead, and what rivals them.

    Attributes
    ----------
    levels
        By target, quarterly: ``gdp_growth`` (natural log of real GDP), ``unemployment`` (percent), ``output_gap`` and
        ``rstar`` (percent, as estimated with data to each quarter).
    term_spread
        Percentage points, mean of the quarter; None where there is none.
    output
        Vintages of real GDP, quarterly; None where there are none.
    words
        What a series is, where its name does not say it: by target, or ``term spread``.
    absent
        Why a target or a rival is not there, by its name.
    titles
        Of the data.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> economy = cs.study.Economy({"gdp_growth": us["log_gdp"]})
    >>> name, known, target, lags = next(economy.samples(1))
    >>> print(name, known, round(target["2008Q3"], 1), list(lags)[:2])
    gdp_growth final data -5.5 ['lag 1', 'lag 2']
    """

    levels: Mapping[str, pd.Series]
    term_spread: pd.Series | None = None
    output: Vintages | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    titles: tuple[str, ...] = ()

    def samples(self, horizon: int) -> Iterator[tuple[str, str, pd.Series, pd.DataFrame]]:
        """Target, information, its values over the next quarters, and its own lags as known at the end of each."""
        for name, level in self.levels.items():
            yield name, FINAL, *of_level(level, horizon, _SCALE.get(name))
            if name == GDP and self.output is not None:
                yield name, FIRST, *of_vintages(self.output, horizon)


def of_level(level: pd.Series, horizon: int, scale: float | None = None) -> tuple[pd.Series, pd.DataFrame]:
    """Change over the ``horizon`` quarters after each, and `LAGS` changes known at its end.

    Parameters
    ----------
    level
        Quarterly, without gaps.
    horizon
        Quarters.
    scale
        Of a quarter's change, for a mean at an annual rate; None: the change itself.
    """
    each = 1.0 if scale is None else scale
    over = each if scale is None else each / horizon
    target = over * (level.shift(-horizon) - level)
    changes = each * level.diff()
    lags = {f"lag {k}": changes.shift(k) for k in range(DELAY, DELAY + LAGS)}
    return target.rename("target"), pd.DataFrame(lags)


def of_vintages(output: Vintages, horizon: int) -> tuple[pd.Series, pd.DataFrame]:
    """As `of_level` of GDP growth as first released, and its lags as known at the end of each quarter.

    Growth over several quarters is of the first vintage that holds the last of them.  A quarter is left out where
    publication was late: where its vintage does not reach the quarter before, or growth was not out a quarter after.
    """
    log = np.log(output.table)
    released = Vintages(_SCALE[GDP] / horizon * log.diff(horizon)).revisions()
    on_time = released["first_vintage"] <= (released.index + DELAY).end_time
    target = released["first_release"].where(on_time)
    target.index = target.index - horizon
    growth, lags = _SCALE[GDP] * log.diff(), {}
    for quarter in target.index:
        number = int(output.days.searchsorted(quarter.end_time, side="right")) - 1
        if number >= 0:
            known = growth.iloc[:, number].loc[: quarter - DELAY]
            if len(known) >= LAGS:
                lags[quarter] = known.iloc[: -LAGS - 1 : -1].to_numpy()
    names = [f"lag {k}" for k in range(DELAY, DELAY + LAGS)]
    table = pd.DataFrame.from_dict(lags, orient="index", columns=names)
    table.index = pd.PeriodIndex(table.index, freq="Q", name="date")
    return target.rename("target"), table.dropna()


def touches_outliers(quarters: pd.PeriodIndex, horizon: int) -> np.ndarray:
    """Whether a target over the quarters after each, or a lag known then, is of a quarter of `OUTLIERS`."""
    first, last = OUTLIERS[0], OUTLIERS[-1]
    return np.asarray((quarters + horizon >= first) & (quarters - (DELAY + LAGS - 1) <= last))


def quarterly_returns(portfolios: pd.DataFrame) -> pd.DataFrame:
    """Log returns of each quarter, percent, known at its end; NaN unless all its months are.

    Parameters
    ----------
    portfolios
        Percent a month, a column each.
    """
    quarters = pd.period_range(portfolios.index[0].asfreq("Q"), portfolios.index[-1].asfreq("Q"), freq="Q")
    before = quarters - 1  # a return that begins after a quarter's end is the next quarter's own
    out = portfolios.apply(leads.cumulate_after, quarters=before, publication_lag=0)
    return out.set_axis(quarters).rename_axis("date")


def economy_of(
    tables: Mapping[str, pd.DataFrame], fit: NaturalRate, known: RecursiveEstimates, output: Vintages | None
) -> Economy:
    """What a study has of the economy.

    Parameters
    ----------
    tables
        Of `capstar.study.study_data`; unemployment and the term spread are of its table ``economy``, or columns of the
        model's input.
    fit
        Whose one-sided output gap is a target, with parameters of all data.
    known
        r* as estimated then: its change is how an estimate of the time moves as data come.
    output
        Vintages of real GDP.
    """
    macro, more = tables[MACRO], tables.get(ECONOMY, tables[MACRO])
    levels = {GDP: macro["log_gdp"]} if "log_gdp" in macro else {}
    levels |= {UNEMPLOYMENT: more[UNEMPLOYMENT].dropna()} if UNEMPLOYMENT in more else {}
    levels |= {OUTPUT_GAP: fit.path(OUTPUT_GAP).filtered} if OUTPUT_GAP in fit.quantities else {}
    levels[RSTAR] = known.table["rstar"]
    absent = {} if UNEMPLOYMENT in more else {name_of(UNEMPLOYMENT): _GET}
    absent |= {} if SPREAD_COLUMN in more else {SPREAD: _GET}
    absent |= {} if OUTPUT_GAP in levels else {name_of(OUTPUT_GAP): f"is not in {fit.model_name}"}
    absent |= {} if output is not None else {"first releases of GDP": _NO_VINTAGES}
    words = {
        RSTAR: f"as estimated in {known.kind} with data to each quarter; its change is what the next data revise"
    }
    words |= (
        {OUTPUT_GAP: "the one-sided estimate with parameters of all data"} if OUTPUT_GAP in levels else {}
    )
    spread = more[SPREAD_COLUMN].dropna() if SPREAD_COLUMN in more else None
    if said := more.attrs.get(SPREAD_COLUMN):
        words[SPREAD_COLUMN] = str(said)
    titles = [fit.data_title, *(str(one.attrs.get("title", "")) for one in (more, tables[RETURNS]))]
    return Economy(levels, spread, output, words, absent, tuple(dict.fromkeys(filter(None, titles))))
