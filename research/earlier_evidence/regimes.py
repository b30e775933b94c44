"""Mean returns under regimes of policy (Jensen, Mercer and Johnson 1996)."""

from __future__ import annotations

import pandas as pd
from scipy.stats import ttest_ind

from capstar.errors import DataError

_FEWEST = 10


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


def compare_regimes(returns: pd.Series | pd.DataFrame, regimes: pd.Series, *, lag: int = 1) -> pd.DataFrame:
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

    Returns
    -------
    pandas.DataFrame
        By return: the mean under each regime, in a column of its name, and the numbers of periods ``n_...``;
        ``difference``, first less second; ``welch_t`` and two-sided ``p`` of it (Welch 1947), and its degrees of
        freedom ``df``.

    Raises
    ------
    DataError
        Periods differ in kind, there are not two labels with 10 returns each, or a return is missing.

    References
    ----------
    Welch (1947), *Biometrika* 34; Jensen, Mercer and Johnson (1996), *Journal of Financial Economics* 40, table 3.
    """
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
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


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
