"""The README's section on moving variances and its figure, from the tables: no number in it is typed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capstar.plotting import save
from capstar.plotting.figures import BLUE, GREY, ORANGE, dress, new_figure
from capstar.writing import write_whole

LOW, HIGH = 0.03, 0.07
CELL = ["errors", "delta", "rho", "horizon"]
DEFAULTS = {
    "IVX t, residual wild bootstrap": "p of every slope in sample, and of the primary specification",
    "MSE-F, wild redrawn": "forecasts against the mean",
    "ENC-NEW, wild redrawn": "forecasts against the mean",
    "Clark-West, wild redrawn": "forecasts against the mean",
}
BEGIN, END = "<!-- from the tables: moving variances -->", "<!-- end -->"
_POWER = ("IVX t, residual wild bootstrap", "residual-augmented IVX t, White", "ENC-NEW, wild redrawn")


def section(size: pd.DataFrame, power: pd.DataFrame) -> str:
    """Markdown between the marks.

    Parameters
    ----------
    size
        ``rate``, ``samples``; indexed by the cell and the test.
    power
        The same with ``b``, 250 times the slope.
    """
    legend = (
        "Lowest–highest percent of samples rejected over the nine cells of δ and ρ, horizons 1 · 4 · 8 · 12 "
        f"({_samples(size)}); the last column counts the cells of all horizons and errors within 3–7 %. **Bold**: "
        "what the study uses by default."
    )
    slopes = (
        "Power, percent rejected where the slope of the first predictor is b/250, ρ = 0.95 "
        f"({_samples(power)}), b = −10 · 10 · 20:"
    )
    return "\n\n".join([BEGIN, legend, ranges(size), outcome(size), others(size), slopes, powers(power), END])


def ranges(size: pd.DataFrame) -> str:
    """Table of all tests: lowest and highest rate by kind of errors and horizon."""
    rates, kinds = size["rate"], list(size.index.unique("errors"))
    rows = ["| test | " + " | ".join(kinds) + " | within 3–7 % |", "| --- |" + " --- |" * (len(kinds) + 1)]
    for test in size.index.unique("test"):
        one = rates.xs(test, level="test")
        name = f"**{test}**" if test in DEFAULTS else test
        cells = [
            " · ".join(
                _span(one.xs((kind, h), level=("errors", "horizon"))) for h in one.index.unique("horizon")
            )
            for kind in kinds
        ]
        rows.append(f"| {name} | " + " | ".join(cells) + f" | {_held(one)} of {len(one)} |")
    return "\n".join(rows)


def outcome(size: pd.DataFrame) -> str:
    """Whether the tests that the study uses by default hold, and every cell in which one does not."""
    said = []
    for test, use in DEFAULTS.items():
        one = size["rate"].xs(test, level="test")
        out = one[~one.between(LOW, HIGH)]
        span = f"{_span(one)} % over {len(one)} cells"
        if out.empty:
            said.append(f"**{test}** ({use}) rejects {span}: within 3–7 % in every one.")
            continue
        worst = "; ".join(f"{100 * rate:.1f} ({_place(cell)})" for cell, rate in out.items())
        said.append(f"**{test}** ({use}) rejects {span}, and is outside 3–7 % in {len(out)}: {worst}.")
    return "\n\n".join(said)


def others(size: pd.DataFrame) -> str:
    """Which further tests hold everywhere, and how far the worst go astray."""
    rates = (
        size["rate"]
        .unstack("test")
        .drop(columns=[one for one in DEFAULTS if one in size.index.unique("test")])
    )
    held = rates.apply(lambda one: one.between(LOW, HIGH)).all()
    steady = "None of the others holds everywhere"
    if held.any():
        steady = f"Of the others these hold everywhere: {', '.join(held.index[held])}"
    worst = rates.max().nlargest(3)
    return f"{steady}. Furthest astray: {', '.join(f'{name} ({100 * rate:.0f} %)' for name, rate in worst.items())}."


def powers(power: pd.DataFrame) -> str:
    """Table of the power of tests that hold."""
    rows = ["| test | errors | δ | h = 1 | h = 4 |", "| --- | --- | --- | --- | --- |"]
    for test in _POWER:
        one = power["rate"].xs(test, level="test")
        for errors in one.index.unique("errors"):
            for delta in one.index.unique("delta"):
                cells = [
                    " · ".join(f"{100 * one[errors, delta, 0.95, h, b]:.0f}" for b in (-10.0, 10.0, 20.0))
                    for h in (1, 4)
                ]
                signed = f"{delta:g}".replace("-", "−")
                rows.append(f"| {test} | {errors} | {signed} | {' | '.join(cells)} |")
    return "\n".join(rows)


def figure(size: pd.DataFrame) -> Figure:
    """Every rate by test, a panel for each kind of errors; the band of 3 to 7 percent is shaded."""
    tests, kinds = list(size.index.unique("test")), list(size.index.unique("errors"))
    chart = new_figure(12.0, 7.5)
    axes = chart.subplots(1, len(kinds), sharex=True, sharey=True, squeeze=False)[0]
    for ax, kind in zip(axes, kinds, strict=True):
        _panel(ax, 100 * size["rate"].xs(kind, level="errors"), tests)
        dress(ax, kind, "", zero=False)
        ax.set_xlabel("percent rejected", fontsize=9)
    axes[0].set_xlim(0, 105 * size["rate"].max())
    axes[0].set_yticks([-i for i in range(len(tests))], tests, fontsize=8)
    chart.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    chart.suptitle(
        "Rejections of a true null by nominal 5% tests, T = 250, nine pairs of correlation and persistence "
        "(shaded: 3 to 7%)",
        fontsize=11,
    )
    return chart


def _panel(ax: Axes, rates: pd.Series, tests: list[str]) -> None:
    ax.axvspan(3, 7, color=GREY, alpha=0.2, linewidth=0)
    for shift, (name, color, among) in enumerate(
        (("h = 1", BLUE, [1]), ("h = 4, 8", GREY, [4, 8]), ("h = 12", ORANGE, [12]))
    ):
        one = rates[rates.index.get_level_values("horizon").isin(among)]
        heights = [-tests.index(test) + 0.2 * (1 - shift) for test in one.index.get_level_values("test")]
        ax.plot(one, heights, "o", color=color, markersize=2.5, alpha=0.7, label=name)


def rewritten(readme: str, size: pd.DataFrame, power: pd.DataFrame) -> str:
    """The README with its section on moving variances written anew."""
    before, _, rest = readme.partition(BEGIN)
    return before + section(size, power) + rest.partition(END)[2]


def tell(folder: Path) -> None:
    """Write the section into the README of a folder, and the figure, where both tables and the marks are there."""
    tables, path = (
        [folder / f"{what}_moving_variances.csv" for what in ("size", "power")],
        folder / "README.md",
    )
    if not all(one.exists() for one in (*tables, path)):
        return
    size, power = (pd.read_csv(one) for one in tables)
    size, power = size.set_index([*CELL, "test"]), power.set_index([*CELL, "b", "test"])
    readme = path.read_text(encoding="utf-8")
    if BEGIN in readme:
        write_whole(path, rewritten(readme, size, power))
    save(figure(size), folder / "size_moving_variances.png", dpi=110)


def _span(rates: pd.Series) -> str:
    return f"{100 * rates.min():.1f}–{100 * rates.max():.1f}"


def _held(rates: pd.Series) -> int:
    return int(rates.between(LOW, HIGH).sum())


def _place(cell: tuple[str, float, float, int]) -> str:
    errors, delta, rho, horizon = cell
    return f"{errors}, δ {delta:g}, ρ {rho:g}, h {horizon}".replace("-", "−")


def _samples(table: pd.DataFrame) -> str:
    sizes = sorted(table["samples"].unique())
    error = 100 * (0.05 * 0.95 / sizes[0]) ** 0.5
    return f"{' and '.join(f'{n:,}' for n in sizes)} samples, standard error of 5 % {error:.1f} points"
