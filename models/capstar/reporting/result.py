"""What every result answers, whatever it is of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from capstar.errors import printable
from capstar.provenance import Source, source_of
from capstar.timing import timed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from capstar.reporting.summary import Summary

_RESULTS: list[type[Result]] = []


class Result(ABC):
    """A result: one line about itself, its tables on paper, as a frame and as a figure.

    A class that derives from this one gives `title`, `plot` and an attribute ``table``, or `to_frame`; `frames` and
    `notes` where its summary holds more than its frame.  `results` lists them all.

    Examples
    --------
    >>> import capstar as cs
    >>> fit = cs.rstar.HLW2017.fit(cs.data.us_macro())
    >>> fit.title
    'HLW 2017: natural rate of interest, 1961Q1-2009Q3, 195 quarters'
    >>> list(fit.frames()), len(fit.notes()) > 0
    (['Parameters (stage 3)', 'Stages', 'Latest quarter (2009Q3), percent'], True)
    >>> fit.to_frame().filter(like="rstar").columns.to_list()
    ['rstar_filtered', 'rstar_filtered_se', 'rstar_smoothed', 'rstar_smoothed_se']
    >>> fit.provenance
    Source(data='statsmodels macrodata (US)', sample='1961Q1 to 2009Q3')
    >>> fit.summary().as_text().splitlines()[0]
    'HLW 2017: natural rate of interest, 1961Q1-2009Q3, 195 quarters'
    >>> figure = fit.plot()
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _RESULTS.append(cls)
        if "__repr__" not in cls.__dict__:  # before a dataclass would write a long one
            cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    @property
    @abstractmethod
    def title(self) -> str:
        """One line: what was estimated or computed, from what."""

    def to_frame(self) -> pd.DataFrame:
        """The numbers, all digits: ``table`` where a class gives nothing else."""
        out: pd.DataFrame = self.table  # type: ignore[attr-defined]
        return out

    @abstractmethod
    def plot(self, ax: Any = None) -> Figure:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where; the main panel alone is drawn there.  By default a figure of its own.

        Returns
        -------
        matplotlib.figure.Figure
            Shows itself in a notebook; ``plt.show()`` shows it where pyplot was imported before.  Results with a time
            axis take ``start``, the first period shown; those with bands ``level``, their coverage.
        """

    @property
    def provenance(self) -> Source:
        """Data and sample, the line below the figure: of the frame's ``attrs`` and index unless a class knows more."""
        return source_of(self._dated())

    def _dated(self) -> pd.Series | pd.DataFrame:
        """What tells data and sample."""
        return self.to_frame()

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables of the summary by heading."""
        return {"": self.to_frame()}

    def notes(self) -> tuple[str, ...]:
        """Sentences below them."""
        return ()

    @timed("summary")
    def summary(self) -> Summary:
        """Tables and notes; prints as text, with ``as_text()``, ``as_html()``, ``as_latex()`` and ``as_csv()``."""
        from capstar.reporting.summary import Summary

        return Summary(self.title, self.frames(), self.notes())

    def save(self, path: str | Path) -> Path:
        """Write the result to one file, whole or not at all, which `load` and ``capstar.load`` read to the bit.

        Parameters
        ----------
        path
            Of the file; ``.capstar`` is the usual ending.

        Returns
        -------
        pathlib.Path
            Of what was written.

        Raises
        ------
        DataError
            The result holds something that cannot be stored, such as a model of a class of your own.
        OutputError
            The file cannot be written.

        Examples
        --------
        >>> import capstar as cs
        >>> fit = cs.rstar.MovingAverage().fit(cs.data.us_macro())
        >>> path = fit.save("average.capstar")
        >>> cs.load(path).rstar.filtered.equals(fit.rstar.filtered)
        True
        """
        from capstar.reporting.storage import write_result

        return write_result(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a result of this class from a file written by `save`.

        Parameters
        ----------
        path
            Of the file.  Nothing that it says is run: it may come from anybody.

        Raises
        ------
        DataError
            The file is absent, of another kind or version, or damaged.

        Examples
        --------
        >>> import capstar as cs
        >>> path = cs.rstar.MovingAverage().fit(cs.data.us_macro()).save("average.capstar")
        >>> type(cs.load(path)).load(path).model_name
        'moving average'
        """
        from capstar.reporting.storage import read_result

        found: Self = read_result(path, cls)
        return found

    def _repr_html_(self) -> str:
        return self.summary().as_html()

    def __repr__(self) -> str:
        return printable(f"<{type(self).__name__}: {self.title}>")


def results() -> list[type[Result]]:
    """Every class of results that has been imported and can be made.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.reporting import results
    >>> cs.rstar.RStarResults in results()
    True
    """
    return [one for one in _RESULTS if not getattr(one, "__abstractmethods__", None)]
