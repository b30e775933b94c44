"""Every result answers what its kind is asked for: tests and intervals, information criteria, a file of its own."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from reporting.test_summary import check_latex
from result_examples import every_example
from scipy import stats
from statsmodels.discrete.discrete_model import Logit

import capstar
from capstar import leads, rstar
from capstar.errors import DataError, SpecificationError
from capstar.reporting import Result, packing
from capstar.reporting.estimates import Coefficients, Covariances, Likelihood
from capstar.statespace import MaximumLikelihood, PosteriorDraws, fit, params
from capstar.statespace.bayes.draws import PosteriorCoefficients
from capstar.statespace.examples import nile_level

EXAMPLES = every_example()
ALL = pytest.mark.parametrize("kind", EXAMPLES, ids=lambda one: one.__qualname__)
ESTIMATES, ERRORS = (
    {"slope", "estimate", "coefficient", "corrected", "ratio"},
    {"se", "corrected_se", "se_white"},
)


@cache
def made(kind: type[Result]) -> Result:
    return EXAMPLES[kind]()


def names(result: Result) -> set[str]:
    """Columns of its table, or the fields of a record of a few numbers."""
    table = getattr(result, "table", None)
    return set(table) if isinstance(table, pd.DataFrame) else {one.name for one in dataclasses.fields(result)}


@ALL
def test_what_has_estimates_and_errors_has_tests_and_intervals(kind: type[Result]) -> None:
    result = made(kind)
    known = names(result)
    if (known & ESTIMATES and known & ERRORS) or isinstance(getattr(result, "draws", None), PosteriorDraws):
        assert isinstance(result, Coefficients)
    if not isinstance(result, Coefficients):
        return
    estimates, wide, narrow = result.params, result.conf_int(0.99), result.conf_int(0.5)
    for one in (result.bse, wide, narrow):
        assert one.index.equals(estimates.index)
    inside = result.bse > 0  # NaN at a bound
    assert list(wide) == ["lower", "upper"]
    assert (wide["lower"] < narrow["lower"])[inside].all()
    assert (narrow["upper"] < wide["upper"])[inside].all()
    with pytest.raises(SpecificationError, match=r"level=0\.05; .* The 95% interval is level=0\.95"):
        result.conf_int(0.05)
    if isinstance(result, PosteriorCoefficients):
        assert not hasattr(result, "pvalues")
        with pytest.raises(AttributeError, match="no t or p values"):
            result.tvalues  # noqa: B018 - asking is what fails
        return
    np.testing.assert_allclose(result.tvalues, estimates / result.bse)
    outside = ~((result.conf_int()["lower"] < 0) & (result.conf_int()["upper"] > 0))
    assert ((result.pvalues < 0.05) == outside)[inside].all()


@ALL
def test_p_values_of_the_table_are_those_answered(kind: type[Result]) -> None:
    """Where a table has p values of the same test; all but the rows that have no standard error."""
    result = made(kind)
    if isinstance(result, Coefficients) and hasattr(result, "pvalues"):
        table = getattr(result, "table", None)
        key = "hodrick_p" if isinstance(result, leads.LeadResults) else "p"
        if (
            isinstance(table, pd.DataFrame)
            and key in table
            and not isinstance(result, leads.ImpliedLongHorizon)
        ):
            np.testing.assert_allclose(result.pvalues, table[key], rtol=1e-9, atol=1e-15)


@ALL
def test_what_has_a_likelihood_has_criteria(kind: type[Result]) -> None:
    result = made(kind)
    if (
        isinstance(getattr(result, "llf", None), float) and kind is not MaximumLikelihood
    ):  # which knows no sample
        assert isinstance(result, Likelihood)
    if isinstance(result, Likelihood):
        expected = np.nan if result.llf is None else -2 * result.llf
        np.testing.assert_allclose(result.aic - 2 * result.df_model, expected)
        np.testing.assert_allclose(result.bic - np.log(result.nobs) * result.df_model, expected)


@ALL
def test_saved_and_read_to_the_bit(kind: type[Result], tmp_path: Path) -> None:
    """The same bytes again: values, dtypes, labels and the layout of every array; and it answers as before."""
    result = made(kind)
    packing_of_its_own = kind is capstar.statespace.StateSpaceResults  # see tests/statespace/test_storage.py
    path = tmp_path / "one.capstar"
    result.save(path)
    again = kind.load(path)
    assert type(again) is kind
    assert type(capstar.load(path)) is kind
    again.save(tmp_path / "two.capstar")
    assert path.read_bytes() == (tmp_path / "two.capstar").read_bytes()
    if not packing_of_its_own:
        assert str(again.summary()) == str(result.summary())
        exact = {"check_exact": True, "check_freq": True}
        pd.testing.assert_frame_equal(again.to_frame(), result.to_frame(), **exact)
        assert again.to_frame().attrs == result.to_frame().attrs
        assert again.provenance == result.provenance


def test_what_was_read_goes_on(tmp_path: Path) -> None:
    """An estimate read from a file forecasts, runs on and is compared as the one that was saved."""
    one = EXAMPLES[rstar.RStarResults]()
    two = rstar.RStarResults.load(one.save(tmp_path / "hlw"))
    pd.testing.assert_frame_equal(one.forecast(4).mean, two.forecast(4).mean, check_exact=True)
    pd.testing.assert_series_equal(one.bse, two.bse, check_exact=True)
    pd.testing.assert_frame_equal(one.bands(), two.bands(), check_exact=True)
    assert str(rstar.compare({"a": one}).summary()) == str(rstar.compare({"a": two}).summary())


def record(path: Path, content: object, *, version: int = 1, arrays: dict[str, bytes] | None = None) -> Path:
    head = {"format": "capstar result", "version": version, "capstar": "9.9", "title": "", "result": content}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("result.json", json.dumps(head))
        for name, body in (arrays or {}).items():
            file.writestr(name, body)
    return path


SHARPE = {"ratio": 0.1, "se": 0.1, "p": 0.3, "lags": 0, "nobs": 40}
CLASS = "capstar.leads.forecasts.sharpe:SharpeRatio"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"is": "named", "name": "os:system"}, "os:system is not a part of capstar"),
        ({"is": "named", "name": "capstar.cli.__main__:main"}, "not a part of capstar that a result"),
        ({"is": "named", "name": "capstar.writing:write_whole"}, "nothing that a result may hold"),
        ({"is": "named", "name": "capstar.writing:os"}, "not known to this version"),
        ({"is": "named", "name": "capstar.writing:os.system"}, "not known to this version"),
        ({"is": "record", "class": "subprocess:Popen", "fields": {}}, "subprocess:Popen is not a part"),
        ({"is": "record", "class": "capstar.errors:DataError", "fields": {}}, "not a record of results"),
        (
            {"is": "record", "class": CLASS, "fields": SHARPE | {"more": 1}},
            "other attributes.*by capstar 9.9",
        ),
        ({"is": "record", "class": CLASS, "fields": {"ratio": 0.1}}, "other attributes than today's"),
        ({"is": "pickle", "body": ""}, "KeyError: 'pickle'"),
        (3, "holds int, expected"),
    ],
)
def test_nothing_of_a_file_is_run(content: object, words: str, tmp_path: Path) -> None:
    path = record(tmp_path / "x.capstar", content)
    with pytest.raises(DataError, match=words) as raised:
        Result.load(path)
    assert str(raised.value).startswith(str(path))


def test_arrays_of_python_objects_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "bad.npy", np.array([print], dtype=object), allow_pickle=True)
    body = {"0.npy": (tmp_path / "bad.npy").read_bytes()}
    path = record(tmp_path / "x.capstar", {"is": "array", "array": 0}, arrays=body)
    with pytest.raises(DataError, match=r"not readable as a result .*allow_pickle=False"):
        Result.load(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no such file. Write one with save"):
        capstar.load(tmp_path / "absent")
    with pytest.raises(DataError, match=r"no folder .* Make it first"):
        EXAMPLES[leads.SharpeRatio]().save(tmp_path / "absent" / "x")
    with pytest.raises(DataError, match=r"written in version 2 of the format.*Use capstar 9.9"):
        Result.load(record(tmp_path / "later", None, version=2))
    path = EXAMPLES[leads.SharpeRatio]().save(tmp_path / "sharpe")
    with pytest.raises(DataError, match="holds SharpeRatio, expected IVX"):
        leads.IVX.load(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="not readable as"):
        leads.SharpeRatio.load(path)


def test_what_cannot_be_saved_is_told(tmp_path: Path) -> None:
    class Mine(rstar.OneSidedHP):
        """A model of a user's own script."""

    found = dataclasses.replace(EXAMPLES[rstar.TrendRate](), model=Mine())
    with pytest.raises(DataError, match=r"Mine of .* cannot be saved: it is not a part of capstar\."):
        found.save(tmp_path / "x")
    assert not list(tmp_path.iterdir())


ODD = [
    pd.Series([1, None, 3], dtype="Int8", name=("a", 1)),
    pd.Series([True, None], dtype="boolean"),
    pd.Series(["a", None], dtype=object),
    pd.Series(["a", None], dtype="str"),
    pd.Series(pd.Categorical(["x", "y", None], ["y", "x"], ordered=True)),
    pd.Series(pd.date_range("2020-03-29", periods=3, freq="h", tz="Europe/Berlin")),
    pd.Series(pd.to_timedelta([1, 2], unit="s")),
    pd.DataFrame(
        index=pd.date_range("2020", periods=2, freq="MS"), columns=pd.RangeIndex(2), dtype="float32"
    ),
    pd.DataFrame({("a", 1): [1.0, np.nan], ("b", 2): ["x", pd.NaT]}),
    pd.MultiIndex.from_product(
        [["a", "b"], pd.period_range("2020Q1", periods=2, freq="Q")], names=["x", None]
    ),
    {"a": (1, -0.0, np.inf), 2: {3, 4}, None: frozenset({"b"}), 1.5: [np.float32(0.1), np.int8(3), pd.NA]},
    [
        pd.Timestamp("2020-01-01 00:00:00.000001", tz="UTC"),
        pd.Period("2020-02", "M"),
        pd.NaT,
        slice(1, None, 2),
    ],
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.array([["a", 1], [None, 2.5]], dtype=object),
    np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_values_of_every_kind(value: object, tmp_path: Path) -> None:
    writer = packing.Writer()
    content = json.loads(json.dumps(writer.pack(value)))
    arrays = {}
    for k, one in enumerate(writer.arrays):
        np.save(tmp_path / f"{k}.npy", one, allow_pickle=False)
        arrays[f"{k}.npy"] = (tmp_path / f"{k}.npy").read_bytes()
    with zipfile.ZipFile(record(tmp_path / "x", content, arrays=arrays)) as file:
        found = packing.Reader(file, "").unpack(content)
    assert type(found) is type(value)
    if isinstance(value, pd.Series):
        pd.testing.assert_series_equal(found, value, check_exact=True, check_freq=True)
    elif isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(found, value, check_exact=True, check_freq=True)
    elif isinstance(value, pd.Index):
        pd.testing.assert_index_equal(found, value, exact=True)
    elif isinstance(value, np.ndarray):
        assert (found.dtype, found.flags.f_contiguous) == (value.dtype, value.flags.f_contiguous)
        assert repr(found) == repr(value)
    else:
        assert repr(found) == repr(value)


def test_a_regression_is_that_of_statsmodels() -> None:
    """Newey and West's errors, their p values and intervals, at 95 and 80 percent."""
    from result_examples.leads import material, sample

    ours = leads.predictive_regression(material()[0], material()[1]["excess"], horizon=4)
    y, x = sample().pairs(4)
    options = {"maxlags": ours.newey_west_lags, "use_correction": False}
    theirs = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HAC", cov_kwds=options)
    np.testing.assert_allclose(ours.params, theirs.params.iloc[1:], rtol=1e-9)
    np.testing.assert_allclose(ours.bse, theirs.bse.iloc[1:], rtol=1e-9)
    np.testing.assert_allclose(ours.pvalues, theirs.pvalues.iloc[1:], rtol=1e-9)
    for level in (0.95, 0.8):
        np.testing.assert_allclose(ours.conf_int(level), theirs.conf_int(1 - level).iloc[1:], rtol=1e-9)


def test_a_logit_is_that_of_statsmodels() -> None:
    ours = EXAMPLES[leads.StateProbability]()
    gap = ours.table.index[1]
    from result_examples.leads import material

    x = sm.add_constant(material()[0].loc[ours.outcome.index].rename(gap))
    theirs = Logit(ours.outcome, x).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(
        [ours.llf, ours.aic, ours.bic], [theirs.llf, theirs.aic, theirs.bic], rtol=1e-10
    )
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-5)


def test_students_distribution_where_the_test_has_it() -> None:
    cosine, drawn = EXAMPLES[leads.CosineTest](), EXAMPLES[leads.DrawnRegressor]()
    half = stats.t.isf(0.05, cosine.cosines) * cosine.se
    np.testing.assert_allclose(cosine.conf_int(0.9).iloc[0], [cosine.slope - half, cosine.slope + half])
    np.testing.assert_allclose(cosine.pvalues["slope"], cosine.p)
    np.testing.assert_allclose(drawn.conf_int(drawn.level), drawn.table[["lower", "upper"]], rtol=1e-9)


def test_the_delta_method() -> None:
    """A ratio by hand, the variance as the square, and a parameter at its bound, on which nothing can be said."""
    found = fit(*nile_level())
    s_eps, s_eta = params("s_eps s_eta")
    table = found.delta_method(
        ratio=(s_eta / s_eps).number,
        square=lambda p: p["s_eta"] ** 2,
        known=lambda p: p["s_eps"],
        two=lambda _: 2.0,
    )
    cov, p = found.cov_params(), found.params
    slopes = pd.Series({"s_eps": -p["s_eta"] / p["s_eps"] ** 2, "s_eta": 1 / p["s_eps"]})
    expected = np.sqrt(slopes @ cov.loc[slopes.index, slopes.index] @ slopes)
    np.testing.assert_allclose(table.loc["ratio", "std err"], expected, rtol=1e-8)
    np.testing.assert_allclose(table.loc["square", "std err"], 2 * p["s_eta"] * found.bse["s_eta"], rtol=1e-8)
    np.testing.assert_allclose(table.loc["known", ["estimate", "std err"]], [p["s_eps"], found.bse["s_eps"]])
    np.testing.assert_allclose(table.loc["known", ["lower", "upper"]], found.conf_int().loc["s_eps"])
    assert table.loc["two", ["estimate", "std err"]].tolist() == [2.0, 0.0]
    held = fit(*nile_level(), fixed={"s_eta": 38.0}).delta_method(ratio=(s_eta / s_eps).number)
    np.testing.assert_allclose(
        held["estimate"], 38.0 / fit(*nile_level(), fixed={"s_eta": 38.0}).params["s_eps"]
    )
    assert isinstance(found, Covariances)


def test_errors_of_what_is_derived() -> None:
    """sigma_g = 4 lambda_g sigma_ystar with lambda_g held, and sigma_z a ratio of two estimates, by hand."""
    found = EXAMPLES[rstar.RStarResults]()
    cov, p = found.cov_params(), found.params
    np.testing.assert_allclose(
        found.derived_bse["sigma_g"], 4 * found.lambda_g * found.bse["sigma_ystar"], rtol=1e-8
    )
    relative = pd.Series({"sigma_ygap": 1 / p["sigma_ygap"], "a_r": -1 / p["a_r"]})
    inside = cov.loc[relative.index, relative.index]
    expected = found.derived["sigma_z"] * np.sqrt(relative @ inside @ relative)
    np.testing.assert_allclose(found.derived_bse["sigma_z"], expected, rtol=1e-7)
    np.testing.assert_allclose(found.bse_sandwich, np.sqrt(np.diag(found.cov_params("sandwich"))))


def test_errors_of_the_lambdas_from_the_bootstrap() -> None:
    found = EXAMPLES[rstar.Bootstrap]()
    ends, draws = found.conf_int(0.8), found.params["lambda_g"]
    np.testing.assert_allclose(ends.loc["lambda_g"], np.quantile(draws, [0.1, 0.9]))
    np.testing.assert_allclose(found.bse["lambda_z"], found.params["lambda_z"].std(ddof=1))
    table = found.frames()["Parameters"]
    np.testing.assert_array_equal(table[["[0.025", "0.975]"]], found.conf_int())
    with pytest.raises(SpecificationError, match=r"level=0\.1"):
        found.conf_int(0.1)


def test_estimates_side_by_side_with_their_errors() -> None:
    fits = {"three stages": EXAMPLES[rstar.RStarResults](), "ML": EXAMPLES[rstar.TrendByLikelihood]()}
    fits["mean"] = rstar.model("moving-average").fit(capstar.data.us_macro())
    found = rstar.compare(fits)
    table = found.with_std_errors()
    for name, fit_ in list(fits.items())[:2]:
        errors = pd.concat([fit_.derived_bse, fit_.bse]).dropna()
        np.testing.assert_array_equal(table.loc[[f"(se) {one}" for one in errors.index], name], errors)
        known = pd.concat([fit_.derived, fit_.params])[errors.index]
        np.testing.assert_array_equal(table.loc[list(errors.index), name], known)
        assert found.table.loc[["AIC", "BIC"], name].tolist() == [fit_.aic, fit_.bic]
    assert table["mean"].isna().all()
    check_latex(found.summary().as_latex())
    assert r"\textbf{(se) a\_r}" in found.summary().as_latex()
    assert "Parameters" not in "".join(rstar.compare({"mean": fits["mean"]}).frames())


def answers() -> str:
    """Every class of results, and what it answers besides what all do, as a Markdown table."""
    kinds = {
        "`params` `bse` `conf_int`": Coefficients,
        "`tvalues` `pvalues`": "pvalues",
        "`cov_params` `delta_method`": Covariances,
        "`llf` `aic` `bic`": Likelihood,
        "`forecast`": "forecast",
        "bands and intervals": ("bands", "band", "interval"),
    }
    lines = [f"| result | {' | '.join(kinds)} |", "| --- |" + " --- |" * len(kinds)]
    for one in sorted(EXAMPLES, key=lambda kind: (kind.__module__.split(".")[1], kind.__qualname__)):
        has = [
            issubclass(one, what) if isinstance(what, type) else
            any(hasattr(one, name) for name in ((what,) if isinstance(what, str) else what))
            and not (what == "pvalues" and issubclass(one, PosteriorCoefficients))
            and not (what == "forecast" and one.forecast is rstar.NaturalRate.forecast)  # which refuses
            for what in kinds.values()
        ]  # fmt: skip
        room = one.__module__.split(".")[1]
        lines.append(f"| `{room}.{one.__qualname__}` | {' | '.join('yes' if it else '' for it in has)} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_what_results_answer() -> None:
    """docs/results.md ends with the table that `answers` makes of the classes."""
    text = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    assert text.endswith("\n\n" + answers())
