"""Every regression of the economy on returns, and its forecasts: what `capstar.study.other_way` speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from capstar import leads
from capstar.arguments import half_width
from capstar.errors import DataError
from capstar.names import name_of
from capstar.study.economy import DELAY, LARGE, OWN, SPREAD, Economy, quarterly_returns, touches_outliers
from capstar.study.other_way import ALL, KEYS, LEVEL, PRIMARY, WITHOUT, OtherWay, quarters

HORIZONS = (1, 4)
START = "1985Q1"  # of forecasts, as those of the gap


def lead_the_economy(
    portfolios: pd.DataFrame,
    economy: Economy,
    *,
    horizons: Sequence[int] = HORIZONS,
    start: str = START,
    n_replications: int = 499,
    seed: int = 0,
) -> OtherWay | None:
    """Ask whether returns lead the economy.

    Parameters
    ----------
    portfolios
        Percent a month: ``small_minus_large``, ``small``, ``large``.
    economy
        Targets and rivals.
    horizons
        Quarters.
    start
        Quarter at whose end the first forecast is made.
    n_replications, seed
        Of every wild bootstrap.

    Returns
    -------
    OtherWay or None
        None where no target has quarters enough with all of it.

    Examples
    --------
    >>> import capstar as cs
    >>> us, returns = cs.data.us_macro(), cs.data.small_cap_returns()
    >>> portfolios = returns.assign(small_minus_large=returns["small"] - returns["large"])
    >>> economy = cs.study.Economy({"gdp_growth": us["log_gdp"]})
    >>> found = cs.study.lead_the_economy(portfolios, economy, horizons=(1,), n_replications=99)
    >>> found.table.groupby("returns")["effect"].last().round(2).to_dict()
    {'large': 0.25, 'small': 0.28, 'small_minus_large': 0.12}
    """
    returns = quarterly_returns(portfolios[["small_minus_large", "small", "large"]])
    rows, absent = list[dict[str, object]](), dict(economy.absent)
    options = {"start": start, "n_replications": n_replications, "seed": seed}
    for horizon in horizons:
        for target, information, y, lags in economy.samples(horizon):
            for name, controls, sample in _regressions(returns, economy, y, lags, horizon):
                key = (target, name, horizon, " + ".join(controls), information, sample)
                try:
                    row = _row(
                        y, returns[name], pd.concat(controls.values(), axis=1), horizon, sample, options
                    )
                except DataError as error:
                    absent[f"{name_of(target)} over {quarters(horizon)}"] = str(error)
                    continue
                rows.append(dict(zip(KEYS, key, strict=True)) | row)
    if not rows:
        return None
    persistence = returns.apply(lambda one: one.dropna().autocorr(1))
    return OtherWay(_adjusted(pd.DataFrame(rows)), persistence, economy.words, absent, economy.titles)


def _regressions(
    returns: pd.DataFrame, economy: Economy, y: pd.Series, lags: pd.DataFrame, horizon: int
) -> Iterator[tuple[str, dict[str, pd.DataFrame | pd.Series], str]]:
    """Each return beside more and more, and the one of the primary specification also with the quarters of 2020."""
    controls: dict[str, pd.DataFrame | pd.Series] = {OWN: lags}
    if economy.term_spread is not None:
        controls[SPREAD] = economy.term_spread
    for name in returns:
        rivals = controls | ({LARGE: returns["large"]} if name == PRIMARY.returns else {})
        labels = list(rivals)
        for count in range(1, len(labels) + 1):
            yield str(name), {label: rivals[label] for label in labels[:count]}, WITHOUT
        if name == PRIMARY.returns and touches_outliers(pd.PeriodIndex(y.dropna().index), horizon).any():
            yield str(name), rivals, ALL


def _row(
    y: pd.Series, x: pd.Series, controls: pd.DataFrame, horizon: int, sample: str, options: Mapping[str, Any]
) -> dict[str, object]:
    """One regression and its forecasts."""
    whole = pd.concat([y, x, controls], axis=1, join="inner").dropna()
    if sample == WITHOUT:
        whole = whole[~touches_outliers(pd.PeriodIndex(whole.index), horizon)]
    target, predictor, rest = whole.iloc[:, 0], whole.iloc[:, 1], whole.iloc[:, 2:]
    found = leads.incremental_test(target, predictor, rest, horizon=horizon, delay=DELAY, **options)
    scale, width = float(predictor.std() / target.std()), half_width(LEVEL) * found.se
    ends = {"first": str(found.first), "last": str(found.last)}
    forecasts = ("r2_os", "clark_west_p", "clark_west_bootstrap_p", "n_forecasts")
    return {
        "slope": found.slope, "effect": scale * found.slope, "lower": scale * (found.slope - width),
        "upper": scale * (found.slope + width), "t": found.t, "p": found.p, "bootstrap_p": found.bootstrap_p,
        "partial_r2": found.partial_r2, "nobs": found.nobs, **ends,
        **{name: getattr(found, name) for name in forecasts},
        "first_forecast": "" if found.first_forecast is None else str(found.first_forecast),
    }  # fmt: skip


def _adjusted(table: pd.DataFrame) -> pd.DataFrame:
    """With the p-values of all rows but the primary one adjusted together."""
    rest = table["bootstrap_p"].mask(PRIMARY.rows(table))
    adjusted = leads.adjusted_p_values(rest).table["p_adjusted"] if rest.notna().any() else rest
    table.insert(table.columns.get_loc("bootstrap_p") + 1, "p_adjusted", adjusted)
    return table
