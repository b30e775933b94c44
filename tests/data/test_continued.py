"""Series that stopped: what continues them, in the formats their sources answer in, over loopback."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data.sources import Server
from typer.testing import CliRunner

from capstar import data
from capstar.cli import app
from capstar.data.continued import continued, stopped
from capstar.data.recipes import CANADA
from capstar.errors import DataWarning, SourceError

TODAY = pd.Timestamp.now("UTC").tz_localize(None)
MONTHS = pd.period_range("1961-01", TODAY.to_period("M") - 1, freq="M")
QUARTERS = pd.period_range("1961Q1", (TODAY.to_period("M") - 1).asfreq("Q") - 1, freq="Q")
STOPPED = pd.Period("2015-05", "M")
GDP, CORE, HEADLINE, RATE = (one.sources for one in CANADA.inputs)


def rows(index: pd.PeriodIndex, values: np.ndarray) -> str:
    return "".join(
        f"{one.start_time:%Y-%m-%d},{value!r}\n" for one, value in zip(index, values.tolist(), strict=True)
    )


def upto(last: pd.Period, level: np.ndarray) -> str:
    """Months until one."""
    return rows(MONTHS[last >= MONTHS], level[last >= MONTHS])


def prices(growth: float) -> np.ndarray:
    return 50 * np.exp(growth * np.arange(len(MONTHS)))


CYCLE = 4 + np.sin(np.arange(len(MONTHS)) / 20)


def oecd(values: dict[str, float], key: str) -> str:
    """As the OECD answers: dimensions as columns, periods in no order."""
    head = "DATAFLOW,REF_AREA,FREQ,METHODOLOGY,MEASURE,UNIT_MEASURE,EXPENDITURE,ADJUSTMENT,TRANSFORMATION,"
    head += "TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT,BASE_PER,DURABILITY,DECIMALS\n"
    flow = "OECD.SDD.TPS:DSD_PRICES@DF_PRICES_ALL(1.0)"
    body = [f"{flow},{key.replace('.', ',')},{day},{value!r},A,,2015,,2\n" for day, value in values.items()]
    return head + "".join(body[1::2] + body[::2])


def ecb(values: dict[str, float], series: str) -> str:
    """As the ECB answers: the key first, notes behind, some with commas and line breaks."""
    flow, _, key = series.partition("/")
    head = (
        "KEY,"
        + ",".join(f"D{k}" for k in range(key.count(".") + 1))
        + ",TIME_PERIOD,OBS_VALUE,OBS_STATUS,TITLE\r\n"
    )
    note = '"Euribor 3-month, average\nof the period"'
    return head + "".join(
        f"{flow}.{key},{key.replace('.', ',')},{day},{value},A,{note}\r\n" for day, value in values.items()
    )


def valet(values: dict[str, float], series: str = "V39079") -> str:
    """As the Bank of Canada answers."""
    head = '"TERMS AND CONDITIONS"\nhttps://www.bankofcanada.ca/terms/\n\n"NAME","V"\n\n"SERIES"\n"id","label","description"'
    head += f'\n"{series}","Target","Target for the overnight rate, in percent"\n\n"OBSERVATIONS"\n"date","{series}"\n'
    return head + "".join(f'"{day}","{value}"\n' for day, value in values.items())


OECD_KEY = "GBR.M.N.CPI.IX._T.N._Z"
OECD_SERIES = f"OECD.SDD.TPS,DSD_PRICES@DF_PRICES_ALL/{OECD_KEY}"
ECB_SERIES = "FM/M.U2.EUR.RT.MM.EURIBOR3MD_.HSTA"
GOOD = {
    "oecd": (
        OECD_SERIES,
        oecd({"2020-01": 1.5, "2020-02": 2.5, "2020-03": np.nan, "2020-04": 4.0}, OECD_KEY).replace(
            "nan", ""
        ),
    ),
    "ecb": (ECB_SERIES, ecb({"2020-Q1": 1.5, "2020-Q2": -2.5, "2020-Q3": 3.0}, ECB_SERIES)),
    "bankofcanada": ("V39079", valet({"2020-01-02": 1.75, "2020-01-03": 1.75, "2020-01-06": -0.25})),
}


def path(key: str, series: str) -> str:
    one = data.source(key)
    return one.address(series)[len("https://") + len(one.url.split("/")[2]) :].partition("?")[0]


def test_real_formats_are_read(server: Server) -> None:
    for key, (series, body) in GOOD.items():
        server.serve(path(key, series), body)
    found = {key: data.fetch(f"{key}:{series}") for key, (series, _) in GOOD.items()}
    assert found["oecd"].iloc[:, 0].tolist() == pytest.approx([1.5, 2.5, np.nan, 4.0], nan_ok=True)
    assert [str(one) for one in found["oecd"].index] == ["2020-01", "2020-02", "2020-03", "2020-04"]
    assert [str(one) for one in found["ecb"].index] == ["2020Q1", "2020Q2", "2020Q3"]
    assert found["ecb"].iloc[:, 0].tolist() == [1.5, -2.5, 3.0]
    assert found["bankofcanada"].loc["2020-01-06"].tolist() == [-0.25]
    for key, one in found.items():
        assert data.describe_data(one)["source"].tolist() == [data.source(key).name]


SPOILED = {
    "a web page": (lambda body: "<html>busy</html>", "a web page"),
    "nothing": (lambda body: "", "the answer is empty"),
    "cut off": (lambda body: body[: body.rindex("2020") + 2], "cut off|cells|not a date|no period"),
    "no number": (lambda body: body.replace("1.5", "n/a").replace("1.75", "n/a"), "'n/a', not a number"),
    "a day twice": (lambda body: body + body.splitlines(keepends=True)[-1], "comes twice|cells"),
    "another series": (
        lambda body: body.replace("GBR", "FRA").replace("U2", "DE").replace("V39079", "V1"),
        "FRA|DE|V1",
    ),
    "another table": (lambda body: "a,b\n1,2\n", "expected"),
    "no text": (lambda body: "\0\1\2", "not a table|expected"),
}


@pytest.mark.parametrize("key", GOOD)
@pytest.mark.parametrize("name", SPOILED)
def test_spoiled_answers_are_refused_and_not_kept(server: Server, key: str, name: str) -> None:
    series, body = GOOD[key]
    spoil, message = SPOILED[name]
    server.serve(path(key, series), spoil(body))
    with pytest.raises(SourceError, match=message):
        data.fetch(f"{key}:{series}")
    with data.network(offline=True), pytest.raises(SourceError, match="not in the cache"):
        data.fetch(f"{key}:{series}")


def quarterly(first: str, values: list[float], name: str) -> pd.Series:
    return pd.Series(values, pd.period_range(first, periods=len(values), freq="Q"), name=name)


def test_rules_of_continuation() -> None:
    old, new = (
        quarterly("2020Q1", [10.0, 11, 12, 14], "old"),
        quarterly("2020Q2", [55.0, 61, 70, 77, 63], "new"),
    )
    grown = continued(old, new, "growth")
    assert grown.tolist() == pytest.approx([10, 11, 12, 14, 14 * 77 / 70, 14 * 63 / 70])
    assert str(grown.index[-1]) == "2021Q2"
    # Three quarters in common, 44, 49 and 56 apart.
    assert continued(old, new, "level").tolist()[4:] == pytest.approx([77 - 149 / 3, 63 - 149 / 3])
    long = quarterly("2019Q1", [100.0] * 4 + [9.0, 10, 11, 13, 20], "long")
    assert continued(old, long, "level").tolist()[4:] == [21.0]  # the last four alone: one apart
    with pytest.raises(SourceError, match="later covers 2021Q1-2021Q2, not 2020Q4, the last quarter of old"):
        continued(old, quarterly("2021Q1", [1.0, 2.0], "later"), "growth")


@pytest.mark.parametrize("rule", ["growth", "level"])
def test_continuation_does_not_look_ahead(rule) -> None:
    """The old series is as it was; a quarter of the new one moves that quarter alone."""
    old, new = (
        quarterly("2020Q1", [10.0, 11, 12, 14], "old"),
        quarterly("2020Q1", [5.0, 6, 7, 8, 9, 10, 11], "new"),
    )
    out = continued(old, new, rule)
    pd.testing.assert_series_equal(out.iloc[:4], old, check_exact=True)
    for cut in (5, 6):
        pd.testing.assert_series_equal(continued(old, new.iloc[:cut], rule), out.iloc[:cut], check_exact=True)
        moved = continued(old, new.where(new.index != new.index[cut], 99.0), rule)
        assert (moved != out).tolist() == [at == cut for at in range(7)]


@pytest.mark.parametrize(
    ("last", "day", "expected"),
    [
        (
            pd.Period("2023-12", "M"),
            "2024-04-29",
            False,
        ),  # January and February are over since 60 days on 30 April
        (pd.Period("2023-12", "M"), "2024-05-01", True),
        (pd.Period("2023Q4", "Q"), "2024-09-27", False),  # and two quarters since 90 on 28 September
        (pd.Period("2023Q4", "Q"), "2024-09-30", True),
        (pd.Timestamp("2024-03-01"), "2024-03-12", False),
        (pd.Timestamp("2024-03-01"), "2024-03-14", True),
        (pd.Period("2020", "Y"), "2023-12-30", False),
        (pd.Period("2020", "Y"), "2024-01-01", True),
    ],
)
def test_when_a_series_has_stopped(last, day, expected) -> None:
    assert stopped(last, pd.Timestamp(day)) is expected


@pytest.fixture
def canada(server: Server) -> Server:
    """GDP goes on; FRED's core prices and policy rate stop in May 2015, so the first quarter is the last whole one."""
    for name, body in (
        (
            GDP[0],
            rows(
                QUARTERS,
                1000 * np.exp(0.005 * np.arange(len(QUARTERS)) + 0.02 * np.sin(np.arange(len(QUARTERS)))),
            ),
        ),
        (CORE[0], upto(STOPPED, prices(0.002))),
        (HEADLINE[0], upto(STOPPED, prices(0.003))),
        (RATE[0], upto(STOPPED, CYCLE)),
    ):
        server.fred(name.removeprefix("fred:"), body)
    return server


def serve_successors(server: Server) -> None:
    """OECD's prices grow by half as much, on another base; the money market is a quarter point lower."""
    key, series = CORE[1].split(":", 1)
    old = (MONTHS <= STOPPED).sum()
    level = 3 * np.concatenate(
        [prices(0.002)[:old], prices(0.002)[old - 1] * np.exp(0.001 * np.arange(1, len(MONTHS) - old + 1))]
    )
    server.serve(
        path(key, series),
        oecd(dict(zip(map(str, MONTHS), level.tolist(), strict=True)), series.partition("/")[2]),
    )
    server.fred(RATE[1].removeprefix("fred:"), rows(MONTHS, CYCLE - 0.25))


def test_successors_continue_a_country(canada: Server) -> None:
    serve_successors(canada)
    out = data.canada_hlw()
    assert out.index[-1] == QUARTERS[-1]
    old = data.canada_hlw(end="2015Q1")
    pd.testing.assert_frame_equal(out.loc[:"2015Q1"], old, check_exact=True)
    # Quarters differ by a day or two in the weights of their months, which is worth up to a hundredth of the growth.
    assert out.loc["2014Q4", "inflation"] == pytest.approx(400 * 3 * 0.002, rel=1e-2)
    assert out["inflation"].iloc[-1] == pytest.approx(400 * 3 * 0.001, rel=1e-2)
    quarter = CYCLE[MONTHS.asfreq("Q") == pd.Period("2018Q2")]
    assert out.loc["2018Q2", "interest_rate"] == pytest.approx(quarter @ [30, 31, 30] / 91, abs=1e-9)
    told = data.describe_data(out)
    assert told.loc["interest_rate", "series"] == "IRSTCB01CAM156N, from 2015Q2 IRSTCI01CAM156N +0.25"
    assert told.loc["inflation", "series"].startswith(
        "CANCPICORMINMEI, from 2015Q2 the growth of oecd:OECD.SDD.TPS,"
    )
    assert told.loc["inflation", "source"] == "FRED, Federal Reserve Bank of St. Louis; OECD"
    assert not [one for one in canada.asked if "valet" in one]  # not needed


def test_only_what_is_needed_is_asked(canada: Server) -> None:
    out = data.canada_hlw(end="2015Q1")
    assert str(out.index[-1]) == "2015Q1"
    assert len(canada.asked) == 4
    assert out.attrs["series_id"]["interest_rate"] == "IRSTCB01CAM156N"


def test_what_has_no_successor_is_said(canada: Server) -> None:
    with pytest.warns(DataWarning) as said:
        out = data.canada_hlw()
    assert str(out.index[-1]) == "2015Q1"
    texts = [str(one.message) for one in said]
    assert len(texts) == 2
    for text, name in zip(texts, ("CANCPICORMINMEI", "IRSTCB01CAM156N"), strict=True):
        assert text.startswith(f"{name} has no value after 2015-05: two later ones should be out")
        assert "404" in text
        assert "end= says that none is wanted" in text


def test_a_first_source_that_does_not_answer_is_passed_over(canada: Server) -> None:
    serve_successors(canada)
    del canada.routes[f"/graph/fredgraph.csv?id={RATE[0].removeprefix('fred:')}"]
    out = data.canada_hlw()
    assert out.attrs["series_id"]["interest_rate"] == "IRSTCI01CAM156N"
    assert out.index[-1] == QUARTERS[-1]


def test_a_daily_rate_continues_a_monthly_one(canada: Server) -> None:
    serve_successors(canada)
    del canada.routes[f"/graph/fredgraph.csv?id={RATE[1].removeprefix('fred:')}"]
    days = pd.bdate_range("2009-04-21", TODAY - pd.Timedelta(days=1))
    canada.serve(path(*RATE[2].split(":")), valet(dict.fromkeys((f"{day:%Y-%m-%d}" for day in days), 1.5)))
    out = data.canada_hlw()
    near = [
        CYCLE[MONTHS.asfreq("Q") == q] @ MONTHS[MONTHS.asfreq("Q") == q].days_in_month
        for q in pd.period_range("2014Q2", "2015Q1", freq="Q")
    ]
    mean = np.mean(np.array(near) / [91, 92, 92, 90])
    assert out.loc["2015Q2":, "interest_rate"].to_numpy() == pytest.approx(mean, abs=1e-9)
    assert f"bankofcanada:V39079 {mean - 1.5:+.2f}" in out.attrs["series_id"]["interest_rate"]


def test_the_list_names_sources_and_their_last_dates(canada: Server) -> None:
    serve_successors(canada)
    plain = CliRunner().invoke(app, ["data", "list"])
    assert canada.asked == []
    wanted = [f"    {one.name:30}{where}" for one in CANADA.inputs for where in one.sources]
    lines = plain.stdout.splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("canada_hlw"))
    assert lines[at + 1 : at + 1 + len(wanted)] == wanted
    asked = CliRunner().invoke(app, ["data", "list", "--online"])
    assert asked.exit_code == 0, asked.output
    last = {
        line.split()[-4 if "(stopped)" in line else -3]: line
        for line in asked.stdout.splitlines()
        if "  last 2" in line
    }
    assert last[GDP[0]].endswith(f"last {QUARTERS[-1]}")
    assert last[RATE[0]].endswith("last 2015-05 (stopped)")
    assert last[RATE[1]].endswith(f"last {MONTHS[-1]}")
    assert last[HEADLINE[0]].endswith("last 2015-05")  # only its early years are used
    table = data.recipe_sources(online=True).set_index("source")
    absent = "FRED, GDPC1: the server answers 404. Check the name of the series."
    assert table.loc["fred:GDPC1", "problem"].eq(absent).all()
    assert f"fred:GDPC1  {absent}" in asked.stdout


@pytest.mark.parametrize("key", GOOD)
def test_damaged_answers_are_refused_or_read(key: str) -> None:
    """Bytes changed, left out, doubled or moved: a clear error, or finite values at dates that rise."""
    random = np.random.default_rng(7)
    series, text = GOOD[key]
    reader, read, longest = data.source(key), 0, 0
    for _ in range(400):
        body = bytearray(text.encode())
        for _ in range(random.integers(1, 4)):
            at, to = sorted(random.integers(0, len(body), 2))
            piece = body[at : min(to, at + 30)]
            change = random.integers(4)
            if change == 0:
                body[at] = random.integers(256)
            elif change == 1:
                del body[at : at + len(piece)]
            else:
                body[to:to] = (
                    piece
                    if change == 2
                    else random.choice([b'"', b",", b"\n", b"\0", b"nan", b"1e400", b"-"])
                )
        try:
            out = reader.read(bytes(body), series)
        except SourceError as error:
            longest = max(longest, len(str(error)))
            continue
        read += 1
        assert out.index.is_monotonic_increasing
        assert out.index.is_unique
        assert not np.isinf(out).any()
    assert read > 10
    assert longest < 400
