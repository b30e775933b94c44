"""Search over forecasts that nest the benchmark: the maximum of adjusted mean squared errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import least_squares as minimise
from scipy.signal import lfilter
from scipy.stats import multivariate_normal

from capstar.errors import DataError, SpecificationError
from capstar.leads.alignment import require_known, require_same_dates
from capstar.leads.forecasts.batched import nested_statistics, prevailing_means, recursive_regressions
from capstar.leads.forecasts.forecast_tables import forecast_names
from capstar.leads.forecasts.long_run_variance import Variance, long_run_variance, mean_test
from capstar.leads.forecasts.out_of_sample import adjusted_losses
from capstar.leads.numerics import bootstrap_p, checked_sample, residuals, with_constant
from capstar.parallel import run_tasks

Floats = npt.NDArray[np.float64]
Multipliers = Literal["normal", "rademacher"]
_FEWEST = 40
_BATCH = 100  # replications drawn from one seed, whatever the number of workers
_LEVELS = (0.10, 0.05, 0.01)
_DRAWS, _POINTS = 200_000, 100_000


@dataclass(frozen=True)
class NestedSearch:
    """Whether the best of many forecasts beats the benchmark that all of them nest.

    Attributes
    ----------
    table : pandas.DataFrame
        By model: ``adjusted``, the mean of the adjusted losses; ``t``, Clark and West's statistic; ``p``, one-sided.
    statistic, best
        Largest t, and the model it is of.
    p
        That the largest of correlated standard normals reaches it (Hubrich and West 2010).
    p_bootstrap
        Share of resampled maxima that reach it.
    critical : pandas.DataFrame
        Rows ``normal`` and ``bootstrap``; columns ``10%``, ``5%``, ``1%``.
    variance, horizon, block, replications, nobs
        As asked; number of dates.
    """

    table: pd.DataFrame
    statistic: float
    best: str
    p: float
    p_bootstrap: float
    critical: pd.DataFrame
    variance: Variance
    horizon: int
    block: int
    replications: int
    nobs: int

    def summary(self) -> str:
        """Models and p-values as text."""
        return (
            f"{len(self.table)} models that nest the benchmark, {self.nobs} dates\n"
            f"{self.table.to_string(float_format='{:.5g}'.format)}\n"
            f"Best: {self.best}, adjusted t {self.statistic:.3f}. That none beats the benchmark: p {self.p:.3f} (maximum "
            f"of correlated normals), {self.p_bootstrap:.3f} (blocks of {self.block}, {self.replications} samples)."
        )


@dataclass(frozen=True)
class WildBootstrap:
    """Statistics of nested forecasts beside their distribution without predictability.

    Attributes
    ----------
    table : pandas.DataFrame
        By predictor: ``adjusted_mspe`` (Clark and West's t) and ``mse_f``, each with ``_p``, of the predictor alone.
    maximum : pandas.DataFrame
        Rows ``adjusted_mspe`` and ``mse_f``: largest ``statistic``, ``best`` predictor, ``p`` of the search over all,
        and critical values ``10%``, ``5%``, ``1%``.
    draws : pandas.DataFrame
        Largest statistics in every replication.
    multipliers, seed
        Of the draws.
    """

    table: pd.DataFrame
    maximum: pd.DataFrame
    draws: pd.DataFrame
    multipliers: Multipliers
    seed: int

    def summary(self) -> str:
        """Tables as text, with what they rest on."""
        return (
            f"Fixed-regressor wild bootstrap without predictability: {len(self.draws)} replications, {self.multipliers} "
            f"multipliers, seed {self.seed}\n{self.table.to_string(float_format='{:.4f}'.format)}\n"
            f"Search over all\n{self.maximum.to_string(float_format='{:.4f}'.format)}"
        )


def adjusted_loss_table(forecasts: pd.DataFrame, *, benchmark: str = "mean") -> pd.DataFrame:
    r"""Adjusted losses of forecasts against a benchmark they nest, a column a model.

    :math:`f_t = e_{0,t}^2 - e_{i,t}^2 + (\hat y_{0,t} - \hat y_{i,t})^2` of Clark and West (2007, equation 3.1).

    Parameters
    ----------
    forecasts
        With a column ``actual``, one of the benchmark, and one for each forecast, as `recursive_forecasts` gives.
    benchmark
        Its column.

    Raises
    ------
    DataError
        A column is absent, there is no forecast, or a value is missing.
    """
    names = forecast_names(forecasts, benchmark)
    actual, base, *made = (
        forecasts[name].to_numpy(dtype=float) for name in ("actual", benchmark, *names)
    )
    columns = {name: adjusted_losses(actual, base, one) for name, one in zip(names, made, strict=True)}
    return pd.DataFrame(columns, forecasts.index)


def maximum_adjusted_mspe(
    adjusted: pd.DataFrame,
    *,
    horizon: int = 1,
    variance: Variance = "bartlett",
    block: int | None = None,
    replications: int = 2000,
    seed: int = 0,
) -> NestedSearch:
    r"""Search over nested forecasts by the maximum adjusted mean squared error.

    :math:`\max_i \sqrt P \bar f_i / s_i`, the largest Clark-West statistic, against the largest of normals with the
    (long-run) correlations of the :math:`f_i`, and against its bootstrap: rows of :math:`f - \bar f` in circular blocks,
    studentized by :math:`s_i`.  Unlike `superior_ability` it allows for the noise that estimation adds to a larger
    model's forecasts, which under the null makes its squared errors the larger.

    Parameters
    ----------
    adjusted
        Of `adjusted_loss_table`, a column a model.
    horizon
        Periods ahead (of the longest).
    variance
        Of each mean; all but ``"rectangular"``, which gives no correlations.
    block
        Length of the blocks; by default the horizon.
    replications, seed
        Of the bootstrap.

    Raises
    ------
    DataError
        Fewer than 40 dates, no model, a missing value, or a model whose forecasts are the benchmark's.
    SpecificationError
        The horizon, the block or the variance is not valid.

    References
    ----------
    Hubrich and West (2010), "Forecast evaluation of small nested model sets", *Journal of Applied Econometrics* 25(4),
    section 3; Clark and West (2007), *Journal of Econometrics* 138(1); Genz (1992), *Journal of Computational and
    Graphical Statistics* 1(2), for the normal probability.
    """
    length = horizon if block is None else block
    f = _terms(adjusted, horizon, length, variance)
    n, k = f.shape
    found = mean_test(f.T, variance, horizon=horizon)
    best = int(np.argmax(found.statistic))
    statistic = float(found.statistic[best])
    correlations = _correlations(f, variance, horizon)
    rng = np.random.default_rng(seed)
    deviation = np.sqrt(n) * f.mean(axis=0) / found.statistic  # with the factor of short samples
    centred = f - f.mean(axis=0)
    drawn = np.concatenate(
        [
            (np.sqrt(n) * _resampled_means(rng, centred, length, size) / np.abs(deviation)).max(axis=1)
            for size in _sizes(replications)
        ]
    )
    normal = _normal_maxima(rng, correlations)
    critical = [np.quantile(one, [1 - level for level in _LEVELS]) for one in (normal, drawn)]
    return NestedSearch(
        pd.DataFrame({"adjusted": f.mean(axis=0), "t": found.statistic, "p": found.p_upper}, adjusted.columns),
        statistic,
        str(adjusted.columns[best]),
        normal_maximum_p(statistic, correlations),
        float(bootstrap_p(drawn >= statistic)),
        pd.DataFrame(critical, ["normal", "bootstrap"], [f"{level:.0%}" for level in _LEVELS]),
        variance,
        horizon,
        length,
        replications,
        n,
    )


def normal_maximum_p(statistic: float, correlations: Floats, *, points: int = _POINTS) -> float:
    """Probability that the largest of correlated standard normals reaches ``statistic``.

    Parameters
    ----------
    statistic
        Value.
    correlations
        Shape (k, k); may be singular.
    points
        Of the quasi-Monte-Carlo integration; 100,000 leave an error of about 4e-5 with 14 variables.
    """
    k = len(correlations)
    law = multivariate_normal(
        np.zeros(k), correlations, allow_singular=True, seed=0, maxpts=points, abseps=1e-6, releps=1e-6
    )
    return float(np.clip(1 - law.cdf(np.full(k, statistic)), 0.0, 1.0))


def wild_bootstrap_forecasts(
    target: pd.Series,
    predictors: pd.DataFrame,
    start: pd.Period | str,
    *,
    horizon: int = 1,
    window: int | None = None,
    variance: Variance = "bartlett",
    multipliers: Multipliers = "normal",
    replications: int = 999,
    seed: int = 0,
    n_workers: int = 1,
) -> WildBootstrap:
    r"""Search over nested forecasts, one a predictor, by the fixed-regressor wild bootstrap.

    The predictors stay as they are.  With :math:`\hat u_t` the residuals of the target on all predictors, a sample is
    :math:`y^*_t = \bar y + \eta_t \hat u_t`, :math:`\eta_t` independent with mean 0 and variance 1; over several periods
    a moving average of order ``horizon - 1`` is fitted to :math:`\hat u_t` by nonlinear least squares and run again on
    its innovations times :math:`\eta_t`.  All forecasts are then made again.  Holds for heteroskedastic errors, and for
    the error in estimated coefficients.

    Parameters
    ----------
    target
        Return over the ``horizon`` periods that end in the period of its label; may be missing before it begins.
    predictors
        Known at the end of each period, all from the target's beginning; a column a model.
    start
        First period forecast.
    horizon, window
        As of `recursive_forecasts`.
    variance
        Of the Clark-West statistic.
    multipliers
        Distribution of :math:`\eta_t`.
    replications
        Samples drawn.
    seed, n_workers
        The same seed gives the same numbers whatever the number of workers, which are threads.

    Raises
    ------
    DataError
        Indices differ, a value is missing, or ``start`` leaves fewer than 10 pairs or 40 forecasts.
    SpecificationError
        An option is not valid.

    References
    ----------
    Clark and McCracken (2012), "Reality checks and comparisons of nested predictive models", *Journal of Business and
    Economic Statistics* 30(1), section 3.2.
    """
    y, X, first = _pairs(target, predictors, start, horizon, window)
    if multipliers not in ("normal", "rademacher") or replications < 99:
        raise SpecificationError(
            f"multipliers={multipliers!r}, replications={replications}; choose 'normal' or 'rademacher' and at least 99."
        )
    theta, shocks = _moving_average(residuals(y, with_constant(X)), horizon - 1)
    statistics = partial(
        nested_search_statistics, X=X, first=first, window=window, horizon=horizon, variance=variance
    )

    def batch(child: np.random.SeedSequence) -> Floats:
        rng = np.random.default_rng(child)
        eta = rng.standard_normal((_BATCH, len(y)))
        eta = np.sign(eta) if multipliers == "rademacher" else eta
        return statistics(y.mean() + lfilter(np.r_[1.0, theta], [1.0], eta * shocks, axis=1))

    children = np.random.SeedSequence(seed).spawn(-(-replications // _BATCH))
    draws = np.concatenate(run_tasks(batch, children, n_workers=n_workers, threads=True))[:replications]
    return _tabulated(statistics(y[None])[0], draws, [str(name) for name in predictors], multipliers, seed)


def nested_search_statistics(
    y: Floats, *, X: Floats, first: int, window: int | None, horizon: int, variance: Variance
) -> Floats:
    """Clark-West t and MSE-F of each predictor's recursive forecasts, for many targets at once.

    Parameters
    ----------
    y, X
        Shape (R, n) and (n, k), paired: ``X[t]`` is known ``horizon`` periods before ``y[:, t]``.
    first, window, horizon
        As of `capstar.leads.forecasts.batched.recursive_regressions`.
    variance
        Of the t.

    Returns
    -------
    ndarray
        Shape (R, k, 2).
    """
    actual, mean = y[:, first:], prevailing_means(y, first, window=window, horizon=horizon)
    found = []
    for x in X.T:
        forecast = recursive_regressions(y, x[None], first, window=window, horizon=horizon)[0]
        t = mean_test(adjusted_losses(actual, mean, forecast), variance, horizon=horizon).statistic
        found.append(np.stack([t, nested_statistics(actual, mean, forecast)[:, 0]], axis=1))
    return np.stack(found, axis=1)


def _terms(adjusted: pd.DataFrame, horizon: int, block: int, variance: Variance) -> Floats:
    columns = checked_sample(adjusted, what="dates", fewest=_FEWEST, horizon=horizon, block=block)
    if variance == "rectangular":
        raise SpecificationError("variance='rectangular' may be negative. Choose another.")
    f = np.column_stack(columns)
    if (still := adjusted.columns[np.ptp(f, axis=0) == 0]).size:
        raise DataError(f"{still[0]}: its forecasts are the benchmark's. Leave it out.")
    return f


def _correlations(f: Floats, variance: Variance, horizon: int) -> Floats:
    """Long-run correlations: a variance is a quadratic form, so that of a sum gives the covariance."""
    scaled = f / np.sqrt(long_run_variance(f.T, variance, horizon=horizon))
    sums = long_run_variance(
        (scaled[:, :, None] + scaled[:, None, :]).transpose(1, 2, 0), variance, horizon=horizon
    )
    out: Floats = sums / 2 - 1
    np.fill_diagonal(out, 1.0)
    return out


def _sizes(total: int) -> list[int]:
    return [min(_BATCH, total - done) for done in range(0, total, _BATCH)]


def _resampled_means(rng: np.random.Generator, f: Floats, block: int, size: int) -> Floats:
    """Means of rows in circular blocks, shape (size, k)."""
    n = len(f)
    starts = rng.integers(n, size=(size, -(-n // block), 1))
    rows = ((starts + np.arange(block)) % n).reshape(size, -1)[:, :n]
    flat = (rows + n * np.arange(size)[:, None]).ravel()
    counts = np.bincount(flat, minlength=size * n).reshape(size, n)
    out: Floats = counts @ f / n
    return out


def _normal_maxima(rng: np.random.Generator, correlations: Floats) -> Floats:
    values, vectors = np.linalg.eigh(correlations)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    parts = [
        (rng.standard_normal((_DRAWS // 20, len(root))) @ root.T).max(axis=1) for _ in range(20)
    ]
    return np.concatenate(parts)


def _pairs(
    target: pd.Series, predictors: pd.DataFrame, start: pd.Period | str, horizon: int, window: int | None
) -> tuple[Floats, Floats, int]:
    """Target, the predictors ``horizon`` periods before, and the position of the first pair forecast."""
    require_same_dates(target, predictors)
    begin = target.first_valid_index()
    table = predictors.assign(**{"": target}).loc[begin:] if begin is not None else predictors.iloc[:0]
    require_known(table)
    if horizon < 1 or (window is not None and window < 10):
        raise SpecificationError(f"horizon={horizon}, window={window}; give at least 1 and 10.")
    y, X = table[""].to_numpy(dtype=float)[horizon:], table[list(predictors)].to_numpy(dtype=float)[:-horizon]
    later = int((table.index[horizon:] >= start).sum())
    first = len(y) - later
    if later < _FEWEST or first - horizon + 1 < 10:
        raise DataError(
            f"start={start}: {later} periods follow and {max(first - horizon + 1, 0)} pairs come before; at least "
            f"{_FEWEST} and 10 are needed. Choose another start."
        )
    return y, X, first


def _moving_average(u: Floats, order: int) -> tuple[Floats, Floats]:
    """Coefficients (order,) and innovations of a moving average, by nonlinear least squares."""
    if order == 0:
        return np.zeros(0), u

    def innovations(theta: Floats) -> Floats:
        out: Floats = lfilter([1.0], np.r_[1.0, theta], u)
        return np.nan_to_num(np.clip(out, -1e6, 1e6))

    theta = minimise(innovations, np.full(order, 0.5)).x
    return theta, innovations(theta)


def _tabulated(
    observed: Floats, draws: Floats, names: list[str], multipliers: Multipliers, seed: int
) -> WildBootstrap:
    """Statistics (k, 2) beside the drawn ones (B, k, 2)."""
    labels = ["adjusted_mspe", "mse_f"]
    alone = bootstrap_p(draws >= observed)
    columns = {
        label + end: part[:, i]
        for i, label in enumerate(labels)
        for end, part in (("", observed), ("_p", alone))
    }
    top, largest = observed.max(axis=0), draws.max(axis=1)
    maximum = pd.DataFrame(
        {"statistic": top, "best": [names[i] for i in observed.argmax(axis=0)], "p": bootstrap_p(largest >= top)},
        labels,
    )
    for level in _LEVELS:
        maximum[f"{level:.0%}"] = np.quantile(largest, 1 - level, axis=0)
    return WildBootstrap(
        pd.DataFrame(columns, names), maximum, pd.DataFrame(largest, columns=labels), multipliers, seed
    )
