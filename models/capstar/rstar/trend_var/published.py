"""The published trend VARs.

Columns of the quarterly models, percent a year:

``inflation``
    Of the consumption deflator, annualised change on the quarter before.
``long_run_inflation_expectation``
    Inflation expected over the distant future, from surveys; missing to 1970.
``bill_rate``
    Three-month Treasury bill (FRED TB3MS); missing from 2008Q4 on, where it is at its lower bound.
``long_run_bill_expectation``
    Bill rate expected over the distant future, from surveys; known once or twice a year.
``treasury_20y``
    Twenty-year Treasury bond, constant maturity (FRED GS20).
``aaa_yield``, ``baa_yield``
    Corporate bonds rated Aaa and Baa by Moody's (FRED AAA, BAA).

Columns of the yearly model of seven countries, percent, with the endings ``_us``, ``_de``, ``_uk``, ``_fr``, ``_ca``,
``_it`` and ``_jp``:

``short_rate``, ``long_rate``
    Short-term and long-term nominal rates of the year.
``inflation``
    Of consumer prices: 100 times the price index over that of the year before, minus 100.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

from capstar.rstar.countries import country_name
from capstar.rstar.trend_var.declaration import Trend
from capstar.rstar.trend_var.model import TrendVarModel
from capstar.statespace.algebra import Coef, Linear, params, variables

DGGT2017 = (
    "Del Negro, Giannone, Giannoni and Tambalotti (2017), Safety, liquidity, and the natural rate of interest, "
    "Brookings Papers on Economic Activity, Spring, 235-294"
)
DGGT2019 = (
    "Del Negro, Giannone, Giannoni and Tambalotti (2019), Global trends in interest rates, "
    "Journal of International Economics, doi:10.1016/j.jinteco.2019.01.010"
)
pi, r, m, ts, cy, liquidity, safety = variables(
    "pi_bar rstar m_bar term_spread convenience_yield liquidity safety"
)

TREND_VAR_1 = TrendVarModel(
    name="Trend VAR, model 1",
    key="trend-var-1",
    citation=f"{DGGT2017}, model 1",
    equations={
        "inflation": pi,
        "long_run_inflation_expectation": pi,
        "bill_rate": pi + r,
        "long_run_bill_expectation": pi + r,
        "treasury_20y": pi + r + ts,
    },
    trends={"pi_bar": Trend(2, 2), "rstar": Trend(1, 0.5), "term_spread": Trend(1, 1)},
    reports={"rstar": r},
    psi={"inflation": 2, "long_run_bill_expectation": 0.5},
    leave_out={"long_run_inflation_expectation": (None, "1970Q4"), "bill_rate": ("2008Q4", None)},
    seconds=90.0,
)
TREND_VAR_2 = replace(
    TREND_VAR_1,
    name="Trend VAR, model 2",
    key="trend-var-2",
    citation=f"{DGGT2017}, model 2",
    equations={
        "inflation": pi,
        "long_run_inflation_expectation": pi,
        "bill_rate": pi + m - cy,
        "long_run_bill_expectation": pi + m - cy,
        "treasury_20y": pi + m + ts - cy,
        "baa_yield": pi + m + ts,
    },
    trends={
        "pi_bar": Trend(2, 2),
        "m_bar": Trend(1 / sqrt(2), 1.5),
        "term_spread": Trend(1, 1),
        "convenience_yield": Trend(1 / sqrt(2), 1),
    },
    reports={"rstar": m - cy},
    seconds=120.0,
)
TREND_VAR_3 = replace(
    TREND_VAR_2,
    name="Trend VAR, model 3",
    key="trend-var-3",
    citation=f"{DGGT2017}, model 3",
    equations={
        "inflation": pi,
        "long_run_inflation_expectation": pi,
        "bill_rate": pi + m - liquidity - safety,
        "long_run_bill_expectation": pi + m - liquidity - safety,
        "treasury_20y": pi + m + ts - liquidity - safety,
        "aaa_yield": pi + m + ts - safety,
        "baa_yield": pi + m + ts,
    },
    trends={
        "pi_bar": Trend(2, 2),
        "m_bar": Trend(1 / sqrt(2), 1.5),
        "term_spread": Trend(1, 1),
        "liquidity": Trend(1 / 2, 0.25),
        "safety": Trend(1 / 2, 0.75),
    },
    reports={"rstar": m - liquidity - safety, "convenience_yield": liquidity + safety},
    seconds=150.0,
)

COUNTRIES = ("us", "de", "uk", "fr", "ca", "it", "jp")
_NAMED = dict(zip(("us", "germany", "uk", "france", "canada", "italy", "japan"), COUNTRIES, strict=True))


@dataclass(frozen=True, kw_only=True)
class GlobalTrendVar(TrendVarModel):
    """Seven countries with common trends: r* is the world's; by `for_country` the world's and a country's own."""

    countries = tuple(_NAMED)

    def for_country(self, country: str) -> GlobalTrendVar:
        """The model whose r* and real rate are a country's; it has every other report as well.

        Parameters
        ----------
        country
            One of `countries`, or its short form, such as ``"jp"``.

        Raises
        ------
        SpecificationError
            It is none of the seven.
        """
        name = country_name(country, self.countries, model=self.name)
        code = _NAMED[name]
        return replace(
            self,
            name=f"{self.name.partition(', ')[0]}, {name}",
            reports={**self.reports, "rstar": self.reports[f"rstar_{code}"]},
            rate=((f"short_rate_{code}", f"inflation_{code}"),),
        )


def _global() -> GlobalTrendVar:
    """Seven countries, yearly: a world trend of each kind, and a country's own."""
    names = [f"{kind}_{country}" for kind in ("rstar", "pi", "ts") for country in COUNTRIES]
    world = variables("rstar_world pi_world ts_world")
    own = dict(zip(names, variables(" ".join(names)), strict=True))
    theta = dict(zip(COUNTRIES, params(" ".join(f"theta_{c}" for c in COUNTRIES)), strict=True))

    def inflation(country: str, coef: Coef) -> Linear:
        return world[1] * coef + own[f"pi_{country}"]

    prices = {c: inflation(c, theta[c]) for c in COUNTRIES}
    short = {c: world[0] + own[f"rstar_{c}"] + prices[c] for c in COUNTRIES}
    equations = {f"short_rate_{c}": short[c] for c in COUNTRIES}
    equations |= {f"inflation_{c}": prices[c] for c in COUNTRIES}
    equations |= {f"long_rate_{c}": short[c] + world[2] + own[f"ts_{c}"] for c in COUNTRIES}
    spread = {"rstar": (1.0, 0.5), "pi": (sqrt(2), 1.0), "ts": (1.0, 0.5)}
    trends = {"rstar_world": Trend(1, 0.5, 1), "pi_world": Trend(sqrt(2), 2, 2), "ts_world": Trend(1, 1, 1)}
    trends |= {n: Trend(spread[n.split("_")[0]][0], 0, spread[n.split("_")[0]][1]) for n in names}
    return GlobalTrendVar(
        name="Global trend VAR",
        key="global-trend-var",
        citation=DGGT2019,
        equations=equations,
        trends=trends,
        reports={"rstar": world[0], **{f"rstar_{c}": world[0] + own[f"rstar_{c}"] for c in COUNTRIES}},
        psi={name: 16.0 if name.startswith("inflation") else 4.0 for name in equations},
        lags=1,
        free={f"theta_{c}": (1.0, 0.25, 0.1) for c in COUNTRIES},
        rate=tuple((f"short_rate_{c}", f"inflation_{c}") for c in COUNTRIES),
        first="1870",
        frequency="Y",
        largest=30.0,
        seconds=300.0,
    )


GLOBAL_TREND_VAR = _global()
