"""Whose r*: how far the answer depends on the model, all models times portfolios times horizons as one family."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from capstar import leads, rstar
from capstar.errors import CapstarError, DataError
from capstar.leads.inference.regression import regress
from capstar.leads.numerics import bootstrap_p
from capstar.leads.records import periods_of
from capstar.leads.verdict import PRIMARY, PrimarySpecification
from capstar.progress import Progress
from capstar.provenance import entitled
from capstar.reporting import Result
from capstar.rstar import AveragedRate, NaturalRate
from capstar.rstar.state_path import Which

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.9
Key: TypeAlias = tuple[str, str]  # portfolio, gap
_FEWEST = 60  # quarters of a series that stands beside the others
_AVERAGES = {"average, equal weights": "equal", "average, predictive likelihood": "predictive likelihood"}
_EXPLORATORY = (
    "Exploratory: gaps of models have parameters of the whole sample, but for the one named after what it has seen, "
    "and portfolios and horizons are many; the primary test is of that one alone."
)
_SHOWN = {
    "slope": "slope", "lower": "lower", "upper": "upper", "t": "IVX t", "p": "IVX-RWB p", "p_adjusted": "p adj",
    "p_family": "p family", "first": "first", "last": "last",
}  # fmt: skip


@dataclass(frozen=True)
class WhoseRate(Result):
    """The lead by whose natural rate it is asked of.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a model, portfolio and horizon: ``slope`` (percent of return per point of the gap), ``lower`` and
        ``upper`` (90 percent, Hodrick's standard error 1B), the IVX ``t`` and its ``p`` by the residual wild bootstrap,
        ``p_adjusted`` (Benjamini-Hochberg over all rows), ``p_family`` (largest t of all rows, jointly bootstrapped),
        ``nobs``, ``first``, ``last``.
    models : pandas.DataFrame
        By model: ``kind`` (``"model"``, ``"published"``, ``"average"`` or ``"known then"``), ``definition`` of its r*,
        ``information`` of its gap, ``rstar`` and ``gap`` of its last quarter, ``correlation`` of the gap with the first
        model's, ``identified``, and last ``weight`` by predictive likelihood.
    gaps : pandas.DataFrame
        By quarter, percentage points, a column a row of ``models``.
    shared
        Share of the variance of the models' standardised gaps that their first principal component has.
    p_models
        That the gap of no model leads in the primary specification: largest t over models.
    p_family
        The same of all rows.
    n_replications
        Of the joint bootstrap.
    left_out
        Why a model is not there, by its name.
    primary
        The specification compared.

    Examples
    --------
    >>> from capstar.study.examples import quick_study
    >>> whose = quick_study().whose
    >>> print(whose.horizon, round(whose.shared, 2), round(whose.p_models, 1))
    1 0.88 0.2
    >>> whose.compared[["slope", "p", "p_family"]].round(1).head(2)
                    slope    p  p_family
    model
    moving average   -0.4  0.2       0.6
    one-sided HP     -0.2  0.6       1.0
    >>> print(whose.answer().split(":")[0])
    Small minus large over 1 quarter on the gap
    >>> "principal component" in whose.sharing()
    True
    >>> print(whose.spread()[:40])
    Between models the standard deviation of
    """

    table: pd.DataFrame
    models: pd.DataFrame
    gaps: pd.DataFrame
    shared: float
    p_models: float
    p_family: float
    n_replications: int
    left_out: Mapping[str, str]
    primary: PrimarySpecification = PRIMARY

    @property
    def title(self) -> str:
        """How many there are of what."""
        counts = self.models["kind"].value_counts()
        several = ", ".join(
            f"{counts[kind]} {kind}" for kind in ("model", "published", "average") if kind in counts
        )
        return f"Whose r*: the lead by {len(self.models)} gaps ({several}); {len(self.table)} regressions"

    @property
    def horizon(self) -> int:
        """Of the primary specification, or the shortest where that is not among them."""
        found = self.table["horizon"]
        return self.primary.horizon if self.primary.horizon in set(found) else int(found.min())

    @property
    def compared(self) -> pd.DataFrame:
        """The primary specification by model."""
        found = self.table[self.table["returns"] == self.primary.returns]
        return found[found["horizon"] == self.horizon].set_index("model")

    def to_frame(self) -> pd.DataFrame:
        """Every regression."""
        return self.table

    def frames(self) -> dict[str, pd.DataFrame]:
        """The primary specification by model, and the models."""
        named = f"{_words(self.primary.returns)} over {periods_of(self.horizon, 'quarter')}"
        return {named: self.compared[list(_SHOWN)].rename(columns=_SHOWN), "The gaps": self.models}

    def notes(self) -> tuple[str, ...]:
        """How far the answer depends on the choice, what the gaps share, and what is left out; all exploratory."""
        absent = "; ".join(f"{name} {why}" for name, why in self.left_out.items())
        future = self.models.index[self.models["information"] == "smoothed"]
        return (
            self.answer(),
            self.spread(),
            self.sharing(),
            _EXPLORATORY,
            *([f"Has seen the future and cannot show a lead: {', '.join(future)}."] if len(future) else []),
            *([f"Left out: {absent}."] if absent else []),
        )

    def answer(self) -> str:
        """Slopes and p over the models."""
        rows = self._of_models(self.compared)
        alone, least = int((rows["p"] < self.primary.level).sum()), rows["p"].idxmin()
        return (
            f"{_words(self.primary.returns).capitalize()} over {periods_of(self.horizon, 'quarter')} on the gap: "
            f"slopes {rows['slope'].min():+.2f} to {rows['slope'].max():+.2f} over {len(rows)} models, below "
            f"{self.primary.level:.0%} alone in {alone} (smallest p {rows['p'].min():.3f}, {least}; IVX, residual wild "
            f"bootstrap). That no model's gap leads: p {self.p_models:.3f}; over all {len(self.table)} regressions of "
            f"models, portfolios and horizons {self.p_family:.3f}."
        )

    def spread(self) -> str:
        """How far slopes lie apart, beside how well each is known."""
        rows = self._of_models(self.compared)
        width = (rows["upper"] - rows["lower"]) / (2 * NormalDist().inv_cdf(0.5 + LEVEL / 2))
        return (
            f"Between models the standard deviation of the slope is {rows['slope'].std(ddof=0):.2f}, "
            f"{rows['slope'].std(ddof=0) / width.mean():.1f} of its standard error in one."
        )

    def sharing(self) -> str:
        """What the gaps have in common."""
        rest = self._of_models(self.models)["correlation"].iloc[1:]
        if rest.empty:
            return ""
        return (
            f"The gaps' first principal component has {self.shared:.0%} of their variance; with that of "
            f"{self.models.index[0]} they correlate {rest.min():.2f} ({rest.idxmin()}) to {rest.max():.2f} "
            f"({rest.idxmax()})."
        )

    def _of_models(self, frame: pd.DataFrame) -> pd.DataFrame:
        kinds = self.models["kind"]
        return frame.loc[[name for name in frame.index if kinds[name] in ("model", "published")]]

    def plot(self, ax: Any = None) -> Figure:
        """Slopes of the primary specification by model in their intervals."""
        from capstar.plotting.leads import plot_estimates

        drawn = self.compared[["slope", "lower", "upper"]].rename(columns={"slope": "estimate"})
        named = f"{_words(self.primary.returns)} over {periods_of(self.horizon, 'quarter')} on the r* gap"
        title = f"{named.capitalize()}, by model ({LEVEL:.0%} intervals, Hodrick 1B)"
        return plot_estimates(
            drawn, title=title, unit="percent per percentage point", source=self.provenance, ax=ax
        )


def compare_models(
    fits: Mapping[str, NaturalRate],
    known: pd.Series,
    portfolios: pd.DataFrame,
    horizons: Sequence[int],
    *,
    left_out: Mapping[str, str],
    n_replications: int = 999,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> WhoseRate:
    """Ask of every model's gap whether it leads, all as one family.

    Parameters
    ----------
    fits
        Estimates and published series by name, the main one first.
    known
        The main model's gap as known then; ``attrs["kind"]`` says how.
    portfolios
        Percent a month, a column each.
    horizons
        Quarters.
    left_out
        Why a model is not there, by its name.
    n_replications, n_workers, progress
        Of the joint bootstrap.

    Raises
    ------
    DataError
        The main gap and the returns do not overlap.
    """
    absent = dict(left_out)
    gaps = _gaps(fits, absent)
    averaged = _averages({name: fits[name] for name in gaps if name in fits}, absent)
    gaps |= {name: one.gap("filtered") for name, one in averaged.items()}
    then = f"{next(iter(fits))}, {known.attrs.get('kind', 'as known then')}"
    samples = dict(_samples(portfolios, gaps | {then: known}, horizons, absent))
    members: dict[Hashable, tuple[pd.Series, pd.Series]] = {
        key: one.in_period() for key, one in samples.items()
    }
    family = leads.ivx_family(
        members, horizons, n_replications=n_replications, n_workers=n_workers, progress=progress
    )
    table = _table(samples, family, horizons)
    frame = pd.DataFrame(
        {name: gap for name, gap in (gaps | {then: known}).items() if name in set(table["model"])}
    )
    models = _models(fits, averaged, frame, then)
    own = [name for name in frame if models.loc[name, "kind"] in ("model", "published")]
    horizon = PRIMARY.horizon if PRIMARY.horizon in horizons else min(horizons)
    primary = (table["returns"] == PRIMARY.returns) & (table["horizon"] == horizon)
    p_models = _largest(family, primary & table["model"].isin(own))
    entitled(table, (fit.data_title for fit in fits.values()))
    return WhoseRate(
        table, models, frame, _shared(frame[own]), p_models, family.p, len(family.draws), absent
    )  # fmt: skip


def _words(portfolio: str) -> str:
    return portfolio.replace("_", " ")


def _which(fit: NaturalRate) -> Which:
    return "smoothed" if fit.rstar.filtered.isna().all() else "filtered"


def _gaps(fits: Mapping[str, NaturalRate], absent: dict[str, str]) -> dict[str, pd.Series]:
    """Gaps on the quarters that all estimates of some length share; a shorter series is left out."""
    found: dict[str, pd.Series] = {}
    for name, fit in fits.items():
        gap = fit.gap(_which(fit))
        if len(gap) < _FEWEST and found:
            absent[name] = f"has a gap of {len(gap)} quarters, of at least {_FEWEST} needed"
            continue
        found[name] = gap
    first, last = max(one.index[0] for one in found.values()), min(one.index[-1] for one in found.values())
    return {name: gap.loc[first:last] for name, gap in found.items()}


def _averages(fits: Mapping[str, NaturalRate], absent: dict[str, str]) -> dict[str, AveragedRate]:
    """With equal weights, and by predictive likelihood as known then; of what is known at the time alone."""
    known = {name: fit for name, fit in fits.items() if _which(fit) == "filtered"}
    out: dict[str, AveragedRate] = {}
    for name, weights in _AVERAGES.items() if len(known) > 1 else ():
        try:
            out[name] = rstar.average(known, weights=weights)  # type: ignore[arg-type]
        except CapstarError as error:
            absent[name] = str(error)
    return out


def _samples(
    portfolios: pd.DataFrame, gaps: Mapping[str, pd.Series], horizons: Sequence[int], absent: dict[str, str]
) -> list[tuple[Key, leads.AlignedSample]]:
    """By portfolio and gap; what does not overlap with the returns is left out, unless it is the first."""
    out: list[tuple[Key, leads.AlignedSample]] = []
    for name, gap in gaps.items():
        try:
            data = leads.AlignedData.of(portfolios, gap.to_frame(name), tuple(horizons))
            rows = [((str(portfolio), name), sample) for _, portfolio, sample in data.samples()]
            for _, sample in rows:
                regress(sample, max(horizons))
        except DataError as error:
            if not out:
                raise
            absent[name] = str(error)
        else:
            out += rows
    return out


def _table(
    samples: Mapping[Key, leads.AlignedSample],
    family: leads.IVXFamily,
    horizons: Sequence[int],
) -> pd.DataFrame:
    rows = []
    width = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    order = product(samples.items(), horizons)  # as the family's rows
    for (((portfolio, name), sample), horizon), found in zip(order, family.table.itertuples(), strict=True):
        fit = regress(sample, horizon)
        rows.append(
            {"model": name, "returns": portfolio, "horizon": horizon, "slope": fit.slope}
            | {"lower": fit.slope - width * fit.hodrick_se, "upper": fit.slope + width * fit.hodrick_se}
            | {"t": found.t, "p": found.p, "p_family": found.p_family}
            | {"nobs": fit.nobs, "first": str(fit.first), "last": str(fit.last)}
        )
    return leads.adjusted_p_values(pd.DataFrame(rows)).table.drop(columns="rejected")


def _models(
    fits: Mapping[str, NaturalRate], averaged: Mapping[str, AveragedRate], gaps: pd.DataFrame, then: str
) -> pd.DataFrame:
    everything = {**fits, **averaged}
    best = averaged.get("average, predictive likelihood")
    weights = pd.Series(dtype=float) if best is None else best.weights.iloc[-1]
    main, rows = gaps.columns[0], {}
    for name, gap in gaps.items():
        fit = everything.get(str(name), fits[main])
        kind = "known then" if name == then else "average" if name in averaged else _kind(fit)
        rows[name] = {
            "kind": kind,
            "definition": fit.definition.partition(":")[0],
            "information": _then(then) if name == then else _which(fit),
            "rstar": float(fit.real_rate.loc[gap.last_valid_index()] - gap.dropna().iloc[-1]),
            "gap": float(gap.dropna().iloc[-1]),
            "correlation": gap.corr(gaps[main]),
            "identified": fit.identified,
            "weight": weights.get(name, np.nan),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def _kind(fit: NaturalRate) -> str:
    return "published" if isinstance(fit, rstar.PublishedRate) else "model"


def _then(name: str) -> str:
    return name.rpartition(", ")[2]


def _shared(gaps: pd.DataFrame) -> float:
    """Share of the first principal component in the variance of standardised gaps."""
    values = np.linalg.eigvalsh(gaps.dropna().corr().to_numpy())
    return float(values[-1] / values.sum())


def _largest(family: leads.IVXFamily, chosen: pd.Series) -> float:
    """That none of some rows' predictors predicts, by the largest t of theirs in the joint bootstrap."""
    rows = chosen.to_numpy()
    observed = family.table["t"].abs().to_numpy()[rows]
    draws = family.draws.abs().to_numpy()[:, rows].max(axis=1)
    return float(bootstrap_p(draws[:, None] >= observed.max()).min())
