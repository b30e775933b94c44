"""The study of live data, to 2026, over loopback."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from data.live import serve_all

from capstar import data, rstar
from capstar.errors import DataError, DataWarning, SourceError
from capstar.rstar import registry
from capstar.study import run, study_data

# The reference data end in 2026-05 and French's file in 2022-09.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*has no value after 2026-0[15]:capstar.errors.DataWarning"),
    pytest.mark.filterwarnings("ignore:The returns end in 2022-09:capstar.errors.DataWarning"),
]


@pytest.fixture
def live(server, reference):
    serve_all(server, reference)
    return server


class FewDraws(rstar.BayesianModel):
    """A model whose posterior is sampled in half a second, roughly."""

    def fit(self, *args: Any, **options: Any) -> rstar.BayesianRate:
        """The same with fewer draws."""
        return super().fit(
            *args, n_draws=300, warmup=300, n_chains=2, n_state_draws=50, n_workers=1, **options
        )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the half minute that each full posterior takes."""
    for key in ("lvg-base-covid", "lvg-alt-covid"):
        monkeypatch.setitem(registry._MODELS, key, FewDraws(**vars(rstar.model(key))))


def test_fred_and_all_models(live, quick, tmp_path) -> None:
    """HLW (2023) is chosen, the quarters of 2020-22 are treated, and the lead is asked of every model."""
    with pytest.warns(DataWarning, match="nothing is forecast"):
        found = run(
            "fred", model="all", horizons=(1, 4), recursive_from="2011Q1", n_replications=0, n_workers=2,
            progress=False,
        )  # fmt: skip
    assert found.rstar.model_name == "HLW 2023"
    assert found.choice == ("No model was named: HLW 2023, since the sample goes past 2019, to 2026Q1.",)
    assert found.inputs["macro"].loc["2020Q2", "covid_index"] > 50
    assert {"kappa_2020q2_q4", "phi"} <= set(found.rstar.all_params.index)
    names = {
        "HLW 2023",
        "LW 2023",
        "LVG base, COVID",
        "LVG alt, COVID",
        "UC of the real rate",
        "moving average",
        "exponential average",
        "one-sided HP",
        "UC of the real rate by ML",
    }
    assert set(found.now.table.index) == names
    assert found.now.title == "Now, 2026Q1, by HLW 2023"
    assert found.now.next_data() == "Data of 2026Q2 are due about 2026-07-30."
    assert (found.whose.models["kind"] == "model").sum() == len(names)
    assert len(found.whose.table) == (len(names) + 3) * 3 * 2
    assert found.whose.left_out["HLW 2017"] == "is not made for quarters after 2019; hlw2023 is"
    assert found.whose.left_out["Trend VAR, model 1"].startswith(
        "has no input long_run_inflation_expectation"
    )
    draws = found.whose.models.loc[["LVG base, COVID", "LVG alt, COVID"]]
    assert (draws["weight"] > 0).all(), "they have a say in the average"
    then = found.real_time
    assert then.estimates.kind == "real time"
    assert str(then.estimates.table.index[0]) == "2011Q1"
    steps = then.table[["revised_data", "parameters", "later_information"]].sum(axis=1)
    np.testing.assert_allclose(steps, then.table["two_sided"] - then.table["real_time"], atol=1e-12)
    assert (then.table["revised_data"].abs() > 1e-3).mean() > 0.9
    assert {"now.csv", "whose.csv", "real_time.csv", "now.svg", "whose.svg", "real_time.svg"} <= {
        path.name for path in found.save(tmp_path)
    }
    asked = [target for target in live.asked if "alfred" in target]
    assert len(asked) == 2 * 9, "twelve days a request"


def test_a_vintage_of_the_whole_and_its_snapshot(live, tmp_path) -> None:
    tables = study_data("fred", as_of="2016-02-20")
    assert str(tables["macro"].index[-1]) == "2015Q4"
    assert tables["macro"].attrs["vintage"] == "2016-02-20"
    assert str(tables["returns"].index[-1]) == "2016-01"
    assert max(tables["vintages_output"].columns) == "2016-02-15"
    data.write_snapshot(tmp_path, tables)
    again = study_data(tmp_path)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True)


def test_without_vintages_and_workbook_the_study_goes_on(live) -> None:
    del live.routes["/graph/alfredgraph.csv"]
    book = next(
        target for target in live.routes if "Laubach_Williams_current" in target and "Holston" not in target
    )
    del live.routes[book]
    with pytest.warns(DataWarning) as told:
        tables = study_data("fred")
    said = " ".join(str(one.message) for one in told)
    assert "There are no vintages, and r* is estimated again in quasi-real time alone" in said
    assert "The models of Laubach and Williams are left out" in said
    assert set(tables) == {"macro", "returns", "economy"}
    economy = tables["economy"]
    assert economy.loc["2019Q4"].round(2).tolist() == [3.6, 0.22]
    # October 2025 has no survey: 4.4 in September and 4.5 in November.
    expected = (31 * 4.45 + 30 * 4.5 + 31 * 4.4) / 92
    assert economy.loc["2025Q4", "unemployment"] == pytest.approx(expected, rel=1e-10)


def test_unemployment_and_the_term_spread_are_optional(live) -> None:
    spread, unemployment = (live.routes.pop(f"/graph/fredgraph.csv?id={name}") for name in ("GS10", "UNRATE"))
    with pytest.raises(SourceError, match="UNRATE"):
        data.us_economy("fred")
    live.routes["/graph/fredgraph.csv?id=UNRATE"] = unemployment
    with pytest.warns(DataWarning, match="Term spread is left out: .*GS10"):
        assert list(data.us_economy("fred")) == ["unemployment"]
    live.routes["/graph/fredgraph.csv?id=GS10"] = spread
    table = data.us_economy("fred", as_of="2016-02-20")
    assert str(table.index[-1]) == "2015Q4"
    assert table.attrs["series_id"] == {"unemployment": "UNRATE", "term_spread": "GS10 less TB3MS"}
    with pytest.raises(DataError, match="choose 'embedded', without as_of, or 'fred'"):
        data.us_economy(as_of="2016-02-20")
