"""Every study in turn, each in a process of its own, and one table of what became of the published numbers.

``python -m research all [--data FOLDER] [--longest SECONDS] [--out FILE]``.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import pandas as pd

from capstar.writing import csv_text, write_whole
from research.comparison import JUDGED, REFERENCE
from research.needs import HERE, absent, needs, studies

LONGEST = 300  # seconds
COLUMNS = ["study", "published", "met", "largest miss", "seconds", "status"]
_PATIENCE = 5  # seconds that a process has to end when it is asked to


@dataclass(frozen=True)
class Outcome:
    """What became of one study.

    Attributes
    ----------
    study, status
        Its name, and in words what came of it.
    seconds
        Of its process; missing where none was started.
    judged
        A row for each published number; see `research.comparison.judgements`.
    kept
        Whether it did what its row of ``studies.csv`` promises.
    """

    study: str
    status: str
    seconds: float = nan
    judged: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=JUDGED))
    kept: bool = True

    def row(self) -> list[object]:
        """A row of the table."""
        count, met = len(self.judged), int(self.judged["met"].sum())
        return [
            self.study,
            count,
            met,
            self.judged["distance"].max() if count else nan,
            self.seconds,
            self.status,
        ]


def promises() -> pd.DataFrame:
    """``studies.csv`` by study: ``seconds`` as measured, ``measured_on``, ``published``, ``met`` and ``what``."""
    return pd.read_csv(HERE / "studies.csv", index_col="study")


def described(study: str, folder: Path = REFERENCE) -> str:
    """Data, seconds and status of a study at its last full run, a line each."""
    lacking, all_of_them, known = len(absent(study, folder)), len(needs(study)), promises()
    data = f"lacks {lacking} of {all_of_them} files" if lacking else f"{all_of_them} files, all there"
    lines = [f"data: {data}" if all_of_them else "data: none"]
    if study in known.index:
        row = known.loc[study]
        status = (
            f"{row['met']} of {row['published']} published numbers met" if row["published"] else _MEASURES
        )
        lines += [f"{status}: {row['what']}", f"{row['seconds']:.0f} seconds ({row['measured_on']})"]
    return "\n".join(f"      {line}" for line in lines)


_MEASURES = "measures; compares no published number"


def outcomes(folder: Path, longest: float) -> Iterator[Outcome]:
    """Of each study in turn, as they end; none of them stops the others.

    Parameters
    ----------
    folder
        Reference data.
    longest
        Studies that took more seconds than that are not run.
    """
    known = promises()
    with TemporaryDirectory() as work:
        for study in studies():
            lacking, took = absent(study, folder), known["seconds"].get(study, nan)
            if len(lacking):
                yield Outcome(study, f"data missing: {', '.join(lacking['file'])}")
            elif took > longest:
                yield Outcome(
                    study, f"not run: {took:.0f} seconds, longer than {longest:g}: {_command(study, folder)}"
                )
            else:
                print(
                    f"{study}{f', about {took:.0f} seconds' if took > 0 else ''}", file=sys.stderr, flush=True
                )
                yield _ran(study, folder, Path(work), int(known["met"].get(study, 0)))


def _command(study: str, folder: Path) -> str:
    return f"python -m research {study}" + (f" --data {folder}" if folder != REFERENCE else "")


def _ran(study: str, folder: Path, work: Path, promised: int) -> Outcome:
    """Run a study in a process, whose judged rows come back as a file."""
    file, began = work / f"{study}.csv", time.perf_counter()
    command = [sys.executable, "-m", "research.entry", study, str(folder.resolve()), str(file)]
    with TemporaryFile() as errors:
        child = subprocess.Popen(
            command, cwd=HERE.parent, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
        try:
            code = child.wait()
        except BaseException:
            _end(child)
            raise
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    seconds = time.perf_counter() - began
    if code or not file.exists():
        lines = said.split("\n") if code >= 0 else [f"ended by signal {-code}"]
        last = next((line.strip() for line in reversed(lines) if line.strip()), f"status {code}")
        return Outcome(study, f"failed: {last}", seconds, kept=False)
    judged = pd.read_csv(file, float_precision="round_trip")
    count, met = len(judged), int(judged["met"].sum())
    status = "no published number" if not count else "met" if met == count else f"{met} of {count}"
    if met < promised:
        status += f", below the {promised} of studies.csv"
    return Outcome(study, status, seconds, judged, met >= promised)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a process and those it started."""
    for ask in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError):  # it ended meanwhile
            if hasattr(os, "killpg"):
                os.killpg(child.pid, ask)
            else:
                child.send_signal(ask)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
            return


def table_of(found: list[Outcome]) -> pd.DataFrame:
    """A row a study."""
    return pd.DataFrame([one.row() for one in found], columns=COLUMNS)


def text_of(table: pd.DataFrame) -> str:
    """The table to print: text to the left, numbers to the right."""
    shown = table.assign(
        **{"largest miss": table["largest miss"].map(lambda x: "" if pd.isna(x) else f"{x:.3g}")},
        seconds=table["seconds"].map(lambda x: "" if pd.isna(x) else f"{x:.0f}"),
    ).astype(str)
    rows = [COLUMNS, *shown.to_numpy().tolist()]
    widths = [max(len(row[k]) for row in rows) for k in range(len(COLUMNS))]
    texts = (0, len(COLUMNS) - 1)
    lines = [
        "  ".join(
            cell.ljust(width) if k in texts else cell.rjust(width) for k, (cell, width) in enumerate(cells)
        )
        for cells in (zip(row, widths, strict=True) for row in rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def write(found: list[Outcome], file: Path) -> None:
    """The table, and beside it, ``…_numbers``, every published number with ours."""
    write_whole(file, csv_text(table_of(found).round({"seconds": 1}), index=False))
    parts = [one.judged.assign(study=one.study)[["study", *JUDGED]] for one in found if len(one.judged)]
    numbers = pd.concat(parts) if parts else pd.DataFrame(columns=["study", *JUDGED])
    write_whole(file.with_stem(f"{file.stem}_numbers"), csv_text(numbers, index=False))


def main(arguments: list[str]) -> int:
    """Entry point; 1 where a study failed or fell below what its row promises, 130 where it was interrupted."""
    parser = argparse.ArgumentParser("research all", description=__doc__)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    parser.add_argument(
        "--longest", type=float, default=LONGEST, metavar="SECONDS",
        help=f"do not run studies that took longer than this; default {LONGEST}",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the table as CSV, and every number beside it"
    )
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a study's process is ended either way
    found: list[Outcome] = []
    code = 0
    try:
        for one in outcomes(given.data, given.longest):
            found.append(one)  # what ends before an interruption is in the table
    except KeyboardInterrupt:
        print("Interrupted; the table is of what was finished.", file=sys.stderr)
        code = 130
    table = table_of(found)
    print(text_of(table))
    met, count = table["met"].sum(), table["published"].sum()
    print(f"\n{met} of {count} published numbers are met. Largest miss: in tolerances; up to 1 is met.")
    if table["status"].str.startswith("data missing").any():
        print("python -m research NAME says where missing data come from, and what gets them.")
    if given.out is not None:
        write(found, given.out)
    return code or int(not all(one.kept for one in found))
