"""Everything the study found: tables, figures, and what they show in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar import leads
from capstar.leads.verdict import count_sentence, tilt_sentence
from capstar.reporting import Result
from capstar.rstar import NaturalRate, RecursiveEstimates
from capstar.study.by_month import ByMonth
from capstar.study.now import Now
from capstar.study.other_way import KEYS, OtherWay
from capstar.study.real_time import RealTime
from capstar.study.whose import WhoseRate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = "rstar_gap"
_NOT_DRAWN = (
    "{} gives no samples to re-estimate r* on: the bootstrap of the estimated predictor is left out, and p values "
    "take r* as known{}."
)
_DRAWN = " but for those over posterior draws"


@dataclass(frozen=True)
class StudyResults(Result):
    """Everything the study found.

    Attributes
    ----------
    rstar
        The natural-rate estimates.
    returns
        Monthly returns, percent.
    lead
        Regressions, forecasts and the joint bootstrap, on the filtered gap.
    quasi_real_time
        r* estimated again on every sample that ends from 1985Q1 on, recursively; the data are revised.
    recursive
        The regressions and forecasts on the gap in quasi-real time.
    projections
        Cumulative returns after a shock to the gap.
    by_state
        The same in bull and bear markets of small caps, as known at the time (Lunde and Timmermann).
    probability
        By state of the market, ``"rally"`` or ``"range_bound"``: its probability within four quarters.
    economic_value
        Of the forecasts of small caps to an investor, net of 10 basis points a trade; None where nothing is forecast.
    tilts
        The same of the recursive gap's forecasts of small minus large, to one who holds large caps and tilts to small
        ones: ``"long and short"``, weights in [-1, 1], and ``"long only"``, in [0, 1].
    now
        r* by model, the gap, what the relation implies and the market, in the last quarter.
    whose
        The lead by model; None where there is one model.
    real_time
        r* estimated on the vintages of each quarter, and its revisions; None without vintages.  Where vintages reach
        back as far as `quasi_real_time` does, ``recursive`` is on this gap.
    other_way
        Whether small caps lead the economy; None where no target has quarters enough.
    inputs
        Tables the study is of, as of `capstar.study.study_data`; ``attrs`` tell where they are from.
    choice
        Why the main model is the one, and what speaks against those named, a sentence each.
    by_month
        The lead by the month beside that by the quarter, as one family; None without a monthly table.
    seconds
        That it took, of the clock.

    Examples
    --------
    >>> from capstar.study.examples import quick_study
    >>> study = quick_study()
    >>> print(study.title)
    moving average r*, its gap and small caps, 1969Q4-2009Q3
    >>> print(study.known.kind, study.counts["forecasts"], list(study.figures())[:3])
    quasi-real time 12 ['study', 'now', 'quasi_real_time']
    >>> study.tables()["rstar"][["rstar_filtered", "rstar_gap_filtered"]].round(2).tail(2)
            rstar_filtered  rstar_gap_filtered
    date
    2009Q2            0.41                1.68
    2009Q3            0.36               -0.01
    >>> print(study.verdict()[:43])
    Primary specification, fixed before the run
    >>> print(*study.overview().splitlines()[:1])
    capstar study · moving average · statsmodels macrodata (US) · French size portfolios (US)
    """

    rstar: NaturalRate
    returns: pd.DataFrame
    lead: leads.LeadResults
    quasi_real_time: RecursiveEstimates
    recursive: leads.LeadResults
    projections: leads.LocalProjections
    by_state: leads.LocalProjections
    probability: dict[str, leads.StateProbability]
    economic_value: leads.EconomicValue | None
    tilts: dict[str, leads.EconomicValue]
    now: Now
    whose: WhoseRate | None
    real_time: RealTime | None
    other_way: OtherWay | None
    inputs: Mapping[str, pd.DataFrame]
    choice: tuple[str, ...]
    by_month: ByMonth | None = None
    seconds: float = field(default=float("nan"), compare=False)

    @property
    def known(self) -> RecursiveEstimates:
        """Estimates as known then, of which the primary test is: on vintages as far back, else in quasi-real time."""
        recent = self.real_time is None or self.recursive.information != "real time"
        return self.quasi_real_time if recent or self.real_time is None else self.real_time.estimates

    @property
    def title(self) -> str:
        """Model and sample."""
        fit = self.rstar
        return f"{fit.model_name} r*, its gap and small caps, {fit.start}-{fit.end}"

    def to_frame(self) -> pd.DataFrame:
        """r* and its gap by quarter."""
        return self.rstar.to_frame().assign(rstar_gap_filtered=self.rstar.gap("filtered"))

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables of every part, under its title."""
        return {
            ": ".join(filter(None, (part.title, heading))): frame
            for part in self._parts()
            for heading, frame in part.frames().items()
        }

    def notes(self) -> tuple[str, ...]:
        """What was estimated, the legend, and the verdict."""
        fit, verdict, known = self.rstar, self.verdict(), self.quasi_real_time
        r = fit.rstar.filtered
        ratios = ", ".join(f"{name} {value:.4f}" for name, value in fit.ratios.items())
        likelihood = "" if fit.llf is None else f"log-likelihood {fit.llf:.4f}"
        more = "".join(f"; {words}" for words in (ratios, likelihood) if words)
        known_by_draws = "" if self.lead.drawn is None else _DRAWN
        said = (note for part in self._parts() for note in part.notes() if note not in verdict)
        path = f"{r.iloc[0]:.2f} in {r.index[0]}, {r.iloc[-1]:.2f} in {r.index[-1]} percent"
        return (
            *self.choice,
            f"{fit.model_name} on {fit.data_title}, {fit.start}-{fit.end}: r* (one-sided) {path}{more}.",
            f"Small caps: {self.returns.attrs.get('note', '')}.",
            *dict.fromkeys(said),
            *([] if fit.can_be_drawn else [_NOT_DRAWN.format(fit.model_name, known_by_draws)]),
            " ".join([f"{known.title}.", *known.notes()]),
            *verdict.split("\n\n"),
        )

    def _parts(self) -> Iterator[Result]:
        yield self.now
        yield from (
            one for one in (self.by_month, self.whose, self.real_time, self.other_way) if one is not None
        )
        yield from self.probability.values()
        if self.economic_value is not None:
            yield self.economic_value
        yield from self.tilts.values()
        yield from (self.lead, self.recursive)

    def verdict(self) -> str:
        """The primary specification and how well r* is identified; then all else, which is exploratory."""
        known, kind = self.known.gap, self.known.kind
        filtered = self.rstar.gap("filtered").loc[known.index]
        primary, *others = self.recursive.sentences()
        first = " ".join((primary, *self.rstar.identification_notes()))
        return (
            f"{first}\n\n{' '.join(self.lead.sentences())}\n\n"
            f"In {kind}, estimated again every quarter from {known.index[0]} on, the gap correlates "
            f"{known.corr(filtered):.2f} with the one estimated once. {' '.join((*others, self._tilted())).strip()}\n\n"
            f"{self._counted()}"
        )

    def _tilted(self) -> str:
        return tilt_sentence({name: one.table for name, one in self.tilts.items()}, GAP)

    @property
    def counts(self) -> dict[str, int]:
        """Tests made, by kind."""
        counts = {kind: n + self.recursive.counts[kind] for kind, n in self.lead.counts.items()}
        if self.by_month is not None:
            counts |= {f"{kind} by the month": n for kind, n in self.by_month.counts.items()}
        values = (self.economic_value, *self.tilts.values())
        counts["local projections"] = len(self.projections.table) + len(self.by_state.table)
        counts["regressions of market states"] = sum(len(one.table) for one in self.probability.values())
        counts["regressions of further models"] = 0 if self.whose is None else len(self.whose.table)
        counts["regressions on vintages"] = 0 if self.real_time is None else len(self.real_time.regressions)
        counts["regressions of the economy"] = 0 if self.other_way is None else len(self.other_way.table)
        counts["strategies"] = sum(len(one.table) for one in values if one is not None)
        return counts

    def _counted(self) -> str:
        """How many tests there were; a start or a delay that is chosen makes more of them."""
        made = [one.forecast_comparison for one in (self.lead, self.recursive)]
        starts = [f"forecasts from {one.table['first'].min()}" for one in made if one is not None]
        gaps = f"the gap from {self.known.gap.index[0]}"
        return count_sentence(
            self.counts, [*starts, gaps, f"a delay of {self.lead.publication_lag} month(s)"],
            second=self.by_month is not None,
        )  # fmt: skip

    def plot(self, ax: Any = None) -> Figure:
        """r*, the gap, what small caps did, and the regressions."""
        from capstar.plotting import plot_study

        months = self.returns.loc[str(self.rstar.start.asfreq("M", "start")) :]
        frame, gap = self.rstar.to_frame(), self.rstar.gap("filtered")
        return plot_study(frame, gap, months, self.lead.own, title=self.title, ax=ax)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by the name of its file, indexed."""
        after = pd.concat([self.projections.table, self.by_state.table])
        states = {name: found.table for name, found in self.probability.items()}
        out = {
            "rstar": self.to_frame(),
            **self.lead.tables(),
            "quasi_real_time": self.quasi_real_time.table,
            **{f"recursive_{name}": table for name, table in self.recursive.tables().items()},
            "projections": after.set_index(["response", "state"]),
            "probability": pd.concat(states, names=["state", "predictor"]),
        }
        out |= {"now": self.now.table, "implied": self.now.implied, "market": self.now.market}
        if self.whose is not None:
            out["whose"] = self.whose.table.set_index(["model", "returns", "horizon"])
            out |= {"whose_models": self.whose.models, "whose_gaps": self.whose.gaps.rename_axis("date")}
        if self.by_month is not None:
            out |= self.by_month.tables()
        if self.real_time is not None:
            out["real_time"] = self.real_time.table
            out["real_time_lead"] = self.real_time.regressions.set_index(
                ["returns", "horizon", "information"]
            )
        if self.other_way is not None:
            out["other_way"] = self.other_way.table.set_index(KEYS)
        if self.economic_value is not None:
            out["economic_value"] = self.economic_value.table.set_index(["strategy", "risk_aversion"])
        if self.tilts:
            tilts = {name: one.table for name, one in self.tilts.items()}
            out["tilts"] = (
                pd.concat(tilts, names=["weights"])
                .droplevel(1)
                .set_index(["strategy", "risk_aversion"], append=True)
            )
        return out

    def figures(self) -> dict[str, Figure]:
        """Every figure by the name of its file."""
        own = {
            "study": self.plot(),
            "now": self.now.plot(),
            "quasi_real_time": self.quasi_real_time.plot(final=self.rstar),
            "projections": self.projections.plot(),
            "by_state": self.by_state.plot(),
        }
        parts = {
            "by_month": self.by_month,
            "whose": self.whose,
            "real_time": self.real_time,
            "other_way": self.other_way,
        }
        own |= {name: part.plot() for name, part in parts.items() if part is not None}
        return own | self.lead.figures()

    def save(self, folder: str | Path) -> list[Path]:  # type: ignore[override]
        """Write every table as CSV, every figure as SVG and, as text, `overview` and the summary: all or none.

        Parameters
        ----------
        folder
            Made if absent.  A name that ends in ``.capstar`` is one file instead, which `load` reads.

        Raises
        ------
        DataError
            The folder cannot be written to.

        Examples
        --------
        >>> from capstar.study.examples import quick_study
        >>> files = quick_study().save("results")
        >>> sorted({path.suffix for path in files})
        ['.csv', '.svg', '.txt']
        """
        from capstar.plotting import save_all

        if Path(folder).suffix == ".capstar":
            return [super().save(folder)]
        return save_all(folder, self.tables(), self.figures(), f"{self.overview()}\n\n{self.summary()}")

    def overview(self) -> str:
        """On one screen, the answer first; see `capstar.report.overview`."""
        from capstar.report import overview

        return overview(self)
