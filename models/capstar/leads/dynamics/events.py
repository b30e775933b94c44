"""Returns on the days of announcements, and under regimes of policy."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from capstar.errors import DataError, DataWarning

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FEWEST = 10


@dataclass(frozen=True)
class EventStudy:
    """Regressions of the returns of event days on the surprise.

    Attributes
    ----------
    table : pandas.DataFrame
        By return: ``n``, ``slope`` per unit of the surprise, heteroskedasticity-robust ``se`` (HC1), ``t``, two-sided
        normal ``p``, ``r2``.
    surprise
        Name of the surprise.
    """

    table: pd.DataFrame
    surprise: str

    def summary(self) -> str:
        """Table as text."""
        return (
            f"Returns of event days on {self.surprise}, standard errors HC1\n"
            f"{self.table.to_string(float_format='{:.4f}'.format)}"
        )

    def plot(self) -> Figure:
        """Slopes with 90 percent bands."""
        from capstar.plotting.leads import plot_event_slopes

        return plot_event_slopes(self.table, title=f"Return of the day on {self.surprise}, 90% bands")


@dataclass(frozen=True)
class RegimeComparison:
    """Mean returns under two regimes.

    Attributes
    ----------
    table : pandas.DataFrame
        By return: the mean under each regime, in a column of its name, and the numbers of periods ``n_...``;
        ``difference``, first less second; ``welch_t`` and two-sided ``p`` of it (Welch 1947), and its degrees of
        freedom ``df``.
    regimes
        Names of the two regimes.
    """

    table: pd.DataFrame
    regimes: tuple[str, str]

    def summary(self) -> str:
        """Table as text."""
        return (
            f"Mean returns, {self.regimes[0]} against {self.regimes[1]}; Welch's t of the difference\n"
            f"{self.table.to_string(float_format='{:.4f}'.format)}"
        )

    def plot(self) -> Figure:
        """Means by regime side by side."""
        from capstar.plotting.leads import plot_regime_means

        return plot_regime_means(self.table[list(self.regimes)])


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
            stacklevel=2,
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


def policy_regimes(rate: pd.Series) -> pd.Series:
    """Direction of the last change of a policy rate, known at the end of each period.

    Parameters
    ----------
    rate
        Such as the discount rate; a missing value changes nothing.

    Returns
    -------
    pandas.Series
        ``"expansive"`` after a cut, ``"restrictive"`` after a rise, missing before the first change.

    References
    ----------
    Jensen, Mercer and Johnson (1996), "Business conditions, monetary policy, and expected security returns",
    *Journal of Financial Economics* 40, section 2.
    """
    change = rate.ffill().diff()
    label = change.map(lambda step: "expansive" if step < 0 else "restrictive" if step > 0 else None)
    return label.astype(object).ffill().rename("regime")


def compare_regimes(
    returns: pd.Series | pd.DataFrame, regimes: pd.Series, *, lag: int = 1
) -> RegimeComparison:
    """Mean returns under two regimes, and Welch's t of the difference.

    Parameters
    ----------
    returns
        By period: a Series, or a column for each portfolio.
    regimes
        Two labels by period, as `policy_regimes` gives; periods without a label are left out.
    lag
        The return of period t belongs to the regime of t - ``lag``; 0 compares within the period, which an investor
        could not have known.

    Raises
    ------
    DataError
        Periods differ in kind, there are not two labels with 10 returns each, or a return is missing.

    References
    ----------
    Welch (1947), *Biometrika* 34; Jensen, Mercer and Johnson (1996), *Journal of Financial Economics* 40, table 3.
    """
    from scipy.stats import ttest_ind

    table = returns.to_frame() if isinstance(returns, pd.Series) else returns
    label = _known_regimes(table.index, regimes, lag)
    counts = label.value_counts().sort_index()
    if len(counts) != 2 or counts.min() < _FEWEST:
        raise DataError(
            f"{regimes.name}: expected two regimes with at least {_FEWEST} returns each, found {counts.to_dict()}."
        )
    one, other = (str(name) for name in counts.index)
    rows = {}
    for name in table:
        y = table.loc[label.index, name]
        if y.isna().any():
            raise DataError(f"{name} is missing in {y.isna().idxmax()}. Fill it or cut the sample there.")
        a, b = y[label == one], y[label == other]
        test = ttest_ind(a, b, equal_var=False)
        difference = a.mean() - b.mean()
        rows[name] = [a.mean(), b.mean(), len(a), len(b), difference, test.statistic, test.pvalue, test.df]
    columns = [one, other, f"n_{one}", f"n_{other}", "difference", "welch_t", "p", "df"]
    return RegimeComparison(pd.DataFrame.from_dict(rows, orient="index", columns=columns), (one, other))


def _known_regimes(index: pd.Index, regimes: pd.Series, lag: int) -> pd.Series:
    """Labels on the periods of the returns they belong to."""
    kinds = [getattr(one, "freqstr", type(one).__name__) for one in (index, regimes.index)]
    if (
        not (isinstance(index, pd.PeriodIndex) and isinstance(regimes.index, pd.PeriodIndex))
        or len(set(kinds)) > 1
    ):
        raise DataError(
            f"Returns ({kinds[0]}) and {regimes.name} ({kinds[1]}): give both on the same PeriodIndex."
        )
    known = pd.Series(regimes.to_numpy(), regimes.index + lag, name=regimes.name).dropna()
    return known.loc[known.index.isin(index)]
