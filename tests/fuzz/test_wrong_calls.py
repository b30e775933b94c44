"""Wrong calls: the message names the argument, what was found and a remedy that works; no traceback, whatever is given.

Thirty mistakes that users make, each with what must be said and the call that the message tells to make instead; then
calls of every public function with one argument replaced by something else, drawn from a seed.
"""

from __future__ import annotations

import inspect
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

import capstar as cs
from capstar import leads, markets
from capstar.errors import CapstarError
from capstar.markets import fx

matplotlib.use("Agg")
N = 120
RNG = np.random.default_rng(1)
QUARTERS = pd.period_range("1980Q1", periods=N, freq="Q")
MONTHS = pd.period_range("1980-01", periods=3 * N, freq="M")
DAYS = pd.date_range("2000-01-03", periods=200, freq="B")
GAP = pd.Series(0.3 * RNG.normal(size=N).cumsum(), QUARTERS, name="gap")
RETURNS = pd.Series(4 * RNG.normal(size=3 * N), MONTHS, name="small")
QUARTERLY = pd.Series(4 * RNG.normal(size=N), QUARTERS, name="quarterly")
DAILY = pd.Series(RNG.normal(size=4000), pd.date_range("1980-01-01", periods=4000, freq="D"), name="daily")
PRICES = pd.Series(100 * np.exp(0.02 * RNG.normal(size=200).cumsum()), DAYS, name="close")
BARS = pd.DataFrame({"high": 1.01 * PRICES, "low": 0.99 * PRICES, "close": PRICES})
LEVELS = pd.Series(100 * np.exp((RETURNS / 100).cumsum()), MONTHS, name="level")
US = cs.data.us_macro()
FIT: dict[str, Any] = {"n_starts": 1, "progress": False}
HELD = {"lambda_g": 0.05, "lambda_z": 0.03, "sigma_pi": 0.8}


def study(gap: Any = GAP, returns: Any = RETURNS, **options: Any) -> Any:
    """What is checked before a study runs, which takes a minute."""
    made = leads.LeadStudy(gap, returns, **({"horizons": (1,)} | options))
    made._check()
    from capstar.leads.study import _check_returns, _in_percent

    table = made.returns.to_frame() if isinstance(made.returns, pd.Series) else made.returns
    _check_returns(table)
    return _in_percent(table, made.units)


def usable(frame: Any, **options: Any) -> None:
    """What is checked before a fit, which takes a second."""
    from capstar.arguments import as_input
    from capstar.rstar.laubach_williams.inputs import prepare

    variant = cs.rstar.HLW2017.variant
    data = as_input(frame, cs.rstar.HLW2017.inputs)
    prepare(data, variant, start=None, end=None, n_params=0, **options)


def hold(**fixed: float) -> None:
    """What is checked of parameters held."""
    from capstar.rstar.laubach_williams.model import _require_known

    _require_known(fixed, cs.rstar.HLW2017.variant)


def compounded(daily: pd.Series) -> pd.Series:
    """The remedy for daily returns, as the message has it."""
    return 100 * ((1 + daily / 100).groupby(daily.index.to_period("M")).prod() - 1)


fit = cs.rstar.HLW2017.fit
MISTAKES: dict[str, tuple[Callable[[], Any], tuple[str, ...], Callable[[], Any]]] = {
    # what: the call, words of its message, the call it tells to make
    "fit(Series)": (
        lambda: fit(US["interest_rate"], **FIT),
        ("data", "a series 'interest_rate'", "DataFrame"),
        lambda: usable(US),
    ),
    "fit(array)": (lambda: fit(US.to_numpy(), **FIT), ("data", "(199, 4)", "DataFrame"), lambda: usable(US)),
    "fit of no file": (lambda: fit("none.csv", **FIT), ("none.csv", "no such file"), lambda: usable(US)),
    "fit(None)": (lambda: fit(None, **FIT), ("data", "None", "path of a file"), lambda: usable(US)),
    "fractions": (
        lambda: fit(US.assign(interest_rate=US["interest_rate"] / 100), **FIT),
        ("interest_rate", "0.168", "units={'interest_rate': 'fraction'}"),
        lambda: usable(
            US.assign(interest_rate=US["interest_rate"] / 100), units={"interest_rate": "fraction"}
        ),
    ),
    "levels of GDP": (
        lambda: fit(US.assign(log_gdp=np.exp(US["log_gdp"])), **FIT),
        ("log_gdp", "percent a quarter", "units={'log_gdp': 'level'}"),
        lambda: usable(US.assign(log_gdp=np.exp(US["log_gdp"])), units={"log_gdp": "level"}),
    ),
    "no such unit": (
        lambda: fit(US, units="inches", **FIT),
        ("units='inches'", "fraction"),
        lambda: usable(US, units="percent"),
    ),
    "fixed: zero": (
        lambda: fit(US, fixed={"sigma_pi": 0}, **FIT),
        ("sigma_pi = 0", "bounds"),
        lambda: hold(sigma_pi=0.8),
    ),
    "fixed: negative": (
        lambda: fit(US, fixed={"lambda_g": -1.0}, **FIT),
        ("lambda_g = -1", "0 to inf"),
        lambda: hold(lambda_g=0.05),
    ),
    "fixed: text": (
        lambda: fit(US, fixed={"lambda_g": "a"}, **FIT),
        ("fixed['lambda_g']='a'", "number"),
        lambda: hold(lambda_g=0.05),
    ),
    "n_starts": (lambda: fit(US, n_starts=0), ("n_starts=0", "at least 1"), lambda: usable(US)),
    "signal_to_noise": (
        lambda: fit(US, signal_to_noise="EM", **FIT),
        ("signal_to_noise='EM'", "EW"),
        lambda: usable(US),
    ),
    "start is no date": (lambda: fit(US, "zz", **FIT), ("start='zz'", "1980Q1"), lambda: usable(US)),
    "one value is 1e300": (
        lambda: fit(US.assign(inflation=US["inflation"].where(US.index != "1990Q1", 1e300)), **FIT),
        ("inflation in 1990Q1", "1e+300", "Correct"),
        lambda: usable(US),
    ),
    "gap is an array": (
        lambda: study(GAP.to_numpy()),
        ("gap", "(120,)", "pd.Series(values, index="),
        lambda: study(pd.Series(GAP.to_numpy(), index=pd.period_range("1960Q1", periods=N, freq="Q"))),
    ),
    "gap is a path": (lambda: study("gap.csv"), ("gap", "'gap.csv'", "read_input"), study),
    "gap is a table": (lambda: study(US), ("gap", "log_gdp", "gap['log_gdp']"), lambda: study(US["log_gdp"])),
    "swapped": (lambda: study(RETURNS, QUARTERLY), ("small", "swapped", "LeadStudy(gap, returns)"), study),
    "gap is daily": (
        lambda: study(PRICES.pct_change().iloc[1:]),
        ("quarterly or monthly PeriodIndex", "to_quarterly(gap)"),
        lambda: study(cs.data.to_quarterly(RETURNS)),
    ),
    "returns are quarterly": (
        lambda: study(returns=QUARTERLY),
        ("quarterly", "Q-DEC", "predictive_regression(gap, returns, horizon=1)"),
        lambda: leads.predictive_regression(GAP, QUARTERLY, horizon=1),
    ),
    "returns are daily": (
        lambda: study(returns=DAILY),
        ("daily", "DatetimeIndex", "groupby"),
        lambda: study(returns=compounded(DAILY)),
    ),
    "returns are prices": (
        lambda: study(returns=LEVELS),
        ("level", "prices", "pct_change"),
        lambda: study(returns=100 * LEVELS.pct_change().iloc[1:]),
    ),
    "returns are fractions": (
        lambda: study(returns=RETURNS / 100),
        ("small", "a standard deviation of 0.03", "units='decimal'"),
        lambda: study(returns=RETURNS / 100, units="decimal"),
    ),
    "horizons are words": (lambda: study(horizons="4"), ("horizons='4'", "tuple"), lambda: study(horizons=4)),
    "information": (
        lambda: study(information="real-time"),
        ("information='real-time'", "real time"),
        lambda: study(information="real time"),
    ),
    "up is a fraction": (
        lambda: markets.rallies(PRICES, up=0.2),
        ("up=0.2", "0.2 percent", "up=20"),
        lambda: markets.rallies(PRICES, up=20),
    ),
    "down is a fraction": (
        lambda: markets.lunde_timmermann(PRICES, down=0.2),
        ("down=0.2", "down=20"),
        lambda: markets.lunde_timmermann(PRICES, down=20),
    ),
    "cost is a fraction": (
        lambda: markets.RangeTrading(BARS, cost_bp=0.001).backtest(n_replications=0),
        ("cost_bp=0.001", "cost_bp=10"),
        lambda: markets.RangeTrading(BARS, cost_bp=10).backtest(n_replications=0, progress=False),
    ),
    "level is percent": (
        lambda: markets.RangeTrading(BARS).backtest(level=95, n_replications=0),
        ("level=95", "between 0 and 1"),
        lambda: markets.RangeTrading(BARS).backtest(level=0.95, n_replications=0, progress=False),
    ),
    "prices are a path": (
        lambda: markets.rallies(Path("p.csv")),
        ("prices", "p.csv", "read_prices"),
        lambda: markets.rallies(PRICES),
    ),
    "prices are a list": (
        lambda: markets.rallies([1.0, 2.0]),
        ("prices", "[1.0, 2.0]", "pd.Series"),
        lambda: markets.rallies(pd.Series([1.0, 2.0], index=pd.period_range("1960Q1", periods=2, freq="Q"))),
    ),
    "mixed time zones": (
        lambda: markets.rallies(
            pd.Series([1.0, 2.0], [pd.Timestamp("2000", tz="UTC"), pd.Timestamp("2001", tz="Asia/Tokyo")])
        ),
        ("prices", "time zones", "PeriodIndex"),
        lambda: markets.rallies(pd.Series([1.0, 2.0], pd.PeriodIndex(["2000", "2001"], freq="Q"))),
    ),
    "types do not compare": (
        lambda: markets.true_range(BARS["high"], BARS["low"], GAP.abs() + 1),
        ("different dates", "same index"),
        lambda: markets.true_range(BARS["high"], BARS["low"], PRICES),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_message_names_what_was_found_and_a_remedy_that_works(mistake: str) -> None:
    call, words, instead = MISTAKES[mistake]
    with pytest.raises(CapstarError) as error:
        call()
    said = str(error.value)
    assert [word for word in words if word not in said] == [], said
    assert len(said) < 700
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        instead()


def test_what_is_unambiguous_is_taken() -> None:
    """A table of one column is its series, a number a sequence of one, a table of prices its closes."""
    assert leads.LeadStudy(GAP.to_frame(), RETURNS, horizons=4).horizons == (4,)
    pd.testing.assert_series_equal(leads.LeadStudy(GAP.to_frame(), RETURNS).gap, GAP)
    assert leads.LeadStudy(GAP.rename(None), RETURNS).gap.name == "gap"
    assert leads.ivx(QUARTERLY.to_frame(), GAP.to_frame()).wald == leads.ivx(QUARTERLY, GAP).wald
    pd.testing.assert_frame_equal(markets.rallies(BARS).table, markets.rallies(PRICES).table)
    pd.testing.assert_frame_equal(markets.rallies(PRICES.to_frame()).table, markets.rallies(PRICES).table)


def test_no_name_of_a_column_is_a_formula() -> None:
    """Titles, axes and legends show a dollar sign, where matplotlib would look for the end of a formula."""
    from capstar.plotting import plot_lines

    name = "$x^{$"
    plot_lines(pd.DataFrame({name: GAP, "$": GAP}), title=name, unit=name).canvas.draw()
    markets.rallies(PRICES.rename(name)).plot().canvas.draw()
    leads.rolling_slopes(QUARTERLY.rename(name), GAP.rename("_$_{"), window=60).plot().canvas.draw()


FORECASTS = pd.DataFrame(
    {"actual": QUARTERLY, "mean": QUARTERLY.expanding().mean().shift(1), "gap": GAP}
).iloc[10:]
MONTHLY = pd.DataFrame({"mean": 0 * RETURNS + 0.5, "other": 0.1 * RETURNS}).iloc[80:]
TWO = pd.DataFrame({"a": QUARTERLY**2, "b": GAP**2})
# Good arguments by name, and where a function needs others.
GOOD: dict[str, Any] = {
    "returns": QUARTERLY,
    "gap_draws": pd.DataFrame({k: GAP + np.sin(k + np.arange(len(GAP))) for k in range(20)}),
    "predictor": GAP,
    "predictors": GAP,
    "target": QUARTERLY,
    "gap": GAP,
    "y": QUARTERLY.to_numpy(),
    "x": GAP.to_numpy(),
    "X": np.column_stack([np.ones(N), GAP]),
    "prices": PRICES,
    "close": PRICES,
    "bars": BARS,
    "high": BARS["high"],
    "low": BARS["low"],
    "horizon": 1,
    "lags": 4,
    "window": 40,
    "quarters": QUARTERS,
    "dates": QUARTERS,
    "start": "1995Q1",
    "actual": QUARTERLY.to_numpy(),
    "benchmark": np.zeros(N),
    "forecast": GAP.to_numpy(),
    "d": QUARTERLY.to_numpy(),
    "statistic": 3.0,
    "parameters": 1,
    "b": 0.1,
    "series": GAP,
    "key": "hlw2017",
    "outcome": (QUARTERLY > 0).astype(float),
    "score": GAP,
    "state": (RETURNS > 0).astype(float),
    "excess": QUARTERLY.to_numpy(),
    "rstar": GAP,
    "abroad": GAP,
    "losses": TWO,
    "table": pd.DataFrame({"EURUSD": PRICES}),
    "pairs": {"EURUSD": ("EUR", "USD")},
    "splits": ("1995Q1",),
    "data": pd.DataFrame({"a": GAP, "b": QUARTERLY}),
    "adjusted": TWO,
    "gains": TWO,
    "n_replications": 99,
    "forecasts": FORECASTS,
    "surprises": pd.Series(RNG.normal(size=40), DAYS[1:161:4], name="surprise"),
    "progress": False,
    "members": {"a": (QUARTERLY, GAP)},
    "levels": markets.trading_ranges(BARS),
    "level": np.exp(GAP / 10),
    "n": 30,
}
OWN: dict[str, dict[str, Any]] = {
    "cumulate_after": {"returns": RETURNS},
    "incremental_test": {"controls": (GAP**2).to_frame("square")},
    "incremental_forecasts": {"controls": (GAP**2).to_frame("square")},
    "predictive_regression": {"returns": RETURNS},
    "local_projections": {"returns": RETURNS, "horizons": (1,), "state": None},
    "event_study": {"returns": PRICES.pct_change().iloc[1:]},
    "in_sample_table": {"returns": RETURNS, "horizons": (1,)},
    "persistence_table": {"returns": RETURNS},
    "forecast_comparison": {"returns": RETURNS, "horizons": (1,)},
    "superior_ability": {"benchmark": "a"},
    "adjusted_loss_table": {"benchmark": "mean"},
    "cumulative_difference": {"benchmark": "mean"},
    "economic_value": {
        "returns": RETURNS,
        "forecasts": MONTHLY,
        "risk_free": 0 * RETURNS + 0.3,
        "benchmark": "mean",
    },
    "economic_value_of_tilt": {
        "small": RETURNS,
        "large": RETURNS / 2,
        "forecasts": MONTHLY,
        "benchmark": "mean",
    },
    "adjusted_p_values": {"table": pd.Series([0.01, 0.2], list("ab"), name="p"), "level": 0.05},
    "ivx_system": {"returns": pd.DataFrame({"a": QUARTERLY, "b": QUARTERLY + GAP})},
    "quantile_slopes": {"quantiles": (0.5,)},
}
OPTIONAL = ("n_replications", "progress", "pairs", "benchmark", "horizons", "quantiles")
WRONG = [
    None,
    "my.csv",
    Path("my.csv"),
    np.arange(5.0),
    np.ones((3, 2)),
    [1, 2, 3],
    {"a": 1},
    4,
    -1,
    0,
    2.5,
    float("nan"),
    True,
    object(),
    GAP,
    GAP.to_frame(),
    GAP.rename(None),
    GAP.to_timestamp(),
    GAP.reset_index(drop=True),
    GAP.iloc[:0],
    GAP * np.nan,
    GAP * 1e300,
    GAP * 1e-300,
    GAP.astype(str),
    GAP * 0,
    RETURNS,
    PRICES,
    BARS,
    US,
    US.iloc[:0],
    pd.DataFrame(),
    GAP.iloc[::-1],
    pd.concat([GAP, GAP], axis=1),
    pd.Series(["a", "b"]),
    "zz",
    "1980Q1",
    pd.Period("1980Q1"),
    (1, 2),
    (),
    (0,),
    ("a",),
    10**400,
    1e300,
    np.datetime64("2000"),
    complex(1, 2),
    b"x",
    {1, 2},
    pd.NaT,
    GAP.where(GAP.index != GAP.index[5]),
    "$x^{$",
    pd.Series(np.arange(2.0), [pd.Timestamp("2000", tz="UTC"), pd.Timestamp("2001", tz="Asia/Tokyo")]),
    GAP.replace(GAP.iloc[4], np.inf),
]
# What makes or takes models, and what is slow: bootstraps, and one whose table is a published one.
LEFT_OUT = {
    "lead_family",  # any number of arguments, as the next
    "release_delay",
    "register",
    "predictability_tests",
    "estimated_regressor",
    "q_test",
    "plot_ranges",
    "confidence_set",
    "episodic_ivx",
    "bootstrap_forecasts",
    "bootstrap_regression",
    "implied_long_horizon",
    "ivx_bootstrap",
    "ivx_family",
    "forecast_comparison",
    "wild_bootstrap_forecasts",
    "persistence_table",
}


def functions() -> dict[str, Callable[..., Any]]:
    """Public functions of the rooms, and those of r* that take numbers."""
    found = {name: getattr(room, name) for room in (leads, markets) for name in room.__all__}
    found |= {
        name: getattr(cs.rstar, name)
        for name in ("break_statistics", "hp_trend", "median_unbiased_lambda", "model", "polynomial_trend")
    }
    found |= {"rates_of": fx.rates_of, "rate_differential": fx.rate_differential}
    return {name: one for name, one in found.items() if inspect.isfunction(one) and name not in LEFT_OUT}


@pytest.mark.parametrize("name", functions())
def test_no_wrong_argument_ends_in_a_traceback(name: str) -> None:
    """Eight draws an argument; a call that is right all the same returns."""
    function, draw = functions()[name], random.Random(name)
    signature = inspect.signature(function).parameters
    good = {
        p: one
        for p, one in GOOD.items()
        if p in signature and (signature[p].default is inspect.Parameter.empty or p in OPTIONAL)
    }
    good |= OWN.get(name, {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function(**good)
        for argument in signature:
            for wrong in draw.sample(WRONG, 8):
                try:
                    function(**(good | {argument: wrong}))
                except CapstarError as error:
                    assert len(str(error)) < 1000, error  # noqa: PT017  what was given is cut to 80 characters
