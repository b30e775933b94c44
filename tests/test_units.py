"""Units that cannot be meant are refused, or warned of by column; the remedy named works; real data pass in silence.

The tables are those published with the models (`hlw2017`, `hlw2023`, `lw2003`, `lw2023`), and, by the year, inflation
and short rates of seven countries since 1950 (`del_negro2019_global`), the zero bound in Japan and the euro area and
the inflation of the 1970s among them.
"""

from __future__ import annotations

import ast
import re
import warnings

import numpy as np
import pandas as pd
import pytest

import capstar as cs
from capstar.errors import DataError, DataWarning, SpecificationError
from capstar.units import QUANTITIES, check_units, in_model_units

RATES = ("inflation", "expected_inflation", "interest_rate")
TABLES = (
    "hlw2017/us_input.csv", "hlw2017/ca_input.csv", "hlw2023/us_2023q2_input.csv", "lw2023/us_2023q2_input.csv",
    "lw2003/us_2020q2_input.csv", "hlw_published/us_2019q2_input.csv",
)  # fmt: skip
# What a column may wrongly be, by column, and how that is undone; None: divide by ten.
SCALES = {"fraction": 0.01, "basis points": 100.0, None: 10.0}
WRONG = {
    **{f"{c} {unit}": ({c: (lambda x, k=k: k * x)}, unit) for unit, k in SCALES.items() for c in RATES},
    **{f"all {unit}": (dict.fromkeys(RATES, lambda x, k=k: k * x), unit) for unit, k in SCALES.items()},
    "inflation a quarter": ({"inflation": lambda x: x / 4}, "percent a quarter"),
    "both a quarter": (dict.fromkeys(RATES[:2], lambda x: x / 4), "percent a quarter"),
    "log10": ({"log_gdp": lambda x: x / np.log(10)}, "log10"),
    "log log": ({"log_gdp": np.log}, "log log"),
    "100 log": ({"log_gdp": lambda x: 100 * x}, "100 log"),
    "level": ({"log_gdp": np.exp}, "level"),
    "index": ({"log_gdp": lambda x: 100 * np.exp(x - x.iloc[-1])}, "level"),
    "dollars": ({"log_gdp": lambda x: 1e9 * np.exp(x)}, "level"),
}


@pytest.fixture(scope="module")
def us() -> pd.DataFrame:
    return cs.data.us_macro()


def said(frame: pd.DataFrame) -> str:
    """What the check says of a table; nothing where it is silent."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            check_units(frame, source="data")
        except DataError as error:
            return str(error)
    return "; ".join(str(one.message) for one in seen)


def remedy(message: str) -> object:
    """What a message tells to pass as units."""
    found = re.search(r"Pass units=('[^']*'|\{[^}]*\})", message)
    assert found, message
    return ast.literal_eval(found.group(1))


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_unit_is_named_and_its_remedy_works(us: pd.DataFrame, case: str) -> None:
    made, unit = WRONG[case]
    wrong = us.assign(**{name: make(us[name]) for name, make in made.items()})
    message = said(wrong)
    assert all(name in message for name in made), message
    if unit is None:
        right = wrong.assign(**{name: wrong[name] / 10 for name in made})
        assert "/ 10" in message
    else:
        right = in_model_units(wrong, remedy(message))
        assert repr(unit) in message
    assert not said(right)
    if case not in ("index", "dollars"):  # another unit of GDP, a constant in its log
        pd.testing.assert_frame_equal(right, us, rtol=1e-12)


@pytest.mark.parametrize("name", TABLES)
def test_published_tables_pass_whole_and_by_decade(reference, name: str) -> None:
    table = cs.data.read_input(reference(name)).rename(
        columns={"expected_inflation_recomputed": "expected_inflation"}
    )
    assert not said(table)
    for first in range(0, len(table) - 40, 8):
        assert not said(table.iloc[first : first + 40]), table.index[first]


@pytest.mark.parametrize("country", ["usa", "deu", "uk", "fr", "ca", "it", "jp"])
def test_rates_of_seven_countries_pass(reference, country: str) -> None:
    table = pd.read_csv(reference("del_negro2019_global/input.csv")).set_index("year").loc[1949:]
    inflation = 100 * np.log(table[f"cpi_{country}"]).diff()
    years = pd.DataFrame(
        {
            "inflation": inflation,
            "expected_inflation": inflation.rolling(4).mean(),
            "interest_rate": table[f"stir_{country}"],
        }
    )
    for width in (40, 60):
        for first in range(1, len(years) - width + 1, 3):
            assert not said(years.iloc[first : first + width]), years.index[first]


def quarters(seed: int, rate: tuple[float, float], inflation: tuple[float, float]) -> pd.DataFrame:
    """Sixty quarters of a rate between two values and inflation of a mean and standard deviation."""
    rng = np.random.default_rng(seed)
    index = pd.period_range("2005Q1", periods=60, freq="Q")
    pi = pd.Series(rng.normal(*inflation, 60), index)
    return pd.DataFrame(
        {
            "inflation": pi,
            "expected_inflation": pi.rolling(4, 1).mean(),
            "interest_rate": rng.uniform(*rate, 60),
        }
    )


@pytest.mark.parametrize(
    ("rate", "inflation"),
    [
        ((0.05, 0.25), (1.8, 1.2)),
        ((-0.75, 0.1), (0.4, 1.0)),
        ((0.0, 0.1), (0.1, 1.0)),
        ((0.25, 0.75), (2.3, 1.5)),
    ],
    ids=["United States", "Switzerland", "Japan", "United Kingdom"],
)
def test_a_rate_at_its_zero_bound_is_no_fraction(rate, inflation) -> None:
    for seed in range(20):
        assert not said(quarters(seed, rate, inflation))


def test_a_fraction_is_no_zero_bound() -> None:
    for seed in range(20):
        assert "interest_rate" in said(quarters(seed, (0.01, 0.08), (3.0, 1.5)))


def test_gdp_in_single_dollars_is_right(us: pd.DataFrame) -> None:
    """Its log is 30 and more: growth decides, not size."""
    table = us.assign(log_gdp=us["log_gdp"] + np.log(1e9))
    assert table["log_gdp"].max() > 30
    assert not said(table)


def test_a_column_declared_right_is_taken_at_its_word(us: pd.DataFrame) -> None:
    odd = us.assign(interest_rate=us["interest_rate"] / 100)
    declared = in_model_units(odd, {"interest_rate": "percent"})
    assert not said(declared)
    assert said(odd)


def test_units_convert_what_they_say() -> None:
    index = pd.period_range("2000Q1", periods=3, freq="Q")
    table = pd.DataFrame({"inflation": [0.01, 0.02, 0.03], "log_gdp": [1.0, 2.0, 3.0]}, index)
    out = in_model_units(table, {"inflation": "fraction", "log_gdp": "log10"})
    np.testing.assert_allclose(out["inflation"], [1, 2, 3], rtol=1e-15)
    np.testing.assert_allclose(np.exp(out["log_gdp"]), [10, 100, 1000], rtol=1e-14)
    np.testing.assert_allclose(in_model_units(table, "percent a quarter")["inflation"], [0.04, 0.08, 0.12])
    for units, words in (
        ("inches", "inches"),
        ({"gdp": "log"}, "gdp"),
        ({"log_gdp": "fraction"}, "log_gdp"),
        (3, "3"),
    ):
        with pytest.raises(SpecificationError, match=words):
            in_model_units(table, units)
    with pytest.raises(DataError, match="log_gdp"):
        in_model_units(table.assign(log_gdp=[0.0, 1, 2]), {"log_gdp": "level"})


def test_every_door_checks_and_takes_the_remedy(us: pd.DataFrame, tmp_path) -> None:
    """A file, raw series, a fit and a fit of a file; the numbers are those of the right units."""
    wrong = us.assign(**{name: us[name] / 100 for name in RATES})
    path = tmp_path / "fractions.csv"
    wrong.to_csv(path)
    model = cs.rstar.HLW2017
    with pytest.raises(DataError, match="units='fraction'"):
        cs.data.read_input(path)
    read = cs.data.read_input(path, units="fraction")
    np.testing.assert_allclose(read[us.columns], us, rtol=1e-12)
    with pytest.raises(DataError, match="units='fraction'"):
        model.fit(wrong, n_starts=1, progress=False)
    options = {"n_starts": 1, "progress": False, "end": "1990Q4"}
    right = model.fit(us, **options).rstar.filtered
    found = model.fit(str(path), units="fraction", **options).rstar.filtered
    np.testing.assert_allclose(found, right, atol=1e-6)  # of the optimiser, from data equal to 1e-16
    gdp, prices, rate = (
        series(us) for series in (lambda t: np.exp(t["log_gdp"]), _prices, lambda t: t["interest_rate"])
    )
    with pytest.raises(DataError, match="'interest_rate': 'fraction'"):
        cs.data.model_input(gdp, prices, rate / 100, compounding="none")
    made = cs.data.model_input(gdp, prices, rate / 100, compounding="none", units="fraction")
    np.testing.assert_allclose(made["interest_rate"], rate.loc[made.index], rtol=1e-12)
    with pytest.raises(DataError, match="'log_gdp': 'log log'"):
        cs.data.model_input(np.log(gdp), prices, rate, compounding="none")
    made = cs.data.model_input(np.log(gdp), prices, rate, compounding="none", units={"log_gdp": "log log"})
    np.testing.assert_allclose(made["log_gdp"], us["log_gdp"].loc[made.index], rtol=1e-12)


def _prices(table: pd.DataFrame) -> pd.Series:
    return np.exp(table["inflation"].cumsum() / 400)


def test_the_command_line_takes_the_remedy(us: pd.DataFrame, tmp_path) -> None:
    from typer.testing import CliRunner

    from capstar.cli import app

    path = tmp_path / "fractions.csv"
    us.assign(interest_rate=us["interest_rate"] / 100).to_csv(path)
    refused = CliRunner().invoke(app, ["data", "check", str(path)])
    assert refused.exit_code == 2
    assert "interest_rate" in refused.output
    taken = CliRunner().invoke(app, ["data", "check", str(path), "--units", "interest_rate=fraction"])
    assert taken.exit_code == 0, taken.output
    assert "HLW2017: usable, 1961Q1-2009Q3" in taken.output


def test_odd_units_are_said_once(us: pd.DataFrame) -> None:
    odd = us.assign(interest_rate=10 * us["interest_rate"])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        cs.rstar.HLW2017.fit(
            odd, end="1975Q4", fixed={"lambda_g": 0.05, "lambda_z": 0.03}, n_starts=1, progress=False
        )
    assert [one.category for one in seen].count(DataWarning) == 1


def test_extreme_values_name_their_quarter(us: pd.DataFrame) -> None:
    for name in (*RATES, "log_gdp"):
        table = us.copy()
        table.loc["1990Q1", name] = 1e300
        message = said(table)
        assert name in message
        assert name == "log_gdp" or "1990Q1" in message


def test_every_quantity_has_a_unit_of_its_own() -> None:
    assert set(RATES) < set(QUANTITIES)
    for name, one in QUANTITIES.items():
        assert one.unit, name
        assert one.least[0] <= one.least[1] <= one.most[0] <= one.most[1]
        assert one.size[0] <= one.size[1]
