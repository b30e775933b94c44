"""Fixtures shared by all tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine, however slow it is.
settings.register_profile(
    "capstar", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("capstar")

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(os.environ.get("CAPSTAR_REFERENCE", ROOT.parent / "shared" / "reference"))
GOLDEN = REFERENCE.parent / "golden"
GOLDEN_SETS = ("hlw2017_us_2019q4", "hlw2017_ca_2019q4", "hlw2023_us_2023q2", "lw2023_us_2023q2")


def _existing(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"reference data absent: {path}")
    return path


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Path]:
    """Path of a file of the reference data; skips where it is absent."""
    return lambda name: _existing(REFERENCE / name)


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Path]:
    """Path of a golden result; skips where it is absent."""
    return lambda name: _existing(GOLDEN / name)


@pytest.fixture(autouse=True)
def _no_global_randomness() -> Iterator[None]:
    before = np.random.get_state()  # noqa: NPY002
    yield
    after = np.random.get_state()  # noqa: NPY002
    assert np.array_equal(before[1], after[1]), "the test moved NumPy's global random state"
    assert before[2] == after[2], "the test moved NumPy's global random state"


@dataclass(frozen=True)
class GoldenSet:
    """One model and country: what the New York Fed's R code gives, and its input."""

    name: str
    numbers: dict[str, Any]
    data: pd.DataFrame

    @property
    def model(self) -> Any:
        """The model it belongs to."""
        from capstar import rstar

        return getattr(rstar, self.name.split("_")[0].upper())

    def params(self, stage: int, run: str = "converged") -> dict[str, float]:
        """Every parameter of a stage by name, fixed ones included."""
        names = self.numbers["r_run"]["stages"][f"stage{stage}"]["parameters"]
        values = self.numbers[run]["stages"][f"stage{stage}"]["theta"]
        out = dict(zip(names, values, strict=True)) | dict(self.model.variant.fixed)
        return out | {name: self.numbers[run][name] for name in ("lambda_g", "lambda_z")}

    def problem(self, stage: int, run: str = "converged", data: pd.DataFrame | None = None) -> Any:
        """The stage's likelihood at the golden initial state."""
        from capstar.statespace import bind

        spec = self.model.spec(stage)
        initial = self.numbers[run]["stages"][f"stage{stage}"]
        mean = dict(zip(spec.state_slots(), initial["xi00"], strict=True))
        start, end = self.numbers["sample"]
        frame = self.frame if data is None else data
        return bind(spec, frame, initial_mean=mean, initial_cov=initial["P00"], start=start, end=end)

    @property
    def frame(self) -> pd.DataFrame:
        """Input by the model's names."""
        d = self.data
        out = pd.DataFrame(
            {"y": 100 * d["log_gdp"], "pi": d["inflation"], "r": d["interest_rate"] - d["expected_inflation"]}
        )
        if "covid_index" in d:
            out["d"] = d["covid_index"]
        if "oil_price_inflation" in d:
            out["oil"] = d["oil_price_inflation"] - d["inflation"]
            out["imports"] = d["import_price_inflation"] - d["inflation"]
        return out


@pytest.fixture(scope="session")
def golden_set() -> Callable[[str], GoldenSet]:
    """Golden numbers and input of ``NAME``."""
    from capstar.data import read_input

    def load(name: str) -> GoldenSet:
        numbers = json.loads(_existing(GOLDEN / f"{name}.json").read_text())
        return GoldenSet(name, numbers, read_input(_existing(GOLDEN / numbers["input_file"])))

    return load


@pytest.fixture(scope="session")
def golden_fit(golden_set: Callable[[str], GoldenSet]) -> Callable[[str], Any]:
    """Our three-stage estimate on the input of a golden set, computed once a session."""
    fits: dict[str, Any] = {}

    def fit(name: str) -> Any:
        if name not in fits:
            one = golden_set(name)
            fits[name] = one.model.fit(one.data, *one.numbers["sample"])
        return fits[name]

    return fit


@pytest.fixture(scope="session")
def embedded_fit() -> Any:
    """HLW 2017 on the embedded US data."""
    from capstar import data, rstar

    return rstar.HLW2017.fit(data.us_macro())


@pytest.fixture(scope="session")
def study() -> Any:
    """The main job on the embedded data, with few replications, run once a session."""
    from capstar.study import run

    return run(n_replications=99, n_workers=2)


def load_module(path: Path) -> ModuleType:
    """Import a file by its path."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def vintages(reference) -> Callable[[str], Any]:
    """A real-time matrix of the Philadelphia Fed by the name of its reference table, days in mid-quarter."""

    def read(name: str) -> Any:
        from capstar.data import Vintages

        table = pd.read_csv(reference(f"vintages/{name}.csv"), index_col=0)
        days = [pd.Period(q, freq="Q").start_time + pd.DateOffset(months=1, days=14) for q in table.columns]
        table.columns = pd.DatetimeIndex(days)
        table.index = pd.PeriodIndex(table.index, freq="Q", name="date")
        return Vintages(table, {"series_id": name})

    return read
