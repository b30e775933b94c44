"""Stock and Watson (1998), tables 3 and 4: how much does the trend growth of US GDP move?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import run
from research.stock_watson_1998.simulation import (
    DRAWS,
    LAMBDAS,
    SEED,
    Floats,
    read_off,
    simulate,
    summarize,
)
from research.stock_watson_1998.time_varying_mean import STATISTICS, time_varying_mean

from capstar.rstar import median_unbiased_lambda

HERE = Path(__file__).parent
# Published quantiles are simulated too, of as many samples for all we know: errors of both, three of them.
ERRORS = 3 * np.sqrt(2)


def reproduce(folder: Path, draws: int = DRAWS, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Tables 3 and 4 with the lookup as printed, of the original program, and simulated."""
    simulated = simulate(LAMBDAS, draws, seed)
    return tables(folder, summarize(simulated), simulated[:, 0])


def tables(folder: Path, lookup: pd.DataFrame, constant: Floats) -> dict[str, pd.DataFrame]:
    """The same of quantiles by lambda and statistic, and of the statistics at lambda = 0, shape (draws, 4)."""
    growth = read_growth(folder)
    ours = time_varying_mean(growth, ar=published_autoregression(growth))
    by_grid = ours.assign(**{"lambda": lambdas_of_the_original_grid(ours["statistic"])})
    by_grid["sigma"] *= by_grid["lambda"] / ours["lambda"]
    simulated, errors = estimates(ours["statistic"], lookup, constant)
    return {
        "Table 4, lambda by table 3": _against_table_4(ours),
        "Table 4, lambda by the original program's grid": _against_table_4(by_grid[["lambda", "sigma"]]),
        "Table 4, by simulation": _against_table_4(simulated, errors),
        "What lambda of MW and of QLR depend on": _reasons(growth, ours, by_grid, simulated),
        "Table 3, medians": medians(folder, lookup),
    }


def read_growth(folder: Path) -> Floats:
    """Growth of US real GDP a head, percent a year."""
    return pd.read_csv(folder / "stock_watson1998/gdp_growth.csv", index_col=0).iloc[:, 0].to_numpy()


def published_autoregression(growth: Floats) -> Floats:
    """Deviations from the mean on their first lag and on lags 2 to 4 in levels, without a constant."""
    deviation = growth - growth.mean()
    lags = [deviation[3:-1], growth[2:-2], growth[1:-3], growth[:-4]]
    return np.linalg.lstsq(np.column_stack(lags), deviation[4:], rcond=None)[0]


def lambdas_of_the_original_grid(statistics: pd.Series) -> pd.Series:
    """Lambda between the medians of the authors' program, whose steps are quarters: the first pair about the value."""
    grid = pd.read_csv(HERE / "original_grid.csv", index_col="lambda")
    return pd.Series(
        {n: np.interp(v, np.maximum.accumulate(grid[n]), grid.index) for n, v in statistics.items()}
    )


def estimates(
    statistics: pd.Series, lookup: pd.DataFrame, constant: Floats
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """p-value, lambda and its 90 percent interval by statistic, and their Monte Carlo standard errors."""
    p = pd.Series((constant >= statistics.to_numpy()).mean(axis=0), STATISTICS)
    found, errors = (
        pd.DataFrame({"p-value": p}),
        pd.DataFrame({"p-value": np.sqrt(p * (1 - p) / len(constant))}),
    )
    quantiles = {"lambda": "median", "lambda, 90 percent, low": "p95", "lambda, 90 percent, high": "p05"}
    for column, quantile in quantiles.items():
        for name, value in statistics.items():
            one = lookup.xs(name, level="statistic")
            found.loc[name, column], errors.loc[name, column] = read_off(
                value, one[quantile], one[f"error of {quantile}"]
            )
    return found, errors


def medians(folder: Path, lookup: pd.DataFrame) -> pd.DataFrame:
    """Table 3 as printed beside ours."""
    printed = pd.read_csv(folder / "stock_watson1998/table3_lookup.csv", index_col="lambda")
    published = printed[list(STATISTICS)].stack().reindex(lookup.index)
    tolerance = 0.0005 + ERRORS * lookup["error of median"]
    return pd.DataFrame({"published": published, "ours": lookup["median"], "tolerance": tolerance})


def _against_table_4(ours: pd.DataFrame, errors: pd.DataFrame | None = None) -> pd.DataFrame:
    published = pd.read_csv(HERE / "published.csv", index_col="quantity")
    rows = {f"{name}: {column}": ours.loc[name, column] for name in ours.index for column in ours}
    table = published.loc[list(rows), ["published", "tolerance"]]
    table.insert(1, "ours", pd.Series(rows))
    if errors is not None:
        table["tolerance"] += ERRORS * errors.to_numpy().ravel()
    return table


def _reasons(
    growth: Floats, ours: pd.DataFrame, by_grid: pd.DataFrame, simulated: pd.DataFrame
) -> pd.DataFrame:
    ar = published_autoregression(growth)
    found = {
        "table 3": ours,
        "table 3, a constant in the autoregression": time_varying_mean(growth, lags=4),
        "table 3, 10 percent trimmed": time_varying_mean(growth, ar=ar, trim=0.10),
        "table 3, 20 percent trimmed": time_varying_mean(growth, ar=ar, trim=0.20),
        "original program's grid": by_grid,
        "simulated medians": ours.assign(**{"lambda": simulated["lambda"]}),
    }
    for step in (-0.005, 0.005):
        rounded = ours["statistic"].round(2) + step
        read = {name: median_unbiased_lambda(rounded[name], name) for name in STATISTICS}
        found[f"table 3, statistic as printed {step:+}"] = pd.DataFrame(
            {"statistic": rounded, "lambda": read}
        )
    rows = {
        why: {f"{n}: {c}": table.loc[n, c] for n in ("MW", "QLR") for c in ("statistic", "lambda")}
        for why, table in found.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


if __name__ == "__main__":
    run(reproduce, __doc__ or "", draws=DRAWS, seed=SEED)
