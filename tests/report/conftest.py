"""The report of the study of the session, and a browser to read it in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import pytest

from capstar.report import write_report


class Extended:
    """A study with further parts, or with other ones."""

    def __init__(self, study: Any, **parts: Any) -> None:
        self._study = study
        self.__dict__ |= parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)


@pytest.fixture(scope="session")
def extended() -> type[Extended]:
    return Extended


@pytest.fixture(scope="session")
def page(study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's page, with a part that another may lack."""
    path = tmp_path_factory.mktemp("report") / "study.html"
    write_report(Extended(study, now=study.projections), path, command="capstar study --out results")
    return path


@pytest.fixture(scope="session")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Page]:
    """A page in headless Chromium; skips where there is none."""
    program = browser.found()
    if program is None:
        pytest.skip("there is no Chromium here; .ci/run installs it")
    with browser.page(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened
