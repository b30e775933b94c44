"""Summary tables of an estimation."""

from __future__ import annotations

import pandas as pd

from capstar.rstar.laubach_williams import outliers
from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.rstar.laubach_williams.identification import PileUp
from capstar.rstar.laubach_williams.three_stage import LIMIT

_RATIOS = {1: "lambda_g", 2: "lambda_z"}  # by the stage that gives them
_ERRORS = (
    "std err: inverse of the outer product of scores, as the published code; sandwich: Hessian sandwich."
)
_KNOWN = "States at known parameters; parameter uncertainty comes on top."
_ERROR = "One-sided r* in {}: standard error {:.1f} points at known parameters (above {:g} r* is called not identified)."
_CHECKS = (
    "gradient in standard errors of the parameters; curvature: smallest eigenvalue of minus the Hessian with a "
    "unit diagonal."
)


def tables(results: ThreeStageEstimates) -> dict[str, pd.DataFrame]:
    """Parameters, stages, latest quarter and, where they were asked for, standard errors of the states."""
    errors = results.uncertainty
    return {
        "Parameters (stage 3)": _parameters(results),
        "Stages": _stages(results),
        **results.latest(),
        **({} if errors is None else {errors.title: errors.frames()[""]}),
    }


def _parameters(results: ThreeStageEstimates) -> pd.DataFrame:
    ml, known = results.stages.stage3.ml, results.stages.stage3.problem.model.parameters
    hidden = {_RATIOS.get(stage.stage) for stage in results.stages.estimated}  # told with the stages
    names = [str(name) for name in ml.params.index if name not in hidden]
    table = pd.DataFrame({"estimate": ml.params[names]})
    table["std err"] = results.bse.reindex(names)
    table["t"] = table["estimate"] / table["std err"]
    table["sandwich"] = results.bse_sandwich.reindex(names)
    bound = ml.at_bound
    table["held"] = [
        "" if n in ml.free and not bound[n] else "bound" if n in ml.free else "fixed" for n in names
    ]
    table["meaning"] = [known[name].description for name in names]
    return table


def _stages(results: ThreeStageEstimates) -> pd.DataFrame:
    rows = {}
    for stage in results.stages.estimated:
        row: dict[str, object] = {
            "log-likelihood": stage.ml.llf,
            "gradient": f"{stage.ml.projected_gradient:.0e}",
            "curvature": stage.ml.curvature,
        }
        if stage.breaks is not None:
            name = _RATIOS[stage.stage]
            row |= {"ratio": name, "value": results.ratios[name], "EW": stage.breaks.exp_wald}
            row |= {"MW": stage.breaks.mean_wald, "QLR": stage.breaks.qlr}
        rows[f"stage {stage.stage}"] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def notes(results: ThreeStageEstimates, found: PileUp | None) -> tuple[str, ...]:
    """What the tables are, and what to mind: departures, bounds, higher maxima, the pile-up check if there is one."""
    out = [*results.departures, _ERRORS, _KNOWN, _CHECKS]
    out += () if results.uncertainty is None else results.uncertainty.notes()
    for stage in results.stages.estimated:
        bound = [name for name in stage.ml.free if stage.ml.at_bound[name]]
        if bound:
            values = ", ".join(f"{name} = {stage.ml.params[name]:.4g}" for name in bound)
            out.append(f"Stage {stage.stage}: {values} at the bound; its standard error is not meaningful.")
        if stage.ml.higher_maximum is not None:
            out.append(
                f"Stage {stage.stage}: other starting points reach a log-likelihood of "
                f"{stage.ml.higher_maximum:.4f}, above {stage.ml.llf:.4f}. The published procedure keeps the "
                "maximum its own starting point leads to; keep='best' takes the higher one."
            )
    out += outliers.sentences(results)
    out += () if found is None else found.notes()
    stages = results.stages
    out.append(_ERROR.format(results.end, stages.last_error, LIMIT))
    if stages.identification:
        out.append(f"NOT IDENTIFIED: r* is not identified: {stages.identification}.")
    if not results.converged:
        out.append("NOT CONVERGED: at least one stage did not end at a maximum.")
    return tuple(out)
