"""Models of before 2020 on later quarters."""

from __future__ import annotations

import warnings

import pandas as pd

from capstar.errors import DataError, UnsuitableModelWarning
from capstar.frames import as_quarterly
from capstar.rstar.laubach_williams.equations import Variant
from capstar.rstar.series import COVID, D

_LAST_OF_2003 = pd.Period(
    "2020Q2", "Q"
)  # last quarter published of the model of 2003, net of phi times the index


def has_covid_index(data: pd.DataFrame, last: pd.Period) -> bool:
    """Whether a table gives the COVID index for every quarter of a sample from 2020 on."""
    if "covid_index" not in data or last < COVID:
        return False
    try:
        given = as_quarterly(data, columns=["covid_index"]).loc[COVID:last, "covid_index"]
    except DataError:  # of a column that is then not used
        return False
    return bool(given.notna().all())


def warn_of_covid(variant: Variant, last: pd.Period, *, added: bool) -> None:
    """Warn where a model of before 2020 is estimated on later quarters than its authors did."""
    final = variant.stage(3)
    spans = [*final.obs_scale.values(), *variant.missing]
    covid = D in final.depths() or any(pd.Period(end, "Q") >= COVID for _, end in spans)
    if variant.successor and (last > _LAST_OF_2003 if added else last >= COVID and not covid):
        which = f"{_LAST_OF_2003}:" if added else "2019: without COVID terms"
        warnings.warn(
            f"{variant.name} is not made for quarters after {which} the outliers of 2020-22 distort every estimate. "
            f"Use {variant.successor}, end the sample earlier, or see the choices of edit(): covid=True, missing, "
            "kappa_windows.",
            UnsuitableModelWarning,
            stacklevel=4,
        )
