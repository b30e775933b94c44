"""Estimates in a file: versioned JSON with equations, data, parameters and the evidence of the maximum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd

from capstar.errors import DataError
from capstar.statespace.algebra import Coef, Linear, as_coef, as_linear
from capstar.statespace.bayes.priors import Beta, InverseGamma, Normal, Prior, Uniform
from capstar.statespace.constraints import Between, Constraint, Stationary, SumBelow
from capstar.statespace.initial import Initial, InitialState, start_from
from capstar.statespace.maximum_likelihood import MaximumLikelihood
from capstar.statespace.parameters import Parameter
from capstar.statespace.problem import Problem
from capstar.statespace.spec import Spec
from capstar.writing import write_whole

FORMAT, VERSION = "capstar state-space estimate", 1
_SAME = 1e-8  # relative tolerance for reproducing a stored likelihood; rounding differs between processors


@dataclass(frozen=True)
class StoredEstimate:
    """What a file holds of an estimate."""

    problem: Problem
    ml: MaximumLikelihood
    data: pd.DataFrame
    initial: Initial = "stationary"
    estimated: Self | None = None


E = TypeVar("E", bound=StoredEstimate)


def write_estimate(results: StoredEstimate, path: Path) -> Path:
    """Write an estimate; see `StateSpaceResults.save`."""
    if not path.parent.is_dir():
        raise DataError(f"{path}: there is no folder {path.parent}. Make it first.")
    content = _pack(results)
    if not np.isfinite(results.ml.llf):
        raise DataError(
            f"{results.problem.spec.name}: the log-likelihood is not finite. Save an estimate where it is defined."
        )
    head = {"format": FORMAT, "version": VERSION, "sha256": _digest(content)}
    write_whole(path, json.dumps(head | {"estimate": content}, allow_nan=False))
    return path


def read_estimate(path: Path, kind: type[E]) -> E:
    """Read an estimate of a kind; see `StateSpaceResults.load`."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file. Write one with results.save(path).") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as an estimate ({error}). Save it again.") from error
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise DataError(f"{path}: this is not a file written by StateSpaceResults.save.")
    if stored.get("version") != VERSION:
        raise DataError(
            f"{path}: written in version {stored.get('version')} of the format, this library reads version {VERSION}. "
            "Use the library that wrote it, or estimate again."
        )
    if stored.get("sha256") != _digest(stored.get("estimate")):
        raise DataError(f"{path}: it has been changed since it was written. Save the estimate again.")
    try:
        results = _unpack(stored["estimate"], kind)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DataError(f"{path}: incomplete ({error!r}). Save the estimate again.") from error
    found = results.problem.loglike(results.ml.params)
    if not abs(found - results.ml.llf) <= _SAME * max(1.0, abs(found)):
        raise DataError(
            f"{path}: the log-likelihood recomputed from the file is {found:.6f}, the file says {results.ml.llf:.6f}. "
            "Use the library that wrote it, or estimate again."
        )
    return results


def _digest(content: object) -> str:
    """Fingerprint of the content, whatever the layout of the file."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _pack(results: StoredEstimate) -> dict[str, Any]:
    index = results.problem.index
    return {
        "spec": pack_spec(results.problem.spec),
        "data": _pack_frame(results.data),
        "frequency": index.freqstr,
        "sample": [int(index.asi8[0]), int(index.asi8[-1])],
        "initial": _pack_initial(results.initial),
        "ml": _pack_ml(results.ml),
        "estimated": None if results.estimated is None else _pack(results.estimated),
    }


def _unpack(stored: Mapping[str, Any], kind: type[E]) -> E:
    spec, initial = unpack_spec(stored["spec"]), _unpack_initial(stored["initial"])
    ml = _unpack_ml(stored["ml"])
    data = _unpack_frame(stored["data"], stored["frequency"])
    held = {str(n): float(v) for n, v in ml.params.items() if n not in ml.free}
    first, last = (pd.Period(ordinal=at, freq=stored["frequency"]) for at in stored["sample"])
    problem = start_from(spec, data, initial, fixed=held, start=first, end=last)
    before = None if stored["estimated"] is None else _unpack(stored["estimated"], kind)
    return kind(problem, ml, data, initial, before)


def pack_spec(spec: Spec) -> dict[str, Any]:
    """A spec as plain lists and numbers."""
    packed: dict[str, Any] = {
        field: {name: pack(one) for name, one in getattr(spec, field).items()}
        for field, (pack, _) in _BY_NAME.items()
    }
    return packed | {
        "name": spec.name,
        "layout": [list(slot) for slot in spec.layout],
        "scaled_shocks": list(spec.scaled_shocks),
        "initial_mean": [[list(slot), _pack_coef(coef)] for slot, coef in spec.initial_mean.items()],
        "constraints": [_pack_constraint(one) for one in spec.constraints],
    }


def unpack_spec(stored: Mapping[str, Any]) -> Spec:
    """The spec that `pack_spec` took apart."""
    unpacked: dict[str, Any] = {
        field: {name: unpack(one) for name, one in _of(stored, field).items()}
        for field, (_, unpack) in _BY_NAME.items()
    }
    return Spec(
        name=stored["name"],
        layout=tuple((name, lag) for name, lag in stored["layout"]),
        scaled_shocks=tuple(stored.get("scaled_shocks", ())),
        initial_mean={(slot[0], slot[1]): _unpack_coef(coef) for slot, coef in stored["initial_mean"]},
        constraints=tuple(_unpack_constraint(one) for one in stored["constraints"]),
        **unpacked,
    )


def _of(stored: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """One part of a stored spec; files written before a part was known lack it."""
    part: Mapping[str, Any] = stored.get(field, {}) if field in _LATER else stored[field]
    return part


def _pack_coef(coef: Coef | float) -> list[Any]:
    return [[[list(power) for power in mono], value] for mono, value in as_coef(coef).terms.items()]


def _unpack_coef(stored: list[Any]) -> Coef:
    return Coef({tuple((name, power) for name, power in mono): value for mono, value in stored})


def _pack_linear(rhs: Linear | Coef | float) -> list[Any]:
    return [[list(slot), _pack_coef(coef)] for slot, coef in as_linear(rhs).terms.items()]


def _unpack_linear(stored: list[Any]) -> Linear:
    return Linear({(slot[0], slot[1]): _unpack_coef(coef) for slot, coef in stored})


def _pack_parameter(one: Parameter) -> dict[str, Any]:
    """None stands for what is not there: a start value, a bound, a prior."""
    bare = asdict(replace(one, prior=None))
    prior = {} if one.prior is None else {"kind": type(one.prior).__name__, **asdict(one.prior)}  # type: ignore[call-overload]
    prior = {n: None if v in (-np.inf, np.inf) else v for n, v in prior.items()}
    return {n: None if v in (-np.inf, np.inf) else v for n, v in bare.items()} | {"prior": prior or None}


def _unpack_parameter(stored: Mapping[str, Any]) -> Parameter:
    given = {name: value for name, value in stored.items() if value is not None}
    if "prior" in given:
        kind, *numbers = given["prior"].items()
        given["prior"] = _PRIORS[kind[1]](**{n: v for n, v in numbers if v is not None})
    return Parameter(**given)


_PRIORS: dict[str, type[Prior]] = {one.__name__: one for one in (Normal, Uniform, Beta, InverseGamma)}
_BY_NAME: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    **dict.fromkeys(("observation", "transition", "reports"), (_pack_linear, _unpack_linear)),
    "shocks": (_pack_coef, _unpack_coef),
    "parameters": (_pack_parameter, _unpack_parameter),
    "obs_scale": (list, tuple),
    "frequency": (str, str),
    "accumulated": (
        lambda one: [_pack_linear(one[0]), one[1]],
        lambda one: (_unpack_linear(one[0]), one[1]),
    ),
}
_LATER = ("frequency", "accumulated")


def _pack_constraint(one: Constraint) -> dict[str, Any]:
    if type(one) is SumBelow:
        return {"kind": "SumBelow", "names": list(one.names), "limit": one.limit}
    if type(one) is Stationary:
        return {"kind": "Stationary", "names": list(one.names)}
    if type(one) is Between:
        return {"kind": "Between", "expression": _pack_coef(one.expression), "limits": [one.lower, one.upper]}
    raise DataError(
        f"A constraint of type {type(one).__name__} cannot be saved; use Stationary, SumBelow or Between."
    )


def _unpack_constraint(stored: Mapping[str, Any]) -> Constraint:
    if stored["kind"] == "Between":
        return Between(_unpack_coef(stored["expression"]), *stored["limits"])
    if stored["kind"] == "SumBelow":
        return SumBelow(*stored["names"], limit=stored["limit"])
    return Stationary(*stored["names"])


def _pack_initial(initial: Initial) -> Any:
    if isinstance(initial, str):
        return initial
    assert isinstance(initial, InitialState)
    cov = initial.cov.to_numpy().tolist()
    out = {"states": list(initial.mean.index), "mean": initial.mean.tolist(), "cov": cov}
    return out | ({"diffuse": list(initial.diffuse)} if initial.diffuse else {})


def _unpack_initial(stored: Any) -> Initial:
    if isinstance(stored, str):
        return stored  # type: ignore[return-value]
    names = stored["states"]
    mean, cov = pd.Series(stored["mean"], names), pd.DataFrame(stored["cov"], names, names)
    return InitialState(mean, cov, tuple(stored.get("diffuse", ())))


def _pack_frame(frame: pd.DataFrame) -> dict[str, Any]:
    columns = {str(name): _numbers(frame[name]) for name in frame}
    # Ordinals beside the dates that people read: rows without dates are years, of which some cannot be parsed.
    index = pd.PeriodIndex(frame.index)
    return {"dates": index.astype(str).tolist(), "ordinals": index.asi8.tolist(), "columns": columns}


def _unpack_frame(stored: Mapping[str, Any], frequency: str) -> pd.DataFrame:
    index = pd.PeriodIndex.from_ordinals(stored["ordinals"], freq=frequency, name="date")
    return pd.DataFrame(
        {name: np.array(v, dtype=float) for name, v in stored["columns"].items()}, index=index
    )


def _pack_ml(ml: MaximumLikelihood) -> dict[str, Any]:
    return {
        "params": {str(name): float(value) for name, value in ml.params.items()},
        "free": list(ml.free),
        "llf": ml.llf,
        "gradient": _numbers(ml.gradient),
        "projected_gradient": _number(ml.projected_gradient),
        "curvature": _number(ml.curvature),
        "hessian": [_numbers(row) for _, row in ml.hessian.iterrows()],
        "at_bound": [bool(flag) for flag in ml.at_bound],
        "converged": ml.converged,
        "starts": ml.starts.to_dict("list") | {"log_likelihood": _numbers(ml.starts["log_likelihood"])},
    }


def _unpack_ml(stored: Mapping[str, Any]) -> MaximumLikelihood:
    free = pd.Index(stored["free"], dtype="str")
    hessian = np.array(stored["hessian"], dtype=float).reshape(len(free), len(free))
    return MaximumLikelihood(
        params=pd.Series(stored["params"], name="estimate", dtype=float),
        free=tuple(free),
        llf=stored["llf"],
        gradient=pd.Series(stored["gradient"], free, name="score", dtype=float),
        projected_gradient=_finite_or_nan(stored["projected_gradient"]),
        curvature=_finite_or_nan(stored["curvature"]),
        hessian=pd.DataFrame(hessian, free, free),
        at_bound=pd.Series(stored["at_bound"], free, name="at_bound", dtype=bool),
        converged=stored["converged"],
        tried=pd.DataFrame(stored["starts"]).astype({"log_likelihood": float}),
    )


def _numbers(values: pd.Series) -> list[float | None]:
    return [_number(value) for value in values]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _finite_or_nan(stored: float | None) -> float:
    return np.nan if stored is None else float(stored)
