"""The published models and how to estimate them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from capstar.rstar.inputs import prepare, required_columns
from capstar.rstar.laubach_williams import (
    HLW2017_VARIANT,
    HLW2023_VARIANT,
    LW2003_VARIANT,
    LW2023_VARIANT,
    Stage,
    Variant,
    declare,
)
from capstar.rstar.results import RStarResults
from capstar.rstar.three_stage import Job, Options, adapt, estimate
from capstar.statespace.compiled import compile_spec
from capstar.statespace.spec import Spec


@dataclass(frozen=True)
class RStarModel:
    """A Laubach-Williams model of the natural rate of interest.

    Attributes
    ----------
    variant
        Which terms the model has; see `capstar.rstar.laubach_williams.Variant`.
    """

    variant: Variant

    @property
    def name(self) -> str:
        """Name, such as ``HLW 2017``."""
        return self.variant.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Input columns the model needs besides the date."""
        return required_columns(self.variant)

    def spec(self, stage: Stage = 3) -> Spec:
        """Equations of one stage; printing them shows the model."""
        return declare(self.variant, stage)

    def fit(
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        fixed: Mapping[str, float] | None = None,
        start_params: Mapping[str, float] | None = None,
        n_starts: int = 4,
        seed: int = 0,
        keep: Literal["best", "first"] | None = None,
        allow_unconverged: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> RStarResults:
        """Estimate the three stages.

        Parameters
        ----------
        data
            One row a quarter, without gaps: a ``date`` column (any day of the quarter, or ``2008Q3``) or
            a PeriodIndex; ``log_gdp`` (natural log of real GDP), ``inflation``, ``expected_inflation``
            and ``interest_rate`` (annualised percent); for the models of 2023 ``covid_index`` (0-100), which
            samples that end before 2020 may leave out; for Laubach and Williams
            ``oil_price_inflation`` and ``import_price_inflation`` (annualised percent).
        start, end
            Sample of the likelihood, such as ``"1961Q1"``; by default everything after the four quarters
            that lags need.
        fixed
            Parameters held at a value in every stage that has them, by name.
        start_params
            Start values in place of the published least-squares ones.
        n_starts, seed, keep
            Number of starting points, seed of the further ones, and which maximum counts: the ``"first"``
            start's, as published estimates do, or the ``"best"``, the default with ``start_params``.  A
            higher maximum than the one kept is told in the summary.
        allow_unconverged
            Return an estimate that is not a maximum with a warning instead of raising.
        progress
            Called with one line before each stage.

        Returns
        -------
        RStarResults

        Raises
        ------
        DataError
            The data cannot be used; the message names column, date and remedy.
        ConvergenceError
            A stage reached no maximum.

        References
        ----------
        Holston, Laubach and Williams (2017), *Journal of International Economics* 108, S59-S75;
        Holston, Laubach and Williams (2023), Federal Reserve Bank of New York Staff Report 1063.
        """
        n_params = len(compile_spec(declare(self.variant, 3)).param_names) - 2 - len(self.variant.fixed)
        frame, first, last = prepare(data, self.variant, start=start, end=end, n_params=n_params)
        variant = adapt(self.variant, frame, first, last)
        options = Options(
            n_starts=n_starts,
            seed=seed,
            keep=keep,
            allow_unconverged=allow_unconverged,
            start_params=start_params,
            fixed=fixed,
        )
        stages = estimate(Job(variant, frame, first, last, options), progress=progress)
        return RStarResults(variant, stages, frame)


HLW2017 = RStarModel(HLW2017_VARIANT)
HLW2023 = RStarModel(HLW2023_VARIANT)
LW2003 = RStarModel(LW2003_VARIANT)
LW2023 = RStarModel(LW2023_VARIANT)
