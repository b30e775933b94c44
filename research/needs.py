"""The studies, what data each reads, from whom they are, and what gets them: ``data.csv``."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from research.comparison import REFERENCE

HERE = Path(__file__).parent


def studies() -> dict[str, str]:
    """First line of each study's README by folder name."""
    found = sorted(path.parent for path in HERE.glob("*/reproduce.py"))
    return {folder.name: (folder / "README.md").read_text().splitlines()[0].lstrip("# ") for folder in found}


def needs(study: str) -> pd.DataFrame:
    """Rows of a study: ``file``, relative to the reference folder, ``from``, ``address`` and ``command``."""
    table = pd.read_csv(HERE / "data.csv", keep_default_na=False)
    return table[table["study"] == study].drop(columns="study")


def absent(study: str, folder: Path = REFERENCE) -> pd.DataFrame:
    """Those that are not there."""
    table = needs(study)
    return table[[not (folder / name).exists() for name in table["file"]]]


def explained(study: str, table: pd.DataFrame, folder: Path = REFERENCE) -> str:
    """Which files a study lacks, from whom each is, the address, and the command that gets it."""
    out = [f"{study} lacks {len(table)} of {len(needs(study))} files in {folder}:"]
    for row in table.to_dict("records"):
        out.append(f"  {row['file']}\n    from     {row['from']}\n    address  {row['address']}")
        if row["command"]:
            out.append(
                f"    command  {row['command']}\n             (data of today's sources: revised since)"
            )
    return "\n".join(
        [*out, "Put them there, or give another folder with --data, or name one in CAPSTAR_REFERENCE."]
    )


def refused(study: str, arguments: list[str]) -> bool:
    """Whether a study cannot run for want of data in the folder it would read; says so on standard error."""
    if "--data" in arguments:  # a folder of one's own may be laid out as its study says
        folder = Path([*arguments, ""][arguments.index("--data") + 1])
        lacking = absent(study, folder) if not folder.is_dir() else needs(study).iloc[:0]
    else:
        folder, lacking = REFERENCE, absent(study)
    if len(lacking):
        print(explained(study, lacking, folder), file=sys.stderr)
    return bool(len(lacking))
