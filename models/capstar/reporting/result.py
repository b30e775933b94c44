"""What every result answers, whatever it is of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

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
