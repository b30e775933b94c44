"""Does a predictor add to what controls tell: in sample, and out of sample against the controls alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.alignment import overlap_lags
from capstar.leads.checks import require_variation, require_variation_of
from capstar.leads.forecasts.batched import slope_and_t
from capstar.leads.forecasts.long_run_variance import mean_test
from capstar.leads.forecasts.out_of_sample import adjusted_losses, compare_forecasts
from capstar.leads.forecasts.wild_bootstrap import moving_average
from capstar.leads.inference.wild_null import draw_multipliers
from capstar.leads.numerics import bootstrap_p, normal_p, residuals, with_constant
from capstar.leads.records import Estimates, Slope, around
from capstar.provenance import titled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_FEWEST = 40  # forecasts
_LEARNED = 20  # rows before the first forecast, beyond one a regressor
_LARGEST_CONDITION = 1e12


@dataclass(frozen=True)
class IncrementalTest(Slope):
    """A predictor beside controls.

    Attributes
    ----------
    horizon
        Periods the target is over.
    nobs, first, last
        Number of rows; first and last date at which the predictor is known.
    slope, se
        Of the predictor; standard error of Newey and West (1987).
    bootstrap_p
        Of the t statistic, two-sided, from the wild bootstrap.
    partial_r2
        Share of what the controls leave unexplained that the predictor explains.
    r2_os
        Percent of squared error saved against forecasts by the controls alone; NaN without forecasts.
    clark_west, clark_west_p, clark_west_bootstrap_p
        MSE-adjusted statistic, its one-sided normal p-value, and that of the wild bootstrap.
    n_forecasts, first_forecast
        Number, 0 where none is made, and when the first is made.

    Examples
    --------
    >>> import capstar as cs
    >>> us, economy = cs.data.us_macro(), cs.data.us_economy()
    >>> growth = 400 * us["log_gdp"].diff()
    >>> target = growth.shift(-1).rename("growth of the next quarter")
    >>> controls = growth.shift(1).to_frame("growth of the last quarter")
    >>> found = cs.leads.incremental_test(target, economy["term_spread"], controls, n_replications=99)
    >>> print(round(found.p, 3), found.bootstrap_p, found.conf_int(0.9).round(1).loc["slope"].to_list())
    0.31 0.41 [-0.1, 0.5]
    >>> print(round(found.t, 1))
    1.0
    """

    horizon: int
    nobs: int
    first: pd.Period
    last: pd.Period
    slope: float
    se: float
    bootstrap_p: float
    partial_r2: float
    r2_os: float = float("nan")
    clark_west: float = float("nan")
    clark_west_p: float = float("nan")
    clark_west_bootstrap_p: float = float("nan")
    n_forecasts: int = 0
    first_forecast: pd.Period | None = None

    @property
    def t(self) -> float:
        """Slope over its standard error."""
        return self.slope / self.se

    @property
    def p(self) -> float:
        """Two-sided normal p-value."""
        return normal_p(self.t)

    @property
    def title(self) -> str:
        """Horizon and sample."""
        return (
            f"Target over the next {self.horizon} period(s) on a predictor beside controls, {self.first}-{self.last}, "
            f"{self.nobs} observations"
        )

    def _estimates(self) -> Estimates:
        return {"slope, Newey-West": around(self.slope, self.se)}


@checked
def incremental_test(
    target: pd.Series,
    predictor: pd.Series,
    controls: pd.DataFrame,
    *,
    horizon: int = 1,
    delay: int = 0,
    start: pd.Period | str | None = None,
    n_replications: int = 499,
    seed: int = 0,
) -> IncrementalTest:
    r"""Test whether a predictor adds to controls, in sample and out.

    All three are dated by when the predictor is known. A target over h periods that is published d periods late is not
    known until t + h + d, so that errors are a moving average of order q = h + d - 1: standard errors have as many
    autocovariances at least, and forecasts made at t are from rows to t - h - d.

    P-values are of a fixed-regressor wild bootstrap under no slope: regressors stay as they are, and the target is what
    the controls alone fit plus a moving average of order q, fitted to the errors of the unrestricted regression, run
    again on its innovations times independent signs (Clark and McCracken 2012).  It holds when variances move; a
    predictor that is persistent and moves with the target's errors needs `ivx`.

    Parameters
    ----------
    target
        Over the ``horizon`` periods after each date.
    predictor
        Known at each date.
    controls
        Known at each date, lags of the target among them; no constant.
    horizon, delay
        h and d, periods.
    start
        When the first forecast is made, or later, once 20 rows more than regressors are known; None: none is.  Fewer
        than 40 forecasts are not made.
    n_replications
        Of the bootstrap, at least 99.
    seed
        Of its signs.

    Raises
    ------
    DataError
        Too few rows have all values, or the regressors do not vary or are collinear.  Rows with a missing value are
        left out.
    SpecificationError
        An option is not valid.

    References
    ----------
    Clark and West (2007), *Journal of Econometrics* 138(1); Clark and McCracken (2012), *Journal of Business and
    Economic Statistics* 30(1), section 3.2.

    Examples
    --------
    >>> import capstar as cs
    >>> us, economy = cs.data.us_macro(), cs.data.us_economy()
    >>> growth = 400 * us["log_gdp"].diff()
    >>> target = growth.shift(-1).rename("growth of the next quarter")
    >>> controls = growth.shift(1).to_frame("growth of the last quarter")
    >>> found = cs.leads.incremental_test(target, economy["term_spread"], controls, n_replications=99)
    >>> print(round(found.slope, 2), round(found.t, 1), found.nobs)
    0.19 1.0 196
    """
    if n_replications < 99:
        raise SpecificationError(f"n_replications={n_replications}; give at least 99.")
    rows = _rows(target, predictor, controls, horizon, delay)
    y, x, design = rows.y, rows.x, with_constant(rows.controls)
    order = horizon + delay - 1
    samples = _samples(y, x, design, order, n_replications=n_replications, seed=seed)
    orthogonal, left = residuals(x, design), residuals(y, design)
    lags = overlap_lags(len(y), order + 1)
    basis = np.linalg.qr(design)[0]
    slopes, t = slope_and_t(samples - samples @ basis @ basis.T, orthogonal[None], lags)
    share = (orthogonal @ left) ** 2 / ((orthogonal @ orthogonal) * (left @ left))
    found = IncrementalTest(
        horizon, len(y), rows.index[0], rows.index[-1], float(slopes[0]), float(slopes[0] / t[0]),
        float(bootstrap_p(np.abs(t[1:, None]) >= abs(t[0]))[0]), float(share),
    )  # fmt: skip
    return found if start is None else _with_forecasts(found, rows, samples, start, delay)


@checked
def incremental_forecasts(
    target: pd.Series,
    predictor: pd.Series,
    controls: pd.DataFrame,
    start: pd.Period | str,
    *,
    horizon: int = 1,
    delay: int = 0,
) -> pd.DataFrame:
    """Forecasts of `incremental_test`, from expanding samples.

    Returns
    -------
    pandas.DataFrame
        By the date at which they are made: ``actual``, ``controls`` (by the controls alone) and the predictor's name.
        Nothing in a row but ``actual`` is published after its date.

    Raises
    ------
    DataError
        As `incremental_test`, or fewer than 40 forecasts can be made.
    SpecificationError
        An option is not valid.

    Examples
    --------
    >>> import capstar as cs
    >>> us, economy = cs.data.us_macro(), cs.data.us_economy()
    >>> growth = 400 * us["log_gdp"].diff()
    >>> target = growth.shift(-1).rename("growth of the next quarter")
    >>> controls = growth.shift(1).to_frame("growth of the last quarter")
    >>> made = cs.leads.incremental_forecasts(target, economy["term_spread"], controls, "1985Q1")
    >>> made.round(1).tail(2)
            actual  controls  term_spread
    date
    2009Q1    -0.7       0.8          1.2
    2009Q2     2.7       0.4          0.9
    """
    rows = _rows(target, predictor, controls, horizon, delay)
    at, ends = _origins(rows, start, horizon + delay)
    if not len(at):
        raise DataError(
            f"start={start}: fewer than {_FEWEST} forecasts can be made of {rows.index[0]}-{rows.index[-1]}. Choose an "
            "earlier start or give longer series."
        )
    made = {"actual": rows.y[at]}
    name = "predictor" if predictor.name is None else str(predictor.name)
    for label, design in zip(("controls", name), rows.designs(), strict=True):
        made[label] = forecast_weights(design, at, ends) @ rows.y
    return titled(pd.DataFrame(made, rows.index[at]), target, predictor, controls)


@dataclass(frozen=True)
class _Rows:
    """Dates, target (n,), predictor (n,) and controls (n, k) of complete rows."""

    index: pd.PeriodIndex
    y: Floats
    x: Floats
    controls: Floats

    def designs(self) -> tuple[Floats, Floats]:
        """Regressors of the controls alone, and of all; scaled for accuracy, which changes no forecast."""
        columns = np.column_stack([self.controls, self.x])
        scaled = with_constant((columns - columns.mean(axis=0)) / columns.std(axis=0))
        return scaled[:, :-1], scaled


def _rows(target: pd.Series, predictor: pd.Series, controls: pd.DataFrame, horizon: int, delay: int) -> _Rows:
    if horizon < 1 or delay < 0:
        raise SpecificationError(f"horizon={horizon}, delay={delay}; choose at least 1 and 0.")
    parts = [target.to_frame(), predictor.to_frame(), controls]
    if any(not isinstance(one.index, pd.PeriodIndex) for one in parts):
        raise DataError(
            "target, predictor and controls: expected Periods. Convert with index.to_period('Q')."
        )
    if len({one.index.freqstr for one in parts}) > 1 or any(not one.index.is_unique for one in parts):
        raise DataError("target, predictor and controls: expected one frequency, every period once.")
    whole = pd.concat(parts, axis=1, join="inner").astype(float).sort_index().dropna()
    fewest = _LEARNED + whole.shape[1] + 2 * horizon
    if len(whole) < fewest:
        raise DataError(
            f"{target.name}, {predictor.name} and the controls share {len(whole)} complete rows; at least {fewest} are "
            "needed. Give longer series, fewer controls or a shorter horizon."
        )
    values = whole.to_numpy()
    if not np.isfinite(values).all():
        raise DataError(
            f"{target.name}, {predictor.name} or a control is infinite. Leave it out or correct it."
        )
    require_variation_of(values[:, 1], predictor.name)
    require_variation(whole.iloc[:, 1:])
    return _Rows(pd.PeriodIndex(whole.index), values[:, 0], values[:, 1], values[:, 2:])


def _samples(y: Floats, x: Floats, design: Floats, order: int, *, n_replications: int, seed: int) -> Floats:
    """The target, and below it samples of it in which the predictor has no slope: shape (1 + R, n)."""
    theta, shocks = moving_average(residuals(y, np.column_stack([design, x])), order)
    signs = draw_multipliers(np.random.default_rng(seed), (n_replications, len(y)), "rademacher")
    errors = scipy.signal.lfilter(np.r_[1.0, theta], [1.0], signs * shocks, axis=1)
    return np.concatenate([y[None], y - residuals(y, design) + errors])


def _origins(rows: _Rows, start: pd.Period | str, gap: int) -> tuple[Ints, Ints]:
    """Rows forecast, and how many rows are known when each forecast is made; none where they are fewer than 40."""
    dates = rows.index.asi8
    ends = np.searchsorted(dates, dates - gap, side="right")
    enough = ends >= _LEARNED + rows.controls.shape[1] + 2
    at = np.flatnonzero(enough & (rows.index >= pd.Period(start, rows.index.freq)))
    at = at if len(at) >= _FEWEST else at[:0]
    return at, ends[at]


def forecast_weights(design: Floats, at: Ints, ends: Ints) -> Floats:
    """Weights (P, n) that give forecasts of rows ``at`` from the target (n,), by least squares on the first ``ends``.

    Parameters
    ----------
    design
        Regressors, shape (n, k), of like scale.
    at, ends
        Shape (P,).

    Raises
    ------
    DataError
        Regressors are collinear on the rows known by then.
    """
    gram = np.cumsum(design[:, :, None] * design[:, None, :], axis=0)[ends - 1]
    if (np.linalg.cond(gram) > _LARGEST_CONDITION).any():
        raise DataError(
            "The regressors do not vary, or are collinear, on the rows before a forecast. Start later."
        )
    weights: Floats = np.linalg.solve(gram, design[at][:, :, None])[:, :, 0] @ design.T
    weights[np.arange(len(design)) >= ends[:, None]] = 0.0
    return weights


def _with_forecasts(
    found: IncrementalTest, rows: _Rows, samples: Floats, start: pd.Period | str, delay: int
) -> IncrementalTest:
    """The same with forecasts against the controls alone."""
    gap = found.horizon + delay
    at, ends = _origins(rows, start, gap)
    if not len(at):
        return found
    weights = [forecast_weights(design, at, ends) for design in rows.designs()]
    alone, beside = np.split(samples @ np.concatenate(weights).T, 2, axis=1)
    actual = samples[:, at]
    accuracy = compare_forecasts(actual[0], alone[0], beside[0], horizon=gap)
    drawn = mean_test(adjusted_losses(actual[1:], alone[1:], beside[1:]), horizon=gap).statistic
    return replace(
        found, r2_os=accuracy.r2_os, clark_west=accuracy.clark_west, clark_west_p=accuracy.clark_west_p,
        clark_west_bootstrap_p=float(bootstrap_p((drawn >= accuracy.clark_west)[:, None])[0]),
        n_forecasts=len(at), first_forecast=rows.index[at[0]],
    )  # fmt: skip
