"""Exchange rates: inverse, cross, conversion, real rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.frames import require_rising

Dates = Literal["same", "common"]


@dataclass(frozen=True)
class Rate:
    """An exchange rate.

    Attributes
    ----------
    base, quote
        Currencies, such as ``"EUR"`` and ``"USD"``.
    series : pandas.Series
        Units of quote for one unit of base, by date; NaN where there was no rate, never filled.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-02", "2024-01-03"])
    >>> euro = cs.markets.fx.Rate("EUR", "USD", pd.Series([1.10, 1.08], days))
    >>> print(euro.name, euro.changes().round(2).tolist())
    EUR/USD [nan, -1.82]
    >>> euro.invert().series.round(3).tolist()
    [0.909, 0.926]
    """

    base: str
    quote: str
    series: pd.Series = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse an invalid currency pair or rate."""
        if not self.base or not self.quote or self.base == self.quote:
            raise SpecificationError(
                f"{self.base!r} in {self.quote!r} is an invalid currency pair. Name two currencies."
            )
        require_rising(self.series.index, self.name, one="rate a date")
        bad = (self.series <= 0) | np.isinf(self.series)
        if bad.any():
            when = bad.idxmax()
            raise DataError(f"{self.name} of {when} is {self.series[when]}; a rate is positive.")

    @property
    def name(self) -> str:
        """Base and quote, ``EUR/USD``."""
        return f"{self.base}/{self.quote}"

    def invert(self) -> Rate:
        """The same rate seen from the other side: USD/EUR from EUR/USD."""
        return Rate(self.quote, self.base, (1.0 / self.series).rename(f"{self.quote}/{self.base}"))

    def cross(self, other: Rate, *, dates: Dates = "same") -> Rate:
        """The rate between the two currencies that are not shared.

        Parameters
        ----------
        other
            Shares one currency with this rate, on either side.
        dates
            ``"same"``: both must have the same dates.  ``"common"``: the dates both have.

        Raises
        ------
        SpecificationError
            No currency, or both, are shared.
        DataError
            The dates differ and ``"same"`` was asked for.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2024-01-02", "2024-01-03"])
        >>> euro = cs.markets.fx.Rate("EUR", "USD", pd.Series([1.10, 1.08], days))
        >>> yen = cs.markets.fx.Rate("USD", "JPY", pd.Series([145.0, 146.0], days))
        >>> cross = euro.cross(yen)
        >>> print(cross.name, cross.series.round(1).tolist())
        EUR/JPY [159.5, 157.7]
        """
        shared = {self.base, self.quote} & {other.base, other.quote}
        if len(shared) != 1:
            raise SpecificationError(
                f"{self.name} and {other.name} share {len(shared)} currencies; a cross needs one."
            )
        (through,) = shared
        left = self if self.quote == through else self.invert()
        right = other if other.base == through else other.invert()
        a, b = _aligned(left.series, right.series, left.name, right.name, dates)
        return Rate(left.base, right.quote, (a * b).rename(f"{left.base}/{right.quote}"))

    def convert_prices(self, prices: pd.Series, currency: str, *, dates: Dates = "same") -> pd.Series:
        """Prices in one of the two currencies by date, expressed in the other; ``dates`` as in `cross`.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2024-01-02", "2024-01-03"])
        >>> euro = cs.markets.fx.Rate("EUR", "USD", pd.Series([1.10, 1.08], days))
        >>> dollars = pd.Series([220.0, 225.0], days, name="fund")
        >>> euro.convert_prices(dollars, "USD").round(1).tolist()
        [200.0, 208.3]
        """
        rate = self._into_other(currency)
        a, b = _aligned(prices, rate.series, str(prices.name), rate.name, dates)
        return (a * b).rename(prices.name)

    def convert_returns(self, returns: pd.Series, currency: str, *, dates: Dates = "same") -> pd.Series:
        """Simple returns of an asset in one currency, for an investor whose base currency is the other.

        ``(1 + r)(1 + s) - 1`` with s the change of the asset's currency in the investor's.

        Parameters
        ----------
        returns
            Percent, each over the time since the date before.
        currency
            The asset's: base or quote.
        dates
            As in `cross`; the rate's change is taken between the dates both have.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2024-01-02", "2024-01-03"])
        >>> euro = cs.markets.fx.Rate("EUR", "USD", pd.Series([1.10, 1.08], days))
        >>> returns = pd.Series([1.0, 2.0], days, name="fund")
        >>> euro.convert_returns(returns, "USD").round(2).tolist()
        [nan, 3.89]
        """
        rate = self._into_other(currency)
        a, b = _aligned(returns, rate.series, str(returns.name), rate.name, dates)
        change = b / b.shift(1)
        return (100.0 * ((1.0 + a / 100.0) * change - 1.0)).rename(returns.name)

    def real(self, base_prices: pd.Series, quote_prices: pd.Series, *, dates: Dates = "same") -> pd.Series:
        """Real rate: quote goods for one of base, ``rate * base_prices / quote_prices``, levels by date.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2024-01-02", "2024-01-03"])
        >>> euro = cs.markets.fx.Rate("EUR", "USD", pd.Series([1.10, 1.08], days))
        >>> euro.real(pd.Series([100.0, 101.0], days), pd.Series([100.0, 103.0], days)).round(3).tolist()
        [1.1, 1.059]
        """
        rate, home = _aligned(self.series, base_prices, self.name, str(base_prices.name), dates)
        rate, abroad = _aligned(rate, quote_prices, self.name, str(quote_prices.name), dates)
        return (rate * home.reindex(rate.index) / abroad).rename(f"real {self.name}")

    def changes(self) -> pd.Series:
        """Change of the base currency in quote, percent since the date before; NaN next to a missing rate."""
        return (100.0 * (self.series / self.series.shift(1) - 1.0)).rename(f"change of {self.name}")

    def _into_other(self, currency: str) -> Rate:
        if currency not in (self.base, self.quote):
            raise SpecificationError(
                f"{currency!r} is not in {self.name}. Give {self.base!r} or {self.quote!r}."
            )
        return self if currency == self.base else self.invert()


@checked
def rates_of(table: pd.DataFrame, pairs: Mapping[str, tuple[str, str]] | None = None) -> dict[str, Rate]:
    """Rates from a table, by name (``EUR/USD``).

    Parameters
    ----------
    table
        One column a rate, such as `capstar.data.exchange_rates` gives.
    pairs
        Base and quote by column; by default ``table.attrs["pairs"]``.

    Raises
    ------
    SpecificationError
        The table does not say which currency is quoted in which.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-02", "2024-01-03"])
    >>> table = pd.DataFrame({"DEXUSEU": [1.10, 1.09], "DEXJPUS": [142.0, 143.2]}, days)
    >>> rates = cs.markets.fx.rates_of(table, {"DEXUSEU": ("EUR", "USD"), "DEXJPUS": ("USD", "JPY")})
    >>> sorted(rates)
    ['EUR/USD', 'USD/JPY']
    """
    known = pairs or table.attrs.get("pairs")
    if not known:
        raise SpecificationError("The table does not say which currency is quoted in which. Give pairs.")
    if absent := [name for name in map(str, table) if name not in known]:
        raise SpecificationError(f"pairs: {absent[0]!r} is not among {list(known)}. Give its base and quote.")
    rates = [Rate(known[str(name)][0], known[str(name)][1], table[name]) for name in table]
    return {rate.name: rate for rate in rates}


@checked
def rate_differential(rstar: pd.Series, abroad: pd.Series) -> pd.Series:
    """Natural rate at home less abroad, both percent a year: percentage points, on the quarters both have.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> home, abroad = (cs.rstar.MovingAverage(window).fit(us).rstar.filtered for window in (20, 40))
    >>> cs.markets.fx.rate_differential(home, abroad).round(2).tail(2)
    date
    2009Q2   -0.13
    2009Q3    0.01
    Freq: Q-DEC, Name: rstar_differential, dtype: float64
    """
    a, b = _aligned(rstar, abroad, "rstar", "abroad", "common")
    return (a - b).rename("rstar_differential")


def _aligned(a: pd.Series, b: pd.Series, left: str, right: str, dates: Dates) -> tuple[pd.Series, pd.Series]:
    if dates not in ("same", "common"):
        raise SpecificationError(f"dates={dates!r}; choose 'same' or 'common'.")
    if type(a.index) is not type(b.index) or getattr(a.index, "freq", None) != getattr(b.index, "freq", None):
        one, two = (type(x.index).__name__ for x in (a, b))
        if one != two or isinstance(a.index, pd.PeriodIndex):
            raise DataError(f"{left} and {right} are dated differently ({one}, {two}). Convert one of them.")
    if a.index.equals(b.index):
        return a, b
    common = a.index.intersection(b.index)
    if dates == "same":
        odd = a.index.symmetric_difference(b.index)[0]
        owner = left if odd in a.index else right
        raise DataError(
            f"{left} and {right} are on different dates; {odd} is only in {owner}. Pass dates='common' to use the "
            "dates both have."
        )
    if common.empty:
        raise DataError(f"{left} and {right} share no date.")
    return a.loc[common], b.loc[common]
