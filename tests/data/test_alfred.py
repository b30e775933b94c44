"""Vintages: many days in one request, none asked for twice, and only those asked for taken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from data.sources import Server, query

from capstar import data
from capstar.data.store.download import network
from capstar.errors import DataWarning, SourceError

PATH = "/graph/alfredgraph.csv"
DAYS = [f"{day:%Y-%m-%d}" for day in pd.date_range("2005-01-31", periods=26, freq="ME")]
QUARTERS = pd.period_range("2003Q1", "2007Q1", freq="Q")
Table = Callable[[str, list[str]], str]


def vintage(series: str, day: str) -> pd.Series:
    """Quarters over on the day, all changed a little by each vintage; the series begins later in later vintages."""
    known = QUARTERS[(QUARTERS.end_time < pd.Timestamp(day)) & (QUARTERS.year >= int(day[:4]) - 2)]
    values = known.year * 10.0 + known.quarter + len(series) + pd.Timestamp(day).day_of_year / 1000
    return pd.Series(np.round(values, 3), known, name=f"{series}_{day.replace('-', '')}")


def table(series: str, days: list[str]) -> str:
    """As ALFRED gives it: all quarters of any vintage, a dot where one has none."""
    out = pd.concat([vintage(series, day) for day in days], axis=1).sort_index()
    out.index = out.index.start_time.strftime("%Y-%m-%d")
    return out.rename_axis("observation_date").to_csv(na_rep=".")


def serve(server: Server, answer: Table = table) -> None:
    """Any days of any series; fails where the series is not named as often as days are."""

    def graph(request) -> None:
        asked = query(request.path)
        names, days = asked["id"].split(","), asked["vintage_date"].split(",")
        if names != [names[0]] * len(days):
            request.send_error(400)
            return
        body = answer(names[0], days).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    server.misbehave(PATH, graph)


def expected(series: str, days: list[str]) -> pd.DataFrame:
    out = pd.concat([vintage(series, day) for day in days], axis=1).sort_index()
    return out.set_axis(pd.DatetimeIndex(days), axis=1).rename_axis("date")


def test_many_days_in_few_requests_and_never_again(server: Server) -> None:
    serve(server)
    found = data.alfred("GDPC1", DAYS)
    pd.testing.assert_frame_equal(found.table, expected("GDPC1", DAYS), check_freq=False)
    assert len(server.asked) == 3  # of twelve, twelve and two days
    with network(refresh=True, max_age=0.0):
        again = data.alfred("GDPC1", DAYS)
    pd.testing.assert_frame_equal(again.table, found.table)
    data.alfred("GDPC1", DAYS[3:9])
    assert len(server.asked) == 3
    more = data.alfred("GDPC1", [*DAYS, "2007-04-30", "2007-05-31"])
    assert len(server.asked) == 4
    pd.testing.assert_frame_equal(more.table.loc[found.table.index, found.days], found.table)
    server.routes.clear()
    with network(offline=True):
        assert data.alfred("GDPC1", DAYS).table.equals(found.table)
        assert data.fetch(f"alfred:GDPC1@{DAYS[0]}").iloc[:, 0].notna().all()


def test_together_or_alone_is_the_same(server: Server, tmp_path) -> None:
    serve(server)
    found = data.alfred("GDPC1", DAYS[:5])
    for day in DAYS[:5]:
        kept = data.fetch(f"alfred:GDPC1@{day}")
        with network(cache=tmp_path / "other"):
            pd.testing.assert_frame_equal(kept, data.fetch(f"alfred:GDPC1@{day}"))
    assert len(server.asked) == 6
    assert list(found.days) == list(pd.DatetimeIndex(DAYS[:5]))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda series, days: table(series, days[:3]),  # the first of them, and no word
        lambda series, days: table(series, [days[0], *days[:0:-1]]),
        lambda series, days: table("OTHER", days) if len(days) > 1 else table(series, days),
        lambda series, days: table(series, days)[: -3 if len(days) > 1 else None],
        lambda series, days: "<html>" if len(days) > 1 else table(series, days),
        lambda series, days: "" if len(days) > 1 else table(series, days),
        lambda series, days: table(series, days).replace("observation", "x" if len(days) > 1 else "observation"),
    ],
    ids=["some days", "another order", "another series", "cut off", "a page", "nothing", "no dates"],
)  # fmt: skip
def test_another_table_than_asked_for(server: Server, wrong: Table) -> None:
    """Then each day is asked for alone, and its own check decides."""
    serve(server, wrong)
    days = DAYS[:5]
    found = data.alfred("GDPC1", days)
    pd.testing.assert_frame_equal(found.table, expected("GDPC1", days), check_freq=False)
    assert len(server.asked) == 6


def test_a_day_of_before_the_series(server: Server) -> None:
    """The others are kept; the error names the day."""
    serve(server)
    with pytest.raises(SourceError, match="ALFRED, GDPC1@1990-01-31: there is a header and no row"):
        data.alfred("GDPC1", ["1990-01-31", *DAYS[:4]])
    assert len(server.asked) == 2
    data.alfred("GDPC1", DAYS[:4])
    assert len(server.asked) == 2


def test_a_vintage_of_today_is_asked_for_again(server: Server) -> None:
    """It may change while the day lasts; a copy serves where the server is down."""
    today = f"{pd.Timestamp.now():%Y-%m-%d}"
    rows = "2019-01-01,1\n2019-04-01,2\n"
    serve(server, lambda series, days: f"observation_date,{series}_{days[0].replace('-', '')}\n{rows}")
    data.alfred("GDPC1", [today])
    data.alfred("GDPC1", [today])
    assert len(server.asked) == 1
    with network(max_age=0.0):
        data.alfred("GDPC1", [today])
        assert len(server.asked) == 2
        server.serve(PATH, "busy", status=503)
        with network(retries=0), pytest.warns(DataWarning, match="answers 503.*is used"):
            assert len(data.alfred("GDPC1", [today]).table) == 2
