"""What was tried, on which data, and how the page was made."""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from capstar import __version__
from capstar.data import describe_data, licences
from capstar.report.numbers import duration, plain, whole
from capstar.report.parts import Column, Section, Study, Table, say
from capstar.report.sections.opening import answer_word
from capstar.writing import csv_text

_TERMS = (Column("series", "series", plain), Column("terms", "terms", plain), Column("at", "see", plain))
_LIBRARIES = ("numpy", "pandas", "scipy", "numba", "statsmodels", "arch", "linearmodels")


def tried(study: Study) -> Section:
    """Every test by kind; one of them is primary."""
    counts = pd.Series({kind: n for kind, n in study.counts.items() if n}, dtype=int)
    frame = pd.DataFrame({"tests": counts})
    frame.loc["all"] = int(counts.sum())
    table = Table("tried", "Tests made, by kind", frame, (Column("tests", "tests", whole),), ("kind",))
    said = say(
        "{n} tests were made, {one} of them primary{second}; all else is exploratory. A p beside a test is that test's "
        "alone unless its family is named.",
        one="none" if answer_word(study) == "NOT TESTED" else "one",
        second="" if getattr(study, "by_month", None) is None else ", and one the second, by the month",
        n=table.cell("all", "tests"),
    )
    return Section("tried", "How much was tried", ((said,),), (), (table,))


def data(study: Study) -> Section:
    """Each series: source, identifier, span, when it was downloaded, terms of use, and the checksum of its table."""
    tables = used_tables(study)
    described, terms, sums = [], [], {}
    for name, table in tables.items():
        described.append(describe_data(table).assign(table=name))
        sums[name] = {"rows": len(table), "checksum": checksum(table)}
        terms.append(licences(table).assign(table=name))
    series = pd.concat(described)
    series.index = pd.MultiIndex.from_arrays(
        [series.pop("table"), series.index.astype(str)], names=["table", "series"]
    )
    kept = [name for name in series if series[name].astype(str).str.len().max()]
    columns = tuple(Column(name, name, plain) for name in kept)
    frame = pd.DataFrame.from_dict(sums, orient="index")
    checks = (Column("rows", "rows", plain), Column("checksum", "SHA-256", plain))
    held = pd.concat(terms).reset_index().set_index(["table", "source"])
    held.index = held.index.set_names(["table", "source"])
    about = say(
        "{n} series in {tables} tables. The checksum is of the table as CSV, as 'capstar data snapshot' keeps it.",
        n=str(len(series)), tables=str(len(tables)),
    )  # fmt: skip
    note = study.returns.attrs.get("note", "")
    said = (about, *([say("Small caps: {note}.", note=str(note))] if note else []))
    return Section(
        "data", "Data", (said,), (),
        (
            Table("series", "Every series", series, columns, ("table", "series")),
            Table(
                "licences", "Terms of use, as far as they are known", held, _TERMS, ("table", "source"),
                note="A note for readers, no legal advice: the terms of each source hold, and may have changed.",
            ),
            Table("checksums", "Checksums", frame, checks, ("table",)),
        ),
    )  # fmt: skip


def used_tables(study: Study) -> Mapping[str, pd.DataFrame]:
    """Tables the study ran on, by name; where it keeps none, the real rate and the returns."""
    return study.inputs or {
        "real rate": study.rstar.real_rate.to_frame("real_rate"),
        "returns": study.returns,
    }


def checksum(table: pd.DataFrame) -> str:
    """SHA-256 of a table as CSV, as the manifest of a snapshot has it."""
    return hashlib.sha256(csv_text(table.rename_axis("date"), lineterminator="\n").encode()).hexdigest()


def made(study: Study, command: str) -> Section:
    """Command, time it took, versions and seed.

    Examples
    --------
    >>> from capstar.report.sections import made
    >>> from capstar.study.examples import quick_study
    >>> section = made(quick_study(), "capstar study")
    >>> print(section.title)
    How this page was made
    """
    seed = "" if study.lead.estimated is None else str(study.lead.estimated.seed)
    versions = {"capstar": __version__, "Python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    took = getattr(study, "seconds", math.nan)
    time = "" if math.isnan(took) else duration(took)
    rows = {"command": command, "time from the data to the last test": time}
    rows |= {"seed of the joint bootstrap": seed, **versions}
    frame = pd.DataFrame(
        {"value": pd.Series({name: said for name, said in rows.items() if said}, dtype=object)}
    )
    table = Table(
        "made", "Command, time, seed and versions", frame, (Column("value", "value", plain),), ("item",)
    )
    said = say(
        "The same command with the same versions and data gives the same numbers, whatever the number of workers. "
        "Every number in a sentence is quoted from a table of this page, to whose row it leads."
    )
    return Section("made", "How this page was made", ((said,),), (), (table,))
