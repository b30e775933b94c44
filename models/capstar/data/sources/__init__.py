"""Sources of data: a file each, which registers what it declares."""

from __future__ import annotations

import importlib
import math
import os
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit

import pandas as pd

from capstar.data.store.cache import Entry
from capstar.data.store.download import download
from capstar.errors import DataError

T = TypeVar("T")


class Address:
    """The address of a source as a library knows it, asked for when first needed: such libraries are slow to load.

    Parameters
    ----------
    find
        Gives the address, the series in braces.
    """

    def __init__(self, find: Callable[[], str]) -> None:
        self._find = find

    def __get__(self, source: object, kind: type) -> str:
        return self._find()


class DataSource(ABC, Generic[T]):
    """A source of series on the network.

    A subclass says where a series is and reads an answer.  Cache, retries, mirrors, provenance and the command line
    follow.

    Attributes
    ----------
    key
        In the registry, on the command line (``capstar data fetch KEY:SERIES``), and in ``CAPSTAR_KEY_URL``, which
        names a mirror of the host.
    name
        In messages and in ``attrs["source"]``.
    url
        Address of a series, its name in braces: ``"https://fred.stlouisfed.org/graph/fredgraph.csv?id={series}"``.
    terms
        Terms of use in a few words.
    pattern
        Regular expression of the names of its series.
    example
        One of them.
    max_bytes
        Largest answer there can be.

    Examples
    --------
    >>> import io
    >>> import capstar as cs
    >>> import pandas as pd
    >>> class Granary(cs.data.DataSource):
    ...     key, name, example, terms = "granary", "The Granary", "wheat", "public domain"
    ...     url, pattern = "https://granary.example/{series}.csv", "[a-z]+"
    ...     def read(self, body, series):
    ...         return pd.read_csv(io.BytesIO(body), index_col="month")[series]
    ...
    >>> granary = cs.data.register(Granary())  # cs.data.fetch("granary:wheat") asks it
    >>> granary.where("wheat"), granary.address("wheat")
    ('The Granary, wheat', 'https://granary.example/wheat.csv')
    >>> granary.read(b"month,wheat,rye" + bytes([10]) + b"1790-01,54.25,31.5", "wheat").tolist()
    [54.25]
    >>> cs.data.unregister("granary").terms
    'public domain'
    """

    key: ClassVar[str]
    name: ClassVar[str]
    url: ClassVar[str | Address]
    terms: ClassVar[str]
    pattern: ClassVar[str] = r"[A-Za-z0-9_\-]{1,80}"
    example: ClassVar[str]
    max_bytes: ClassVar[int] = 50_000_000

    @abstractmethod
    def read(self, body: bytes, series: str) -> T:
        """What an answer says: a Series, a DataFrame, or an object with ``to_frame()``.

        Raises
        ------
        SourceError
            The answer is not the series asked for, or not whole; it is not kept.

        Examples
        --------
        >>> import capstar as cs
        >>> import os
        >>> body = os.linesep.join(["observation_date,FEDFUNDS", "2020-03-01,0.65", "2020-04-01,0.05", ""])
        >>> cs.data.source("fred").read(body.encode(), "FEDFUNDS").tolist()
        [0.65, 0.05]
        """

    def check(self, series: str) -> None:
        """Raise `DataError` where a name is not of the source's form; before anything is asked.

        Examples
        --------
        >>> import capstar as cs
        >>> cs.data.source("fred").check("GDPC1")
        >>> try:
        ...     cs.data.source("fred").check("../GDPC1")
        ... except ValueError as error:
        ...     print(str(error)[:45])
        '../GDPC1' is not a name of a series of FRED;
        """
        if not re.fullmatch(self.pattern, series):
            raise DataError(
                f"{series!r} is not a name of a series of {self.name}; expected one such as {self.example!r}. Look it "
                "up there."
            )

    def canonical(self, series: str) -> str:
        """A valid name as the source itself writes it; by default as given.

        Examples
        --------
        >>> import capstar as cs
        >>> cs.data.source("fred").canonical("gdpc1")
        'GDPC1'
        """
        return series

    def address(self, series: str) -> str:
        """Where a series is.

        Examples
        --------
        >>> import capstar as cs
        >>> cs.data.source("fred").address("GDPC1")
        'https://fred.stlouisfed.org/graph/fredgraph.csv?id=GDPC1'
        """
        return self.url.format(series=series)

    def located(self, series: str) -> str:
        """Where a series is asked for: at its address, which is secure, or on the mirror the environment names.

        Examples
        --------
        >>> import os
        >>> import capstar as cs
        >>> os.environ["CAPSTAR_FRED_URL"] = "https://mirror.example"
        >>> cs.data.source("fred").located("GDPC1")
        'https://mirror.example/graph/fredgraph.csv?id=GDPC1'
        >>> del os.environ["CAPSTAR_FRED_URL"]
        """
        url, variable = self.address(series), f"CAPSTAR_{self.key.upper()}_URL"
        if mirror := os.environ.get(variable):
            return mirror.rstrip("/") + url[len(host_of(url)) :]
        if not url.startswith("https://"):
            raise DataError(
                f"{self.where(series)}: its address is {url[:80]!r}, expected https. Give the source an https address, "
                f"or name a mirror in {variable}."
            )
        return url

    def final_from(self, series: str) -> float:
        """Seconds since 1970 from which on what the source says of a series never changes; by default never.

        Examples
        --------
        >>> import capstar as cs
        >>> latest, vintage = cs.data.source("fred"), cs.data.source("alfred")
        >>> latest.final_from("GDPC1"), vintage.final_from("GDPC1@2008-10-30")
        (inf, 1225497600.0)
        """
        return math.inf

    def get(self, series: str) -> tuple[T, Entry]:
        """What the source says of a series, and the answer as received; from the cache where that is young enough.

        Raises
        ------
        DataError
            The name is invalid.
        SourceError
            No usable answer.

        Examples
        --------
        >>> import capstar as cs
        >>> series, entry = cs.data.source("fred").get("FEDFUNDS")
        >>> print(series["2020-04"], len(entry.sha256))
        0.05 64
        """
        self.check(series)
        series = self.canonical(series)
        return download(
            self.located(series),
            self.where(series),
            lambda body: self.read(body, series),
            final=self.final_from(series),
            max_bytes=self.max_bytes,
        )

    def fetch(self, series: str) -> pd.DataFrame:
        """A series as a table that tells where it came from; raises as `get` does.

        Examples
        --------
        >>> import capstar as cs
        >>> table = cs.data.source("fred").fetch("FEDFUNDS")
        >>> table.attrs["source"], table.attrs["title"]
        ('FRED, Federal Reserve Bank of St. Louis', 'FRED, FEDFUNDS')
        """
        found, entry = self.get(series)
        series = self.canonical(series)
        out = self.frame(found).rename_axis(index="date")
        known = {"source": self.name, "series_id": series, "transformation": "none"}
        later = {"downloaded": entry.downloaded, "terms": self.terms}
        out.attrs = {"title": self.where(series)} | known | out.attrs | later
        return out

    def frame(self, found: T) -> pd.DataFrame:
        """What `read` gives, as a table.

        Examples
        --------
        >>> import capstar as cs
        >>> import pandas as pd
        >>> cs.data.source("fred").frame(pd.Series([0.65, 0.05], name="FEDFUNDS")).columns.tolist()
        ['FEDFUNDS']
        """
        out: pd.DataFrame = found if isinstance(found, pd.DataFrame) else found.to_frame()  # type: ignore[attr-defined]
        return out

    def where(self, series: str) -> str:
        """Source and series, for messages.

        Examples
        --------
        >>> import capstar as cs
        >>> cs.data.source("newyorkfed").where("Laubach_Williams_current_estimates")
        'Federal Reserve Bank of New York, Laubach_Williams_current_estimates'
        """
        return f"{self.name}, {series}"


_SOURCES: dict[str, DataSource[Any]] = {}
S = TypeVar("S", bound=DataSource[Any])


def register(source: S) -> S:
    """Make a source known to `sources`, `source`, `capstar.data.fetch` and the command line, and return it.

    Raises
    ------
    DataError
        Another source has its key, or the key is not an identifier.

    Examples
    --------
    >>> import io
    >>> import capstar as cs
    >>> import pandas as pd
    >>> class Granary(cs.data.DataSource):
    ...     key, name, example, terms = "granary", "The Granary", "wheat", "public domain"
    ...     url, pattern = "https://granary.example/{series}.csv", "[a-z]+"
    ...     def read(self, body, series):
    ...         return pd.read_csv(io.BytesIO(body), index_col="month")[series]
    ...
    >>> cs.data.register(Granary()).name
    'The Granary'
    >>> cs.data.sources().loc["granary", "terms"]
    'public domain'
    >>> cs.data.unregister("granary").key
    'granary'
    """
    if not source.key.isidentifier():
        raise DataError(
            f"{source.key!r} is not a valid key of a source; give letters, digits and underscores."
        )
    if type(_SOURCES.setdefault(source.key, source)) is not type(source):
        raise DataError(
            f"{source.key!r} is the key of {_SOURCES[source.key].name} already. Choose another, or first remove that "
            f"one with capstar.data.unregister({source.key!r})."
        )
    return source


def unregister(key: str) -> DataSource[Any]:
    """Take a source out of the registry and return it; `DataError` if there is none of that key.

    Examples
    --------
    >>> import io
    >>> import capstar as cs
    >>> import pandas as pd
    >>> class Granary(cs.data.DataSource):
    ...     key, name, example, terms = "granary", "The Granary", "wheat", "public domain"
    ...     url, pattern = "https://granary.example/{series}.csv", "[a-z]+"
    ...     def read(self, body, series):
    ...         return pd.read_csv(io.BytesIO(body), index_col="month")[series]
    ...
    >>> wheat = cs.data.register(Granary())
    >>> cs.data.unregister("granary") is wheat
    True
    """
    found = source(key)
    del _SOURCES[key]
    return found


def sources() -> pd.DataFrame:
    """Every source: by key ``name``, ``host``, ``terms`` and ``example``, a series it has.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.sources().loc[["alfred", "fred"], "example"].to_dict()
    {'alfred': 'GDPC1@2008-04-30', 'fred': 'GDPC1'}
    """
    _import_all()
    rows = {
        key: {"name": one.name, "host": host_of(one.url), "terms": one.terms, "example": one.example}
        for key, one in sorted(_SOURCES.items())
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("key")


def source(key: str) -> DataSource[Any]:
    """The source of a key, such as ``"fred"``; `DataError` names those there are, and the nearest.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.source("fred").name
    'FRED'
    """
    _import_all()
    if key not in _SOURCES:
        near = get_close_matches(key, _SOURCES, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DataError(f"There is no data source {key!r}; there are {sorted(_SOURCES)}.{hint}")
    return _SOURCES[key]


def host_of(url: str) -> str:
    """Scheme and host of an address."""
    return "://".join(urlsplit(url)[:2])


def _import_all() -> None:
    """Every file of this folder; each registers its own."""
    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(found.name)
