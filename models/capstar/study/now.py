"""What r* says now: by model in its band, the gap in its history, what the relation implies, if it can be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from capstar import leads, markets
from capstar.errors import DataError
from capstar.leads import LeadResults
from capstar.leads.inference.regression import regress
from capstar.leads.records import periods_of
from capstar.provenance import entitled
from capstar.reporting import Result
from capstar.rstar import NaturalRate, PublishedRate
from capstar.rstar.state_path import Which

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.9
HORIZONS = (1, 4)  # quarters: the next one, and the next year
_DUE = {
    "us": 30,
    "euro area": 30,
    "uk": 43,
    "canada": 60,
}  # days from a quarter's end to the first release of its GDP
_STATES = {"rally": "in a rally", "range_bound": "range-bound"}


@dataclass(frozen=True)
class Now(Result):
    """The last quarter.

    Attributes
    ----------
    table : pandas.DataFrame
        By model: its last ``quarter``, ``rstar`` with the band ``lower`` and ``upper`` (90 percent, NaN where the
        method gives none) and what it ``includes``, ``real_rate``, ``gap``, and ``percentile`` of the gap in its own
        history, all in percent.
    implied : pandas.DataFrame
        By horizon in quarters: the return of small minus large that the relation fitted on the gap as known then
        implies, percent: ``estimate`` with the 90 percent interval of the return, ``lower`` and ``upper``, and of its
        expectation, ``expected_lower`` and ``expected_upper``; ``slope``; and in history ``mean``, ``history_lower``
        and ``history_upper`` (5th and 95th percentile), ``nobs``.
    market : pandas.DataFrame
        By state of small caps, ``rally`` and ``range_bound``, as known in the last month: ``state``, ``since``,
        ``confirmed`` and ``month``.
    due
        When the next quarter's first data are due, by the calendar of past releases.
    p
        Of the primary test.
    usable
        Whether the primary test shows the relation.
    specification
        The primary test in words.

    Examples
    --------
    >>> from capstar.study.examples import quick_study
    >>> now = quick_study().now
    >>> print(now.next_data())
    Data of 2009Q4 are due about 2010-01-30.
    >>> print(now.state())
    Small caps in 2017-03: in a rally since 2016-02, confirmed 2016-08; not range-bound since 2017-03.
    >>> now.table[["rstar", "gap"]].astype(float).round(2)
                    rstar   gap
    model
    moving average   0.36 -0.01
    one-sided HP    -0.26  0.62
    >>> print(now.rate().split(" (")[0])
    2009Q3: r* 0.4 percent
    >>> "Fitted, it implies" in now.implication()
    True
    """

    table: pd.DataFrame
    implied: pd.DataFrame
    market: pd.DataFrame
    due: pd.Timestamp
    p: float
    usable: bool
    specification: str

    @property
    def title(self) -> str:
        """The quarter, and whose gap."""
        return f"Now, {self.table['quarter'].iloc[0]}, by {self.table.index[0]}"

    def to_frame(self) -> pd.DataFrame:
        """By model."""
        return self.table

    def frames(self) -> dict[str, pd.DataFrame]:
        """By model, what is implied, and the market."""
        return {
            f"r* in its {LEVEL:.0%} band, and the gap": self.table,
            "Small minus large implied, percent": self.implied,
            "Small caps": self.market,
        }

    def notes(self) -> tuple[str, ...]:
        """r*, what the relation implies and whether it can be used, the market, and the next data."""
        return (self.rate(), self.implication(), self.state(), self.next_data())

    def rate(self) -> str:
        """r*, real rate and gap of the main model, and the range over models."""
        row = self.table.iloc[0]
        others = self.table.loc[self.table["quarter"] == row["quarter"], "rstar"]
        band = "" if np.isnan(row["lower"]) else f" [{row['lower']:.1f}, {row['upper']:.1f}]"
        models = (
            f"; over {len(others)} estimates {others.min():.1f} to {others.max():.1f}"
            if len(others) > 1
            else ""
        )
        return (
            f"{row['quarter']}: r* {row['rstar']:.1f} percent{band} ({self.table.index[0]}; {LEVEL:.0%} band, includes "
            f"{row['includes']}){models}. Real rate {row['real_rate']:.1f}, gap {row['gap']:+.1f}, above "
            f"{row['percentile']:.0f} percent of its history."
        )

    def implication(self) -> str:
        """What the relation implies, and first of all whether it can be used."""
        if self.implied.empty:
            return f"{self._use()} Nothing is implied: too few returns follow the gap."
        said = "; ".join(
            f"over the next {'quarter' if horizon == 1 else f'{horizon} quarters'} {row['estimate']:+.1f} percent "
            f"[{row['lower']:+.1f}, {row['upper']:+.1f}], where the mean of the past is {row['mean']:+.1f}"
            for horizon, row in self.implied.iterrows()
        )
        first = self.implied.iloc[0]
        apart = (
            "no different"
            if first["expected_lower"] <= first["mean"] <= first["expected_upper"]
            else "different"
        )
        return (
            f"{self._use()} Fitted, it implies small minus large {said}; what is expected of the next quarter is "
            f"{apart} from that mean at {1 - LEVEL:.0%}."
        )

    def _use(self) -> str:
        if np.isnan(self.p):
            return f"The primary test ({self.specification}) is not in this study, and the relation cannot be used."
        shown = (
            "is shown by the primary test: what it implies has the interval beside it"
            if self.usable
            else "is not shown and cannot be used"
        )
        return f"That the gap leads small minus large {shown} (p {self.p:.3f}, {self.specification})."

    def state(self) -> str:
        """Whether small caps are in a rally, and range-bound."""
        parts = []
        for name, row in self.market.iterrows():
            confirmed = f", confirmed {row['confirmed']}" if row["confirmed"] else ""
            since = f" since {row['since']}{confirmed}" if row["since"] else ""
            parts.append(f"{'' if row['state'] else 'not '}{_STATES[str(name)]}{since}")
        return f"Small caps in {self.market['month'].iloc[0]}: {'; '.join(parts)}."

    def next_data(self) -> str:
        """When the next data are due."""
        quarter = pd.Period(self.table["quarter"].iloc[0], freq="Q") + 1
        return f"Data of {quarter} are due about {self.due:%Y-%m-%d}."

    def plot(self, ax: Any = None) -> Figure:
        """r* by model in its band."""
        from capstar.plotting.leads import plot_estimates

        drawn = (
            self.table[["rstar", "lower", "upper"]]
            .rename(columns={"rstar": "estimate"})
            .sort_values("estimate")
        )
        drawn = drawn.assign(
            lower=drawn["lower"].fillna(drawn["estimate"]), upper=drawn["upper"].fillna(drawn["estimate"])
        )
        title = f"Natural rate r* in {self.table['quarter'].iloc[0]} ({LEVEL:.0%} bands where there are any)"
        return plot_estimates(drawn, title=title, unit="percent a year", source=self.provenance, ax=ax)


def look_now(
    fits: Mapping[str, NaturalRate],
    known: pd.Series,
    recursive: LeadResults,
    portfolios: pd.DataFrame,
    price: pd.Series,
    *,
    country: str = "us",
) -> Now:
    """The state of the last quarter.

    Parameters
    ----------
    fits
        Estimates by name, the main one first.
    known
        The main model's gap as known then.
    recursive
        What the primary test found on it.
    portfolios
        Percent a month, among them ``small_minus_large``.
    price
        Of small caps by month.
    country
        Of the data, for the day of the next.
    """
    primary = recursive.primary
    row = primary.row(recursive.table, recursive.predictor)
    p = float("nan") if row is None else float(row[f"{primary.test}_p"])
    span = "" if row is None else f"{row['first']}-{row['last']}, "
    named = f"{primary.returns.replace('_', ' ')} over {periods_of(primary.horizon, 'quarter')}"
    said = f"{named}, {span}gap in {known.attrs.get('kind', recursive.information)}"
    table = pd.DataFrame({name: _row(fit) for name, fit in fits.items()}).T
    numbers = ["rstar", "lower", "upper", "real_rate", "gap", "percentile"]
    table[numbers] = table[numbers].astype(float)
    table = table.rename_axis("model")
    last = pd.Period(table["quarter"].iloc[0], freq="Q")
    due = (last + 1).end_time.normalize() + pd.Timedelta(days=_DUE.get(country, 60))
    implied = _implied(known, portfolios[primary.returns], recursive.publication_lag)
    entitled(table, (fit.data_title for fit in fits.values()))
    return Now(table, implied, _market(price), due, p, bool(p < primary.level), said)


def _row(fit: NaturalRate) -> dict[str, object]:
    filtered = not fit.rstar.filtered.isna().all()
    full = "rstar" in fit.standard_errors  # in the last quarter the two-sided estimate is the one-sided
    which: Which = "filtered" if filtered and not full else "smoothed"
    bands = fit.bands(None, None) if isinstance(fit, PublishedRate) else fit.bands(which, LEVEL)
    gap, last = fit.gap("filtered" if filtered else "smoothed"), bands.iloc[-1]
    return {
        "quarter": str(gap.index[-1]), "rstar": last["estimate"], "lower": last["lower"], "upper": last["upper"],
        "includes": bands.attrs["includes"], "real_rate": float(fit.real_rate.loc[gap.index[-1]]), "gap": gap.iloc[-1],
        "percentile": 100 * float((gap <= gap.iloc[-1]).mean()),
    }  # fmt: skip


def _implied(known: pd.Series, returns: pd.Series, lag: int) -> pd.DataFrame:
    rows = {}
    for horizon in HORIZONS:
        try:
            sample = leads.AlignedSample.of(returns, known, horizon, publication_lag=lag)
            rows[horizon] = _interval(sample, horizon, float(known.iloc[-1]))
        except DataError:
            continue
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("horizon")


def _interval(sample: leads.AlignedSample, horizon: int, now: float) -> dict[str, float]:
    """Fitted return at a value of the gap, with Student's interval of the return and of its expectation.

    The slope has Hodrick's standard error, and the mean of overlapping returns ``horizon`` times the variance that it
    would have without overlap.
    """
    fit = regress(sample, horizon)
    y, x = sample.pairs(horizon)
    residual = y - fit.intercept - fit.slope * x
    freedom = len(y) - 2
    noise = float(residual @ residual) / freedom
    of_mean = noise * min(horizon / len(y), 1.0) + (fit.hodrick_se * (now - x.mean())) ** 2
    estimate, t = fit.intercept + fit.slope * now, stdtrit(freedom, 0.5 + LEVEL / 2)
    wide, narrow = t * np.sqrt(noise + of_mean), t * np.sqrt(of_mean)
    low, high = y.quantile([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {
        "estimate": estimate, "lower": estimate - wide, "upper": estimate + wide,
        "expected_lower": estimate - narrow, "expected_upper": estimate + narrow, "slope": fit.slope,
        "mean": float(y.mean()), "history_lower": float(low), "history_upper": float(high), "nobs": len(y),
    }  # fmt: skip


def _market(price: pd.Series) -> pd.DataFrame:
    """Rally and range as known in the last month."""
    month = str(price.index[-1])
    found = markets.rallies(price)
    rally = bool(found.real_time.iloc[-1])
    latest = found.table.iloc[-1] if len(found.table) else None
    since = "" if latest is None else str(latest["start"] if rally else latest["end"])
    confirmed = str(latest["confirmed"]) if rally and latest is not None else ""
    flat = markets.range_bound(price)["range_bound"]
    changed = flat.ne(flat.iloc[-1])
    began = str(changed.index[changed][-1] + 1) if changed.any() else ""
    rows = {
        "rally": {"state": rally, "since": since, "confirmed": confirmed, "month": month},
        "range_bound": {"state": bool(flat.iloc[-1]), "since": began, "confirmed": "", "month": month},
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("market")
