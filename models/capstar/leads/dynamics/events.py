"""Returns on the days of announcements."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, DataWarning
from capstar.leads.records import SlopeTable

_FEWEST = 10


@dataclass(frozen=True)
class EventStudy(SlopeTable):
    """Regressions of the returns of event days on the surprise.

    Attributes
    ----------
    table : pandas.DataFrame
        By return: ``n``, ``slope`` per unit of the surprise, heteroskedasticity-robust ``se`` (HC1), ``t``, two-sided
        normal ``p``, ``r2``.
    surprise
        Name of the surprise.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500, wti
    >>> returns = 100 * sp500.load()["Adj Close"].pct_change().dropna().rename("S&P 500")
    >>> oil = 100 * wti.load()["DCOILWTICO"].dropna().pct_change().rename("oil")
    >>> jumps = oil[oil.abs() > 8].loc["1999-01-05":]
    >>> found = cs.leads.event_study(returns, jumps)
    >>> print(found.surprise, found.table.loc["S&P 500", "n"])
    oil 61
    >>> found.table[["slope", "se", "p"]].round(2)
             slope    se     p
    S&P 500   0.09  0.04  0.02
    """

    table: pd.DataFrame
    surprise: str

    @property
    def title(self) -> str:
        """What was regressed on what."""
        return f"Returns of event days on {self.surprise}, standard errors HC1"


@checked
def event_study(returns: pd.Series | pd.DataFrame, surprises: pd.Series) -> EventStudy:
    """Regress the returns of event days on the surprise of the event.

    Parameters
    ----------
    returns
        One-day returns by date: a Series, or a column for each portfolio.
    surprises
        By date of the event; those of one day are added up.

    Raises
    ------
    DataError
        A surprise or a return of an event day is missing, or fewer than 10 event days have a return.

    Warns
    -----
    DataWarning
        Events on days without a return, which are left out.

    References
    ----------
    Bernanke and Kuttner (2005), *Journal of Finance* 60(3), equation 1; MacKinnon and White (1985), *Journal of
    Econometrics* 29 (HC1).

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500, wti
    >>> returns = 100 * sp500.load()["Adj Close"].pct_change().dropna().rename("S&P 500")
    >>> oil = 100 * wti.load()["DCOILWTICO"].dropna().pct_change().rename("oil")
    >>> jumps = oil[oil.abs() > 8].loc["1999-01-05":]
    >>> cs.leads.event_study(returns, jumps).table.round(2)
              n  slope    se     t     p    r2
    S&P 500  61   0.09  0.04  2.31  0.02  0.09
    """
    from statsmodels.regression.linear_model import OLS

    table = returns.to_frame() if isinstance(returns, pd.Series) else returns
    if surprises.isna().any():
        raise DataError(
            f"{surprises.name} is missing on {surprises.isna().idxmax()}. Leave the event out, or give it a value."
        )
    daily = surprises.groupby(level=0).sum()
    days = daily.index.intersection(table.index)
    if len(days) < _FEWEST:
        raise DataError(
            f"{surprises.name}: {len(days)} event days have a return, at least {_FEWEST} are needed. Check that both "
            "use the same dates."
        )
    if len(days) < len(daily):
        away = daily.index.difference(days)
        warnings.warn(
            f"{surprises.name}: {len(away)} events, the first on {away[0]}, fall on days without a return and are "
            "left out.",
            DataWarning,
            stacklevel=3,
        )
    design = np.column_stack([np.ones(len(days)), daily.loc[days].to_numpy(dtype=float)])
    rows = {}
    for name in table:
        y = table.loc[days, name]
        if y.isna().any():
            raise DataError(f"{name} is missing on {y.isna().idxmax()}. Fill it, or leave the event out.")
        fit = OLS(y.to_numpy(dtype=float), design).fit(cov_type="HC1")
        rows[name] = [
            len(days),
            *(a[1] for a in (fit.params, fit.bse, fit.tvalues, fit.pvalues)),
            fit.rsquared,
        ]
    columns = ["n", "slope", "se", "t", "p", "r2"]
    found = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return EventStudy(found.astype({"n": int}), str(surprises.name))
