"""Summary tables of an estimation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.reporting import Summary
from capstar.rstar.laubach_williams import outliers
from capstar.rstar.laubach_williams.estimates import StateUncertainty, ThreeStageEstimates
from capstar.rstar.laubach_williams.identification import PileUp

_ERRORS_TITLE = "Standard errors of the states, parameter uncertainty included"
_ERRORS = (
    "std err: inverse of the outer product of scores, as the published code; sandwich: Hessian sandwich."
)
_KNOWN = "States at known parameters; parameter uncertainty comes on top."
_CHECKS = (
    "gradient in standard errors of the parameters; curvature: smallest eigenvalue of minus the Hessian with a "
    "unit diagonal."
)


def summarize(results: ThreeStageEstimates, found: PileUp | None) -> Summary:
    """Build the summary of an estimation and its pile-up check, where its equations allow one."""
    errors = {} if results.uncertainty is None else {_ERRORS_TITLE: _standard_errors(results.uncertainty)}
    return Summary(
        title=f"{results.model_name}: natural rate of interest, {results.start}-{results.end}, "
        f"{results.nobs} quarters",
        tables={
            "Parameters (stage 3)": _parameters(results),
            "Stages": _stages(results),
            f"Latest quarter ({results.end}), percent": _latest(results),
            **errors,
        },
        notes=_notes(results, found),
    )


def _parameters(results: ThreeStageEstimates) -> pd.DataFrame:
    ml, known = results.stages.stage3.ml, results.stages.stage3.problem.model.parameters
    told_by_stages = {1: "lambda_g", 2: "lambda_z"}
    hidden = {
        told_by_stages[stage.stage] for stage in results.stages.estimated if stage.stage in told_by_stages
    }
    names = [str(name) for name in ml.params.index if name not in hidden]
    table = pd.DataFrame({"estimate": ml.params[names]})
    table["std err"] = results.bse.reindex(names)
    table["t"] = table["estimate"] / table["std err"]
    table["sandwich"] = results.bse_sandwich.reindex(names)
    bound = results.at_bound
    table["held"] = [
        "" if n in ml.free and not bound[n] else "bound" if n in ml.free else "fixed" for n in names
    ]
    table["meaning"] = [known[name].description for name in names]
    return table


def _stages(results: ThreeStageEstimates) -> pd.DataFrame:
    rows = {}
    lambdas = {1: ("lambda_g", results.lambda_g), 2: ("lambda_z", results.lambda_z)}
    for stage in results.stages.estimated:
        row: dict[str, object] = {
            "log-likelihood": stage.ml.llf,
            "gradient": f"{stage.ml.projected_gradient:.0e}",
        }
        row["curvature"] = stage.ml.curvature
        if stage.breaks is not None:
            name, value = lambdas[stage.stage]
            row |= {"ratio": name, "value": value, "EW": stage.breaks.exp_wald}
            row |= {"MW": stage.breaks.mean_wald, "QLR": stage.breaks.qlr}
        rows[f"stage {stage.stage}"] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def _standard_errors(found: StateUncertainty) -> pd.DataFrame:
    last = found.se.index[-1]
    return pd.DataFrame(
        {
            "average": found.average,
            "Monte Carlo error": found.monte_carlo_error,
            "final": found.final,
            "of which parameters": np.sqrt(found.parameter_variance.loc[last]),
            "of which filter": np.sqrt(found.filter_variance.loc[last]),
        }
    ).rename({"rstar": "r*"})


def _latest(results: ThreeStageEstimates) -> pd.DataFrame:
    names = {"rstar": "r*", "g": "g", "z": "z", "output_gap": "output gap"}
    rows = {}
    for name, label in ((n, label) for n, label in names.items() if n in results.quantities):
        path = results.path(name)
        rows[label] = {"filtered": path.filtered.iloc[-1], "std dev": path.filtered_se.iloc[-1]}
    rows["real rate - r*"] = {"filtered": results.gap("filtered").iloc[-1], "std dev": rows["r*"]["std dev"]}
    return pd.DataFrame.from_dict(rows, orient="index")


def _notes(results: ThreeStageEstimates, found: PileUp | None) -> tuple[str, ...]:
    notes = [*results.departures, _ERRORS, _KNOWN, _CHECKS]
    if results.uncertainty is not None:
        errors = results.uncertainty
        notes.append(
            f"Standard errors of the states: {errors.n_draws} draws (Hamilton 1986), {errors.discarded} discarded "
            f"at the bounds, covariance of g and z: {errors.covariance}."
        )
    for stage in results.stages.estimated:
        bound = [name for name in stage.ml.free if stage.ml.at_bound[name]]
        if bound:
            values = ", ".join(f"{name} = {stage.ml.params[name]:.4g}" for name in bound)
            notes.append(f"Stage {stage.stage}: {values} at the bound; its standard error is not meaningful.")
        if stage.ml.higher_maximum is not None:
            notes.append(
                f"Stage {stage.stage}: other starting points reach a log-likelihood of "
                f"{stage.ml.higher_maximum:.4f}, above {stage.ml.llf:.4f}. The published procedure keeps the "
                "maximum its own starting point leads to; keep='best' takes the higher one."
            )
    notes += outliers.sentences(results)
    notes += () if found is None else found.sentences()
    if not results.converged:
        notes.append("NOT CONVERGED: at least one stage did not end at a maximum.")
    return tuple(notes)
