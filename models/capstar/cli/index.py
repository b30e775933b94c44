"""``capstar index``: compute an index by rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from capstar.cli.faults import errors, reading, say
from capstar.cli.options import Debug
from capstar.cli.shared import check_folder, named_numbers
from capstar.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def _list_rules(wanted: bool) -> None:
    """One line a screen or weighting: key, kind, default, what it is."""
    if wanted:
        from capstar.smallcaps import index_rules

        for key, one in index_rules().iterrows():
            default = "" if one["default"] != one["default"] else f"{one['default']:g}"
            say(f"{key:16}{one['kind']:12}{default:10}{one['label']}")
        raise typer.Exit


def index(
    context: typer.Context,
    prices: Annotated[
        Path,
        typer.Option(
            help="date, id, close and dividend, one row each; CSV, or Parquet: a file, or a folder of files, such as "
            "one a year, of which memory holds a part at a time."
        ),
    ],
    shares: Annotated[Path, typer.Option(help="date, id, shares, float_factor, company, sector, eligible.")],
    out: Annotated[Path, typer.Option(help="Folder for the tables, index.csv, index.png, summary.txt.")],
    actions: Annotated[
        Path | None, typer.Option(help="date, id, action, other, ratio, cash, price; in the order of dates.")
    ] = None,
    rules: Annotated[
        Literal["russell1000", "russell2000", "russell3000"], typer.Option(help="Whose rules.")
    ] = "russell2000",
    screen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=THRESHOLD", help="Threshold of a screen, such as min_price=2; may be repeated."
        ),
    ] = None,
    weighting: Annotated[str, typer.Option(metavar="KEY", help="How members are weighted.")] = "float",
    list_rules: Annotated[
        bool,
        typer.Option(
            "--list-rules", callback=_list_rules, is_eager=True, help="Show all screens and weightings."
        ),
    ] = False,
    stale_days: Annotated[
        int, typer.Option(min=0, max=3660, help="A close may be so many days old on a rebalancing date.")
    ] = 0,
    debug: Debug = False,
) -> None:
    """Compute an index by rules from prices, share counts and corporate actions."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar.smallcaps import IndexCalculator, IndexRules

        check_folder(out)
        screens = named_numbers(screen or [], "--screen", "KEY=THRESHOLD, such as min_price=2")
        chosen: IndexRules = getattr(IndexRules, rules)(
            stale_days=stale_days, weighting=weighting, screens=screens
        )
        events = None if actions is None else _table(actions)
        results = IndexCalculator(chosen, _table(prices), _table(shares), events).run()
        _require_finite(results.levels, prices)
        results.save(out)
        say(results.summary())
        say(f"\nWritten: {out}")


def _require_finite(levels: pd.DataFrame, path: Path) -> None:
    """Refuse an index that a price near zero, or a number beyond all others, has sent to infinity."""
    import numpy as np

    wrong = np.isinf(levels.select_dtypes("number")).any(axis=1)
    if wrong.any():
        raise DataError(
            f"{path}: the index is infinite on {str(wrong.idxmax())[:10]}. Look there for a price, a payment or a "
            "share count that is far too small or large."
        )


def _table(path: Path) -> pd.DataFrame | Path:
    """A Parquet file as it is, which is read a year at a time; anything else as a table."""
    from capstar.data.files import read_table

    with reading(path):
        if not (path.is_dir() or path.suffix.lower() in (".parquet", ".pq")):
            return read_table(path)
        from pyarrow.dataset import dataset

        dataset(path, format="parquet").head(1).to_pandas()  # whatever cannot be read is told before the work
        return path
