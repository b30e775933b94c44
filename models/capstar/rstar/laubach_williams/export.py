"""Results as plain numbers, for JSON."""

from __future__ import annotations

import math
from typing import Any

from capstar.rstar.laubach_williams.estimates import StateUncertainty, ThreeStageEstimates
from capstar.rstar.laubach_williams.three_stage import StageEstimate


def as_dict(results: ThreeStageEstimates) -> dict[str, Any]:
    """Results as plain numbers and lists; missing numbers are None."""
    frame = results.to_frame()
    states = {c: [_number(v) for v in frame[c]] for c in frame.columns if not c.endswith("_se")}
    errors = {} if results.uncertainty is None else {"standard_errors": _errors_dict(results.uncertainty)}
    return {
        "model": results.model_name,
        "sample": {"start": str(results.start), "end": str(results.end), "quarters": results.nobs},
        "lambda_g": _number(results.lambda_g),
        "lambda_z": _number(results.lambda_z),
        "log_likelihood": results.llf,
        "converged": results.converged,
        "parameters": {
            name: {
                "estimate": float(value),
                "std_error": _number(results.bse[name]),
                "std_error_sandwich": _number(results.bse_sandwich[name]),
                "at_bound": bool(results.at_bound[name]),
            }
            for name, value in results.params.items()
        },
        "stages": {f"stage{s.stage}": _stage_dict(s) for s in results.stages.estimated},
        "departures": list(results.departures),
        **errors,
        "states": {"date": [str(quarter) for quarter in frame.index], **states},
    }


def _errors_dict(found: StateUncertainty) -> dict[str, Any]:
    return {
        "average": found.average.to_dict(),
        "final": found.final.to_dict(),
        "draws": found.n_draws,
        "discarded": found.discarded,
        "covariance": found.covariance,
        "monte_carlo_error": {name: _number(value) for name, value in found.monte_carlo_error.items()},
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _stage_dict(stage: StageEstimate) -> dict[str, Any]:
    out: dict[str, Any] = {
        "log_likelihood": stage.ml.llf,
        "parameters": {name: float(stage.ml.params[name]) for name in stage.ml.free},
        "at_bound": [name for name in stage.ml.free if stage.ml.at_bound[name]],
        "projected_gradient": stage.ml.projected_gradient,
        "curvature": stage.ml.curvature,
        "higher_maximum": stage.ml.higher_maximum,
    }
    if stage.breaks is not None:
        out["break_statistics"] = {
            "exp_wald": stage.breaks.exp_wald,
            "mean_wald": stage.breaks.mean_wald,
            "qlr": stage.breaks.qlr,
        }
    return out
