"""The rules of an index, every one a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

from capstar.errors import DataError, SpecificationError
from capstar.smallcaps.calendar import Calendar, FixedCalendar, RussellCalendar
from capstar.smallcaps.registry import screens, weightings

WEIGHT_TOLERANCE = 1e-6  # weights are often printed with that many digits


class Segment(IntEnum):
    """Part of the broad index that a security is in."""

    NONE = 0
    LARGE = 1
    SMALL = 2


SEGMENTS = {"large": Segment.LARGE, "small": Segment.SMALL}
"""Segments by the labels that users see."""


@dataclass(frozen=True)
class IndexRules:
    """Rules of a capitalisation index in the style of the Russell indexes.

    Attributes
    ----------
    name
        Of the index, in titles.
    calendar
        When it changes.
    segment
        Which ranks it holds: ``"broad"`` 1 to `broad`, ``"large"`` 1 to `large`, ``"small"`` the rest.
    large, broad
        Companies in the large segment, and in both.
    extended
        Shares of market value for the band count the companies of rank 1 to this.
    screens
        Threshold of each registered screen by its key; what is not given has its default.  Each is an attribute
        too (``rules.min_price``), and a keyword of `russell2000`, `russell1000`, `russell3000` and `custom`.
    average_days
        A member below ``min_price`` stays if the mean of its closes over so many days to rank day is not below.
        0: it does not.
    by_company
        Rank companies by all their share classes together; else every line for itself.
    band
        A member changes segment only if the cumulative share of market value at its rank differs from that at
        the breakpoint by more than this fraction.
    weighting
        Key of a registered weighting: by float-adjusted (``"float"``) or by total (``"total"``) market value.
    rank_weights
        In place of them: the weight of each rank of the segment, reset at each reconstitution.
    review_new_issues, review_shares
        Whether a review adds new issues, and whether it updates share counts and float factors.
    absorb_mergers
        An acquirer in the index takes up the shares of a target in the broad index; else it stays as it was.
    hold_spin_offs
        A spun-off child stays to the next reconstitution; else it leaves after its first close.
    base
        Level at the close of the first effective date.
    reinvest
        Dividends are reinvested at the ``"close"`` of the ex-date, ``TR_t = TR_{t-1} (I_t + XD_t) / I_{t-1}``,
        or at its ``"open"``, ``TR_t = TR_{t-1} I_t / (I_{t-1} - XD_t)``.
    stale_days
        On a rank day or effective date a close may be so many days old.  On other days the last one is carried.

    Examples
    --------
    >>> import capstar as cs
    >>> rules = cs.smallcaps.IndexRules("my index", large=100, broad=500, screens={"min_price": 5.0})
    >>> print(rules.size, [segment.name for segment in rules.segments], rules.min_price)
    400 ['SMALL'] 5.0
    """

    name: str
    calendar: Calendar = field(default_factory=RussellCalendar)
    segment: Literal["broad", "large", "small"] = "small"
    large: int = 1000
    broad: int = 3000
    extended: int = 4000
    screens: Mapping[str, float] = field(default_factory=dict, hash=False)
    average_days: int = 0
    by_company: bool = True
    band: float = 0.025
    weighting: str = "float"
    rank_weights: tuple[float, ...] | None = None
    review_new_issues: bool = True
    review_shares: bool = True
    absorb_mergers: bool = True
    hold_spin_offs: bool = True
    base: float = 100.0
    reinvest: Literal["close", "open"] = "close"
    stale_days: int = 0

    def __post_init__(self) -> None:
        """Refuse invalid rules."""
        defaults = {key: screen.default for key, screen in screens().items()}
        object.__setattr__(self, "screens", defaults | dict(self.screens))
        if unknown := sorted(self.screens.keys() - defaults.keys()):
            raise SpecificationError(f"There is no screen {unknown[0]!r}; choose from {list(defaults)}.")
        choices = {"segment": ["broad", "large", "small"], "reinvest": ["close", "open"]}
        for name, allowed in (choices | {"weighting": list(weightings())}).items():
            if getattr(self, name) not in allowed:
                raise SpecificationError(f"{name}={getattr(self, name)!r}; choose one of {allowed}.")
        if not 0 <= self.large <= self.broad <= self.extended or self.broad == 0:
            raise SpecificationError(
                f"large={self.large}, broad={self.broad}, extended={self.extended}: expected "
                "0 <= large <= broad <= extended and at least one company."
            )
        for name in (*defaults, "average_days", "band", "stale_days"):
            if not getattr(self, name) >= 0:
                raise SpecificationError(f"{name}={getattr(self, name)}; expected 0 or more.")
        if not self.base > 0:
            raise SpecificationError(f"base={self.base}; a level is positive.")
        if self.rank_weights is not None:
            self._check_rank_weights(self.rank_weights)

    def _check_rank_weights(self, weights: tuple[float, ...]) -> None:
        if abs(sum(weights) - 1.0) > WEIGHT_TOLERANCE or min(weights, default=0.0) <= 0:
            raise DataError(
                f"{self.name}: rank_weights {weights} sum to {sum(weights):.6g}; expected positive weights "
                "that sum to one. Divide them by their sum."
            )
        if len(weights) != self.size:
            raise SpecificationError(
                f"{self.name}: there are {len(weights)} rank_weights for {self.size} ranks. Give one a rank."
            )

    def __getattr__(self, name: str) -> float:
        """Threshold of a screen."""
        thresholds: Mapping[str, float] = self.__dict__.get("screens", {})
        if name not in thresholds:
            raise AttributeError(f"The rules of an index have no {name!r}.")
        return thresholds[name]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Segments the index holds."""
        return tuple(SEGMENTS.values()) if self.segment == "broad" else (SEGMENTS[self.segment],)

    @property
    def size(self) -> int:
        """Number of companies aimed at."""
        first = self.large if self.segment == "small" else 0
        return (self.large if self.segment == "large" else self.broad) - first

    @classmethod
    def russell2000(cls, **changes: Any) -> IndexRules:
        """Rules of the Russell 2000: ranks 1001 to 3000.

        Examples
        --------
        >>> import capstar as cs
        >>> rules = cs.smallcaps.IndexRules.russell2000(band=0.0, min_price=2.0)
        >>> print(rules.size, rules.band, rules.min_price)
        2000 0.0 2.0
        """
        own: dict[str, Any] = {"name": "Russell 2000 rules", "segment": "small", "average_days": 30}
        return cls._of(own | changes)

    @classmethod
    def russell1000(cls, **changes: Any) -> IndexRules:
        """Rules of the Russell 1000: ranks 1 to 1000.

        Examples
        --------
        >>> import capstar as cs
        >>> rules = cs.smallcaps.IndexRules.russell1000(reinvest="open")
        >>> print(rules.size, rules.segment)
        1000 large
        """
        return cls.russell2000(**{"name": "Russell 1000 rules", "segment": "large"} | changes)

    @classmethod
    def russell3000(cls, **changes: Any) -> IndexRules:
        """Rules of the Russell 3000: ranks 1 to 3000.

        Examples
        --------
        >>> import capstar as cs
        >>> rules = cs.smallcaps.IndexRules.russell3000(weighting="total")
        >>> print(rules.size, rules.segment)
        3000 broad
        """
        return cls.russell2000(**{"name": "Russell 3000 rules", "segment": "broad"} | changes)

    @classmethod
    def custom(
        cls,
        broad: int,
        reconstitutions: Iterable[tuple[str, str]],
        *,
        large: int = 0,
        reviews: Iterable[tuple[str, str]] = (),
        **changes: Any,
    ) -> IndexRules:
        """Rules of a small index on given days, without thresholds or band.

        Parameters
        ----------
        broad
            Companies in the broad index.
        reconstitutions, reviews
            Rank day and effective date of each.
        large
            Companies in the large segment.
        **changes
            Any other rule.

        Examples
        --------
        >>> import capstar as cs
        >>> rules = cs.smallcaps.IndexRules.custom(50, [("2024-05-31", "2024-06-28")], large=10)
        >>> print(rules.size, rules.segment, rules.min_price)
        40 small 0.0
        """
        plain: dict[str, Any] = {
            "name": "custom index",
            "calendar": FixedCalendar.of(reconstitutions, reviews),
            "segment": "small" if large else "broad",
            "large": large,
            "broad": broad,
            "extended": max(broad, 4000),
            "band": 0.0,
            **dict.fromkeys(screens(), 0.0),
        }
        return cls._of(plain | changes)

    @classmethod
    def _of(cls, given: dict[str, Any]) -> IndexRules:
        """Rules with the thresholds among them put together."""
        thresholds = {key: given.pop(key) for key in screens() if key in given}
        return cls(**given | {"screens": thresholds | dict(given.get("screens", {}))})
