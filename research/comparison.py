"""Published numbers beside ours."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from capstar.errors import CapstarError
from capstar.rstar import RStarResults

REFERENCE = Path(os.environ.get("CAPSTAR_REFERENCE", Path(__file__).parents[2] / "shared" / "reference"))

JUDGED = ["heading", "quantity", "published", "ours", "tolerance", "met", "distance"]


def estimates(fit: RStarResults) -> dict[str, float]:
    """Every figure of the papers' parameter tables, by the name used in ``published.csv``."""
    params, t = fit.params, (fit.params / fit.bse).abs()
    others = {
        "a_y1+a_y2": params["a_y1"] + params["a_y2"],
        "lambda_g": fit.lambda_g,
        "lambda_z": fit.lambda_z,
        "log_likelihood": fit.llf,
    }
    out = params.to_dict() | fit.derived.to_dict() | others
    out |= {f"t_{name}": value for name, value in t.items()} | {f"se_{n}": v for n, v in fit.bse.items()}
    if fit.uncertainty is not None:
        out |= {f"average_se_{name}": value for name, value in fit.uncertainty.average.items()}
        out |= {f"final_se_{name}": value for name, value in fit.uncertainty.final.items()}
    return out


def compare(published: pd.DataFrame, ours: Mapping[str, float]) -> pd.DataFrame:
    """Rows of ``published.csv`` with ours, to be judged."""
    out = published.set_index("quantity")[["published", "tolerance", "table"]]
    out.insert(1, "ours", [ours[str(name)] for name in out.index])
    out.insert(2, "difference", out["ours"] - out["published"])
    return out


def series_differences(fit: RStarResults, published: pd.DataFrame) -> pd.DataFrame:
    """Largest difference of each published series over all quarters."""
    difference = (fit.to_frame()[published.columns] - published).abs()
    return pd.DataFrame({"largest difference": difference.max(), "quarter": difference.idxmax().astype(str)})


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """A table with ``published``, ``ours`` and ``tolerance``: the column ``met`` says which rows agree.

    ``tolerance`` is half a unit of the last digit printed, unless the README of the study says why it is another.
    """
    if not {"published", "ours", "tolerance"} <= set(table.columns):
        return table
    distance = (table["ours"] - table["published"]).abs()
    within = distance <= table["tolerance"] * (1 + 1e-9)
    return table.assign(difference=table["ours"] - table["published"], met=within)


def judgements(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every judged row of a study's tables, one below the other.

    Columns are ``heading``, ``quantity``, ``published``, ``ours``, ``tolerance``, ``met``, and ``distance``: how far
    ours is from the published number, in tolerances; above 1 it is not met.
    """
    parts = [pd.DataFrame(columns=JUDGED)]
    for heading, table in tables.items():
        if "met" not in (one := judged(table)):
            continue
        names = [", ".join(map(str, name if isinstance(name, tuple) else (name,))) for name in one.index]
        far = one["difference"].abs()
        distance = (far / one["tolerance"]).where(far != 0, 0.0)  # a count has a tolerance of 0
        parts.append(one.assign(heading=heading, quantity=names, distance=distance)[JUDGED])
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def verdict(tables: Mapping[str, pd.DataFrame]) -> str:
    """How many of the published numbers of a study's tables are met."""
    met = judgements(tables)["met"]
    return (
        f"{met.sum()} of {len(met)} published numbers are met"
        if len(met)
        else "no published number is compared"
    )


def run(study: Callable[..., dict[str, pd.DataFrame]], description: str, **options: int) -> None:
    """Command line of a study: ``--data FOLDER``, and whole numbers by name with their defaults; prints its tables."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=int, default=default, help="%(default)s if not given")
    given = vars(parser.parse_args())
    folder = given.pop("data")
    try:
        tables = study(folder, **given)
    except CapstarError as error:
        print(f"{error} The study reads its inputs from {folder}; give another with --data.", file=sys.stderr)
        raise SystemExit(2) from None
    for heading, table in tables.items():
        print(f"\n{heading}\n{judged(table).to_string(float_format='{:.6f}'.format)}")
    print(f"\n{verdict(tables)}.")
