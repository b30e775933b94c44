"""Several estimates side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.frames import Start, since
from capstar.provenance import entitled
from capstar.reporting import Result
from capstar.rstar.natural_rate import NaturalRate
from capstar.rstar.state_path import Which, require_which

if TYPE_CHECKING:
    from matplotlib.figure import Figure

P = TypeVar("P", pd.Series, pd.DataFrame)


@dataclass(frozen=True)
class Comparison(Result):
    """Estimates under different models, options or samples.

    Attributes
    ----------
    table : pandas.DataFrame
        One column an estimate: what its r* is, sample, log-likelihood, ratios and standard deviations of the trend
        shocks, parameters, latest r* and, where asked for, its average standard error; blank what a method does not
        have.
    rstar : pandas.DataFrame
        r*, percent a year, one column an estimate: filtered, and smoothed where a published series has no other.  A
        yearly estimate beside quarterly ones stands in the fourth quarter of its year, of a monthly one the last month
        of each quarter.
    departures
        What departs from the published procedure, by estimate.
    bands
        Of each estimate's r*, as `NaturalRate.bands` gives them.
    yearly
        Names of the yearly estimates beside quarterly ones.
    std_errors : pandas.DataFrame
        Of the parameters and of what is derived from them, one column an estimate: as `NaturalRate.bse` gives them,
        of a posterior distribution its standard deviations; NaN where there are none.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> both = cs.rstar.compare([cs.rstar.HLW2017.fit(us), cs.rstar.MovingAverage().fit(us)])
    >>> both
    <Comparison: Natural rate of interest, 2 estimates>
    >>> both.definitions.to_dict()
    {'HLW 2017': 'medium-run rate', 'moving average': 'long-run trend'}
    >>> both.correlations.round(2).iloc[0, 1].item(), both.disagreement.columns.to_list()
    (-0.16, ['estimates', 'mean', 'sd', 'lowest', 'highest', 'range'])
    >>> list(both.frames())[2:], len(both.notes())
    (['r*, percent a year', 'Correlations of r*', 'Disagreement, percentage points'], 2)
    >>> figure = both.plot(start="1980Q1")
    """

    table: pd.DataFrame
    rstar: pd.DataFrame
    departures: Mapping[str, tuple[str, ...]]
    bands: Mapping[str, pd.DataFrame]
    yearly: tuple[str, ...] = ()
    std_errors: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def definitions(self) -> pd.Series:
        """What each r* is, in short; estimates of different definitions are not estimates of one thing."""
        return self.table.loc["r* is"].rename("definition")

    @property
    def correlations(self) -> pd.DataFrame:
        """Of the levels of r*, each pair on the quarters that both have."""
        return self.rstar.corr()

    @property
    def disagreement(self) -> pd.DataFrame:
        """By quarter that two estimates or more have: number, mean, ``sd``, ``lowest``, ``highest`` and ``range``."""
        known = self.rstar[self.rstar.count(axis=1) >= 2]
        names = {"count": "estimates", "mean": "mean", "std": "sd", "min": "lowest", "max": "highest"}
        out = pd.DataFrame({name: known.agg(how, axis=1) for how, name in names.items()}, known.index)
        return out.assign(range=out["highest"] - out["lowest"])

    def on_dates(self, dates: Sequence[str | pd.Period] | None = None) -> pd.DataFrame:
        """What each r* is, and its value on some quarters; an estimate a row.

        Parameters
        ----------
        dates
            Quarters; by default the first and the last that all estimates have, or any has, and the fourth quarter of
            every fifth year between them.

        Raises
        ------
        SpecificationError
            No estimate has one of the quarters.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> both = cs.rstar.compare([cs.rstar.HLW2017.fit(us), cs.rstar.MovingAverage().fit(us)])
        >>> both.on_dates(["1985Q1", "2005Q1"]).round(1).iloc[:, -2:].to_numpy().tolist()
        [[2.5, 2.2], [2.2, 1.4]]
        """
        if dates is None:
            index = self.rstar.dropna().index if len(self.rstar.dropna()) else self.rstar.index
            chosen = [q for q in index if q in index[[0, -1]] or (q.quarter == 4 and q.year % 5 == 0)]
        else:
            chosen = [pd.Period(date, freq=self.rstar.index.freq) for date in dates]
        if missing := [str(q) for q in chosen if q not in self.rstar.index]:
            raise SpecificationError(
                f"No estimate has {missing[0]}; they cover {self.rstar.index[0]}-{self.rstar.index[-1]}."
            )
        out = self.rstar.loc[chosen].T
        out.columns = pd.Index([str(quarter) for quarter in chosen])
        out.insert(0, "definition", self.definitions)
        return out

    def with_std_errors(self) -> pd.DataFrame:
        """Parameters, each above its standard errors in a row such as ``(se) a_r``, as papers show them.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> both = cs.rstar.compare([cs.rstar.HLW2017.fit(us), cs.rstar.MovingAverage().fit(us)])
        >>> both.with_std_errors().loc[["a_r", "(se) a_r"], "HLW 2017"].round(3).to_list()
        [-0.018, 0.018]
        """
        rows: dict[str, pd.Series] = {}
        for name, errors in self.std_errors.iterrows():
            rows[str(name)] = pd.to_numeric(self.table.loc[name], errors="coerce")
            rows[f"(se) {name}"] = errors
        return pd.DataFrame(rows).T.astype(float)

    @property
    def title(self) -> str:
        """How many estimates there are."""
        return f"Natural rate of interest, {self.table.shape[1]} estimates"

    def frames(self) -> dict[str, pd.DataFrame]:
        """The estimates; and of several, r* on common dates, correlations and disagreement of the last two years."""
        out = {"": self.table}
        if len(self.std_errors):
            out["Parameters, standard errors in the rows (se)"] = self.with_std_errors()
        if self.rstar.shape[1] > 1:
            out |= {"r*, percent a year": self.on_dates(), "Correlations of r*": self.correlations}
            if len(self.disagreement):
                out["Disagreement, percentage points"] = self.disagreement.iloc[-8:]
        return out

    def notes(self) -> tuple[str, ...]:
        """Whether the estimates are of one thing, how far they differ, and what departs from published procedures."""
        said = [f"{name}: {' '.join(words)}" for name, words in self.departures.items() if words]
        if self.definitions.nunique() > 1:
            said.insert(0, "The estimates are not all of one thing: see the row 'r* is'.")
        if self.yearly:
            said.append(f"One value a year, shown in its fourth quarter: {', '.join(self.yearly)}.")
        if len(between := self.disagreement):
            last = between.iloc[-1]
            said.append(
                f"In {between.index[-1]} the {last['estimates']:.0f} estimates lie between {last['lowest']:.2f} and "
                f"{last['highest']:.2f}; over all quarters their range is {between['range'].mean():.2f} on average."
            )
        return tuple(said)

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """All estimates in one panel, and each in a panel of its own with its band, from a quarter on."""
        from capstar.plotting import plot_comparison

        kinds = sorted({"one" if kind == "filtered" else "two" for kind in self.table.loc["shown"]})
        title = f"Natural rate r*, {' or '.join(kinds)}-sided"
        return plot_comparison(
            since(self.rstar, start), self.bands, title=title, source=self.provenance, ax=ax
        )

    def _dated(self) -> pd.Series | pd.DataFrame:
        return self.rstar


@checked
def compare(
    fits: Mapping[str, NaturalRate] | Sequence[NaturalRate], *, which: Which = "filtered"
) -> Comparison:
    """Put estimates side by side, whatever their models.

    Parameters
    ----------
    fits
        Estimates by the name to show, or a list, named after their models.
    which
        r* to show, ``"filtered"`` or ``"smoothed"``; an estimate that has no such r* shows the other, and says so.

    Raises
    ------
    SpecificationError
        There is none, or two in a list have the same name.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> fits = {"HLW": cs.rstar.HLW2017.fit(us)}
    >>> fits["ML"] = cs.rstar.HLW2017.fit(us, signal_to_noise="ML", n_starts=1)
    >>> cs.rstar.compare(fits, which="smoothed").rstar.iloc[-1].round(2).to_dict()
    {'HLW': 0.17, 'ML': 1.97}
    """
    fits = named(fits)
    kinds = {name: _kind(fit, which) for name, fit in fits.items()}
    columns = {name: _column(fit, kinds[name]) for name, fit in fits.items()}
    order = list(dict.fromkeys(key for column in columns.values() for key in column))
    table = pd.DataFrame(
        {name: [column.get(key, "") for key in order] for name, column in columns.items()},
        order,
        dtype=object,
    )
    paths = {name: getattr(fit.rstar, kinds[name]) for name, fit in fits.items()}
    bands = {name: fit.bands(kinds[name]) for name, fit in fits.items()}
    mixed = len({fit.period for fit in fits.values()}) > 1
    yearly = tuple(name for name, fit in fits.items() if mixed and fit.period == "year")
    monthly = tuple(name for name, fit in fits.items() if mixed and fit.period == "month")
    for name in (*yearly, *monthly):
        paths[name], bands[name] = _in_quarters(paths[name]), _in_quarters(bands[name])
    errors = pd.DataFrame({name: pd.concat([fit.derived_bse, fit.bse]) for name, fit in fits.items()})
    errors = errors.dropna(how="all").reindex([key for key in order if key in errors.index])
    departures = {name: fit.departures for name, fit in fits.items()}
    rstar = entitled(pd.DataFrame(paths), (fit.data_title for fit in fits.values()))
    return Comparison(table, rstar, departures, bands, yearly, errors.dropna(how="all"))


def named(fits: Mapping[str, NaturalRate] | Sequence[NaturalRate]) -> dict[str, NaturalRate]:
    """Estimates by name, those of a list after their models.

    Raises
    ------
    SpecificationError
        There is none, or two in a list have the same name.
    """
    if not isinstance(fits, Mapping):
        names = [fit.model_name for fit in fits]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SpecificationError(
                f"Several estimates are of {twice[0]}. Give a dictionary with a name for each."
            )
        fits = dict(zip(names, fits, strict=True))
    if not fits:
        raise SpecificationError("There is nothing to compare. Give at least one estimate.")
    return dict(fits)


def _in_quarters(values: P) -> P:
    """Values on quarters, those of years in the fourth of each, those of a quarter's last month for months."""
    index = pd.PeriodIndex(values.index)
    out = values[index.month % 3 == 0] if index.freqstr == "M" else values.copy()
    out.index = pd.PeriodIndex(out.index).asfreq("Q", "end")
    return out


def _kind(fit: NaturalRate, which: Which) -> Which:
    """The r* asked for, or the other where the estimate has no such r*."""
    other: Which = "smoothed" if require_which(which) == "filtered" else "filtered"
    return other if getattr(fit.rstar, which).isna().all() else which


def _column(fit: NaturalRate, kind: Which) -> dict[str, str | float]:
    likelihood = {} if fit.llf is None else {"log-likelihood": fit.llf, "AIC": fit.aic, "BIC": fit.bic}
    series = getattr(fit.rstar, kind)
    out: dict[str, str | float] = {
        "model": fit.model_name,
        "r* is": fit.definition.partition(":")[0],
        "shown": kind,
        "sample": f"{fit.start}-{fit.end}",
        **likelihood,
    }
    for values in (fit.ratios, fit.derived, fit.all_params):
        out |= {str(name): float(value) for name, value in values.items() if str(name) not in out}
    out["latest r*"] = float(series.iloc[-1])
    if "rstar" in fit.standard_errors:
        out["average se of r*"] = float(fit.standard_errors["rstar"].mean())
    return out
