"""FRED through pandas-datareader against a server that answers in its format, and against its faults."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data import sources
from hypothesis import example, given, settings
from hypothesis import strategies as st

from capstar import data
from capstar.data.sources.fred import parse_table
from capstar.data.store.download import cache, network
from capstar.data.store.transfer import USER_AGENT
from capstar.errors import DataError, DataWarning, SourceError

TARGET = "/graph/fredgraph.csv?id=GDPC1"
ROWS = "2019-01-01,100.5\n2019-04-01,101.25\n2019-07-01,.\n2019-10-01,\n2020-01-01,99\n"


def body() -> bytes:
    return f"observation_date,GDPC1\n{ROWS}".encode()


def test_a_quarterly_series_with_missing_values(server) -> None:
    server.fred("GDPC1", ROWS)
    out = data.fred("GDPC1")
    assert out.index.equals(pd.period_range("2019Q1", "2020Q1", freq="Q", name="date"))
    np.testing.assert_array_equal(out["GDPC1"], [100.5, 101.25, np.nan, np.nan, 99.0])
    assert out.attrs["series_id"] == {"GDPC1": "GDPC1"}
    assert out.attrs["downloaded"]["GDPC1"].endswith("Z")
    assert server.agents == {USER_AGENT}
    assert "Mozilla" not in USER_AGENT


def test_several_series_windows_and_frequencies(server) -> None:
    server.fred("A", "".join(f"2020-{m:02d}-01,{m}\n" for m in range(1, 13)))
    server.fred("B", "".join(f"2020-{m:02d}-01,{m / 2}\n" for m in range(3, 13)), header="DATE,B")
    out = data.fred(["A", "B"], "2020-02", "2020-11")
    assert str(out.index[0]) == "2020-02"
    assert out.index.freqstr == "M"
    assert np.isnan(out.loc["2020-02", "B"])
    server.fred("D", "2020-01-02,1\n2020-01-03,2\n2020-01-06,3\n")
    assert isinstance(data.fred("D").index, pd.DatetimeIndex)
    with pytest.raises(DataError, match="different frequencies"):
        data.fred(["A", "D"])


def test_history_is_not_cut_to_five_years(server) -> None:
    server.fred("OLD", "".join(f"{year}-01-01,{year}\n" for year in range(1790, 1800)))
    assert len(data.fred("OLD")) == 10


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", "a header and no row"),
        ("2019-01-01,1\n2019-01-01,2\n", "2019-01-01 comes twice"),
        ("2019-04-01,1\n2019-01-01,2\n", "2019-01-01 comes after 2019-04-01"),
        ('2019-01-01,"1,234.5"\n2019-04-01,2\n', "'1,234.5', not a number"),
        ("2019-01-01,abc\n", "'abc', not a number"),
        ("2019-01-01,1,2\n", "not a date and a value"),
        ("2019-13-01,1\n", "2019-13-01 is not a date"),
        ("01/01/2019,1\n", "not a date and a value"),
        (
            "2019-01-01,1\n2019-04-01,2\n2019-05-01,3\n",
            "the frequency changes, or dates are missing, at 2019-05-01",
        ),
        ("2019-01-02,1\n2019-01-03,2\n2019-03-05,3\n", "before 2019-03-05"),
        ("2019-01-01,1\n", "does not tell a frequency"),
        ("2019-01-01,1\n2019-04-01,2", "cut off in its last line"),
    ],
)
def test_rows_that_are_refused(server, rows: str, message: str) -> None:
    server.fred("GDPC1", rows)
    with pytest.raises(SourceError, match=message) as caught:
        data.fred("GDPC1")
    assert "FRED, GDPC1" in str(caught.value)
    assert cache().entries().empty  # what is refused is not kept


DJ_1914 = pd.bdate_range("1914-07-01", "1914-07-30").append(pd.bdate_range("1914-12-14", "1914-12-31"))
FISCAL = pd.DatetimeIndex([f"{year}-{'06-30' if year < 1977 else '09-30'}" for year in range(1901, 2025)])


@pytest.mark.parametrize(
    ("dates", "frequency", "first", "last"),
    [
        (pd.date_range("1990-01-01", periods=12, freq="QS"), "Q-DEC", "1990Q1", "1992Q4"),
        (pd.date_range("1972-02-01", periods=40, freq="3MS"), "Q-DEC", "1972Q1", "1981Q4"),
        (pd.date_range("1960-01-01", periods=20, freq="6MS"), "6M", "1960-01", "1969-07"),
        (pd.date_range("1990-01-31", periods=12, freq="ME"), "M", "1990-01", "1990-12"),
        (pd.date_range("1990-03-31", periods=12, freq="QE"), "Q-DEC", "1990Q1", "1992Q4"),
        (FISCAL, "Y-DEC", "1901", "2024"),
        (pd.date_range("1950-12-31", periods=12, freq="YE"), "Y-DEC", "1950", "1961"),
        (pd.date_range("2002-12-18", periods=40, freq="7D"), "", "2002-12-18", "2003-09-17"),
        (pd.date_range("1984-02-15", periods=40, freq="14D"), "", "1984-02-15", "1985-08-14"),
    ],
)
def test_frequencies(server, dates: pd.DatetimeIndex, frequency: str, first: str, last: str) -> None:
    server.fred("GDPC1", "".join(f"{day:%Y-%m-%d},{k}\n" for k, day in enumerate(dates)))
    index = data.fred("GDPC1").index
    assert getattr(index, "freqstr", None) == (frequency or None)
    assert [str(index[0])[:10], str(index[-1])[:10], len(index)] == [first, last, len(dates)]


def test_fiscal_years_are_told(server) -> None:
    server.fred("FYFSD", "".join(f"{day:%Y-%m-%d},{-k}\n" for k, day in enumerate(FISCAL)))
    out = data.fred("fyfsd")
    assert out.attrs["transformation"] == {"FYFSD": "fiscal years as the years they end in"}
    assert data.fetch("fred:fyfsd").attrs["transformation"] == "fiscal years as the years they end in"
    assert out.loc["1976":"1977", "FYFSD"].tolist() == [-75.0, -76.0]


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (DJ_1914[:-10], "before 1914-12-14"),  # three days after, which may be another frequency
        (DJ_1914[19:], "before 1914-12-14"),
        (DJ_1914.append(pd.DatetimeIndex(["2199-12-31"])), "before 2199-12-31"),
        (pd.bdate_range("1914-07-01", periods=9).append(pd.bdate_range("1916-07-03", periods=9)), "before 1916-07-03"),
        (pd.date_range("2002-12-18", periods=9, freq="7D").append(pd.date_range("2003-06-04", periods=9, freq="7D")),
         "before 2003-06-04"),
        (FISCAL[[0, 1, 3, 4]], "at 1904-06-30"),
        (pd.date_range("1960-01-01", periods=9, freq="5YS"), "at 1965-01-01"),
    ],
)  # fmt: skip
def test_dates_left_out(dates: pd.DatetimeIndex, message: str) -> None:
    rows = "".join(f"{day:%Y-%m-%d},1\n" for day in dates)
    with pytest.raises(SourceError, match=f"{message}; expected steps of a month"):
        parse_table(f"observation_date,DJ\n{rows}".encode(), "FRED, DJ", "DJ")


def test_a_closure_of_the_markets_is_told(server) -> None:
    server.fred("DJ", "".join(f"{day:%Y-%m-%d},50\n" for day in DJ_1914))
    with pytest.warns(DataWarning, match="FRED, DJ: there is no row between 1914-07-30 and 1914-12-14"):
        assert len(data.fred("DJ")) == len(DJ_1914)


def test_names_in_lower_case(server) -> None:
    """FRED answers in capitals whatever was asked for (pandas-datareader#985); each series is asked for once."""
    server.fred(
        "SP500", "".join(f"{day:%Y-%m-%d},4000\n" for day in pd.bdate_range("2024-01-01", periods=30))
    )
    server.fred(
        "DEXUSEU", "".join(f"{day:%Y-%m-%d},1.1\n" for day in pd.bdate_range("2024-01-01", periods=30))
    )
    assert list(data.fred(["sp500", "SP500"])) == ["SP500"]
    assert data.fetch("fred:Sp500").attrs["series_id"] == "SP500"
    assert data.exchange_rates(["dexuseu"]).attrs["pairs"] == {"DEXUSEU": ["EUR", "USD"]}
    assert len(server.asked) == 2


@pytest.mark.parametrize("value", ["0", "-3.5", "."])
def test_prices_that_cannot_be_are_not_kept(server, value: str) -> None:
    """What the reader of an index or rate refuses is refused before it is kept."""
    rows = "".join(f"{day:%Y-%m-%d},{value}\n" for day in pd.bdate_range("2024-01-01", periods=9))
    for name, read in (
        ("NASDAQNQUSS", data.small_cap_index),
        ("DEXUSEU", lambda: data.exchange_rates(["DEXUSEU"])),
    ):
        server.fred(name, rows)
        with pytest.raises(SourceError, match=f"FRED, {name}: .* a price is positive"):
            read()
    assert cache().entries().empty


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>Not found</html>", "a web page, not data"),
        (b"", "the answer is empty"),
        (b"   \n", "the answer is empty"),
        (b"observation_date,OTHER\n2019-01-01,1\n", "the header is"),
        (b"observation_date,GDPC1\n2019-01-01,\xff\xfe\n", "is not UTF-8"),
        (b"\x00\x00\n", "holds no text"),
    ],
)
def test_bodies_that_are_refused(server, content: bytes, message: str) -> None:
    server.serve(TARGET, content, kind="text/html")
    with pytest.raises(SourceError, match=message):
        data.fred("GDPC1")
    assert cache().entries().empty


def test_unknown_series_and_odd_names(server) -> None:
    with pytest.raises(SourceError, match=r"the server answers 404\. Check the name of the series"):
        data.fred("NOSUCH")
    with pytest.raises(DataError, match="not a name of a series of FRED; expected one such as 'GDPC1'"):
        data.fred("../../etc/passwd")
    with pytest.raises(DataError, match="No series was named"):
        data.fred([])
    assert len(server.asked) == 1


def test_truncated_body_is_asked_again_and_then_refused(server) -> None:
    server.misbehave(TARGET, sources.truncated(body()))
    with network(retries=2), pytest.raises(SourceError, match="no whole answer"):
        data.fred("GDPC1")
    assert len(server.asked) == 3


def test_length_that_cuts_the_body_is_noticed(server) -> None:
    server.misbehave(TARGET, sources.short_length(body(), len(body()) - 6))
    with pytest.raises(SourceError, match="cut off in its last line"):
        data.fred("GDPC1")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_failures_are_retried(server, status: int) -> None:
    server.fred("GDPC1", ROWS)
    server.misbehave(TARGET, sources.after_failures(1, status, server.routes[TARGET]))
    assert len(data.fred("GDPC1")) == 5
    assert len(server.asked) == 2


def test_lasting_failure_names_the_status(server) -> None:
    server.serve(TARGET, "busy", status=503)
    with (
        network(retries=1),
        pytest.raises(SourceError, match=r"FRED, GDPC1: the server answers 503\. Try later"),
    ):
        data.fred("GDPC1")
    server.serve(TARGET, "no", status=403)
    with pytest.raises(SourceError, match=r"answers 403\. The server refuses"):
        data.fred("GDPC1")


def test_redirect_loop(server) -> None:
    server.misbehave(TARGET, sources.redirect_to(TARGET))
    with pytest.raises(SourceError, match="redirects in a circle"):
        data.fred("GDPC1")


def test_slow_server_is_given_up(server) -> None:
    """The whole answer takes at least eight seconds; a client that waited for it would take it."""
    stop = threading.Event()
    server.misbehave(TARGET, sources.trickle(body(), stop))
    with network(total=1.0, retries=0), pytest.raises(SourceError, match="no whole answer"):
        data.fred("GDPC1")
    stop.set()


def test_silent_server_is_given_up(server) -> None:
    """A server that says nothing until the client hangs up, or for a minute: then it answers well."""
    server.fred("GDPC1", ROWS)
    server.misbehave(TARGET, sources.silent(60.0, server.routes[TARGET]))
    with network(timeout=0.3, retries=0), pytest.raises(SourceError, match="no whole answer"):
        data.fred("GDPC1")


def test_huge_answer_is_refused(server) -> None:
    server.serve(TARGET, b"x" * 5_000_000)
    with network(max_bytes=1_000_000), pytest.raises(SourceError, match="exceeds 1 million bytes"):
        data.fred("GDPC1")


def test_cache_offline_refresh_and_expiry(server) -> None:
    server.fred("GDPC1", ROWS)
    first = data.fred("GDPC1")
    assert len(server.asked) == 1
    pd.testing.assert_frame_equal(data.fred("GDPC1"), first)
    assert len(server.asked) == 1
    server.fred("GDPC1", ROWS.replace("99", "98"))
    with network(refresh=True):
        assert data.fred("GDPC1")["GDPC1"].iloc[-1] == 98
    with network(max_age=0.0):
        data.fred("GDPC1")
    assert len(server.asked) == 3
    server.routes.clear()
    server.serve(TARGET, "down", status=503)
    with network(offline=True):
        assert data.fred("GDPC1")["GDPC1"].iloc[-1] == 98
    with network(max_age=0.0, retries=0), pytest.warns(DataWarning, match="The copy of .* is used"):
        assert data.fred("GDPC1")["GDPC1"].iloc[-1] == 98
    with network(offline=True), pytest.raises(SourceError, match="not in the cache, and offline"):
        data.fred("FEDFUNDS")


def test_read_only_cache_costs_a_warning_only(server, tmp_path: Path) -> None:
    server.fred("GDPC1", ROWS)
    (tmp_path / "taken").write_text("a file where the folder should be")
    with network(cache=tmp_path / "taken"), pytest.warns(DataWarning, match="could not be cached"):
        assert len(data.fred("GDPC1")) == 5


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(alphabet='0123456789-,.\n\r" eE+abGDPC1observation_t;<\x00é', max_size=200).map(str.encode),
        st.lists(
            st.tuples(
                st.sampled_from(["2019-01-01", "2019-04-01", "2019-07-01", "2019-1-1", "9999-99-99", ""]),
                st.sampled_from(["1", "-2.5", ".", "", "1e5", "nan", "inf", "1,000", '"3"', "x"]),
            ),
            max_size=6,
        ).map(lambda rows: b"observation_date,GDPC1\n" + "".join(f"{d},{v}\n" for d, v in rows).encode()),
    )
)
@example(b"\r\x01\r")
@example(b"observation_date,GDPC1\n2019-01-01," + b"1" * 200_000 + b"\n")
@example(b"observation_date,GDPC1\n2019-01-01,1e999\n")
def test_any_body_parses_or_is_a_source_error(content: bytes) -> None:
    try:
        found = parse_table(content, "FRED, GDPC1", "GDPC1")
    except SourceError:
        return
    import io

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = pd.read_csv(io.BytesIO(content), index_col=0, parse_dates=True, na_values=".")
    expected = frame.iloc[:, 0].to_numpy(dtype=float)
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-15)  # pandas may miss the last bit
    index = found.index.to_timestamp() if isinstance(found.index, pd.PeriodIndex) else found.index
    assert index.equals(frame.index)


def test_a_proxy_is_used(server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPSTAR_FRED_URL", "http://fred.example")
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    server.serve(f"http://fred.example{TARGET}", body())
    assert len(data.fred("GDPC1")) == 5
    assert server.asked == [f"http://fred.example{TARGET}"]


def test_a_certificate_nobody_vouches_for(tmp_path: Path, server, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is verified; the certificates a company names are taken."""
    import shutil
    import ssl
    import subprocess
    from http.server import BaseHTTPRequestHandler, HTTPServer

    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body())))
            self.end_headers()
            self.wfile.write(body())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that the client breaks off."""

    secure = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    thread = threading.Thread(target=secure.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        monkeypatch.setenv("CAPSTAR_FRED_URL", f"https://127.0.0.1:{secure.server_address[1]}")
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(SourceError, match="certificate is not trusted"):
            data.fred("GDPC1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))
        assert len(data.fred("GDPC1")) == 5
    finally:
        secure.shutdown()
        secure.server_close()
        thread.join()
