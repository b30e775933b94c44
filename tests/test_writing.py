"""Files are written whole or not at all, whatever writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from capstar.writing import whole, write_whole


@pytest.mark.parametrize(
    ("body", "stored"), [("r\N{MULTIPLICATION SIGN}\n", b"r\xc3\x97\n"), (b"\x00\xff", b"\x00\xff")]
)
def test_text_and_bytes(tmp_path: Path, body: str | bytes, stored: bytes) -> None:
    write_whole(tmp_path / "file", body)
    assert (tmp_path / "file").read_bytes() == stored
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def interrupted(path: Path) -> None:
    with whole(path) as partial:
        partial.write_text("half")
        raise KeyboardInterrupt


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "old")
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("PDF", b"%PDF"), ("svg", b"<?xml")])
def test_the_ending_decides_the_format_of_a_figure(tmp_path: Path, ending: str, magic: bytes) -> None:
    from matplotlib.figure import Figure

    from capstar.plotting import save

    save(Figure(), tmp_path / f"figure.{ending}")
    assert (tmp_path / f"figure.{ending}").read_bytes().startswith(magic)
    assert [path.name for path in tmp_path.iterdir()] == [f"figure.{ending}"]
