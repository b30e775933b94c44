"""What results with standard errors answer, and what those with a likelihood do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from capstar.errors import SpecificationError

_STEP = float(np.finfo(float).eps ** (1 / 3))  # of central differences


class Coefficients:
    """Estimates and their standard errors: tests of zero and intervals, under the names of statsmodels.

    A class that has this one as a base gives `params` and `bse`, and `df_t` where not the normal distribution but
    Student's is used.
    """

    if TYPE_CHECKING:  # what a dataclass would take for the default of a field of the same name

        @property
        def params(self) -> pd.Series:
            """Estimates by name."""

        @property
        def bse(self) -> pd.Series:
            """Their standard errors; NaN where there is none."""

    @property
    def df_t(self) -> float | pd.Series:
        """Degrees of freedom of Student's distribution; infinite: the normal."""
        return np.inf

    @property
    def all_params(self) -> pd.Series:
        """The estimates with what was held fixed."""
        return self.params

    @property
    def tvalues(self) -> pd.Series:
        """Estimates over standard errors."""
        return (self.params / self.bse).rename("z" if np.isinf(self.df_t).all() else "t")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of zero."""
        t, df = -self.tvalues.abs(), self.df_t
        tail = np.where(np.isinf(df), ndtr(t), stdtr(np.where(np.isinf(df), 1.0, df), t))
        return pd.Series(2 * tail, t.index, name="p")

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Confidence intervals of the estimates.

        Parameters
        ----------
        level
            Coverage, at least 0.5: the 95 percent interval is ``conf_int(0.95)``, statsmodels' ``alpha=0.05``.

        Returns
        -------
        pandas.DataFrame
            Columns ``lower`` and ``upper``, a row an estimate.
        """
        df, p = self.df_t, (1 + require_coverage(level)) / 2
        quantile = np.where(np.isinf(df), ndtri(p), stdtrit(np.where(np.isinf(df), 1.0, df), p))
        half = self.bse * quantile
        return pd.DataFrame({"lower": self.params - half, "upper": self.params + half})


class Covariances(Coefficients):
    """Estimates whose joint covariance is known; a class gives `cov_params`."""

    if TYPE_CHECKING:

        def cov_params(self) -> pd.DataFrame:
            """Covariance of the estimates, shape (k, k)."""

    def delta_method(self, **functions: Callable[[pd.Series], float]) -> pd.DataFrame:
        """Functions of the parameters with their standard errors, by the delta method.

        Parameters
        ----------
        functions
            Each of a Series of all parameters, those held fixed included; expressions in parameters have the method
            ``number``: ``delta_method(ratio=(s_eta / s_eps).number)``.

        Returns
        -------
        pandas.DataFrame
            A row a function: ``estimate``, ``std err``, and the ends ``lower`` and ``upper`` of its 95 percent
            interval; NaN where it depends on a parameter without a standard error, such as one at a bound.

        Examples
        --------
        >>> from capstar.statespace import fit
        >>> from capstar.statespace.examples import nile_level
        >>> fit(*nile_level()).delta_method(ratio=lambda p: p["s_eta"] / p["s_eps"]).round(2)
               estimate  std err  lower  upper
        ratio      0.31     0.16    0.0   0.62
        """
        cov, known = self.cov_params(), self.all_params
        rows = {}
        for name, function in functions.items():
            slopes = _slopes(function, known, np.sqrt(pd.Series(np.diag(cov), cov.index)))
            moved = list(slopes.index[slopes != 0])
            variance = slopes[moved] @ cov.loc[moved, moved] @ slopes[moved]
            rows[name] = float(function(known)), float(np.sqrt(variance))
        out = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "std err"])
        half = ndtri(0.975) * out["std err"]
        return out.assign(lower=out["estimate"] - half, upper=out["estimate"] + half)


class Likelihood:
    """Information criteria; a class gives `llf`, `df_model` and `nobs`.  NaN where there is no likelihood."""

    if TYPE_CHECKING:

        @property
        def llf(self) -> float | None:
            """Log-likelihood, constants included; None where the method has none."""

        @property
        def df_model(self) -> int:
            """Number of estimated parameters."""

        @property
        def nobs(self) -> int:
            """Number of periods."""

    @property
    def aic(self) -> float:
        """Akaike's information criterion, ``2 df_model - 2 llf``."""
        return np.nan if self.llf is None else 2 * self.df_model - 2 * self.llf

    @property
    def bic(self) -> float:
        """Schwarz's criterion, ``log(nobs) df_model - 2 llf``."""
        return np.nan if self.llf is None else float(np.log(self.nobs)) * self.df_model - 2 * self.llf


def require_coverage(level: float) -> float:
    """The level, or a `SpecificationError` where it is no coverage of an interval.

    One below 0.5 is refused: it is another library's ``alpha``, the probability outside.
    """
    if not 0.5 <= level < 1:
        meant = f" The {1 - level:.0%} interval is level={1 - level:g}." if 0 < level < 0.5 else ""
        raise SpecificationError(
            f"level={level}; give the coverage, from 0.5 to below 1, such as 0.95.{meant}"
        )
    return level


def _slopes(function: Callable[[pd.Series], float], at: pd.Series, bse: pd.Series) -> pd.Series:
    """Derivatives by central differences in the parameters that have standard errors."""
    out = {}
    for name in bse.index:
        step = _STEP * max(abs(at[name]), float(np.nan_to_num(bse[name])), 1e-8)
        moved = [at.where(at.index != name, at[name] + side * step) for side in (1, -1)]
        out[name] = (function(moved[0]) - function(moved[1])) / (moved[0][name] - moved[1][name])
    return pd.Series(out, dtype=float)
