"""A predictor against several return series at several horizons."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from capstar.errors import DataWarning, SpecificationError
from capstar.leads.regression import predictive_regression

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Information = Literal["filtered", "smoothed", "real time"]
_LEVEL = 0.05


@dataclass(frozen=True)
class LeadStudy:
    """Whether a quarterly series leads returns.

    Attributes
    ----------
    gap
        Predictor on a quarterly PeriodIndex, such as the r* gap in percentage points.
    returns
        Percent a month on a monthly PeriodIndex: a Series, or a DataFrame with one column a portfolio.
    horizons
        Quarters.
    information
        What the predictor has seen: ``"filtered"`` (data to the quarter, parameters of the whole sample),
        ``"real time"`` or ``"smoothed"`` (the future too: warned of).
    publication_lag
        Months until a quarter's data are known.
    """

    gap: pd.Series
    returns: pd.Series | pd.DataFrame
    horizons: tuple[int, ...] = (1, 2, 4, 8)
    information: Information = "filtered"
    publication_lag: int = 1

    def run(self) -> LeadResults:
        """Run every regression.

        Raises
        ------
        DataError
            The series cannot be aligned or are too short.
        SpecificationError
            A horizon or the information set is not valid.
        """
        from scipy.stats import false_discovery_control

        self._check()
        portfolios = self.returns.to_frame() if isinstance(self.returns, pd.Series) else self.returns
        rows = [self._row(portfolios[name], h) for name in portfolios for h in self.horizons]
        table = pd.DataFrame(rows)
        table["hodrick_p_adjusted"] = false_discovery_control(table["hodrick_p"], method="bh")
        return LeadResults(table, self.information, self.publication_lag, str(self.gap.name))

    def _check(self) -> None:
        if not self.horizons or any(h < 1 for h in self.horizons):
            raise SpecificationError(f"horizons={self.horizons}; give numbers of quarters, at least 1 each.")
        if self.information not in ("filtered", "smoothed", "real time"):
            raise SpecificationError(
                f"information={self.information!r}; choose 'filtered', 'smoothed' or 'real time'."
            )
        if self.information == "smoothed":
            warnings.warn(
                f"{self.gap.name}: a smoothed predictor has seen the returns' future; the regressions describe "
                "and cannot show that it leads. Use the filtered or real-time series.",
                DataWarning,
                stacklevel=3,
            )

    def _row(self, returns: pd.Series, horizon: int) -> dict[str, object]:
        fit = predictive_regression(self.gap, returns, horizon=horizon, publication_lag=self.publication_lag)
        return {
            "returns": returns.name,
            "horizon": horizon,
            "slope": fit.slope,
            "newey_west_se": fit.newey_west_se,
            "newey_west_t": fit.slope / fit.newey_west_se,
            "newey_west_p": fit.newey_west_p,
            "hodrick_se": fit.hodrick_se,
            "hodrick_t": fit.slope / fit.hodrick_se,
            "hodrick_p": fit.hodrick_p,
            "r_squared": fit.r_squared,
            "nobs": fit.nobs,
            "first": str(fit.first),
            "last": str(fit.last),
            "newey_west_lags": fit.newey_west_lags,
        }


@dataclass(frozen=True)
class LeadResults:
    """Regressions of returns on a predictor.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a portfolio and horizon: slope (percent of return over the horizon per point), both
        standard errors with t and p, R squared, sample, and the Hodrick p-value adjusted over all rows
        (Benjamini and Hochberg 1995).
    information, publication_lag, predictor
        As in the study.
    """

    table: pd.DataFrame
    information: str
    publication_lag: int
    predictor: str

    def summary(self) -> str:
        """Table and verdict as text."""
        names = {
            "newey_west_se": "NW se", "newey_west_t": "NW t", "newey_west_p": "NW p", "hodrick_se": "1B se",
            "hodrick_t": "1B t", "hodrick_p": "1B p", "hodrick_p_adjusted": "1B p adj", "r_squared": "R2",
            "nobs": "n",
        }  # fmt: skip
        columns = ["returns", "horizon", "slope", *names]
        table = self.table[columns].rename(columns=names)
        return (
            f"Returns over the next quarters on {self.predictor} ({self.information}), publication lag "
            f"{self.publication_lag} month(s)\n{table.to_string(index=False, float_format='{:.3f}'.format)}\n"
            "NW: Newey-West; 1B: Hodrick (1992); adj: Benjamini-Hochberg over all rows.\n"
            f"{self.verdict()}"
        )

    def verdict(self) -> str:
        """Say in plain words what the numbers show and what they do not."""
        table = self.table
        n, raw = len(table), int((table["hodrick_p"] < _LEVEL).sum())
        kept = table[table["hodrick_p_adjusted"] < _LEVEL]
        best = table.loc[table["hodrick_p"].idxmin()]
        span = f"{table['first'].min()}-{table['last'].max()}"
        strongest = (
            f"The strongest of the {n} regressions is {best['returns']} over {best['horizon']} quarter(s): one "
            f"point more of {self.predictor} goes with {best['slope']:+.2f} percent of return "
            f"(Newey-West t {best['newey_west_t']:.2f}, Hodrick t {best['hodrick_t']:.2f}, R2 "
            f"{best['r_squared']:.3f}; {span})."
        )
        if kept.empty:
            found = (
                f"After allowing for {n} tries none is significant at 5 percent (smallest adjusted p "
                f"{table['hodrick_p_adjusted'].min():.2f}; {raw} of {n} before): a lead is not shown."
            )
        else:
            found = (
                f"After allowing for {n} tries {len(kept)} remain significant at 5 percent (smallest adjusted p "
                f"{table['hodrick_p_adjusted'].min():.3f}): in sample, {self.predictor} leads these returns."
            )
        caveat = {
            "filtered": "The filtered series uses parameters of the whole sample and revised data, so this is "
            "evidence in sample; it says nothing of forecasts in real time.",
            "smoothed": "The smoothed series has seen the future: this describes and cannot show a lead.",
            "real time": "The series uses only what was known at each date; the regressions are still in sample.",
        }[self.information]
        return " ".join([strongest, found, caveat])

    def plot(self) -> Figure:
        """Slopes by horizon with 90 percent bands."""
        from capstar.plotting import plot_lead

        return plot_lead(self.table, predictor=self.predictor)
