"""The compiler runs once: not again for another model, and without a cache where there is no place for one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from conftest import ROOT

compiled_only = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="the compiler is off")

# A level whose lag of m - 1 quarters is observed too: m states.
MODELS = """
import numpy as np, pandas as pd
from numba.core import event
from capstar import statespace as ss

def problem(m):
    sigma_eps, sigma_eta, b = ss.params("sigma_eps sigma_eta b")
    y, x, mu, eps, eta = ss.variables("y x mu eps eta")
    seen = mu + b * y(-1) + x + (mu(1 - m) if m > 1 else 0 * mu) + eps
    spec = ss.Spec(
        name=f"{m} states", observation={"y": seen}, transition={"mu": mu(-1) + eta},
        shocks={"eps": sigma_eps, "eta": sigma_eta}, reports={"level": 1 * mu},
    )
    rng = np.random.default_rng(m)
    index = pd.period_range("2000Q1", periods=60, freq="Q")
    data = pd.DataFrame({"y": rng.normal(size=60).cumsum(), "x": rng.normal(size=60)}, index)
    states = ss.compile_spec(spec).states
    assert len(states) == m, states
    cov = pd.DataFrame(np.eye(m), states, states)
    return ss.bind(spec, data, initial_mean=dict.fromkeys(states, 0.0), initial_cov=cov)

def everything(one):
    theta = pd.Series({"sigma_eps": 0.7, "sigma_eta": 0.5, "b": 0.1})[list(one.names)]
    one.loglike(theta), one.loglike_obs(theta), one.score(theta), one.score_obs(theta), one.hessian(theta)
    ss.estimate_states(one, theta), ss.smooth_disturbances(one, theta)
    ss.simulate_states(one, theta, n_draws=2), ss.simulate_data(one, theta, own_lags=True)
    ss.diffuse_problem(one).value_and_score(theta.to_numpy())

log = []
class Listener(event.Listener):
    def on_start(self, e):
        log.append(str(e.data["dispatcher"]))
    def on_end(self, e):
        pass
event.register("numba:compile", Listener())
"""


@compiled_only
def test_a_model_of_any_size_compiles_nothing_after_the_first_fit(tmp_path: Path) -> None:
    code = MODELS + (
        "first = problem(1)\n"
        "ss.maximize(first, first.table().complete(), n_starts=1, allow_unconverged=True)\n"
        "print(len(log) > 0)\n"
        "log.clear()\n"
        "for m in (*range(1, 17), 20):\n"
        "    everything(problem(m))\n"
        "ss.maximize(problem(9), problem(9).table().complete(), n_starts=2, allow_unconverged=True)\n"
        "print(log)\n"
    )
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path)).stdout.split("\n")[:2] == ["True", "[]"]


UNUSABLE = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from capstar.kernels import terms, states, gaussian
print(len([w for w in caught if w.category.__name__ == "CacheWarning"]))
print(caught[0].message)
import numpy as np
out = np.empty(1)
terms.assemble(np.array([3.0]), np.array([0]), np.array([2.0]), np.array([[1]]), out)
print(out[0])
"""


@compiled_only
@pytest.mark.skipif(
    not hasattr(numba.config, "CACHE_LOCATOR_CLASSES"), reason="this numba cannot be told where not to look"
)
def test_no_place_for_the_cache_is_said_once_and_does_no_harm(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a directory cannot be made below a file")
    # Only the directory named by the user is tried, as where the package and the home directory are read-only.
    done = run(
        UNUSABLE,
        NUMBA_CACHE_DIR=str(blocked / "cache"),
        NUMBA_CACHE_LOCATOR_CLASSES="UserProvidedCacheLocator",
    )
    count, message, value = done.stdout.strip().split("\n")
    assert (count, value) == ("1", "6.0")
    assert str(blocked / "cache") in message
    assert "Set the environment variable NUMBA_CACHE_DIR" in message


@compiled_only
def test_cache_is_used_by_the_next_process(tmp_path: Path) -> None:
    code = (
        "from capstar.kernels import terms; import numpy as np\n"
        "terms.assemble(np.ones(1), np.array([0]), np.ones(1), np.array([[1]]), np.empty(1))\n"
        "print(sum(terms.assemble.stats.cache_hits.values()))\n"
    )
    outputs = [run(code, NUMBA_CACHE_DIR=str(tmp_path)).stdout.strip() for _ in range(2)]
    assert outputs == ["0", "1"]


KERNELS = {one.stem: one.read_text() for one in (ROOT / "models" / "capstar" / "kernels").glob("*.py")}
PLAIN = {"arrays", "compiling"}  # nothing in them is compiled


def called(module: str) -> set[str]:
    """Modules whose functions one takes, and those whose functions these take; constants are not of it."""
    taken = re.findall(r"^from capstar\.kernels\.(\w+) import (\([^)]*\)|.*)", KERNELS[module], re.M)
    direct = {name for name, what in taken if re.search(r"\b_?[a-z]", what)} - PLAIN
    return direct.union(*map(called, direct))


@pytest.mark.parametrize("module", [name for name, text in KERNELS.items() if "@kernel" in text])
def test_the_cache_notices_an_edit_of_every_file_whose_code_is_merged_in(module: str) -> None:
    held = re.findall(r"digest\(([\w, ]*)\)", KERNELS[module])
    assert called(module) <= {name.strip() for names in held for name in names.split(",")}


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code],
        capture_output=True, text=True, check=True, env=os.environ | environment,
    )  # fmt: skip
