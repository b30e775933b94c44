"""Do small caps lead the economy: by hand, in worlds where they do and where they do not, and in words."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests

from capstar import data, rstar
from capstar.data import Vintages
from capstar.report.parts import Cell
from capstar.report.sections.other_way import other_way
from capstar.study import lead_the_economy, portfolio_returns, study_data
from capstar.study.economy import (
    Economy,
    economy_of,
    of_level,
    of_vintages,
    quarterly_returns,
    touches_outliers,
)
from capstar.study.vintages import day_known

QUARTERS = pd.period_range("1960Q1", "2009Q4", freq="Q", name="date")
MONTHS = pd.period_range("1960-01", "2009-12", freq="M")
QUICK = {"horizons": (1,), "n_replications": 199}


def world(*, small: float = 0.0, large: float = 0.0, seed: int = 0) -> tuple[pd.DataFrame, Economy]:
    """Returns, and growth of the quarter after that moves with them, points per percent."""
    rng = np.random.default_rng(seed)
    logs = pd.DataFrame(
        rng.normal(size=(len(MONTHS), 2)) * [3.0, 4.0], MONTHS, columns=["difference", "large"]
    )
    each = logs.groupby(logs.index.asfreq("Q")).sum()
    growth = 3 + small * each["difference"].shift(1) + large * each["large"].shift(1)
    growth = growth.fillna(3.0) + 3 * rng.normal(size=len(QUARTERS))
    level = pd.Series(np.cumsum(growth.to_numpy()) / 400, QUARTERS, name="log_gdp")
    spread = pd.Series(rng.normal(size=len(QUARTERS)), QUARTERS, name="term_spread")
    frame = {"small": logs.sum(axis=1), "large": logs["large"], "small_minus_large": logs["difference"]}
    return 100 * np.expm1(pd.DataFrame(frame) / 100), Economy({"gdp_growth": level}, spread)


@pytest.fixture(scope="module")
def embedded():
    """What the study has, with the quick r* of the moving average; without its output gap."""
    tables, model = study_data(), rstar.model("moving-average")
    fit = model.fit(tables["macro"])
    known = rstar.quasi_real_time(model, tables["macro"], "1985Q1", progress=False)
    return tables, fit, known, portfolio_returns(tables["returns"])


@pytest.fixture(scope="module")
def found(embedded):
    tables, fit, known, portfolios = embedded
    return lead_the_economy(portfolios, economy_of(tables, fit, known, None), n_replications=199)


def test_targets_follow_the_quarter_and_lags_are_published() -> None:
    """Of 2000Q4: growth of 2001Q1 and on, annual rate; lags from 2000Q3 back, as 2000Q4 is not out yet."""
    level = pd.Series(np.arange(40.0) ** 1.5 / 100, pd.period_range("1995Q1", periods=40, freq="Q"))
    quarter = pd.Period("2000Q4", "Q")
    for horizon in (1, 4):
        y, lags = of_level(level, horizon, 400.0)
        assert y[quarter] == pytest.approx(
            400 / horizon * (level[quarter + horizon] - level[quarter]), rel=1e-12
        )
        steps = [400 * (level[quarter - k] - level[quarter - k - 1]) for k in (1, 2, 3, 4)]
        np.testing.assert_allclose(lags.loc[quarter], steps, rtol=1e-12)
        assert of_level(level, horizon)[0][quarter] == pytest.approx(
            level[quarter + horizon] - level[quarter]
        )
        later = level.where(level.index < quarter, 99.0)
        np.testing.assert_array_equal(of_level(later, horizon, 400.0)[1].loc[quarter], lags.loc[quarter])


def releases(late: pd.Period) -> Vintages:
    """A vintage a quarter, each quarter revised once by 0.1 percent; that of one quarter lacks its last."""
    quarters = pd.period_range("2000Q1", periods=16, freq="Q", name="date")
    level, columns = pd.Series(np.exp(np.arange(16) ** 1.3 / 100), quarters), {}
    for quarter in quarters[5:]:
        known = level.loc[:quarter].copy()
        known.iloc[:-1] *= 1.001
        columns[day_known(quarter)] = known.iloc[:-1] if quarter == late else known
    return Vintages(pd.DataFrame(columns), {"series_id": "GDP"})


def test_first_releases_and_what_was_known_then() -> None:
    late = pd.Period("2002Q4", "Q")
    output = releases(late)
    for horizon in (1, 2):
        y, lags = of_vintages(output, horizon)
        quarter = pd.Period("2003Q1", "Q")
        log = np.log(output.as_of(day_known(quarter + horizon)))
        assert y[quarter] == pytest.approx(400 / horizon * (log.iloc[-1] - log.iloc[-1 - horizon]), rel=1e-12)
        np.testing.assert_allclose(
            lags.loc["2003Q2"], known_lags(output, pd.Period("2003Q2", "Q")), rtol=1e-12
        )
        assert np.isnan(y[late - horizon]), "the first release of 2002Q4 came a quarter late"
        assert late + 1 not in lags.index, "at the end of 2003Q1 the last quarter known was 2002Q3"
        assert y.dropna().index[-1] == output.table.index[-1] - horizon


def known_lags(output: Vintages, quarter: pd.Period) -> list[float]:
    log = np.log(output.as_of(quarter.end_time))
    return [400 * (log[quarter - k] - log[quarter - k - 1]) for k in (1, 2, 3, 4)]


def test_returns_of_a_quarter_are_its_months() -> None:
    monthly = data.small_cap_returns()[["small"]]
    found = quarterly_returns(monthly)["small"]
    months = monthly["small"].loc["1990-04":"1990-06"]
    assert found["1990Q2"] == pytest.approx(100 * np.log1p(months / 100).sum(), rel=1e-10)
    assert np.isnan(quarterly_returns(monthly.loc[:"1990-05"])["small"].iloc[-1])


def test_a_quarter_of_2020_is_in_no_row() -> None:
    quarters = pd.period_range("2018Q1", "2023Q4", freq="Q")
    out = quarters[touches_outliers(quarters, 4)]
    assert (str(out[0]), str(out[-1])) == ("2019Q1", "2021Q4")
    assert str(quarters[touches_outliers(quarters, 1)][0]) == "2019Q4"


def test_the_primary_row_is_a_regression_by_hand(embedded, found) -> None:
    tables, _, _, portfolios = embedded
    growth = 400 * tables["macro"]["log_gdp"].diff()
    logs = 100 * np.log1p(portfolios / 100)
    logs = logs.groupby(logs.index.asfreq("Q")).sum()
    columns = {f"lag {k}": growth.shift(k) for k in (1, 2, 3, 4)}
    columns |= {"spread": tables["economy"]["term_spread"], "large": logs["large"]}
    columns |= {"x": logs["small_minus_large"], "y": growth.shift(-1)}
    rows = pd.concat(columns, axis=1, join="inner").dropna()
    X = np.column_stack([np.ones(len(rows)), rows.drop(columns="y")])
    lags = int(4 * (len(rows) / 100) ** (2 / 9))
    fit = OLS(rows["y"].to_numpy(), X).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    row = found.table[found.primary.rows(found.table)].iloc[0]
    scale = rows["x"].std() / rows["y"].std()
    assert row["slope"] == pytest.approx(fit.params[-1], rel=1e-9)
    assert row["t"] == pytest.approx(fit.tvalues[-1], rel=1e-9)
    low, high = fit.conf_int(0.1)[-1]
    np.testing.assert_allclose(
        row[["effect", "lower", "upper"]].astype(float),
        scale * np.array([fit.params[-1], low, high]),
        rtol=1e-9,
    )
    assert (row["nobs"], row["first"], row["last"]) == (len(rows), str(rows.index[0]), str(rows.index[-1]))


def test_all_rows_but_the_primary_one_are_one_family(found) -> None:
    primary = found.primary.rows(found.table)
    assert primary.sum() == 1
    assert found.table.loc[primary, "p_adjusted"].isna().all()
    rest = found.table[~primary]
    expected = multipletests(rest["bootstrap_p"], method="fdr_bh")[1]
    np.testing.assert_allclose(rest["p_adjusted"], expected, rtol=1e-12)
    assert set(found.table["target"]) == {"gdp_growth", "unemployment", "rstar"}
    assert len(found.table) == 3 * 2 * (3 + 2 + 2)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_world_where_small_caps_lead(seed: int) -> None:
    found = lead_the_economy(*world(small=0.25, seed=seed), **QUICK)
    assert found.word == "SHOWN"
    row = found.table[found.primary.rows(found.table)].iloc[0]
    assert row["slope"] == pytest.approx(0.25, abs=0.1)
    assert row["r2_os"] > 5
    assert "over the next quarter: SHOWN (" in found.answer()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_world_where_large_caps_lead_alone(seed: int) -> None:
    """Small caps move with large ones and lead by themselves; small minus large beside large caps does not."""
    found = lead_the_economy(*world(large=0.3, seed=seed), **QUICK)
    assert found.word == "NOT SHOWN"
    assert "; beside own lags and the term spread, large caps do (" in found.answer()
    small = found.table.query("returns == 'small' and controls == 'own lags'").iloc[0]
    assert small["bootstrap_p"] < 0.05


def test_a_world_where_nothing_leads() -> None:
    words = [lead_the_economy(*world(seed=seed), **QUICK).word for seed in range(12)]
    assert words.count("NOT SHOWN") >= 9  # of twelve 5 percent tests; fewer has probability 0.002


def test_the_words_are_of_the_table(found) -> None:
    at = found.primary.rows(found.table)
    row = found.table[at].iloc[0]
    said = found.answer()
    assert f"p {row['bootstrap_p']:.3f}; out of sample from 1985Q1 R² {row['r2_os']:+.1f} %" in said
    table = found.table.copy()
    table.loc[at, ["bootstrap_p", "effect", "r2_os"]] = 0.011, -0.77, -3.3
    changed = replace(found, table=table)
    assert changed.word == "MIXED"
    assert "MIXED (-0.77 [" in changed.answer()
    assert "p 0.011; out of sample from 1985Q1 R² -3.3 %" in changed.answer()
    assert changed.title.endswith("mixed")
    table.loc[at, "r2_os"] = 2.0
    assert replace(found, table=table).word == "SHOWN"
    table.loc[~at, ["bootstrap_p", "p_adjusted", "r2_os"]] = 0.9, 0.95, -1.0
    quiet = replace(found, table=table)
    assert "0 have p below 5% alone and 0 with" in quiet.family()
    assert f"Forecasts of 0 of {len(table) - 1} beat" in quiet.family()
    assert "large caps do not (" in quiet.answer()
    assert "and small caps do not (" in quiet.answer()
    none = replace(found, table=table[~at])
    assert none.word == "NOT TESTED"
    assert "was not tested" in none.answer()


def test_what_is_not_there_is_said(embedded) -> None:
    tables, fit, known, portfolios = embedded
    bare = {name: table for name, table in tables.items() if name != "economy"}
    found = lead_the_economy(portfolios, economy_of(bare, fit, known, None), **QUICK)
    assert set(found.left_out) == {"unemployment", "term spread", "output gap", "first releases of GDP"}
    assert found.controls == "own lags + large caps"
    said = " ".join(found.summary().notes)
    assert "without the term spread, which the data lack" in said
    assert "term spread is not in these data; 'capstar study --input fred' gets it" in said
    own = bare | {"macro": bare["macro"].join(tables["economy"])}
    economy = economy_of(own, fit, known, None)
    assert set(economy.levels) == {"gdp_growth", "unemployment", "rstar"}
    pd.testing.assert_series_equal(
        economy.term_spread, tables["economy"]["term_spread"].loc["1960Q1":], check_freq=False
    )


def test_too_short_a_study_has_none(embedded) -> None:
    _, _, _, portfolios = embedded
    level = data.us_macro()["log_gdp"].iloc[:25]
    assert lead_the_economy(portfolios, Economy({"gdp_growth": level})) is None


def test_2020_is_in_rows_of_their_own() -> None:
    portfolios, economy = world()
    moved = economy.levels["gdp_growth"].set_axis(QUARTERS + 64)  # they end in 2025
    later = Economy({"gdp_growth": moved}, economy.term_spread.set_axis(QUARTERS + 64))
    found = lead_the_economy(portfolios.set_axis(MONTHS + 192), later, **QUICK)
    whole, less = (found.table.query(f"sample == '{one}'") for one in ("all quarters", "without 2020"))
    assert len(whole) == 1
    assert whole["nobs"].iloc[0] - less["nobs"].min() == 9  # 2019Q4 to 2021Q4
    assert "With 2020 in: " in " ".join(found.notes())


def test_first_releases_are_rows_of_their_own() -> None:
    """Vintages that are never revised: the same numbers as the final data."""
    portfolios, economy = world(small=0.2)
    level = np.exp(economy.levels["gdp_growth"])
    days = {day_known(q): level.loc[:q] for q in QUARTERS[8:]}
    output = Vintages(pd.DataFrame(days), {"series_id": "GDP"})
    found = lead_the_economy(portfolios, replace(economy, output=output), **QUICK)
    rows = found.table.set_index(["returns", "controls", "information"])["slope"].unstack()
    assert len(rows) == 7
    same = lead_the_economy(
        portfolios.loc["1962-04":],
        replace(economy, levels={"gdp_growth": economy.levels["gdp_growth"].loc["1961Q1":]}),
        **QUICK,
    )
    assert "On first releases, with lags as known then, 1962Q2-2009Q3" in found.releases()
    expected = same.table.set_index(["returns", "controls"])["slope"]
    np.testing.assert_allclose(rows["first release"], expected.reindex(rows.index), rtol=1e-9)


def test_the_study_has_it(study, tmp_path) -> None:
    found = study.other_way
    assert set(found.table["target"]) == {"gdp_growth", "unemployment", "output_gap", "rstar"}
    assert "other_way.csv" in {path.name for path in study.save(tmp_path)}
    again = pd.read_csv(tmp_path / "other_way.csv")
    np.testing.assert_allclose(again["bootstrap_p"], found.table["bootstrap_p"], rtol=1e-12)
    line = next(one for one in study.overview().splitlines() if one.startswith("Other way"))
    assert "Small minus large leads GDP growth over the next quarter: NOT SHOWN" in line
    assert study.counts["regressions of the economy"] == len(found.table)


def test_the_section_quotes_its_tables(found) -> None:
    """Also of a table that has changed, and of one without the primary row."""
    table = found.table.copy()
    at = found.primary.rows(table)
    table.loc[at, ["effect", "bootstrap_p", "r2_os"]] = -0.77, 0.011, 2.25
    section = other_way(SimpleNamespace(other_way=replace(found, table=table)))
    answer = section.paragraphs[0][0]
    assert "SHOWN, −0.77 standard deviations" in str(answer)
    assert "p 0.011; out of sample R² 2.2 percent" in str(answer)
    rivals, targets = section.tables
    cells = [one for one in answer.pieces() if isinstance(one, Cell)]
    assert len(cells) == 10
    anchors = {row.anchor: row for row in rivals.rows()}
    assert all(one.text in [cell.text for cell in anchors[one.anchor].cells] for one in cells)
    assert [row.primary for table in (rivals, targets) for row in table.rows()].count(True) == 2
    assert all(said[0] for said in section.paragraphs)
    rest = other_way(SimpleNamespace(other_way=replace(found, table=table[~at])))
    assert "was not tested" in str(rest.paragraphs[0][0])
    assert other_way(SimpleNamespace()) is None
