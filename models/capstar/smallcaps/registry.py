"""Every rule of an index, registered once: rules, selection, results and command line ask here and name none."""

from __future__ import annotations

import importlib
import pkgutil

import pandas as pd

from capstar.errors import SpecificationError
from capstar.smallcaps import standard_rules
from capstar.smallcaps.protocol import Screen, Weighting

_RULES: dict[str, Screen | Weighting] = {}


def register(rule: Screen | Weighting) -> None:
    """Add a screen or a weighting to what every index may have.

    Raises
    ------
    SpecificationError
        It is neither, or its key is taken.

    Examples
    --------
    >>> import capstar as cs
    >>> class MinClose:
    ...     key, default, label, of, columns = "min_close", 0.0, "close of rank day", "security", ()
    ...     def passes(self, table, threshold):
    ...         return table["close"] >= threshold
    ...
    >>> cs.smallcaps.register(MinClose())
    >>> cs.smallcaps.IndexRules.russell2000(min_close=5.0).min_close
    5.0
    """
    if not isinstance(rule, Screen | Weighting):
        parts = (*Screen.__annotations__, "passes")
        absent = [part for part in parts if not hasattr(rule, part)]
        raise SpecificationError(
            f"{type(rule).__name__} is not an index rule: of a screen {absent} are absent, and a weighting has key, "
            "label and index_shares."
        )
    if rule.key in _RULES:
        raise SpecificationError(f"An index rule with key {rule.key!r} is registered. Choose another key.")
    _RULES[rule.key] = rule


def screens() -> dict[str, Screen]:
    """Screens by key, in the order in which they were registered."""
    return {key: rule for key, rule in _RULES.items() if isinstance(rule, Screen)}


def weightings() -> dict[str, Weighting]:
    """Weightings by key."""
    return {key: rule for key, rule in _RULES.items() if isinstance(rule, Weighting)}


def index_rules() -> pd.DataFrame:
    """Every screen and weighting by key: ``kind``, ``default`` threshold of a screen, ``label``.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.smallcaps.index_rules().query("kind == 'screen'")["default"].head(3)
    key
    min_price           1.00
    min_value    30000000.00
    min_float           0.05
    Name: default, dtype: float64
    """
    rows = [(key, "screen", rule.default, rule.label) for key, rule in screens().items()]
    rows += [(key, "weighting", float("nan"), rule.label) for key, rule in weightings().items()]
    return pd.DataFrame(rows, columns=["key", "kind", "default", "label"]).set_index("key")


for _found in pkgutil.iter_modules(standard_rules.__path__, f"{standard_rules.__name__}."):
    importlib.import_module(_found.name)
