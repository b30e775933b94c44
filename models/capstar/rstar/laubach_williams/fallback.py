"""What stands in for a published estimate that does not identify r*: the best maximum of every stage."""

from __future__ import annotations

import warnings
from dataclasses import replace

from capstar.errors import ConvergenceError, IdentificationWarning
from capstar.progress import Progress
from capstar.rstar.laubach_williams.three_stage import Job, ThreeStages, estimate_stages

_STARTS = 4  # starting points a stage at least


def identified(job: Job, stages: ThreeStages, tell: Progress) -> tuple[ThreeStages, tuple[str, ...]]:
    """The stages, or their best maxima where the published ones do not identify r*, with a warning and a sentence."""
    why, sample, said = stages.identification, f"{job.start}-{job.end}", ""
    if not why:
        return stages, ()
    text = f"{job.variant.name}, {sample}: r* is not identified"
    if job.options.maximum == "first" and job.options.keep is None:
        options = replace(job.options, keep="best", n_starts=max(job.options.n_starts, _STARTS))
        try:
            best = estimate_stages(replace(job, options=options), progress=tell)
        except ConvergenceError:
            best = stages
        if best.differs_from(stages):
            said = (
                f"The published procedure ends where r* is not identified ({why}; r* {stages.last_rstar:.2f} in "
                f"{job.end}); every stage takes its best maximum instead (r* {best.last_rstar:.2f})."
            )
            text = f"{job.variant.name}, {sample}: {said[0].lower()}{said[1:-1]}"
            stages, why = best, best.identification
            text += ", where it is not identified either" if why else ""
    text += (
        f": {why}. Hold a_r or the lambdas (fixed), or use a longer sample." if why else ". See summary()."
    )
    warnings.warn(text, IdentificationWarning, stacklevel=4)
    return stages, (said,) if said else ()
