"""Summary tables of an estimation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capstar.rstar.laubach_williams import outliers
from capstar.rstar.laubach_williams.estimates import ThreeStageEstimates
from capstar.rstar.laubach_williams.identification import PileUp, last_rstar
from capstar.rstar.laubach_williams.maxima import LAMBDAS
from capstar.rstar.laubach_williams.three_stage import LIMIT

_RATIOS = {1: "lambda_g", 2: "lambda_z"}  # by the stage that gives them
_ERRORS = (
    "std err: inverse of the outer product of scores, as the published code; sandwich: Hessian sandwich."
)
_COVERAGE = "of samples drawn from HLW (2017) 90 percent bands of this kind hold r* in about"
_KNOWN = (
    f"std dev: filter only, parameters as known; {_COVERAGE} 73 percent. with_standard_errors() adds parameter "
    "uncertainty (84 percent), bootstrap() that of the lambdas too (89)."
)
_INCLUDED = (
    f"std dev: parameters as known. std err, and the bands of r* and g: filter and parameters (Hamilton 1986); "
    f"{_COVERAGE} 84 percent."
)
_ERROR = (
    "One-sided r* in {}: standard error {:.1f} points at known parameters; above {:g}, r* is not identified."
)
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


def _maxima(results: ThreeStageEstimates) -> str:
    """The maxima that starting points over a grid of the lambdas led to, in words."""
    stage = results.stages.stage3
    found = [
        f"{fit.llf:.4f} (lambda_g {fit.params.get('lambda_g', np.nan):.4f}, lambda_z "
        f"{fit.params.get('lambda_z', np.nan):.4f}, r* in {results.end} {last_rstar(stage, fit):.2f})"
        for fit in (stage.ml, *stage.others)
    ]
    count = f"{len(found)} distinct maxima" if stage.others else "one maximum"
    return f"Starting points over a grid of lambda_g and lambda_z lead to {count}, log-likelihood {', '.join(found)}."


def notes(results: ThreeStageEstimates, found: PileUp | None) -> tuple[str, ...]:
    """What the tables are, and what to mind: departures, bounds, higher maxima, the pile-up check if there is one."""
    out = [*results.departures, _ERRORS, _KNOWN if results.uncertainty is None else _INCLUDED, _CHECKS]
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
    if set(LAMBDAS) & set(stages.stage3.ml.free) and results.job.options.searches:
        out.append(_maxima(results))
    out.append(_ERROR.format(results.end, stages.last_error, LIMIT))
    if stages.identification:
        out.append(f"NOT IDENTIFIED: r* is not identified: {stages.identification}.")
    if not results.converged:
        out.append("NOT CONVERGED: at least one stage did not end at a maximum.")
    return tuple(out)
