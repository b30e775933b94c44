"""What a test of predictability answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

import pandas as pd

from capstar.leads.alignment import AlignedSample
from capstar.leads.numerics import normal_p, require_error
from capstar.leads.records import Estimates, Record, around


@dataclass(frozen=True)
class TestResult(Record):
    """What a test found.

    Attributes
    ----------
    statistic, p
        The statistic and its p-value, two-sided unless the note says otherwise.
    interval
        95 percent interval of the slope, or None where the test gives none.
    note
        How p was found.
    columns
        What else the test's rows of a table show, by the end of the column's name: ``{"se": 0.2}``.

    Examples
    --------
    >>> import capstar as cs
    >>> found = cs.leads.TestResult(statistic=2.1, p=0.04, note="exact", columns={"n": 60.0})
    >>> found.to_frame()
               value
    statistic   2.10
    p           0.04
    n          60.00
    """

    statistic: float
    p: float
    interval: tuple[float, float] | None = None
    note: str = ""
    columns: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of_slope(cls, slope: float, se: float, *, note: str = "", **columns: float) -> TestResult:
        """Of a slope and its standard error, from the normal distribution.

        Examples
        --------
        >>> import capstar as cs
        >>> found = cs.leads.TestResult.of_slope(0.8, 0.4)
        >>> print(found.statistic, round(found.p, 3), [round(end, 2) for end in found.interval])
        2.0 0.046 [0.02, 1.58]
        """
        require_error(se)
        t = slope / se
        return cls(t, normal_p(t), around(slope, se)[1:], note, {"se": se, **columns})

    @property
    def title(self) -> str:
        """Statistic and p."""
        return f"Test of no predictability: statistic {self.statistic:.4f}, p {self.p:.4f}"

    def to_frame(self) -> pd.DataFrame:
        """Statistic, p, interval and the further columns, in the column ``value``."""
        ends = {} if self.interval is None else dict(zip(("lower", "upper"), self.interval, strict=True))
        return pd.DataFrame({"value": {"statistic": self.statistic, "p": self.p, **ends, **self.columns}})

    def notes(self) -> tuple[str, ...]:
        """How p was found."""
        return (self.note,) if self.note else ()

    def _estimates(self) -> Estimates:
        if self.interval is None:
            return {"statistic": (self.statistic, self.statistic, self.statistic)}
        return {"slope": (sum(self.interval) / 2, *self.interval)}


@runtime_checkable
class PredictabilityTest(Protocol):
    """A test that a predictor does not predict returns; `capstar.leads.register` adds one to every table.

    Attributes
    ----------
    key
        Beginning of its columns: ``hodrick`` for ``hodrick_t`` and ``hodrick_p``.
    statistic
        Name of its statistic: ``t`` or ``wald``.
    label, name, citation, assumes
        Head of its columns in printed tables, name in words, where it was published, and in one line what it rests on;
        the legend is made of them.
    shown
        Which of its columns a printed table shows.
    adjusted
        Whether its p-values are shown allowing for all rows too.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> test = cs.leads.predictability_tests()[0]
    >>> print(test.key, test.statistic, round(test.run(sample, 1).p, 2))
    newey_west t 0.83
    """

    key: ClassVar[str]
    statistic: ClassVar[str]
    label: ClassVar[str]
    name: ClassVar[str]
    citation: ClassVar[str]
    assumes: ClassVar[str]
    shown: ClassVar[tuple[str, ...]]
    adjusted: ClassVar[bool]

    def run(self, sample: AlignedSample, horizon: int) -> TestResult:
        """Test one predictor against the returns over ``horizon`` periods."""
