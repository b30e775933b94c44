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

    Examples
    --------
    >>> import capstar as cs
    >>> class MinClose:
    ...     key, default, label, of, columns = "min_close", 0.0, "close of rank day", "security", ()
    ...     def passes(self, table, threshold):
    ...         return table["close"] >= threshold
    ...
    >>> isinstance(MinClose(), cs.smallcaps.Screen)
    True
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

        Examples
        --------
        >>> import pandas as pd
        >>> from capstar.smallcaps.registry import screens
        >>> table = pd.DataFrame({"close": [0.5, 12.0], "average_close": [0.6, 11.0], "member": False})
        >>> screens()["min_price"].passes(table, 1.0).tolist()
        [False, True]
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

    Examples
    --------
    >>> import capstar as cs
    >>> import numpy as np
    >>> class Equal:
    ...     key, label = "equal", "the same of each member"
    ...     def index_shares(self, shares, float_factor, close):
    ...         return np.where(np.isnan(shares), np.nan, 1.0 / close)
    ...
    >>> isinstance(Equal(), cs.smallcaps.Weighting)
    True
    """

    key: str
    label: str

    def index_shares(self, shares: Floats, float_factor: Floats, close: Floats) -> Floats:
        """Index shares of each security at a rebalancing, NaN where shares are; all arrays of one shape.

        Examples
        --------
        >>> import numpy as np
        >>> from capstar.smallcaps.registry import weightings
        >>> shares, float_factor = np.array([100.0, 200.0]), np.array([1.0, 0.5])
        >>> weightings()["float"].index_shares(shares, float_factor, close=np.array([8.0, 9.0])).tolist()
        [100.0, 100.0]
        """
