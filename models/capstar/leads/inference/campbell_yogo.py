"""The Q test of Campbell and Yogo (2006): efficient inference with a nearly integrated predictor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError
from capstar.leads.checks import require_pairs
from capstar.leads.inference.local_to_unity import c_interval
from capstar.leads.numerics import slope_on
from capstar.leads.records import Estimates, Record
from capstar.reporting.estimates import require_coverage

Floats = npt.NDArray[np.float64]
_C_BAR = -7.0
_Z = 1.6448536269514722  # 95 percent point of the normal distribution


@dataclass(frozen=True)
class QTest(Record):
    """Bonferroni Q interval of the slope.

    Attributes
    ----------
    slope, t
        Least squares.
    delta
        Correlation of the errors of returns and predictor.
    df_gls
        Unit-root statistic of Elliott, Rothenberg and Stock (1996), no lags.
    rho_low, rho_high
        Ends of the predictor's root that the Bonferroni test uses: an interval of less than 95 percent, chosen for the
        slope's.  That of a given coverage is `rho_conf_int`.
    low, high
        90 percent interval of the slope; a 5 percent one-sided test on either side.
    low_at_one
        Lower end with the root taken as 1.
    scale
        ``sd(e) / sd(u)``: the paper's tables print slopes and intervals divided by it.
    nobs
        Observations of the regression.
    beyond_table
        Whether the unit-root statistic lies outside the table, so that bounds of its edge were taken: the interval is
        then no better than a guess.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> returns = cs.data.small_cap_returns()
    >>> rows = [(-0.1, -5.0, -40.0, -20.0), (-0.1, 1.0, -5.0, 2.0)]  # of the authors' table
    >>> bounds = pd.DataFrame(rows, columns=["delta", "dfgls", "c_min", "c_max"])
    >>> found = cs.leads.q_test(returns["smb"], returns["risk_free"], bounds)
    >>> print(round(found.df_gls, 2), found.beyond_table, found.rho_low < found.rho_high)
    -2.46 False True
    >>> found.rho_conf_int(0.95).round(3)
          lower  upper
    rho   0.973  0.998
    c   -21.969 -1.320
    """

    _unit = "slope, per unit of the predictor; 90% interval"
    slope: float
    t: float
    delta: float
    df_gls: float
    rho_low: float
    rho_high: float
    low: float
    high: float
    low_at_one: float
    scale: float
    nobs: int
    beyond_table: bool

    @property
    def title(self) -> str:
        """What the interval is."""
        return f"Bonferroni Q test, 90 percent interval of the slope, {self.nobs} observations"

    def rho_conf_int(self, level: float = 0.95, *, c_bounds: pd.DataFrame | None = None) -> pd.DataFrame:
        """Confidence interval of the predictor's root: the roots at which the DF-GLS statistic is no surprise.

        Parameters
        ----------
        level
            Coverage, at least 0.5; equal tails.
        c_bounds
            Columns ``dfgls``, ``c_min`` and ``c_max``, ends by the statistic for one coverage, which is then that of
            the interval; between its rows they are linear.  By default they are those of the limiting distribution,
            computed by numerical integration.

        Returns
        -------
        pandas.DataFrame
            Columns ``lower`` and ``upper``; rows ``rho`` and ``c``, where rho is ``1 + c / nobs``.

        Raises
        ------
        SpecificationError
            The level is not from 0.5 to below 1.
        DataError
            The table lacks a column, or the statistic lies outside it.

        References
        ----------
        Stock (1991), *Journal of Monetary Economics* 28(3); Campbell and Yogo (2006), table 4.
        """
        if c_bounds is None:
            ends = c_interval(self.df_gls, require_coverage(level))
        else:
            _require_columns(c_bounds, {"dfgls", "c_min", "c_max"})
            ends = _between_rows(c_bounds.sort_values("dfgls"), self.df_gls)
            least, most = c_bounds["dfgls"].min(), c_bounds["dfgls"].max()
            if not least <= self.df_gls <= most:
                raise DataError(
                    f"The DF-GLS statistic {self.df_gls:.3f} lies outside the table of bounds, {least:g} to {most:g}. "
                    "Leave out c_bounds: the ends are then computed."
                )
        c = np.array(ends)
        return pd.DataFrame([1 + c / self.nobs, c], ["rho", "c"], ["lower", "upper"])

    def frames(self) -> dict[str, pd.DataFrame]:
        """The numbers, and the 95 percent interval of the root."""
        return {"": self.to_frame(), "Root of the predictor, 95 percent interval": self.rho_conf_int()}

    def _estimates(self) -> Estimates:
        return {"slope": (self.slope, self.low, self.high)}


@checked
def q_test(returns: npt.ArrayLike, predictor: npt.ArrayLike, c_bounds: pd.DataFrame) -> QTest:
    """Bonferroni Q interval for the slope of a predictive regression.

    Parameters
    ----------
    returns, predictor
        Shape (T,): the return of t is regressed on the predictor of t - 1; the predictor's own dynamics are a
        first-order autoregression.
    c_bounds
        The authors' table: columns ``delta``, ``dfgls``, ``c_min``, ``c_max``, the bounds of the local-to-unity
        parameter for each correlation and unit-root statistic.

    Raises
    ------
    DataError
        Series of different length, values missing, fewer than 30, or a table without those columns.

    Notes
    -----
    A predictor that starts far from its mean distorts the unit-root statistic: against slopes of the sign of delta the
    test then rejects too often (18 percent at a root of 0.95 and delta -0.95; ``research/size_of_tests``).

    References
    ----------
    Campbell and Yogo (2006), "Efficient tests of stock return predictability", *Journal of Financial
    Economics* 81, equations 16 to 20.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> returns = cs.data.small_cap_returns()
    >>> rows = [(-0.1, -5.0, -40.0, -20.0), (-0.1, 1.0, -5.0, 2.0)]  # of the authors' table
    >>> bounds = pd.DataFrame(rows, columns=["delta", "dfgls", "c_min", "c_max"])
    >>> found = cs.leads.q_test(returns["smb"], returns["risk_free"], bounds)
    >>> print(round(found.slope, 2), round(found.low, 2), round(found.high, 2))
    -0.06 -0.76 0.6
    """
    y, x = _checked(returns, predictor, c_bounds)
    regression, dynamics = _fit(y[1:], x[:-1]), _fit(x[1:], x[:-1])
    delta = float(np.corrcoef(regression.errors, dynamics.errors)[0, 1])
    flip = -1.0 if delta > 0 else 1.0
    if flip < 0:
        return _mirrored(q_test(y, -x, c_bounds))
    statistic = df_gls(x)
    n = len(y) - 1
    c_low, c_high = _bounds(c_bounds, delta, statistic)
    rho_low, rho_high = 1 + c_low / n, 1 + c_high / n
    low, _ = _interval(y, x, regression, dynamics, rho_high)
    _, high = _interval(y, x, regression, dynamics, rho_low)
    return QTest(
        slope=regression.slope,
        t=regression.slope / regression.se,
        delta=delta,
        df_gls=statistic,
        rho_low=rho_low,
        rho_high=rho_high,
        low=low,
        high=high,
        low_at_one=_interval(y, x, regression, dynamics, 1.0)[0],
        scale=dynamics.sigma / regression.sigma,
        nobs=n,
        beyond_table=not c_bounds["dfgls"].min() <= statistic <= c_bounds["dfgls"].max(),
    )


@checked
def df_gls(x: npt.ArrayLike) -> float:
    """Dickey-Fuller t statistic after local-to-unity demeaning, no lags (Elliott, Rothenberg and Stock 1996).

    Parameters
    ----------
    x
        Shape (T,).

    Raises
    ------
    DataError
        A value is missing, the series does not vary, or has fewer than 10 values.

    Examples
    --------
    >>> import capstar as cs
    >>> print(round(cs.leads.df_gls(cs.data.us_macro()["interest_rate"]), 2))
    -1.83
    """
    x, _ = require_pairs(x, x)
    n = len(x) - 1
    rho = 1 + _C_BAR / n
    z = np.concatenate([x[:1], x[1:] - rho * x[:-1]])
    w = np.concatenate([[1.0], np.full(n, 1 - rho)])
    demeaned = x - (z @ w) / (w @ w)
    before, change = demeaned[:-1], np.diff(demeaned)
    slope = (before @ change) / (before @ before)
    rest = change - slope * before
    return float(slope / np.sqrt(rest @ rest / (n - 1) / (before @ before)))


@dataclass(frozen=True)
class _Fit:
    slope: float
    se: float
    sigma: float
    square: float  # of the predictor's deviations, summed
    errors: Floats


def _fit(y: Floats, x: Floats) -> _Fit:
    centred = x - x.mean()
    square = float(centred @ centred)
    slope = float(slope_on(y, x))
    errors = y - y.mean() - slope * centred
    sigma = float(np.sqrt(errors @ errors / (len(y) - 2)))
    return _Fit(slope, sigma / np.sqrt(square), sigma, square, errors)


def _interval(y: Floats, x: Floats, regression: _Fit, dynamics: _Fit, rho: float) -> tuple[float, float]:
    """90 percent interval of the slope at a known root (equation 19)."""
    delta = float(np.corrcoef(regression.errors, dynamics.errors)[0, 1])
    before, after = x[:-1], x[1:]
    tilt = delta * regression.sigma / dynamics.sigma
    center = float(slope_on(y[1:] - tilt * (after - rho * before), before))
    half = _Z * regression.sigma * np.sqrt((1 - delta**2) / regression.square)
    return center - half, center + half


def _bounds(table: pd.DataFrame, delta: float, statistic: float) -> tuple[float, float]:
    """Bounds of c at the table's nearest correlation, linear in the unit-root statistic between its entries."""
    deltas = np.unique(table["delta"])
    rows = table[table["delta"] == deltas[np.abs(deltas - delta).argmin()]].sort_values("dfgls")
    return _between_rows(rows, statistic)


def _between_rows(rows: pd.DataFrame, statistic: float) -> tuple[float, float]:
    """Ends of c between the rows of a table in order of the statistic."""
    low, high = (float(np.interp(statistic, rows["dfgls"], rows[column])) for column in ("c_min", "c_max"))
    return low, high


def _require_columns(table: pd.DataFrame, columns: set[str]) -> None:
    if absent := columns - set(table.columns):
        raise DataError(f"The table of bounds lacks {sorted(absent)}; it has {list(table.columns)}.")


def _mirrored(found: QTest) -> QTest:
    """The result for the predictor from that for its negative."""
    return replace(
        found,
        slope=-found.slope, t=-found.t, delta=-found.delta,
        low=-found.high, high=-found.low, low_at_one=float("nan"),
    )  # fmt: skip


def _checked(returns: npt.ArrayLike, predictor: npt.ArrayLike, table: pd.DataFrame) -> tuple[Floats, Floats]:
    y, x = require_pairs(returns, predictor, fewest=30)
    _require_columns(table, {"delta", "dfgls", "c_min", "c_max"})
    return y, x
