"""The r* gap redrawn from a fitted model: what a bootstrap of an estimated regressor redraws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.errors import CapstarError, SpecificationError
from capstar.kernels.arrays import Floats
from capstar.rstar.series import R
from capstar.statespace.algebra import CONSTANT
from capstar.statespace.diffuse import proper_remainder
from capstar.statespace.innovations import Rule, simulate_from_innovations
from capstar.statespace.problem import Problem

_MOST_LAGS = 4
_GAP, _RSTAR = "gap", "rstar"


class DrawnGap(NamedTuple):
    """The gap of one drawn sample, quarterly.

    Attributes
    ----------
    estimated
        With r* from the whole estimation run on the sample.
    true
        With the one-sided r* of the parameters the sample was drawn from.

    Examples
    --------
    >>> import capstar as cs
    >>> import numpy as np
    >>> source = cs.rstar.gap_source(cs.rstar.HLW2017.fit(cs.data.us_macro()))
    >>> n = len(source.innovations)
    >>> drawn = source.draw(np.random.default_rng(0).integers(n, size=n))
    >>> drawn._fields, len(drawn.estimated)
    (('estimated', 'true'), 195)
    """

    estimated: pd.Series
    true: pd.Series


@dataclass(frozen=True)
class GapSource:
    """Draws samples from a fitted model by resampling its innovations, and estimates the gap in each.

    Observed series follow the innovations form of the model (Stoffer and Wall 1991).  A real rate that the model does
    not explain follows r*: the gap between the two is an autoregression, so that it keeps its mean and spread.  Shocks
    to all, and to whatever is resampled with them, keep their correlation.

    Attributes
    ----------
    innovations : pandas.DataFrame
        Standardised one-step innovations of the observed series, and those of the gap in percentage points where the
        real rate is not one of them, by quarter.
    problem, theta
        The model from the first of these quarters on, and its estimate.
    frame
        The data that a draw replaces.
    rule
        How the real rate follows r*; None where the model explains it.
    estimate
        Runs the whole estimation on a drawn sample and gives its filtered r*; must be picklable.

    Examples
    --------
    >>> import capstar as cs
    >>> import numpy as np
    >>> source = cs.rstar.gap_source(cs.rstar.HLW2017.fit(cs.data.us_macro()))
    >>> n = len(source.innovations)
    >>> drawn = source.draw(np.random.default_rng(0).integers(n, size=n))
    >>> source.innovations.shape  # of output, inflation, and the gap
    (195, 3)
    """

    innovations: pd.DataFrame
    problem: Problem
    theta: Floats
    frame: pd.DataFrame
    rule: Rule | None
    estimate: Callable[[pd.DataFrame], pd.Series]

    def draw(self, rows: npt.NDArray[np.int64]) -> DrawnGap | None:
        """The gap of the sample whose innovations are these rows of ``innovations``.

        Parameters
        ----------
        rows
            As many as there are quarters.

        Returns
        -------
        DrawnGap or None
            None where the model cannot be estimated on the sample.

        Examples
        --------
        >>> import capstar as cs
        >>> import numpy as np
        >>> source = cs.rstar.gap_source(cs.rstar.HLW2017.fit(cs.data.us_macro()))
        >>> n = len(source.innovations)
        >>> drawn = source.draw(np.random.default_rng(0).integers(n, size=n))
        >>> drawn.estimated.shape, bool(drawn.estimated.equals(drawn.true))
        ((195,), False)
        """
        frame, true = self._sample(self.innovations.to_numpy()[rows])
        try:
            estimated = self.estimate(frame)
        except CapstarError:
            return None
        rate = frame[R].loc[self.problem.index]
        return DrawnGap(rate - estimated.loc[self.problem.index], rate - true)

    def _sample(self, shocks: Floats) -> tuple[pd.DataFrame, pd.Series]:
        """Data as the estimation takes them, and the one-sided r* behind them."""
        frame, index, model = self.frame.copy(), self.problem.index, self.problem.model
        p = len(model.observed)
        own = np.zeros(len(index)) if self.rule is None else np.ascontiguousarray(shocks[:, p])
        filtered, y, rate = simulate_from_innovations(
            self.problem, self.theta, np.ascontiguousarray(shocks[:, :p]), self.rule, own
        )
        frame.loc[index, list(model.observed)] = y
        if self.rule is not None:
            frame.loc[index, R] = rate
        values, row = self.problem.values(self.theta), model.reports.index(_RSTAR)
        true = pd.Series(filtered @ model.blocks["R"].dense(values)[row], index)
        for weight, (name, lag) in zip(
            model.blocks["X"].dense(values)[row], model.report_inputs, strict=True
        ):
            true += weight * (1.0 if name == CONSTANT else frame[name].shift(-lag).loc[index])
        return frame, true


def draw_from(
    problem: Problem,
    theta: Floats,
    frame: pd.DataFrame,
    rstar: pd.Series,
    estimate: Callable[[pd.DataFrame], pd.Series],
) -> GapSource:
    """What samples of the gap are drawn from.

    With a diffuse start, the periods that determine it stay as observed.

    Parameters
    ----------
    problem, theta
        A fitted model with a report ``rstar``.
    frame
        Its data, with the real rate ``r``.
    rstar
        Filtered r*, percent a year.
    estimate
        Runs the whole estimation on other data and gives its filtered r*.

    Raises
    ------
    SpecificationError
        Observations are passed over or missing, or r* reads the real rate.
    """
    proper = proper_remainder(problem, theta)
    path, index, model = proper.filter_path(theta), proper.index, proper.model
    if (path.F == 0).any():
        raise SpecificationError(
            f"{problem.spec.name}: samples cannot be drawn where observations are skipped or missing, as "
            f"{index[int(np.argmax((path.F == 0).any(axis=1)))]} is. Estimate on a sample without them."
        )
    innovations = pd.DataFrame(path.v / np.sqrt(path.F), index, list(model.observed))
    if R in model.observed:
        return GapSource(innovations, proper, theta, frame, None, estimate)
    # Before the sample there is no r*: its first value stands for it.
    known = rstar.loc[index]
    before = frame[R].loc[: index[0] - 1].dropna() - known.iloc[0]
    gap = pd.concat([before.iloc[-_MOST_LAGS:], frame[R].loc[index] - known]).to_numpy(dtype=float)
    coefficients, errors = _autoregression(gap, len(index))
    innovations[_GAP] = errors
    rule = Rule(R, _RSTAR, coefficients, gap[: -len(index)])
    return GapSource(innovations, proper, theta, frame, rule, estimate)


def _autoregression(series: Floats, n: int) -> tuple[Floats, Floats]:
    """Least squares with the number of lags that minimises BIC; coefficients, and the last n errors."""
    y, fits = series[-n:], []
    for lags in range(1, len(series) - n + 1):
        columns = [series[len(series) - n - lag : len(series) - lag] for lag in range(1, lags + 1)]
        design = np.column_stack([np.ones(n), *columns])
        coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
        errors = y - design @ coefficients
        fits.append((n * np.log(errors @ errors / n) + (lags + 1) * np.log(n), coefficients, errors))
    _, chosen, rest = min(fits, key=lambda fit: fit[0])
    return np.asarray(chosen, dtype=np.float64), np.asarray(rest, dtype=np.float64)
