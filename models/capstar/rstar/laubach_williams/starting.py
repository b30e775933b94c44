"""Where estimation begins: the state before the sample and start values of the parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import solveh_banded
from scipy.optimize import least_squares

from capstar.rstar.laubach_williams.equations import Stage, Variant
from capstar.statespace.algebra import Slot

Floats = npt.NDArray[np.float64]
HP_LAMBDA = 36_000.0
TREND_LEAD = 4  # quarters before the start from which the published code takes trends of output


def hp_trend(series: pd.Series, penalty: float = HP_LAMBDA) -> pd.Series:
    """Hodrick-Prescott trend: minimises squared deviations plus ``penalty`` times squared curvature.

    Parameters
    ----------
    series
        Without missing values, length n of at least 4.
    penalty
        36,000 in Holston, Laubach and Williams.
    """
    n = len(series)
    outer = np.convolve([1.0, -2.0, 1.0], [1.0, -2.0, 1.0])
    bands = np.vstack([np.full(n, outer[0]), np.full(n, outer[1]), np.full(n, outer[2])])
    bands[2, [0, -1]], bands[2, [1, -2]] = 1.0, 5.0
    bands[1, [1, -1]] = -2.0
    bands *= penalty
    bands[2] += 1.0
    return pd.Series(solveh_banded(bands, series.to_numpy(dtype=float)), series.index, name=series.name)


def broken_trend(series: pd.Series, breaks: tuple[int, ...]) -> pd.Series:
    """Linear trend whose slope changes after so many quarters (Laubach and Williams 2003)."""
    t = np.arange(1.0, len(series) + 1)
    design = np.column_stack([np.ones_like(t), t, *(np.maximum(t - k, 0.0) for k in breaks if k < len(t))])
    fitted = design @ np.linalg.lstsq(design, series.to_numpy(dtype=float), rcond=None)[0]
    return pd.Series(fitted, series.index, name=series.name)


def initial_state(
    output: pd.Series, start: pd.Period, slots: tuple[Slot, ...], *, breaks: tuple[int, ...] = ()
) -> Mapping[Slot, float]:
    """Mean of the state one quarter before ``start``.

    Parameters
    ----------
    output
        100 times log real GDP, with three quarters or more before ``start``.
    start
        First quarter of the likelihood.
    slots
        The model's states: y* takes the trend, g its first differences, z zero.  The newest lag
        held of each takes the newest value, as the published code does.
    breaks
        Empty: Hodrick-Prescott trend from four quarters before ``start``.  Else a linear trend from there
        with these breaks in its slope; y* is dated one quarter later and g is the first slope throughout,
        as in the code of Laubach and Williams (2003).
    """
    if breaks:
        trend, shift = broken_trend(output.loc[start - TREND_LEAD :], breaks), 0
        growth = pd.Series(trend.iloc[1] - trend.iloc[0], output.index)
    else:
        trend, shift = hp_trend(output.loc[start - TREND_LEAD :]), -1
        growth = trend.diff()
    newest: dict[str, int] = {}
    for name, lag in slots:
        newest[name] = max(newest.get(name, lag), lag)

    def value(name: str, lag: int) -> float:
        quarter = start + shift + (lag - newest[name])
        return {"ystar": trend, "g": growth}[name][quarter] if name != "z" else 0.0

    return {slot: float(value(*slot)) for slot in slots}


def start_values(
    data: pd.DataFrame, start: pd.Period, end: pd.Period, stage: Stage, variant: Variant
) -> dict[str, float]:
    """Start values by least squares on a linear-trend output gap.

    Parameters
    ----------
    data
        From `capstar.rstar.laubach_williams.inputs.prepare`.
    start, end
        Sample of the likelihood.
    stage, variant
        See `capstar.rstar.laubach_williams.equations.declare`.

    Returns
    -------
    dict
        By parameter name; kappas, c and g are left at their defaults.
    """
    frame = data.loc[start - variant.presample : end]
    gap = _output_gap(frame, variant)
    d = frame["d"].to_numpy(dtype=float) if variant.covid else None
    phi = _phi(gap, d, frame, stage, variant) if d is not None else None
    net = gap if d is None or phi is None else gap - phi * d
    coefficients, sigma_y = _least_squares(
        *_is_curve(net, frame, stage, variant), others=int(phi is not None)
    )
    out = {"a_y1": coefficients[0], "a_y2": coefficients[1], "sigma_ygap": sigma_y}
    phillips, sigma_pi = _least_squares(*_phillips(net, frame, variant))
    names = ["b_pi", "", "b_y"]
    if variant.import_prices:
        names = ["b_pi_lag1", "b_pi_lag2to4", "", "b_y", "b_oil", "b_import"]
    out |= {n: value for n, value in zip(names, phillips, strict=True) if n} | {"sigma_pi": sigma_pi}
    out |= {"sigma_ystar": 0.7 if stage == 3 else 0.5}
    if stage >= 2:
        out |= {"a_r": coefficients[2]}
    if stage == 2:
        out |= {"a_0": coefficients[3], "a_g": -coefficients[2]}
    return {n: float(value) for n, value in (out | ({} if phi is None else {"phi": phi})).items()}


def _output_gap(frame: pd.DataFrame, variant: Variant) -> Floats:
    """Deviation from a linear trend, broken where the variant says so; NaN before the trend starts."""
    output = frame["y"].iloc[variant.presample - TREND_LEAD :]
    gap = (output - broken_trend(output, variant.trend_breaks)).reindex(frame.index)
    values: Floats = gap.to_numpy(dtype=float)
    return values


def _lags(series: Floats, lags: range, presample: int) -> Floats:
    """Mean over ``lags`` of the series, for every quarter after the pre-sample."""
    n = len(series)
    columns = [series[presample - k : n - k] for k in lags]
    mean: Floats = np.mean(columns, axis=0)
    return mean


def _is_curve(gap: Floats, frame: pd.DataFrame, stage: Stage, variant: Variant) -> tuple[Floats, Floats]:
    k = variant.presample
    columns = [_lags(gap, range(1, 2), k), _lags(gap, range(2, 3), k)]
    if stage >= 2:
        rate = frame["r"].to_numpy(dtype=float)
        columns += [_lags(rate, range(1, 3), k), np.ones(len(gap) - k)]
    return gap[k:], np.column_stack(columns)


def _phillips(gap: Floats, frame: pd.DataFrame, variant: Variant) -> tuple[Floats, Floats]:
    k, pi = variant.presample, frame["pi"].to_numpy(dtype=float)
    columns = [_lags(pi, range(1, 2), k), _lags(pi, range(2, 5), k)]
    if variant.import_prices:
        columns += [_lags(pi, range(5, 9), k)]
    columns += [_lags(gap, range(1, 2), k)]
    if variant.import_prices:
        columns += [_lags(frame["oil"].to_numpy(dtype=float), range(1, 2), k)]
        columns += [frame["imports"].to_numpy(dtype=float)[k:]]
    return pi[k:], np.column_stack(columns)


def _phi(gap: Floats, d: Floats, frame: pd.DataFrame, stage: Stage, variant: Variant) -> float:
    """Least squares of the IS curve in output net of ``phi * d``; the rest is concentrated out."""

    def residuals(phi: Floats) -> Floats:
        y, X = _is_curve(gap - phi[0] * d, frame, stage, variant)
        beta = np.linalg.lstsq(X, y, rcond=None)[0]
        rest: Floats = (y - X @ beta).astype(float)
        return rest

    return float(least_squares(residuals, np.zeros(1)).x[0])


def _least_squares(y: Floats, X: Floats, *, others: int = 0) -> tuple[Floats, float]:
    """Coefficients and residual standard deviation; ``others`` more parameters were estimated."""
    beta: Floats = np.linalg.lstsq(X, y, rcond=None)[0].astype(float)
    rest = y - X @ beta
    return beta, float(np.sqrt(rest @ rest / (len(y) - X.shape[1] - others)))
