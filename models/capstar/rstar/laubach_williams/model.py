"""The published models and how to estimate them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from capstar.arguments import Input, as_input, checked
from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.progress import Progress, reporting
from capstar.rstar.countries import country_name
from capstar.rstar.laubach_williams.covid import has_covid_index, warn_of_covid
from capstar.rstar.laubach_williams.equations import (
    HLW2017_VARIANT,
    HLW2023_VARIANT,
    LW2003_VARIANT,
    LW2023_VARIANT,
    STAGES,
    LaubachWilliamsSpec,
    Stage,
    StageTwo,
    Variant,
    Window,
    declare,
    fixed_parameters,
    freed,
    in_country,
    with_windows,
)
from capstar.rstar.laubach_williams.fallback import identified
from capstar.rstar.laubach_williams.inputs import prepare, required_columns
from capstar.rstar.laubach_williams.maxima import LAMBDAS
from capstar.rstar.laubach_williams.options import (
    Options,
    SignalToNoise,
    checked_missing,
    checked_windows,
    departures,
)
from capstar.rstar.laubach_williams.results import RStarResults
from capstar.rstar.laubach_williams.three_stage import Job, adapt, estimate_stages
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.statespace.compiled import compile_spec
from capstar.statespace.initial import InitialState
from capstar.statespace.parameters import require_within
from capstar.units import Units


@dataclass(frozen=True)
class RStarModel(NaturalRateModel):
    """A Laubach-Williams model of the natural rate of interest.

    Attributes
    ----------
    variant
        Which terms the model has; see `capstar.rstar.Variant`.
    seconds
        Typical seconds of a fit.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> model = cs.rstar.HLW2017
    >>> model.name, model.key, model.successor, model.inputs
    ('HLW 2017', 'hlw2017', 'hlw2023', ('log_gdp', 'inflation', 'interest_rate', 'expected_inflation'))
    >>> model.citation.split(" (")[0], model.countries, model.usable(us)
    ('Holston, Laubach and Williams', ('us', 'canada', 'euro area', 'uk'), 'usable, 1961Q1-2009Q3')
    >>> model.fit_with({"stage2": "buncic"}, us).ratios.round(3).to_dict()
    {'lambda_g': 0.06, 'lambda_z': 0.017}
    """

    variant: Variant
    seconds: float = 1.0
    method = "three stages, median-unbiased signal-to-noise ratios"
    options = (
        "stage2",
        "missing",
        "covid",
        "signal_to_noise",
        "initial",
        "fixed",
        "units",
        "standard_errors",
    )

    @property
    def name(self) -> str:
        """Name, such as ``HLW 2017``."""
        return self.variant.name

    @property
    def citation(self) -> str:
        """Where the model is published."""
        return self.variant.citation

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input columns the model needs besides the date."""
        return required_columns(self.variant)

    @property
    def successor(self) -> str:  # type: ignore[override]
        """Key of the model made for quarters after 2019, where this one is not."""
        return self.variant.successor.lower()

    def spec(self, stage: Stage = 3) -> LaubachWilliamsSpec:
        """Equations of one stage; printing them shows the model.

        Examples
        --------
        >>> import capstar as cs
        >>> print(cs.rstar.HLW2017.spec(stage=3).reports["rstar"])
        4*c*g(-1) + z(-1)
        """
        return declare(self.variant, stage)

    @property
    def countries(self) -> tuple[str, ...]:  # type: ignore[override]
        """Countries it is published for."""
        return tuple(self.variant.countries)

    def for_country(self, country: str) -> RStarModel:
        """The model as it is published for a country.

        Most countries have the same equations.  The euro area's of HLW (2023) have a fourth factor of both
        measurement errors, ``kappa_2023``, in the vintages since 2023.  `fit` takes a country's by itself where the
        data come from a recipe, such as `capstar.data.euro_area_hlw`, and the model has not been edited.

        Parameters
        ----------
        country
            One of `countries`, such as ``"euro area"``, or a short form, such as ``"ea"``.

        Raises
        ------
        SpecificationError
            The model is not published for it.

        Examples
        --------
        >>> import capstar as cs
        >>> list(cs.rstar.HLW2023.for_country("ea").variant.scale_windows)
        ['kappa_2020q2_q4', 'kappa_2021', 'kappa_2022', 'kappa_2023']
        """
        return replace(
            self, variant=in_country(self.variant, country_name(country, self.countries, model=self.name))
        )

    def edit(
        self,
        *,
        kappa_windows: Mapping[str, Window] | None = None,
        missing: Iterable[Window] | None = None,
        stage2: StageTwo | None = None,
        covid: bool | None = None,
        free: Iterable[str] = (),
    ) -> RStarModel:
        """The model with one of the choices that are argued about made otherwise.

        Summaries name every choice that is not the published one.  Parameters are held with ``fixed`` of
        `fit`; other equations of stage 3 are a matter of `dataclasses.replace` on `spec`, and of the variant's
        ``final``.

        Parameters
        ----------
        kappa_windows
            Quarters (inclusive) in which a named factor of at least 1 scales both measurement errors, such as
            ``{"kappa_covid": ("2020Q1", "2021Q4")}``; ``{}`` for none.
        missing
            Quarters (inclusive) whose output and inflation are passed over, as a robust alternative to
            scaling their errors; a kappa with no other quarters goes.
        stage2
            ``"published"``, or ``"buncic"``: the corrected second stage and break test of Buncic (2021), "On
            a standard method for measuring the natural rate of interest".  lambda_g stays that of stage 1; the
            paper's is by maximum likelihood, with which its lambda_z is smaller still (research/buncic_2021).
        covid
            Whether output is taken net of phi times the COVID index; with it the models of 2003 and 2017 are those
            their authors published in 2020.
        free
            Parameters the published model fixes, to be estimated: ``c`` in HLW (2017).

        Raises
        ------
        SpecificationError
            Windows overlap or are not quarters, or a parameter is free already.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> buncic = cs.rstar.HLW2017.edit(stage2="buncic").fit(us)
        >>> buncic.ratios.round(3).to_dict()
        {'lambda_g': 0.06, 'lambda_z': 0.017}
        """
        variant = self.variant
        if kappa_windows is not None:
            variant = with_windows(variant, checked_windows(kappa_windows))
        if missing is not None:
            variant = replace(variant, missing=checked_missing(tuple(missing)))
        if stage2 is not None:
            if stage2 not in ("published", "buncic"):
                raise SpecificationError(f"stage2={stage2!r}; choose 'published' or 'buncic'.")
            variant = replace(variant, stage2=stage2)
        if covid is not None:
            variant = replace(variant, covid=covid)
        held, free = fixed_parameters(variant), set(free)
        if unknown := sorted(free - set(held)):
            raise SpecificationError(
                f"{self.name} does not fix {unknown[0]}; it fixes {sorted(held) or 'nothing'}."
            )
        return replace(self, variant=freed(variant, free))

    @checked
    def fit(  # noqa: PLR0913  every choice of the estimation, by name
        self,
        data: Input,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        fixed: Mapping[str, float] | None = None,
        signal_to_noise: SignalToNoise = "EW",
        initial: Literal["published", "diffuse"] | InitialState = "published",
        start_params: Mapping[str, float] | None = None,
        n_starts: int = 4,
        seed: int = 0,
        keep: Literal["best", "first"] | None = None,
        allow_unconverged: bool = False,
        units: Units = None,
        progress: Progress | bool = True,
    ) -> RStarResults:
        """Estimate the three stages.

        Parameters
        ----------
        data
            One row a quarter, without gaps: a ``date`` column (any day of the quarter, or ``2008Q3``) or
            a PeriodIndex, or the path of a file (`capstar.data.read_input`); ``log_gdp`` (natural log of real
            GDP), ``inflation``, ``expected_inflation``
            and ``interest_rate`` (annualised percent); for the models of 2023 ``covid_index`` (0-100), which
            samples that end before 2020 may leave out (the model of 2003 is net of phi times the index, as
            published in 2020, where the table gives it to the end); for Laubach and Williams
            ``oil_price_inflation`` and ``import_price_inflation`` (annualised percent).
        start, end
            Sample of the likelihood, such as ``"1961Q1"``; by default everything after the four quarters
            that lags need.
        fixed
            Parameters held at a value in every stage that has them, by name; ``lambda_g`` and ``lambda_z``
            among them.
        signal_to_noise
            How the lambdas that are not held are found: ``"EW"`` (as published), ``"MW"`` or ``"QLR"``, the
            functional of the break test behind the median-unbiased estimator (Stock and Watson 1998), or
            ``"ML"``, one-step maximum likelihood: the highest maximum reached from a grid of lambdas, whatever the
            seed (from the published start alone with ``n_starts=1`` or ``keep="first"``).
        initial
            State before the sample: ``"published"``, the Hodrick-Prescott trend (LW 2003: a broken line) with
            the covariance of a first pass (LW 2003, stages 1 and 2: generalised least squares on the first
            observations); ``"diffuse"``, exactly diffuse (Koopman and Durbin 2003); or an
            `InitialState`.
        start_params
            Start values in place of the published least-squares ones.
        n_starts, seed, keep
            Number of starting points, seed of the further ones, and which maximum counts: the ``"first"``
            start's, as published estimates do, or the ``"best"``, the default with ``start_params``.  A
            higher maximum than the one kept is reported in the summary.  By default every stage falls back to its best
            maximum where the published start leads to an estimate that is not identified.
        allow_unconverged
            Return an estimate that is not a maximum with a warning instead of raising.
        units
            Where rates are not in percent or GDP is not a natural log: ``"fraction"``, or by column,
            ``{"interest_rate": "basis points", "log_gdp": "level"}``; see `capstar.units.in_model_units`.
        progress
            See `capstar.progress.reporting`.

        Returns
        -------
        RStarResults

        Raises
        ------
        DataError
            The data cannot be used; the message names column, date and remedy.
        SpecificationError
            An option is invalid, or a parameter held outside its bounds.
        ConvergenceError
            A stage reached no maximum.

        Warns
        -----
        IdentificationWarning
            r* is not identified, or only after the fallback to the best maxima; see `ThreeStages.identification`.
        UnsuitableModelWarning
            A model of before 2020 without COVID terms, and a sample that goes beyond 2019.
        DataWarning
            A column is hardly in the unit of the model; see `capstar.units`.

        References
        ----------
        Holston, Laubach and Williams (2017), *Journal of International Economics* 108, S59-S75;
        Holston, Laubach and Williams (2023), Federal Reserve Bank of New York Staff Report 1063.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> fit = cs.rstar.HLW2017.fit(us, "1961Q1", "2007Q4")
        >>> fit.rstar.filtered.iloc[-1].round(2).item(), fit.ratios.round(3).to_dict()
        (1.85, {'lambda_g': 0.064, 'lambda_z': 0.03})
        """
        names = set(compile_spec(self.variant.stage(3)).param_names)
        n_params = len(names - {*LAMBDAS, *fixed_parameters(self.variant)})
        table = as_input(data, (*self.inputs, "covid_index"), units)
        chosen = _of_recipe(self.variant, table)
        door: dict[str, Any] = {
            "start": start,
            "n_params": n_params,
            "units": units if table is data else None,
        }
        frame, first, last = prepare(table, chosen, end=end, **door)
        added = chosen == LW2003_VARIANT and has_covid_index(table, last)
        if added:
            chosen = replace(chosen, covid=True)
            frame, first, last = prepare(table, chosen, end=last, **door)
        variant = adapt(chosen, frame, first, last)
        warn_of_covid(variant, last, added=added)
        options = Options(
            signal_to_noise=signal_to_noise,
            initial=initial,
            n_starts=n_starts,
            seed=seed,
            keep=keep,
            allow_unconverged=allow_unconverged,
            start_params=start_params,
            fixed=fixed,
        )
        _require_known(fixed, variant)
        job = Job(variant, frame, first, last, options)
        published = PUBLISHED.get(chosen.name)
        with reporting(progress) as tell:
            stages, fallback = identified(job, estimate_stages(job, progress=tell), tell)
        departed = departures(variant, published and adapt(published, frame, first, last), options)
        return RStarResults(job=job, stages=stages, departures=(*departed, *fallback))

    def fit_with(
        self,
        options: Mapping[str, Any],
        data: Input,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_starts: int = 4,
        progress: Progress | bool = True,
    ) -> RStarResults:
        """Estimate with options given by name: ``stage2``, ``missing`` and ``covid`` go to `edit`, the others to `fit`.

        Parameters
        ----------
        options, data, start, end, n_starts, progress
            As there.
        """
        self.require_options(options)
        edits = {name: value for name, value in options.items() if name in ("stage2", "missing", "covid")}
        others = {name: value for name, value in options.items() if name not in edits}
        return self.edit(**edits).fit(data, start, end, n_starts=n_starts, progress=progress, **others)

    def usable(self, data: pd.DataFrame) -> str:
        """In words: the sample a table gives the model, or why it gives none.

        Parameters
        ----------
        data
            As of `fit`.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)  # said where the data come in
                _, first, last = prepare(data, self.variant, start=None, end=None, n_params=0)
        except DataError as error:
            return f"not usable: {error}"
        return f"usable, {first}-{last}"


def _of_recipe(variant: Variant, data: pd.DataFrame) -> Variant:
    """A published model as it is for the country of the recipe that made the data, others as they are."""
    country = data.attrs.get("country")
    known = country in variant.countries and variant == PUBLISHED.get(variant.name)
    return in_country(variant, str(country)) if known else variant


def _require_known(fixed: Mapping[str, float] | None, variant: Variant) -> None:
    """Refuse a name that no stage has, which would otherwise be held in none."""
    if not fixed:
        return
    known = {name for stage in STAGES for name in compile_spec(variant.stage(stage)).param_names}
    if unknown := sorted(set(fixed) - known):
        raise SpecificationError(
            f"{variant.name} has no parameter {unknown[0]} in this sample to hold fixed; it has {sorted(known)}."
        )
    require_within(fixed, variant.stage(3).parameters)


PUBLISHED = {
    one.name: one
    for model in (HLW2017_VARIANT, HLW2023_VARIANT, LW2003_VARIANT, LW2023_VARIANT)
    for one in (model, *(in_country(model, country) for country in model.countries))
}

HLW2017 = RStarModel(HLW2017_VARIANT, seconds=0.1)
HLW2023 = RStarModel(HLW2023_VARIANT, seconds=0.2)
LW2003 = RStarModel(LW2003_VARIANT, seconds=0.5)
LW2023 = RStarModel(LW2023_VARIANT, seconds=0.2)
