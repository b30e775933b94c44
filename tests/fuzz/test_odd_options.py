"""Odd options and odd files of every command: refused in a sentence or understood, never a traceback."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz import valid_tables
from fuzz.command_runs import run, told
from fuzz.odd_files import HUGE, MANIFESTS, odd_files

LONG = "x" * 5000
INTEGERS = ("-1", HUGE, "nan", "inf", "1.5", "1e3", "abc", "", "0x10", "--", "1/2", "True", "9" * 5000)
DATES = (
    "zz",
    "",
    "1960Q5",
    "19600",
    "0000Q1",
    "2020-13-01",
    HUGE,
    LONG,
    "NaT",
    "nan",
    "1960",
    "Ünicode 💥",
    "-1",
    "31.03.1960",
)
DAYS = (
    "zz",
    "",
    "2008Q3",
    "2008-02-30",
    "2999-01-01",
    "0001-01-01",
    HUGE,
    LONG,
    "nan",
    "20080430T",
    "１９９９-01-01",
)
FIXES = (
    "c", "c=", "=1", "=", "c=x", "c=nan", "c=inf", "c=-inf", f"c={HUGE}", "c=1_0", "c=1e400", "c=0x1", "rho=1",
    f"{LONG}=1",
    "c==1", "", "c=1,5", "💥=1", "sigma_pi=0", "sigma_pi=-1", "lambda_g=-1", "lambda_z=-0.1", "sigma_ystar=0", "a_r=1",
)  # fmt: skip
SETS = (
    "", "=", "window", "window=", "=1", "window=x", "window=1.5", "window=nan", "window=inf", "window=0", "window=-1",
    f"window={HUGE}", "window=1e400", "window==1", "window=1_0", "window=0x10", "window=true", "weight=0.9",
    "nonsense=1", "seed=1", "units=fraction", f"{LONG}=1", f"window={LONG}", "💥=1", "list=1", "options=1", "name=x",
)  # fmt: skip
MISSING = (
    "x:y",
    ":",
    "2008Q3:",
    ":2008Q3",
    "2009Q1:2008Q1",
    "2008Q5",
    LONG,
    HUGE,
    "2008",
    "a:b:c",
    "1700Q1:1700Q2",
    "",
)
COLUMNS = ("nu", LONG, "💥", "date", "None", "", "\x1b[31m", "gap ")
HORIZONS = (
    "one",
    "0",
    "-1",
    "1,,2",
    "1.5",
    "1e2",
    HUGE,
    "nan",
    ",",
    "",
    "1,1",
    "999999",
    "401",
    "80",
    "1;2",
    LONG,
    "１",
    "inf",
)
COUNTRIES = ("atlantis", "", LONG, "💥", "us,ca", "None")
MODELS = ("hlw1999", "", LONG, "💥", "HLW2017 ", "../hlw2017", "None", "hlw2017,hlw2023")
PICTURES = (
    "r.xyz",
    "r",
    "r.",
    ".png",
    "r.png.",
    "no/where.png",
    "folder",
    "r.csv",
    f"{LONG}.png",
    "r.💥",
    "r.exe",
)
OUTPUTS = ("no/where.csv", "folder", LONG, "macro.csv/x.csv", "", "folder/")
FOLDERS = ("macro.csv", "macro.csv/sub", LONG, "")
SERIES = (
    "zz", "fred", "fred:", ":GDP", ":", "fred:GDP:X", "frd:GDP", "fred:💥", f"fred:{LONG}", LONG, "", "fred:../x",
    "alfred:GDP",
    "alfred:GDP@", "alfred:GDP@zz", "alfred:GDP@2999-01-01", "fred:GDP?x=1", "us_hlw ", "french:",
    "french:zz/../..", "nyfed:zz",
)  # fmt: skip
RSTAR = ("rstar", "--input", "macro.csv", "--model", "hlw2017")
LEAD = (
    "lead",
    "--gap",
    "gap.csv",
    "--returns",
    "returns.csv",
    "--replications",
    "99",
    "--horizons",
    "1",
    "--start",
    "none",
)
MARKET = ("market", "--prices", "prices.csv")
INDEX = ("index", "--prices", "index_prices.csv", "--shares", "index_shares.csv", "--out", "out")


def refused() -> Iterator[tuple[str, ...]]:
    """Calls that cannot be meant: each ends with 2 before any work."""
    for flag, values in {
        "--start": DATES, "--end": DATES, "--as-of": DAYS, "--fix": FIXES, "--missing": MISSING,
        "--country": COUNTRIES,
        "--seed": INTEGERS, "--se": INTEGERS, "--plot": PICTURES, "--csv": OUTPUTS, "--json": OUTPUTS,
        "--signal-to-noise": ("", "ew?", LONG), "--stage2": ("", "3"), "--initial": ("", "zz"), "--nonsense": ("1",),
    }.items():  # fmt: skip
        yield from ((*RSTAR, flag, value) for value in values)
    yield from (("rstar", "--input", "macro.csv", "--model", value) for value in MODELS)
    average = ("rstar", "--input", "macro.csv", "--model", "moving-average", "--set")
    yield from ((*average, value) for value in SETS)
    yield (*average, "window=20", "--set", "window=30")
    yield from (
        ("rstar", "--input", value)
        for value in ("", "none.csv", "folder", LONG, "💥", "EMBEDDED", "fred.csv", "-")
    )
    yield (*RSTAR, "--csv", "a.csv", "--json", "a.csv")
    yield (*RSTAR, "--csv", "macro.csv")
    yield (*RSTAR, "--json", "./macro.csv")
    yield (*RSTAR, "--fix", "c=1", "--fix", "c=2")
    yield (*RSTAR, "--start", "2000Q1", "--end", "1990Q1")
    yield (*RSTAR, "--start", "2008Q1")
    yield (*RSTAR, "--end", "2199Q4")
    for flag, values in {
        "--portfolio": COLUMNS, "--column": COLUMNS, "--benchmark": COLUMNS, "--horizons": HORIZONS,
        "--seed": INTEGERS,
        "--replications": (*INTEGERS, "0", "98"), "--publication-lag": (*INTEGERS, "99"), "--out": FOLDERS,
        "--start": [date for date in DATES if date != ""], "--units": ("", "pct", LONG), "--information": ("",
        "real time"),
        "--gap": ("", "folder", "none.csv", LONG, "macro.csv", "prices.csv"), "--returns": ("", "folder",
        "none.csv", LONG),
    }.items():  # fmt: skip
        yield from ((*LEAD, flag, value) for value in values)
    for flag, values in {"--plot": PICTURES, "--bars": (*INTEGERS, "0", "1")}.items():
        yield from ((*MARKET, flag, value) for value in values)
    yield from (("market", "--prices", value) for value in ("", "folder", "none.csv", LONG, "gap.csv"))
    for flag, values in {
        "--screen": (*FIXES[:17], "zz=1", "min_price=x"), "--weighting": ("", "zz", LONG, "💥"), "--rules": ("",
        "sp500"),
        "--stale-days": (*INTEGERS, "99999"), "--out": FOLDERS, "--actions": ("", "folder", "none.csv", "gap.csv"),
        "--prices": ("", "none.csv", "gap.csv", LONG), "--shares": ("", "folder", "none.csv", "gap.csv", LONG),
    }.items():  # fmt: skip
        yield from ((*INDEX, flag, value) for value in values)
    for flag, values in {
        "--replications": (*INTEGERS, "5"), "--workers": (*INTEGERS, "0", "100000"), "--model": MODELS,
        "--out": FOLDERS,
        "--input": ("", "none.csv", "folder", LONG), "--returns": ("", "none.csv", "macro.csv", "folder", LONG),
        "--vintages": ("", "zz", "macro.csv", "folder", LONG), "--country": ("", "zz", "japan", LONG), "--as-of": DAYS,
        "--units": ("", "zz", "log_gdp", LONG),
    }.items():  # fmt: skip
        yield from (("study", flag, value) for value in values)
    yield from (("data", "fetch", value, "--out", "x.csv", "--offline") for value in SERIES)
    for flag, values in {
        "--start": DATES[:10],
        "--end": DATES[:10],
        "--as-of": DAYS,
        "--out": OUTPUTS,
    }.items():
        yield from (
            ("data", "fetch", "us_hlw", "--out", "x.csv", "--offline", flag, value)
            for value in values
            if (flag, value) != ("--start", "1960")
        )
    yield from (("data", "check", value) for value in ("", "folder", "none.csv", LONG, "💥"))
    yield from (("data", "cache", value) for value in ("", "zz", LONG, "-1"))
    yield from (("data", "snapshot", value) for value in ("", "macro.csv", "macro.csv/sub"))
    yield from (("data", "snapshot", "new", "--offline", "--also", value) for value in SERIES)
    yield from (("data", "snapshot", "new", "--input", value) for value in ("", "zz"))
    yield from ((one,) for one in ("zz", "", LONG, "--nonsense", "💥"))
    yield from (("data", one) for one in ("zz", "", "--nonsense"))
    yield from ((one,) for one in ("lead", "market", "index", "rstar"))


READERS = {
    "rstar": ("rstar", "--input", "{}"), "check": ("data", "check", "{}"), "gap": (*LEAD, "--gap", "{}"),
    "returns": (*LEAD, "--returns", "{}"), "prices": ("market", "--prices", "{}"), "index_prices": (*INDEX,
    "--prices", "{}"),
    "index_shares": (*INDEX, "--shares", "{}"), "index_actions": (*INDEX, "--actions", "{}"),
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a valid file of every kind and a folder, and an empty cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAPSTAR_CACHE", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    monkeypatch.delenv("CAPSTAR_DEBUG", raising=False)
    for name, build in valid_tables.TABLES.items():
        build().to_csv(tmp_path / f"{name}.csv", index=False)
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_odd_options_are_refused_in_a_sentence(place: Path) -> None:
    calls = list(refused())
    assert len(calls) > 500
    wrong = []
    for call in calls:
        one = run(call, place)
        if one.faults or one.code != 2:
            wrong.append(told(one))
    assert not wrong, f"{len(wrong)} of {len(calls)}:\n" + "\n".join(wrong[:40])


def test_odd_files_are_refused_or_read(place: Path) -> None:
    files = dict(odd_files())
    for name, body in files.items():
        (place / "folder" / name).write_bytes(body)
    calls = [
        tuple(part.format(f"folder/{name}") for part in call)
        for name, call in itertools.product(files, READERS.values())
    ]
    assert len(calls) > 400
    wrong = [told(one) for call in calls if (one := run(call, place)).faults]
    assert not wrong, f"{len(wrong)} of {len(calls)}:\n" + "\n".join(wrong[:40])


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_odd_snapshots_are_refused(manifest: str, place: Path) -> None:
    (place / "folder" / "m.csv").write_bytes((place / "macro.csv").read_bytes())
    digest = hashlib.sha256((place / "macro.csv").read_bytes()).hexdigest()
    text = MANIFESTS[manifest].replace("SHA", digest)
    (place / "folder" / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    one = run(("study", "--input", "folder", "--replications", "0"), place)
    assert one.code == 2, told(one)
    assert not one.faults, told(one)
