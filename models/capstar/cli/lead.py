"""``capstar lead``: whether any series leads any returns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from capstar.cli.faults import complain, errors, reading, say
from capstar.cli.options import (
    Benchmarks,
    Column,
    Debug,
    FirstForecast,
    Horizons,
    Information,
    LeadFolder,
    LeadReplications,
    LeadSeed,
    Portfolios,
    Predictor,
    PublicationLag,
    Released,
    Returns,
    ReturnUnits,
)
from capstar.cli.shared import MONTH, check_folder, is_date, quarter, short
from capstar.errors import CapstarError, DataError, SpecificationError

if TYPE_CHECKING:
    import pandas as pd


_RISK_FREE = {"rf", "riskfree", "riskfreerate", "tbill"}
_FACTORS = {"mktrf", "smb", "hml", "rmw", "cma", "mom", "umd", "wml", "strev", "ltrev"}
_UNNAMED = re.compile(r"|0|None|Unnamed: \d+")  # what readers call a column without a name
_FARTHEST = 400  # periods


def lead(
    context: typer.Context,
    gap: Predictor,
    returns: Returns,
    column: Column = None,
    portfolio: Portfolios = None,
    benchmark: Benchmarks = None,
    horizons: Horizons = "1,2,4,8",
    information: Information = "filtered",
    publication_lag: PublicationLag = None,
    released: Released = None,
    start: FirstForecast = None,
    units: ReturnUnits = "percent",
    replications: LeadReplications = 499,
    seed: LeadSeed = 0,
    out: LeadFolder = None,
    debug: Debug = False,
) -> None:
    """Test whether a quarterly or monthly series leads monthly returns."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar import data, leads

        check_folder(out)
        over, names = _horizons(horizons), _released(released, publication_lag)
        with reading(gap):
            table = _named(data.read_input(gap, frequency=None))
        with reading(returns):
            months = data.read_returns(returns)
        often = table.index.freqstr[0]
        lag = leads.release_delay(*names, frequency=often) if names else publication_lag
        chosen = _column(table, column, benchmark or [], gap)
        results = leads.LeadStudy(
            table[chosen],
            months[_portfolios(months, portfolio or [], returns)],
            over,
            information="real time" if information == "real-time" else information,
            publication_lag=1 if lag is None else lag,
            benchmarks=table[benchmark] if benchmark else None,
            start=_start(start, often),
            units=units,
            n_replications=replications,
            seed=seed,
        ).run()
        summary = str(results.summary())
        say(summary)
        if out is not None:
            from capstar.plotting import save_all

            paths = save_all(out, results.tables(), results.figures(), summary)
            say("\nWritten: " + ", ".join(map(str, paths)))


def _start(text: str | None, frequency: str) -> str | None:
    """First period forecast, of the predictor's frequency; None where nothing is."""
    if text is None:
        return "1980-01" if frequency == "M" else "1980Q1"
    if text.lower() == "none":
        return None
    if frequency == "M" and not is_date(text, MONTH):
        raise SpecificationError(
            f"--start={short(text)!r} is not a month, and the predictor is monthly. Write a month such as 1980-01, or "
            "none."
        )
    return quarter(text, "--start")


def _released(series: list[str] | None, lag: int | None) -> list[str]:
    """Names of `release_calendar` that were given."""
    from capstar.leads import release_calendar

    names = [name.strip().lower() for one in series or [] for name in one.split(",")]
    known = list(release_calendar().index)
    if unknown := [name for name in names if name not in known]:
        raise SpecificationError(
            f"--released {short(unknown[0])!r}: the calendar has {', '.join(known)}. Write some of them, or give "
            "--publication-lag."
        )
    if names and lag is not None:
        raise SpecificationError(
            f"--released {','.join(names)} and --publication-lag {lag} are both given. Leave one out."
        )
    return names


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """A predictor without a name is called gap."""
    unnamed = [name for name in table if _UNNAMED.fullmatch(str(name).strip())]
    return table.rename(columns={unnamed[0]: "gap"}) if len(unnamed) == 1 and "gap" not in table else table


def _portfolios(months: pd.DataFrame, wanted: list[str], path: Path) -> list[str]:
    """Columns to test: those asked for, or all that are neither a risk-free rate nor a factor."""
    if wanted:
        for name in wanted:
            if name not in months:
                raise DataError(
                    f"{path}: there is no portfolio {short(name)!r}; there are {_listed(months)}."
                )
        return list(dict.fromkeys(wanted))
    plain = {str(name): re.sub(r"[^a-z0-9]", "", str(name).lower()) for name in months}
    left_out = [name for name, key in plain.items() if key in _RISK_FREE | _FACTORS]
    kept = [name for name in plain if name not in left_out]
    if not kept:
        raise DataError(
            f"{path}: {', '.join(left_out)} are a risk-free rate and factors, and there is no other column. Name those "
            f"to test, such as --portfolio {left_out[0]}."
        )
    if left_out:
        complain(
            f"{path}: {', '.join(left_out)} taken as risk-free rate and factors and not tested; --portfolio "
            f"{left_out[0]} would."
        )
    return kept


def _listed(table: pd.DataFrame) -> str:
    names = [short(str(name)) for name in table]
    return str(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _column(table: pd.DataFrame, column: str | None, benchmarks: list[str], path: Path) -> str:
    for name in [*([] if column is None else [column]), *benchmarks]:
        if name not in table:
            raise DataError(f"{path}: there is no column {short(name)!r}; there are {_listed(table)}.")
    left = [str(name) for name in table if name not in benchmarks]
    if column is None and not left:
        raise DataError(f"{path}: there is no column besides the date and benchmarks. Add the predictor.")
    if column is None and len(left) != 1:
        raise DataError(f"{path}: the columns are {_listed(table[left])}. Name the predictor with --column.")
    return left[0] if column is None else column


def _horizons(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    found = [int(part) for part in parts if re.fullmatch("[0-9]{1,4}", part)]
    if (
        len(found) != len(parts)
        or len(set(found)) != len(found)
        or not all(1 <= h <= _FARTHEST for h in found)
    ):
        raise CapstarError(
            f"--horizons {short(text)}: write periods such as 1,2,4,8, each once and from 1 to {_FARTHEST}."
        )
    return tuple(found)
