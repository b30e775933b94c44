"""Where estimation begins: the state before the sample and start values of the parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.linalg import solveh_banded

from capstar.arguments import checked
from capstar.errors import DataError
from capstar.kernels.arrays import Floats
from capstar.rstar.laubach_williams.equations import Stage, Variant
from capstar.statespace.algebra import Slot
from capstar.statespace.columns import Columns
from capstar.statespace.regression import least_squares_start
from capstar.statespace.spec import Spec

HP_LAMBDA = 36_000.0
TREND_LEAD = 4  # quarters before the start from which the published code takes trends of output


@checked
def hp_trend(series: pd.Series, penalty: float = HP_LAMBDA) -> pd.Series:
    """Hodrick-Prescott trend: minimises squared deviations plus ``penalty`` times squared curvature.

    Parameters
    ----------
    series
        Without missing values, length n of at least 4.
    penalty
        36,000 in Holston, Laubach and Williams.

    Raises
    ------
    DataError
        Too few values, or one missing.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> trend = cs.rstar.hp_trend(100 * us["log_gdp"], penalty=36000.0)
    >>> (100 * us["log_gdp"] - trend).iloc[-1].round(1).item()  # output gap, percent
    -5.6
    """
    n = len(series)
    if n < 4 or not np.isfinite(series).all() or not penalty >= 0:
        raise DataError(
            f"{series.name}: {n} values, {int((~np.isfinite(series)).sum())} missing or infinite, penalty {penalty:g}; "
            "at least 4, all finite, and a penalty of at least 0 are needed. Fill or cut the series."
        )
    return pd.Series(_hp_trend(series.to_numpy(dtype=float), penalty), series.index, name=series.name)


def _hp_trend(values: Floats, penalty: float = HP_LAMBDA) -> Floats:
    n, outer = len(values), np.convolve([1.0, -2.0, 1.0], [1.0, -2.0, 1.0])
    bands = np.vstack([np.full(n, outer[0]), np.full(n, outer[1]), np.full(n, outer[2])])
    bands[2, [0, -1]], bands[2, [1, -2]] = 1.0, 5.0
    bands[1, [1, -1]] = -2.0
    bands *= penalty
    bands[2] += 1.0
    return np.asarray(solveh_banded(bands, values, check_finite=False))


def broken_trend(values: Floats, breaks: tuple[int, ...]) -> Floats:
    """Linear trend (n,) whose slope changes after so many quarters (Laubach and Williams 2003)."""
    t = np.arange(1.0, len(values) + 1)
    design = np.column_stack([np.ones_like(t), t, *(np.maximum(t - k, 0.0) for k in breaks if k < len(t))])
    fitted: Floats = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return fitted


def initial_state(
    output: Columns, start: pd.Period, slots: tuple[Slot, ...], *, breaks: tuple[int, ...] = ()
) -> Mapping[Slot, float]:
    """Mean of the state one quarter before ``start``.

    Parameters
    ----------
    output
        With ``y``, 100 times log real GDP, from four quarters before ``start`` or earlier.
    start
        First quarter of the likelihood.
    slots
        The model's states: y* takes the trend, g its first differences, z and any other zero.  The
        newest lag held of each takes the newest value, as the published code does.
    breaks
        Empty: Hodrick-Prescott trend from four quarters before ``start``.  Else a linear trend from there
        with these breaks in its slope; y* is dated one quarter later and g is the first slope throughout,
        as in the code of Laubach and Williams (2003).
    """
    values = _from_trend_lead(output, start)
    if breaks:
        trend, shift = broken_trend(values, breaks), 0
        growth = np.full(len(trend), trend[1] - trend[0])
    else:
        trend, shift = _hp_trend(values), -1
        growth = np.diff(trend, prepend=np.nan)
    newest: dict[str, int] = {}
    for name, lag in slots:
        newest[name] = max(newest.get(name, lag), lag)

    def value(name: str, lag: int) -> float:
        row = TREND_LEAD + shift + (lag - newest[name])
        return {"ystar": trend, "g": growth}[name][row] if name in ("ystar", "g") else 0.0

    return {slot: float(value(*slot)) for slot in slots}


@checked
def start_values(
    data: pd.DataFrame, start: pd.Period, end: pd.Period, stage: Stage, variant: Variant
) -> dict[str, float]:
    """Start values by least squares of the stage's own equations, as the published code.

    A linear trend of output stands for potential (broken in Laubach and Williams), its mean growth for trend growth,
    zero for z and any other state; see `capstar.statespace.least_squares_start`.  phi, found from the IS curve, is
    taken as known in the Phillips curve.

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
        By parameter name; those that no observation equation determines are left at their defaults.

    References
    ----------
    Holston, Laubach and Williams (2017, 2023) and Laubach and Williams (2003), published code, ``rstar.stage1.R`` to
    ``rstar.stage3.R``.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> found = cs.rstar.start_values(fit.job.frame, fit.start, fit.end, 3, cs.rstar.HLW2017.variant)
    >>> round(found["a_y1"], 2), round(found["b_y"], 2)
    (1.3, 0.12)
    """
    return least_squares_values(Columns.of(data.loc[:end]), start, end, stage, variant)


def least_squares_values(
    data: Columns, start: pd.Period, end: pd.Period, stage: Stage, variant: Variant
) -> dict[str, float]:
    """The same of data that are known to be in order, and end in ``end``."""
    spec, first = variant.stage(stage), data.row(start)
    proxies, index = _proxies(spec, data, start, variant), data.periods[first : data.row(end) + 1]
    found: dict[str, float] = {}
    for equation in spec.observation:
        found |= least_squares_start(spec, equation, data, proxies, index=index, values=found)
    found["sigma_ystar"] = 0.7 if stage == 3 else 0.5
    if stage == 2 and "a_r" in found:
        found["a_g"] = -found["a_r"]
    return found


def _proxies(spec: Spec, data: Columns, start: pd.Period, variant: Variant) -> Columns:
    """What stands for the states in the published regressions, by state and quarter."""
    trend = broken_trend(_from_trend_lead(data, start), variant.trend_breaks)
    n = len(data.periods)
    known = {
        "ystar": np.concatenate([np.full(n - len(trend), np.nan), trend]),
        "g": np.full(n, np.diff(trend).mean()),
    }
    return Columns(data.periods, {name: known.get(name, np.zeros(n)) for name in spec.transition})


def _from_trend_lead(data: Columns, start: pd.Period) -> Floats:
    """Output from where the published code takes trends of it on."""
    return data.values["y"][data.row(start) - TREND_LEAD :]
