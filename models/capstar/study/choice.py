"""Whose r* is studied: the models named, the one made for the data where none is, or all that have their inputs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from capstar import rstar
from capstar.errors import CapstarError, CapstarWarning, DataError, SpecificationError
from capstar.frames import PERIODS
from capstar.progress import Progress
from capstar.rstar import NaturalRate, NaturalRateModel, PublishedRate
from capstar.rstar.registry import default_model
from capstar.rstar.series import COVID
from capstar.study.by_month import monthly_model
from capstar.study.inputs import LW, MACRO, MONTHLY, Tables
from capstar.tasks import run_tasks

Model: TypeAlias = str | Path | NaturalRateModel | PublishedRate
ALL = "all"
_OIL, _INDEX = "oil_price_inflation", "covid_index"
_DRAWS = 1000  # of the parameters, for the bands of the last quarter


@dataclass(frozen=True)
class Choice:
    """Models of one study.

    Attributes
    ----------
    main
        Whose gap the primary test asks.
    others
        Estimated beside it.
    published
        Series that are read, by name.
    reason
        Why the main model is the one, a sentence.
    left_out
        Why a model is not among them, by its name.
    cautions
        What speaks against one that was named, a sentence each.
    monthly
        Model of the monthly table; None without one.
    """

    main: NaturalRateModel
    others: tuple[NaturalRateModel, ...] = ()
    published: tuple[PublishedRate, ...] = ()
    reason: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()
    monthly: NaturalRateModel | None = None

    @property
    def several(self) -> bool:
        """Whether there is more than one r*."""
        return bool(self.others or self.published)


def choose(model: Model | Sequence[Model] | None, tables: Tables, country: str | None = None) -> Choice:
    """The models of a study.

    Parameters
    ----------
    model
        Keys of `capstar.rstar.models`, models, published series or CSV files of them (``date``, ``rstar``); the first
        model is the main one. ``"all"``: every quarterly model whose inputs are there. None: the one made for the data.
        A monthly model is that of the monthly table, and goes beside them.
    tables
        Of `capstar.study.study_data`.
    country
        Whose published equations are meant.

    Raises
    ------
    DataError
        A model named lacks inputs, or a series cannot be read.
    SpecificationError
        There is no such model, it is yearly, or named twice.
    """
    wanted, monthly = _split(_listed(model), tables)
    published = [series for name in wanted if (series := _published(name, tables[MACRO]))]
    named = [_model(name) for name in wanted if name != ALL and not _is_series(name)]
    last = tables[MACRO].index[-1]
    left_out: dict[str, str] = {}
    every = _every(tables, last, left_out) if ALL in wanted else []
    if named:
        main, reason = named[0], f"{named[0].name} was named first."
    else:
        main, why = default_model(last)
        reason = f"No model was named: {main.name}, since {why}."
        if every and main not in every:
            main, reason = every[0], f"{every[0].name}, since the inputs of {main.name} are not there."
    others = [one for one in (*named[1:], *every) if one != main]
    names = [*(one.name for one in named or [main]), *(one.model_name for one in published)]
    if len(names) > len({*names}):
        raise SpecificationError(f"model: {', '.join(names)} holds one twice. Name each once.")
    for one in (main, *named):
        _require_usable(one, tables)
    chosen = [_of_country(one, country) for one in {one.name: one for one in (main, *others)}.values()]
    cautions = tuple(
        f"{one.name} is not made for quarters after 2019, whose outliers distort every estimate; {one.successor} is."
        for one in chosen
        if one.successor and last >= COVID
    )
    for one in (*chosen, *([monthly] if monthly else [])):
        left_out.pop(one.name, None)
    return Choice(chosen[0], tuple(chosen[1:]), tuple(published), reason, left_out, cautions, monthly)


def _split(wanted: list[Model], tables: Tables) -> tuple[list[Model], NaturalRateModel | None]:
    """What is asked for without the model of months, and that model, where there is a table for it."""
    if MONTHLY not in tables:
        return wanted, None
    found = [
        (one, rstar.model(str(one)) if isinstance(one, str) and one != ALL and not _is_series(one) else one)
        for one in wanted
    ]
    monthly = [one for _, one in found if isinstance(one, NaturalRateModel) and one.frequency == "M"]
    if len(monthly) > 1:
        raise SpecificationError(
            f"model: {', '.join(one.name for one in monthly)} are monthly. Name one of them."
        )
    rest = [name for name, one in found if not (isinstance(one, NaturalRateModel) and one.frequency == "M")]
    return rest, monthly_model(tables[MONTHLY], monthly[0] if monthly else None)


def _listed(model: Model | Sequence[Model] | None) -> list[Model]:
    if model is None:
        return []
    return [model] if isinstance(model, str | Path | NaturalRateModel | PublishedRate) else list(model)


def _is_series(name: Model) -> bool:
    return isinstance(name, PublishedRate | Path) or (isinstance(name, str) and name.lower().endswith(".csv"))


def _published(name: Model, macro: pd.DataFrame) -> PublishedRate | None:
    """A published series, with the real rate of the data where it has none."""
    if not _is_series(name):
        return None
    found = (
        name
        if isinstance(name, PublishedRate)
        else rstar.read_published(str(name), name=Path(str(name)).stem)
    )
    if found.rate is None and {"interest_rate", "expected_inflation"} <= set(macro):
        return replace(found, rate=macro["interest_rate"] - macro["expected_inflation"])
    return found


def _model(name: Model) -> NaturalRateModel:
    found = name if isinstance(name, NaturalRateModel) else rstar.model(str(name))
    require_quarterly(found)
    return found


def require_quarterly(model: NaturalRateModel) -> None:
    """Refuse a model of years or months, whose gap does not go from quarter to quarter."""
    if model.frequency != "Q":
        also = (
            " Beside one it takes a monthly model with its table, monthly." if model.frequency == "M" else ""
        )
        raise SpecificationError(
            f"{model.name} gives r* of {PERIODS[model.frequency]}s, and the study asks what returns do after "
            f"quarters. "
            f"Choose a quarterly model.{also}"
        )


def table_for(model: NaturalRateModel, tables: Tables) -> pd.DataFrame:
    """The table with a model's inputs: expected inflation of Laubach and Williams is a forecast of its own."""
    return tables[LW] if _OIL in model.inputs and LW in tables else tables[MACRO]


def _absent(model: NaturalRateModel, tables: Tables) -> list[str]:
    table = table_for(model, tables)
    filled = {_INDEX} if table.index[-1] < COVID else set()  # zero before 2020
    return [name for name in model.inputs if name not in table and name not in filled]


def _require_usable(model: NaturalRateModel, tables: Tables) -> None:
    if absent := _absent(model, tables):
        title = str(tables[MACRO].attrs.get("title", "The data"))
        raise DataError(
            f"{title}: there is no {' and no '.join(absent)}, which {model.name} needs. Choose another model; "
            "capstar.rstar.models() shows what each needs."
        )


def _every(tables: Tables, last: pd.Period, left_out: dict[str, str]) -> list[NaturalRateModel]:
    """Quarterly models whose inputs are there, of each pair the one made for the sample; why not the others."""
    out = []
    for key in rstar.models().index:
        one = rstar.model(key)
        if one.frequency != "Q":
            why = f"gives r* of {PERIODS[one.frequency]}s"
        elif absent := _absent(one, tables):
            why = f"has no input {', '.join(absent)}"
        elif last >= COVID and one.successor:
            why = f"is not made for quarters after 2019; {one.successor} is"
        elif last < COVID and _INDEX in one.inputs:
            why = "is made for quarters after 2019"
        else:
            out.append(one)
            continue
        left_out[one.name] = why
    return out


def _of_country(model: NaturalRateModel, country: str | None) -> NaturalRateModel:
    """The model as published for a country, or as it is where it is published for none."""
    return model.for_country(country) if country is not None and model.countries else model


def fit_all(
    choice: Choice, tables: Tables, *, n_workers: int, progress: Progress | bool
) -> tuple[dict[str, NaturalRate], dict[str, str]]:
    """Estimates of the models beside the main one, and why one could not be estimated."""
    found = run_tasks(
        _fit, ((one, table_for(one, tables)) for one in choice.others), n_workers=n_workers,
        total=len(choice.others), stage=f"{len(choice.others)} further models", progress=progress,
    )  # fmt: skip
    names = [one.name for one in choice.others]
    both = list(zip(names, found, strict=True))
    fits = {name: one for name, one in both if isinstance(one, NaturalRate)}
    return fits, {name: str(one) for name, one in both if isinstance(one, CapstarError)}


def with_errors(fit: NaturalRate, model: NaturalRateModel, progress: Progress | bool = False) -> NaturalRate:
    """The estimate with standard errors that carry the parameters' uncertainty, where there are any.

    Where the parameters cannot be drawn from, its bands include less, and say so.
    """
    if "standard_errors" not in model.options:
        return fit
    try:
        return fit.with_standard_errors(_DRAWS, progress=progress)
    except CapstarError:
        return fit


def _fit(item: tuple[NaturalRateModel, pd.DataFrame]) -> NaturalRate | CapstarError:
    model, table = item
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapstarWarning)  # told by Choice.cautions and the table of models
        try:
            return with_errors(model.fit(table, progress=False), model)
        except CapstarError as error:
            return error
