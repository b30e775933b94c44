"""Every test of predictability, registered once: tables and legends ask here and name none."""

from __future__ import annotations

from capstar.errors import SpecificationError
from capstar.leads.inference.protocol import PredictabilityTest, TestResult

_SYMBOLS = {"wald": "W", "p_adjusted": "p adj"}
_FIRST = ["newey_west", "hodrick", "cosine", "ivx", "ivx_rwb", "ra_ivx"]  # columns; others after them
_TESTS: dict[str, PredictabilityTest] = {}


def register(test: PredictabilityTest) -> None:
    """Add a test to every in-sample table and legend.

    Raises
    ------
    SpecificationError
        It lacks a part of `PredictabilityTest`, or its key or label is taken.

    Examples
    --------
    >>> import capstar as cs
    >>> class Correlation:
    ...     key, statistic, label, name = "correlation", "t", "Corr", "correlation"
    ...     citation, assumes, shown, adjusted = "textbook", "independent errors", ("p",), False
    ...     def run(self, sample, horizon):
    ...         y, x = sample.pairs(horizon)
    ...         return cs.leads.TestResult.of_slope(x.corr(y), len(y) ** -0.5)
    ...
    >>> cs.leads.register(Correlation())
    >>> print(cs.leads.predictability_tests()[-1].key)
    correlation
    """
    if not isinstance(test, PredictabilityTest):
        absent = [part for part in PredictabilityTest.__annotations__ if not hasattr(test, part)]
        raise SpecificationError(
            f"{type(test).__name__} is not a test of predictability: {absent or 'run'} is absent."
        )
    for other in _TESTS.values():
        if test.key == other.key or test.label == other.label:
            raise SpecificationError(
                f"A test with key {other.key!r} and label {other.label!r} is registered. Choose other ones."
            )
    _TESTS[test.key] = test


def predictability_tests() -> tuple[PredictabilityTest, ...]:
    """Tests in the order of their columns.

    Examples
    --------
    >>> import capstar as cs
    >>> print(*[test.key for test in cs.leads.predictability_tests()])
    newey_west hodrick cosine ivx ivx_rwb ra_ivx
    """
    return tuple(_TESTS[key] for key in sorted(_TESTS, key=[*_FIRST, *_TESTS].index))


def columns_of(test: PredictabilityTest, result: TestResult) -> dict[str, float]:
    """Columns of one row of a table."""
    found = {**result.columns, test.statistic: result.statistic, "p": result.p}
    return {f"{test.key}_{name}": value for name, value in found.items()}


def heads() -> dict[str, str]:
    """Heads of the columns that printed tables show, by column."""
    return {
        f"{test.key}_{name}": f"{test.label} {_SYMBOLS.get(name, name)}"
        for test in predictability_tests()
        for name in (*test.shown, *(["p_adjusted"] if test.adjusted else []))
    }


def legend() -> tuple[str, ...]:
    """A sentence a test."""
    tests = (f"{t.label}: {t.name}, {t.citation}; {t.assumes}." for t in predictability_tests())
    return *tests, "adj: Benjamini-Hochberg over all rows."
