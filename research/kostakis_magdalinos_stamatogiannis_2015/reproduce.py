"""Kostakis, Magdalinos and Stamatogiannis (2015): IVX slopes and Wald tests over 1 to 60 months."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from research.comparison import run
from scipy.stats import chi2

import capstar as cs
from capstar.plotting.figures import BLUE, GREY, ORANGE, dress, new_figure

HERE = Path(__file__).parent
NAMES = {
    "coef": "slope", "wald_individual": "wald", "delta": "delta", "ar1_no_intercept": "rho", "ols_coef": "ols_slope",
    "ols_t": "ols_t", "wald_joint": "joint wald",
}  # fmt: skip


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """The printed numbers beside ours, and how far ours are from every row computed in R."""
    published = pd.read_csv(HERE / "published.csv", index_col="quantity")
    data = monthly(folder)
    ours: dict[str, float] = {}
    for model, horizon in published[["model", "horizon"]].drop_duplicates().itertuples(index=False):
        table = estimates(data, model, horizon).rename_axis("term").reset_index()
        numbers = table.melt(["term", "joint wald"])
        names = f"{model}, {horizon}: " + numbers["variable"] + " of " + numbers["term"]
        ours |= dict(zip(names, numbers["value"], strict=True))
        ours[f"{model}, {horizon}: joint wald"] = table["joint wald"].iloc[0]
    judged = published.drop(columns=["model", "horizon"])
    judged.insert(1, "ours", judged.index.map(ours))
    return {
        "Tables 6, 8, 11 and 13, monthly, 1927-2012": judged,
        "Every row computed with R's ivx": from_r(folder, data),
    }


def monthly(folder: Path) -> pd.DataFrame:
    """The authors' file: log excess returns and eleven predictors."""
    return pd.read_csv(folder / "predictability/kms2015/monthly.csv", index_col="date")


def estimates(data: pd.DataFrame, model: str, horizon: int) -> pd.DataFrame:
    """By predictor, all that is compared."""
    found = cs.leads.ivx(data["ret"], data[model.split(" + ")], horizon=horizon)
    return found.to_frame().assign(**{"joint wald": found.wald})[list(NAMES.values())]


def from_r(folder: Path, data: pd.DataFrame) -> pd.DataFrame:
    """Largest relative difference by column, over models, horizons and predictors."""
    golden = pd.read_csv(folder / "predictability/kms2015/ivx_golden.csv").rename(columns=NAMES)
    parts = [
        (estimates(data, str(model), horizon) / rows.set_index("term")[list(NAMES.values())] - 1).abs()
        for (model, horizon), rows in golden.groupby(["model", "horizon"])
    ]
    differences = pd.concat(parts)
    return pd.DataFrame({"rows": differences.count(), "largest relative difference": differences.max()})


def figure(folder: Path) -> Figure:
    """Wald statistics on earnings yield and bill rate together, by horizon; the printed ones as points."""
    published = pd.read_csv(HERE / "published.csv").query("model == 'ep + tbl'")
    data = monthly(folder)
    drawn = new_figure(9.0, 3.8)
    ax = drawn.subplots()
    lines = {h: estimates(data, "ep + tbl", h)["wald"] for h in range(1, 61)}
    for (name, wald), color in zip(pd.DataFrame(lines).T.items(), (BLUE, ORANGE), strict=True):
        rows = published[published["quantity"].str.endswith(f"wald of {name}")]
        ax.plot(wald.index, wald, color=color, label=name)
        ax.plot(rows["horizon"], rows["published"], "o", color=color, label=f"{name}, table 13")
    ax.axhline(chi2.ppf(0.95, 1), color=GREY, linestyle="--", label="5% critical value")
    ax.set_xlabel("horizon, months", fontsize=9)
    ax.legend(frameon=False, fontsize=8)
    dress(
        ax,
        "IVX-Wald of earnings yield (ep) and bill rate (tbl) in one regression",
        "chi-squared, 1 degree of freedom",
        zero=False,
    )
    return drawn


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
