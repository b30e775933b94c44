"""What `fit` takes, and the one clear error at what it does not; the remedy each names works when followed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from textbook import books, fitted, local_level, nile

from capstar.errors import CapstarError, DataError, SpecificationError
from capstar.statespace import Spec, Stationary, fit, params, variables

HELD = {"l_1": 0.6, "l_2": 0.6, "phi": 0.5, "s_1": 0.6, "s_2": 0.6}


def factor(data: object, **options: object):
    return fit(books()["factor"].spec, data, **{"fixed": HELD} | options)  # type: ignore[arg-type]


@pytest.fixture
def data() -> pd.DataFrame:
    return books()["factor"].data.copy()


@pytest.fixture(scope="module")
def expected() -> float:
    return factor(books()["factor"].data).llf


@pytest.mark.parametrize("how", ["start", "end"])
@pytest.mark.parametrize("known", [True, False], ids=["with frequency", "inferred"])
def test_timestamps(data: pd.DataFrame, expected: float, how: str, known: bool) -> None:
    data.index = data.index.to_timestamp(how=how).normalize()
    if known:
        data.index.freq = "QS" if how == "start" else "QE"
    found = factor(data)
    assert found.llf == expected
    assert str(found.problem.index[0]) == "1959Q2"
    assert found.problem.index.freqstr == "Q-DEC"


def test_months_rows_and_a_series() -> None:
    spec, flow = local_level().spec, nile()
    held = {"s_eps": 100.0, "s_eta": 40.0}
    values = flow.to_numpy()
    expected = fit(spec, flow, fixed=held)
    months = fit(spec, pd.Series(values, pd.date_range("1990-01-01", periods=100, freq="MS")), fixed=held)
    assert months.problem.index.freqstr == "M"
    rows = fit(spec, pd.Series(values), fixed=held)
    years = fit(spec, pd.Series(values, range(1871, 1971), name="flow"), fixed=held)
    assert {months.llf, rows.llf, years.llf} == {expected.llf}
    assert years.problem.index.equals(expected.problem.index)
    assert rows.forecast(2).mean.shape == (2, 2)


def test_dates_in_a_column_and_columns_nobody_reads(data: pd.DataFrame, expected: float) -> None:
    table = data.assign(comment="text", other=np.inf).reset_index()
    found = factor(table)
    assert found.llf == expected
    assert list(found.data) == ["y_1", "y_2"]


def test_the_data_are_not_changed(data: pd.DataFrame) -> None:
    before = data.copy()
    factor(data).append(pd.DataFrame({"y_1": [0.1], "y_2": [0.2]}, [data.index[-1] + 1]))
    pd.testing.assert_frame_equal(data, before)


def test_a_missing_column(data: pd.DataFrame, expected: float) -> None:
    wrong = data.rename(columns={"y_2": "consumption"})
    with pytest.raises(
        DataError, match=r"reads the series \['y_2'\].* they have \['y_1', 'consumption'\].*rename"
    ):
        factor(wrong)
    assert factor(wrong.rename(columns={"consumption": "y_2"})).llf == expected
    with pytest.raises(DataError, match=r"reads the series|lack"):
        factor(data["y_1"])


def test_a_gap(data: pd.DataFrame) -> None:
    wrong = data.drop(index=data.index[10])
    with pytest.raises(
        DataError, match=r"1961Q3 is followed by 1962Q1, expected 1961Q4.* a value may be empty"
    ):
        factor(wrong)
    whole = wrong.reindex(data.index)
    assert factor(whole).nobs == len(data)
    stamped = wrong.set_axis(wrong.index.to_timestamp())
    with pytest.raises(DataError, match=r"without a regular spacing.*pd\.PeriodIndex\(dates, freq='Q'\)"):
        factor(stamped)
    with pytest.raises(DataError, match="1961Q3 is followed by 1962Q1"):
        factor(stamped.set_axis(pd.PeriodIndex(stamped.index, freq="Q")))


def test_business_days(expected: float, data: pd.DataFrame) -> None:
    wrong = data.set_axis(pd.bdate_range("2020-01-01", periods=len(data)))
    with pytest.raises(DataError, match=r"for business days number the rows, data\.reset_index\(drop=True\)"):
        factor(wrong)
    assert factor(wrong.reset_index(drop=True)).llf == expected


def test_text_dates(expected: float, data: pd.DataFrame) -> None:
    wrong = data.set_axis(data.index.astype(str))
    with pytest.raises(
        DataError, match=r"Set a PeriodIndex, data\.index = pd\.PeriodIndex\(dates, freq='Q'\)"
    ):
        factor(wrong)
    wrong.index = pd.PeriodIndex(wrong.index, freq="Q")
    assert factor(wrong).llf == expected


@pytest.mark.parametrize(
    ("cell", "message"),
    [("n/a", "y_1 in 1960Q3 is 'n/a', not a number.* leave it empty"), (np.inf, "y_1 in 1960Q3 is infinite")],
)
def test_a_bad_cell(data: pd.DataFrame, cell: object, message: str) -> None:
    wrong = data.astype(object)
    wrong.loc["1960Q3", "y_1"] = cell
    with pytest.raises(DataError, match=message):
        factor(wrong)
    wrong.loc["1960Q3", "y_1"] = None
    empty = data.copy()
    empty.loc["1960Q3", "y_1"] = np.nan
    assert factor(wrong).llf == factor(empty).llf


def test_two_columns_of_one_name(data: pd.DataFrame, expected: float) -> None:
    wrong = pd.concat([data, data[["y_1"]]], axis=1)
    with pytest.raises(DataError, match=r"y_1 names two columns\. Rename one"):
        factor(wrong)
    wrong.columns = ["y_1", "y_2", "again"]
    assert factor(wrong).llf == expected


@pytest.mark.parametrize("wrong", [[1.0, 2.0], np.ones((5, 2)), {"y_1": [1.0]}, None])
def test_no_table(wrong: object) -> None:
    with pytest.raises(DataError, match=r"expected a DataFrame with a column a series, got"):
        factor(wrong)
    with pytest.raises(DataError, match="there are no rows"):
        factor(pd.DataFrame({"y_1": [], "y_2": []}))


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        ("flat", "choose 'stationary' or 'diffuse'"),
        (([0.0, 0.0], np.eye(2)), r"not a mean and covariance of the states \['f'\]"),
        (5, r"Give \(mean, cov\) of shapes \(1,\) and \(1, 1\)"),
        ((pd.Series({"g": 0.0}), [[1.0]]), r"gives no f; the states are \['f'\]"),
        (([0.0], [[-1.0]]), "not one: it must be symmetric, without negative eigenvalues"),
        (([0.0], [[np.inf]]), "not finite.*initial='diffuse'"),
    ],
)
def test_a_wrong_start(data: pd.DataFrame, initial: object, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        factor(data, initial=initial)
    assert np.isfinite(factor(data, initial="diffuse").llf)
    assert (
        factor(data, initial=([0.0], [[1.0]])).llf
        == factor(data, initial=(pd.Series({"f": 0.0}), [[1.0]])).llf
    )


def test_names_that_are_not_there(data: pd.DataFrame) -> None:
    for option in ("fixed", "start_params"):
        with pytest.raises(SpecificationError, match=r"Unknown parameters \['rho'\]; the model has \['l_1'"):
            fit(books()["factor"].spec, data, **{option: {"rho": 0.5}})
        with pytest.raises(SpecificationError, match="phi = nan is not a finite number"):
            fit(books()["factor"].spec, data, **{option: {"phi": np.nan}})


def test_held_where_it_is_not_stationary(data: pd.DataFrame) -> None:
    with pytest.raises(
        SpecificationError, match=r"states \['f'\] are not stationary .* fit with initial='diffuse'"
    ):
        fit(replace(books()["factor"].spec, constraints=()), data, start_params=HELD | {"phi": 1.2})
    inside = fit(books()["factor"].spec, data, start_params=HELD | {"phi": 1.2}, n_starts=1)
    # The constraint the message names moves the start inside.
    assert inside.llf == pytest.approx(fitted("factor").llf, abs=1e-7)


def test_part_of_an_autoregression_held() -> None:
    one = books()["cycle"]
    with pytest.raises(
        SpecificationError, match=r"a_1 cannot be held fixed alone\. Hold all of \['a_1', 'a_2'\]"
    ):
        fit(one.spec, one.data, fixed={"a_1": 1.2})


def test_too_short_and_empty() -> None:
    spec = local_level().spec
    with pytest.raises(CapstarError, match="1 periods cannot identify 2 parameters"):
        fit(spec, nile().iloc[:1])
    with pytest.raises(CapstarError, match=r"never determine|there is no observation of \['y'\]"):
        fit(spec, nile() * np.nan)
    with pytest.raises(CapstarError):
        fit(spec, nile(), start="2050")


def test_nothing_to_start_from() -> None:
    """Without variance the likelihood is defined nowhere."""
    (r,) = params("r")
    x, v = variables("x v")
    spec = Spec("none", {"y": x}, {"x": r * x(-1) + v}, {"v": 0.0}, constraints=(Stationary("r"),))
    with pytest.raises(SpecificationError, match=r"defined at none of 256 points tried.*Give start_params"):
        fit(spec, nile())


def test_arguments_of_another_kind(data: pd.DataFrame, expected: float) -> None:
    with pytest.raises(SpecificationError, match=r"a Spec, got str.*HLW2023\.spec"):
        fit("hlw2023", data)  # type: ignore[arg-type]
    with pytest.raises(SpecificationError, match=r"start_params=\[0.5\]; give values by parameter name"):
        factor(data, start_params=[0.5])
    assert factor(data, fixed=pd.Series(HELD)).llf == expected
    assert factor(data, initial=None).llf == expected
    found = factor(data)
    for wrong in (found.states, found.reports):
        with pytest.raises(SpecificationError, match="choose 'filtered', 'smoothed' or 'predicted'"):
            wrong("real time")
    for drawn in (found.plot, found.forecast(2).plot):
        with pytest.raises(SpecificationError, match="level=90; give a probability"):
            drawn(level=90)
