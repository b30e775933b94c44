"""Published numbers beside ours."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from capstar.errors import CapstarError
from capstar.rstar import RStarResults

REFERENCE = Path(os.environ.get("CAPSTAR_REFERENCE", Path(__file__).parents[2] / "shared" / "reference"))


def estimates(fit: RStarResults) -> dict[str, float]:
    """Every figure of the papers' parameter tables, by the name used in ``published.csv``."""
    params, t = fit.params, (fit.params / fit.bse).abs()
    c = float(fit.stages.stage3.ml.params["c"])
    sigma_g = 4 * fit.lambda_g * params["sigma_ystar"]
    sigma_z = abs(fit.lambda_z * params["sigma_ygap"] / params["a_r"])
    derived = {
        "a_y1+a_y2": params["a_y1"] + params["a_y2"],
        "sigma_g": sigma_g,
        "sigma_z": sigma_z,
        "sigma_rstar": np.hypot(c * sigma_g, sigma_z),
        "lambda_g": fit.lambda_g,
        "lambda_z": fit.lambda_z,
    }
    return params.to_dict() | {f"t_{name}": value for name, value in t.items()} | derived


def compare(published: pd.DataFrame, ours: Mapping[str, float]) -> pd.DataFrame:
    """Published, ours and the difference, a row each."""
    out = published.set_index("parameter")[["published", "table"]].copy()
    out.insert(1, "ours", [ours[str(name)] for name in out.index])
    out.insert(2, "difference", out["ours"] - out["published"])
    return out


def run(study: Callable[[Path], dict[str, pd.DataFrame]], description: str) -> None:
    """Command line of a study: ``--data FOLDER``; prints its tables."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=REFERENCE, help="folder of the reference data")
    folder = parser.parse_args().data
    try:
        tables = study(folder)
    except CapstarError as error:
        print(f"{error} The study reads its inputs from {folder}; give another with --data.", file=sys.stderr)
        raise SystemExit(2) from None
    for heading, table in tables.items():
        print(f"\n{heading}\n{table.to_string(float_format='{:.6f}'.format)}")
