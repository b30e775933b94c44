"""What a rule of an index answers: a screen, which says who may be in it, or a weighting."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Screened: TypeAlias = Literal["security", "company"]


@runtime_checkable
class Screen(Protocol):
    """An eligibility screen with a threshold; `capstar.smallcaps.register` adds one to every index.

    Attributes
    ----------
    key
        Name of its threshold: a keyword and an attribute of `IndexRules`, ``capstar index --screen key=threshold``.
        What fails it on each rank day is counted in `IndexResults.rebalances`.
    default
        Threshold of the Russell indexes; 0 passes everything.
    label
        What it asks, in one line, with its unit.
    of
        Whether it screens each ``"security"``, or each ``"company"``.
    columns
        Numbers it reads from the table of shares besides the usual ones.
    """

    key: str
    default: float
    label: str
    of: Screened
    columns: tuple[str, ...]

    def passes(self, table: pd.DataFrame, threshold: float) -> pd.Series:
        """Whether each row passes.

        Parameters
        ----------
        table
            At the close of rank day.  Of securities: ``close``, ``average_close``, ``shares``, ``float_factor``,
            ``member`` (now in the index), ``value`` and `columns`; of companies: ``value``.
        threshold
            0 or more.
        """


@runtime_checkable
class Weighting(Protocol):
    """How members are weighted; `capstar.smallcaps.register` adds one.

    Attributes
    ----------
    key
        ``IndexRules(weighting=key)``, ``capstar index --weighting key``.
    label
        What it is, in one line.
    """

    key: str
    label: str

    def index_shares(self, shares: Floats, float_factor: Floats, close: Floats) -> Floats:
        """Index shares of each security at a rebalancing, NaN where shares are; all arrays of one shape."""
