"""IVX of several returns on the same predictors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from capstar.arguments import checked
from capstar.errors import DataError
from capstar.leads.inference.instrument import instrumented
from capstar.leads.inference.ivx import aligned_arrays
from capstar.leads.records import Estimates, SlopeTable
from capstar.reporting.estimates import Covariances


@dataclass(frozen=True)
class IVXSystem(Covariances, SlopeTable):
    """IVX estimates of a system.

    Attributes
    ----------
    table : pandas.DataFrame
        By response and predictor: ``slope``, ``se``, ``t`` and ``p`` (normal, two-sided).
    equations : pandas.DataFrame
        By response: ``wald`` and ``p`` that no predictor predicts it; chi-squared.
    wald, p
        That no predictor predicts any response; chi-squared with as many degrees of freedom as slopes.
    covariance : pandas.DataFrame
        Of all slopes, by response and predictor.
    horizon
        Periods summed on both sides.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.ivx_system(returns[["small", "large"]], returns["risk_free"])
    >>> print(round(found.wald, 2), round(found.p, 2))
    0.3 0.86
    >>> found.equations.round(2)
           wald     p
    small  0.26  0.61
    large  0.27  0.60
    >>> found.cov_params().shape
    (2, 2)
    """

    table: pd.DataFrame
    equations: pd.DataFrame
    wald: float
    p: float
    covariance: pd.DataFrame
    horizon: int

    @property
    def title(self) -> str:
        """Responses, horizon and the joint test."""
        return (
            f"IVX of {len(self.equations)} responses over {self.horizon} period(s): joint Wald {self.wald:.4f}, p "
            f"{self.p:.4f}"
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """Slopes, and the test of each response."""
        return {"": self.table, "By response": self.equations}

    def cov_params(self) -> pd.DataFrame:
        """Covariance of all slopes, by response and predictor."""
        return self.covariance

    def _estimates(self) -> Estimates:
        return {
            (str(y), f"on {x}"): ends
            for (y, x), ends in zip(self.table.index, super()._estimates().values(), strict=True)
        }


@checked
def ivx_system(returns: pd.DataFrame, predictors: pd.Series | pd.DataFrame, *, horizon: int = 1) -> IVXSystem:
    """IVX-Wald tests of several returns together.

    Parameters
    ----------
    returns
        As in `capstar.leads.ivx`, a column a response.
    predictors, horizon
        As there.

    Raises
    ------
    DataError, SpecificationError
        As there; no response.

    References
    ----------
    Kostakis, Magdalinos and Stamatogiannis (2015), *Review of Financial Studies* 28(5), section 2, whose model has
    several responses; (2023), *Journal of Econometrics* 237, 105380, equations 15 and 23 for horizons.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> found = cs.leads.ivx_system(returns[["small", "large"]], returns["risk_free"])
    >>> found.table.round(2)
                        slope    se     t     p
    response predictor
    small    risk_free  -0.45  0.88 -0.51  0.61
    large    risk_free  -0.33  0.63 -0.52  0.60
    """
    taken = {predictors.name} if isinstance(predictors, pd.Series) else set(predictors)
    if clash := [name for name in returns if name in taken]:
        raise DataError(f"returns: {clash[0]!r} is the name of a predictor too. Rename one of them.")
    arrays = [aligned_arrays(returns[name], predictors, horizon) for name in returns]
    y, (_, x, names) = np.column_stack([one[0] for one in arrays]), arrays[0]
    found = instrumented(y[None], x[None], horizon=horizon)
    index = pd.MultiIndex.from_product([names, returns.columns], names=["predictor", "response"])
    rows = pd.MultiIndex.from_product([returns.columns, names], names=["response", "predictor"])
    table = pd.DataFrame({"slope": found.slope[0], "se": found.se[0], "t": found.t[0]}, index)
    table["p"] = scipy.stats.chi2.sf(table["t"] ** 2, 1)
    cov = pd.DataFrame(found.cov[0], index, index).swaplevel().swaplevel(axis=1).loc[rows, rows]
    table = table.swaplevel().loc[rows]
    walds = []
    for name in returns:
        slope = table.loc[name, "slope"].to_numpy()
        walds.append(float(slope @ np.linalg.solve(cov.loc[name, name].to_numpy(), slope)))
    equations = pd.DataFrame({"wald": walds, "p": scipy.stats.chi2.sf(walds, len(names))}, returns.columns)
    wald = float(found.wald[0])
    return IVXSystem(table, equations, wald, float(scipy.stats.chi2.sf(wald, len(rows))), cov, horizon)
