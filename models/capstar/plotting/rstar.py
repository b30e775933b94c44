"""Figures of natural rates, and of what lies behind an estimate: profiles, contributions, comparisons.

``title`` stands above a figure, ``unit`` beside its axis and ``source``, data and sample, below it; ``ax`` is where to
draw the main panel alone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from capstar.names import name_of
from capstar.plotting.figures import (
    BLUE,
    GREY,
    ORANGE,
    SERIES,
    draw_band,
    draw_line,
    draw_lines,
    dress,
    finish,
    panels,
    plain,
    time_axis,
)
from capstar.provenance import Source

_PANELS = {
    "rstar": ("Natural rate r*", "percent a year"),
    "output_gap": ("Output gap", "percent"),
    "g": ("Trend growth g", "percent a year"),
    "z": ("Other determinants z", "percent a year"),
}


def plot_rstar(
    frame: pd.DataFrame,
    *,
    title: str = "",
    includes: str = "",
    level: float = 0.9,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """r*, trend growth, z and the output gap, as far as the model has them.

    Parameters
    ----------
    frame
        From `NaturalRate.to_frame`.
    includes
        Uncertainty that the band of r* includes, in words.
    level
        Coverage of the bands.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> figure = cs.plotting.plot_rstar(fit.to_frame(), title=fit.title, includes="state uncertainty")
    >>> len(figure.axes)  # r*, trend growth, z, output gap
    4
    """
    shown = [name for name in _PANELS if f"{name}_smoothed" in frame]  # edited equations may lack one
    figure, axes = panels(ax, len(shown), width=4.5, height=3.1, across=2, sharex=True)
    for one, name in zip(axes, shown, strict=False):
        draw_band(one, frame, f"{name}_smoothed", level=level, color=BLUE, label="two-sided")
        draw_line(one, frame[f"{name}_filtered"], color=ORANGE, label="one-sided")
        dress(one, *_PANELS[name])
    band = f"{level:.0%} band: {includes}" if includes else None
    axes[0].legend(frameon=False, fontsize=8, title=band, title_fontsize=7)
    said = f"{title} ({level:.0%} bands of the two-sided estimate)"
    return finish(figure, ax, title=said, source=source)


def plot_profile(
    table: pd.DataFrame,
    *,
    name: str,
    estimate: float,
    drop: float,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Log-likelihood and last r* along one parameter.

    Parameters
    ----------
    table
        From `capstar.rstar.Profile`: ``log_likelihood`` and ``rstar`` by value.
    name
        The parameter.
    estimate
        Marked by a vertical line.
    drop
        Log-likelihood below the maximum at which a value is rejected.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> profile = fit.profile("lambda_z", [0.0, 0.02, 0.04])
    >>> figure = cs.plotting.plot_profile(profile.table, name="lambda_z", estimate=profile.estimate, drop=1.92)
    >>> len(figure.axes)
    2
    """
    figure, axes = panels(ax, 2, width=4.5, height=3.6, across=2)
    relative = table["log_likelihood"] - table["log_likelihood"].max()
    lines = (
        (relative, f"Profile likelihood of {name_of(name)}", "log-likelihood below the maximum"),
        (table["rstar"], f"Latest r* along {name_of(name)}", "percent a year"),
    )
    for one, (line, heading, unit) in zip(axes, lines, strict=False):
        one.plot(table.index, line, color=BLUE, linewidth=1.6)
        dress(one, heading, unit, zero=False)
        one.axvline(estimate, color=GREY, linewidth=1, linestyle=":")
        one.annotate("used", (estimate, 0.97), xycoords=("data", "axes fraction"), fontsize=8, color=GREY)
        one.set_xlabel(plain(name_of(name)), fontsize=9)
    axes[0].axhline(-drop, color=ORANGE, linewidth=1, linestyle="--", label="95% likelihood-ratio line")
    axes[0].legend(frameon=False, fontsize=8)
    return finish(figure, ax, source=source)


def plot_contributions(
    table: pd.DataFrame,
    *,
    title: str = "",
    unit: str = "",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Stacked bars of a table of years by series, over the years that matter.

    Parameters
    ----------
    table
        By year, a column a series, in ``unit``.
    title, unit
        Above the figure and of the y axis.
    source, ax
        As in `plot_lead`.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> moved = fit.decompose("2000Q1", "2009Q3")
    >>> figure = cs.plotting.plot_contributions(moved.by_year(), title=moved.title, unit="percentage points")
    >>> len(figure.axes[0].patches) > 0
    True
    """
    figure, (one,) = panels(ax)
    size = table.abs().sum(axis=1)
    kept = size.index[size > 0.005 * size.max()]
    shown = table.loc[kept[0] : kept[-1]] if len(kept) else table
    above, below = pd.Series(0.0, shown.index), pd.Series(0.0, shown.index)
    for column, color in zip(shown.columns, SERIES, strict=False):
        base = above.where(shown[column] > 0, below)
        label = plain(name_of(column))
        one.bar(shown.index, shown[column], bottom=base, color=color, label=label, width=0.8)
        above, below = above + shown[column].clip(lower=0), below + shown[column].clip(upper=0)
    dress(one, title, unit)
    one.xaxis.set_major_locator(MaxNLocator(integer=True))
    one.set_xlabel("year of the observation; others add less than 0.5 % of the largest", fontsize=9)
    one.legend(frameon=False, fontsize=8)
    return finish(figure, ax, source=source)


def plot_band(
    frame: pd.DataFrame,
    *,
    title: str = "",
    band: str = "",
    unit: str = "percent a year",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """One line in its band: ``lower``, ``estimate`` and ``upper`` by quarter; ``band`` says what it includes.

    Parameters
    ----------
    frame
        Columns ``lower``, ``estimate`` and ``upper``, by quarter, in ``unit``.
    title, band
        Above the figure, and in its legend.
    unit
        Of the y axis.
    source, ax
        As in `plot_lead`.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> figure = cs.plotting.plot_band(fit.bands("filtered"), title="r*, one-sided", band="state uncertainty")
    >>> figure.axes[0].get_ylabel()
    'percent a year'
    """
    figure, (one,) = panels(ax, height=4.2)
    _band(one, frame, band)
    dress(one, title, unit, zero=frame["lower"].min() < 0)
    if band:
        one.legend(frameon=False, fontsize=8)
    return finish(figure, ax, source=source)


def _band(ax: Axes, frame: pd.DataFrame, label: str = "") -> None:
    x = time_axis(frame.index)
    ax.fill_between(
        x, frame["lower"], frame["upper"], color=BLUE, alpha=0.15, linewidth=0, label=label or None
    )
    draw_line(ax, frame["estimate"], color=BLUE)


def plot_lines(
    frame: pd.DataFrame,
    *,
    title: str,
    unit: str = "",
    along: str = "",
    zero: bool = True,
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """One line a column by period or number, named in the legend; NaN where it has no value.

    Parameters
    ----------
    frame
        A column a line, by period or number, in ``unit``.
    title, unit, along
        Above the figure, of the y axis, and of the x axis where that is not time.
    zero
        Whether the y axis reaches to zero.
    source, ax
        As in `plot_lead`.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> figure = cs.plotting.plot_lines(fit.rstar.filtered.to_frame("r*"), title="r*", unit="percent a year")
    >>> figure.axes[0].get_ylabel()
    'percent a year'
    """
    figure, (one,) = panels(ax, height=4.2)
    draw_lines(one, frame)
    dress(one, title, unit, zero=zero)
    one.set_xlabel(plain(along), fontsize=9)
    if frame.shape[1] > 1:
        one.legend(frameon=False, fontsize=8)
    return finish(figure, ax, source=source)


def plot_comparison(
    frame: pd.DataFrame,
    bands: Mapping[str, pd.DataFrame],
    *,
    title: str,
    unit: str = "percent a year",
    source: Source | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Estimates in one panel, and in a panel each: the estimate in its band, the others grey behind it.

    Parameters
    ----------
    frame
        A column an estimate, by quarter.
    bands
        Of each: ``lower``, ``estimate`` and ``upper`` by quarter; ``attrs`` say what they include.

    Examples
    --------
    >>> import pandas as pd
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> bands = {"HLW": fit.bands("filtered"), "HLW, two-sided": fit.bands("smoothed")}
    >>> frame = pd.DataFrame({name: band["estimate"] for name, band in bands.items()})
    >>> figure = cs.plotting.plot_comparison(frame, bands, title="One-sided and two-sided r*")
    >>> len(figure.axes)  # both, and a panel each
    3
    """
    if ax is not None or frame.shape[1] == 1:
        return plot_lines(frame, title=title, unit=unit, source=source, ax=ax)
    figure, axes = panels(None, frame.shape[1] + 1, width=4.2, height=3.0, across=3, sharex=True)
    plot_lines(frame, title="All estimates", unit=unit, ax=axes[0])
    if frame.shape[1] > 5:
        axes[0].legend(fontsize=6, ncols=2, frameon=False)
    low, high = float(frame.min().min()) - 1, float(frame.max().max()) + 1
    for one, name in zip(axes[1:], frame, strict=True):
        for other in frame.columns.drop(name):
            draw_line(one, frame[other].dropna(), color="#bbbbbb")
        band = bands[str(name)].loc[frame.index[0] : frame.index[-1]]
        _band(one, band.assign(estimate=frame[name]))
        dress(one, name, unit)
        one.set_ylim(low, high)
        one.set_xlabel(_included(band), fontsize=7)
    return finish(figure, ax, title=title, source=source)


def _included(band: pd.DataFrame) -> str:
    """What a band is, for the axis below it."""
    includes = str(band.attrs.get("includes", ""))
    if band["lower"].isna().all():
        return "no band"
    level = band.attrs.get("level")
    return textwrap.fill(f"band{'' if level is None else f' of {level:.0%}'}: {includes}", 58)
