"""Multiple testing: false discoveries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.coercion import as_series
from capstar.errors import DataError
from capstar.leads.checks import require_level
from capstar.leads.records import Tabled

Floats = npt.NDArray[np.float64]
_FEWEST = 40


@dataclass(frozen=True)
class AdjustedPValues(Tabled):
    """P-values of a family of tests with their adjustment.

    Attributes
    ----------
    table : pandas.DataFrame
        As given, with ``<column>_adjusted`` and ``rejected`` (adjusted at most ``level``) after it, in place of those
        it had.
    column, level
        Which p-values; false discovery rate.
    n_tests
        Tests with a p-value: the size of the family.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> table = cs.leads.in_sample_table(returns[["excess", "smb"]], gap.to_frame(), (1, 4))
    >>> found = cs.leads.adjusted_p_values(table, column="hodrick_p", level=0.10)
    >>> print(found.n_tests, found.level, found.table["rejected"].sum())
    4 0.1 0
    """

    _unit = "p-value"
    table: pd.DataFrame
    column: str
    level: float
    n_tests: int

    @property
    def title(self) -> str:
        """Size of the family and the level."""
        return f"{self.n_tests} tests, false discovery rate {self.level:g}"

    def notes(self) -> tuple[str, ...]:
        """How many survive."""
        raw = int((self.table[self.column] <= self.level).sum())
        words = (
            f"{self.n_tests} tests: {raw} significant at {self.level:g} alone, {int(self.table['rejected'].sum())} "
            "with the false discovery rate controlled there (Benjamini-Hochberg); smallest adjusted p "
            f"{self.table[f'{self.column}_adjusted'].min():.4f}."
        )
        return (words,)

    def _drawn(self) -> pd.DataFrame:
        both = self.table[[self.column, f"{self.column}_adjusted"]]
        return both.set_axis(["p alone", "p adjusted (Benjamini-Hochberg)"], axis=1)


@checked(labels=("table",))
def adjusted_p_values(
    table: pd.Series | pd.DataFrame, *, column: str = "p", level: float = 0.05
) -> AdjustedPValues:
    """P-values adjusted to control the false discovery rate over the whole table.

    Parameters
    ----------
    table
        One row a test with its p-value in ``column``, or a Series of p-values. Rows without one are not counted.
    column
        Name.
    level
        False discovery rate.

    Raises
    ------
    DataError
        The column is absent, holds no p-value, or one outside [0, 1].

    References
    ----------
    Benjamini and Hochberg (1995), *Journal of the Royal Statistical Society B* 57(1), procedure (1).

    Examples
    --------
    >>> import capstar as cs
    >>> import pandas as pd
    >>> p = pd.Series([0.003, 0.02, 0.04, 0.30], ["IVX", "Hodrick", "Clark-West", "Q"])
    >>> cs.leads.adjusted_p_values(p).table.round(3)
                    p  p_adjusted  rejected
    IVX         0.003       0.012      True
    Hodrick     0.020       0.040      True
    Clark-West  0.040       0.053     False
    Q           0.300       0.300     False
    """
    from statsmodels.stats.multitest import multipletests

    require_level("level", level)
    frame = table.to_frame(column) if isinstance(table, pd.Series) else table.copy()
    if column not in frame:
        raise DataError(f"there is no column {column!r} among {list(frame)}. Name the p-values' column.")
    p = as_series(frame[column], column)
    known = p.notna()
    if not known.any() or not p[known].between(0, 1).all():
        worst = "none" if not known.any() else f"{p[known & ~p.between(0, 1)].iloc[0]:.4g}"
        raise DataError(f"{column}: expected p-values between 0 and 1, found {worst}. Give p-values.")
    adjusted = pd.Series(np.nan, frame.index)
    adjusted[known] = multipletests(p[known], method="fdr_bh")[1]
    frame = frame.drop(columns=[f"{column}_adjusted", "rejected"], errors="ignore")
    at = frame.columns.get_loc(column) + 1
    frame.insert(at, f"{column}_adjusted", adjusted)
    frame.insert(at + 1, "rejected", adjusted <= level)
    return AdjustedPValues(frame, column, level, int(known.sum()))
