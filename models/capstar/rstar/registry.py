"""Every natural-rate model by the name the command line knows it by."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TypeVar

import pandas as pd

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.rstar.natural_rate_model import NaturalRateModel
from capstar.rstar.series import COVID

_MODELS: dict[str, NaturalRateModel] = {}
_RESERVED = "list"  # the command-line value that lists them all
M = TypeVar("M", bound=NaturalRateModel)


def register(model: M) -> M:
    """Make a model known to `models`, `model` and the command line.

    Parameters
    ----------
    model
        It is returned, so that a declaration is one line: ``MINE = register(MyModel())``.

    Raises
    ------
    SpecificationError
        Another model has its key, or the key is ``"list"`` or empty.

    Examples
    --------
    An edited model for `models`, `model` and ``capstar rstar --model mine``:

    >>> import capstar as cs
    >>> mine = cs.rstar.register(cs.rstar.from_spec(cs.rstar.HLW2017.spec(), name="mine"))
    >>> cs.rstar.model("mine") is mine, cs.rstar.unregister("mine") is mine
    (True, True)
    """
    key, taken = model.key, _MODELS.get(model.key)
    if key in ("", _RESERVED):
        raise SpecificationError(f"{model.name!r} is not a valid model name. Give it another name.")
    if taken is not None and taken != model:
        raise SpecificationError(
            f"{key!r} is the key of {taken.name} already ({taken.citation or type(taken).__name__}). Give the model "
            f"another name, or first remove that one with capstar.rstar.unregister({key!r})."
        )
    _MODELS[key] = model
    return model


def unregister(key: str) -> NaturalRateModel:
    """Take a model out of the registry and return it.

    Raises
    ------
    SpecificationError
        No model has that key.

    Examples
    --------
    >>> import capstar as cs
    >>> mine = cs.rstar.register(cs.rstar.from_spec(cs.rstar.HLW2017.spec(), name="mine"))
    >>> cs.rstar.unregister("mine") is mine, "mine" in cs.rstar.models().index
    (True, False)
    """
    found = model(key)
    del _MODELS[key]
    return found


def models() -> pd.DataFrame:
    """Every registered model.

    Returns
    -------
    pandas.DataFrame
        By key: ``name``, ``citation``, ``inputs`` (a tuple of columns), ``method``, ``seconds``, the typical time of
        a fit, and ``definition``, what its r* is.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.rstar.models()["name"].head(3).to_dict()
    {'hlw2017': 'HLW 2017', 'hlw2023': 'HLW 2023', 'lw2003': 'LW 2003'}
    """
    columns = ["name", "citation", "inputs", "method", "seconds", "definition"]
    rows = {key: [getattr(one, name) for name in columns] for key, one in _MODELS.items()}
    out = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    out.index.name = "key"
    return out


@checked
def model(key: str) -> NaturalRateModel:
    """The model of a key, such as ``"hlw2017"``.

    Raises
    ------
    SpecificationError
        There is none; the message names those there are, and the nearest.

    Examples
    --------
    >>> import capstar as cs
    >>> cs.rstar.model("hlw2017").name
    'HLW 2017'
    """
    if key in _MODELS:
        return _MODELS[key]
    near = get_close_matches(key.lower().replace(" ", ""), _MODELS, 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise SpecificationError(f"There is no model {key!r}; there are {', '.join(_MODELS)}.{meant}")


def default_model(last: pd.Period) -> tuple[NaturalRateModel, str]:
    """The model for a sample where none is chosen, and why.

    Parameters
    ----------
    last
        Last quarter of the sample.

    Returns
    -------
    model : NaturalRateModel
        HLW (2023), which is made for the outliers of 2020-22, where the sample goes past 2019, else HLW (2017).
    why : str
        In words, to follow "since".
    """
    if last >= COVID:
        return model("hlw2023"), f"the sample goes past 2019, to {last}"
    return model("hlw2017"), f"the sample ends in {last}; after 2019 it would be HLW 2023"
