"""The study of size and power: its tests are the library's, and a part of it run again gives the committed tables."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import REFERENCE, ROOT

from capstar.leads import bias_correction, bootstrap_regression

STUDY = ROOT / "research" / "size_of_tests"
CELL = ["persistence", "delta", "horizon"]


@pytest.fixture(scope="module")
def size() -> pd.DataFrame:
    return pd.read_csv(STUDY / "size.csv").set_index([*CELL, "test"]).sort_index()


@pytest.fixture(scope="module")
def power() -> pd.DataFrame:
    return pd.read_csv(STUDY / "power.csv").set_index([*CELL, "b", "test"]).sort_index()


@pytest.fixture
def bounds(reference) -> pd.DataFrame:
    return pd.read_csv(reference("predictability/campbell_yogo2006/q_test_c_bounds.csv"))


def drawn(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from research.size_of_tests.designs import SIZE_DESIGNS

    design = next(one for one in SIZE_DESIGNS if one.name == name)
    return design.draw(np.random.default_rng(seed))


def test_samples_are_those_of_the_design() -> None:
    """Autocorrelation, correlation of the errors and start, on 300 samples; bounds of five standard errors."""
    for name, rho in (("rho = 0.95", 0.95), ("c = -5", 0.98), ("c = 0", 1.0)):
        samples = [drawn(name, seed) for seed in range(300)]
        u = np.array([x[1:] - rho * x[:-1] for _, x in samples])
        e = np.array([y[1:] for y, _ in samples])
        assert np.corrcoef(u.ravel(), e.ravel())[0, 1] == pytest.approx(-0.95, abs=0.002)
        assert u.std() == pytest.approx(1.0, abs=0.013)
        assert e.std() == pytest.approx(1.0, abs=0.013)
        starts = np.array([x[0] for _, x in samples])
        expected = 1 / np.sqrt(1 - 0.95**2) if name == "rho = 0.95" else 0.0
        assert starts.std() == pytest.approx(expected, rel=0.21)


@pytest.mark.parametrize("horizon", [1, 4])
def test_ordinary_t_is_that_of_statsmodels(bounds, horizon: int) -> None:
    from research.size_of_tests.battery import OLS, margins
    from statsmodels.regression import linear_model

    y, x = drawn("c = -2", 5)
    target = np.array([y[1 + i : 1 + i + horizon].sum() for i in range(250 - horizon + 1)])
    design = np.column_stack([np.ones(len(target)), x[: len(target)]])
    t = linear_model.OLS(target, design).fit().tvalues[1]
    two_sided, positive, negative = margins(y, x, horizon, bounds, (OLS,))[OLS]
    assert two_sided == pytest.approx(abs(t) - 1.959963984540054, rel=1e-8)
    assert positive == pytest.approx(t - 1.6448536269514722, rel=1e-8)
    assert negative == pytest.approx(-t - 1.6448536269514722, rel=1e-8)


def test_margins_reject_where_the_p_values_do(bounds) -> None:
    """IVX, cosine and bootstrap reject exactly where the library's own p-value is at most 5 percent."""
    from research.size_of_tests.battery import COSINE, IVX, REPLICATIONS, bootstrap_margins, margins

    from capstar.leads import equal_weighted_cosine, ivx

    both = set()
    for seed in range(40):
        y, x = drawn("c = 0", seed)
        y[1:] -= 0.01 * (seed % 5) * x[:-1]
        returns, predictor = pd.Series(y), pd.Series(x)
        found = margins(y, x, 1, bounds, (COSINE, IVX))
        assert (found[COSINE][0] > 0) == (equal_weighted_cosine(y[1:], x[:-1]).p <= 0.05)
        assert (found[IVX][0] > 0) == (ivx(returns, predictor).p <= 0.05)
        row = bootstrap_regression(returns, predictor, n_replications=REPLICATIONS, seed=seed).table.iloc[0]
        rejects = [margin > 0 for margin in bootstrap_margins(y, x, (1,), seed)[1]]
        assert rejects == [row[p] <= 0.05 for p in ("p", "p_upper", "p_lower")]
        both |= {*rejects, found[COSINE][0] > 0}
    assert both == {True, False}


def test_q_margins_are_ends_of_the_interval(bounds) -> None:
    from research.size_of_tests.battery import Q, margins

    from capstar.leads import q_test

    for seed in range(30):
        y, x = drawn("c = -2", seed)
        y[1:] += 0.05 * (seed % 3 - 1) * x[:-1]
        interval = q_test(y, x, bounds)
        _, positive, negative = margins(y, x, 1, bounds, (Q,))[Q]
        assert (positive > 0) == (interval.low > 0)
        assert (negative > 0) == (interval.high < 0)


def test_a_cell_run_again_gives_the_committed_rates(bounds, size) -> None:
    """All samples of the unit root, one period, every test but the bootstrap."""
    from research.size_of_tests.battery import BOOTSTRAP
    from research.size_of_tests.designs import SIZE_DESIGNS
    from research.size_of_tests.reproduce import SAMPLES, Plan, rejection_rates, simulate

    unit_root = next(d for d in SIZE_DESIGNS if (d.name, d.delta) == ("c = 0", -0.95))
    plan = Plan(
        (unit_root,), (1,), tests=tuple(test for test in size.index.unique("test") if test != BOOTSTRAP)
    )
    again = rejection_rates(simulate(plan, bounds, samples=SAMPLES["size"])).droplevel("b")
    committed = size.loc[again.index]
    assert (committed["samples"] == SAMPLES["size"]).all()
    # One sample of 2,000 may fall to the other side of a critical value in another processor's last digit.
    for column in ("two-sided", "positive", "negative", "undefined"):
        np.testing.assert_allclose(again[column], committed[column], rtol=0, atol=0.00051)


def test_bootstrap_run_again_is_near_the_committed_rates(bounds, size) -> None:
    """The first 150 samples: within four standard errors of such a share."""
    from research.size_of_tests.battery import BOOTSTRAP
    from research.size_of_tests.designs import SIZE_DESIGNS
    from research.size_of_tests.reproduce import Plan, rejection_rates, simulate

    near_unity = next(d for d in SIZE_DESIGNS if (d.name, d.delta) == ("c = -5", -0.95))
    plan = Plan((near_unity,), (1, 4, 8), tests=(BOOTSTRAP,))
    again = rejection_rates(simulate(plan, bounds, samples=150)).droplevel("b")
    rate = size.loc[again.index, "two-sided"]
    bound = 4 * np.sqrt(rate * (1 - rate) / 150)
    assert ((again["two-sided"] - rate).abs() < bound).all()


@pytest.mark.parametrize(("name", "published"), [("c = 0", 0.41), ("c = -2", 0.27)])
def test_ordinary_t_rejects_as_published(name: str, published: float) -> None:
    """Campbell and Yogo (2006), table 3, one-sided, T = 250: 10,000 samples, within two points."""
    from research.size_of_tests.designs import SIZE_DESIGNS

    design = next(one for one in SIZE_DESIGNS if (one.name, one.delta) == (name, -0.95))
    rng = np.random.default_rng(19)
    t = np.array([bias_correction(*design.draw(rng)).t for _ in range(10_000)])
    assert (t > 1.6448536269514722).mean() == pytest.approx(published, abs=0.02)


def test_what_the_tables_say(size, power) -> None:
    """The claims of the README."""
    rate = size["two-sided"]
    for test in ("IVX", "bootstrap of t"):
        assert rate.xs(test, level="test").between(0.03, 0.07).all(), test
    q = size.xs("Campbell-Yogo Q", level="test")
    assert q["positive"].drop("rho = 0.95", level="persistence").between(0.03, 0.07).all()
    assert q.loc[("rho = 0.95", -0.95, 1), "positive"] < 0.03
    assert q.loc[("rho = 0.95", -0.95, 1), "negative"] > 0.15
    assert q.loc[("rho = 0.95, x0 = 0", -0.95, 1), "negative"] < 0.03
    biased = rate.xs(-0.95, level="delta")
    for test in ("ordinary t", "Newey-West", "Hodrick 1B", "equal-weighted cosine"):
        assert biased.xs(test, level="test")["c = 0"].min() > 0.25, test
    assert rate.xs((0.0, "Hodrick 1B"), level=("delta", "test")).between(0.04, 0.06).all()
    assert rate.xs((0.0, 1, "equal-weighted cosine"), level=("delta", "horizon", "test")).min() > 0.07
    at_null = power.xs(0.0, level="b")
    np.testing.assert_allclose(at_null.filter(like="size-adjusted"), 0.05, rtol=0, atol=1e-12)


@pytest.mark.parametrize("test", ["IVX", "bootstrap of t", "Amihud-Hurvich"])
def test_power_rises_with_the_slope(power, test: str) -> None:
    for _, one in power.xs(test, level="test").groupby(level=CELL):
        rates = one.reset_index().set_index("b").sort_index()
        assert rates["positive"].is_monotonic_increasing
        assert rates["negative"].is_monotonic_decreasing
        assert rates.loc[[-20.0, 20.0], "two-sided, size-adjusted"].min() > 0.5


def test_four_periods_have_no_more_power_than_one(power) -> None:
    adjusted = power["two-sided, size-adjusted"].unstack("horizon").dropna()
    adjusted = adjusted.loc[(slice(None), slice(None), [-10.0, 10.0], ["IVX", "bootstrap of t"])]
    assert len(adjusted) == 16
    # Three standard errors of a difference of two rates, were the samples not the same.
    assert (adjusted[4] - adjusted[1]).max() < 3 * np.sqrt(2 * 0.25 / 1000)
    assert (adjusted[4] - adjusted[1]).mean() < 0


def test_q_fails_where_the_start_is_far_out(bounds) -> None:
    from research.size_of_tests.designs import SIZE_DESIGNS

    from capstar.leads import q_test

    rejected: dict[bool, list[bool]] = {True: [], False: []}
    for seed in range(600):
        y, x = SIZE_DESIGNS[0].draw(np.random.default_rng([7, seed]))
        start = abs(x[0]) * np.sqrt(1 - 0.95**2)
        if start > 1.5 or start < 0.5:
            rejected[bool(start > 1.5)].append(q_test(y, x, bounds).high < 0)
    assert min(map(len, rejected.values())) > 50
    assert np.mean(rejected[True]) > 0.5
    assert np.mean(rejected[False]) < 0.05


def test_why_the_cosine_test_and_the_correction_over_reject() -> None:
    """Persistence alone moves the cosine test; the corrected slope varies more than its standard error."""
    from research.size_of_tests.designs import SIZE_DESIGNS, Design

    from capstar.leads import equal_weighted_cosine

    rng = np.random.default_rng(5)
    rates = []
    for rho in (0.0, 0.95):
        design = Design("", rho, 0.0, stationary=True)
        samples = [design.draw(rng) for _ in range(4000)]
        rates.append(np.mean([equal_weighted_cosine(y[1:], x[:-1]).p <= 0.05 for y, x in samples]))
    # Standard errors 0.35 and 0.42 points.
    assert rates[0] == pytest.approx(0.05, abs=0.012)
    assert rates[1] == pytest.approx(0.075, abs=0.013)
    unit_root = next(one for one in SIZE_DESIGNS if (one.name, one.delta) == ("c = 0", -0.95))
    found = [bias_correction(*unit_root.draw(rng)) for _ in range(4000)]
    slopes = np.array([one.corrected for one in found])
    # 1.41 in the README; four standard errors.
    assert slopes.std() / np.mean([one.corrected_se for one in found]) == pytest.approx(1.41, abs=0.08)


def test_every_cell_is_there(size, power) -> None:
    cells = size.groupby(level=CELL).size()
    assert len(cells) == 5 * 2 * 3
    assert (cells.xs(1, level="horizon") == 12).all()
    assert (cells.drop(1, level="horizon") == 9).all()
    assert (size["samples"] == 2000).all()
    assert len(power.groupby(level=[*CELL, "b"]).size()) == 2 * 2 * 2 * 9
    assert (power["samples"] == 1000).all()


def test_workers_change_nothing(reference) -> None:
    """Two batches in one process and in two."""
    path = reference("predictability/campbell_yogo2006/q_test_c_bounds.csv")
    code = (
        "import sys\nimport pandas as pd\n"
        "from research.size_of_tests.battery import ONE_PERIOD, every_test\n"
        "from research.size_of_tests.designs import SIZE_DESIGNS\n"
        "from research.size_of_tests.reproduce import Plan, simulate\n"
        "plan, bounds = Plan((SIZE_DESIGNS[0],), (1, 4), (5.0,)), pd.read_csv(sys.argv[1])\n"
        "one, two = (simulate(plan, bounds, samples=40, n_workers=n) for n in (1, 2))\n"
        "pd.testing.assert_frame_equal(one, two, check_exact=True)\n"
        "print(len(one) == 40 * (2 * len(every_test()) - len(ONE_PERIOD)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.strip() == "True", done.stderr


def test_command_line(tmp_path, reference) -> None:
    reference("predictability/campbell_yogo2006/q_test_c_bounds.csv")
    command = [
        sys.executable,
        "-m",
        "research.size_of_tests.reproduce",
        "--samples",
        "2",
        "--data",
        str(REFERENCE),
    ]
    extra = ["--workers", "1", "--out", str(tmp_path)]
    subprocess.run([*command, *extra], capture_output=True, cwd=ROOT, check=True)
    for name in ("size.csv", "power.csv"):
        committed = pd.read_csv(STUDY / name)
        found = pd.read_csv(tmp_path / name)
        assert list(found.columns) == list(committed.columns)
        keys = [column for column in (*CELL, "b", "test") if column in found]
        both = found[keys].merge(
            committed[keys]
        )  # a test registered later has rows that the committed table lacks
        pd.testing.assert_frame_equal(both, committed[keys])
    assert (tmp_path / "size.png").stat().st_size > 20_000
    wrong = subprocess.run(
        [*command[:-1], str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert wrong.returncode == 2
    assert "give another with --data" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_the_readme_says_what_the_tables_of_moving_variances_say() -> None:
    """The section is the one the tables give; where a default test leaves the band, the sentence on it changes."""
    from research.size_of_tests import moving_readme as readme

    size, power = (pd.read_csv(STUDY / f"{what}_moving_variances.csv") for what in ("size", "power"))
    size, power = size.set_index([*readme.CELL, "test"]), power.set_index([*readme.CELL, "b", "test"])
    assert len(size.index.droplevel("test").unique()) == 108
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    assert readme.rewritten(text, size, power) == text
    broken = size.sort_index()
    cell = ("constant variance", 0.0, 0.9, 4)
    for name in readme.DEFAULTS:
        broken.loc[(*cell, name), "rate"] = 0.123
        assert f"**{name}** " in readme.outcome(broken)
        assert readme.outcome(broken).count("12.3 (constant variance, δ 0, ρ 0.9, h 4)") == 1
        broken.loc[(*cell, name), "rate"] = 0.05
    broken["rate"] = 0.05
    assert readme.outcome(broken).count("within 3–7 % in every one") == len(readme.DEFAULTS)


@pytest.mark.parametrize("what", ["size", "power"])
def test_moving_variances_are_computed_as_the_committed_tables_say(what: str) -> None:
    """Tests that cost little, on the first samples: the rates of two thousand, within five standard errors."""
    from research.size_of_tests import moving_variances as study

    cell = study.Cell(study.ERRORS[2], -0.95, 0.95, 4, 10.0 if what == "power" else 0.0)
    tests = ("Clark-West, bartlett", "Diebold-Mariano, ewc") if what == "size" else ("in sample",)
    found = study.rejection_rates((cell,), tests=tests, samples=100 if what == "size" else 20)["rate"]
    committed = pd.read_csv(STUDY / f"{what}_moving_variances.csv")
    keys = [name for name in found.index.names if name in committed]
    table = committed.set_index(keys)
    for place, rate in found.items():
        expected = table.loc[tuple(dict(zip(found.index.names, place, strict=True))[key] for key in keys)]
        samples = 100 if what == "size" else 20
        error = np.sqrt(expected["rate"] * (1 - expected["rate"]) / samples) + 1 / samples
        assert abs(rate - expected["rate"]) < 5 * error, place


@pytest.fixture(scope="module")
def monthly() -> pd.DataFrame:
    return pd.read_csv(STUDY / "monthly.csv").set_index([*CELL, "test"])


def test_samples_of_months_are_longer_and_as_persistent() -> None:
    from research.size_of_tests.designs import MONTHLY_DESIGNS, SIZE_DESIGNS

    assert {(one.rho, one.delta, one.periods) for one in MONTHLY_DESIGNS} == {
        (rho, delta, 700) for rho in (0.98, 0.99) for delta in (-0.95, 0.0)
    }
    assert {one.periods for one in SIZE_DESIGNS} == {250}
    samples = [MONTHLY_DESIGNS[0].draw(np.random.default_rng(seed)) for seed in range(300)]
    assert {len(x) for _, x in samples} == {701}
    starts = np.array([x[0] for _, x in samples])
    assert starts.std() == pytest.approx(1 / np.sqrt(1 - 0.98**2), rel=0.21)  # five standard errors


def test_a_cell_of_months_run_again_gives_the_committed_rates(bounds, monthly) -> None:
    """All samples of one design over one month, tests without a bootstrap."""
    from research.size_of_tests.battery import BOOTSTRAP
    from research.size_of_tests.designs import MONTHLY_DESIGNS
    from research.size_of_tests.reproduce import SAMPLES, Plan, rejection_rates, simulate

    slow = (BOOTSTRAP, "IVX t, residual wild bootstrap")
    plan = Plan(
        MONTHLY_DESIGNS[1:2], (1,), tests=tuple(t for t in monthly.index.unique("test") if t not in slow)
    )
    again = rejection_rates(simulate(plan, bounds, samples=SAMPLES["monthly"])).droplevel("b")
    committed = monthly.loc[again.index]
    assert (committed["samples"] == SAMPLES["monthly"]).all()
    # One sample of 400 may fall to the other side of a critical value in another processor's last digit.
    for column in ("two-sided", "positive", "negative"):
        np.testing.assert_allclose(again[column], committed[column], rtol=0, atol=0.00251)


def test_the_section_on_months_is_written_from_the_table(monthly) -> None:
    from research.size_of_tests.monthly_readme import outcome, section

    assert section(monthly) in (STUDY / "README.md").read_text(encoding="utf-8")
    other = monthly.copy()
    other.loc[(slice(None), slice(None), slice(None), "IVX t, residual wild bootstrap"), "two-sided"] = 0.2
    assert "holds its size" in outcome(monthly)
    assert "does not hold its size" in outcome(other)
