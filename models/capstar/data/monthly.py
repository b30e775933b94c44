"""Input of the monthly models, with a ragged edge: what is not published yet is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from capstar.data.continued import Input, Reader
from capstar.data.inputs import Expectations, annualised_yield, expected_inflation
from capstar.data.sources.alfred import alfred
from capstar.data.sources.nyfed import published_inputs
from capstar.data.store.download import network
from capstar.data.vintages import Vintages
from capstar.errors import DataError
from capstar.units import QUANTITIES

When: TypeAlias = str | pd.Timestamp | None
GDP = Input("output", ("fred:GDPC1",))
CORE = Input("core prices", ("fred:PCEPILFE",))
RATE = Input("interest rate", ("fred:FEDFUNDS",), "level", revised=False)
OIL = Input("oil price", ("fred:WTISPLC",), revised=False)
# From September 1982 by the quarter; there was none in October 2025, when the government was closed.
IMPORTS = Input("import prices", ("fred:IR",), revised=False, fill=True, first="1988-12")
_IMPORTS_OUT = 15  # days after the month
_OIL, _IMPORTS, _COVID = "oil_price_inflation", "import_price_inflation", "covid_index"
_FIRST = "2000-08"  # ALFRED has the core price index in vintages since
_KINDS = {
    "log_gdp": "real time",
    "inflation": "real time",
    "expected_inflation": "real time",
    "interest_rate": "never revised",
    _OIL: "never revised",
    _IMPORTS: "quasi-real time",
    _COVID: "quasi-real time",
}


@network()
def us_monthly(as_of: When = None, *, start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """US input of the monthly models of Laubach and Williams's family with oil and import prices.

    1. Output: GDPC1, the natural log, in the last month of its quarter; NaN in other months and before it is out.
    2. Inflation: 1200 times the change of the log of PCEPILFE, from February 1959; NaN where it is not out.
    3. Expected inflation: `expected_inflation`, ``"direct"``, before it begins the mean of twelve months.  Where prices
       are not out, that of the last month whose are.
    4. Rate: FEDFUNDS; ``100 ((1 + i/36000)^365 - 1)``.
    5. Oil: 1200 times the change of the log of WTISPLC.
    6. Import prices: 1200 times the change of the log of IR, all imports, from January 1989, when it is monthly; before
       that the quarter's inflation of the New York Fed's workbook, in each of its months (Brave, Butters and Kelley
       2022).

    ``covid_index`` is the workbook's, a quarter's value in each of its months.  The last month is that of the rate; oil
    and import prices not out when prices are count as having risen with them.

    Parameters
    ----------
    as_of
        Day of which GDP and core prices are taken as then known, from ALFRED, and of others the months over by then;
        the workbook is always the latest, and import prices, revised for three months, are too.
    start, end
        First and last month; by default all.

    Returns
    -------
    pandas.DataFrame
        Input of `capstar.rstar.MonthlyLW`, by month.

    Raises
    ------
    SourceError
        A series is unavailable.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_monthly(end="2019-12")
    >>> print(us.index[0], *us.columns[:4])
    1959-02 log_gdp inflation expected_inflation interest_rate
    >>> us["log_gdp"].loc["2019-10":].round(3).tolist()
    [nan, nan, 9.952]
    """
    return _us(as_of, start, end, oil=True)


@network()
def us_monthly_hlw(as_of: When = None, *, start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """US input of the monthly model of Holston, Laubach and Williams (2023).

    As `us_monthly`, without oil and import prices; expected inflation is the mean of twelve months.

    Parameters
    ----------
    as_of, start, end
        As of `us_monthly`.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_monthly_hlw(end="2019-12")
    >>> us[["inflation", "expected_inflation"]].iloc[-1].round(1).to_dict()
    {'inflation': 2.6, 'expected_inflation': 1.5}
    """
    return _us(as_of, start, end, oil=False)


def _us(as_of: When, start: str | None, end: str | None, *, oil: bool) -> pd.DataFrame:
    get = Reader(as_of, end, frequency="M")
    gdp, core, rate = map(get, (GDP, CORE, RATE))
    others = {"interest_rate": annualised_yield(rate)}
    ids = {
        "log_gdp": "GDPC1",
        "inflation": "PCEPILFE",
        "expected_inflation": "PCEPILFE",
        "interest_rate": "FEDFUNDS",
    }
    book = published_inputs("lw" if oil else "hlw")
    if oil:
        monthly = _growth(get(IMPORTS)).dropna()
        early = _of_months(book[_IMPORTS]).loc[: monthly.index[0] - 1]
        others |= {_OIL: _growth(get(OIL)), _IMPORTS: pd.concat([early, monthly])}
        ids |= {_OIL: "WTISPLC", _IMPORTS: f"IR, before {monthly.index[0]} the workbook of the New York Fed"}
    covid = _of_months(book[_COVID])
    table = pd.DataFrame(others).loc[: rate.index[-1]]
    table[_COVID] = covid.reindex(table.index).fillna(0.0)
    if as_of is not None and oil:
        table = _imports_as_of(table, pd.Timestamp(as_of))
    out = _assembled(gdp, core, table).loc[start:end]
    if out.empty:
        raise DataError(f"{start} to {end}: the series cover {core.index[0]}-{rate.index[-1]} only.")
    title = f"US by month: input of {'Laubach and Williams' if oil else 'Holston, Laubach and Williams'}"
    out.attrs = get.provenance(title, ids) | {"country": "us"}
    out.attrs["units"] = {str(name): QUANTITIES[str(name)].unit for name in out}
    return out


def _growth(level: pd.Series) -> pd.Series:
    """Annualised inflation of each month on the month before, percent."""
    return 1200.0 * np.log(level).diff()


def _of_months(quarters: pd.Series) -> pd.Series:
    """A quarter's value in each of its months."""
    months = pd.period_range(
        quarters.index[0].asfreq("M", "start"), quarters.index[-1].asfreq("M", "end"), freq="M"
    )
    return pd.Series(quarters.reindex(months.asfreq("Q")).to_numpy(dtype=float), months)


def _imports_as_of(table: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    out = table.index.end_time + pd.Timedelta(days=_IMPORTS_OUT) < day
    return table.assign(**{_IMPORTS: table[_IMPORTS].where(out)})


def _assembled(gdp: pd.Series, prices: pd.Series, others: pd.DataFrame) -> pd.DataFrame:
    """The table from the first inflation to the last rate; ``others`` has the columns that need no vintage."""
    inflation = _growth(prices).dropna()
    how: Expectations = "direct" if _OIL in others else "moving_average"
    expected = expected_inflation(inflation, how).fillna(expected_inflation(inflation))
    index = pd.period_range(
        inflation.index[0], others["interest_rate"].last_valid_index(), freq="M", name="date"
    )
    output = np.log(gdp).set_axis(gdp.index.asfreq("M", "end"))
    first = {"log_gdp": output, "inflation": inflation}
    out = pd.DataFrame({name: one.reindex(index) for name, one in first.items()})
    out["expected_inflation"] = expected.reindex(index).ffill()
    out = out.join(others)
    for name in out.columns.intersection([_OIL, _IMPORTS]):
        late = out.index > out[name].last_valid_index()
        out[name] = out[name].mask(late, out["inflation"])
    return out


@dataclass(frozen=True)
class MonthlyVintages:
    """The input of a monthly model as it was known after each month: a function of the month, for `rstar.real_time`.

    Attributes
    ----------
    latest : pandas.DataFrame
        Of today, as of `us_monthly` or `us_monthly_hlw`: its columns that are never revised, and those of which there
        are no vintages, are taken from it, to the month that was over; `kinds` says which.
    output, prices : Vintages
        Of real output, quarterly, and of the price index, monthly.
    delay
        Months after the end of a month until what is known of it is taken; 0: the first day of the next month, with
        prices of the month before at the latest and output of the quarter before.

    Examples
    --------
    >>> import capstar as cs
    >>> known = cs.data.monthly_vintages("2019-10", "2019-12")
    >>> known.day("2019-12"), list(known.months.astype(str))
    (Timestamp('2020-01-01 00:00:00'), ['2019-10', '2019-11', '2019-12'])
    >>> table = known("2019-12")
    >>> [str(table[name].last_valid_index()) for name in ("log_gdp", "inflation", "interest_rate")]
    ['2019-09', '2019-11', '2019-12']
    >>> known.kinds["log_gdp"], known.kinds["covid_index"]
    ('real time', 'quasi-real time')
    """

    latest: pd.DataFrame
    output: Vintages
    prices: Vintages
    delay: int = 0

    def day(self, month: str | pd.Period) -> pd.Timestamp:
        """The day whose vintage a month has."""
        return (pd.Period(month, freq="M") + 1 + self.delay).start_time

    @property
    def months(self) -> pd.PeriodIndex:
        """Months of whose day both have a vintage."""
        first = max(self.output.days[0], self.prices.days[0])
        last = min(
            max(self.output.days[-1], self.prices.days[-1]).to_period("M") - 1 - self.delay,
            self.latest.index[-1],
        )
        found = pd.period_range(first.to_period("M") - 2 - self.delay, last, freq="M", name="date")
        return found[[self.day(month) >= first for month in found]]

    @property
    def kinds(self) -> pd.Series:
        """By column: ``real time``, as known on the day; ``never revised``; or ``quasi-real time``, as of today."""
        return pd.Series(
            {str(name): _KINDS.get(str(name), "quasi-real time") for name in self.latest}, name="kind"
        )

    def __call__(self, month: str | pd.Period) -> pd.DataFrame:
        """What was known on the `day` of a month, to the last month that was over."""
        day = self.day(month)
        kept = [name for name in self.latest if _KINDS.get(str(name)) != "real time"]
        others = self.latest.loc[self.latest.index.end_time < day, kept]
        if _IMPORTS in others:
            others = _imports_as_of(others, day)
        out = _assembled(self.output.as_of(day), self.prices.as_of(day), others)
        out.attrs = {**self.latest.attrs, "vintage": f"{day:%Y-%m-%d}", "kinds": self.kinds.to_dict()}
        return out


@network()
def monthly_vintages(
    first: str | pd.Period = _FIRST,
    last: str | pd.Period | None = None,
    *,
    delay: int = 0,
    model: Literal["lw", "hlw"] = "lw",
) -> MonthlyVintages:
    """Vintages of the US monthly input, from ALFRED.

    Parameters
    ----------
    first, last
        Months; by default from that in which ALFRED's vintages of core prices begin to the last one over.
    delay
        As of `MonthlyVintages`.
    model
        Whose input: ``"lw"`` of `us_monthly`, ``"hlw"`` of `us_monthly_hlw`.

    Raises
    ------
    DataError
        ``first`` is before August 2000 or after ``last``, or ``delay`` is negative.
    SourceError
        A series is unavailable.

    Examples
    --------
    >>> import capstar as cs
    >>> known = cs.data.monthly_vintages("2019-11", "2019-12", delay=2)
    >>> str(known("2019-12")["inflation"].last_valid_index())
    '2019-12'
    """
    today = pd.Timestamp.now().normalize()
    begin = pd.Period(first, freq="M")
    over = today.to_period("M") - 1 - delay
    final = over if last is None else min(pd.Period(last, freq="M"), over)
    if begin < pd.Period(_FIRST, freq="M") or begin > final or delay < 0:
        raise DataError(
            f"first={first}, last={last}, delay={delay}: vintages are of {_FIRST} to {over}. Choose months between, "
            "and a delay of at least 0."
        )
    read = us_monthly if model == "lw" else us_monthly_hlw
    latest = read(end=str(final + delay))
    days = [(month + 1 + delay).start_time for month in pd.period_range(begin, final, freq="M")]
    return MonthlyVintages(latest, alfred("GDPC1", days), alfred("PCEPILFE", days), delay)
