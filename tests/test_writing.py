"""Files are written whole or not at all, by one writer, whatever is there already."""

from __future__ import annotations

import ast
import io
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from capstar import writing
from capstar.errors import CapstarError, CapstarWarning, OutputError
from capstar.reporting.summary import Summary
from capstar.writing import PENDING, csv_text, finish_folder, whole, whole_folder, write_whole

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="of POSIX systems")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("body", "stored"),
    [("r\N{MULTIPLICATION SIGN}\n", b"r\xc3\x97\n"), (b"\x00\xff", b"\x00\xff"), ("\udc80", b"\\udc80")],
)
def test_text_and_bytes(tmp_path: Path, body: str | bytes, stored: bytes) -> None:
    write_whole(tmp_path / "file", body)
    assert (tmp_path / "file").read_bytes() == stored
    assert names(tmp_path) == ["file"]


def fill(folder: Path, version: str) -> None:
    with whole_folder(folder) as new:
        for name in ("a", "b"):
            write_whole(new / name, version)


def fail(path: Path, error: BaseException) -> None:
    with whole(path) as partial:
        partial.write_text("half")
        raise error


def fail_in_folder(path: Path, error: BaseException) -> None:
    with whole_folder(path) as new:
        (new / "file").write_text("half")
        raise error


@pytest.mark.parametrize(
    ("error", "seen"),
    [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space left on device"), OutputError)],
)
def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path, error, seen) -> None:
    write_whole(tmp_path / "file", "old")
    with pytest.raises(seen):
        fail(tmp_path / "file", error)
    fill(tmp_path / "out", "old")
    with pytest.raises(seen):
        fail_in_folder(tmp_path / "out", error)
    assert (tmp_path / "file").read_text() == (tmp_path / "out" / "a").read_text() == "old"
    assert names(tmp_path) == ["file", "out"]
    assert names(tmp_path / "out") == ["a", "b"]


FULL = """
import resource, sys
from pathlib import Path
from capstar.errors import OutputError
from capstar.writing import whole_folder, write_whole

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
out = Path(sys.argv[1])
def into_folder():
    with whole_folder(out) as new:
        write_whole(new / "small", "new")
        write_whole(new / "large", "x" * 5000)
for write in (lambda: write_whole(out / "large", "x" * 5000), into_folder):
    try:
        write()
    except OutputError as error:
        print(error)
"""


@POSIX
def test_a_full_disk_leaves_the_old_files_alone(tmp_path: Path) -> None:
    for name in ("small", "large"):
        write_whole(tmp_path / name, "old")
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("cannot be written (File too large). Choose another name or folder.") == 2
    assert [(tmp_path / name).read_text() for name in names(tmp_path)] == ["old", "old"]


@pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("PDF", b"%PDF"), ("svg", b"<?xml")])
def test_the_ending_decides_the_format_of_a_figure(tmp_path: Path, ending: str, magic: bytes) -> None:
    from matplotlib.figure import Figure

    from capstar.plotting import save

    save(Figure(), tmp_path / f"figure.{ending}")
    assert (tmp_path / f"figure.{ending}").read_bytes().startswith(magic)
    assert names(tmp_path) == [f"figure.{ending}"]


@pytest.fixture
def received() -> Iterator[Callable[[Callable[[], bytes]], Callable[[], bytes]]]:
    """Starts a reader in a thread; the function it gives waits for what was read."""
    threads = []

    def start(read: Callable[[], bytes]) -> Callable[[], bytes]:
        found: list[bytes] = []
        thread = threading.Thread(target=lambda: found.append(read()), daemon=True)
        thread.start()
        threads.append(thread)

        def wait() -> bytes:
            thread.join(30)
            return found[0]

        return wait

    yield start
    assert not any(thread.is_alive() for thread in threads)


@POSIX
@pytest.mark.parametrize("linked", [False, True])
def test_a_fifo_is_written_to_and_stays(tmp_path: Path, received, linked: bool) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "link").symlink_to(fifo)
    got = received(fifo.read_bytes)
    write_whole(tmp_path / "link" if linked else fifo, "r,1\n")
    assert got() == b"r,1\n"
    assert stat.S_ISFIFO(fifo.lstat().st_mode)
    assert names(tmp_path) == ["fifo", "link"]


@POSIX
def test_a_socket_is_written_to_and_stays(tmp_path: Path, received, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        server.listen()

        def read() -> bytes:
            with server.accept()[0] as channel, channel.makefile("rb") as file:
                return file.read()

        got = received(read)
        write_whole(Path("socket"), b"body")
        assert got() == b"body"
    assert stat.S_ISSOCK(Path("socket").lstat().st_mode)


@POSIX
def test_the_standard_output_in_a_file_is_added_to(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from capstar.writing import write_whole\n"
    code += "print('first', flush=True); write_whole(Path('/dev/stdout'), 'table\\n'); print('last')"
    with (tmp_path / "out").open("w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "first\ntable\nlast\n"


@POSIX
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed(tmp_path: Path, there: bool) -> None:
    target = tmp_path / "elsewhere" / "target"
    target.parent.mkdir()
    if there:
        target.write_text("old")
    (tmp_path / "link").symlink_to(target)
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert target.read_text() == "new"
    assert names(target.parent) == ["target"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("folder", "it is a folder. Give the name of a file."),
        ("none/file", "(No such file or directory). Choose another name or folder."),
        ("file/below", "(Not a directory). Choose another name or folder."),
        ("n" * 300, "(File name too long). Choose another name or folder."),
    ],
)
def test_what_cannot_be_written_is_told_in_a_sentence(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    write_whole(tmp_path / "file", "old")
    with pytest.raises(OutputError) as told:
        write_whole(tmp_path / path, "new")
    assert str(told.value).startswith(f"{tmp_path / path}: cannot be written")
    assert str(told.value).endswith(said)
    assert names(tmp_path) == ["file", "folder"]
    with (
        pytest.raises(OutputError, match=r"it is a file\. Give the name of a folder"),
        whole_folder(tmp_path / "file"),
    ):
        pass


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    kept, fresh = tmp_path / "kept", tmp_path / "fresh"
    kept.write_text("old")
    kept.chmod(mode)
    before = os.umask(0o027)
    try:
        write_whole(kept, "new")
        write_whole(fresh, "new")
        with whole_folder(tmp_path) as new:
            write_whole(new / "kept", "newer")
        with whole_folder(tmp_path / "made") as new:
            write_whole(new / "file", "new")
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (kept, fresh, fresh.parent / "made")}
    assert modes == {kept: mode, fresh: 0o640, fresh.parent / "made": 0o750}
    assert kept.read_text() == "newer"


@POSIX
def test_a_link_planted_at_the_temporary_name_is_not_followed(tmp_path: Path, monkeypatch) -> None:
    """Even were the name known."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    tokens = iter(["ab" * 8, "cd" * 8])
    monkeypatch.setattr(writing.secrets, "token_hex", lambda _: next(tokens))
    (tmp_path / f".file.{'ab' * 8}.partial").symlink_to(victim)
    with pytest.raises(OutputError, match="File exists"):
        write_whole(tmp_path / "file", "new")
    assert victim.read_text() == "precious"
    write_whole(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"


def standing_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def with_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "own").mkdir()


def without_exchange(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_HERE", -1)  # no folder: the system refuses


def as_ever(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pass


@pytest.mark.parametrize("prepare", [as_ever, standing_in, with_a_folder, without_exchange])
def test_a_folder_keeps_what_else_is_in_it(tmp_path: Path, monkeypatch, prepare) -> None:
    out = tmp_path / "deep" / "out"
    fill(out, "old")
    write_whole(out / "notes", "mine")
    prepare(out, monkeypatch)
    before = names(out)
    fill(out, "new")
    assert names(out) == before
    assert [(out / name).read_text() for name in ("a", "b", "notes")] == ["new", "new", "mine"]
    assert names(out.parent) == ["out"]


@POSIX
def test_links_within_a_folder_are_followed_and_folders_refused(tmp_path: Path) -> None:
    out, target = tmp_path / "out", tmp_path / "target"
    fill(out, "old")
    (out / "a").unlink()
    (out / "a").symlink_to(target)
    fill(out, "new")
    assert (out / "a").is_symlink()
    assert target.read_text() == "new"
    (out / "b").unlink()
    (out / "b").mkdir()
    with pytest.raises(OutputError, match="b: cannot be written: it is a folder"):
        fill(out, "newer")
    assert target.read_text() == "new"
    (tmp_path / "link").symlink_to(out)
    (out / "b").rmdir()
    fill(tmp_path / "link", "newest")
    assert (out / "b").read_text() == "newest"
    assert (tmp_path / "link").is_symlink()


def test_what_a_killed_process_had_written_whole_takes_its_place(tmp_path: Path) -> None:
    fill(tmp_path, "old")
    (tmp_path / PENDING).mkdir()
    (tmp_path / PENDING / "b").write_text("new")
    finish_folder(tmp_path)
    assert [(tmp_path / name).read_text() for name in ("a", "b")] == ["old", "new"]
    assert names(tmp_path) == ["a", "b"]


FORMULAS = [
    "=1+1",
    "+1",
    "-cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "a\r=1",
    "\N{FULLWIDTH EQUALS SIGN}1",
]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_no_text_in_csv_is_a_formula(text: str, kind) -> None:
    index = pd.MultiIndex.from_tuples([(text, 1), ("plain", -1)], names=[text, "n"])
    table = pd.DataFrame({text: pd.array([text, "plain"], dtype=kind), "number": [-1.5, np.nan]}, index)
    cells = pd.read_csv(io.StringIO(csv_text(table)), header=None, dtype=str, keep_default_na=False)
    shown = ("" if text[0] == "a" else "'") + text.replace("\r", "\n")
    assert cells.to_numpy().tolist() == [
        [shown, "n", shown, "number"],
        [shown, "1", shown, "-1.5"],
        ["plain", "-1", "plain", ""],
    ]
    summary = Summary(text, {text: table.reset_index(drop=True).set_axis([text, "n"], axis=1)})
    assert f",{text}" not in summary.as_csv()


def test_other_tables_are_written_as_pandas_does() -> None:
    quarters = pd.period_range("2000Q1", periods=2, freq="Q", name="date")
    tables = [
        pd.DataFrame(
            {"x": [-1.0, 2.0], "day": pd.to_datetime(["2000-01-01", None]), "ok": [True, False]}, quarters
        ),
        pd.DataFrame([[1, "a"], [-2, None]], columns=pd.MultiIndex.from_tuples([("p", 1), ("p", 2)])),
        pd.DataFrame({"a": []}),
        pd.DataFrame({0: [1.0], 0.5: [2]}, pd.Index([-3], name="k")),
        pd.DataFrame([[1.0, "x"]], columns=["same", "same"]),
    ]
    for table in tables:
        assert csv_text(table, float_format="%.3g") == table.to_csv(float_format="%.3g")


def test_messages_and_summaries_cannot_steer_a_terminal() -> None:
    name = "gdp\x1b]0;owned\x07\x1b[2J\u202e\x9b31m\r"
    shown = r"gdp\x1b]0;owned\x07\x1b[2J\u202e\x9b31m\r"
    for message in (
        CapstarError(f"{name}: bad"),
        OutputError(f"{name}: bad"),
        CapstarWarning(f"{name}: bad"),
    ):
        assert str(message) == f"{shown}: bad"
    text = str(Summary(name, {name: pd.DataFrame({name: [name]}, [name])}, (name,)))
    assert "\x1b" not in text
    assert text.count(shown) == 6
    assert (
        Summary("r\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}\N{GREEK SMALL LETTER PI}")
        .as_text()
        .startswith("r×\xa0π")
    )


PLACES = {"partial", "buffer"}  # what `whole` gives, and memory
WRITERS = {"write_text", "write_bytes", "savefig", "to_parquet", "to_excel", "to_feather", "to_pickle", "to_json",
           "to_html", "to_latex", "to_stata", "to_hdf", "to_csv", "savetxt", "savez", "tofile", "dump"}  # fmt: skip
MOVERS = {"os.replace", "os.rename", "shutil.copy", "shutil.copyfile", "shutil.move", "np.save"}


def written_elsewhere(source: str) -> list[int]:
    """Lines of a module that write or move files by themselves."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            given = [ast.unparse(one) for one in (*node.args, *(pair.value for pair in node.keywords))]
            name = ast.unparse(node.func)
            opened = name.split(".")[-1] == "open" and any(
                set(one) & set("wax+") for one in given if one[0] in "'\""
            )
            by_name = name.split(".")[-1] in WRITERS and "." in name and not PLACES & set(given)
            if opened or by_name or name in MOVERS:
                found.append(node.lineno)
    return found


@pytest.mark.parametrize("line", ["t.to_csv(p)", "f.savefig('a.png')", "open('a', 'w')", "p.open(mode='ab')",
                                  "p.write_text('')", "os.replace(a, b)"])  # fmt: skip
def test_each_manner_of_writing_is_found(line: str) -> None:
    assert written_elsewhere(line) == [1]
    assert written_elsewhere("p.open('rb'); f.savefig(buffer); t.to_parquet(partial)") == []


def test_one_module_writes() -> None:
    modules = [*(ROOT / "models").rglob("*.py"), *(ROOT / "research").rglob("*.py")]
    assert len(modules) > 150
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules
        if path.name != "writing.py"
        for line in written_elsewhere(path.read_text(encoding="utf-8"))
    }
    assert found == set()
