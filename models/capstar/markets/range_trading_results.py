"""What range trading earned: trades, wealth, costs, and whether it pays against buying and holding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.frames import Start, since
from capstar.markets.indicators import span_of
from capstar.markets.ranges import in_range
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STRATEGY, HOLD = "range_trading", "buy_and_hold"


@dataclass(frozen=True)
class RangeTradingResults(Result):
    """The outcome of range trading.

    Attributes
    ----------
    ledger : pandas.DataFrame
        A row a trade: dates of signal, entry, exit signal and exit, prices, the levels it was made on, the
        reason of the exit (``"resistance"``, ``"stop"``, or ``"open"`` where the trade still runs and is
        valued at the last close), bars held, and the return before (``gross``) and after costs (``net``),
        percent.
    returns : pandas.DataFrame
        ``range_trading`` and ``buy_and_hold``, fractions of wealth earned over each bar, after costs.
        Buying and holding buys where the strategy could first have bought: at the second bar.
    position : pandas.Series
        Whether the asset is held at the end of the bar.
    close : pandas.Series
        What was traded.
    levels : pandas.DataFrame
        Support and resistance by bar.
    intervals : pandas.DataFrame
        Estimate, low and high of the growth rates of wealth (percent a year, logarithmic), of the Sharpe
        ratios (a year, over cash) and of their differences; stationary bootstrap.
    cost_bp
        Of a purchase, and of a sale.
    level
        Coverage of the intervals.

    Examples
    --------
    >>> import capstar as cs
    >>> from arch.data import sp500
    >>> bars = sp500.load().rename(columns=str.lower)[["high", "low", "close"]]
    >>> found = cs.markets.RangeTrading(bars.iloc[-1000:]).backtest(n_replications=99)
    >>> print(len(found.ledger), found.equity.round(2).iloc[-1].to_dict(), round(found.costs, 2))
    14 {'range_trading': 0.91, 'buy_and_hold': 1.24} 2.76
    >>> print(found.drawdown.round(1).min().to_dict())
    {'range_trading': -15.9, 'buy_and_hold': -19.8}
    >>> print(found.outcome, found.verdict.startswith("Range trading does not pay"))
    does not pay True
    """

    ledger: pd.DataFrame
    returns: pd.DataFrame
    position: pd.Series
    close: pd.Series
    levels: pd.DataFrame
    intervals: pd.DataFrame
    cost_bp: float
    level: float

    @property
    def equity(self) -> pd.DataFrame:
        """Wealth by bar of 1 at the first bar."""
        return (1.0 + self.returns).cumprod()

    @property
    def drawdown(self) -> pd.DataFrame:
        """Wealth below its highest so far, percent, 0 or negative."""
        equity = self.equity
        return 100.0 * (equity / equity.cummax() - 1.0)

    @property
    def costs(self) -> float:
        """Cost of trading, percent of the wealth there would have been at the end without it."""
        sides = 2 * len(self.ledger) - int((self.ledger["reason"] == "open").sum())
        return float(100.0 * (1.0 - (1.0 - self.cost_bp / 1e4) ** sides))

    @property
    def outcome(self) -> str:
        """Whether it pays: the difference of the growth rates of wealth, and whether its interval holds zero."""
        gap, low, high = self.intervals.loc["growth difference", ["estimate", "low", "high"]]
        if low > 0:
            return "pays"
        if high < 0:
            return "loses to buying and holding"
        return "is not shown to pay" if gap > 0 else "does not pay"

    @property
    def verdict(self) -> str:
        """The outcome in one sentence, with its numbers."""
        names = [f"growth {name}" for name in (STRATEGY, HOLD, "difference")]
        ours, theirs, gap = self.intervals.loc[names, "estimate"]
        low, high = self.intervals.loc[names[-1], ["low", "high"]]
        return (
            f"Range trading {self.outcome}: net of {self.cost_bp:g} bp a trade wealth grows by {ours:.1f} percent a "
            f"year against {theirs:.1f} held, difference {gap:.1f} ({self.level:.0%} interval {low:.1f} to {high:.1f})."
        )

    @property
    def title(self) -> str:
        """Dates and bars."""
        return f"Range trading, {span_of(self.close.index)}, {len(self.close)} bars"

    def to_frame(self) -> pd.DataFrame:
        """Growth and Sharpe ratios a year: `intervals`."""
        return self.intervals

    def notes(self) -> tuple[str, ...]:
        """Trades, costs, wealth, drawdown and the verdict."""
        closed = self.ledger[self.ledger["reason"] != "open"]
        won = f"{(closed['net'] > 0).mean():.0%}" if len(closed) else "none"
        stops = int((closed["reason"] == "stop").sum())
        worst, end = self.drawdown.min(), self.equity.iloc[-1]
        return (
            (
                f"trades {len(self.ledger)} (stopped {stops}, of the closed ones with a gain {won}), in the market "
                f"{self.position.mean():.0%} of the time"
            ),
            f"costs at {self.cost_bp:g} bp a trade: {self.costs:.1f} percent of final wealth",
            (
                f"1 became {end[STRATEGY]:.2f}, held {end[HOLD]:.2f}; largest drawdown {worst[STRATEGY]:.1f} percent, "
                f"held {worst[HOLD]:.1f}"
            ),
            self.verdict,
        )

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """Price with ranges shaded and trades marked, wealth below; ``start`` is the first date shown."""
        from capstar.plotting.markets import plot_trades

        close, heading = since(self.close, start), f"Wealth, net of {self.cost_bp:g} bp a trade"
        levels, trades = self.levels.loc[close.index], self.ledger[self.ledger["entry"] >= close.index[0]]
        equity = self.equity[[STRATEGY, HOLD]].loc[close.index[0] :]
        return plot_trades(
            close, levels, in_range(levels), trades, equity, heading=heading, title=self.title, source=self.provenance,
            ax=ax,
        )  # fmt: skip

    def _dated(self) -> pd.Series | pd.DataFrame:
        return self.close
