"""Every recipe by name, where its inputs come from, and the way to any series of any source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from capstar.data.continued import Input, stopped
from capstar.data.monthly import CORE, GDP, IMPORTS, OIL, RATE, us_monthly, us_monthly_hlw
from capstar.data.recipes import (
    CANADA,
    EURO_AREA,
    UNITED_KINGDOM,
    US_INPUTS,
    canada_hlw,
    euro_area_hlw,
    hlw_published,
    lw_published,
    uk_hlw,
    us_hlw,
    us_lw,
)
from capstar.data.sources import source
from capstar.data.store.download import network
from capstar.errors import DataError

RECIPES: Mapping[str, Callable[..., pd.DataFrame]] = {
    build.__name__: build
    for build in (
        us_hlw,
        us_lw,
        canada_hlw,
        euro_area_hlw,
        uk_hlw,
        us_monthly,
        us_monthly_hlw,
        hlw_published,
        lw_published,
    )
}
_LW_BOOK = Input("oil and import prices", ("newyorkfed:Laubach_Williams_current_estimates",), history=True)
_HLW_BOOK = Input("workbook", ("newyorkfed:Holston_Laubach_Williams_current_estimates",))
_INPUTS: Mapping[str, tuple[Input, ...]] = {
    "us_hlw": US_INPUTS,
    "us_lw": (*US_INPUTS, _LW_BOOK),
    "canada_hlw": CANADA.inputs,
    "euro_area_hlw": EURO_AREA.inputs,
    "uk_hlw": UNITED_KINGDOM.inputs,
    "us_monthly": (
        GDP,
        CORE,
        RATE,
        OIL,
        IMPORTS,
        replace(_LW_BOOK, name="import prices before 1989, COVID index"),
    ),
    "us_monthly_hlw": (GDP, CORE, RATE, replace(_HLW_BOOK, name="COVID index")),
    "hlw_published": (_HLW_BOOK,),
    "lw_published": (replace(_LW_BOOK, name="workbook", history=False),),
}


def recipe_sources(*, online: bool = False) -> pd.DataFrame:
    """Where the inputs of the recipes come from.

    Parameters
    ----------
    online
        Ask every source, or the cache, for its last date.

    Returns
    -------
    pandas.DataFrame
        One row a source, in the order in which they are asked: ``recipe``, ``input``, ``source``, and if asked
        ``last``, its last date, ``stopped``, whether two later values should be out (not where early years alone are
        used), and ``problem``, why there is no date.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.recipe_sources().query("recipe == 'us_hlw'")["source"].tolist()
    ['fred:PCEPILFE', 'fred:PCECTPI', 'fred:FEDFUNDS', 'fred:M13009USM156NNBR', 'fred:GDPC1']
    """
    rows = [
        (recipe, one.name, where, one.history)
        for recipe, inputs in _INPUTS.items()
        for one in inputs
        for where in one.sources
    ]
    out = pd.DataFrame(rows, columns=["recipe", "input", "source", "history"])
    history = out.pop("history")
    if not online:
        return out
    with network():
        known = {where: _last(where) for where in out["source"].unique()}
    today = pd.Timestamp.now("UTC").tz_localize(None)
    found = [known[where] for where in out["source"]]
    words = [f"{one:%Y-%m-%d}" if isinstance(one, pd.Timestamp) else str(one) for one in found]
    failed = pd.Series([isinstance(one, str) for one in found])
    over = pd.Series([not isinstance(one, str) and stopped(one, today) for one in found])
    answers = pd.Series(words)
    return out.assign(
        last=answers.mask(failed, ""), stopped=over & ~history, problem=answers.where(failed, "")
    )


def _last(where: str) -> pd.Period | pd.Timestamp | str:
    """Last date of a source's series, or why there is none."""
    key, _, series = where.partition(":")
    try:
        return source(key).fetch(series).dropna(how="all").index[-1]
    except DataError as error:
        return str(error)


def fetch(recipe: str, **options: Any) -> pd.DataFrame:
    """Input of a model by the name of its recipe, or a series of any source.

    Parameters
    ----------
    recipe
        One of `RECIPES`, or source and series, ``"fred:GDPC1"``; see `capstar.data.sources`.
    **options
        Of the recipe: ``as_of``, ``start``, ``end``, ``covid``.  Of a series: ``start`` and ``end``.

    Raises
    ------
    DataError
        There is no such recipe or source, or a source was given another option.
    SourceError
        The source has no usable answer.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.data.fetch("fred:FEDFUNDS", start="2020-03", end="2020-04")["FEDFUNDS"].tolist()
    [0.65, 0.05]
    >>> cs.data.fetch("us_hlw", end="2019Q4").index[-1]
    Period('2019Q4', 'Q-DEC')
    """
    if recipe in RECIPES:
        return RECIPES[recipe](**options)
    key, colon, series = recipe.partition(":")
    if not colon:
        raise DataError(
            f"There is no recipe {recipe!r}; there are {list(RECIPES)}. A series has its source before it, such as "
            "fred:GDPC1."
        )
    span = slice(options.pop("start", None), options.pop("end", None))
    if named := [name for name, value in options.items() if value is not None]:
        raise DataError(
            f"{recipe}: {', '.join(named)} is for recipes. A series as of a day is alfred:GDPC1@2008-04-30."
        )
    return source(key).fetch(series).loc[span]
