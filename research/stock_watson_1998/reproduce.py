"""Stock and Watson (1998), table 4: how much does the trend growth of US GDP move?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from research.comparison import run
from research.stock_watson_1998.time_varying_mean import time_varying_mean

HERE = Path(__file__).parent


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Published and our estimates, with the autoregression of the paper's program and with a constant."""
    published = pd.read_csv(HERE / "published.csv", index_col="statistic")
    growth = pd.read_csv(folder / "stock_watson1998/gdp_growth.csv", index_col=0).iloc[:, 0].to_numpy()
    ours = time_varying_mean(growth, ar=_published_autoregression(growth))
    plain = time_varying_mean(growth, lags=4)
    return {
        "Table 4, autoregression of the original program": published.join(ours),
        "Least squares with a constant": plain,
    }


def _published_autoregression(growth: np.ndarray) -> np.ndarray:
    """Deviations from the mean on their first lag and on lags 2 to 4 in levels, without a constant."""
    deviation = growth - growth.mean()
    lags = [deviation[3:-1], growth[2:-2], growth[1:-3], growth[:-4]]
    return np.linalg.lstsq(np.column_stack(lags), deviation[4:], rcond=None)[0]


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
