"""Statistics of many samples at once: one sample a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def sums(y: Floats, horizon: int) -> Floats:
    """Sums of ``horizon`` values running along the rows: (R, T) to (R, T - horizon + 1)."""
    if horizon == 1:
        return y
    total = np.concatenate([np.zeros((len(y), 1)), np.cumsum(y, axis=1)], axis=1)
    return np.asarray(total[:, horizon:] - total[:, :-horizon])


def prevailing_means(y: Floats, first: int, *, window: int | None = None, horizon: int = 1) -> Floats:
    """Means of what is known ``horizon`` periods before each period forecast.

    Parameters
    ----------
    y
        Shape (R, n).
    first
        Position of the first period forecast.
    window
        Latest values used; by default all.
    horizon
        Periods.

    Returns
    -------
    ndarray
        Shape (R, n - first).
    """
    ends = np.arange(first, y.shape[1]) - horizon + 1
    (total,), count = _latest([y], ends, window)
    return total / count


def recursive_forecast_paths(
    y: Floats, x: Floats, first: int, *, window: int | None = None, horizon: int = 1
) -> Floats:
    """Forecasts of `recursive_regressions`."""
    return recursive_regressions(y, x, first, window=window, horizon=horizon)[0]


def recursive_regressions(
    y: Floats, x: Floats, first: int, *, window: int | None = None, horizon: int = 1
) -> tuple[Floats, Floats]:
    """Forecasts, and slopes, from least squares on the pairs known ``horizon`` periods before each period forecast.

    Parameters
    ----------
    y, x
        Shape (R, n), paired: ``x[:, t]`` is known ``horizon`` periods before ``y[:, t]``; either may be one row.
    first, window, horizon
        As in `prevailing_means`.

    Returns
    -------
    forecasts, slopes
        Shape (R, n - first) each.  Where the predictor does not vary in a window no slope exists (NaN), and the
        forecast is the mean of the window.
    """
    center = x.mean(axis=1, keepdims=True)  # subtracted for accuracy alone; cancels
    a = x - center
    ends = np.arange(first, y.shape[1]) - horizon + 1
    (sx, sy, sxx, sxy), n = _latest([a, y, a * a, a * y], ends, window)
    spread = sxx - sx * sx / n
    # Sums over all periods lose digits where a window varies little; those few are computed from their own values.
    poor = spread <= 1e-7 * (sxx if window is None else np.cumsum(a * a, axis=1)[:, ends - 1])
    slope = (sxy - sx * sy / n) / np.where(poor, 1.0, spread)
    for row, column in np.argwhere(poor):
        pairs = slice(0 if window is None else max(ends[column] - window, 0), ends[column])
        rows = slice(None) if len(x) == 1 else slice(row, row + 1)
        slope[rows, column] = _slope(x[row, pairs], (y if len(y) == 1 else y[rows])[:, pairs])
    return sy / n + np.nan_to_num(slope) * (a[:, first:] - sx / n), slope


def _slope(x: Floats, y: Floats) -> Floats:
    """Of each row of y on x; NaN where x does not vary beyond rounding."""
    centred = x - x.mean()
    total = centred @ centred
    if total <= len(x) * (4 * np.finfo(float).eps * np.abs(x).max()) ** 2:
        return np.full(len(y), np.nan)
    out: Floats = y @ centred / total
    return out


def _latest(
    values: list[Floats], ends: npt.NDArray[np.int64], window: int | None
) -> tuple[list[Floats], npt.NDArray[np.int64]]:
    """Sums of what precedes each end, all of it or the latest, and their numbers of terms."""
    begin = np.zeros_like(ends) if window is None else np.maximum(ends - window, 0)
    totals = [np.concatenate([np.zeros((len(v), 1)), np.cumsum(v, axis=1)], axis=1) for v in values]
    return [total[:, ends] - total[:, begin] for total in totals], ends - begin


def nested_statistics(actual: Floats, mean: Floats, forecast: Floats) -> Floats:
    """MSE-F and ENC-NEW by sample: (R, P) each to (R, 2)."""
    e0, e1 = actual - mean, actual - forecast
    squared = (e1**2).sum(axis=1)
    mse_f = ((e0**2).sum(axis=1) - squared) / squared
    enc_new = (e0 * (e0 - e1)).sum(axis=1) / squared
    return np.asarray(actual.shape[1] * np.stack([mse_f, enc_new], axis=1))


def slope_and_t(y: Floats, x: Floats, lags: int) -> tuple[Floats, Floats]:
    """Slopes and Newey-West t statistics by sample: (R, n) each to (R,) each."""
    centred = x - x.mean(axis=1, keepdims=True)
    target = y - y.mean(axis=1, keepdims=True)
    sxx = (centred**2).sum(axis=1)
    slope = (centred * target).sum(axis=1) / sxx
    scores = centred * (target - slope[:, None] * centred)
    variance = (scores**2).sum(axis=1)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (scores[:, lag:] * scores[:, :-lag]).sum(axis=1)
    return slope, slope * sxx / np.sqrt(variance)
