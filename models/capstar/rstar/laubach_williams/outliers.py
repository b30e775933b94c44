"""Outliers that the factors of the measurement errors leave out."""

from __future__ import annotations

import pandas as pd

from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.statespace.smoothing import smooth_disturbances

_LIMIT = 3.0
_BESIDE = 4  # quarters before and after a window that count as next to it
_SERIES = {"y": "output", "pi": "inflation"}


def beside_windows(results: ThreeStageEstimates) -> pd.Series:
    """Studentised residuals beyond 3 in the year before or after quarters whose errors are scaled.

    The residual is the smoothed measurement error over its standard deviation (Harvey and Koopman 1992), which is the t
    statistic of a dummy for that quarter.

    Parameters
    ----------
    results
        An estimate of a model with factors such as kappa.

    Returns
    -------
    pandas.Series
        By quarter and observed series; empty where there is none.
    """
    problem = results.stages.stage3.problem
    scaled = pd.Series(problem.scale_param >= 0, problem.index)
    near = scaled.rolling(2 * _BESIDE + 1, center=True, min_periods=1).max().astype(bool) & ~scaled
    if not near.any():
        return pd.Series(dtype=float)
    residuals = smooth_disturbances(problem, results.all_params).measurement_residuals[near]
    return residuals.where(residuals.abs() > _LIMIT).stack().dropna()


def sentences(results: ThreeStageEstimates) -> list[str]:
    """The same in words: one sentence, or none."""
    found = beside_windows(results)
    if found.empty:
        return []
    listed = ", ".join(f"{_SERIES.get(name, name)} {quarter} {t:.1f}" for (quarter, name), t in found.items())
    text = (
        f"Studentised residuals beyond {_LIMIT:.0f} next to the quarters whose measurement errors are scaled: "
        f"{listed}. Such outliers move r* and the parameters; scale their quarters too: for_country() has what is "
        "published, edit(kappa_windows=...) takes any."
    )
    return [text]
