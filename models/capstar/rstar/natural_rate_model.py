"""What every model of the natural rate answers: the abstract class a new one derives from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from capstar.arguments import Input, as_input
from capstar.errors import DataError, SpecificationError
from capstar.frames import PERIODS, as_frequency, require_columns
from capstar.progress import Progress
from capstar.rstar.countries import country_name
from capstar.rstar.natural_rate import MEDIUM_RUN, NaturalRate


class NaturalRateModel(ABC):
    """A way to estimate the natural rate of interest.

    The properties may be class attributes: ``name = "HP filter"``.

    Examples
    --------
    A model of one's own: r* is the mean of the real rate.

    >>> import capstar as cs
    >>> import pandas as pd
    >>> from capstar.rstar import read_published
    >>> class Mean(cs.rstar.NaturalRateModel):
    ...     name, citation, inputs = "mean", "", ("interest_rate", "expected_inflation")
    ...     method, seconds = "mean of the real rate", 0.01
    ...     def fit(self, data, start=None, end=None, *, n_starts=1, progress=True):
    ...         rate = (data["interest_rate"] - data["expected_inflation"])[start:end]
    ...         table = pd.DataFrame({"rstar": rate.expanding().mean(), "real_rate": rate})
    ...         return read_published(table, name=self.name, which="filtered")
    >>> mean, us = Mean(), cs.data.us_macro()
    >>> mean.fit(us).gap().iloc[-1].round(2).item(), mean.key, mean.seconds, mean.citation
    (-1.26, 'mean', 0.01, '')
    >>> mean.method, mean.inputs[0], mean.usable(us), mean.usable(us[["interest_rate"]]).split(":")[0]
    ('mean of the real rate', 'interest_rate', 'usable, 1960Q1-2009Q3', 'not usable')
    >>> mean.fit_with({}, us, end="2007Q4").end
    Period('2007Q4', 'Q-DEC')
    >>> mean.require_options([])
    >>> cs.rstar.HLW2017.for_country("uk").name
    'HLW 2017'
    """

    options: tuple[str, ...] = ()
    """What can be asked of it beyond start, end and n_starts: keyword arguments of `fit_with`, and
    ``"standard_errors"`` where its estimates have them."""

    countries: tuple[str, ...] = ()
    """Countries it is published for."""

    frequency: str = "Q"
    """Of its data: ``"Q"``, ``"M"`` where a row is a month, or ``"Y"`` where it is a year."""

    definition: str = MEDIUM_RUN
    """What its r* is; see `capstar.rstar.NaturalRate.definition`."""

    successor: str = ""
    """Key of the model made for quarters after 2019, where this one is not."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name, such as ``HLW 2017``."""

    @property
    @abstractmethod
    def citation(self) -> str:
        """Where the model is published; empty where it is not."""

    @property
    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """Input columns the model needs besides the date."""

    @property
    @abstractmethod
    def method(self) -> str:
        """How it is estimated, in one line."""

    @property
    @abstractmethod
    def seconds(self) -> float:
        """Typical seconds of a fit on sixty years of data; what it takes depends on data and machine."""

    @abstractmethod
    def fit(
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_starts: int = 4,
        progress: Progress | bool = True,
    ) -> NaturalRate:
        """Estimate the natural rate.

        Parameters
        ----------
        data
            One row a quarter, without gaps: a ``date`` column or a PeriodIndex, and `inputs`. Columns every data set
            of `capstar.data` has: ``log_gdp`` (natural log of real GDP), ``inflation``, ``expected_inflation`` and
            ``interest_rate`` (annualised percent).
        start, end
            Sample, such as ``"1961Q1"``; by default all the data allow.
        n_starts
            Number of starting points of a search; ignored where nothing is searched.
        progress
            See `capstar.progress.reporting`.

        Raises
        ------
        DataError
            The data cannot be used; the message names column, date and remedy.

        Examples
        --------
        >>> import capstar as cs
        >>> us = cs.data.us_macro()
        >>> cs.rstar.HLW2017.fit(us, "1961Q1", "2007Q4").rstar.filtered.iloc[-1].round(2).item()
        1.85
        """

    @property
    def key(self) -> str:
        """Name on the command line: lower case, no spaces."""
        return "".join(self.name.split()).lower()

    def fit_with(
        self,
        options: Mapping[str, Any],
        data: Input,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_starts: int = 4,
        progress: Progress | bool = True,
    ) -> NaturalRate:
        """Estimate with options given by name, as the command line does.

        Parameters
        ----------
        options
            Some of `options` with their values; handed to `fit` unless a subclass does otherwise.
        data, start, end, n_starts, progress
            As in `fit`.

        Raises
        ------
        SpecificationError
            The model has no such option.
        """
        self.require_options(options)
        table = as_input(data, (*self.inputs, "covid_index"), frequency=self.frequency)
        return self.fit(table, start, end, n_starts=n_starts, progress=progress, **options)

    def for_country(self, country: str) -> NaturalRateModel:
        """The model as it is published for a country.

        Parameters
        ----------
        country
            One of `countries`, or a short form, such as ``"ea"``.

        Raises
        ------
        SpecificationError
            It is not published for that country.
        """
        country_name(country, self.countries, model=self.name)
        return self

    def require_options(self, names: Collection[str]) -> None:
        """Refuse options the model does not have.

        Raises
        ------
        SpecificationError
            Names them, and those it has.
        """
        if unknown := [name for name in names if name not in self.options]:
            raise SpecificationError(
                f"{self.name} has no option {', '.join(unknown)}; it has {', '.join(self.options) or 'none'}. "
                "Leave it out, or choose another model."
            )

    def usable(self, data: pd.DataFrame) -> str:
        """In words: the sample a table gives the model, or why it gives none.

        Parameters
        ----------
        data
            As of `fit`.
        """
        try:
            title = str(data.attrs.get("title", "data"))
            frame = as_frequency(data, self.frequency, source=title, columns=self.inputs)
            require_columns(frame, self.inputs, source="data", why=f"needed by {self.name}")
        except DataError as error:
            return f"not usable: {error}"
        known = frame[list(self.inputs)].dropna()
        if known.empty:
            return f"not usable: no {PERIODS[self.frequency]} has all of {list(self.inputs)}"
        return f"usable, {known.index[0]}-{known.index[-1]}"
