"""Natural rates as common trends: against their authors' published quantiles, and as anyone would declare them."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_module

from capstar import data as capstar_data
from capstar import rstar
from capstar.errors import DataError, SpecificationError
from capstar.statespace import params, split_rhat, variables

STUDY = ROOT / "research" / "del_negro_giannone_giannoni_tambalotti_2017"
COUNTRIES = ("us", "de", "uk", "fr", "ca", "it", "jp")


@pytest.fixture(scope="module")
def study():
    import sys

    sys.path.insert(0, str(ROOT))
    yield load_module(STUDY / "reproduce.py")
    sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def data(golden, study) -> pd.DataFrame:
    return study.read_input(golden("models2/del_negro2017/tvar_input.csv"))


@pytest.fixture(scope="module")
def fit(data) -> rstar.TrendVarRate:
    return rstar.TREND_VAR_1.fit(data, n_draws=3000, warmup=1500, thin=5, seed=1, progress=False)


def test_loadings_are_the_papers() -> None:
    published = {
        "1": [[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1]],
        "2": [[1, 0, 0, 0]] * 2 + [[1, 1, 0, -1]] * 2 + [[1, 1, 1, -1], [1, 1, 1, 0]],
        "3": [[1, 0, 0, 0, 0]] * 2 + [[1, 1, 0, -1, -1]] * 2
        + [[1, 1, 1, -1, -1], [1, 1, 1, 0, -1], [1, 1, 1, 0, 0]],
    }  # fmt: skip
    for number, expected in published.items():
        model = rstar.model(f"trend-var-{number}")
        np.testing.assert_array_equal(model.structure.loadings, expected)
    third = rstar.TREND_VAR_3.structure
    np.testing.assert_allclose(20 * third.change_sd, [2, 1 / sqrt(2), 1, 0.5, 0.5], rtol=1e-14)
    np.testing.assert_array_equal(third.psi, [2, 1, 1, 0.5, 1, 1, 1])
    # Mode of an inverse Wishart: scale / (df + r + 1).
    mode = third.priors.q_scale / (third.priors.q_df + 5 + 1)
    np.testing.assert_allclose(np.diag(mode), np.array([4, 0.5, 1, 0.25, 0.25]) / 400, rtol=1e-14)


def test_world_trends_reach_every_country() -> None:
    structure = rstar.GLOBAL_TREND_VAR.structure
    assert structure.loadings.shape == (21, 24)
    assert structure.shift.shape == (7, 21, 24)
    at_one = structure.loadings + structure.shift.sum(axis=0)
    names = list(rstar.GLOBAL_TREND_VAR.equations)
    short = at_one[names.index("short_rate_jp")]
    trends = list(rstar.GLOBAL_TREND_VAR.trends)
    assert [trends[k] for k in np.flatnonzero(short)] == ["rstar_world", "pi_world", "rstar_jp", "pi_jp"]
    long = at_one[names.index("long_rate_jp")] - short
    assert [trends[k] for k in np.flatnonzero(long)] == ["ts_world", "ts_jp"]


def test_short_chains_lie_about_the_published_medians(fit, data, golden, study) -> None:
    """Model 1, 12,000 exact draws: published medians within four Monte Carlo errors plus 0.04.

    The exact step itself moves the median of r* by up to 0.04 (measured in the study).
    """
    published = study.read_published(golden("models2/del_negro2017/tvar_models_published.csv").parent)
    from capstar.statespace import monte_carlo_error

    for name in ("rstar", "pi_bar", "term_spread"):
        known = published.loc[("1", name), "p50"].to_numpy()
        for t in range(0, 228, 25):
            draws = fit.states[name].smoothed[:, :, t]
            error = 1.25 * monte_carlo_error(draws)  # of the median of a normal
            assert abs(np.median(draws) - known[t]) < 4 * error + 0.04, (name, t)


def test_what_it_answers(fit) -> None:
    assert fit.definition.startswith("long-run trend")
    assert fit.quantities == ("rstar", "pi_bar", "term_spread")
    assert list(fit.index[[0, -1]].astype(str)) == ["1960Q1", "2016Q4"]
    said = " ".join(fit.notes())
    assert "Largest root of the cycle, mean by chain: " in said
    assert "given data to it" in said
    table = fit.parameter_table()
    assert list(table.index[:3]) == ["sd_pi_bar", "sd_rstar", "sd_term_spread"]
    assert 0.85 < table.loc["largest_root", "p50"] < 0.95
    with pytest.raises(SpecificationError, match="no model of the data to draw samples from"):
        fit.redraw()


def test_filtered_and_smoothed_agree_in_the_last_quarter(fit) -> None:
    """Both are then given all data; 1,000 filtered draws against 2,400 smoothed ones."""
    last = [fit.states["rstar"].given(which)[:, :, -1].ravel() for which in ("filtered", "smoothed")]
    error = np.hypot(*(x.std() / np.sqrt(100) for x in last))  # 100 effective draws at least
    assert abs(last[0].mean() - last[1].mean()) < 4 * error
    early = [
        fit.path("rstar").__getattribute__(f"{which}_se").iloc[:100].mean()
        for which in ("filtered", "smoothed")
    ]
    assert early[0] > early[1]


def test_run_on_holds_the_parameters(data, fit) -> None:
    short = rstar.TREND_VAR_1.fit(data, end="2010Q4", n_draws=40, warmup=20, thin=2, seed=1, progress=False)
    longer = short.run_on(data)
    assert str(longer.end) == "2016Q4"
    assert np.isin(longer.sampled.B, short.sampled.B).all()
    # What is given data to a quarter does not depend on later data, but for the draws.
    before, after = (one.path("rstar").filtered.loc["1990Q1":"2010Q4"] for one in (short, longer))
    assert np.abs(before - after).mean() < 0.25


def test_left_out_values_are_not_read(data) -> None:
    other = data.copy()
    other.loc["2008Q4":, "bill_rate"] = 9.0
    other.loc["1970Q1":"1970Q4", "long_run_inflation_expectation"] = 9.0
    one, two = (
        rstar.TREND_VAR_1.fit(each, n_draws=8, warmup=0, thin=1, n_chains=1, progress=False)
        for each in (data, other)
    )
    np.testing.assert_array_equal(one.states["rstar"].smoothed, two.states["rstar"].smoothed)
    all_used = rstar.TREND_VAR_1.fit(
        other, n_draws=8, warmup=0, thin=1, n_chains=1, progress=False, leave_out={}
    )
    assert all_used.data["bill_rate"].iloc[-1] == 9.0


def test_a_variant_is_a_few_lines(data) -> None:
    pi, natural, ts = variables("pi_bar rstar term_spread")
    (share,) = params("share")
    mine = replace(
        rstar.TREND_VAR_1, name="expectations share the trend", key="mine", df=8,
        equations=rstar.TREND_VAR_1.equations | {"treasury_20y": pi + share * natural + ts},
        free={"share": (1.0, 0.25, 0.1)},
    )  # fmt: skip
    fit = mine.fit(data, n_draws=40, warmup=20, thin=1, n_chains=2, progress=False)
    assert fit.draws.of("share").std() > 0
    assert 0 < fit.sampled.moved[:, 1].min() < 1
    assert split_rhat(fit.draws.of("share")) > 0


def test_what_is_missing_is_named(data) -> None:
    embedded = capstar_data.us_macro()
    with pytest.raises(DataError, match=r"columns \['long_run_inflation_expectation', 'bill_rate'"):
        rstar.TREND_VAR_3.fit(embedded)
    assert "not usable" in rstar.TREND_VAR_3.usable(embedded)
    assert rstar.TREND_VAR_3.usable(data) == "usable, 1960Q1-2016Q4"
    with pytest.raises(DataError, match="not a value of bill_rate"):
        rstar.TREND_VAR_1.fit(data, start="2010Q1")
    with pytest.raises(SpecificationError, match=r"leave_out names \['bills'\]"):
        rstar.TREND_VAR_1.fit(data, leave_out={"bills": (None, None)})
    (other,) = variables("other")
    wrong = replace(rstar.TREND_VAR_1, equations=rstar.TREND_VAR_1.equations | {"bill_rate": other})
    with pytest.raises(SpecificationError, match="other is no sum of its trends"):
        _ = wrong.structure
