"""Inference when the predictor is known by posterior draws alone: the regression on each draw, combined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.alignment import cumulate_after, quarters_after
from capstar.leads.inference.regression import slope_1b
from capstar.leads.numerics import Floats, normal_p
from capstar.leads.records import Estimates, SlopeTable, period_name, periods_of

_FEWEST = 20


@dataclass(frozen=True)
class DrawnRegressor(SlopeTable):
    """Regressions on posterior draws of a predictor, combined by Rubin's rules.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a portfolio and horizon: ``slope``, the mean over draws; ``se``, with the variance within and between
        draws; ``t``, ``df`` and two-sided ``p`` of Student's distribution; ``lower`` and ``upper``; ``missing``, the
        share of the variance that is due to not knowing the predictor; ``negative``, the share of draws with a negative
        slope; ``p_mean``, the mean over draws of the p value that takes the draw as known; and ``slope_at_mean``,
        ``p_at_mean``, those of the regression on the mean of the draws.
    slopes : pandas.DataFrame
        A row a draw, a column a portfolio and horizon.
    level
        Coverage of the intervals.
    period
        What horizons count, ``"quarter"`` or ``"month"``.

    Examples
    --------
    >>> import capstar as cs
    >>> few = {"n_draws": 1000, "n_burn": 100, "n_chains": 2, "n_paths": 100, "n_workers": 1}
    >>> fit = cs.rstar.UnobservedComponents().fit(cs.data.us_macro(), **few)
    >>> returns = cs.data.small_cap_returns()["excess"]
    >>> found = cs.leads.drawn_regressor(fit.gap_draws("filtered"), returns, (1, 4))
    >>> found.slopes.shape
    (200, 2)
    >>> found.table.set_index("horizon")[["missing", "p_mean", "p_at_mean"]].round(1)
             missing  p_mean  p_at_mean
    horizon
    1            0.1     0.7        0.7
    4            0.1     0.4        0.3
    >>> found.df_t.gt(0).all().item()
    True
    """

    _unit = "percent per point of the predictor"
    _keys = ("returns", "horizon")
    table: pd.DataFrame
    slopes: pd.DataFrame
    level: float
    period: str = "quarter"

    @property
    def df_t(self) -> pd.Series:
        """Degrees of freedom by portfolio and horizon (Rubin's rules)."""
        return self.table.set_index(list(self._keys))["df"]

    @property
    def title(self) -> str:
        """Number of draws and coverage."""
        return f"Predictor drawn {len(self.slopes)} times from its posterior, Rubin's rules; {self.level:.0%} intervals"

    def notes(self) -> tuple[str, ...]:
        """How to read the two slopes."""
        said = (
            "The draws do not know the returns, so that errors in them pull the mean slope towards zero; the slope on "
            "the mean of the draws is free of that (regression calibration), but its p takes the mean as known."
        )
        return (said,)

    def _estimates(self) -> Estimates:
        rows = self.table.itertuples()
        return {
            (row.returns, periods_of(row.horizon, self.period)): (row.slope, row.lower, row.upper)
            for row in rows
        }


@checked
def drawn_regressor(
    gap_draws: pd.DataFrame,
    returns: pd.Series | pd.DataFrame,
    horizons: Sequence[int] = (1, 2, 4, 8),
    *,
    publication_lag: int = 1,
    level: float = 0.9,
    most_draws: int = 500,
) -> DrawnRegressor:
    """Regress returns on every draw of a predictor, and combine.

    For estimates of r* that are drawn from a posterior and cannot be re-estimated on drawn samples. Each draw gives a
    slope and Hodrick's (1992) variance 1B; the combined variance is the mean of these and, times 1 + 1/m, the variance
    of the slopes between m draws (Rubin 1987), with the degrees of freedom of Barnard and Rubin (1999).

    Parameters
    ----------
    gap_draws
        A row a period on a quarterly or monthly PeriodIndex, a column a draw, such as ``fit.gap_draws("filtered")``. A
        draw is a path: drawn period by period on their own, errors would average out and pull slopes to zero
        all the more.
    returns
        Percent a month on a monthly PeriodIndex; a column a portfolio.
    horizons
        Quarters.
    publication_lag
        Months until a period's data are known.
    level
        Coverage of the intervals.
    most_draws
        Draws used, evenly spaced over the columns.

    Raises
    ------
    DataError
        A draw has a missing value, there are too few draws, or too few periods with returns.
    SpecificationError
        An option is not valid.

    References
    ----------
    Rubin, D. B. (1987). *Multiple Imputation for Nonresponse in Surveys*. Wiley, section 3.1.
    Barnard, J. and Rubin, D. B. (1999). *Biometrika* 86(4), 948-955.

    Examples
    --------
    >>> import capstar as cs
    >>> few = {"n_draws": 1000, "n_burn": 100, "n_chains": 2, "n_paths": 100, "n_workers": 1}
    >>> fit = cs.rstar.UnobservedComponents().fit(cs.data.us_macro(), **few)
    >>> returns = cs.data.small_cap_returns()["excess"]
    >>> found = cs.leads.drawn_regressor(fit.gap_draws("filtered"), returns, (1, 4))
    >>> found.table.set_index("horizon")[["slope", "se", "p"]].round(1)
             slope   se    p
    horizon
    1         -0.1  0.4  0.7
    4         -1.2  1.5  0.4
    """
    if not horizons or min(horizons) < 1 or not 0 < level < 1 or most_draws < _FEWEST:
        raise SpecificationError(
            f"horizons={tuple(horizons)}, level={level}, most_draws={most_draws}: give horizons of at least 1 period, "
            f"a level between 0 and 1, and at least {_FEWEST} draws."
        )
    draws = _chosen(gap_draws, most_draws)
    table = returns.to_frame() if isinstance(returns, pd.Series) else returns
    span = quarters_after(draws.index, horizons)
    rows, slopes = [], {}
    for name in table:
        after = cumulate_after(table[name], span, publication_lag=publication_lag)
        y, x = _paired(after, draws)
        for horizon in horizons:
            nobs = min(len(x), len(y) - horizon + 1)
            _require_sample(str(name), x[: max(nobs, 0)], y, horizon)
            fits = np.array([slope_1b(y, column, horizon) for column in x.T])
            slopes[f"{name}({horizon})"] = fits[:, 0]
            center = slope_1b(y, x.mean(axis=1), horizon)
            rows.append(
                {"returns": name, "horizon": horizon, "nobs": nobs}
                | _combined(fits, nobs - 2, level)
                | {"slope_at_mean": center[0], "p_at_mean": normal_p(center[0] / center[1])}
            )
    period = period_name(draws.index[0])
    return DrawnRegressor(pd.DataFrame(rows), pd.DataFrame(slopes), level, period)


def _require_sample(name: str, x: Floats, y: Floats, horizon: int) -> None:
    if len(x) < _FEWEST:
        raise DataError(
            f"{name}: {len(x)} periods have draws and a return over {horizon} of them; at least {_FEWEST} are "
            "needed. Give longer series, or shorter horizons."
        )
    if (np.ptp(x, axis=0) == 0).any() or np.ptp(y) == 0:
        what = f"{name}: the return" if np.ptp(y) == 0 else "gap_draws: a draw"
        raise DataError(f"{what} does not vary. Leave it out.")


def _chosen(gap_draws: pd.DataFrame, most: int) -> pd.DataFrame:
    count = gap_draws.shape[1]
    if count < _FEWEST or gap_draws.isna().to_numpy().any():
        what = f"{count} draws" if count < _FEWEST else "a draw with a missing value"
        raise DataError(f"gap_draws: found {what}; give at least {_FEWEST} complete draws, a column each.")
    return gap_draws.iloc[:, np.linspace(0, count - 1, min(count, most)).round().astype(int)]


def _paired(after: pd.Series, draws: pd.DataFrame) -> tuple[Floats, Floats]:
    """One-period returns without a gap, which may go on after the draws, and the draws of the periods before them."""
    known = after.loc[draws.index[0] :]
    known = known.loc[known.first_valid_index() :]
    known = known.iloc[: int(np.argmin(np.append(known.notna(), False)))]
    return known.to_numpy(dtype=float), draws.reindex(known.index).dropna().to_numpy(dtype=float)


def _combined(fits: Floats, complete: int, level: float) -> dict[str, float]:
    """Rubin's rules for the slopes and standard errors of the draws; ``complete`` degrees of freedom were all known."""
    slopes, errors = fits.T
    m, slope, within = len(slopes), float(slopes.mean()), float(np.mean(errors**2))
    extra = (1 + 1 / m) * float(slopes.var(ddof=1))
    total = within + extra
    missing = extra / total
    observed = (complete + 1) / (complete + 3) * complete * (1 - missing)
    df = observed if missing == 0 else 1 / (missing**2 / (m - 1) + 1 / observed)
    se = float(np.sqrt(total))
    reach = float(scipy.stats.t.ppf(0.5 + level / 2, df)) * se
    return {
        "slope": slope, "se": se, "t": slope / se, "df": df, "p": 2 * float(scipy.stats.t.sf(abs(slope / se), df)),
        "lower": slope - reach, "upper": slope + reach, "missing": missing,
        "negative": float(np.mean(slopes < 0)), "p_mean": float(np.mean([normal_p(b / s) for b, s in fits])),
    }  # fmt: skip
