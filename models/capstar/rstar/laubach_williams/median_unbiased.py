"""Median-unbiased estimation of a small variance (Stock and Watson 1998)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.kernels.arrays import Floats
from capstar.provenance import Source, source_of
from capstar.reporting import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Functional = Literal["EW", "MW", "QLR", "L"]

# Stock and Watson (1998), table 3: median of each statistic at lambda = 0, 1, ..., 30.
MEDIANS: Mapping[Functional, tuple[float, ...]] = {
    "EW": (
        0.426, 0.476, 0.516, 0.661, 0.826, 1.111, 1.419, 1.762, 2.355, 2.910, 3.413, 3.868, 4.925, 5.684,
        6.670, 7.690, 8.477, 9.191, 10.693, 12.024, 13.089, 14.440, 16.191, 17.332, 18.699, 20.464, 21.667,
        23.851, 25.538, 26.762, 27.874,
    ),
    "MW": (
        0.689, 0.757, 0.806, 1.015, 1.234, 1.632, 2.018, 2.390, 3.081, 3.699, 4.222, 4.776, 5.767, 6.586,
        7.703, 8.683, 9.467, 10.101, 11.639, 13.039, 13.900, 15.214, 16.806, 18.330, 19.020, 20.562,
        21.837, 24.350, 26.248, 27.089, 27.758,
    ),
    "QLR": (
        3.198, 3.416, 3.594, 4.106, 4.848, 5.689, 6.682, 7.626, 9.160, 10.660, 11.841, 13.098, 15.451,
        17.094, 19.423, 21.682, 23.342, 24.920, 28.174, 30.736, 33.313, 36.109, 39.673, 41.955, 45.056,
        48.647, 50.983, 55.514, 59.278, 61.311, 64.016,
    ),
    "L": (
        0.118, 0.127, 0.137, 0.169, 0.205, 0.266, 0.327, 0.387, 0.490, 0.593, 0.670, 0.768, 0.908, 1.036,
        1.214, 1.360, 1.471, 1.576, 1.799, 2.016, 2.127, 2.327, 2.569, 2.785, 2.899, 3.108, 3.278, 3.652,
        3.910, 4.015, 4.120,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class BreakStatistics(Result):
    """Wald statistics for one break in a coefficient at an unknown date, and Nyblom's for one that drifts.

    Attributes
    ----------
    t_statistic
        Of the post-break dummy at each candidate date, shape (n_dates,).
    dates
        Number of observations before each break, shape (n_dates,).
    nobs
        Number of observations.
    exp_wald, mean_wald, qlr
        Andrews-Ploberger, average and Quandt functionals of the squared t statistics.
    nyblom
        Statistic L of Nyblom (1989), which has no break dates: ``sum(w S^2) / (sum(w)^2 s^2)``, S the partial sums of
        ``w e`` under no break and ``s^2 = sum(w e^2) / (sum(w) - k)``; of one regressor among others, as Hansen (1992).

    Examples
    --------
    >>> import capstar as cs
    >>> import numpy as np
    >>> inflation = cs.data.us_macro()["inflation"].to_numpy()
    >>> found = cs.rstar.break_statistics(inflation, np.ones((len(inflation), 1)), trim=30)
    >>> found.title
    'One break at an unknown date, 199 observations, 140 dates'
    >>> round(found.value("EW"), 2), round(found.value("L"), 2), found.dates[np.abs(found.t_statistic).argmax()].item()
    (12.29, 2.36, 90)
    >>> found.to_frame().shape, found.frames()[""].columns.to_list(), found.provenance
    ((140, 2), ['statistic'], Source(data='data as given', sample='199 observations'))
    >>> figure = found.plot()
    """

    t_statistic: Floats
    dates: npt.NDArray[np.int64]
    nobs: int
    exp_wald: float
    mean_wald: float
    qlr: float
    nyblom: float

    def value(self, functional: Functional) -> float:
        """One of the functionals by its name in Stock and Watson's tables.

        Raises
        ------
        SpecificationError
            There is no such functional.
        """
        if functional not in self._functionals:
            raise SpecificationError(f"functional={functional!r}; choose one of {list(self._functionals)}.")
        return self._functionals[functional]

    @property
    def _functionals(self) -> dict[str, float]:
        return {"EW": self.exp_wald, "MW": self.mean_wald, "QLR": self.qlr, "L": self.nyblom}

    @property
    def title(self) -> str:
        """Number of observations and dates."""
        return f"One break at an unknown date, {self.nobs} observations, {len(self.dates)} dates"

    def to_frame(self) -> pd.DataFrame:
        """Statistics t and Wald by the number of observations before the break."""
        index = pd.Index(self.dates, name="observations before")
        return pd.DataFrame({"t": self.t_statistic, "Wald": self.t_statistic**2}, index)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The functionals."""
        return {"": pd.Series(self._functionals).to_frame("statistic")}

    def plot(self, ax: Any = None) -> Figure:
        """Wald statistic by the number of observations before the break."""
        from capstar.plotting import plot_lines

        along = "observations before the break"
        return plot_lines(
            self.to_frame()[["Wald"]], title=self.title, unit="Wald statistic", along=along,
            source=self.provenance, ax=ax,
        )  # fmt: skip

    @property
    def provenance(self) -> Source:
        """The number of observations."""
        return source_of(self.to_frame(), sample=f"{self.nobs} observations")


@checked
def break_statistics(
    y: npt.ArrayLike, X: npt.ArrayLike, *, weights: npt.ArrayLike | None = None, trim: int = 4
) -> BreakStatistics:
    """Test the level of ``y`` given ``X`` for one break at every date.

    Parameters
    ----------
    y
        Dependent variable, shape (n,).
    X
        Regressors with a constant among them, shape (n, k).
    weights
        Of the observations, shape (n,); the error variance is then
        ``sum(w e^2) / (sum(w) - k - 1)``.
    trim
        Smallest number of observations on either side of a break.

    Raises
    ------
    DataError
        Fewer observations than both sides and the regressors need, other shapes, or a value missing.

    References
    ----------
    Stock and Watson (1998), *JASA* 93(441), section 2; Holston, Laubach and Williams (2017, 2023); Nyblom (1989),
    *JASA* 84(405); Hansen (1992), *Journal of Policy Modeling* 14(4).

    Examples
    --------
    >>> import capstar as cs
    >>> import numpy as np
    >>> inflation = cs.data.us_macro()["inflation"].to_numpy()
    >>> found = cs.rstar.break_statistics(inflation, np.ones((len(inflation), 1)), trim=30)
    >>> found.qlr > 8.68  # 5 percent critical value of one coefficient, 15 percent trimmed
    True
    """
    y, X = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    w = np.ones(len(y) if y.ndim else 0) if weights is None else np.asarray(weights, dtype=float)
    if (
        X.ndim != 2
        or not y.shape == w.shape == X.shape[:1]
        or not all(np.isfinite(a).all() for a in (y, X, w))
    ):
        raise DataError(
            f"y {y.shape}, X {X.shape}, weights {w.shape}: expected finite numbers of the shapes (n,), (n, k) and (n,)."
            " Align them, and give X a column of ones."
        )
    n, k = X.shape
    if n < max(2 * trim, k + 2):
        raise DataError(
            f"{n} observations are too few for a break test; give at least {max(2 * trim, k + 2)}."
        )
    if not (w >= 0).all() or not w.sum() > k + 1:
        raise DataError(
            f"weights: their sum is {w.sum():.4g}; none may be negative and the sum must exceed {k + 1}."
        )
    return break_at_every_date(y, X, w, trim)


def break_at_every_date(y: Floats, X: Floats, w: Floats, trim: int = 4) -> BreakStatistics:
    """The same of arrays that are known to be in order."""
    n, k = X.shape
    root = np.sqrt(w)
    dates = np.arange(trim, n - trim + 1)
    # Frisch-Waugh: y and every dummy less their projection on X; a dummy's inner products are sums from its date on.
    basis = np.linalg.qr(X * root[:, None])[0]
    rest = y * root - basis @ (basis.T @ (y * root))
    later = np.cumsum(np.column_stack([w, root * rest, basis * root[:, None]])[::-1], axis=0)[::-1][dates]
    square = later[:, 0] - (later[:, 2:] ** 2).sum(axis=1)
    # Dates between which every observation has weight zero give the same dummy; none may vanish.
    usable = square > 1e-10 * w.sum()
    square, dates, slope = square[usable], dates[usable], later[usable, 1] / square[usable]
    variance = ((rest @ rest) - slope**2 * square) / (w.sum() - k - 1)
    t_statistic = slope * np.sqrt(square / variance)
    wald = t_statistic**2
    peak = wald.max()
    exp_wald = peak / 2 + np.log(np.mean(np.exp((wald - peak) / 2)))
    nyblom = w @ np.cumsum(root * rest) ** 2 * (w.sum() - k) / (w.sum() ** 2 * (rest @ rest))
    return BreakStatistics(
        t_statistic, dates, n, float(exp_wald), float(wald.mean()), float(peak), float(nyblom)
    )


@checked
def median_unbiased_lambda(statistic: float, functional: Functional = "EW") -> float:
    """Median-unbiased estimate of lambda, in units of Stock and Watson (divide by T to use it).

    Their table 3 is interpolated linearly: 0 below its first entry.

    Parameters
    ----------
    statistic
        Value of the break statistic.
    functional
        Which one it is: ``"EW"``, ``"MW"``, ``"QLR"`` or ``"L"``.

    Raises
    ------
    SpecificationError
        The functional is unknown, or the statistic lies beyond the table (lambda above 30).

    Examples
    --------
    >>> import capstar as cs
    >>> round(cs.rstar.median_unbiased_lambda(1.5, "EW"), 2)
    6.24
    """
    if functional not in MEDIANS:
        raise SpecificationError(f"functional={functional!r}; choose one of {list(MEDIANS)}.")
    medians = MEDIANS[functional]
    if not statistic <= medians[-1]:
        raise SpecificationError(
            f"The {functional} statistic {statistic:.3f} is above {medians[-1]}, the end of Stock and "
            "Watson's table 3 (lambda = 30). Look for an outlier or a level shift in the data, or give "
            "lambda_g and lambda_z yourself."
        )
    return float(np.interp(statistic, medians, np.arange(len(medians))))
