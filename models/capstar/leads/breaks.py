"""Whether a predictive slope breaks at an unknown date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.frames import Start, since
from capstar.leads.alignment import aligned
from capstar.leads.checks import require_count, require_horizon
from capstar.leads.numerics import bootstrap_p, with_constant
from capstar.provenance import titled
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Floats = npt.NDArray[np.float64]
_TRIM = 0.15
# Hansen (1997), pi_0 = 0.15: p = P(chi2_v > a + b x), by number of parameters tested.
_HANSEN = {
    1: (-0.98828874, 1.01604712, 2.96752918),
    2: (-1.65273586, 1.05932633, 4.69340428),
    3: (-2.04820499, 1.13491785, 6.75208304),
    4: (-2.52186324, 1.10727065, 7.95561422),
    5: (-3.46464220, 1.06781143, 8.27206632),
    6: (-4.04745714, 1.08339951, 9.51466537),
}


@dataclass(frozen=True)
class BreakTest(Result):
    """Test of constant coefficients against one break at an unknown date.

    Attributes
    ----------
    table : pandas.DataFrame
        ``wald`` by last date of the first regime.
    sup_wald, date
        Largest statistic and its date.
    p_asymptotic
        Hansen's (1997) approximation to the distribution of Andrews (1993); for uncorrelated homoskedastic
        errors, so NaN where the target overlaps, the trimming is not 0.15, or over six parameters are tested.
    p_bootstrap
        Fixed-regressor bootstrap of Hansen (2000), heteroskedastic.
    parameters, nobs, n_replications
        Number of coefficients that may change, of observations, of bootstrap samples.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> found = cs.leads.break_test(y, x, n_replications=199)
    >>> print(found.date, round(found.sup_wald, 1), found.parameters, found.nobs)
    2003Q3 3.8 2 160
    >>> found.table["wald"].round(1).tail(2)
    date
    2003Q2    2.6
    2003Q3    3.8
    Freq: Q-DEC, Name: wald, dtype: float64
    """

    table: pd.DataFrame
    sup_wald: float
    date: pd.Period
    p_asymptotic: float
    p_bootstrap: float
    parameters: int
    nobs: int
    n_replications: int

    @property
    def title(self) -> str:
        """Statistic, coefficients and date."""
        return (
            f"Sup-Wald {self.sup_wald:.2f} for a change in {self.parameters} coefficient(s) after {self.date}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Wald statistics by date."""
        return self.table

    def frames(self) -> dict[str, pd.DataFrame]:
        """The largest statistics, and the p-values of the first."""
        p = {"p asymptotic": self.p_asymptotic, "p bootstrap": self.p_bootstrap, "nobs": self.nobs}
        return {"Largest statistics": self.table.nlargest(4, "wald"), "P-values": pd.DataFrame([p])}

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """Wald statistics against the date of the break, from a start on."""
        from capstar.plotting.leads import plot_lines

        shown, along = since(self.table, start), "last period before the break"
        return plot_lines(
            {self.title: shown}, unit="Wald statistic", along=along, source=self.provenance, ax=ax
        )


@checked
def break_test(
    target: pd.Series,
    predictors: pd.Series | pd.DataFrame,
    *,
    constant: bool = True,
    trim: float = _TRIM,
    horizon: int = 1,
    n_replications: int = 999,
    seed: int | np.random.Generator = 0,
) -> BreakTest:
    """Sup-Wald test of constant coefficients.

    Parameters
    ----------
    target, predictors
        As for `capstar.leads.alignment.aligned`; a table without columns to test the mean.
    constant
        Whether the intercept may change too.
    trim
        Share of the sample that each regime has at least.
    horizon
        Periods each target sums. Over several the bootstrap's multipliers are moving sums three times as long,
        so that samples keep nearly all the errors' autocorrelation (a dependent wild bootstrap, Shao 2010).
    n_replications, seed
        Of the bootstrap.

    Raises
    ------
    DataError
        From `capstar.leads.alignment.aligned`, or a trimming that leaves regimes shorter than their coefficients.
    SpecificationError
        A trimming outside (0, 0.5), or nothing that may change.

    References
    ----------
    Andrews (1993), *Econometrica* 61(4), and corrigendum (2003), 71(1); Hansen (1997), *Journal of Business and
    Economic Statistics* 15(1); Hansen (2000), "Testing for structural change in conditional models",
    *Journal of Econometrics* 97(1), heteroskedastic fixed-regressor bootstrap, here of the residuals without a
    break; Shao (2010), *Journal of the American Statistical Association* 105.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.pairs()
    >>> found = cs.leads.break_test(y, x, n_replications=199)
    >>> print(round(found.sup_wald, 1), round(found.p_bootstrap, 2))
    3.8 0.72
    """
    y, x = aligned(target, predictors)
    require_horizon(horizon, len(y))
    X = with_constant(x)
    moving = X if constant else X[:, 1:]
    n, k = len(y), moving.shape[1]
    if not 0 < trim < 0.5 or k == 0:
        raise SpecificationError(f"trim={trim}, constant={constant}: give 0 < trim < 0.5 and a coefficient.")
    first = int(n * trim)
    if first <= X.shape[1]:
        raise DataError(f"trim={trim} of {n} dates leaves {first}, too few for {X.shape[1]} coefficients.")
    dates = np.arange(first, n - first + 1)
    bases = _break_bases(X, moving, dates)
    Y = y.to_numpy()[:, None]
    wald = _wald(Y, X, bases)[:, 0]
    best = int(wald.argmax())
    multipliers = _multipliers(n, horizon, n_replications, np.random.default_rng(seed))
    draws = _wald(_net_of(X)(Y) * multipliers, X, bases).max(axis=0)
    known = horizon == 1 and trim == _TRIM and k in _HANSEN
    table = titled(pd.DataFrame({"wald": wald}, y.index[dates - 1]), target, predictors)
    return BreakTest(
        table, float(wald[best]), y.index[dates[best] - 1],
        sup_wald_p(float(wald[best]), k) if known else float("nan"), float(bootstrap_p(draws >= wald[best])),
        k, n, n_replications,
    )  # fmt: skip


@checked
def sup_wald_p(statistic: float, parameters: int) -> float:
    """P-value of a sup-Wald statistic with 15 percent trimming (Hansen 1997).

    Parameters
    ----------
    statistic
        Of a break in the coefficients, such as ``break_test(...).sup_wald``.
    parameters
        Coefficients that may change, one to six.

    Examples
    --------
    >>> import capstar as cs
    >>> round(cs.leads.sup_wald_p(11.8, parameters=2), 3)
    0.045
    """
    require_count("parameters", parameters, min(_HANSEN), max(_HANSEN), "the table of Hansen (1997)")
    a, b, v = _HANSEN[parameters]
    return float(scipy.stats.chi2.sf(max(a + b * statistic, 0.0), v))


def _break_bases(X: Floats, moving: Floats, dates: npt.NDArray[np.int64]) -> list[Floats]:
    """Orthonormal basis of the changing regressors after each date, net of the constant ones."""
    net, position = _net_of(X), np.arange(len(X))[:, None]
    return [np.linalg.qr(net(np.where(position >= date, moving, 0.0)))[0] for date in dates]


def _wald(y: Floats, X: Floats, bases: list[Floats]) -> Floats:
    """Statistics by date (rows) of each column of y, homoskedastic errors."""
    errors = _net_of(X)(y)
    total = (errors**2).sum(axis=0)
    explained = np.array([((basis.T @ errors) ** 2).sum(axis=0) for basis in bases])
    freedom = len(y) - X.shape[1] - bases[0].shape[1]
    return np.asarray(explained / ((total - explained) / freedom))


def _net_of(X: Floats) -> Callable[[Floats], Floats]:
    """What takes out of any columns their regression on X."""
    inverse = np.linalg.pinv(X)
    return lambda columns: columns - X @ (inverse @ columns)


def _multipliers(n: int, horizon: int, n_replications: int, rng: np.random.Generator) -> Floats:
    """Standard normal, shape (n, n_replications): independent, or moving sums where targets overlap."""
    length = 1 if horizon == 1 else 3 * horizon
    total = np.cumsum(rng.standard_normal((n + length, n_replications)), axis=0)
    return np.asarray((total[length:] - total[:-length]) / np.sqrt(length))
