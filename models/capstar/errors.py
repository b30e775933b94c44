"""One family of errors: what was found, what was expected, what to do."""

from __future__ import annotations


class CapstarError(Exception):
    """Base class of every error raised on purpose."""


class DataError(CapstarError, ValueError):
    """The data cannot be used as given."""


class SourceError(DataError):
    """A source gave no answer, or one that cannot be used."""


class SpecificationError(CapstarError, ValueError):
    """Invalid specification: of a model, or of an option of one."""


class ConvergenceError(CapstarError, RuntimeError):
    """The optimiser reached no maximum."""


class CapstarWarning(UserWarning):
    """Base class of every warning given on purpose."""


class ConvergenceWarning(CapstarWarning):
    """An estimate that is not known to be a maximum is returned all the same."""


class DataWarning(CapstarWarning):
    """The data are usable, with a caveat."""


class UnsuitableModelWarning(CapstarWarning):
    """A model is estimated on data it is not made for; the message names one that is."""


class IdentificationWarning(CapstarWarning):
    """The data do not identify the natural rate, or not where the published procedure ends."""


class CacheWarning(CapstarWarning):
    """Compiled code cannot be kept on disk; every process compiles again."""
