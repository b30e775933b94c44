"""r* as estimated on the data of the time, and why it differs from what is estimated now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar import leads, rstar
from capstar.errors import DataError
from capstar.leads.inference.regression import regress
from capstar.leads.records import periods_of
from capstar.leads.verdict import PRIMARY
from capstar.progress import Progress
from capstar.provenance import titled
from capstar.reporting import Result
from capstar.rstar import NaturalRate, NaturalRateModel, RecursiveEstimates
from capstar.study.vintages import LAG, KnownThen

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = ("revised_data", "parameters", "later_information")
_PATHS = {
    "real_time": "real time: data as known then",
    "quasi_real_time": "quasi-real time: revised data, cut",
    "one_sided": "one-sided, parameters of all data",
    "two_sided": "two-sided: all data",
}


@dataclass(frozen=True)
class RealTime(Result):
    """r* estimated at every vintage, and its revision since.

    Attributes
    ----------
    estimates : RecursiveEstimates
        On the vintage of each quarter.
    table : pandas.DataFrame
        r* by quarter, percent a year: ``real_time``; ``quasi_real_time``, on revised data cut at the quarter;
        ``one_sided``, with parameters of all data; ``two_sided``, given all data. The steps between them add up to the
        ``revision`` (Orphanides and van Norden 2002): ``revised_data``, ``parameters`` and ``later_information``, NaN
        where the method has no two-sided estimate.
        Quarters not yet published on the day of their vintage are left out.
    regressions : pandas.DataFrame
        One row a portfolio, horizon and ``information``, on the quarters both gaps have: ``slope``, ``hodrick_se``,
        ``hodrick_p``, ``nobs``, ``first``, ``last``; returns begin two months after the quarter.

    Examples
    --------
    >>> from capstar.study.examples import quick_real_time
    >>> found = quick_real_time()
    >>> found.table[["real_time", "quasi_real_time", "revision"]].round(2).tail(2)
            real_time  quasi_real_time  revision
    date
    2009Q2       0.41             0.41       0.0
    2009Q3       0.36             0.36       0.0
    >>> found.revisions.loc[["revised_data", "revision"]].abs().round(2)
                  mean   sd  largest
    revised_data   0.0  0.0      0.0
    revision       0.0  0.0      0.0
    """

    estimates: RecursiveEstimates
    table: pd.DataFrame
    regressions: pd.DataFrame

    @property
    def title(self) -> str:
        """What was estimated, on what."""
        return self.estimates.title

    def to_frame(self) -> pd.DataFrame:
        """r* and its revision by quarter."""
        return self.table

    @property
    def revisions(self) -> pd.DataFrame:
        """By part of the revision: mean, standard deviation and largest size, percentage points."""
        parts = self.table[[*PARTS, "revision"]]
        return pd.DataFrame({"mean": parts.mean(), "sd": parts.std(), "largest": parts.abs().max()})

    def frames(self) -> dict[str, pd.DataFrame]:
        """Revisions, and the regressions."""
        return {"Revisions of r*, percentage points": self.revisions, "Regressions": self.regressions}

    def notes(self) -> tuple[str, ...]:
        """How large the revisions are and where they come from."""
        sd, noise = self.revisions["sd"], self.table["real_time"].std()
        parts = ", ".join(f"{name.replace('_', ' ')} {sd[name]:.2f}" for name in PARTS)
        words = (
            f"From real time to now r* is revised by {self.revisions.loc['revision', 'mean']:+.2f} points on average, "
            f"with a standard deviation of {sd['revision']:.2f} (that of r* in real time is {noise:.2f}); of its steps "
            f"{parts}."
        )
        return (*self.estimates.notes(), words, *self._lead())

    def _lead(self) -> tuple[str, ...]:
        """The primary specification on vintages, beside revised data."""
        rows = self.regressions
        rows = rows[(rows["returns"] == PRIMARY.returns) & (rows["horizon"] == PRIMARY.horizon)]
        if rows.empty:
            return ()
        said = ", ".join(
            f"{row.slope:+.2f} in {row.information} (Hodrick 1B p {row.hodrick_p:.3f})"
            for row in rows.itertuples()
        )
        over = periods_of(PRIMARY.horizon, "quarter")
        named = f"{PRIMARY.returns.replace('_', ' ').capitalize()} over {over} on the gap"
        return (f"{named}, {rows['first'].iloc[0]}-{rows['last'].iloc[0]}: {said}.",)

    def plot(self, ax: Any = None) -> Figure:
        """r* in real time and as estimated since."""
        from capstar.plotting import plot_lines

        lines = self.table[list(_PATHS)].rename(columns=_PATHS)
        title = f"Natural rate r* at the time and since, {self.estimates.model_name}"
        return plot_lines(lines, title=title, unit="percent a year", source=self.provenance, ax=ax)


def estimate_then(
    model: NaturalRateModel, known: KnownThen, first: pd.Period, *, n_workers: int, progress: Progress | bool
) -> RecursiveEstimates | None:
    """r* on the vintage of each quarter from ``first`` on; None where vintages lack an input or are too few."""
    quarters = known.quarters[known.quarters >= first]
    if not known.serves(model.inputs) or len(quarters) < 8:
        return None
    return rstar.real_time(model, known, quarters[0], quarters[-1], n_workers=n_workers, progress=progress)


def revise(
    then: RecursiveEstimates,
    quasi: RecursiveEstimates,
    fit: NaturalRate,
    portfolios: pd.DataFrame,
    horizons: Sequence[int],
) -> RealTime:
    """What became of real-time estimates.

    Parameters
    ----------
    then, quasi
        On vintages, and on one revised table.
    fit
        On all data.
    portfolios
        Percent a month, a column each.
    horizons
        Quarters.
    """
    table = then.table[then.table["last"] == then.table.index.astype(str)]
    paths = pd.DataFrame(
        {
            "real_time": table["rstar"],
            "quasi_real_time": quasi.table["rstar"],
            "one_sided": fit.rstar.filtered,
            "two_sided": fit.rstar.smoothed,
        }
    ).dropna(subset=["real_time", "quasi_real_time", "one_sided"])
    steps = paths.diff(axis=1).iloc[:, 1:].set_axis(list(PARTS), axis=1)
    whole = paths.join(steps).assign(revision=steps.sum(axis=1))
    both = then.gap.index.intersection(quasi.gap.index)
    gaps: dict[str, pd.Series] = {one.kind: one.gap.loc[both] for one in (then, quasi)}
    return RealTime(
        then, titled(whole.rename_axis("date"), then.table), _regressions(gaps, portfolios, horizons)
    )


def _regressions(
    gaps: dict[str, pd.Series], portfolios: pd.DataFrame, horizons: Sequence[int]
) -> pd.DataFrame:
    rows = []
    for name in portfolios:
        for horizon in horizons:
            for information, gap in gaps.items():
                try:
                    sample = leads.AlignedSample.of(portfolios[name], gap, horizon, publication_lag=LAG)
                    fit = regress(sample, horizon)
                except DataError:  # too few quarters for this horizon
                    continue
                shown = ("slope", "hodrick_se", "hodrick_p", "nobs", "first", "last")
                rows.append(
                    {"returns": name, "horizon": horizon, "information": information}
                    | {key: getattr(fit, key) for key in shown}
                )
    return pd.DataFrame(rows, columns=["returns", "horizon", "information", *shown]).astype(
        {"first": str, "last": str}
    )
