"""Range trading: buy near support, sell near resistance, stop on a close outside; against buying and holding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import check_fields, checked, require_percent
from capstar.errors import DataError, SpecificationError
from capstar.frames import require_columns
from capstar.markets.indicators import Bars, Floats, as_bars, average_true_range, checked_prices
from capstar.markets.range_trading_results import HOLD, STRATEGY, RangeTradingResults
from capstar.markets.ranges import in_range, labels_of, trading_ranges
from capstar.progress import Progress, reporting

Execution = Literal["close", "open"]
_LEDGER = (
    "signal", "entry", "entry_price", "support", "resistance", "target", "stop",
    "exit_signal", "exit", "exit_price", "reason", "bars", "gross", "net",
)  # fmt: skip
_PLANNED = (
    dict.fromkeys(("signal", "entry", "exit_signal", "exit"), int)
    | dict.fromkeys(("support", "resistance", "target", "stop"), float)
    | {"reason": object}
)


@dataclass(frozen=True)
class RangeTrading:
    """Rules of a trader who buys near support and sells near resistance.

    Within a trading range, a close in its lowest part is a signal to buy.  The trade keeps the levels of that
    day: a close in the highest part is a signal to sell, and so is a close below support by more than the
    stop.  Every signal is carried out at the next bar.  One trade at a time, with all there is, never short.

    Attributes
    ----------
    bars : pandas.DataFrame or pandas.Series
        High, low, close by date, with ``open`` where trades are made there; or closes alone.
    levels : pandas.DataFrame, optional
        ``support``, ``resistance`` and, where not every bar with both is in a range, ``trading_range``; by
        default `trading_ranges` of the bars.
    zone
        Share of the range next to a level that counts as near it, below 0.5.
    stop
        Distance of the stop below support, in average true ranges at the signal.
    n
        Bars of the average true range.
    cost_bp
        Cost of a purchase, and of a sale, in basis points of its value.
    execution
        Price of a trade: the next bar's ``"close"`` or ``"open"``.  The open of an index is often the close
        before and not a price one can trade at.
    cash : pandas.Series, optional
        Percent earned over each bar by money out of the market, on the dates of the bars; nothing by default,
        nor on a bar that trades at its open.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> rules = cs.markets.RangeTrading(bars.iloc[-1000:], zone=0.25, cost_bp=5.0)
    >>> rules.levels is None, rules.execution
    (True, 'close')
    """

    bars: Bars
    levels: pd.DataFrame | None = None
    zone: float = 0.2
    stop: float = 0.5
    n: int = 14
    cost_bp: float = 10.0
    execution: Execution = "close"
    cash: pd.Series | None = None

    @checked
    def backtest(
        self,
        *,
        n_replications: int = 1000,
        block: int | None = None,
        level: float = 0.95,
        seed: int = 0,
        progress: Progress | bool = True,
    ) -> RangeTradingResults:
        """Trade the whole history.

        Parameters
        ----------
        n_replications
            Of the stationary bootstrap; 0 for no intervals.
        block
            Mean length of its blocks, in bars; by default the optimal one for the difference of the returns.
        level
            Coverage of the intervals.
        seed
            Of the draws.
        progress
            See `capstar.progress.reporting`.

        Raises
        ------
        DataError
            There are fewer than three bars, their index holds no dates, or levels or cash are on other dates.
        SpecificationError
            A rule is invalid.

        Examples
        --------
        >>> import capstar as cs
        >>> from arch.data import sp500
        >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
        >>> found = cs.markets.RangeTrading(bars.iloc[-1000:]).backtest(n_replications=99)
        >>> found.ledger[["entry", "exit", "reason", "net"]].round({"net": 2}).tail(2)
                entry       exit reason   net
        12 2018-12-19 2018-12-20   stop -1.77
        13 2018-12-21 2018-12-26   stop  1.91
        """
        self._check()
        frame = as_bars(self.bars)
        close = frame["close"]
        prices = close if self.execution == "close" else checked_prices(self._opens())
        levels, cash = self._inputs(frame)
        plan = _plan(frame, levels, self)
        held = np.zeros(len(frame), bool)
        for trade in plan:
            held[trade["entry"] : trade["exit"]] = True
        positions = {STRATEGY: held, HOLD: np.arange(len(frame)) >= 1}
        returns = pd.DataFrame(
            {name: _returns(close, prices, held, cash, self) for name, held in positions.items()},
            frame.index,
        )
        with reporting(progress) as tell:
            intervals = _intervals(
                returns, cash, n_replications, block=block, level=level, seed=seed, tell=tell
            )
        return RangeTradingResults(
            ledger=_ledger(plan, close, prices, self.cost_bp),
            returns=returns,
            position=pd.Series(held, frame.index, name="position"),
            close=close,
            levels=levels,
            intervals=intervals,
            cost_bp=self.cost_bp,
            level=level,
        )

    def _inputs(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
        """Levels, and cash as a fraction."""
        levels = trading_ranges(frame, n=self.n) if self.levels is None else self.levels
        require_columns(levels, ("support", "resistance"), source="levels")
        cash = pd.Series(0.0, frame.index) if self.cash is None else self.cash / 100.0
        for name, table in (("levels", levels), ("cash", cash)):
            if not table.index.equals(frame.index):
                raise DataError(f"{name} and bars are on different dates. Reindex one to the other.")
        if cash.isna().any():
            raise DataError(f"cash: {cash.isna().idxmax()} has no value. Fill it, or leave cash out.")
        return levels, cash

    def __post_init__(self) -> None:
        """Take closes in a table of one column as a series, and refuse what is no price, number or choice."""
        check_fields(self, labels=("bars", "levels"))

    def _check(self) -> None:
        require_percent(0.02, "basis points", cost_bp=self.cost_bp)
        if not 0.0 <= self.zone < 0.5:
            raise SpecificationError(
                f"zone={self.zone}; choose a share of the range from 0 to below 0.5, or buying and selling meet."
            )
        if not self.stop >= 0.0 or not 0.0 <= self.cost_bp < 10_000.0:
            raise SpecificationError(
                f"stop={self.stop}, cost_bp={self.cost_bp}; neither is negative, a cost is below 10000."
            )
        if self.execution not in ("close", "open"):
            raise SpecificationError(f"execution={self.execution!r}; choose 'close' or 'open'.")
        index = self.bars.index
        if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) or len(index) < 3:
            raise DataError(
                f"bars: {len(index)} rows on a {type(index).__name__}; three dated rows are the least. Give the "
                "bars a DatetimeIndex or a PeriodIndex."
            )

    def _opens(self) -> pd.Series:
        if isinstance(self.bars, pd.Series) or "open" not in self.bars:
            raise DataError("bars: there is no column 'open'. Add it, or choose execution='close'.")
        return self.bars["open"]


def _plan(frame: pd.DataFrame, levels: pd.DataFrame, rule: RangeTrading) -> list[dict[str, Any]]:
    """Trades by bar number; an open one exits after the last bar."""
    close, last = frame["close"].to_numpy(), len(frame) - 1
    support, resistance = (levels[name].to_numpy(float) for name in ("support", "resistance"))
    atr = np.nan_to_num(average_true_range(frame, rule.n).to_numpy(), nan=0.0)
    near = rule.zone * (resistance - support)
    enter = in_range(levels) & (close <= support + near) & (close >= support - rule.stop * atr)
    trades: list[dict[str, Any]] = []
    t = 0
    while (found := np.flatnonzero(enter[t:last])).size:
        signal = t + int(found[0])
        target, stop = resistance[signal] - near[signal], support[signal] - rule.stop * atr[signal]
        trade = {"signal": signal, "entry": signal + 1, "support": support[signal]}
        trade |= {"resistance": resistance[signal], "target": target, "stop": stop}
        after = close[signal + 1 : last]
        leave = np.flatnonzero((after >= target) | (after < stop))
        if not leave.size:
            trades.append(trade | {"exit_signal": -1, "exit": last + 1, "reason": "open"})
            break
        known = signal + 1 + int(leave[0])
        reason = "resistance" if close[known] >= target else "stop"
        t = known + 1
        trades.append(trade | {"exit_signal": known, "exit": t, "reason": reason})
    return trades


def _returns(
    close: pd.Series, prices: pd.Series, held: npt.NDArray[np.bool_], cash: pd.Series, rule: RangeTrading
) -> Floats:
    """Fraction of wealth earned over each bar: up to the trade with the old position, from there with the new."""
    c, x = close.to_numpy(), prices.to_numpy()
    before = np.append(False, held[:-1])
    previous = np.append(c[0], c[:-1])
    growth = np.where(before, x / previous, 1.0) * np.where(held, c / x, 1.0)
    growth[before & held] = (c / previous)[before & held]
    growth[before != held] *= 1.0 - rule.cost_bp / 1e4
    idle = ~before if rule.execution == "close" else ~before & ~held
    idle[0] = False
    growth[idle] *= 1.0 + cash.to_numpy()[idle]
    out: Floats = growth - 1.0
    return out


def _ledger(plan: list[dict[str, Any]], close: pd.Series, prices: pd.Series, cost_bp: float) -> pd.DataFrame:
    table = pd.DataFrame(plan, columns=list(_PLANNED)).astype(_PLANNED)
    running, entry = (table["reason"] == "open").to_numpy(), table["entry"].to_numpy()
    leave = np.minimum(table["exit"].to_numpy(), len(close) - 1)
    table["entry_price"] = prices.to_numpy()[entry]
    table["exit_price"] = np.where(running, close.iloc[-1], prices.to_numpy()[leave])
    table["bars"] = leave - entry
    ratio = table["exit_price"] / table["entry_price"]
    keep = 1.0 - cost_bp / 1e4
    table["gross"] = 100.0 * (ratio - 1.0)
    table["net"] = 100.0 * (ratio * np.where(running, keep, keep**2) - 1.0)
    for name in ("signal", "entry", "exit_signal", "exit"):
        table[name] = labels_of(close.index, table[name].to_numpy())
    return table[list(_LEDGER)]


def _intervals(
    returns: pd.DataFrame,
    cash: pd.Series,
    n: int,
    *,
    block: int | None,
    level: float,
    seed: int,
    tell: Progress,
) -> pd.DataFrame:
    """Growth and Sharpe ratios a year, with percentile intervals of the stationary bootstrap."""
    from arch.bootstrap import StationaryBootstrap, optimal_block_length

    year = _bars_per_year(returns.index)
    data = np.column_stack([returns.to_numpy(), cash.to_numpy()])[1:]

    done = 0

    def statistics(x: Floats) -> Floats:
        nonlocal done
        tell("stationary bootstrap", min(done / max(n, 1), 1.0))
        done += 1
        growth = 100.0 * year * np.log1p(x[:, :2]).mean(axis=0)
        excess = x[:, :2] - x[:, 2:]
        spread = excess.std(axis=0)
        sharpe = np.sqrt(year) * excess.mean(axis=0) / np.where(spread > 0, spread, np.inf)
        return np.concatenate([growth, [growth[0] - growth[1]], sharpe, [sharpe[0] - sharpe[1]]])

    rows = [f"{what} {which}" for what in ("growth", "Sharpe") for which in (STRATEGY, HOLD, "difference")]
    table = pd.DataFrame({"estimate": statistics(data), "low": np.nan, "high": np.nan}, rows)
    difference = data[:, 0] - data[:, 1]
    if n and np.ptp(difference) > 0:
        if block is None:
            block = max(1, round(optimal_block_length(difference)["stationary"].iloc[0]))
        draws = StationaryBootstrap(block, data, seed=np.random.default_rng(seed))
        low, high = draws.conf_int(statistics, reps=n, method="percentile", size=level)
        table["low"], table["high"] = low, high
    table.attrs["block"] = block
    return table


def _bars_per_year(index: pd.Index) -> float:
    stamps = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    return float((len(stamps) - 1) / ((stamps[-1] - stamps[0]).days / 365.25))
