"""The model and data of the examples in this room's docstrings."""

from __future__ import annotations

import pandas as pd

from capstar.statespace.algebra import params, variables
from capstar.statespace.spec import Spec


def nile_level() -> tuple[Spec, pd.Series]:
    """Local level of the annual flow of the Nile at Aswan, 1871-1970, in 10^8 cubic metres.

    Durbin and Koopman (2012), chapter 2; the data come with statsmodels.
    """
    from statsmodels.datasets import nile

    s_eps, s_eta = params("s_eps s_eta")
    _, mu, eps, eta = variables("y mu eps eta")
    shocks = {"eps": s_eps, "eta": s_eta}
    level = Spec("local level", {"y": mu + eps}, {"mu": mu(-1) + eta}, shocks, reports={"level": mu})
    flow = nile.load_pandas().data["volume"].to_numpy()
    return level, pd.Series(flow, pd.period_range("1871", periods=100, freq="Y"), name="y")
