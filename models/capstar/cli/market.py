"""``capstar market``: the states of a market now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from capstar.cli.faults import errors, reading, say
from capstar.cli.options import Debug
from capstar.cli.shared import check_figure, check_outputs

if TYPE_CHECKING:
    import pandas as pd

_MONTHS = (1, 3, 12)


def market(
    context: typer.Context,
    prices: Annotated[Path, typer.Option(help="CSV, Parquet or Excel: date, close; high and low if any.")],
    plot: Annotated[Path | None, typer.Option(help="Figure of the trading ranges to write.")] = None,
    bars: Annotated[
        int, typer.Option(min=2, max=10_000_000, help="Bars in the figure, counted from the last.")
    ] = 500,
    debug: Debug = False,
) -> None:
    """Print the states of a market now: rate of change, swing, rally, range-bound or not, trading range."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar.data import read_prices
        from capstar.markets.ranges import plot_ranges, trading_ranges
        from capstar.plotting import save

        check_figure(plot)
        check_outputs(plot, inputs=(prices,))
        with reading(prices):
            table = read_prices(prices)
        close = table["close"]
        given = table[["high", "low", "close"]] if {"high", "low"} <= set(table) else close
        levels = trading_ranges(given)
        for name, state in _states(close, given, levels.iloc[-1]).items():
            say(f"{name:20}{state}")
        if plot is not None:
            save(plot_ranges(close.iloc[-bars:], levels.iloc[-bars:]), plot)
            say(f"\nWritten: {plot}")


def _states(close: pd.Series, bars: Any, level: pd.Series) -> dict[str, str]:
    """One line a state, by name, as known at the last bar."""
    from capstar.markets import range_bound

    signs = range_bound(bars)
    return {
        "last price": f"{close.iloc[-1]:g}, {_day(close.index[-1])}, {len(close)} bars from {_day(close.index[0])}",
        "rate of change": _changes(close),
        "swing": _swing(close),
        "last rally": _rally(close, signs["range_bound"]),
        "range-bound": _bound(signs.iloc[-1]),
        "trading range": _range(level),
    }


def _changes(close: pd.Series) -> str:
    from capstar.markets import rate_of_change

    years = (close.index[-1] - close.index[0]).days / 365.25
    month = (len(close) - 1) / years / 12 if years else 0.0
    found = []
    for months in _MONTHS:
        bars = round(months * month)
        if 1 <= bars < len(close):
            change = rate_of_change(close, bars).iloc[-1]
            found.append(
                f"{change:+.1f} % over {months} {'month' if months == 1 else 'months'} ({bars} bars)"
            )
    return ", ".join(found) or "too few bars"


def _swing(close: pd.Series) -> str:
    from capstar.markets.swings import lunde_timmermann

    points = lunde_timmermann(close).turning_points
    if points.empty:
        return "no turning point yet (20 % either way)"
    last, when = points.iloc[-1], points.index[-1]
    name = "bull market" if last["kind"] == "trough" else "bear market"
    change = 100 * (close.iloc[-1] / last["price"] - 1)
    return (
        f"{name} since the {last['kind']} of {_day(when)} at {last['price']:g}, known {_day(last['known'])}; "
        f"{change:+.1f} % since"
    )


def _rally(close: pd.Series, range_bound: pd.Series) -> str:
    from capstar.markets.rallies import rallies

    table = rallies(close, range_bound=range_bound).table
    if table.empty:
        return "none"
    last = table.iloc[-1]
    ended = "not over" if table["end"].isna().iloc[-1] else f"over {_day(last['end'])}"
    return (
        f"from {_day(last['start'])} after a {last['after']}, confirmed {_day(last['confirmed'])}, high "
        f"{_day(last['high'])}, {last['rise']:+.1f} %; {ended}"
    )


def _bound(signs: pd.Series) -> str:
    if signs.isna().any():
        return "not known: too few bars, or a price that does not move"
    return (
        f"{'yes' if signs['range_bound'] else 'no'}: choppiness {signs['choppiness']:.1f}, average directional index "
        f"{signs['adx']:.1f}, variance ratio {signs['variance_ratio']:.2f} (two of: above 61.8, below 20, not above 1)"
    )


def _range(level: pd.Series) -> str:
    sides = [
        f"{side} {level[side]:g}, touched {level[f'{side}_touches']} times since {_day(level[f'{side}_since'])}"
        for side in ("support", "resistance")
        if level[f"{side}_touches"]
    ]
    known = f"known since {_day(level['range_since'])}" if level["trading_range"] else "no range"
    return "; ".join([known, *sides])


def _day(date: Any) -> str:
    return str(date)[:10]
