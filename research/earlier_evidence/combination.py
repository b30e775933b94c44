"""Combinations of forecasts with weights known when the forecast is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar import leads
from capstar.errors import DataError, SpecificationError

Floats = npt.NDArray[np.float64]


def combine_forecasts(
    forecasts: pd.DataFrame,
    *,
    benchmark: str = "mean",
    discounts: Sequence[float] = (1.0, 0.9),
    holdout: int = 40,
    horizon: int = 1,
) -> pd.DataFrame:
    r"""Mean, median, trimmed mean and discounted-error combinations of forecasts.

    The weights of the last, at the end of period t - h for period t, are proportional to
    :math:`\phi_{i}^{-1}`, :math:`\phi_{i} = \sum_{s \le t-h} \theta^{t-h-s} (y_s - \hat y_{i,s})^2`.

    Parameters
    ----------
    forecasts
        With a column ``actual``, one of the benchmark, and one for each forecast, as `recursive_forecasts` gives;
        its first period starts the holdout.
    benchmark
        Column that is not combined, and is passed on.
    discounts
        :math:`\theta` of each discounted combination; 1 weighs all errors equally.
    holdout
        Periods at the beginning that only give errors to weigh by.
    horizon
        h, periods ahead.

    Returns
    -------
    pandas.DataFrame
        From the end of the holdout: ``actual``, the benchmark, ``pool_mean``, ``pool_median``, ``pool_trimmed`` (the
        largest and the smallest left out) and a ``pool_dmsfe(theta)`` for each discount.

    Raises
    ------
    DataError
        A column is absent, a value is missing, a forecast has no error, there are fewer than 3 forecasts, or no
        period follows the holdout.
    SpecificationError
        A discount is not in (0, 1], or the holdout is shorter than the horizon.

    References
    ----------
    Rapach, Strauss and Zhou (2010), "Out-of-sample equity premium prediction", *Review of Financial Studies*
    23(2), equations 5 to 7; Stock and Watson (2004), *Journal of Forecasting* 23.
    """
    names = list(leads.cumulative_difference(forecasts, benchmark=benchmark).series)  # and checks the table
    if len(names) < 3:
        raise DataError(f"{names}: at least 3 forecasts are needed to combine.")
    if not all(0 < theta <= 1 for theta in discounts) or holdout < max(horizon, 1) or horizon < 1:
        raise SpecificationError(
            f"discounts={tuple(discounts)}, holdout={holdout}, horizon={horizon}; discounts are above 0 and at most 1, "
            "and the holdout is not shorter than the horizon of at least 1."
        )
    if holdout >= len(forecasts):
        raise DataError(f"A holdout of {holdout} leaves none of {len(forecasts)} periods. Start earlier.")
    each = forecasts[names].to_numpy(dtype=float)
    ordered = np.sort(each, axis=1)
    out = forecasts[["actual", benchmark]].astype(float)
    out["pool_mean"] = each.mean(axis=1)
    out["pool_median"] = np.median(each, axis=1)
    out["pool_trimmed"] = ordered[:, 1:-1].mean(axis=1)
    errors = (forecasts["actual"].to_numpy(dtype=float)[:, None] - each) ** 2
    for theta in discounts:
        weights = _weights(errors, theta, horizon)
        out[f"pool_dmsfe({theta:g})"] = (weights * each).sum(axis=1)
    return out.iloc[holdout:]


def _weights(errors: Floats, theta: float, horizon: int) -> Floats:
    """Shares by period from the discounted squared errors up to ``horizon`` periods before, shape (P, k)."""
    out = np.full_like(errors, np.nan)
    total = np.zeros(errors.shape[1])
    for t in range(horizon, len(errors)):
        total = theta * total + errors[t - horizon]
        if total.min() == 0:
            raise DataError("A forecast has no error: it is the outcome. Give forecasts made before it.")
        out[t] = (1 / total) / (1 / total).sum()
    return out
