"""Local projections: what follows a shock, horizon by horizon, and in which state of the market."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from capstar.arguments import checked, half_width
from capstar.errors import DataError, SpecificationError
from capstar.frames import described
from capstar.leads.alignment import aligned, cumulate_after, overlap_lags
from capstar.leads.checks import as_state, require_level
from capstar.leads.numerics import residuals, with_constant
from capstar.leads.records import SlopeTable, periods_of
from capstar.provenance import titled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Bands = Literal["lag-augmented", "hac"]
_HOW = {"lag-augmented": "one lag more, heteroskedasticity-robust", "hac": "Newey-West"}


@dataclass(frozen=True)
class LocalProjections(SlopeTable):
    """Responses to a shock.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a ``response``, ``shock``, ``state`` (``"all"``, or ``"true"`` and ``"false"``) and ``horizon``:
        ``estimate`` per unit of the shock, ``se``, ``t``, ``p`` (two-sided normal), ``lower``, ``upper``, ``nobs``,
        ``first`` and ``last`` date of the shock.
    lags
        Order of the dynamics controlled for, without the lag that augmentation adds.
    bands
        ``"lag-augmented"`` or ``"hac"``.
    level
        Coverage of the bands.
    state
        What the market, or the economy, is in where ``state`` is ``"true"``; empty without states.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.local_projections(returns[["excess"]], gap, horizons=(1, 4))
    >>> found.table.set_index("horizon")[["estimate", "se", "p"]].round(2)
             estimate    se     p
    horizon
    1            0.55  0.76  0.47
    4            1.13  2.13  0.60
    >>> figure = found.plot(horizon=4)
    """

    _keys, _columns = ("response", "shock", "state", "horizon"), ("estimate", "se")
    table: pd.DataFrame
    lags: int
    bands: str
    level: float
    state: str = ""

    @property
    def title(self) -> str:
        """Lags and standard errors."""
        return f"Local projections with {self.lags} lags, standard errors {self.bands} ({_HOW[self.bands]})"

    def frames(self) -> dict[str, pd.DataFrame]:
        """The table without the ends of the bands."""
        return {"": self.table.drop(columns=["lower", "upper"])}

    def plot(self, ax: Any = None, *, horizon: int | None = None, level: float | None = None) -> Figure:
        """Responses by horizon, a panel each; or, of one horizon, all side by side.

        Parameters
        ----------
        ax
            Axes to draw the first response in; by default a figure of its own.
        horizon
            The one to show.
        level
            Coverage of the bands; by default that of the table.
        """
        from capstar.plotting.leads import plot_responses, plot_responses_at

        level = self.level if level is None else level
        half = half_width(level) * self.table["se"]
        estimate, quarterly = self.table["estimate"], "Q" in str(self.table["first"].iloc[0])
        table = self.table.assign(lower=estimate - half, upper=estimate + half)
        bands, period = f"{level:.0%} {self.bands} bands", "quarter" if quarterly else "period"
        returns = int(table["horizon"].min()) > 0  # impulse responses begin at once
        unit = "percent per point of" if returns else "per unit of"
        what = "Log return after a shock" if returns else "Response to a shock"
        own: dict[str, Any] = {"state": self.state, "unit": unit, "source": self.provenance, "ax": ax}
        if horizon is None:
            return plot_responses(table, title=f"{what}, {bands}", along=f"horizon, {period}s", **own)
        table = table[table["horizon"] == horizon]
        if table.empty:
            raise SpecificationError(
                f"horizon={horizon} was not estimated. Give one of the table's horizons."
            )
        return plot_responses_at(table, title=f"{what} over {periods_of(horizon, period)}, {bands}", **own)


@checked
def local_projections(
    returns: pd.Series | pd.DataFrame,
    gap: pd.Series,
    *,
    horizons: Iterable[int] = range(1, 13),
    lags: int = 4,
    controls: pd.DataFrame | None = None,
    state: pd.Series | None = None,
    bands: Bands = "lag-augmented",
    publication_lag: int = 1,
    level: float = 0.9,
) -> LocalProjections:
    r"""Cumulative returns after a shock to the gap.

    For each horizon h the log return over the h periods that begin once the gap is published is regressed on
    the gap, its lags, lags of the one-period return and the controls; the slope is the response to a unit
    innovation of the gap. Everything on the right is known when the return begins.

    Parameters
    ----------
    returns
        Simple returns, percent, on a monthly PeriodIndex (or the gap's own): one column a portfolio.
    gap
        On a quarterly or monthly PeriodIndex; a value must use no later data.
    horizons
        Periods of the gap.
    lags
        Of gap and returns.
    controls
        Known at the same dates.
    state
        True or false, of the gap's frequency or monthly. The state at the end of the period *before* the shock
        decides; every coefficient differs between states.
    bands
        ``"lag-augmented"``: one lag more and heteroskedasticity-robust errors (HC1), which suffices because the
        innovation is uncorrelated over time, however persistent the gap; ``"hac"``: Newey and West.
    publication_lag
        Months, as in `capstar.leads.cumulate_after`; rounded up to whole periods of the returns.
    level
        Coverage of the bands.

    Raises
    ------
    DataError
        Series that cannot be aligned, have gaps, or are too short; a state that hardly occurs.
    SpecificationError
        An invalid horizon, number of lags or kind of bands.

    References
    ----------
    Jorda (2005), *American Economic Review* 95(1), equation 2; Montiel Olea and Plagborg-Moller (2021), "Local
    projection inference is simpler and more robust than you think", *Econometrica* 89(4), section 2 and
    proposition 1; Ramey and Zubairy (2018), *Journal of Political Economy* 126(2), equation 2, for states.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.local_projections(returns["excess"], gap, horizons=(4,), bands="hac")
    >>> found.table[["estimate", "lower", "upper", "nobs"]].round(2)
       estimate  lower  upper  nobs
    0      1.12  -2.82   5.06   156
    """
    chosen = sorted(set(horizons))
    _check(chosen, lags, bands, lowest=1)
    portfolios = returns.to_frame() if isinstance(returns, pd.Series) else returns
    past = range(1, lags + 1 + (bands == "lag-augmented"))
    extra = [] if controls is None else [controls]
    if state is not None:
        extra.append(_state_before(state, gap.index))
    rows: list[dict[str, object]] = []
    for name in portfolios:
        follow = partial(cumulate_after, portfolios[name], gap.index, publication_lag=publication_lag)
        targets = {h: follow(horizon=h) for h in {1, *chosen}}
        lagged = [one.shift(k).rename(f"{one.name}(-{k})") for one in (gap, targets[1]) for k in past]
        design = pd.concat([gap, *lagged, *extra], axis=1)
        for h in chosen:
            found = _cumulative(targets[h], design, h, bands, by_state=state is not None)
            rows += [{"response": name, "shock": gap.name, "horizon": h, **row} for row in found]
    said = "" if state is None else str(state.name or "")
    return _results(rows, lags, bands, level, portfolios, gap, state=said)


@checked
def impulse_responses(
    data: pd.DataFrame,
    *,
    horizons: int = 12,
    lags: int = 4,
    bands: Bands = "hac",
    recursive: bool = True,
    level: float = 0.95,
) -> LocalProjections:
    r"""Responses of every variable to a unit shock in every variable.

    :math:`y_{t+h} = a_h + B_h y_t + \sum_{k=1}^{p-1} C_{hk} y_{t-k} + e_{t+h}`; the response to shock j is
    :math:`B_h d_j`, with :math:`d_j` the impact of a recursive shock in the order of the columns, from a vector
    autoregression of order p. The bands take it as known.

    Parameters
    ----------
    data
        One column a variable, on a PeriodIndex, without gaps.
    horizons
        Longest; horizon 0 is the impact itself.
    lags
        p.
    bands
        ``"hac"``: Newey-West with h autocovariances; ``"lag-augmented"``: lag p too, and HC1.
    recursive
        If false, :math:`d_j` is the j-th unit vector: the slopes :math:`B_h` themselves.
    level
        Coverage of the bands.

    Raises
    ------
    DataError, SpecificationError
        As `local_projections`.

    References
    ----------
    Jorda (2005), *American Economic Review* 95(1), equations 2 to 8.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()[["inflation", "interest_rate"]]
    >>> found = cs.leads.impulse_responses(us, horizons=4)
    >>> rows = found.table.query("shock == 'inflation' and response == 'interest_rate'")
    >>> rows.set_index("horizon")["estimate"].round(2)
    horizon
    0    0.14
    1    0.13
    2    0.14
    3    0.22
    4    0.18
    Name: estimate, dtype: float64
    """
    _check([horizons], lags, bands, lowest=0)
    names = list(data)
    past = {k: data.shift(k).add_suffix(f"(-{k})") for k in range(1, lags + 1)}
    impact = _impact(data, pd.concat(past.values(), axis=1)) if recursive else np.eye(len(names))
    shocks = pd.DataFrame(data.to_numpy(float) @ np.linalg.inv(impact).T, data.index, names)
    kept = lags if bands == "lag-augmented" else lags - 1
    design = pd.concat([shocks, *(past[k] for k in range(1, kept + 1))], axis=1)
    rows: list[dict[str, object]] = [
        {"response": r, "shock": s, "horizon": 0, "state": "all", "estimate": impact[i, j], "se": 0.0,
         "nobs": len(data) - lags, "first": str(data.index[lags]), "last": str(data.index[-1])}
        for j, s in enumerate(names) for i, r in enumerate(names)
    ]  # fmt: skip
    for h in range(1, horizons + 1):
        for name in names:
            y, x = aligned(data[name].shift(-h).rename(f"{name}(+{h})"), design, fewest=design.shape[1] + 10)
            found = _regressed(y, x[names], x.drop(columns=names), h, bands)
            rows += [{"response": name, "shock": s, "horizon": h, **row, "state": "all"} for s, row in found]
    return _results(rows, lags, bands, level, data)


def _check(horizons: list[int], lags: int, bands: str, *, lowest: int) -> None:
    if not horizons or horizons[0] < lowest or lags < 1 or bands not in _HOW:
        raise SpecificationError(
            f"horizons={horizons}, lags={lags}, bands={bands!r}: give horizons of at least {lowest}, at least one lag, "
            f"and bands among {list(_HOW)}."
        )


def _state_before(state: pd.Series, dates: pd.PeriodIndex) -> pd.Series:
    """State at the end of the period before each date."""
    if not isinstance(state.index, pd.PeriodIndex):
        raise DataError(f"{state.name}: expected a PeriodIndex, got {described(state.index)}. Set one.")
    last = (dates - 1).asfreq(state.index.freqstr, how="end")
    found = pd.Series(as_state(state).reindex(last).to_numpy(), dates, name="state")
    if found.nunique() < 2:
        raise DataError(f"{state.name} never changes in {dates[0]}-{dates[-1]}. Give another state.")
    return found


def _cumulative(
    target: pd.Series, design: pd.DataFrame, horizon: int, bands: str, *, by_state: bool
) -> list[dict[str, object]]:
    """Slopes on the first column of the design, in all states or in each."""
    y, x = aligned(target, design, fewest=design.shape[1] * (1 + by_state) + 10)
    lags = overlap_lags(len(y), horizon)
    if not by_state:
        found = _regressed(y, x.iloc[:, :1], x.iloc[:, 1:], lags, bands)
        return [{"state": "all", **row} for _, row in found]
    inside, others = x["state"], x.iloc[:, 1:].drop(columns="state")
    rarer = int(min(inside.sum(), (1 - inside).sum()))
    if rarer < others.shape[1] + 10:
        raise DataError(
            f"Over horizon {horizon} one state holds in {rarer} of {len(y)} dates; at least {others.shape[1] + 10} are "
            "needed in each. Give fewer lags, or a more frequent state."
        )
    both = {"true": inside, "false": 1 - inside}
    shocks = pd.DataFrame({label: x.iloc[:, 0] * holds for label, holds in both.items()})
    controls = pd.concat([inside, *(others.mul(holds, axis=0) for holds in both.values())], axis=1)
    return [{"state": label, **row} for label, row in _regressed(y, shocks, controls, lags, bands)]


def _regressed(
    y: pd.Series, shocks: pd.DataFrame, controls: pd.DataFrame, lags: int, bands: str
) -> list[tuple[str, dict[str, object]]]:
    """Slope and standard error on every shock."""
    augmented = bands == "lag-augmented"
    slope, se = _least_squares(y.to_numpy(), shocks.to_numpy(), controls.to_numpy(), 0 if augmented else lags)
    if augmented:
        se = se * np.sqrt(len(y) / (len(y) - shocks.shape[1] - controls.shape[1] - 1))
    sample = {"nobs": len(y), "first": str(y.index[0]), "last": str(y.index[-1])}
    return [
        (str(name), {"estimate": slope[j], "se": se[j], **sample}) for j, name in enumerate(shocks.columns)
    ]


def _least_squares(y: Floats, shocks: Floats, controls: Floats, lags: int) -> tuple[Floats, Floats]:
    """Slopes on the shocks and Newey-West errors: statsmodels' local projections, of 0.15 and later, or its OLS."""
    import statsmodels.tsa.api as tsa
    from statsmodels.regression.linear_model import OLS

    n, s = shocks.shape
    if hasattr(tsa, "LocalProjections"):
        exog = controls if controls.shape[1] else None
        model = tsa.LocalProjections(
            np.column_stack([y, shocks]), range(1, s + 1), lags=0, horizons=0, exog=exog, nw_lags=lags
        )
        fit = model.fit()
        return fit.irfs[0, 0], fit.stderr[0, 0]
    design = np.column_stack([shocks, controls, np.ones(n)])
    options = {"maxlags": lags, "use_correction": False}
    ols = OLS(y, design).fit(cov_type="HAC", cov_kwds=options)
    return ols.params[:s], ols.bse[:s]


def _impact(data: pd.DataFrame, past: pd.DataFrame) -> Floats:
    """Effect of recursive unit shocks (columns) within the period: unit lower triangular."""
    _, x = aligned(data.iloc[:, 0], past, fewest=past.shape[1] + 10)
    errors = residuals(data.loc[x.index].to_numpy(float), with_constant(x))
    factor = np.linalg.cholesky(errors.T @ errors / len(x))
    return np.asarray(factor / np.diag(factor))


def _results(
    rows: list[dict[str, object]], lags: int, bands: str, level: float, *data: pd.Series | pd.DataFrame,
    state: str = "",
) -> LocalProjections:  # fmt: skip
    require_level("level", level)
    keys = ["response", "shock", "state", "horizon"]
    table = pd.DataFrame(rows)
    ranks = table[keys].apply(lambda column: column if column.name == "horizon" else column.factorize()[0])
    table = table.loc[ranks.sort_values(["shock", "response", "state", "horizon"]).index].reset_index(
        drop=True
    )
    width = float(ndtri(0.5 + level / 2)) * table["se"]
    table["t"] = table["estimate"] / table["se"].where(table["se"] > 0)
    table["p"] = 2 * ndtr(-table["t"].abs())
    table["lower"], table["upper"] = table["estimate"] - width, table["estimate"] + width
    order = [*keys, "estimate", "se", "t", "p", "lower", "upper", "nobs", "first", "last"]
    return LocalProjections(titled(table[order], *data), lags, bands, level, state)
