"""A source of data is one file: it is listed, fetched, cached, kept and told of without another line."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from data.sources import Server
from typer.testing import CliRunner

from capstar import data
from capstar.cli import app
from capstar.data.store.download import cache
from capstar.errors import DataError, SourceError

ONE_FILE = '''
"""Wheat: a source of one table a series."""

from __future__ import annotations

import io

import pandas as pd

from capstar.data import DataSource, register
from capstar.errors import SourceError


class Granary(DataSource[pd.DataFrame]):
    """Prices of a grain by month."""

    key, name, example = "granary", "The Granary", "wheat"
    url = "http://granary.invalid/prices/{series}.txt"
    pattern, terms = "[a-z]+", "public domain"

    def read(self, body: bytes, series: str) -> pd.DataFrame:
        """Month and price, a blank between."""
        if not body.startswith(b"month price"):
            raise SourceError(f"{self.where(series)}: this is not a table of prices. Try again later.")
        table = pd.read_csv(io.BytesIO(body), sep=" ", index_col="month")
        table.index = pd.PeriodIndex(table.index, freq="M", name="date")
        table.attrs["units"] = "pence a bushel"
        return table


register(Granary())
'''
WHEAT = "month price\n1790-01 54.25\n1790-02 53.5\n1790-03 55\n"


@pytest.fixture
def granary(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The one file, in the folder of sources, and its host on loopback."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "granary.py").write_text(ONE_FILE)
    room = sys.modules["capstar.data.sources"]
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path / "files")])
    monkeypatch.setenv("CAPSTAR_GRANARY_URL", server.url)
    server.serve("/prices/wheat.txt", WHEAT)
    yield server
    data.unregister("granary")
    del sys.modules["capstar.data.sources.granary"]


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["data", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_it_is_listed(granary: Server) -> None:
    assert data.sources().loc["granary"].tolist() == [
        "The Granary",
        "http://granary.invalid",
        "public domain",
        "wheat",
    ]
    (line,) = (line for line in run("list").splitlines() if "granary" in line)
    for part in ("The Granary", "granary:wheat", "public domain"):
        assert part in line
    assert granary.asked == []


def test_it_is_fetched_and_cached_with_its_provenance(granary: Server) -> None:
    told: list[tuple[str, float]] = []
    with data.network(progress=lambda stage, share: told.append((stage, share))):
        out = data.fetch("granary:wheat", start="1790-02")
    assert out["price"].tolist() == [53.5, 55.0]
    assert told == [("The Granary, wheat", 0.0), ("The Granary, wheat", 1.0)]
    described = data.describe_data(out).loc["price"]
    assert described[["unit", "series", "source", "transformation"]].tolist() == [
        "pence a bushel",
        "wheat",
        "The Granary",
        "none",
    ]
    assert described["downloaded"].endswith("Z")
    assert out.attrs["terms"] == "public domain"
    with data.network(offline=True):
        assert len(data.fetch("granary:wheat")) == 3
    assert granary.asked == ["/prices/wheat.txt"]
    assert cache().entries()["url"].tolist() == [f"{granary.url}/prices/wheat.txt"]
    assert "/prices/wheat.txt" in run("cache")


def test_it_is_fetched_from_the_shell(granary: Server, tmp_path: Path) -> None:
    said = run("fetch", "granary:wheat", "--out", tmp_path / "wheat.csv")
    assert "The Granary" in said
    assert (tmp_path / "wheat.csv").read_text() == ("date,price\n1790-01,54.25\n1790-02,53.5\n1790-03,55.0\n")


def test_it_is_kept_in_a_snapshot(granary: Server, tmp_path: Path) -> None:
    run("snapshot", tmp_path / "kept", "--also", "granary:wheat")
    kept = data.read_snapshot(tmp_path / "kept")
    assert set(kept) == {"macro", "returns", "economy", "granary:wheat"}
    pd.testing.assert_frame_equal(kept["granary:wheat"], data.fetch("granary:wheat"), check_exact=True)
    assert kept["granary:wheat"].attrs == data.fetch("granary:wheat").attrs


def test_messages_name_it(granary: Server) -> None:
    with pytest.raises(DataError, match=r"'\.\./x' is not a name of a series of The Granary; .*'wheat'"):
        data.fetch("granary:../x")
    with pytest.raises(SourceError, match="The Granary, rye: the server answers 404"):
        data.fetch("granary:rye")
    granary.serve("/prices/oats.txt", "<html>")
    with pytest.raises(SourceError, match="The Granary, oats: this is not a table of prices"):
        data.fetch("granary:oats")
    assert cache().entries().empty  # what is refused is not kept
    with pytest.raises(DataError, match=r"no data source 'granry'.*Did you mean 'granary'"):
        data.fetch("granry:wheat")
    with pytest.raises(DataError, match="as_of is for recipes"):
        data.fetch("granary:wheat", as_of="2008-04-30")


def test_a_key_is_given_once(granary: Server) -> None:
    class Barn(data.DataSource[pd.DataFrame]):
        key, name, example, url, terms = "granary", "The Barn", "hay", "http://barn.invalid/{series}", "none"

        def read(self, body: bytes, series: str) -> pd.DataFrame:
            return pd.read_csv(io.BytesIO(body))

    data.sources()
    with pytest.raises(DataError, match="'granary' is the key of The Granary already"):
        data.register(Barn())
    Barn.key = "two words"
    with pytest.raises(DataError, match="not a valid key"):
        data.register(Barn())


def test_every_source_tells_what_is_asked_of_it() -> None:
    table = data.sources()
    assert set(table.index) >= {"alfred", "french", "fred", "newyorkfed", "philadelphiafed"}
    for key, one in table.iterrows():
        data.source(key).check(one["example"])
        assert one["host"].startswith("https://")
        assert data.source(key).address(one["example"]).startswith(f"{one['host']}/")
        assert "{" not in data.source(key).address(one["example"])
        assert one["terms"]


def test_series_of_the_shipped_sources(server: Server) -> None:
    server.fred("GDPC1", "2019-01-01,1\n2019-04-01,2\n")
    server.fred("D", "2020-01-02,1\n2020-01-03,2\n")
    assert data.fetch("fred:GDPC1")["GDPC1"].tolist() == [1, 2]
    assert data.fetch("fred:D").attrs["source"] == "FRED, Federal Reserve Bank of St. Louis"
    server.serve(
        "/graph/alfredgraph.csv?id=GDPC1&vintage_date=2019-08-01",
        "observation_date,GDPC1_20190801\n2019-01-01,3\n2019-04-01,4\n",
    )
    found = data.fetch("alfred:GDPC1@2019-08-01")
    assert found["GDPC1_20190801"].tolist() == [3, 4]
    assert found.attrs["source"] == "ALFRED, Federal Reserve Bank of St. Louis"


def test_a_daily_series_in_a_snapshot(server: Server, tmp_path: Path) -> None:
    server.fred("D", "2020-01-02,1\n2020-01-03,.\n2020-01-06,3.1\n")
    table = data.fetch("fred:D")
    data.write_snapshot(tmp_path, {"fred:D": table})
    pd.testing.assert_frame_equal(data.read_snapshot(tmp_path)["fred:D"], table, check_exact=True)
    assert {path.name for path in tmp_path.glob("*.csv")} == {"fred_D.csv"}


def test_every_address_is_secure() -> None:
    """Of each source in the registry, French's library too, which gives its address without."""
    for key in data.sources().index:
        one = data.source(key)
        assert one.address(one.example).startswith("https://"), key
        assert one.example in one.address(one.example) or "@" in one.example, key


@pytest.mark.parametrize(
    "body", [b"", b"<html>moved</html>", b"\x00\x01", b"PK\x03\x04", b"observation_date,X\n", b"a,b\n1,2\n"]
)
def test_no_source_keeps_what_its_reader_refuses(server: Server, body: bytes) -> None:
    """The door of the cache and the reader are one function for every source."""
    for key in data.sources().index:
        one = data.source(key)
        server.serve(one.address(one.example).removeprefix(data.sources().loc[key, "host"]), body)
        with pytest.raises(SourceError):
            data.fetch(f"{key}:{one.example}")
        assert cache().entries().empty, key


def test_terms_are_of_the_series_where_they_are_known() -> None:
    """What FRED shows of the BEA is in the public domain; of a series not in the table nothing is claimed."""
    frame = pd.DataFrame({"log_gdp": [1.0], "prices": [1.0], "rate": [1.0], "mine": [1.0]}, index=["2000Q1"])
    frame.attrs = {
        "title": "my.csv",
        "source": {
            "log_gdp": "FRED, Federal Reserve Bank of St. Louis",
            "prices": "FRED",
            "rate": "OECD",
            "mine": "",
        },
        "series_id": {"log_gdp": "GDPC1", "prices": "PCEPILFE, before 1959 XYZ12", "rate": "A.B", "mine": ""},
    }
    found = data.licences(frame).set_index("series")
    assert "Bureau of Economic Analysis: public domain in the United States" in found.loc["log_gdp", "terms"]
    assert found.loc["log_gdp", "at"] == "https://fred.stlouisfed.org/series/GDPC1"
    assert "some series are copyrighted" in found.loc["prices", "terms"]
    assert found.loc["rate", "terms"] == "free, with attribution (CC BY 4.0)"
    assert found.loc["mine", "terms"].startswith("as you brought it")
    assert list(data.licences(frame[["mine"]].set_axis(["mine"], axis=1)).index) == ["my.csv"]
