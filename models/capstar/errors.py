"""One family of errors: what was found, what was expected, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

# Control characters but line ends and tabs, marks that turn the direction of writing, halves of characters.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Text in which what could steer a terminal is written as an escape, such as ``\x1b``."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class CapstarError(Exception):
    """Base class of every error raised on purpose; its message is `printable`.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.errors import CapstarError
    >>> try:
    ...     cs.rstar.model("hwl2017")
    ... except CapstarError as error:
    ...     print(type(error).__name__)
    SpecificationError
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class DataError(CapstarError, ValueError):
    """The data cannot be used as given.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.errors import DataError
    >>> try:
    ...     cs.data.read_input("absent.csv")
    ... except DataError as error:
    ...     print(error)
    absent.csv: there is no such file. Check the path.
    """


class SourceError(DataError):
    """A source gave no answer, or one that cannot be used.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.errors import SourceError
    >>> try:
    ...     with cs.data.network(offline=True):
    ...         cs.data.fred("NOSUCHSERIES")
    ... except SourceError as error:
    ...     print(error)
    FRED, NOSUCHSERIES: not in the cache, and offline. Run once with the network.
    """


class OutputError(DataError, OSError):
    """A file or folder cannot be written."""


class SpecificationError(CapstarError, ValueError):
    """Invalid specification: of a model, or of an option of one.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.errors import SpecificationError
    >>> try:
    ...     cs.smallcaps.IndexRules.russell2000(segment="tiny")
    ... except SpecificationError as error:
    ...     print(error)
    segment='tiny'; choose one of ['broad', 'large', 'small'].
    """


class ConvergenceError(CapstarError, RuntimeError):
    """The optimiser reached no maximum."""


class ClusterError(CapstarError, RuntimeError):
    """A cluster cannot be reached, or cannot do the work."""


class CapstarWarning(UserWarning):
    """Base class of every warning given on purpose; its message is `printable`."""

    def __str__(self) -> str:
        return printable(super().__str__())


class ConvergenceWarning(CapstarWarning):
    """An estimate that is not known to be a maximum is returned all the same."""


class DataWarning(CapstarWarning):
    """The data are usable, with a caveat.

    Examples
    --------
    >>> import warnings
    >>> from capstar.errors import DataWarning
    >>> warnings.simplefilter("error", DataWarning)  # odd data stop a script
    >>> warnings.simplefilter("default", DataWarning)
    """


class UnsuitableModelWarning(CapstarWarning):
    """A model is estimated on data it is not made for; the message names one that is."""


class IdentificationWarning(CapstarWarning):
    """The data do not identify the natural rate, or not where the published procedure ends."""


class CacheWarning(CapstarWarning):
    """Compiled code cannot be kept on disk; every process compiles again."""


def quoted(cell: object) -> str:
    """A cell as messages quote it, at most 80 characters of it."""
    try:
        text = cell if isinstance(cell, str) else str(cell)
    except ValueError:  # Python writes no integer of more than 4300 digits
        text = f"{type(cell).__name__} of very many digits"
    return repr(text if len(text) <= 76 else f"{text[:76]}...")


@contextmanager
def reading(source: str, what: str, remedy: str) -> Iterator[None]:
    """Whatever a library raises on a file becomes one `DataError`: that ``source`` is not ``what``, and the remedy."""
    try:
        yield
    except CapstarError:
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise DataError(f"{source} is not {what} ({quoted(reason)[1:-1]}). {remedy}") from error
