"""What columns and states are called in figures and tables for readers: one table for all."""

from __future__ import annotations

from collections.abc import Hashable

NAMES = {
    "5%": "5 % quantile",
    "95%": "95 % quantile",
    "actual": "outcome",
    "adjusted_mspe": "adjusted mean squared error",
    "all": "all states",
    "const": "constant",
    "excess": "small caps over the bill",
    "expected_inflation": "expected inflation",
    "first_release": "first release",
    "gap": "gap",
    "gdp_growth": "GDP growth",
    "interest_rate": "interest rate",
    "lambda_g": "λ_g",
    "lambda_z": "λ_z",
    "large": "large caps",
    "latest": "latest vintage",
    "log_gdp": "log GDP",
    "mean": "historical mean",
    "mse_f": "MSE-F",
    "output_gap": "output gap",
    "pool_mean": "mean of the forecasts",
    "range_bound": "range-bound market",
    "real_rate": "real rate",
    "real_time_state": "bull market, as known then",
    "risk_free": "one-month bill",
    "rstar": "r*",
    "rstar_filtered": "r*, one-sided",
    "rstar_gap": "r* gap",
    "rstar_smoothed": "r*, two-sided",
    "small": "small caps",
    "small_minus_large": "small minus large",
    "smb": "small minus big (SMB)",
    "term_spread": "term spread",
    "wald": "Wald statistic",
}
_OPPOSITES = (("bull", "bear"), ("bear", "bull"), ("rally", "no rally"), ("recession", "expansion"))


def name_of(label: Hashable) -> str:
    """A column, or several in a tuple, in words; one that the table does not know, such as the user's, as it is.

    Examples
    --------
    >>> from capstar.names import name_of
    >>> name_of("small_minus_large"), name_of(("excess", "my column"))
    ('small minus large', 'small caps over the bill, my column')
    """
    if isinstance(label, tuple):
        return ", ".join(map(name_of, label))
    return NAMES.get(str(label), str(label))


def state_names(state: str) -> dict[str, str]:
    """By the ``state`` of a table of local projections: what it is called, given the name of the state that is true.

    Examples
    --------
    >>> from capstar.names import state_names
    >>> state_names("bull market")
    {'all': 'all states', 'true': 'bull market', 'false': 'bear market'}
    """
    state = name_of(state or "state")
    found = next((state.replace(one, other) for one, other in _OPPOSITES if one in state), f"not {state}")
    return {"all": NAMES["all"], "true": state, "false": found}
