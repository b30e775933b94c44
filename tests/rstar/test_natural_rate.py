"""What every natural rate answers, shown on a model declared here: a trend of the real rate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from capstar import data, rstar
from capstar.cli import app
from capstar.errors import SpecificationError
from capstar.frames import as_quarterly, require_columns, require_complete
from capstar.progress import Progress


@dataclass(frozen=True)
class TrendOfTheRate(rstar.NaturalRate):
    """r* as the last (filtered) or whole-sample (smoothed) Hodrick-Prescott trend of the real rate."""

    rate: pd.Series
    model_name = "HP filter"
    citation = "Hodrick and Prescott (1997), Journal of Money, Credit and Banking 29(1), 1-16"

    @property
    def real_rate(self) -> pd.Series:
        return self.rate

    def path(self, name: str) -> rstar.StatePath:
        self.require_quantity(name)
        known = [rstar.hp_trend(self.rate.iloc[: t + 1], 1600.0).iloc[-1] for t in range(3, len(self.rate))]
        filtered = pd.Series([*self.rate.iloc[:3], *known], self.rate.index)
        none = pd.Series(np.nan, self.rate.index)
        return rstar.StatePath(filtered, rstar.hp_trend(self.rate, 1600.0), none, none)

    def run_on(self, data: pd.DataFrame) -> TrendOfTheRate:
        return HPFilter().fit(data, self.start)


class HPFilter(rstar.NaturalRateModel):
    """The Hodrick-Prescott trend of the real rate."""

    name = "HP filter"
    citation = TrendOfTheRate.citation
    inputs = ("interest_rate", "expected_inflation")
    method = "trend of the ex-ante real rate"
    seconds = 0.01

    def fit(
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_starts: int = 4,
        progress: Progress | bool = True,
    ) -> TrendOfTheRate:
        frame = as_quarterly(data).loc[start:end]
        require_columns(frame, self.inputs, source="data")
        require_complete(frame, self.inputs, source="data")
        rate = (frame["interest_rate"] - frame["expected_inflation"]).rename("real_rate")
        rate.attrs["title"] = data.attrs.get("title", "data")
        return TrendOfTheRate(rate)


@pytest.fixture
def hp() -> Iterator[rstar.NaturalRateModel]:
    yield rstar.register(HPFilter())
    rstar.unregister("hpfilter")


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["rstar", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_one_declaration_is_enough(hp, embedded_fit, tmp_path: Path) -> None:
    us = data.us_macro()
    assert rstar.models().loc["hpfilter", "name"] == "HP filter"
    code, listed, _ = run("--model", "list")
    assert code == 0
    listed_once = re.findall("^hpfilter .*\n(?: .*\n)+", listed, re.MULTILINE)
    for part in (
        "HP filter",
        "columns: interest_rate, expected_inflation\n",
        "~0.01 s\n",
        "Hodrick and Prescott (1997)",
    ):
        assert [part in one for one in listed_once] == [True]
    assert max(map(len, listed.splitlines())) <= 100
    out = tmp_path / "r.json"
    files = ("--json", str(out), "--csv", str(tmp_path / "r.csv"), "--plot", str(tmp_path / "r.png"))
    code, said, errors = run("--model", "hpfilter", "--input", "embedded", "--start", "1965Q1", *files)
    assert code == 0, errors
    assert "HP filter: natural rate of interest, 1965Q1-2009Q3, 179 quarters" in said
    fit = hp.fit(us, "1965Q1")
    assert json.loads(out.read_text())["states"]["rstar_smoothed"] == fit.rstar.smoothed.tolist()
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    found = rstar.compare({"HLW": embedded_fit, "trend": fit})
    assert found.table.loc["latest r*", "trend"] == fit.rstar.filtered.iloc[-1]
    assert found.table.loc["lambda_z", "trend"] == ""
    pd.testing.assert_series_equal(
        found.rstar["trend"].dropna(), fit.rstar.filtered, check_names=False, check_freq=False
    )


def test_what_the_base_gives(hp) -> None:
    fit = hp.fit(data.us_macro(), "1990Q1")
    assert repr(fit) == "<TrendOfTheRate: HP filter: natural rate of interest, 1990Q1-2009Q3, 79 quarters>"
    (latest,) = fit.frames().values()
    assert latest.loc["real rate - r*", "filtered"] == fit.gap("filtered").iloc[-1]
    assert fit.data_title == "statsmodels macrodata (US)"
    assert fit.identified
    assert (fit.to_dict()["identified"], fit.to_dict()["identification"]) == (True, "")
    pd.testing.assert_series_equal(fit.gap("smoothed"), (fit.rate - fit.rstar.smoothed).rename("rstar_gap"))
    assert list(fit.to_frame()) == [
        "rstar_filtered", "rstar_filtered_se", "rstar_smoothed", "rstar_smoothed_se",
    ]  # fmt: skip
    bands = fit.bands()
    assert bands["lower"].isna().all()
    assert "without standard errors" in bands.attrs["includes"]
    for ask, message in (
        (lambda: fit.forecast(4), "gives no forecast"),
        (fit.with_standard_errors, "no Monte Carlo standard errors"),
        (lambda: fit.path("z"), "has no 'z'; it has \\['rstar'\\]"),
        (lambda: fit.gap("one-sided"), "choose 'filtered' or 'smoothed'"),
        (lambda: fit.bands(level=90), "between 0 and 1"),
    ):
        with pytest.raises(SpecificationError, match=message):
            ask()


def test_quasi_real_time_of_any_model(hp) -> None:
    us = data.us_macro()
    found = rstar.quasi_real_time(hp, us, "2008Q1", every=2)
    assert list(found.table)[:3] == ["rstar", "real_rate", "gap"]
    alone = hp.fit(us, end="2008Q4")
    assert found.table.loc["2008Q4", "rstar"] == pytest.approx(alone.rstar.filtered.iloc[-1], abs=1e-12)
    said = "HP filter estimated again on samples ending in 2008Q1-2009Q3, in quasi-real time"
    assert said in str(found.summary())


def test_study_of_any_model(hp) -> None:
    from capstar.study import run

    found = run(model=hp, horizons=(1,), n_replications=99)
    text = str(found.summary())
    assert "HP filter on statsmodels macrodata (US), 1960Q1-2009Q3" in text
    assert "no samples to re-estimate r* on" in text
    assert set(found.lead.table["predictor"]) == {"rstar_gap", "real_rate"}
    assert found.plot().axes


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--stage2", "buncic", "--fix", "c=1"],
            "HP filter has no --stage2, --fix; of the options that are for some models alone it takes none",
        ),
        (["--missing", "2008Q1"], "HP filter has no --missing"),
        (["--signal-to-noise", "EW"], "HP filter has no --signal-to-noise"),
        (["--initial", "diffuse"], "HP filter has no --initial"),
        (["--se", "10"], "HP filter has no --se"),
    ],
)
def test_options_of_another_family_are_refused(hp, flags: list[str], message: str) -> None:
    code, said, errors = run("--model", "hpfilter", "--input", "embedded", *flags)
    assert code == 2
    assert message in errors
    assert errors.count("\n") == 1
    assert said == ""


def test_keys() -> None:
    assert list(rstar.models().index[:4]) == ["hlw2017", "hlw2023", "lw2003", "lw2023"]
    simple = {"moving-average", "exponential-average", "hp-one-sided", "uc-ml", "survey"}
    assert {"uc", *simple} <= set(rstar.models().index)
    assert rstar.model("hlw2017") is rstar.HLW2017
    assert rstar.register(rstar.HLW2017) is rstar.HLW2017, "the same model twice is no clash"
    with pytest.raises(SpecificationError, match=r"no model 'HLW 2107'.*Did you mean 'hlw2017'\?"):
        rstar.model("HLW 2107")
    with pytest.raises(SpecificationError, match=r"key of HLW 2017 already.*unregister\('hlw2017'\)"):
        rstar.register(rstar.HLW2017.edit(stage2="buncic"))
    with pytest.raises(SpecificationError, match="'list' is not a valid model name"):
        rstar.register(replace(rstar.HLW2017, variant=replace(rstar.HLW2017.variant, name="list")))
    with pytest.raises(SpecificationError, match="no model 'hpfilter'"):
        rstar.unregister("hpfilter")


def test_published_models_say_what_they_are() -> None:
    table = rstar.models()
    assert table.loc["lw2023", "inputs"] == rstar.LW2023.inputs
    assert table.loc["lw2003", "citation"].endswith("Review of Economics and Statistics 85(4), 1063-1070")
    assert (table["seconds"] > 0).all()
    assert table["citation"].iloc[:4].is_unique


def test_no_input_is_a_usage_error() -> None:
    code, _, errors = run("--model", "hlw2017")
    assert code == 2
    assert "--input is missing. Give a CSV" in errors
    assert "'embedded'" in errors
    code, _, errors = run("--model", "hlw207", "--input", "embedded")
    assert code == 2
    assert "Did you mean 'hlw2017'?" in errors
    done = CliRunner().invoke(app, ["study", "--model", "list"])
    assert done.exit_code == 0
    heads = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in heads] == list(rstar.models().index)


def test_bands_say_what_they_include(embedded_fit) -> None:
    path, se = embedded_fit.rstar, embedded_fit.rstar.smoothed_se
    bands = embedded_fit.bands(level=0.9)
    assert bands.attrs["includes"] == "filter only, parameters as known"
    np.testing.assert_allclose(bands["upper"], path.smoothed + 1.6448536269514722 * se, rtol=1e-12)
    full = embedded_fit.with_standard_errors(100)
    wide = full.bands(level=0.9)
    assert wide.attrs["includes"] == "filter and parameters (Hamilton 1986)"
    np.testing.assert_allclose(
        wide["upper"] - wide["estimate"], 1.6448536269514722 * full.uncertainty.se["rstar"], rtol=1e-10
    )
    one_sided = full.bands("filtered")
    assert one_sided.attrs["includes"] == "filter only, parameters as known"
    pd.testing.assert_series_equal(one_sided["estimate"], path.filtered, check_names=False)


def test_paths_of_the_family(embedded_fit) -> None:
    assert embedded_fit.quantities == ("rstar", "g", "z", "output_gap", "potential")
    for name in embedded_fit.quantities:
        assert embedded_fit.path(name) is getattr(embedded_fit, name)
    assert dict(embedded_fit.ratios) == {
        "lambda_g": embedded_fit.lambda_g,
        "lambda_z": embedded_fit.lambda_z,
    }
    assert embedded_fit.citation == rstar.HLW2017.citation
