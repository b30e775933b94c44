"""Where estimation begins: the state before the sample and start values of the parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import solveh_banded
from scipy.optimize import least_squares

from capstar.rstar.laubach_williams import Stage
from capstar.statespace.algebra import Slot

Floats = npt.NDArray[np.float64]
HP_LAMBDA = 36_000.0


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


def initial_state(output: pd.Series, start: pd.Period, slots: tuple[Slot, ...]) -> Mapping[Slot, float]:
    """Mean of the state one quarter before ``start``, from the HP trend of the whole input.

    Parameters
    ----------
    output
        100 times log real GDP, with three quarters or more before ``start``.
    start
        First quarter of the likelihood.
    slots
        The model's states: y* takes the trend, g its first differences, z zero.  The newest lag
        held of each takes the newest value, as the published code does.
    """
    trend = hp_trend(output)
    growth = trend.diff()
    newest: dict[str, int] = {}
    for name, lag in slots:
        newest[name] = max(newest.get(name, lag), lag)

    def value(name: str, lag: int) -> float:
        quarter = start - 1 + (lag - newest[name])
        return {"ystar": trend, "g": growth}[name][quarter] if name != "z" else 0.0

    return {slot: float(value(*slot)) for slot in slots}


def start_values(data: pd.DataFrame, start: pd.Period, end: pd.Period, stage: Stage) -> dict[str, float]:
    """Start values by least squares on a linear-trend output gap.

    Parameters
    ----------
    data
        Columns ``y`` (100 log GDP), ``pi``, ``r`` and, with COVID terms, ``d``; from the quarters
        the lags need before ``start``.
    start, end
        Sample of the likelihood.
    stage
        1, 2 or 3; see `capstar.rstar.laubach_williams.declare`.

    Returns
    -------
    dict
        By parameter name; kappas, c and g are left at their defaults.
    """
    frame = data.loc[start - 4 : end]
    index = np.arange(len(frame), dtype=float)
    output = frame["y"].to_numpy(dtype=float)
    gap = output - np.polynomial.Polynomial.fit(index, output, 1)(index)
    d = frame["d"].to_numpy(dtype=float) if "d" in frame else None
    phi = _phi(gap, d, frame, stage) if d is not None else None
    net = gap if d is None or phi is None else gap - phi * d
    coefficients, sigma_y = _least_squares(*_is_design(net, frame, stage), others=int(phi is not None))
    phillips, sigma_pi = _phillips(net, frame["pi"].to_numpy(dtype=float))
    out = {"a_y1": coefficients[0], "a_y2": coefficients[1], "sigma_ygap": sigma_y}
    out |= {"b_pi": phillips[0], "b_y": phillips[2], "sigma_pi": sigma_pi}
    out |= {"sigma_ystar": 0.7 if stage == 3 else 0.5}
    if stage >= 2:
        out |= {"a_r": coefficients[2]}
    if stage == 2:
        out |= {"a_0": coefficients[3], "a_g": -coefficients[2]}
    return out | ({} if phi is None else {"phi": phi})


def _is_design(gap: Floats, frame: pd.DataFrame, stage: Stage) -> tuple[Floats, Floats]:
    columns = [gap[3:-1], gap[2:-2]]
    if stage >= 2:
        rate = frame["r"].to_numpy(dtype=float)
        columns += [(rate[3:-1] + rate[2:-2]) / 2, np.ones(len(gap) - 4)]
    return gap[4:], np.column_stack(columns)


def _phillips(gap: Floats, pi: Floats) -> tuple[Floats, float]:
    near = (pi[2:-2] + pi[1:-3] + pi[:-4]) / 3
    return _least_squares(pi[4:], np.column_stack([pi[3:-1], near, gap[3:-1]]))


def _phi(gap: Floats, d: Floats, frame: pd.DataFrame, stage: Stage) -> float:
    """Least squares of the IS curve in output net of ``phi * d``; the rest is concentrated out."""

    def residuals(phi: Floats) -> Floats:
        y, X = _is_design(gap - phi[0] * d, frame, stage)
        beta = np.linalg.lstsq(X, y, rcond=None)[0]
        rest: Floats = (y - X @ beta).astype(float)
        return rest

    return float(least_squares(residuals, np.zeros(1)).x[0])


def _least_squares(y: Floats, X: Floats, *, others: int = 0) -> tuple[Floats, float]:
    """Coefficients and residual standard deviation; ``others`` more parameters were estimated."""
    beta: Floats = np.linalg.lstsq(X, y, rcond=None)[0].astype(float)
    rest = y - X @ beta
    return beta, float(np.sqrt(rest @ rest / (len(y) - X.shape[1] - others)))
