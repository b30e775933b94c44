"""Buncic (2021): lambda_z of Holston, Laubach and Williams (2017) with its second stage corrected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from research.comparison import run

import capstar as cs
from capstar.rstar import RStarResults
from capstar.statespace import InitialState, Problem, Spec, StateSpaceResults

HERE = Path(__file__).parent
MODEL = cs.rstar.HLW2017
FUNCTIONALS = ("L", "MW", "EW", "QLR")
FILES = {"US": "hlw2017/us_input.csv", "CA": "hlw2017/ca_input.csv"}
RELEASE = "hlw_published/us_2019q2_input.csv"


class Estimates(NamedTuple):
    """Of one economy: as in 2017, lambda_z corrected, by maximum likelihood; the second stage and the breaks."""

    published: RStarResults
    corrected: RStarResults
    likelihood: RStarResults
    stage2: StateSpaceResults
    breaks: dict[str, pd.DataFrame]


def full_model_less_z(spec: Spec) -> Spec:
    """The equations of stage 3 without z: the mean of their IS residual breaks where that of ``-a_r z`` does."""
    transition = {name: rhs for name, rhs in spec.transition.items() if name != "z"}
    shocks = {name: sd for name, sd in spec.shocks.items() if name != "e_z"}
    reports = {name: rhs for name, rhs in spec.reports.items() if name != "z"}
    layout = tuple(slot for slot in spec.layout if slot[0] != "z")
    return replace(spec, transition=transition, shocks=shocks, reports=reports, layout=layout).without(["z"])


def estimate(data: pd.DataFrame) -> Estimates:
    """As the paper's program does: sigma_g by maximum likelihood in stages 2 and 3, from the initial states of 2017."""
    published = MODEL.fit(data)
    _, second, third = published.stages.estimated
    before = _state_before(third.problem, third.states.states())
    known = pd.concat([third.ml.params, second.ml.params[["a_0", "a_g"]]])
    free = _fitted(
        second.problem.spec, published, known, _state_before(second.problem, second.states.states())
    )
    stage2 = _fitted(full_model_less_z(MODEL.spec()), published, known, before)
    breaks = {
        "published": breaks_in(second.problem.spec, published.data, second.states.states(), second.ml.params),
        "sigma_g by ML": breaks_in(free.problem.spec, published.data, free.states(), free.all_params),
        "corrected": breaks_in(stage2.problem.spec, published.data, stage2.states(), stage2.all_params),
    }
    held = {"lambda_z": float(breaks["corrected"].loc["EW", "lambda_z mean"])}
    corrected = MODEL.fit(data, signal_to_noise="ML", initial=before, fixed=held)
    likelihood = MODEL.fit(data, signal_to_noise="ML", initial=before)
    return Estimates(published, corrected, likelihood, stage2, breaks)


def _state_before(problem: Problem, states: pd.DataFrame) -> InitialState:
    names = list(states)
    mean = pd.Series(np.asarray(problem.initial_mean), names)
    return InitialState(mean, pd.DataFrame(problem.initial_cov, names, names))


def _fitted(spec: Spec, published: RStarResults, known: pd.Series, before: InitialState) -> StateSpaceResults:
    """A second stage with lambda_g estimated with the rest."""
    start = known.drop("c", errors="ignore")
    start = start[start.index.isin(cs.statespace.compile_spec(spec).param_names)]
    return cs.statespace.fit(
        spec, published.data, start=published.start, initial=before, start_params=start, progress=False
    )


def breaks_in(spec: Spec, data: pd.DataFrame, states: pd.DataFrame, params: pd.Series) -> pd.DataFrame:
    """Statistics and lambda_z of the break in the IS curve.

    Columns ``regression``: every coefficient estimated anew at every date, as Holston, Laubach and Williams do;
    ``mean``: the mean of the residual at the estimates, as Stock and Watson do; and ``lambda_z`` of each.
    """
    held = params[params.index == "c"].to_dict()
    given = {"data": data, "states": states, "index": states.index}
    every = cs.statespace.regression(spec, "y", **given, values=held)
    residual = cs.statespace.regression(spec, "y", **given, values=params.to_dict()).y
    tests = {
        "regression": cs.rstar.break_statistics(every.y, every.X),
        "mean": cs.rstar.break_statistics(residual, np.ones((len(residual), 1))),
    }
    out = pd.DataFrame({n: {k: b.value(k) for k in ("MW", "EW", "QLR")} for n, b in tests.items()})
    out.loc["L", "mean"] = tests["mean"].value("L")
    for name in tests:
        read = {k: cs.rstar.median_unbiased_lambda(v, k) for k, v in out[name].dropna().items()}
        out[f"lambda_z {name}"] = pd.Series(read) / len(residual)
    return out


def parameters(fit: RStarResults | StateSpaceResults) -> dict[str, float]:
    """Parameters, log-likelihood and the standard deviations of the trends' shocks, those of g a quarter."""
    out = {**fit.all_params.to_dict(), "log_likelihood": fit.llf}
    out["sigma_g"] = out["lambda_g"] * out["sigma_ystar"]
    out["sigma_z"] = abs(out.get("lambda_z", 0.0) * out["sigma_ygap"] / out["a_r"])
    return out


def _by_table(economy: str, found: Estimates) -> dict[str, dict[str, float]]:
    """Our figures by the name of the published table."""
    out = {
        "stage 2 corrected": parameters(found.stage2),
        "stage 3 lambda_z corrected": parameters(found.corrected),
        "stage 3 maximum likelihood": parameters(found.likelihood),
    }
    for test in ("regression", "mean"):
        for model, table in found.breaks.items():
            rows = {f"{k}: {model}": v for k, v in table[test].items()}
            rows |= {f"lambda_z {k}: {model}": v for k, v in table[f"lambda_z {test}"].items()}
            out[f"break in the {test}"] = {**out.get(f"break in the {test}", {}), **rows}
    return {f"{economy}_results.txt, {name}": rows for name, rows in out.items()}


def _of_abstracts(found: dict[str, Estimates], release: Estimates) -> dict[str, dict[str, float]]:
    us, mean = found["US"], "lambda_z mean"
    larger = us.corrected.rstar.filtered - us.published.rstar.filtered
    return {
        "abstract of 2103.16452": {
            "US: lambda_z, stage 2 of 2017": us.breaks["sigma_g by ML"].loc["EW", "lambda_z regression"],
            "US: lambda_z, corrected": us.breaks["corrected"].loc["EW", mean],
            "CA: lambda_z, corrected": found["CA"].breaks["corrected"].loc["EW", mean],
            "US: r* corrected less r* of 2017, largest": larger.max(),
        },
        "abstract of 2002.11583, first version": {
            "US: r* in 2019Q2, of 2017": release.published.rstar.filtered.iloc[-1],
            "US: r* in 2019Q2, corrected": release.corrected.rstar.filtered.iloc[-1],
        },
    }


def ways(data: pd.DataFrame, found: Estimates) -> pd.DataFrame:
    """One-sided r* of the last quarter by where lambda_g and lambda_z come from."""
    lambda_g = {"lambda_g": found.published.lambda_g}
    fits = {
        "as published in 2017": found.published,
        'MODEL.edit(stage2="buncic"): lambda_g from stage 1': MODEL.edit(stage2="buncic").fit(data),
        "the paper's lambda_z, lambda_g from stage 1": MODEL.fit(
            data, fixed={"lambda_z": found.corrected.lambda_z, **lambda_g}
        ),
        "the paper: lambda_g by maximum likelihood": found.corrected,
        "both by maximum likelihood": found.likelihood,
    }
    of_2017 = found.published.rstar.filtered
    rows = {
        name: {
            "lambda_g": fit.lambda_g, "lambda_z": fit.lambda_z, "log-likelihood": fit.llf,
            "r* in the last quarter": fit.rstar.filtered.iloc[-1],
            "largest increase": (fit.rstar.filtered - of_2017).max(),
        }
        for name, fit in fits.items()
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def reproduce(folder: Path) -> dict[str, pd.DataFrame]:
    """Published and our figures by the table they stand in, and r* by where the ratios come from."""
    data = {name: cs.data.read_input(folder / file) for name, file in FILES.items()}
    found = {name: estimate(table) for name, table in data.items()}
    ours = _of_abstracts(found, estimate(cs.data.read_input(folder / RELEASE)))
    for name, one in found.items():
        ours |= _by_table(name, one)
    out = {}
    for heading, rows in pd.read_csv(HERE / "published.csv").groupby("table", sort=False):
        table = rows.set_index("quantity")[["published", "tolerance"]]
        table.insert(1, "ours", [ours[str(heading)][str(quantity)] for quantity in table.index])
        out[str(heading)] = table
    return out | {f"One-sided r*, {name}": ways(data[name], one) for name, one in found.items()}


if __name__ == "__main__":
    run(reproduce, __doc__ or "")
