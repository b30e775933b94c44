"""Forecasts of states and observations when the model reads its own lags."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import Start, since
from capstar.kernels.arrays import Floats, Pointer
from capstar.reporting import Result
from capstar.statespace.algebra import CONSTANT, Slot, show_slot
from capstar.statespace.compiled import Compiled
from capstar.statespace.smoothing import StateEstimates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 40  # periods of history in the figure


def require_level(level: float) -> None:
    """Raise `SpecificationError` unless the level is a probability between 0 and 1."""
    if not 0 < level < 1:
        raise SpecificationError(f"level={level}; give a probability between 0 and 1, such as 0.9.")


@dataclass(frozen=True)
class Forecast(Result):
    """Means and standard deviations by period, at known parameters.

    Attributes
    ----------
    mean, std : pandas.DataFrame
        Columns: the observed series, then the reports.
    history : pandas.DataFrame
        The observed series until the forecast begins.

    Examples
    --------
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> ahead = found.forecast(3)
    >>> ahead.title
    'Forecasts of y, level, 1971-1973, parameters as known'
    >>> ahead.to_frame()[["y", "y_se", "level_se"]].round(1).iloc[-1].to_dict()
    {'y': 798.4, 'y_se': 153.4, 'level_se': 91.9}
    """

    mean: pd.DataFrame
    std: pd.DataFrame
    history: pd.DataFrame

    @property
    def title(self) -> str:
        """Which series, and when."""
        index = self.mean.index
        return f"Forecasts of {', '.join(map(str, self.mean))}, {index[0]}-{index[-1]}, parameters as known"

    def interval(self, level: float = 0.9) -> pd.DataFrame:
        """Normal intervals, parameters as known; columns (series, ``lower`` or ``upper``).

        Parameters
        ----------
        level
            Probability inside, between 0 and 1.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> found.forecast(2).interval(0.9)["y"].round(0).iloc[0].to_dict()
        {'lower': 562.0, 'upper': 1034.0}
        """
        require_level(level)
        half = NormalDist().inv_cdf((1 + level) / 2) * self.std
        both = {"lower": self.mean - half, "upper": self.mean + half}
        return pd.concat(both, axis=1).swaplevel(axis=1)[list(self.mean)]

    def _dated(self) -> pd.DataFrame:
        return self.history

    def to_frame(self) -> pd.DataFrame:
        """Means, and standard deviations with the ending ``_se``, by period."""
        out = pd.concat([self.mean, self.std.add_suffix("_se")], axis=1)
        return out.rename_axis("date")

    def plot(self, ax: Any = None, *, start: Start = None, level: float = 0.9) -> Figure:
        """Each series with its interval, the observed ones after what was observed before.

        Parameters
        ----------
        ax
            Of the caller, for the first series alone.
        start
            First observed period shown; by default the fortieth before the forecast.
        level
            Of the intervals.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> found.forecast(10).plot(start="1940", level=0.5).savefig("forecast.png")
        """
        from capstar.plotting.statespace import plot_bands

        require_level(level)
        title = f"{self.title}, {level:.0%} intervals"
        before = self.history.iloc[-_SHOWN:] if start is None else since(self.history, start)
        labels = ("forecast", "observed")
        return plot_bands(
            self.to_frame(),
            before,
            labels=labels,
            level=level,
            title=title,
            color="grey",
            source=self.provenance,
            ax=ax,
        )


def forecast(
    estimates: StateEstimates, horizon: int, *, history: pd.DataFrame, future: pd.DataFrame
) -> Forecast:
    """Forecast from the last filtered state.

    The state is extended by the lags of the observed series, so that variances carry the
    uncertainty of each forecast into the next.

    Parameters
    ----------
    estimates
        States of the model to the last period.
    horizon
        Number of periods.
    history
        Observed and exogenous series up to the last period.
    future
        Exogenous series of the periods to come, a column each.

    Raises
    ------
    DataError
        An exogenous series is not given for every period.

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> from capstar.statespace.examples import nile_level, nile_problem
    >>> estimates = cs.statespace.estimate_states(*nile_problem())
    >>> _, flow = nile_level()
    >>> ahead = cs.statespace.forecast(estimates, 2, history=flow.to_frame(), future=pd.DataFrame())
    >>> ahead.mean["y"].round(1).to_list()
    [798.4, 798.4]
    """
    problem = estimates.problem
    index = pd.period_range(problem.index[-1] + 1, periods=horizon, freq=problem.index.freqstr)
    _require_future(estimates, future, index)
    series = pd.concat([history.loc[: problem.index[-1]], future.reindex(index)])
    step = _Extended.build(estimates)
    mean, cov = step.start(history)
    means, stds = [], []
    for quarter in index:
        mean, cov = step.advance(mean, cov, series, quarter)
        on, const = step.readout(series, quarter)
        means.append(on @ mean + const)
        stds.append(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", on, cov, on), 0.0)))
    columns = [*problem.model.observed, *problem.model.reports]
    before = history.loc[problem.index[0] : problem.index[-1], list(problem.model.observed)]
    return Forecast(pd.DataFrame(means, index, columns), pd.DataFrame(stds, index, columns), before)


@dataclass(frozen=True)
class _Extended:
    """States stacked on the lags of the observed series, newest first; ``newest``: where the current ones are.

    ``scaled`` is the part of the noise that the scale of measurement errors multiplies.
    """

    transition: Floats
    constant: Floats
    noise: Floats
    scaled: Floats
    through: Floats
    own: tuple[Slot, ...]
    newest: Pointer
    estimates: StateEstimates

    @classmethod
    def build(cls, estimates: StateEstimates) -> _Extended:
        problem, theta = estimates.problem, estimates.theta
        model, values = problem.model, problem.values(theta)
        blocks = {name: model.blocks[name].dense(values) for name in ("Z", "D", "H", "T", "c", "G", "B")}
        # A regressor is read before the period begins, a report after it has ended.
        read = [*model.regressors, *((name, lag - 1) for name, lag in model.report_inputs)]
        depth = {n: max([-k for m, k in read if m == n], default=1) for n in model.observed}
        own = tuple((n, -k) for n in model.observed for k in range(max(depth[n], 1)))
        m, size = len(model.states), len(model.states) + len(own)
        transition, constant = np.zeros((size, size)), np.zeros(size)
        shock = np.zeros((size, blocks["G"].shape[1] + len(model.observed)))
        transition[:m, :m], constant[:m] = blocks["T"], blocks["c"][:, 0]
        for k, (source, lag) in enumerate(model.regressors):
            if source in model.observed and lag < 0:
                transition[:m, m + own.index((source, lag + 1))] += blocks["B"][:, k]
        shock[:m, : blocks["G"].shape[1]] = blocks["G"]
        newest = np.array([m + own.index((name, 0)) for name in model.observed])
        for i, row in enumerate(newest):
            transition[row] = blocks["Z"][i] @ transition[:m]
            constant[row] = blocks["Z"][i] @ blocks["c"][:, 0]
            shock[row, : blocks["G"].shape[1]] = blocks["Z"][i] @ blocks["G"]
            shock[row, blocks["G"].shape[1] + i] = np.sqrt(blocks["H"][i, 0])
            for k, (source, lag) in enumerate(model.regressors):
                if source in model.observed and lag < 0:
                    transition[row, m + own.index((source, lag + 1))] += blocks["D"][i, k]
        through = _through_the_period(model, blocks["D"])
        for each in (transition, constant, shock):
            each[newest] = through @ each[newest]
        for source, lag in own:
            if lag < 0:
                transition[m + own.index((source, lag)), m + own.index((source, lag + 1))] = 1.0
        follows = np.array(
            [*(name in model.scaled_shocks for name in model.state_shocks), *(True for _ in newest)]
        )
        scaled = shock[:, follows] @ shock[:, follows].T
        return cls(transition, constant, shock @ shock.T, scaled, through, own, newest, estimates)

    def start(self, history: pd.DataFrame) -> tuple[Floats, Floats]:
        """Moments in the last period: from the latest one with every lag that is read, filtered on."""
        estimates, newest = self.estimates, self.newest
        problem, m = estimates.problem, estimates.filtered.shape[1]
        at = self._latest_complete(history)
        # A series that no equation reads the lags of may be missing; its value is then not used either.
        known = [float(np.nan_to_num(history[n].get(problem.index[at] + k, np.nan))) for n, k in self.own]
        mean = np.concatenate([estimates.filtered[at], known])
        cov = np.zeros((mean.size, mean.size))
        cov[:m, :m] = estimates.filtered_cov[at]
        scale = problem.scale(estimates.theta)
        for t in range(at + 1, problem.nobs):
            mean, cov = self.advance(mean, cov, history, problem.index[t])
            cov += (scale[t] ** 2 - 1.0) * self.scaled
            seen = np.isfinite(problem.y[t])
            rows = newest[seen]
            gain = np.linalg.solve(cov[np.ix_(rows, rows)], cov[rows]).T
            mean, cov = mean + gain @ (problem.y[t, seen] - mean[rows]), cov - gain @ cov[rows]
        return mean, cov

    def _latest_complete(self, history: pd.DataFrame) -> int:
        """Position of the latest period in which the lags of observed series that are read are all there."""
        problem = self.estimates.problem
        read = {name for name, _ in problem.model.reads}
        needed = [slot for slot in self.own if slot[0] in read]
        for at in range(problem.nobs - 1, -1, -1):
            if all(pd.notna(history[name].get(problem.index[at] + lag)) for name, lag in needed):
                return at
        names = sorted({name for name, _ in needed})
        raise DataError(
            f"{problem.spec.name}: forecasts read lags of {names}, and in no period are all of them there. Fill the "
            "missing values."
        )

    def advance(
        self, mean: Floats, cov: Floats, series: pd.DataFrame, quarter: pd.Period
    ) -> tuple[Floats, Floats]:
        model = self.estimates.problem.model
        values, x = self.estimates.problem.values(self.estimates.theta), np.zeros(len(model.regressors))
        Z, D, B = (model.blocks[name].dense(values) for name in ("Z", "D", "B"))
        for k, (source, lag) in enumerate(model.regressors):
            if source not in model.observed:
                x[k] = 1.0 if source == CONSTANT else float(series[source][quarter + lag])
        step = self.transition.copy()
        for state, often in model.accumulated.items():
            if quarter.asfreq(often).asfreq(quarter.freqstr, how="start") == quarter:
                step[:, state] = 0.0
        out = step @ mean + self.constant
        out[: len(B)] += B @ x
        out[self.newest] += self.through @ (D @ x + Z @ (B @ x))
        return out, step @ cov @ step.T + self.noise

    def readout(self, series: pd.DataFrame, quarter: pd.Period) -> tuple[Floats, Floats]:
        """Rows that read the observed series and the reports off the extended state."""
        problem = self.estimates.problem
        model, values = problem.model, problem.values(self.estimates.theta)
        m, p = len(model.states), len(model.observed)
        rows, const = np.zeros((p + len(model.reports), m + len(self.own))), np.zeros(p + len(model.reports))
        rows[np.arange(p), self.newest] = 1.0
        rows[p:, :m] = model.blocks["R"].dense(values)
        on_data = model.blocks["X"].dense(values)
        for k, (source, lag) in enumerate(model.report_inputs):
            if source in model.observed:
                rows[p:, m + self.own.index((source, lag))] += on_data[:, k]
            else:
                const[p:] += on_data[:, k] * float(series[source][quarter + lag])
        return rows, const


def require_count(name: str, value: int) -> None:
    """Raise `SpecificationError` unless the value is a number of periods."""
    if not isinstance(value, int | np.integer) or value < 1:
        raise SpecificationError(f"{name}={value!r}; give a number of periods, at least 1.")


def _through_the_period(model: Compiled, design: Floats) -> Floats:
    """What a unit in each equation adds to each observation of the same period, shape (p, p).

    Not the identity where an equation reads an observed series of its own period.
    """
    within = np.zeros((len(model.observed),) * 2)
    for k, (source, lag) in enumerate(model.regressors):
        if lag == 0 and source in model.observed:
            within[:, model.observed.index(source)] += design[:, k]
    return np.asarray(np.linalg.inv(np.eye(len(within)) - within), dtype=np.float64)


def _require_future(estimates: StateEstimates, future: pd.DataFrame, index: pd.PeriodIndex) -> None:
    model = estimates.problem.model
    for source, lag in model.reads:
        if source in model.observed or source == CONSTANT:
            continue
        needed = index[: len(index) + lag] if lag < 0 else index
        given = future[source].dropna().index if source in future else []
        if absent := [str(q) for q in needed if q not in given]:
            raise DataError(
                f"{estimates.problem.spec.name}: the forecast reads {show_slot((source, lag))}, and {source} is "
                f"not given for {absent[0]}. Pass its path for {index[0]}-{index[-1]}."
            )
