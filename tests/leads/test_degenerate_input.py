"""Every single test of predictability refuses degenerate input in words: never a number, never a bare numpy error."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest

from capstar import leads
from capstar.errors import DataError, SpecificationError

N = 60
RNG = np.random.default_rng(0)
INDEX = pd.period_range("2000Q1", periods=N, freq="Q")
X = pd.Series(RNG.standard_normal(N).cumsum(), INDEX, name="x")
Y = pd.Series(RNG.standard_normal(N), INDEX, name="y")
BOUNDS = pd.DataFrame({"delta": [0.0] * 2, "dfgls": [-5.0, 1.0], "c_min": [-9.0] * 2, "c_max": [1.0] * 2})
FEW = {"n_replications": 99}

# Each takes a response, a regressor and options; those with a horizon, with lags, or of Series alone are named below.
FUNCTIONS: dict[str, Callable[..., object]] = {
    "newey_west": lambda y, x, lags=2: leads.newey_west(y, x, lags=lags),
    "equal_weighted_cosine": leads.equal_weighted_cosine,
    "equal_weighted_cosine, null imposed": partial(leads.equal_weighted_cosine, null_imposed=True),
    "hansen_hodrick": lambda y, x, horizon=2: leads.hansen_hodrick(y, x, horizon=horizon),
    "hodrick_1b": lambda y, x, horizon=2: leads.hodrick_1b(y, x, horizon),
    "bias_correction": leads.bias_correction,
    "q_test": lambda y, x: leads.q_test(y, x, BOUNDS),
    "ivx": leads.ivx,
    "ivx, white": partial(leads.ivx, covariance="white"),
    "ivx_system": lambda y, x, **options: leads.ivx_system(pd.DataFrame({"y": y}), x, **options),
    "ivx_bootstrap": partial(leads.ivx_bootstrap, **FEW),
    "ivx_family": lambda y, x, horizon=1, **options: leads.ivx_family(
        {"x": (y, x)}, [horizon], **FEW, **options
    ),
    "residual_augmented_ivx": leads.residual_augmented_ivx,
    "episodic_ivx": partial(leads.episodic_ivx, share=0.5, **FEW),
    "implied_long_horizon": lambda y, x, horizon=1: leads.implied_long_horizon(y, x, [horizon], **FEW),
    "bootstrap_regression": lambda y, x, horizon=1, **options: leads.bootstrap_regression(
        y, x, [horizon], **FEW, **options
    ),
    "break_test": partial(leads.break_test, n_replications=99),
    "rolling_slopes": partial(leads.rolling_slopes, window=40),
    "quantile_slopes": leads.quantile_slopes,
    "subsample_slopes": lambda y, x, **options: leads.subsample_slopes(y, x, ["2007Q1"], **options),
}
WITH_HORIZON = [
    "hansen_hodrick", "hodrick_1b", "ivx", "ivx_system", "ivx_bootstrap", "ivx_family", "residual_augmented_ivx",
    "implied_long_horizon", "bootstrap_regression", "break_test", "rolling_slopes", "quantile_slopes",
    "subsample_slopes",
]  # fmt: skip
WITH_LAGS = ["newey_west", "ivx_bootstrap", "residual_augmented_ivx", "bootstrap_regression"]
WITH_LEVEL = ["rolling_slopes", "quantile_slopes", "subsample_slopes"]
ALIGN = [
    "break_test",
    "rolling_slopes",
    "quantile_slopes",
    "subsample_slopes",
]  # these take the dates both have

BAD_INPUT = {
    "constant regressor": (Y, 0 * X + 2.0),
    "constant but for rounding": (Y, 0 * X + 0.1 + 1e-15 * np.arange(N)),
    "missing return": (Y.where(np.arange(N) != 7), X),
    "missing regressor": (Y, X.where(np.arange(N) != 7)),
    "infinite regressor": (Y, X.where(np.arange(N) != 7, np.inf)),
    "unequal lengths": (Y.iloc[:-1], X),
    "one observation": (Y.iloc[:1], X.iloc[:1]),
}


@pytest.mark.parametrize(
    ("name", "case"),
    [
        (name, case)
        for name in FUNCTIONS
        for case in BAD_INPUT
        if name not in ALIGN or case != "unequal lengths"
    ],
)
def test_input(name: str, case: str) -> None:
    with pytest.raises(DataError) as refused:
        FUNCTIONS[name](*BAD_INPUT[case])
    assert len(str(refused.value)) > 20


@pytest.mark.parametrize("horizon", [0, -1, N, N + 10])
@pytest.mark.parametrize("name", WITH_HORIZON)
def test_horizon(name: str, horizon: int) -> None:
    with pytest.raises((DataError, SpecificationError), match=r"horizon|window"):
        FUNCTIONS[name](Y, X, horizon=horizon)


@pytest.mark.parametrize("lags", [-1, N + 20])
@pytest.mark.parametrize("name", WITH_LAGS)
def test_lags(name: str, lags: int) -> None:
    with pytest.raises(SpecificationError, match=f"lags={lags}; choose"):
        FUNCTIONS[name](Y, X, lags=lags)


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5, -0.1])
@pytest.mark.parametrize("name", WITH_LEVEL)
def test_level(name: str, level: float) -> None:
    with pytest.raises(SpecificationError, match=f"level={level}; choose a number between 0 and 1"):
        FUNCTIONS[name](Y, X, level=level)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_good_input_is_taken(name: str) -> None:
    """The same calls give a result where nothing is wrong, so that the refusals above are of what they name."""
    assert FUNCTIONS[name](Y, X) is not None
    if name in WITH_HORIZON:
        assert FUNCTIONS[name](Y, X, horizon=2) is not None


def test_other_options() -> None:
    losses = pd.DataFrame(RNG.standard_normal((N, 3)) ** 2, INDEX, list("abc"))
    for call, words in (
        (lambda: leads.confidence_set(losses, size=1.5), r"size=1\.5; choose a number between 0 and 1"),
        (lambda: leads.adjusted_p_values(pd.Series([0.1]), level=0), "level=0; choose"),
        (lambda: leads.bootstrap_regression(Y, X, block=500, scheme="block"), "block=500; choose"),
        (lambda: leads.equal_weighted_cosine(Y, X, cosines=0), "cosines=0; choose"),
        (lambda: leads.fixed_b_critical(0.1, level=0.5), r"b=0\.1, level=0\.5: choose"),
        (lambda: leads.fixed_b_critical(1.2), r"b=1\.2, level=0\.05: choose"),
        (lambda: leads.hodrick_1b(Y, X, 4, rows=50), "rows=50; choose a whole number from 57 to 60"),
        (lambda: leads.hodrick_1b(Y, X, 1.5), r"horizon=1\.5; choose a whole number"),
    ):
        with pytest.raises(SpecificationError, match=words):
            call()
    for series in (0 * X + 1.0, X.where(X.index != INDEX[3]), X.iloc[:5]):
        with pytest.raises(DataError):
            leads.df_gls(series)
