"""Simple trends of the real rate, and what surveys expect: what every other estimate of r* has to beat.

A moving average, an exponential average, the one-sided Hodrick-Prescott filter, two unobserved-components models by
maximum likelihood, and a survey's long-run rate. None of them models anything but the real rate itself.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import as_quarterly, require_columns
from capstar.progress import Progress
from capstar.rstar.laubach_williams.starting import HP_LAMBDA, hp_trend
from capstar.rstar.natural_rate import LONG_RUN, NaturalRate
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.series import DERIVATIONS, R, columns_of
from capstar.rstar.state_path import StatePath
from capstar.rstar.trend_by_likelihood import UnobservedComponentsML

SHORTEST = 8  # quarters before the first end point of the one-sided filter
SURVEY = "survey_rate"
_BAUER_RUDEBUSCH = "Bauer, M. D. and Rudebusch, G. D. (2020). American Economic Review 110(5), 1316-1354."


@dataclass(frozen=True)
class TrendRate(NaturalRate):
    """r* by a rule without parameters to estimate: it has no standard errors.

    Attributes
    ----------
    model
        The rule.
    trend
        ``filtered`` and ``smoothed`` r* by quarter, percent a year; NaN where the rule gives none.
    rate
        Ex-ante real rate by quarter, percent a year.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> fit = cs.rstar.MovingAverage().fit(us[:"2007Q4"])
    >>> fit
    <TrendRate: moving average: natural rate of interest, 1969Q4-2007Q4, 153 quarters>
    >>> fit.model_name, fit.citation.split(" (")[0], fit.definition == cs.rstar.LONG_RUN
    ('moving average', 'Bauer, M. D. and Rudebusch, G. D.', True)
    >>> fit.path("rstar").filtered.iloc[-1].round(2).item(), fit.real_rate.iloc[-1].round(2).item()
    (0.99, -1.19)
    >>> fit.run_on(us).end
    Period('2009Q3', 'Q-DEC')
    """

    model: Benchmark
    trend: pd.DataFrame
    rate: pd.Series

    @property
    def model_name(self) -> str:
        """Name of the rule."""
        return self.model.name

    @property
    def citation(self) -> str:
        """Where it is described."""
        return self.model.citation

    @property
    def definition(self) -> str:
        """That of the rule."""
        return self.model.definition

    @property
    def real_rate(self) -> pd.Series:
        """Ex-ante real rate by quarter, percent a year."""
        return self.rate

    def path(self, name: str) -> StatePath:
        """r* by quarter."""
        self.require_quantity(name)
        none = pd.Series(np.nan, self.trend.index)
        filtered, smoothed = (self.trend[which].rename(name) for which in ("filtered", "smoothed"))
        return StatePath(filtered, smoothed, none, none)

    def run_on(self, data: pd.DataFrame) -> TrendRate:
        """The rule on longer data."""
        return self.model.fit(data, self.start)


class Benchmark(NaturalRateModel):
    """A rule that turns the real rate, or a survey, into r*.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> rule = cs.rstar.MovingAverage(window=20)
    >>> rule.checked()
    >>> frame = us[list(rule.inputs)].assign(r=us["interest_rate"] - us["expected_inflation"])
    >>> rule.trend(frame)["filtered"].iloc[-1].round(2).item()
    0.37
    """

    citation, definition = _BAUER_RUDEBUSCH, LONG_RUN
    inputs = columns_of([R])
    seconds = 0.05

    @abstractmethod
    def trend(self, frame: pd.DataFrame) -> pd.DataFrame:
        """``filtered`` and ``smoothed`` r* by quarter from the columns `inputs` and the real rate ``r``."""

    @abstractmethod
    def checked(self) -> None:
        """Refuse options out of range with a `SpecificationError`."""

    def fit(
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_starts: int = 1,
        progress: Progress | bool = True,
        **options: Any,
    ) -> TrendRate:
        """r* by the rule.

        Parameters
        ----------
        data
            One row a quarter, without gaps, with the columns `inputs`.
        start, end
            First and last quarter of the estimate. Data after ``end`` are not read; those before ``start`` are, since
            an average has a past.
        n_starts, progress
            Not used: nothing is searched.
        **options
            Some of the model's `options`.

        Raises
        ------
        DataError
            A column or value is missing, or the data are too short.
        SpecificationError
            An option is unknown or out of range.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> cs.rstar.MovingAverage().fit(us).rstar.filtered.iloc[-1].round(2).item()
        0.36
        """
        self.require_options(options)
        model = type(self)(**{name: options.get(name, getattr(self, name)) for name in self.options})
        model.checked()
        frame = _real_rates(data, end, inputs=model.inputs, name=model.name)
        trend = model.trend(frame)
        known = trend["filtered"].loc[start if start is None else pd.Period(start, freq="Q") :].dropna()
        if known.empty:
            raise DataError(
                f"{model.name}: the data, {frame.index[0]}-{frame.index[-1]}, give no r* in the sample asked for. Give "
                "longer data, or a shorter window."
            )
        rate = frame[R]
        rate.attrs = {"title": str(data.attrs.get("title", "the data"))}
        return TrendRate(model, trend.loc[known.index[0] : known.index[-1]], rate)


@dataclass(frozen=True)
class MovingAverage(Benchmark):
    """Mean of the real rate over the quarters that end with this one.

    Attributes
    ----------
    window
        Number of quarters.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> cs.rstar.MovingAverage(window=20).fit(us).rstar.filtered.iloc[-1].round(2).item()
    0.37
    """

    window: int = 40

    name, key, options = "moving average", "moving-average", ("window",)
    method = "mean of the real rate over the last ten years"

    def checked(self) -> None:
        """The window is at least one quarter."""
        if self.window < 1:
            raise SpecificationError(f"window={self.window}; give at least 1 quarter, such as 40.")

    def trend(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The mean as known at the time; there is no two-sided one."""
        return _one_sided(frame[R].rolling(self.window).mean())


@dataclass(frozen=True)
class ExponentialAverage(Benchmark):
    """Exponentially weighted average: ``rstar = weight * rstar(-1) + (1 - weight) * r``, from the first real rate on.

    Attributes
    ----------
    weight
        Of the quarter before, between 0 and 1.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> cs.rstar.ExponentialAverage(weight=0.95).fit(us).rstar.filtered.iloc[-1].round(2).item()
    0.51
    """

    weight: float = 0.98

    name, key, options = "exponential average", "exponential-average", ("weight",)
    method = "exponentially weighted average of the real rate, weight 0.98 on the quarter before"

    def checked(self) -> None:
        """The weight is a share."""
        if not 0 <= self.weight < 1:
            raise SpecificationError(f"weight={self.weight}; give one from 0 to below 1, such as 0.98.")

    def trend(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The average as known at the time; there is no two-sided one."""
        return _one_sided(frame[R].ewm(alpha=1 - self.weight, adjust=False).mean())


@dataclass(frozen=True)
class OneSidedHP(Benchmark):
    """Hodrick-Prescott trend: filtered r* is the end point of the filter on the data to the quarter.

    It begins in the eighth quarter of the data. Smoothed r* is the two-sided trend.

    Attributes
    ----------
    penalty
        On squared curvature: 36,000 as for output in Holston, Laubach and Williams, or 1,600.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> path = cs.rstar.OneSidedHP(penalty=1600).fit(us).rstar
    >>> path.filtered.iloc[-1].round(2).item(), path.smoothed.iloc[-1].round(2).item()
    (0.17, 0.17)
    """

    penalty: float = HP_LAMBDA

    name, key, options = "one-sided HP", "hp-one-sided", ("penalty",)
    citation = "Hodrick, R. J. and Prescott, E. C. (1997). Journal of Money, Credit and Banking 29(1), 1-16."
    method = "end point of the Hodrick-Prescott filter on data to the quarter"

    def checked(self) -> None:
        """The penalty is positive."""
        if not 0 < self.penalty < np.inf:
            raise SpecificationError(f"penalty={self.penalty}; give a positive one, such as 36000.")

    def trend(self, frame: pd.DataFrame) -> pd.DataFrame:
        """End points, and the two-sided trend."""
        rate = frame[R]
        known = {t: hp_trend(rate.iloc[:t], self.penalty).iloc[-1] for t in range(SHORTEST, len(rate) + 1)}
        filtered = pd.Series(known).reindex(range(1, len(rate) + 1)).set_axis(rate.index)
        smoothed = hp_trend(rate, self.penalty) if known else np.nan
        return pd.DataFrame({"filtered": filtered, "smoothed": smoothed})


@dataclass(frozen=True)
class SurveyRate(Benchmark):
    """A survey's long-run nominal rate less the inflation target.

    Attributes
    ----------
    column
        Of the data that holds the nominal rate expected in the long run, percent a year; empty where nobody was asked.
    target
        Inflation target, percent a year.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> asked = us.assign(survey_rate=us["expected_inflation"] + 2.0)  # of your survey
    >>> rule = cs.rstar.SurveyRate(target=2.0)
    >>> rule.inputs, rule.fit(asked).rstar.filtered.iloc[-1].round(2).item()
    (('interest_rate', 'expected_inflation', 'survey_rate'), -0.23)
    """

    column: str = SURVEY
    target: float = 2.0

    name, key, options, citation = "survey long-run rate", "survey", ("column", "target"), ""
    method = "long-run policy rate that a survey expects, less 2 percent"

    @property
    def inputs(self) -> tuple[str, ...]:  # type: ignore[override]
        """Columns of the real rate, and the survey's."""
        return (*columns_of([R]), self.column)

    def checked(self) -> None:
        """Any target and column will do."""

    def trend(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The survey of the quarter; there is no two-sided one."""
        return _one_sided(frame[self.column] - self.target)


BENCHMARKS: tuple[NaturalRateModel, ...] = (
    MovingAverage(), ExponentialAverage(), OneSidedHP(), UnobservedComponentsML(), SurveyRate()
)  # fmt: skip


def _real_rates(
    data: pd.DataFrame, end: str | pd.Period | None, *, inputs: tuple[str, ...], name: str
) -> pd.DataFrame:
    """Input columns and the real rate, from its first quarter to ``end``."""
    source = str(data.attrs.get("title", "data"))
    frame = as_quarterly(data, source=source, columns=inputs)
    require_columns(frame, inputs, source=source, why=f"needed by {name}")
    rate = DERIVATIONS[R].compute(frame).loc[: end if end is None else pd.Period(end, freq="Q")]
    rate = (
        rate.loc[rate.first_valid_index() : rate.last_valid_index()] if rate.notna().any() else rate.iloc[:0]
    )
    if rate.empty or rate.isna().any():
        where = f"is missing in {rate.index[rate.isna()][0]}" if len(rate) else "has no value in the sample"
        raise DataError(f"{source}: the real rate {where}. Fill it, or cut the data there.")
    return frame.loc[rate.index].assign(**{R: rate})


def _one_sided(filtered: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"filtered": filtered, "smoothed": np.nan}, filtered.index)
