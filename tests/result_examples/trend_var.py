"""Result of `capstar.rstar.TrendVarModel`, on the embedded US data: two series and two trends."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from capstar import data, rstar
from capstar.reporting import Result
from capstar.statespace import variables


@cache
def _fit() -> rstar.TrendVarRate:
    pi, natural = variables("pi_bar rstar")
    model = rstar.TrendVarModel(
        name="two trends", key="two-trends", equations={"inflation": pi, "interest_rate": pi + natural},
        trends={"pi_bar": rstar.Trend(2, 2), "rstar": rstar.Trend(1, 0.5)}, reports={"rstar": natural},
        rate=(("interest_rate", "inflation"),), lags=2,
    )  # fmt: skip
    return model.fit(data.us_macro(), n_draws=100, warmup=50, n_chains=2, n_filtered=20, progress=False)


EXAMPLES: dict[type[Result], Callable[[], Result]] = {rstar.TrendVarRate: _fit}
