"""Model inputs from raw series, over loopback, through the whole path."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from data.books import hlw_book, lw_book

from capstar import data, rstar
from capstar.errors import DataError, DataWarning, SourceError

RAW = ("GDPC1", "PCEPILFE", "PCECTPI", "FEDFUNDS", "M13009USM156NNBR")


@pytest.fixture
def us(server, reference):
    """FRED as of May 2020, in the format live FRED serves."""
    for name in RAW:
        lines = reference(f"fred_2020_05/{name}.txt").read_text().splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("DATE")) + 1
        rows = [line.split() for line in lines[first:] if line.strip()]
        server.fred(name, "".join(f"{date},{'' if value == '.' else value}\n" for date, value in rows))
    return server


def test_us_hlw_2017_from_raw_series(us, reference) -> None:
    """Every quarter and column of the published input, to 1e-8 as asked (in fact to rounding)."""
    ours = data.us_hlw(end="2019Q4")
    published = data.read_input(reference("hlw2017/us_input.csv"))
    for column in ours:
        np.testing.assert_allclose(ours[column], published[column], rtol=0, atol=1e-11, err_msg=column)
    assert list(ours.index) == list(published.index)
    assert sorted(us.asked) == sorted(f"/graph/fredgraph.csv?id={name}" for name in RAW)
    told = data.describe_data(ours)
    assert told.loc["interest_rate", "series"] == "FEDFUNDS, before 1965Q1 M13009USM156NNBR"
    assert told.loc["inflation", "unit"] == "percent a year"
    assert told.loc["log_gdp", "downloaded"].endswith("Z")


def test_the_input_gives_the_published_estimates(us, golden_fit) -> None:
    ours = rstar.HLW2017.fit(data.us_hlw(end="2019Q4"), "1961Q1", n_starts=1)
    theirs = golden_fit("hlw2017_us_2019q4")
    np.testing.assert_allclose(ours.rstar.filtered, theirs.rstar.filtered, atol=1e-6)


def test_later_releases_leave_earlier_quarters_alone(us) -> None:
    with pytest.warns(
        DataWarning, match=r"^(GDPC1|PCEPILFE|FEDFUNDS) has no value after 2020.* may have stopped"
    ):
        whole = data.us_hlw()
    cut = data.us_hlw(end="1999Q4")
    pd.testing.assert_frame_equal(whole.loc[:"1999Q4"], cut)


def vintage_route(us, name: str, day: str, rows: str, header: str | None = None) -> None:
    label = header or f"{name}_{day.replace('-', '')}"
    target = f"/graph/alfredgraph.csv?id={name}&vintage_date={day}"
    us.serve(target, f"observation_date,{label}\n{rows}")


def test_as_of_uses_vintages(us, reference) -> None:
    day = "2008-05-15"
    for name, file in (("GDPC1", "real_gdp"), ("PCEPILFE", "core_pce_price"), ("PCECTPI", "core_pce_price")):
        table = pd.read_csv(reference(f"vintages/{file}.csv"), index_col=0)["2008Q2"].dropna()
        quarters = pd.PeriodIndex([q.replace(":", "") for q in table.index], freq="Q")
        if name == "PCEPILFE":  # monthly there; constant within the quarter gives the quarter back
            months = [
                (q.asfreq("M", "start") + k, v)
                for q, v in zip(quarters, table, strict=True)
                for k in range(3)
            ]
            rows = "".join(f"{m}-01,{v}\n" for m, v in months)
        else:
            rows = "".join(f"{q.start_time:%Y-%m-%d},{v}\n" for q, v in zip(quarters, table, strict=True))
        vintage_route(us, name, day, rows)
    ours = data.us_hlw(day)
    assert str(ours.index[-1]) == "2008Q1"
    assert ours.attrs["vintage"] == day
    gdp = pd.read_csv(reference("vintages/real_gdp.csv"), index_col=0)["2008Q2"].dropna()
    assert ours["log_gdp"].iloc[-1] == pytest.approx(np.log(gdp.iloc[-1]), abs=1e-12)
    assert not [target for target in us.asked if "/fredgraph" in target and "GDPC1" in target]


@pytest.mark.parametrize(
    ("header", "message"),
    [("GDPC1", "the header is"), ("GDPC1_20260101", "the header is"), ("OTHER_20080430", "the header is")],
)
def test_alfred_answers_another_day(us, header: str, message: str) -> None:
    vintage_route(us, "GDPC1", "2008-04-30", "2007-01-01,1\n2007-04-01,2\n", header)
    with pytest.raises(SourceError, match=message):
        data.alfred("GDPC1", ["2008-04-30"])


def test_alfred_gives_vintages(us) -> None:
    vintage_route(us, "GDPC1", "2008-04-30", "2007-07-01,1\n2007-10-01,2\n2008-01-01,3\n")
    vintage_route(us, "GDPC1", "2008-07-31", "2007-07-01,1\n2007-10-01,2.5\n2008-01-01,3.5\n2008-04-01,4\n")
    found = data.alfred("GDPC1", ["2008-07-31", "2008-04-30"])
    assert found.as_of("2008-06-01").iloc[-1] == 3
    assert found.latest().iloc[-1] == 4
    assert found.first_release().loc["2008Q1"] == 3
    with pytest.raises(DataError, match="is in the future"):
        data.alfred("GDPC1", ["2999-01-01"])
    with pytest.raises(DataError, match="no vintage was asked for"):
        data.alfred("GDPC1", [])


def test_countries_on_fred(server, reference) -> None:
    from capstar.data.recipes import CANADA

    gdp, core, headline, rate = (one.sources[0].removeprefix("fred:") for one in CANADA.inputs)
    quarters = pd.period_range("1961Q1", "1990Q4", freq="Q")
    months = pd.period_range("1961-01", "1990-12", freq="M")
    t = np.arange(len(months))
    server.fred(
        gdp,
        "".join(
            f"{q.start_time:%Y-%m-%d},{1000 * 1.01 ** (k + np.sin(k))}\n" for k, q in enumerate(quarters)
        ),
    )
    server.fred(headline, "".join(f"{m}-01,{20 * 1.004**k}\n" for k, m in zip(t, months, strict=True)))
    late = [(k, m) for k, m in zip(t, months, strict=True) if m >= pd.Period("1984-01", "M")]
    server.fred(core, "".join(f"{m}-01,{50 * 1.003**k}\n" for k, m in late))
    server.fred(rate, "".join(f"{m}-01,{4 + k % 12}\n" for k, m in zip(t, months, strict=True)))
    out = data.canada_hlw(end="1990Q4")
    # 400 times a quarter of compounded monthly growth: 3 months of 0.4 and of 0.3 percent.
    assert out.loc["1970Q1", "inflation"] == pytest.approx(1200 * np.log(1.004), rel=2e-3)
    assert out.loc["1986Q1", "inflation"] == pytest.approx(1200 * np.log(1.003), rel=2e-3)
    assert "before 1984Q1 CANCPIALLMINMEI" in data.describe_data(out).loc["inflation", "series"]
    assert "Bank of Canada" in out.attrs["note"]
    assert out.attrs["country"] == "canada"
    folder = "/medialibrary/media/research/economists/williams/data"
    server.serve(f"{folder}/Holston_Laubach_Williams_current_estimates.xlsx", hlw_book(reference))
    with_index = data.canada_hlw(end="1990Q4", covid=True)
    assert (with_index.pop("covid_index") == 0).all()  # none of these quarters lies in 2020 or later
    pd.testing.assert_frame_equal(with_index, out)


def test_unknown_recipe_and_absent_series(server) -> None:
    with pytest.raises(DataError, match="There is no recipe 'us'"):
        data.fetch("us")
    with pytest.raises(SourceError, match="PCEPILFE: the server answers 404"):
        data.us_hlw()


def capstar(*arguments: str, server, tmp_path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "capstar.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, check=False, env=dict(os.environ)
    )


def test_fetch_check_and_estimate_from_the_shell(us, tmp_path, reference) -> None:
    done = capstar(
        "data", "fetch", "us_hlw", "--out", "us.csv", "--end", "2019Q4", server=us, tmp_path=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "FEDFUNDS, before 1965Q1" in done.stdout
    ours, published = data.read_input(tmp_path / "us.csv"), data.read_input(reference("hlw2017/us_input.csv"))
    np.testing.assert_allclose(ours, published[ours.columns], atol=1e-11)
    done = capstar("data", "check", "us.csv", server=us, tmp_path=tmp_path)
    assert "HLW2017: usable, 1961Q1-2019Q4" in done.stdout
    assert "LW2023: not usable" in done.stdout
    done = capstar("data", "cache", server=us, tmp_path=tmp_path)
    assert "5 downloads" in done.stdout
    us.routes.clear()
    done = capstar(
        "rstar", "--model", "hlw2017", "--input", "fred", "--offline", "--end", "2019Q4", "--json", "-",
        server=us, tmp_path=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sample"]["end"] == "2019Q4"
    done = capstar("data", "cache", "clear", server=us, tmp_path=tmp_path)
    assert "5 downloads deleted" in done.stdout
    done = capstar("data", "fetch", "us_hlw", "--out", "new.csv", "--offline", server=us, tmp_path=tmp_path)
    assert done.returncode == 2
    assert "not in the cache, and offline" in done.stderr
    assert not (tmp_path / "new.csv").exists()


def test_snapshot_and_study_from_the_shell(us, tmp_path) -> None:
    done = capstar("data", "snapshot", "kept", server=us, tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    one = capstar(
        "study", "--replications", "0", "--input", "kept", "--out", "one", server=us, tmp_path=tmp_path
    )
    two = capstar("study", "--replications", "0", "--out", "two", server=us, tmp_path=tmp_path)
    assert one.returncode == two.returncode == 0, one.stderr + two.stderr
    for name in ("rstar.csv", "lead.csv", "out_of_sample.csv", "quasi_real_time.csv", "economic_value.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    done = capstar("data", "list", server=us, tmp_path=tmp_path)
    assert "us_hlw" in done.stdout
    assert "uk_hlw" in done.stdout


@pytest.fixture
def us_2026(us, reference):
    """FRED as of 2026, where the reference has it."""
    for name in ("GDPC1", "PCEPILFE", "FEDFUNDS"):
        rows = reference(f"fred_2026/{name}.csv").read_text().splitlines()[1:]
        us.fred(name, "\n".join(rows) + "\n")
    return us


def test_us_lw(us_2026, reference) -> None:
    """The workbook's own columns as they are; expected inflation is its direct forecast but for revisions."""
    folder = "/medialibrary/media/research/economists/williams/data"
    us_2026.serve(f"{folder}/Laubach_Williams_current_estimates.xlsx", lw_book(reference, old=False))
    ours = data.us_lw(end="2023Q2")
    published = data.read_input(reference("lw2023/us_2023q2_input.csv"))
    for column in ("oil_price_inflation", "import_price_inflation", "covid_index"):
        np.testing.assert_array_equal(ours[column], published.loc[ours.index, column])
    away = (ours["expected_inflation"] - published["expected_inflation"]).loc["1971Q1":"2019Q4"].abs()
    assert away.median() < 0.1
    told = data.describe_data(ours)
    assert "New York" in told.loc["oil_price_inflation", "source"]
    assert "direct" in told.loc["expected_inflation", "transformation"]
    assert rstar.LW2023.usable(ours).startswith("usable, 1961Q1")


def test_hlw2023_end_to_end_from_the_shell(us_2026, reference, tmp_path) -> None:
    """The index from the New York Fed's workbook; r* near the published of 2023."""
    us = us_2026
    folder = "/medialibrary/media/research/economists/williams/data"
    us.serve(f"{folder}/Holston_Laubach_Williams_current_estimates.xlsx", hlw_book(reference))
    done = capstar(
        "rstar", "--model", "hlw2023", "--input", "fred", "--end", "2023Q2", "--csv", "rstar.csv",
        "--plot", "rstar.png", server=us, tmp_path=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "HLW" in done.stdout
    ours = pd.read_csv(tmp_path / "rstar.csv", index_col="date")["rstar_filtered"]
    published = pd.read_csv(reference("hlw2023/us_2023q2_published.csv"))["rstar_filtered"]
    assert len(ours) == len(published) == 250
    # Three years of revisions lie between the vintages.
    assert np.corrcoef(ours, published)[0, 1] > 0.99
    assert np.abs(ours.to_numpy() - published.to_numpy()).mean() < 0.25
    assert (tmp_path / "rstar.png").stat().st_size > 10_000
    assert len(us.asked) == 6


def test_published_inputs_from_the_shell(us_2026, reference, tmp_path) -> None:
    """The workbooks' own input columns, to the last digit; no vintage of them is claimed."""
    folder = "/medialibrary/media/research/economists/williams/data"
    us_2026.serve(f"{folder}/Laubach_Williams_current_estimates.xlsx", lw_book(reference, old=False))
    us_2026.serve(f"{folder}/Holston_Laubach_Williams_current_estimates.xlsx", hlw_book(reference))
    for recipe, folder in (("hlw_published", "hlw2023"), ("lw_published", "lw2023")):
        name = f"{recipe}.csv"
        done = capstar("data", "fetch", recipe, "--out", name, server=us_2026, tmp_path=tmp_path)
        assert done.returncode == 0, done.stderr
        ours = data.read_input(tmp_path / name)
        published = data.read_input(reference(f"{folder}/us_2023q2_input.csv"))
        np.testing.assert_array_equal(ours, published.loc[ours.index, ours.columns])
        assert set(data.recipe_sources()["recipe"]) >= {recipe}
    with pytest.raises(DataError, match="publishes the current workbook alone"):
        data.hlw_published("2020-01-01")


def test_every_recipe_can_be_fetched_by_name_and_tells_its_sources() -> None:
    public = {name for name in data.__all__ if name.endswith(("_hlw", "_lw", "_monthly", "_published"))}
    assert set(data.RECIPES) == set(data.recipe_sources()["recipe"]) == public
