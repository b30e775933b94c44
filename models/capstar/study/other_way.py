"""The other way: do small caps lead the economy, as an early indicator would.

The primary specification, `PRIMARY`, was written down before any of it was run on data: does small minus large of a
quarter lead growth of real GDP in the quarter after, beside four lags of growth, the term spread and large caps (final
data, 2020 left out; 5 percent, two-sided, wild bootstrap of the Newey-West t statistic)?  All else, that is other
targets, returns, horizons, fewer controls, first releases and 2020, is exploratory, and its p-values are adjusted
together (Benjamini and Hochberg 1995).

At the end of quarter t the returns and the term spread of t are known, and of the economy what is of t - 1 or before:
GDP of t is published a month after it.  Targets are over the h quarters after t, so that errors are a moving average of
order h, and forecasts made at t are from targets that end in t - 1 at the latest.

Returns are hardly persistent, unlike a gap of interest rates: their t statistics have no bias of a near unit root, and
the IVX instrument that removes it is not needed.  Errors of Newey and West with a wild bootstrap are enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from capstar.names import name_of
from capstar.provenance import Source, entitled, source_of
from capstar.reporting import Result
from capstar.study.economy import (
    FINAL,
    FIRST,
    GDP,
    LARGE,
    OWN,
    SPREAD,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.9
WITHOUT, ALL = "without 2020", "all quarters"


@dataclass(frozen=True)
class EconomySpecification:
    """The one test that was fixed before it was run.

    Attributes
    ----------
    target, returns, horizon
        What is led, by what, over how many quarters.
    controls
        Other regressors; what the data lack is left out, and said.
    information, sample
        Of the target.
    level
        Of significance, two-sided.
    """

    target: str = GDP
    returns: str = "small_minus_large"
    horizon: int = 1
    controls: tuple[str, ...] = (OWN, SPREAD, LARGE)
    information: str = FINAL
    sample: str = WITHOUT
    level: float = 0.05

    def known(self, table: pd.DataFrame) -> str:
        """The controls that some row of a table has."""
        there = set(" + ".join(table["controls"].unique()).split(" + "))
        return " + ".join(one for one in self.controls if one in there)

    def rows(self, table: pd.DataFrame, **changed: str) -> pd.Series:
        """Which rows of a table are the primary one, or one that differs from it as told."""
        names = ("target", "returns", "horizon", "information", "sample")
        wanted = {name: getattr(self, name) for name in names} | {"controls": self.known(table)} | changed
        return (table[list(wanted)] == pd.Series(wanted)).all(axis=1)


PRIMARY = EconomySpecification()
KEYS = ["target", "returns", "horizon", "controls", "information", "sample"]
_HEADS = {
    "effect": "effect", "lower": "lower", "upper": "upper", "t": "t", "bootstrap_p": "p", "p_adjusted": "p adj",
    "partial_r2": "partial R2", "r2_os": "R2_OS", "clark_west_bootstrap_p": "CW p", "nobs": "n", "first": "first",
    "last": "last", "n_forecasts": "forecasts",
}  # fmt: skip


@dataclass(frozen=True)
class OtherWay(Result):
    """Whether returns lead the economy, beside its own lags, the term spread and large caps.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a target, returns, horizon (quarters), ``controls``, ``information`` (``"final data"`` or ``"first
        release"``) and ``sample`` (``"without 2020"``, or ``"all quarters"`` where that differs): ``slope`` (points of
        the target per percent of return), ``effect`` (standard deviations of the target per standard deviation of the
        return) with ``lower`` and ``upper`` (90 percent, Newey-West), ``t``, ``p`` (normal), ``bootstrap_p`` (wild
        bootstrap), ``p_adjusted`` (Benjamini-Hochberg over all rows but the primary one), ``partial_r2``, ``nobs``,
        ``first``, ``last``; out of sample ``r2_os`` (percent of squared error saved against the controls alone),
        ``clark_west_p`` and ``clark_west_bootstrap_p`` (one-sided), ``n_forecasts``, ``first_forecast``.
    persistence : pandas.Series
        First autocorrelation of each quarterly return.
    words
        What a series is, by its name, where its name does not say it.
    left_out
        Why a target, a rival or a row is not there, by its name.
    data
        Titles of the data.
    primary
        The specification fixed before.

    Examples
    --------
    >>> from capstar.study.examples import quick_study
    >>> way = quick_study().other_way
    >>> print(way.word, way.controls, sep="; ")
    NOT SHOWN; own lags + term spread + large caps
    >>> print(way.answer()[:64])
    Small minus large leads GDP growth over the next quarter: NOT SH
    >>> [bool(each) for each in (way.specification(), way.family(), way.releases(), way.outliers(), way.about())]
    [True, True, False, False, True]
    """

    table: pd.DataFrame
    persistence: pd.Series
    words: Mapping[str, str]
    left_out: Mapping[str, str]
    data: tuple[str, ...] = ()
    primary: EconomySpecification = PRIMARY

    @property
    def title(self) -> str:
        """The finding."""
        row = self._row()
        shown = "" if row is None else f": {self.word.lower()}"
        return f"The other way: {self._named()}{shown}"

    @property
    def word(self) -> str:
        """SHOWN, NOT SHOWN, MIXED (in sample, but not out of it), or NOT TESTED."""
        row = self._row()
        if row is None:
            return "NOT TESTED"
        if row["bootstrap_p"] >= self.primary.level:
            return "NOT SHOWN"
        return "SHOWN" if row["r2_os"] > 0 else "MIXED"

    @property
    def controls(self) -> str:
        """Of the primary specification, those that the data have."""
        return self.primary.known(self.table)

    def to_frame(self) -> pd.DataFrame:
        """Every row."""
        return self.table

    @property
    def provenance(self) -> Source:
        """Data and sample of the rows."""
        return source_of(entitled(self.table.copy(), self.data))

    def frames(self) -> dict[str, pd.DataFrame]:
        """Small minus large by target, and the primary target by return and controls."""
        one, rows = self.primary, self.table
        same = (rows["information"] == one.information) & (rows["sample"] == one.sample)
        by_target = rows[same & (rows["returns"] == one.returns) & (rows["controls"] == self.controls)]
        rivals = rows[(rows["target"] == one.target) & (rows["horizon"] == one.horizon)]
        names = {"target": name_of, "returns": name_of}
        beside = [KEYS[1], KEYS[3], *(key for key in KEYS[4:] if rivals[key].nunique() > 1)]
        shown = {
            f"{name_of(one.returns).capitalize()}, beside {_listed(self.controls)}": (by_target, KEYS[:3:2]),
            f"{name_of(one.target)} over {quarters(one.horizon)}": (rivals, beside),
        }
        return {
            heading: frame.assign(**{key: frame[key].map(say) for key, say in names.items()})
            .set_index(keys)[list(_HEADS)]
            .rename(columns=_HEADS)
            for heading, (frame, keys) in shown.items()
        }

    def notes(self) -> tuple[str, ...]:
        """The answer, the specification, all else, and what is not there."""
        absent = "; ".join(f"{name} {why}" for name, why in self.left_out.items())
        return (
            self.answer(),
            self.specification(),
            *(one for one in (self.family(), self.releases(), self.outliers()) if one),
            self.about(),
            *([f"Left out: {absent}."] if absent else []),
        )

    def answer(self) -> str:
        """The primary specification, and large and small caps in its place."""
        row = self._row()
        if row is None:
            return f"That {self._named()} was not tested: too few quarters have all of it."
        found = (
            f"{self._named()}: {self.word} ({_effect(row)} beside {_listed(self.controls)}, p {_p(row['bootstrap_p'])}"
            f"{self._forecast(row)})"
        )
        fewer = " + ".join(one for one in self.controls.split(" + ") if one != LARGE)
        others = []
        for name in ("large", "small"):
            if (other := self._row(returns=name, controls=fewer)) is not None:
                does = "do" if other["bootstrap_p"] < self.primary.level else "do not"
                others.append(f"{name_of(name)} {does} ({_effect(other)}, p {_p(other['bootstrap_p'])})")
        rest = f"; beside {_listed(fewer)}, {' and '.join(others)}" if others else ""
        return f"{found[:1].upper()}{found[1:]}{rest}."

    def specification(self) -> str:
        """What was fixed before, and what of it the data lack."""
        one = self.primary
        lacking = [name for name in one.controls if name not in self.controls.split(" + ")]
        without = f"; without {_listed(' + '.join(lacking))}, which the data lack" if lacking else ""
        row = self._row()
        sample = "" if row is None else f", {row['first']}-{row['last']}, n {row['nobs']}"
        return (
            f"Primary specification, fixed before any was run: {self._named()}, beside {_listed(self.controls)}"
            f"{without}, {one.information}, {one.sample}{sample}; wild bootstrap of the Newey-West t, "
            f"{one.level:.0%}, two-sided. Effects are in standard deviations of the target per standard deviation of "
            "the return, with 90 percent Newey-West intervals."
        )

    def family(self) -> str:
        """All rows but the primary one."""
        rest = self.table[self.table["p_adjusted"].notna()]
        if rest.empty:
            return ""
        level, small = self.primary.level, rest["returns"] != "large"
        alone, kept = rest["bootstrap_p"] < level, rest["p_adjusted"] < level
        best = rest.loc[rest["bootstrap_p"].idxmin()]
        made = rest[rest["n_forecasts"] > 0]
        forecasts = (
            f" Forecasts of {int((made['r2_os'] > 0).sum())} of {len(made)} beat those by the controls alone, "
            f"{int((made['clark_west_bootstrap_p'] < level).sum())} with p below {level:.0%}."
            if len(made)
            else ""
        )
        return (
            f"Exploratory: of {len(rest)} further regressions {int(alone.sum())} have p below {level:.0%} alone and "
            f"{int(kept.sum())} with the false discovery rate of all controlled, {int((kept & small).sum())} of them "
            f"of small caps; the smallest is of {name_of(best['target'])} over {quarters(best['horizon'])} on "
            f"{name_of(best['returns'])} beside {_listed(best['controls'])} ({best['information']}, p "
            f"{_p(best['bootstrap_p'])}, adjusted {_p(best['p_adjusted'])}).{forecasts}"
        )

    def releases(self) -> str:
        """The primary regression on GDP as first released, with lags as known then."""
        row = self._row(information=FIRST)
        if row is None:
            return ""
        return (
            f"On first releases, with lags as known then, {row['first']}-{row['last']}: {_effect(row)}, p "
            f"{_p(row['bootstrap_p'])}{self._forecast(row)}."
        )

    def outliers(self) -> str:
        """The primary regression with the quarters of 2020 in."""
        row = self._row(sample=ALL)
        if row is None:
            return ""
        return f"With 2020 in: {_effect(row)}, p {_p(row['bootstrap_p'])}{self._forecast(row)}."

    def about(self) -> str:
        """Persistence of returns, and what series are."""
        low, high = self.persistence.min(), self.persistence.max()
        meant = "".join(f" {name_of(name).capitalize()} is {said}." for name, said in self.words.items())
        return (
            f"Quarterly returns have first autocorrelations of {low:.2f} to {high:.2f}: tests for persistent "
            f"predictors are not needed.{meant}"
        ).replace("R* is", "r* is")

    def _named(self) -> str:
        one = self.primary
        over = quarters(one.horizon).removeprefix("1 ")
        return f"{name_of(one.returns)} leads {name_of(one.target)} over the next {over}"

    def _row(self, **changed: str) -> pd.Series | None:
        """The primary row, or one that differs from it."""
        found = self.table[self.primary.rows(self.table, **changed)]
        return None if found.empty else found.iloc[0]

    def _forecast(self, row: pd.Series) -> str:
        if not row["n_forecasts"]:
            return ""
        return (
            f"; out of sample from {row['first_forecast']} R² {row['r2_os']:+.1f} %, Clark-West p "
            f"{_p(row['clark_west_bootstrap_p'])}"
        )

    def plot(self, ax: Any = None) -> Figure:
        """Effects over the primary horizon, each return beside all its controls."""
        from capstar.plotting.leads import plot_estimates

        one, rows = self.primary, self.table
        kept = rows[
            (rows["horizon"] == one.horizon)
            & (rows["information"] == one.information)
            & (rows["sample"] == one.sample)
        ].drop_duplicates(["target", "returns"], keep="last")
        kept = kept.sort_values("target", key=lambda column: column != one.target, kind="stable")
        labels = [
            f"{name_of(target)}: {name_of(by)}"
            for target, by in zip(kept["target"], kept["returns"], strict=True)
        ]
        drawn = kept[["effect", "lower", "upper"]].set_axis(labels).rename(columns={"effect": "estimate"})
        unit = f"target over {quarters(one.horizon)}, return: in standard deviations; {LEVEL:.0%} intervals"
        return plot_estimates(drawn, title=self.title, unit=unit, source=self.provenance, ax=ax)


def _effect(row: pd.Series) -> str:
    return f"{row['effect']:+.2f} [{row['lower']:+.2f}, {row['upper']:+.2f}]"


def _p(value: float) -> str:
    return f"{value:.3f}"


def quarters(horizon: int) -> str:
    """A horizon in words."""
    return f"{horizon} quarter{'' if horizon == 1 else 's'}"


def _listed(controls: str) -> str:
    *first, last = controls.replace(SPREAD, f"the {SPREAD}").split(" + ")
    return f"{', '.join(first)} and {last}" if first else last
