"""Units of the models' input: what each column is in, its possible range and spread, and how others are converted.

One table, `QUANTITIES`, and one check, `check_units`, for every way in: `capstar.data.read_input` and `model_input`,
and ``fit`` of every model.  A unit is told by what does not depend on the country or the size of the economy:

- Output by its quarterly growth, never by its size.  The standard deviation of growth lies between 0.25 and 6 percent
  in every economy on record.  A log to base ten has 0.43 times the growth of the natural log, which no economy has
  over ten years and more: slow (below 0.4 percent a quarter), calm in most quarters and without a deep recession.
- Inflation by its standard deviation, which is never below 0.25 points at an annual rate, by the size of expected
  inflation, which is about its own over a sample, and by the interest rate, which is not four times as large and at
  once four times as variable.
- An interest rate that stays between -0.05 and 1 throughout is at its zero lower bound, or a fraction.  It is a
  fraction if a hundred times its values are nearer, on average, to expected inflation plus a real rate of one percent
  than the values themselves: at the bound a hundred times the rate is negative, or many points above.
- All rates by their mean absolute value: above 20 it is rare, above 100 impossible outside a hyperinflation.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from capstar.errors import DataError, DataWarning, SpecificationError

Units: TypeAlias = str | Mapping[str, str] | None
Kind = Literal["output", "rate", "relative price", "index"]
_INF = float("inf")
RIGHT = "columns declared right"  # in attrs
_FEWEST = 20  # quarters from which a spread is judged
_RATES: Mapping[str, Callable[[pd.Series], pd.Series]] = {
    "percent": lambda x: x,
    "fraction": lambda x: 100.0 * x,
    "basis points": lambda x: x / 100.0,
    "percent a quarter": lambda x: 4.0 * x,
}
CONVERSIONS: Mapping[Kind, Mapping[str, Callable[[pd.Series], pd.Series]]] = {
    # By kind: units that can be declared, the first that of the models.
    "output": {
        "log": lambda x: x,
        "log10": lambda x: np.log(10.0) * x,
        "100 log": lambda x: x / 100.0,
        "log log": np.exp,
        "level": np.log,
    },
    "rate": _RATES,
    "relative price": _RATES,
    "index": {"0-100": lambda x: x, "fraction": lambda x: 100.0 * x},
}


class Quantity(NamedTuple):
    """What one column of the input is.

    Attributes
    ----------
    unit
        In words.
    kind
        Which units can be declared for it; see `CONVERSIONS`.
    least
        Standard deviation (of output: of its quarterly growth) below which the unit is impossible, and odd.
    most
        Above which it is odd, and impossible.
    size
        The same of the mean absolute value, or growth.

    Examples
    --------
    >>> from capstar.units import QUANTITIES
    >>> QUANTITIES["inflation"].unit, QUANTITIES["inflation"].size
    ('percent a year', (20.0, 100.0))
    """

    unit: str
    kind: Kind
    least: tuple[float, float] = (0.0, 0.0)
    most: tuple[float, float] = (_INF, _INF)
    size: tuple[float, float] = (_INF, _INF)


QUANTITIES: Mapping[str, Quantity] = {
    "log_gdp": Quantity(
        "natural log of real GDP in the unit given", "output", (0.0015, 0.0025), (0.06, 0.1), (0.03, 0.05)
    ),
    "inflation": Quantity("percent a year", "rate", (0.25, 0.25), size=(20.0, 100.0)),
    "expected_inflation": Quantity("percent a year", "rate", size=(20.0, 100.0)),
    "interest_rate": Quantity("percent a year", "rate", size=(20.0, 100.0)),
    "oil_price_inflation": Quantity("percent a year", "relative price", (2.0, 2.0), size=(200.0, 1000.0)),
    "import_price_inflation": Quantity("percent a year", "relative price", (0.4, 0.4), size=(30.0, 200.0)),
    "covid_index": Quantity("index, 0-100", "index"),
}


@dataclass(frozen=True)
class _Finding:
    """A column in a unit that is not meant: what was found, and the unit it seems to be in, if one is known."""

    column: str
    found: str
    unit: str | None
    impossible: bool
    instead: str = ""


def in_model_units(frame: pd.DataFrame, units: Units) -> pd.DataFrame:
    """The input with its columns in the units of the models.

    Parameters
    ----------
    frame
        Input columns; others are left as they are.
    units
        Of all rates, a word: ``"fraction"``, ``"basis points"`` or ``"percent a quarter"`` (not annualised); or by
        column, such as ``{"interest_rate": "fraction", "log_gdp": "log10"}``.  Output can be ``"log10"``,
        ``"100 log"``, ``"log log"`` or in ``"level"``, the COVID index a ``"fraction"``.  The models' own units,
        ``"percent"``, ``"log"`` and ``"0-100"``, change nothing and tell `check_units` that the column is right.

    Raises
    ------
    SpecificationError
        There is no such unit, or column.
    DataError
        A value cannot be in that unit, such as a level of zero.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.units import in_model_units
    >>> fractions = cs.data.us_macro()[["interest_rate"]] / 100
    >>> in_model_units(fractions, "fraction")["interest_rate"].round(2).tail(2).tolist()
    [0.18, 0.12]
    """
    made, right = {}, set(frame.attrs.get(RIGHT, ()))
    for name, unit in _declared(units, list(map(str, frame.columns))).items():
        if unit == _own(name):
            right.add(name)
        elif name in frame:
            with np.errstate(all="ignore"):
                values = CONVERSIONS[QUANTITIES[name].kind][unit](frame[name])
            if (bad := ~np.isfinite(values) & frame[name].notna()).any():
                at = bad.idxmax()
                raise DataError(
                    f"{name} in {at} is {frame[name][at]:.6g}, which cannot be in {unit!r}. Declare another unit."
                )
            made[name] = values
    out = frame.assign(**made)
    if right:
        out.attrs[RIGHT] = sorted(right)
    return out


def check_units(frame: pd.DataFrame, *, source: str) -> None:
    """Refuse columns that cannot be in the units of the models, and warn of those that are hardly so.

    Parameters
    ----------
    frame
        Floats by quarter; input columns that it lacks are not missed, others are not looked at.
    source
        Named in messages.

    Raises
    ------
    DataError
        A unit is impossible; the module's text has the rules.

    Warns
    -----
    DataWarning
        It is odd.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.units import check_units
    >>> try:
    ...     check_units(cs.data.us_macro().assign(inflation=0.01), source="mine")
    ... except ValueError as error:
    ...     print(str(error)[:42])
    mine: inflation lies between 0.01 and 0.01
    """
    right = frame.attrs.get(RIGHT, ())
    with np.errstate(all="ignore"):  # of extreme values, which are what is looked for
        found = [one for one in _findings(frame) if one.column not in right or one.column == "covid_index"]
    if impossible := [one for one in found if one.impossible]:
        same = [one for one in found if one.unit == impossible[0].unit]
        raise DataError(f"{source}: {_sentence(same)}")
    for unit in dict.fromkeys(one.unit for one in found):
        said = _sentence([one for one in found if one.unit == unit])
        # From one line whatever the way in, so that the same words are not said twice.
        warnings.warn(f"{source}: {said}", DataWarning, stacklevel=1)


def _own(column: str) -> str:
    return next(iter(CONVERSIONS[QUANTITIES[column].kind]))


def _declared(units: Units, columns: Collection[str]) -> dict[str, str]:
    """Unit by column."""
    if units is None:
        return {}
    if isinstance(units, str):
        kinds = [
            kind
            for kind, known in CONVERSIONS.items()
            if units in known and (kind != "index" or units == "0-100")
        ]
        by_column = {name: units for name in columns if name in QUANTITIES and QUANTITIES[name].kind in kinds}
        if not kinds:
            raise SpecificationError(f"units={units!r}; choose {_choices()}.")
        return by_column
    if not isinstance(units, Mapping):
        raise SpecificationError(f"units={units!r}; give a word, or a word by column. Choose {_choices()}.")
    for name, unit in units.items():
        if name not in QUANTITIES:
            raise SpecificationError(
                f"units: there is no input column {name!r}; there are {list(QUANTITIES)}."
            )
        if unit not in (known := CONVERSIONS[QUANTITIES[name].kind]):
            raise SpecificationError(f"units: {name} in {unit!r}; choose one of {list(known)}.")
    return dict(units)


def _choices() -> str:
    return f"one of {list(_RATES)} for the rates, or {list(CONVERSIONS['output'])} for log_gdp"


def _sentence(found: list[_Finding]) -> str:
    """Findings of one unit in words, with what to do."""
    names, unit = [one.column for one in found], found[0].unit
    text = "; ".join(f"{one.column} {one.found}" for one in found)
    right = {name: _own(name) for name in names}
    seem, are = ("it seems", "it is") if len(found) == 1 else ("they seem", "they are")
    if unit is None and names == ["covid_index"]:
        return f"{text}. {found[0].instead}"
    if unit is None:
        return f"{text}. {found[0].instead} If {are} right, pass units={right}."
    rates = all(QUANTITIES[name].kind == "rate" for name in names) and len(names) > 2
    asked = repr(unit) if rates else repr(dict.fromkeys(names, unit))
    return (
        f"{text}: {seem} to be in {unit!r}, expected {QUANTITIES[names[0]].unit}. Pass units={asked} (--units on the "
        f"command line); if {are} right, units={right}."
    )


def _findings(frame: pd.DataFrame) -> Iterator[_Finding]:
    known = {name: frame[name].dropna() for name in QUANTITIES if name in frame}
    known = {name: values for name, values in known.items() if len(values)}
    if "log_gdp" in known:
        yield from _of_output(known["log_gdp"])
    rates = {n: x for n, x in known.items() if QUANTITIES[n].kind in ("rate", "relative price")}
    found = {name: one for name, values in rates.items() if (one := _of_rate(name, values))}
    for compare in (_of_expectations, _of_interest, _of_quarters):
        # Each on the columns in the units already found, but for those of which none is known.
        usable = {n: _converted(x, found.get(n)) for n, x in rates.items() if n not in found or found[n].unit}
        found |= {one.column: one for one in compare(usable) if one.column not in found}
    yield from found.values()
    if "covid_index" in known:
        yield from _of_index(known["covid_index"])


def _converted(values: pd.Series, found: _Finding | None) -> pd.Series:
    return values if found is None or found.unit is None else _RATES[found.unit](values)


def _of_output(values: pd.Series) -> Iterator[_Finding]:
    """By growth a quarter: its standard deviation and its mean."""
    growth, quantity = values.diff().dropna().to_numpy(), QUANTITIES["log_gdp"]
    if len(growth) < _FEWEST:
        return
    spread, mean = float(growth.std(ddof=1)), float(growth.mean())
    said = f"grows by {100 * mean:.3g} percent a quarter on average with a standard deviation of {100 * spread:.3g}"
    large = spread > quantity.most[0] or abs(mean) > quantity.size[0]
    if large or spread < quantity.least[1]:
        impossible = spread > quantity.most[1] or spread < quantity.least[0] or abs(mean) > quantity.size[1]
        instead = "Give the natural log of real GDP, seasonally adjusted."
        yield _Finding("log_gdp", said, _output_unit(values, large=large), impossible, instead)
    elif _calm(growth):
        yield _Finding("log_gdp", f"{said}, less than any economy on record", "log10", impossible=False)


def _output_unit(values: pd.Series, *, large: bool) -> str | None:
    """The unit in which output grows as it does on record."""
    units = ("100 log", "level") if large else ("log log", "log10")
    ordinary = [unit for unit in units if _grows_as_on_record(values, unit)]
    if len(ordinary) == 2 and large:  # growth of a level rises with it, that of a log does not
        growth = values.diff()
        half = len(growth) // 2
        return "level" if growth.iloc[half:].mean() > growth.iloc[:half].mean() else "100 log"
    return ordinary[0] if ordinary else None


def _grows_as_on_record(values: pd.Series, unit: str) -> bool:
    with np.errstate(all="ignore"):
        growth = CONVERSIONS["output"][unit](values).diff().dropna()
    quantity = QUANTITIES["log_gdp"]
    within = quantity.least[1] < growth.std() < quantity.most[0] and abs(growth.mean()) < quantity.size[0]
    trending = growth.mean() > 0.1 * growth.std()  # growth of growth rates is not
    return bool(np.isfinite(growth).all() and within and trending)


def _calm(growth: np.ndarray) -> bool:
    """Whether growth is slow, calm in most quarters and without a deep recession, as that of a log to base ten."""
    low, high = np.quantile(growth, [0.25, 0.75])
    return bool(
        len(growth) >= 40
        and growth.mean() < 0.004
        and high - low < 0.0035 * 1.349
        and growth.std(ddof=1) < 0.0055
    )


def _of_rate(name: str, values: pd.Series) -> _Finding | None:
    """By spread, where that is never small, and by mean absolute value."""
    quantity, size, spread = QUANTITIES[name], float(values.abs().mean()), float(values.std())
    if values.abs().max() > 100 * quantity.size[1]:
        at = values.abs().idxmax()
        said = f"in {at} is {values[at]:.6g}, expected {quantity.unit}"
        return _Finding(name, said, None, impossible=True, instead="Correct the value.")
    said = f"lies between {values.min():.3g} and {values.max():.3g}, {size:.3g} from zero on average"
    if len(values) >= _FEWEST and spread < quantity.least[0] and size < 2 * quantity.least[0]:
        return _Finding(name, said, "fraction", impossible=True)
    if size > quantity.size[1]:
        return _Finding(name, said, "basis points", impossible=True)
    if size > quantity.size[0]:
        return _Finding(
            name,
            said,
            None,
            impossible=False,
            instead=f"Bring it to {quantity.unit}, such as data[{name!r}] / 10.",
        )
    return None


def _of_expectations(rates: Mapping[str, pd.Series]) -> Iterator[_Finding]:
    """Expected inflation against inflation, which over a sample are of one size."""
    if not {"inflation", "expected_inflation"} <= set(rates):
        return
    both = pd.DataFrame(
        {"inflation": rates["inflation"].rolling(4).mean(), "expected_inflation": rates["expected_inflation"]}
    )
    size = np.sqrt((both.dropna() ** 2).mean())
    if size.min() == 0:  # none expected: said on purpose, by whoever gives the real rate
        return
    if len(both.dropna()) < _FEWEST or size.max() < 0.5 or size.max() < 2.5 * size.min():
        return
    small, other = size.idxmin(), size.idxmax()
    times = size[other] / max(size[small], 1e-12)
    unit = "fraction" if times > 30 else "percent a quarter" if times < 6.3 else None
    said = f"is {size[small]:.3g} in root mean square, {other} {size[other]:.3g}"
    instead = f"One of them is some {times:.0f} times too small or too large: give both in percent a year."
    yield _Finding(small, said, unit, times > 30, instead)


def _of_interest(rates: Mapping[str, pd.Series]) -> Iterator[_Finding]:
    """The interest rate against expected inflation: fraction or zero lower bound, ten times or high real rate."""
    name = "expected_inflation" if "expected_inflation" in rates else "inflation"
    if not {name, "interest_rate"} <= set(rates):
        return
    rate, expected = rates["interest_rate"].align(rates[name], join="inner")
    if len(rate) < _FEWEST:
        return
    said = f"lies between {rate.min():.3g} and {rate.max():.3g}, expected inflation is {expected.mean():.3g} on average"
    if rate.min() > -0.05 and rate.max() < 1.0:
        as_percent, as_fraction = ((k * rate - expected - 1.0).abs().mean() for k in (1.0, 100.0))
        if as_fraction < 0.8 * as_percent:
            yield _Finding("interest_rate", said, "fraction", as_fraction < 0.6 * as_percent)
    elif rate.mean() - expected.mean() > 15.0:
        instead = "No real rate is so high for long: give both in percent a year."
        yield _Finding("interest_rate", said, None, impossible=False, instead=instead)


def _of_quarters(rates: Mapping[str, pd.Series]) -> Iterator[_Finding]:
    """Inflation a quarter, where the interest rate is four times as large and four times as variable."""
    if not {"inflation", "interest_rate"} <= set(rates):
        return
    rate, inflation = rates["interest_rate"].align(
        rates["inflation"].rolling(4).mean().dropna(), join="inner"
    )
    means, spreads = rate.mean() / inflation.mean(), rate.std() / inflation.std()
    if len(rate) >= 40 and inflation.mean() > 0 and means > 4.0 and spreads > 4.0:
        said = f"is {inflation.mean():.3g} on average, {means:.1f} times smaller than interest_rate"
        for name in ("inflation", "expected_inflation"):
            if name in rates:
                yield _Finding(name, said, "percent a quarter", impossible=False)


def _of_index(values: pd.Series) -> Iterator[_Finding]:
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 100:
        at = values.idxmin() if low < 0 else values.idxmax()
        said = f"in {at} is {values[at]:.6g}; the stringency index lies between 0 and 100"
        yield _Finding("covid_index", said, None, impossible=True, instead="Correct the column.")
    elif 0 < high <= 1:
        yield _Finding("covid_index", f"is at most {high:.3g}", "fraction", impossible=True)
