"""What each test against reference data compared, how closely: ``pytest -p golden_record --golden-record=FILE``.

A pytest plugin, off unless asked for.  It watches `numpy.testing.assert_allclose` and `pytest.approx` during the tests
that read reference data, and writes one row a case: files read, values compared, largest difference, the tolerance it
was allowed, and the share of it that was used.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

READERS = {"reference", "golden", "golden_set", "golden_fit"}  # the fixtures that give reference data
COLUMNS = (
    "module",
    "test",
    "case",
    "skipped",
    "files",
    "values",
    "largest",
    "difference",
    "allowed",
    "share",
)


@dataclass
class Row:
    """One case of a test."""

    module: str
    test: str
    case: str
    skipped: int = 0
    files: set[str] = field(default_factory=set)
    values: int = 0
    largest: float = 0.0  # difference of all
    difference: float = 0.0  # of the value that used most of its tolerance
    allowed: float = 0.0
    share: float = -1.0

    def add(self, difference: Any, allowed: Any) -> None:
        """Differences and what each was allowed, of any common shape."""
        apart, most = np.broadcast_arrays(np.abs(difference).astype(float), np.asarray(allowed, dtype=float))
        known = np.isfinite(apart) & np.isfinite(most)
        apart, most = apart[known], most[known]
        if not apart.size:
            return
        self.values += apart.size
        self.largest = max(self.largest, float(apart.max()))
        share = np.divide(apart, most, out=np.where(apart > 0, np.inf, 0.0), where=most > 0)
        at = int(share.argmax())
        if share[at] > self.share:
            self.share, self.difference, self.allowed = float(share[at]), float(apart[at]), float(most[at])

    def cells(self) -> list[Any]:
        """In the order of `COLUMNS`; numbers to two digits, which other machines share."""
        numbers = (self.largest, self.difference, self.allowed, self.share)
        shown = [f"{one:.2g}" if self.values else "" for one in numbers]
        files = " ".join(sorted(self.files))
        return [self.module, self.test, self.case, self.skipped, files, self.values, *shown]


def reads_reference_data(item: pytest.Item) -> bool:
    """Whether a test asks for reference data, directly or through other fixtures."""
    return bool(READERS & set(getattr(item, "fixturenames", ())))


class Recorder:
    """The plugin's state: a row a case."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.rows: dict[str, Row] = {}
        self.now: Row | None = None

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """The other tests are left out."""
        others = [item for item in items if not reads_reference_data(item)]
        items[:] = [item for item in items if reads_reference_data(item)]
        config.hook.pytest_deselected(items=others)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Note every file that the fixtures give."""
        space = getattr(fixturedef.func, "__globals__", {})
        given = space.get("_existing")
        if given is not None and not hasattr(given, "watched"):
            space["_existing"] = self._watched(given, (space["REFERENCE"].parent, space["ROOT"].parent))
        return (yield)

    def _watched(self, given: Any, roots: tuple[Path, ...]) -> Any:
        def existing(path: Path) -> Path:
            found: Path = given(path)
            whole = Path(os.path.normpath(found))
            root = next((one for one in roots if whole.is_relative_to(one)), whole.parent)
            if self.now is not None:
                self.now.files.add(whole.relative_to(root).as_posix())
            return found

        existing.watched = True  # type: ignore[attr-defined]
        return existing

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Function) -> Iterator[None]:
        """One test, from its fixtures to their end."""
        test = item.originalname
        name = Path(item.module.__file__).relative_to(item.config.rootpath).as_posix()
        self.now = self.rows[item.nodeid] = Row(name, test, item.name[len(test) :].strip("[]"))
        with watching(self.now):
            done = yield
        self.now = None
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that lacks its data says so."""
        if report.skipped and self.now is not None:
            self.now.skipped += 1

    def pytest_sessionfinish(self) -> None:
        """Write the table."""
        self.out.parent.mkdir(parents=True, exist_ok=True)
        with self.out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(
                row.cells() for _, row in sorted(self.rows.items()) if row.values or row.files or row.skipped
            )


class watching:  # noqa: N801
    """Every comparison made inside the block goes to a row."""

    def __init__(self, row: Row) -> None:
        self.row, self.scalar = row, type(pytest.approx(1.0))
        self.close, self.equal = np.testing.assert_allclose, self.scalar.__eq__

    def __enter__(self) -> None:
        row, close, equal = self.row, self.close, self.equal

        def assert_allclose(
            actual: Any, desired: Any, rtol: float = 1e-7, atol: float = 0, **rest: Any
        ) -> None:
            close(actual, desired, rtol, atol, **rest)
            expected = np.asarray(desired, dtype=float)
            row.add(np.asarray(actual, dtype=float) - expected, atol + rtol * np.abs(expected))

        def same_as(one: Any, actual: Any) -> bool:
            same = bool(equal(one, actual))
            if same and isinstance(one.expected, float | int) and np.isfinite(one.expected):
                row.add(np.asarray(actual, dtype=float) - one.expected, one.tolerance)
            return same

        np.testing.assert_allclose = assert_allclose
        self.scalar.__eq__ = same_as  # type: ignore[method-assign]

    def __exit__(self, *error: object) -> None:
        np.testing.assert_allclose = self.close
        self.scalar.__eq__ = self.equal  # type: ignore[method-assign]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The file to write."""
    parser.addoption(
        "--golden-record", type=Path, help="CSV of what the tests against reference data compared"
    )


def pytest_configure(config: pytest.Config) -> None:
    """On where a file is named."""
    if out := config.getoption("--golden-record"):
        config.pluginmanager.register(Recorder(Path(out).resolve()))
