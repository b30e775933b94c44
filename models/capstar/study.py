"""The main job: data, r*, its gap, small-cap returns, and whether the one leads the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from capstar import data, leads, rstar
from capstar.errors import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PORTFOLIOS = ("excess", "small_minus_large")


@dataclass(frozen=True)
class StudyResults:
    """Everything the study found.

    Attributes
    ----------
    rstar
        The natural-rate estimates.
    returns
        Monthly returns, percent.
    lead
        The predictive regressions.
    """

    rstar: rstar.RStarResults
    returns: pd.DataFrame
    lead: leads.LeadResults

    def summary(self) -> str:
        """Say in text what was estimated, what followed, and the verdict."""
        fit = self.rstar
        r = fit.rstar.filtered
        return (
            f"{fit.model_name} on {fit.data.attrs.get('title', 'the data')}, {fit.start}-{fit.end}: r* (one-sided) "
            f"{r.iloc[0]:.2f} in {r.index[0]}, {r.iloc[-1]:.2f} in {r.index[-1]} percent; lambda_g "
            f"{fit.lambda_g:.4f}, lambda_z {fit.lambda_z:.4f}; log-likelihood {fit.llf:.4f}.\n"
            f"Small caps: {self.returns.attrs.get('note', '')}.\n\n{self.lead.summary()}"
        )

    def verdict(self) -> str:
        """Three sentences in plain words."""
        return self.lead.verdict()

    def plot(self) -> Figure:
        """r*, the gap, what small caps did, and the regressions."""
        from capstar.plotting import plot_study

        months = self.returns.loc[str(self.rstar.start.asfreq("M", "start")) :]
        title = f"{self.rstar.model_name} r*, its gap and US small caps, {self.rstar.start}-{self.rstar.end}"
        return plot_study(
            self.rstar.to_frame(), self.rstar.gap("filtered"), months, self.lead.table, title=title
        )

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``rstar.csv``, ``lead.csv`` and ``study.png``, each whole or not at all.

        Raises
        ------
        DataError
            The folder cannot be written to.
        """
        from capstar.plotting import save

        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            frame = self.rstar.to_frame().assign(rstar_gap_filtered=self.rstar.gap("filtered"))
            write_csv(frame, folder / "rstar.csv")
            write_csv(self.lead.table.set_index(["returns", "horizon"]), folder / "lead.csv")
            save(self.plot(), folder / "study.png")
        except OSError as error:
            raise DataError(
                f"{folder}: cannot be written ({error}). Choose another folder with --out."
            ) from error
        return [folder / name for name in ("rstar.csv", "lead.csv", "study.png")]


def study_data(snapshot: str | Path | None = None) -> dict[str, pd.DataFrame]:
    """The study's tables, ``macro`` (model input) and ``returns``: embedded, or of a snapshot.

    Parameters
    ----------
    snapshot
        Folder written by ``capstar data snapshot``.

    Raises
    ------
    DataError
        The folder holds no snapshot of a study.
    """
    if snapshot is None:
        return {"macro": data.us_macro(), "returns": data.small_cap_returns()}
    tables = data.read_snapshot(snapshot)
    if absent := [name for name in ("macro", "returns") if name not in tables]:
        raise DataError(f"{snapshot}: the snapshot has no table {absent[0]}; it is not of a study.")
    return tables


def live_data() -> dict[str, pd.DataFrame]:
    """The same tables from FRED and French's library."""
    return {"macro": data.us_hlw(), "returns": data.size_returns()}


def run_study(
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    horizons: tuple[int, ...] = (1, 2, 4, 8),
    progress: Callable[[str], None] | None = None,
) -> StudyResults:
    """Estimate HLW 2017 on US data and ask whether its gap leads small-cap returns.

    Parameters
    ----------
    tables
        From `study_data` or `live_data`; by default embedded.
    horizons
        Quarters.
    progress
        Called with a line before each step.
    """
    say = progress or (lambda _: None)
    say("reading data")
    tables = study_data() if tables is None else tables
    macro, returns = tables["macro"], tables["returns"]
    fit = rstar.HLW2017.fit(macro, progress=progress)
    say("predictive regressions")
    lead = leads.LeadStudy(fit.gap("filtered"), returns[list(PORTFOLIOS)], horizons).run()
    return StudyResults(fit, returns, lead)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    frame.to_csv(partial)
    os.replace(partial, path)
