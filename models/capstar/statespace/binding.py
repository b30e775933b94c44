"""A spec bound to data: the only place where names and dates become arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.kernels.arrays import Floats, own
from capstar.statespace.algebra import Slot, show_slot
from capstar.statespace.columns import Columns
from capstar.statespace.compiled import Compiled, compile_spec
from capstar.statespace.mixed_frequency import begins, require_last_periods
from capstar.statespace.problem import Problem
from capstar.statespace.spec import Spec


def bind(
    spec: Spec,
    data: pd.DataFrame | Columns,
    *,
    initial_mean: Mapping[Slot, float],
    initial_cov: npt.ArrayLike,
    start: pd.Period | str | None = None,
    end: pd.Period | str | None = None,
) -> Problem:
    """Align every lag a model needs and keep the sample.

    Parameters
    ----------
    spec
        Model equations.
    data
        One column per observed or exogenous series on a PeriodIndex without gaps; observed
        series may hold NaN where a value is missing, and others, or lags, where only equations of missing
        values read them, as at the ragged edge of data not yet published.
    initial_mean
        Mean of each state one period before ``start``.
    initial_cov
        Covariance of the same state, shape (m, m).
    start, end
        First and last period of the likelihood; by default the first period with every lag,
        and the last of the data.

    Raises
    ------
    DataError
        A column is missing, a lag reaches before the data, or a regressor that an equation reads is NaN.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_level
    >>> level, flow = nile_level()
    >>> problem = cs.statespace.bind(
    ...     level, flow.to_frame(), initial_mean={("mu", 0): 1120.0}, initial_cov=[[100.0**2]], start="1880"
    ... )
    >>> problem.nobs, problem.index[0]
    (91, Period('1880', 'Y-DEC'))
    """
    model = compile_spec(spec)
    _require_columns(spec, model, data.values if isinstance(data, Columns) else data.columns)
    known = Columns.of(data, model.series)
    frequency = known.periods.freqstr
    first = _first_complete(model, known) if start is None else pd.Period(start, frequency)
    last = known.periods[-1] if end is None else pd.Period(end, frequency)
    span = slice(max(known.row(first), 0), max(known.row(last) + 1, 0))
    index = known.periods[span]
    rows = known.rows(index)
    for name, often in spec.frequency.items():
        require_last_periods(known.values[name], known.periods, often, f"{spec.name}: {name}")

    def lagged(slots: tuple[Slot, ...]) -> Floats:
        out = np.empty((len(rows), len(slots)))
        for column, slot in zip(out.T, slots, strict=True):
            column[:] = known.at(slot, rows)
        return out

    _require_whole(spec, model, index, known, rows)
    x, y = lagged(model.regressors), lagged(tuple((name, 0) for name in model.observed))
    if (missing := np.isnan(x)).any():
        x[missing & ~_read(model, y)] = 0.0
    _require_regressors(spec, model, x, index, first)
    return Problem(
        spec=spec,
        model=model,
        index=index,
        y=y,
        x=x,
        report_inputs=lagged(model.report_inputs),
        scale_param=_scale_positions(spec, model, index),
        initial_mean=np.array([initial_mean[slot] for slot in model.states], dtype=float),
        initial_cov=own(initial_cov),
    )


def _require_columns(spec: Spec, model: Compiled, columns: Collection[str]) -> None:
    if absent := sorted(set(model.series) - set(columns)):
        raise DataError(f"{spec.name} needs the columns {absent}; the data have {sorted(map(str, columns))}.")


def _first_complete(model: Compiled, known: Columns) -> pd.Period:
    rows = np.arange(len(known.periods))
    complete = np.ones(len(rows), dtype=bool)
    for slot in model.regressors:
        complete &= ~np.isnan(known.at(slot, rows))
    if not complete.any():
        raise DataError("No period has all the lags the model reads. Give a longer sample.")
    return known.periods[int(np.argmax(complete))]


def _read(model: Compiled, y: Floats) -> npt.NDArray[np.bool_]:
    """Which regressors an equation reads (n, q): those of states, and of observations (n, p) that are there."""
    out = np.zeros((len(y), len(model.regressors)), dtype=np.bool_)
    out[:, model.pattern.b_col] = True
    pointer, columns = model.pattern.d_ptr, model.pattern.d_col
    for k, there in enumerate(~np.isnan(y.T)):
        out[np.ix_(there, columns[pointer[k] : pointer[k + 1]])] = True
    return out


def _require_regressors(
    spec: Spec, model: Compiled, x: Floats, index: pd.PeriodIndex, first: pd.Period
) -> None:
    bad = np.isnan(x)
    if bad.any():
        column = int(np.argmax(bad.any(axis=0)))
        raise DataError(
            f"{spec.name}: {show_slot(model.regressors[column])} is missing in {index[np.argmax(bad[:, column])]}, and "
            f"the sample starts in {first}. Fill the series, or start later."
        )


def _require_whole(
    spec: Spec, model: Compiled, index: pd.PeriodIndex, known: Columns, rows: npt.NDArray[np.int64]
) -> None:
    """Raise `DataError` where a sum is observed over a period that begins before the sample."""
    z = model.blocks["Z"]
    for state, often in model.accumulated.items():
        try:
            before = np.logical_and.accumulate(~begins(index, often))
        except ValueError as error:
            raise SpecificationError(
                f"{spec.name}: {show_slot(model.states[state])} is accumulated at frequency {often!r}, which is "
                f"none below {index.freqstr}. Give one such as 'Q' or 'Y'."
            ) from error
        for i in z.row[z.col == state].tolist():
            name = model.observed[i]
            if (seen := before & np.isfinite(known.at((name, 0), rows))).any():
                raise DataError(
                    f"{spec.name}: {name} has a value in {index[seen][0]}, a sum over a period ({often}) that begins "
                    f"before the sample does, in {index[0]}. Start with a whole period, or leave the value out."
                )


def _scale_positions(spec: Spec, model: Compiled, index: pd.PeriodIndex) -> npt.NDArray[np.int64]:
    out, periods = np.full(len(index), -1, dtype=np.int64), index.asi8
    for name, window in spec.obs_scale.items():
        first, last = (_ordinal(text, index.freqstr) for text in window)
        out[(periods >= first) & (periods <= last)] = model.param_names.index(name)
    return out


@cache
def _ordinal(period: str, frequency: str) -> int:
    return int(pd.Period(period, frequency).ordinal)
