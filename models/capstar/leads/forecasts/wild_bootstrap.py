"""Search over nested forecasts by the fixed-regressor wild bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy
from scipy.optimize import least_squares as minimise

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.checks import require_known, require_same_dates
from capstar.leads.forecasts.batched import nested_statistics, prevailing_means, recursive_regressions
from capstar.leads.forecasts.long_run_variance import Variance, mean_test
from capstar.leads.forecasts.out_of_sample import adjusted_losses
from capstar.leads.numerics import bootstrap_p, residuals, with_constant
from capstar.leads.records import Tabled
from capstar.progress import Progress
from capstar.tasks import run_tasks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Multipliers = Literal["normal", "rademacher"]
_FEWEST = 40
_BATCH = 100  # replications drawn from one seed, whatever the number of workers
_LEVELS = (0.10, 0.05, 0.01)


@dataclass(frozen=True)
class WildBootstrap(Tabled):
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

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> search = {"start": "1985-01", "n_replications": 99}
    >>> found = cs.leads.wild_bootstrap_forecasts(returns["smb"], returns[["market", "large"]], **search)
    >>> found.maximum[["best", "5%", "p"]].round(2)
                    best    5%     p
    adjusted_mspe  large  1.36  0.01
    mse_f          large  1.83  0.01
    """

    table: pd.DataFrame
    maximum: pd.DataFrame
    draws: pd.DataFrame
    multipliers: Multipliers
    seed: int

    @property
    def title(self) -> str:
        """What it rests on."""
        return (
            f"Fixed-regressor wild bootstrap without predictability: {len(self.draws)} replications, "
            f"{self.multipliers} multipliers, seed {self.seed}"
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """Predictors alone, and the search over all."""
        return {"": self.table, "Search over all": self.maximum}

    def plot(self, ax: Any = None) -> Figure:
        """Distribution of the largest statistics, and where the sample's are."""
        from capstar.plotting.leads import plot_bootstrap

        return plot_bootstrap(self.maximum, self.draws, title=self.title, source=self.provenance, ax=ax)


@checked
def wild_bootstrap_forecasts(
    target: pd.Series,
    predictors: pd.DataFrame,
    start: pd.Period | str,
    *,
    horizon: int = 1,
    window: int | None = None,
    variance: Variance = "bartlett",
    multipliers: Multipliers = "normal",
    n_replications: int = 999,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> WildBootstrap:
    r"""Search over nested forecasts, one a predictor, by the fixed-regressor wild bootstrap.

    The predictors stay as they are. With :math:`\hat u_t` the residuals of the target on all predictors, a sample
    is :math:`y^*_t = \bar y + \eta_t \hat u_t`, :math:`\eta_t` independent with mean 0 and variance 1; over several
    periods a moving average of order ``horizon - 1`` is fitted to :math:`\hat u_t` by nonlinear least squares and
    run again on its innovations times :math:`\eta_t`. All forecasts are then made again. Holds for heteroskedastic
    errors, and for the error in estimated coefficients; not for a predictor whose innovations move with the return
    over several periods, since it stays as it is: with correlation -0.95 a nominal 5 percent rejects about 9 over 4
    to 12 periods, and `bootstrap_forecasts` with ``scheme="wild"``, of one predictor, 5 to 8.

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
    n_replications
        Samples drawn.
    seed, n_workers
        The same seed gives the same numbers whatever the number of workers, which are threads.
    progress
        See `capstar.progress.reporting`.

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

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> search = {"start": "1985-01", "n_replications": 99}
    >>> found = cs.leads.wild_bootstrap_forecasts(returns["smb"], returns[["market", "large"]], **search)
    >>> found.table.round(2)
            adjusted_mspe  adjusted_mspe_p  mse_f  mse_f_p
    market           2.63             0.01   7.18     0.01
    large            2.95             0.01  10.04     0.01
    """
    y, X, first = _pairs(target, predictors, start, horizon, window)
    if multipliers not in ("normal", "rademacher") or n_replications < 99:
        raise SpecificationError(
            f"multipliers={multipliers!r}, n_replications={n_replications}; choose 'normal' or 'rademacher' and at "
            "least 99."
        )
    observed, draws = _drawn(
        y, X, first, horizon=horizon, window=window, variance=variance, multipliers=multipliers,
        n_replications=n_replications, seed=seed, n_workers=n_workers, progress=progress,
    )  # fmt: skip
    return _tabulated(observed, draws, [str(name) for name in predictors], multipliers, seed)


def wild_bootstrap_p(
    y: Floats,
    X: Floats,
    first: int,
    *,
    horizon: int = 1,
    variance: Variance = "bartlett",
    n_replications: int = 199,
    seed: int = 0,
) -> Floats:
    """P-values of each predictor's Clark-West t and of the largest, for arrays that are paired.

    Parameters
    ----------
    y, X
        Shape (n,) and (n, k): ``X[t]`` is known ``horizon`` periods before ``y[t]``.
    first
        Position of the first pair forecast.
    horizon, variance, n_replications, seed
        As of `wild_bootstrap_forecasts`.

    Returns
    -------
    ndarray
        Shape (k + 1,).
    """
    observed, draws = _drawn(
        y, X, first, horizon=horizon, window=None, variance=variance, multipliers="normal",
        n_replications=n_replications, seed=seed, n_workers=1, progress=False,
    )  # fmt: skip
    t, drawn = (np.column_stack([one[..., 0], one[..., 0].max(axis=-1)]) for one in (observed[None], draws))
    return bootstrap_p(drawn >= t)


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


def _drawn(
    y: Floats,
    X: Floats,
    first: int,
    *,
    horizon: int,
    window: int | None,
    variance: Variance,
    multipliers: Multipliers,
    n_replications: int,
    seed: int,
    n_workers: int,
    progress: Progress | bool,
) -> tuple[Floats, Floats]:
    """Statistics of the sample (k, 2) and of every replication (B, k, 2)."""
    theta, shocks = moving_average(residuals(y, with_constant(X)), horizon - 1)
    statistics = partial(
        nested_search_statistics, X=X, first=first, window=window, horizon=horizon, variance=variance
    )

    def batch(child: np.random.SeedSequence) -> Floats:
        rng = np.random.default_rng(child)
        eta = rng.standard_normal((_BATCH, len(y)))
        eta = np.sign(eta) if multipliers == "rademacher" else eta
        return statistics(y.mean() + scipy.signal.lfilter(np.r_[1.0, theta], [1.0], eta * shocks, axis=1))

    children = np.random.SeedSequence(seed).spawn(-(-n_replications // _BATCH))
    stage = "bootstrap without predictability"
    draws = run_tasks(batch, children, n_workers=n_workers, threads=True, stage=stage, progress=progress)
    return statistics(y[None])[0], np.concatenate(draws)[:n_replications]


def _pairs(
    target: pd.Series, predictors: pd.DataFrame, start: pd.Period | str, horizon: int, window: int | None
) -> tuple[Floats, Floats, int]:
    """Target, the predictors ``horizon`` periods before, and the position of the first pair forecast."""
    require_same_dates(target, predictors)
    if horizon < 1 or (window is not None and window < 10):
        raise SpecificationError(f"horizon={horizon}, window={window}; give at least 1 and 10.")
    ends = target.index[horizon:]
    pairs = pd.concat([target.iloc[horizon:], predictors.iloc[:-horizon].set_axis(ends)], axis=1)
    pairs = pairs.loc[target.iloc[horizon:].first_valid_index() :]
    require_known(pairs)
    later = int((pairs.index >= start).sum())
    first = len(pairs) - later
    if later < _FEWEST or first - horizon + 1 < 10:
        raise DataError(
            f"start={start}: {later} periods follow and {max(first - horizon + 1, 0)} pairs come before; at least "
            f"{_FEWEST} and 10 are needed. Choose another start."
        )
    values = pairs.to_numpy(dtype=float)
    return values[:, 0], values[:, 1:], first


def moving_average(u: Floats, order: int) -> tuple[Floats, Floats]:
    """Coefficients (order,) and innovations of a moving average of errors (n,), by nonlinear least squares."""
    if order == 0:
        return np.zeros(0), u

    def innovations(theta: Floats) -> Floats:
        out: Floats = np.clip(scipy.signal.lfilter([1.0], np.r_[1.0, theta], u), -limit, limit)
        return out

    def slopes(theta: Floats) -> Floats:
        filtered = np.clip(scipy.signal.lfilter([1.0], np.r_[1.0, theta], innovations(theta)), -limit, limit)
        return -np.column_stack([np.r_[np.zeros(j), filtered[:-j]] for j in range(1, order + 1)])

    limit = 1e6 * np.abs(u).max()  # steps past invertibility explode and are taken back
    theta = minimise(innovations, np.full(order, 0.5), slopes).x
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
        {
            "statistic": top,
            "best": [names[i] for i in observed.argmax(axis=0)],
            "p": bootstrap_p(largest >= top),
        },
        labels,
    )
    for level in _LEVELS:
        maximum[f"{level:.0%}"] = np.quantile(largest, 1 - level, axis=0)
    return WildBootstrap(
        pd.DataFrame(columns, names), maximum, pd.DataFrame(largest, columns=labels), multipliers, seed
    )
