"""Seconds to draw each result's figure and write it, aimed at under 2."""

from __future__ import annotations

import io

import pytest
from result_examples import every_example

from capstar.reporting import Result

EXAMPLES = every_example()


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda one: one.__qualname__)
def test_a_figure(benchmark, timed, fastest, kind: type[Result]) -> None:
    """What is written is a picture; under ``make test`` the gallery looks at all, and here at the cheapest."""
    if not timed and kind.__module__ != "capstar.leads.inference.ivx":
        pytest.skip("tests/reporting/test_gallery.py draws it")
    result = EXAMPLES[kind]()

    def write() -> bytes:
        file = io.BytesIO()
        result.plot().savefig(file, format="svg")
        return file.getvalue()

    assert benchmark.pedantic(write, rounds=3 if timed else 1).endswith(b"</svg>\n")
    if timed:
        print(f"\n{kind.__qualname__:28} {fastest(write, repeat=1):6.2f} s, aimed at 2")
