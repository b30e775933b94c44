"""An index whose members are the portfolios of French's library, reconstituted twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from capstar import data, smallcaps
from capstar.reporting import Result


@cache
def index() -> smallcaps.IndexResults:
    returns = data.small_cap_returns().iloc[-60:]
    wealth = (1 + returns / 100).cumprod().set_axis(returns.index.to_timestamp(how="end").normalize())
    wide = 10 * wealth[[name for name in wealth if (wealth[name] > 0).all()]].rename_axis(index="date")
    closes = wide.melt(var_name="id", value_name="close", ignore_index=False).reset_index()
    days, names = wide.index, list(wide)
    shares = pd.DataFrame({"date": days[0], "id": names, "shares": np.linspace(9e6, 1e6, len(names))})
    dates = [(str(days[at].date()), str(days[at + 1].date())) for at in (0, 24)]
    rules = smallcaps.IndexRules.custom(len(names), dates, large=2)
    return smallcaps.IndexCalculator(rules, closes, shares).run(progress=False)


EXAMPLES: dict[type[Result], Callable[[], Result]] = {smallcaps.IndexResults: index}
