"""Forecasts made with what was known, and whether they beat a benchmark."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from capstar.arguments import checked
from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.leads.checks import require_known, require_same_dates
from capstar.leads.forecasts.batched import prevailing_means, recursive_regressions
from capstar.leads.forecasts.long_run_variance import Variance, mean_test
from capstar.leads.numerics import checked_sample
from capstar.leads.records import Estimates, Record, around
from capstar.provenance import titled

Floats = npt.NDArray[np.float64]
_FEWEST = 20  # forecasts of which the tests take the normal distribution: of 20, Clark-West at 5 percent rejects in 4.5


@dataclass(frozen=True)
class ForecastAccuracy(Record):
    """A forecast against a benchmark that it nests; tests are NaN where it is the benchmark throughout.

    Attributes
    ----------
    r2_os
        One minus the ratio of mean squared errors, percent (Campbell and Thompson 2008).
    clark_west, clark_west_p
        MSE-adjusted statistic and one-sided p-value (Clark and West 2007, equation 3.1).
    mse_f
        ``P (MSE0 - MSE1) / MSE1`` (McCracken 2007).
    enc_new
        ``P sum(e0^2 - e0 e1) / sum(e1^2)`` (Clark and McCracken 2001); critical values of both by bootstrap.
    diebold_mariano, diebold_mariano_p
        t statistic of the mean difference of squared errors; two-sided.
    nobs
        P, number of forecasts.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> found = cs.leads.compare_forecasts(forecasts["actual"], forecasts["mean"], forecasts["market"])
    >>> print(f"R2 {found.r2_os:.2f} percent, Clark-West p {found.clark_west_p:.3f}, n {found.nobs}")
    R2 1.83 percent, Clark-West p 0.004, n 387
    """

    _unit = "t statistic; 95% intervals, positive: better than the benchmark"
    r2_os: float
    clark_west: float
    clark_west_p: float
    mse_f: float
    enc_new: float
    diebold_mariano: float
    diebold_mariano_p: float
    nobs: int

    @property
    def title(self) -> str:
        """R squared and number of forecasts."""
        return f"Forecast against its benchmark: R2_OS {self.r2_os:.2f} percent, {self.nobs} forecasts"

    def _estimates(self) -> Estimates:
        t = {"Clark-West t": self.clark_west, "Diebold-Mariano t": self.diebold_mariano}
        return {name: around(value, 1.0) for name, value in t.items()}


@dataclass(frozen=True)
class DirectionTest(Record):
    """Whether the sign of the forecast tells the sign of the outcome (Pesaran and Timmermann 1992).

    Attributes
    ----------
    hit, expected
        Share of signs forecast correctly, and the share expected under independence.
    statistic, p
        Asymptotically standard normal; one-sided.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> found = cs.leads.direction_test(forecasts["actual"], forecasts["market"])
    >>> found.to_frame().round(2)
               value
    hit         0.56
    expected    0.50
    statistic   2.54
    p           0.01
    """

    _unit = "share of signs; 95% interval"
    hit: float
    expected: float
    statistic: float
    p: float

    @property
    def title(self) -> str:
        """Share of signs and p."""
        return f"Signs forecast correctly: {self.hit:.1%}, {self.expected:.1%} by chance, p {self.p:.4f}"

    def _estimates(self) -> Estimates:
        more = self.hit - self.expected
        return {"hits less those by chance": around(more, more / self.statistic)}


@checked
def recursive_forecasts(
    target: pd.Series,
    predictors: pd.DataFrame,
    start: pd.Period | str,
    *,
    window: int | None = None,
    signs: Mapping[str, int] | None = None,
    horizon: int = 1,
) -> pd.DataFrame:
    """One forecast a period from each predictor alone, and the prevailing mean.

    The forecast of period t is made at the end of t - ``horizon``: from least squares of the target on the
    predictor ``horizon`` periods before, over the pairs complete by then.

    Parameters
    ----------
    target
        Return over the ``horizon`` periods that end in the period of its label; may be missing before it begins.
    predictors
        Known at the end of each period; NaN before a series begins, and possibly in the last ``horizon`` periods, whose
        values forecast nothing.
    start
        First period forecast.
    window
        Number of latest pairs used, at least 10; by default all (expanding).
    signs
        Restrictions of Campbell and Thompson (2008, section 2) by predictor: +1 or -1, the sign theory gives the slope.
        With a slope of the other sign the mean is forecast, and a negative forecast becomes zero.  Of an excess return
        over bills alone, whose premium theory says is positive: it gives no sign to a difference of two portfolios.
    horizon
        Periods.

    Returns
    -------
    pandas.DataFrame
        Columns ``actual``, ``mean`` and the predictors, from ``start``.  Nothing in row t uses a value dated after
        t - ``horizon``.

    Raises
    ------
    DataError
        Indices differ, ``start`` leaves fewer than 10 pairs or no period to forecast, or a value inside is missing.
        One forecast is made as well as many: how many a test needs it says itself.
    SpecificationError
        The horizon, the window or a sign is not valid.

    Warns
    -----
    DataWarning
        A predictor does not vary among the pairs of some forecasts: it has no slope there, and the mean of the pairs
        is forecast.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> cs.leads.recursive_forecasts(y, x.to_frame(), "1985Q1", window=60).round(2).tail(3)
            actual  mean  rstar_gap
    date
    2009Q1   15.25  0.56       0.80
    2009Q2   22.19  0.95       1.45
    2009Q3    3.55  1.40       2.71
    """
    index = _checked(target, predictors, start, horizon, window, signs or {})
    first = index.get_loc(index[index >= start][0])
    y = target.to_numpy(dtype=float)
    begin = int(np.argmax(~np.isnan(y)))
    mean = prevailing_means(y[None, begin:], first - begin, window=window, horizon=horizon)[0]
    out = {"actual": y[first:], "mean": mean}
    for name in predictors:
        x = predictors[name].to_numpy(dtype=float)
        forecast, slope = _paths(y, x, first, window, horizon, str(name))
        if (still := np.isnan(slope)).any():
            warnings.warn(
                f"{name} does not vary among the pairs of {int(still.sum())} forecasts, the first in "
                f"{index[first + int(np.argmax(still))]}: no slope exists there and the mean of the pairs is forecast. "
                "Use a longer window.",
                DataWarning,
                stacklevel=3,
            )
        if signs is not None and name in signs:
            forecast = np.maximum(np.where(np.sign(slope) == signs[name], forecast, out["mean"]), 0.0)
        out[str(name)] = forecast
    return titled(pd.DataFrame(out, index[first:]), target, predictors)


def earliest_forecasts(target: pd.Series, predictors: pd.DataFrame, *, horizon: int = 1) -> pd.DataFrame:
    """As `recursive_forecasts` of expanding samples, from the first period that ten pairs of each predictor precede."""
    y, xs = target.to_numpy(dtype=float), predictors.to_numpy(dtype=float).T
    begins = [int(np.argmax(~np.isnan(x[:-horizon] + y[horizon:]))) for x in xs]
    begin, first = int(np.argmax(~np.isnan(y))), max(max(begins) + 2 * horizon + 9, 10)
    mean = prevailing_means(y[None, begin:], first - begin, horizon=horizon)[0]
    named = zip(map(str, predictors), xs, strict=True)
    made = {name: _paths(y, x, first, None, horizon, name)[0] for name, x in named}
    return titled(
        pd.DataFrame({"actual": y[first:], "mean": mean, **made}, target.index[first:]), target, predictors
    )


@checked
def compare_forecasts(
    actual: npt.ArrayLike,
    benchmark: npt.ArrayLike,
    forecast: npt.ArrayLike,
    *,
    horizon: int = 1,
    variance: Variance = "bartlett",
) -> ForecastAccuracy:
    """Tests of a forecast against a nested benchmark.

    Parameters
    ----------
    actual, benchmark, forecast
        Shape (P,), aligned.
    horizon
        Periods ahead; overlapping errors are serially correlated to order ``horizon - 1``.
    variance
        Long-run variance of the Clark-West and Diebold-Mariano statistics, see `mean_test`.  With overlap no choice
        keeps the size of Clark-West when variances move or the predictor's innovations move with the return; the wild
        bootstrap of `bootstrap_forecasts` does.  Diebold-Mariano keeps it with ``ewc`` unless variances break.

    Raises
    ------
    DataError
        Fewer than 20 forecasts, unequal lengths, a value is missing, or the benchmark or the forecast has no error.
    SpecificationError
        The horizon is below 1 or not below the number of forecasts, or the variance is unknown.

    References
    ----------
    Clark and West (2007), *Journal of Econometrics* 138(1); Diebold and Mariano (1995), *Journal of Business and
    Economic Statistics* 13(3).

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> found = cs.leads.compare_forecasts(forecasts["actual"], forecasts["mean"], forecasts["market"])
    >>> print(round(found.r2_os, 2), round(found.clark_west, 2), round(found.enc_new, 2))
    1.83 2.63 12.93
    """
    given = {"outcome": actual, "benchmark": benchmark, "forecast": forecast}
    y, f0, f1 = checked_sample(given, what="forecasts", fewest=_FEWEST, horizon=horizon)
    e0, e1, n = y - f0, y - f1, len(y)
    mse0, mse1 = float(e0 @ e0) / n, float(e1 @ e1) / n
    if min(mse0, mse1) == 0:
        raise DataError(
            f"The {'forecast' if mse0 else 'benchmark'} has no error: it is the outcome. Give forecasts made before it."
        )
    cw = mean_test(adjusted_losses(y, f0, f1), variance, horizon=horizon)
    dm = mean_test(e0**2 - e1**2, variance, horizon=horizon)
    return ForecastAccuracy(
        r2_os=100 * (1 - mse1 / mse0),
        clark_west=float(cw.statistic),
        clark_west_p=float(cw.p_upper),
        mse_f=n * (mse0 - mse1) / mse1,
        enc_new=float(n * (e0 @ e0 - e0 @ e1) / (e1 @ e1)),
        diebold_mariano=float(dm.statistic),
        diebold_mariano_p=float(dm.p),
        nobs=n,
    )


def adjusted_losses(actual: Floats, benchmark: Floats, forecast: Floats) -> Floats:
    """Squared error of the benchmark less that of the forecast, adjusted for its noise: Clark and West (2007), 3.1."""
    out: Floats = (actual - benchmark) ** 2 - (actual - forecast) ** 2 + (benchmark - forecast) ** 2
    return out


@checked
def direction_test(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> DirectionTest:
    """Pesaran and Timmermann's (1992) test of directional accuracy.

    Parameters
    ----------
    actual, forecast
        Shape (P,); the sign of zero counts as not positive.  Statistic and p are NaN where either has one sign only.

    Raises
    ------
    DataError
        There are fewer than 2, lengths differ, or a value is missing.

    References
    ----------
    Pesaran and Timmermann (1992), *Journal of Business and Economic Statistics* 10(4), equation 6.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> found = cs.leads.direction_test(forecasts["actual"], forecasts["market"])
    >>> print(f"{found.hit:.0%} of signs right, {found.expected:.0%} expected by chance, p {found.p:.3f}")
    56% of signs right, 50% expected by chance, p 0.006
    """
    given = {"outcome": actual, "forecast": forecast}
    up, said = (one > 0 for one in checked_sample(given, what="forecasts", fewest=2))
    n, py, px = len(up), float(up.mean()), float(said.mean())
    hit = float((up == said).mean())
    expected = py * px + (1 - py) * (1 - px)
    var_hit = expected * (1 - expected) / n
    var_expected = (
        (2 * py - 1) ** 2 * px * (1 - px) / n
        + (2 * px - 1) ** 2 * py * (1 - py) / n
        + 4 * py * px * (1 - py) * (1 - px) / n**2
    )
    spread = var_hit - var_expected
    statistic = float((hit - expected) / np.sqrt(spread)) if spread > 0 else float("nan")
    return DirectionTest(hit, expected, statistic, float(ndtr(-statistic)))


def _checked(
    target: pd.Series,
    predictors: pd.DataFrame,
    start: pd.Period | str,
    horizon: int,
    window: int | None,
    signs: Mapping[str, int],
) -> pd.Index:
    if horizon < 1 or (window is not None and window < 10) or not set(signs.values()) <= {1, -1}:
        raise SpecificationError(
            f"horizon={horizon}, window={window}, signs={dict(signs)}; the horizon is at least 1, a window has at "
            "least 10 pairs, and signs are +1 or -1."
        )
    index = target.index
    require_same_dates(target, predictors)
    later = int((index >= start).sum())
    if not later or len(index) - later < 10:
        raise DataError(
            f"start={start}: {later} periods follow and {len(index) - later} come before; at least one to forecast and "
            "10 earlier ones are needed. Choose another start."
        )
    for series in (target, *(predictors[name].iloc[:-horizon] for name in predictors)):
        require_known(series.loc[series.first_valid_index() :].to_frame())
    return index


def _paths(
    y: Floats, x: Floats, first: int, window: int | None, horizon: int, name: str
) -> tuple[Floats, Floats]:
    """Forecasts and slopes from the pairs (x[t - h], y[t])."""
    left, right = x[:-horizon], y[horizon:]
    begin = int(np.argmax(~np.isnan(left + right)))
    pairs = first - 2 * horizon + 1 - begin
    if pairs < 10:
        raise DataError(
            f"{name} begins too late: {max(pairs, 0)} pairs precede the first forecast, 10 are needed."
        )
    forecast, slope = recursive_regressions(
        right[None, begin:], left[None, begin:], first - horizon - begin, window=window, horizon=horizon
    )
    return forecast[0], slope[0]
