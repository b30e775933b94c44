"""The aligned dataset is built once; a test of predictability that is registered appears everywhere."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from capstar import data, leads
from capstar.errors import SpecificationError
from capstar.leads import alignment, inference
from capstar.leads.inference import registry

SHIPPED = ["newey_west", "hodrick", "cosine", "ivx", "ivx_rwb", "ra_ivx"]
QUARTERS = pd.period_range("1961Q1", "2009Q3", freq="Q", name="date")


@pytest.fixture
def gap() -> pd.Series:
    steps = np.random.default_rng(5).standard_normal(len(QUARTERS))
    return pd.Series(steps, QUARTERS, name="gap").ewm(alpha=0.2).mean()


@pytest.fixture
def returns() -> pd.DataFrame:
    return data.small_cap_returns()[["excess", "small_minus_large"]]


class Shocks:
    """A known predictor: its innovations are its values, and a draw rearranges them."""

    def __init__(self, gap: pd.Series) -> None:
        self.innovations = gap.to_frame("shock")

    def draw(self, rows: np.ndarray):
        from capstar.rstar import DrawnGap

        drawn = pd.Series(self.innovations["shock"].to_numpy()[rows], self.innovations.index)
        return DrawnGap(drawn, drawn)


def test_each_return_series_is_built_once_in_a_study(gap, returns, monkeypatch) -> None:
    """In sample, constancy, forecasts and joint bootstrap: two portfolios over three horizons are six series."""
    built: Counter[tuple[str, int]] = Counter()
    build = alignment.cumulate_after

    def counted(series: pd.Series, quarters: pd.PeriodIndex, *, horizon: int = 1, publication_lag: int = 1):
        built[str(series.name), horizon] += 1
        return build(series, quarters, horizon=horizon, publication_lag=publication_lag)

    monkeypatch.setattr(alignment, "cumulate_after", counted)
    rival = gap.rolling(4, min_periods=1).mean().to_frame("smooth")
    found = leads.LeadStudy(
        gap, returns, (1, 2, 4), benchmarks=rival, source=Shocks(gap), n_replications=99
    ).run()
    assert len(found.table) == 12
    assert len(found.forecast_comparison.table) == 18
    assert len(found.estimated.table) == 6
    assert built == {(name, h): 1 for name in returns for h in (1, 2, 4)}


def test_aligned_samples_are_what_the_dating_says(gap, returns) -> None:
    """The quarter's own return, the last months of data, and a predictor that begins later."""
    late = gap.where(gap.index >= "1970Q2").rename("late")
    aligned = leads.AlignedData.of(returns, pd.concat([gap, late], axis=1), (2,))
    assert aligned.portfolios == ["excess", "small_minus_large"]
    assert sorted(aligned.after) == [(name, h) for name in returns for h in (1, 2)]
    sample = aligned.sample("excess", "late")
    y, x = sample.pairs(2)
    assert str(x.index[0]) == "1970Q2"
    monthly = np.log1p(returns["excess"] / 100)
    assert y["1970Q2"] == pytest.approx(100 * monthly.loc["1970-08":"1971-01"].sum(), rel=1e-12)
    ended, before = sample.in_period(2)
    assert ended["1970Q4"] == y["1970Q2"]
    assert before["1970Q2"] == gap["1970Q2"]


@dataclass(frozen=True)
class Sign:
    """Share of quarters in which predictor and return are on the same side of their medians."""

    key: ClassVar[str] = "sign"
    statistic: ClassVar[str] = "share"
    label: ClassVar[str] = "SGN"
    name: ClassVar[str] = "sign test"
    citation: ClassVar[str] = "Arbuthnott (1710)"
    assumes: ClassVar[str] = "independent quarters"
    shown: ClassVar[tuple[str, ...]] = ("share", "p")
    adjusted: ClassVar[bool] = True

    def run(self, sample: leads.AlignedSample, horizon: int) -> leads.TestResult:
        from scipy.stats import binomtest

        y, x = sample.pairs(horizon)
        same = int(((y > y.median()) == (x > x.median())).sum())
        return leads.TestResult(same / len(y), binomtest(same, len(y)).pvalue)


@pytest.fixture
def registered(monkeypatch) -> Sign:
    monkeypatch.setattr(registry, "_TESTS", dict(registry._TESTS))
    leads.register(Sign())
    return Sign()


def test_a_registered_test_is_in_table_heads_and_legend(registered, gap, returns) -> None:
    found = leads.LeadStudy(gap, returns, (1, 2), start=None).run()
    sample = leads.AlignedData.of(returns, gap.to_frame(), (2,)).sample("excess", "gap")
    row = found.table.query("returns == 'excess' and horizon == 2").iloc[0]
    assert row["sign_share"] == registered.run(sample, 2).statistic
    assert row["sign_p"] == registered.run(sample, 2).p
    assert (found.table["sign_p_adjusted"] >= found.table["sign_p"]).all()
    text = str(found.summary())
    for words in (
        "SGN share",
        "SGN p",
        "SGN p adj",
        "SGN: sign test, Arbuthnott (1710); independent quarters.",
    ):
        assert words in text


def test_a_registered_test_is_on_the_command_line(registered, gap, returns, tmp_path) -> None:
    from typer.testing import CliRunner

    from capstar.cli import app

    gap.to_csv(tmp_path / "gap.csv")
    returns[["excess"]].to_csv(tmp_path / "returns.csv")
    files = ["--gap", str(tmp_path / "gap.csv"), "--returns", str(tmp_path / "returns.csv")]
    options = ["--horizons", "1", "--start", "none", "--replications", "99", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["lead", *files, *options])
    assert done.exit_code == 0, done.output
    assert "SGN share" in done.output
    assert "SGN: sign test, Arbuthnott (1710); independent quarters." in done.output
    assert {"sign_share", "sign_p", "sign_p_adjusted"} <= set(pd.read_csv(tmp_path / "out" / "lead.csv"))


def test_a_registered_test_is_in_the_size_study(registered) -> None:
    from research.size_of_tests.designs import SIZE_DESIGNS
    from research.size_of_tests.figures import plot_size
    from research.size_of_tests.reproduce import Plan, rejection_rates, simulate

    bounds = pd.DataFrame({"delta": -0.9, "dfgls": [-5.0, 1.0], "c_min": -20.0, "c_max": 2.0})
    plan = Plan((SIZE_DESIGNS[0],), (1,))
    assert "sign test" in plan.tests
    found = simulate(plan, bounds, samples=3)
    margins = found.xs("sign test", level="test")
    from scipy.stats import norm

    y, x = SIZE_DESIGNS[0].draw(np.random.default_rng(np.random.SeedSequence(2026).spawn(3)[0]))
    quarters = pd.period_range("1900Q1", periods=len(x), freq="Q")
    sample = leads.AlignedSample(pd.Series(x, quarters), {1: pd.Series(y, quarters).shift(-1)})
    p = registered.run(sample, 1).p
    assert margins["two-sided"].iloc[0] == pytest.approx(norm.isf(p / 2) - norm.isf(0.025), rel=1e-12)
    table = rejection_rates(found).droplevel("b")
    assert set(table.index.unique("test")) == set(plan.tests)
    labels = [one.get_text() for one in plot_size(table).axes[0].get_yticklabels()]
    assert "sign test" in labels


def test_the_shipped_tests_answer_everything(gap, returns) -> None:
    sample = leads.AlignedData.of(returns, gap.to_frame(), (4,)).sample("small_minus_large", "gap")
    row = leads.in_sample_table(returns[["small_minus_large"]], gap.to_frame(), (4,)).iloc[0]
    found = {test.key: test.run(sample, 4) for test in leads.predictability_tests()}
    assert list(found) == SHIPPED
    for test in leads.predictability_tests():
        result = found[test.key]
        assert result.statistic == row[f"{test.key}_{test.statistic}"]
        assert 0 < result.p == row[f"{test.key}_p"] < 1
        assert result.note
        if result.interval is not None:
            low, high = result.interval
            assert low + high == pytest.approx(2 * result.columns.get("slope", row["slope"]), rel=1e-12)
            assert (low > 0 or high < 0) == (result.p < 0.05)
    assert found["ivx"].interval is found["ivx_rwb"].interval is None


NEW_TEST = """
from dataclasses import replace
from capstar.leads.inference.registry import register
from capstar.leads.inference.regression import Hodrick

class Twice(Hodrick):
    key, label, name = "twice", "H2", "doubled statistic"

    def run(self, sample, horizon):
        found = super().run(sample, horizon)
        return replace(found, statistic=2 * found.statistic)

register(Twice())
"""


def test_a_file_in_the_folder_is_all_a_new_test_needs(gap, returns, tmp_path, monkeypatch) -> None:
    """Its columns come after those of the tests there are."""
    (tmp_path / "doubled_statistic.py").write_text(NEW_TEST)
    monkeypatch.setattr(registry, "_TESTS", dict(registry._TESTS))
    monkeypatch.setattr(inference, "__path__", [*inference.__path__, str(tmp_path)])
    inference.import_all()
    del sys.modules["capstar.leads.inference.doubled_statistic"]
    assert [test.key for test in leads.predictability_tests()] == [*SHIPPED, "twice"]
    table = leads.in_sample_table(returns, gap.to_frame(), (1,))
    np.testing.assert_array_equal(table["twice_t"], 2 * table["hodrick_t"])


def test_columns_do_not_depend_on_which_file_was_imported_first(monkeypatch) -> None:
    tests = dict(reversed(registry._TESTS.items()))
    monkeypatch.setattr(registry, "_TESTS", tests)
    assert list(tests) != SHIPPED
    assert [test.key for test in leads.predictability_tests()] == SHIPPED


def test_what_cannot_be_registered_is_said(registered) -> None:
    with pytest.raises(SpecificationError, match="key 'sign' and label 'SGN' is registered"):
        leads.register(Sign())

    class Half:
        key, statistic, label = "half", "t", "H"

    with pytest.raises(
        SpecificationError, match=r"Half is not a test of predictability: \['name', 'citation'"
    ):
        leads.register(Half())
