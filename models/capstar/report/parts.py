"""What a page is made of: sentences whose numbers come from tables, tables, sections."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pandas as pd

from capstar.report.charts import Chart, Drawn
from capstar.report.numbers import Form, plain, three

if TYPE_CHECKING:
    from capstar import leads
    from capstar.rstar import NaturalRate, RecursiveEstimates

_SLOT = re.compile(r"\{(\w+)\}")


class Study(Protocol):
    """What a page speaks of: `capstar.study.StudyResults`; parts it need not have are asked for by name."""

    @property
    def rstar(self) -> NaturalRate:
        """The estimate."""

    @property
    def returns(self) -> pd.DataFrame:
        """Monthly, percent."""

    @property
    def lead(self) -> leads.LeadResults:
        """On the gap with parameters of the whole sample."""

    @property
    def quasi_real_time(self) -> RecursiveEstimates:
        """r* estimated again every quarter."""

    @property
    def recursive(self) -> leads.LeadResults:
        """On the gap as estimated then."""

    @property
    def projections(self) -> leads.LocalProjections:
        """Responses to the gap."""

    @property
    def by_state(self) -> leads.LocalProjections:
        """The same in bull and bear markets."""

    @property
    def probability(self) -> dict[str, leads.StateProbability]:
        """Logits by state of the market."""

    @property
    def economic_value(self) -> leads.EconomicValue | None:
        """Of forecasts to an investor."""

    @property
    def tilts(self) -> dict[str, leads.EconomicValue]:
        """The same of tilts to small caps."""

    @property
    def counts(self) -> dict[str, int]:
        """Tests made, by kind."""

    @property
    def inputs(self) -> Mapping[str, pd.DataFrame]:
        """Tables it ran on."""

    @property
    def title(self) -> str:
        """Model and sample."""


@dataclass(frozen=True)
class Cell:
    """A number or text of a table, as a sentence quotes it.

    Examples
    --------
    >>> from capstar.report import Cell
    >>> print(Cell(-0.8357, "-0.84", "lead-3"))
    -0.84
    """

    value: Any
    text: str
    anchor: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Sentence:
    """Words with slots ``{name}``, and what stands in them: cells of tables, or texts.

    Examples
    --------
    >>> from capstar.report import Sentence
    >>> said = Sentence("The slope is {slope}.", {"slope": "-0.84"})
    >>> print(said, len(said.pieces()))
    The slope is -0.84. 3
    """

    template: str
    values: Mapping[str, Cell | str] = field(default_factory=dict)

    def pieces(self) -> list[str | Cell]:
        """Words, texts and cells in turn."""
        parts = _SLOT.split(self.template)
        return [self.values[part] if k % 2 else part for k, part in enumerate(parts)]

    def __str__(self) -> str:
        return "".join(map(str, self.pieces()))


def say(template: str, **values: Cell | str) -> Sentence:
    """A sentence; every slot of the template has its value.

    Examples
    --------
    >>> from capstar.report import Cell, say
    >>> print(say("p is {p} in {sample}.", p=Cell(0.037, "0.037", "lead-3"), sample="1990Q1-2009Q3"))
    p is 0.037 in 1990Q1-2009Q3.
    """
    return Sentence(template, values)


@dataclass(frozen=True)
class Column:
    """One column of a table on the page: its name in the frame, its head, how its numbers are written.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.report import Column, Table
    >>> from capstar.report.numbers import p_value
    >>> table = Table("t", "A test", pd.DataFrame({"ivx_p": [0.03714]}), (Column("ivx_p", "p", p_value),))
    >>> print(table.rows()[0].cells[0])
    0.037
    """

    name: str
    head: str
    form: Form = three


@dataclass(frozen=True)
class Table:
    """A table on the page.

    Attributes
    ----------
    key
        Anchor; unique on the page.
    caption
        What it shows, with units.
    frame : pandas.DataFrame
        The numbers, all digits; what the index holds stands at the left.
    columns
        Shown, in order; by default all.
    stubs
        Heads of the index's levels.
    label
        How a label of the index is written.
    primary
        Label of the row that is marked.
    file
        Of the CSV file that `capstar.study.StudyResults.save` writes with all columns; empty where there is none.
    note
        Below it.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.report import Table
    >>> frame = pd.DataFrame({"slope": [-0.8357, 1.5], "n": [79, 160]}, ["small", "large"])
    >>> table = Table("lead", "Slopes", frame, stubs=("returns",))
    >>> print(table.heads, table.names, table.stub_heads, table.text_columns)
    ['returns', 'slope', 'n'] ['', 'slope', 'n'] ['returns'] {0}
    >>> print([str(cell) for cell in table.rows()[1].cells], table.count(), len(table.shown))
    ['1.50', '160'] 2 2
    """

    key: str
    caption: str
    frame: pd.DataFrame
    columns: tuple[Column, ...] = ()
    stubs: tuple[str, ...] = ()
    label: Callable[[object], str] = str
    primary: Hashable | None = None
    file: str = ""
    note: str = ""

    @cached_property
    def shown(self) -> tuple[Column, ...]:
        """Columns given, or all of them."""
        return self.columns or tuple(Column(name, str(name), plain) for name in self.frame.columns)

    @cached_property
    def heads(self) -> list[str]:
        """Of the stubs, where rows have labels; then of the columns."""
        return [*self.stub_heads, *(one.head for one in self.shown)]

    @cached_property
    def names(self) -> list[str]:
        """Of the columns below `heads`, as the frame has them; empty for stubs."""
        return [*("" for _ in self.stub_heads), *(str(one.name) for one in self.shown)]

    @cached_property
    def stub_heads(self) -> list[str]:
        """One for each level of the index; none where it has no meaning."""
        if isinstance(self.frame.index, pd.RangeIndex):
            return []
        names = self.stubs or tuple("" if name is None else str(name) for name in self.frame.index.names)
        return list(names)

    @cached_property
    def text_columns(self) -> set[int]:
        """Positions among the heads of stubs and of columns of text, which stand at the left."""
        first = len(self.stub_heads)
        kinds = [self.frame[one.name] for one in self.shown]
        texts = {
            first + k
            for k, one in enumerate(kinds)
            if len(one) and one.map(lambda v: isinstance(v, str)).any()
        }
        return texts | set(range(first))

    def rows(self) -> list[Row]:
        """Every row as it is written."""
        out = []
        for k, label in enumerate(self.frame.index):
            parts = label if isinstance(label, tuple) else (label,)
            stubs = tuple(self.label(part) for part in parts) if self.stub_heads else ()
            cells = tuple(self._at(k, one) for one in self.shown)
            out.append(Row(self._anchor(k), stubs, cells, self.primary is not None and label == self.primary))
        return out

    def cell(self, row: Hashable, column: str, form: Form | None = None) -> Cell:
        """One cell to quote; ``form`` where a sentence writes it otherwise than the table.

        Examples
        --------
        >>> import pandas as pd
        >>> from capstar.report import Table
        >>> from capstar.report.numbers import two
        >>> table = Table("lead", "Slopes", pd.DataFrame({"slope": [0.83571]}, ["small"]))
        >>> print(table.cell("small", "slope"), table.cell("small", "slope", two))
        0.836 0.84
        """
        k = self.frame.index.get_loc(row)
        position = k if isinstance(k, int) else int(pd.Series(k).idxmax())
        written = next((one.form for one in self.shown if one.name == column), plain)
        return self._at(position, Column(column, "", form or written))

    def count(self) -> Cell:
        """Number of rows, to quote."""
        return Cell(len(self.frame), str(len(self.frame)), self.key)

    def _at(self, k: int, column: Column) -> Cell:
        value = self.frame[column.name].iloc[k]
        text = plain(value) if isinstance(value, str) else column.form(value)
        return Cell(value, text, self._anchor(k))

    def _anchor(self, k: int) -> str:
        return f"{self.key}-{k + 1}"


@dataclass(frozen=True)
class Row:
    """A row as it is written: its anchor, labels, cells, and whether it is the primary one."""

    anchor: str
    stubs: tuple[str, ...]
    cells: tuple[Cell, ...]
    primary: bool


Paragraph: TypeAlias = tuple[Sentence, ...]


@dataclass(frozen=True)
class Section:
    """One part of the page: what it says, and the tables and figures it speaks of.

    Examples
    --------
    >>> import pandas as pd
    >>> from capstar.report import Section, Table, say
    >>> table = Table("means", "Mean returns, percent", pd.DataFrame({"mean": [1.1]}, ["small"]))
    >>> said = say("Small caps returned {mean} percent.", mean=table.cell("small", "mean"))
    >>> section = Section("means", "What small caps returned", paragraphs=((said,),), tables=(table,))
    >>> print(section.paragraphs[0][0])
    Small caps returned 1.10 percent.
    """

    key: str
    title: str
    paragraphs: tuple[Paragraph, ...] = ()
    figures: tuple[Chart | Drawn, ...] = ()
    tables: tuple[Table, ...] = ()


Builder: TypeAlias = Callable[[Study], "Section | None"]
"""Makes a section of a study; None where the study has not what it speaks of."""
