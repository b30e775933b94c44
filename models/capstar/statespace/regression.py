"""An observation equation as a least-squares regression: start values, and what a test of it regresses on what.

Where the states are known, or something stands for them, an observation equation is a regression.  Its terms are
grouped by coefficient: terms whose coefficients are equal up to a number share one regressor, and terms without an
unknown parameter go to the left-hand side.  ``a_r * mean(r(-1), r(-2))`` is one regressor, the mean of the two lags;
in ``b * x(-1) + (1 - b) * x(-2)`` there are two, unrestricted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from capstar.errors import SpecificationError
from capstar.kernels.arrays import Floats
from capstar.statespace import algebra
from capstar.statespace.algebra import CONSTANT, Coef, Monomial, Slot, as_linear, show_slot
from capstar.statespace.columns import Columns, Rows
from capstar.statespace.parameters import Parameter
from capstar.statespace.spec import Spec

_COLLINEAR = 1e-9  # share of a column's norm that earlier columns leave unexplained


@dataclass(frozen=True)
class Regression:
    """One observation equation, ready for least squares.

    Attributes
    ----------
    y : pandas.Series
        The observed series less all terms without an unknown parameter, length n.
    X : pandas.DataFrame
        Regressors labelled by their coefficient, such as ``"a_r"`` or ``"1 - b"``, shape (n, k).  Columns that are
        zero, or collinear with those before them, are left out.

    Examples
    --------
    >>> from capstar.statespace import regression
    >>> from capstar.statespace.examples import nile_autoregression
    >>> ar, flow = nile_autoregression()
    >>> found = regression(ar, "y", flow, states=flow[[]])  # there are no states
    >>> found.y.shape, found.X.columns.to_list()
    ((99,), ['phi'])
    >>> found.coefficients.round(2).to_dict(), len(found.residuals), round(found.residual_sd(), 1)
    ({'phi': 0.5}, 99, 145.8)
    """

    y: pd.Series
    X: pd.DataFrame

    @cached_property
    def coefficients(self) -> pd.Series:
        """Least squares, length k."""
        beta = np.linalg.lstsq(np.ascontiguousarray(self.X), self.y.to_numpy(), rcond=None)[0]
        return pd.Series(beta, self.X.columns, dtype=float)

    @cached_property
    def residuals(self) -> pd.Series:
        """What the regressors leave unexplained, length n."""
        return pd.Series(
            self.y.to_numpy() - np.ascontiguousarray(self.X) @ self.coefficients.to_numpy(), self.y.index
        )

    def residual_sd(self, *, others: int = 0) -> float:
        """Standard deviation of the residuals; NaN without degrees of freedom.

        Parameters
        ----------
        others
            Number of parameters estimated besides the coefficients.
        """
        return _residual_sd(self.residuals.to_numpy(), self.X.shape[1] + others)


def regression(
    spec: Spec,
    equation: str,
    data: pd.DataFrame,
    states: pd.DataFrame,
    *,
    index: pd.PeriodIndex | None = None,
    values: Mapping[str, float] | None = None,
) -> Regression:
    """Write an observation equation as a regression.

    Parameters
    ----------
    spec
        The model.
    equation
        Observed series that the equation explains.
    data
        The series by name, from before ``index`` as far as lags reach.
    states
        What stands for the states.  A column ``g(-1)`` holds that lag, as smoothed states do; from a column ``g`` every
        lag without a column of its own is taken.
    index
        Periods of the regression; by default those of ``data``.  Periods with a missing value are left out.
    values
        Parameters taken as known.  With all of them known there is no regressor, and ``y`` is the residual.

    Raises
    ------
    SpecificationError
        There is no such equation, or nothing stands for a state or series it reads.

    Examples
    --------
    >>> from capstar.statespace import regression
    >>> from capstar.statespace.examples import nile_autoregression
    >>> ar, flow = nile_autoregression()
    >>> found = regression(ar, "y", flow, states=flow[[]])
    >>> found.y.shape, found.X.columns.to_list()
    ((99,), ['phi'])
    """
    periods = _Equation.align(spec, equation, data, states, index).periods
    y, labels, X = regression_arrays(spec, equation, data, states, index=periods, values=values)
    return Regression(pd.Series(y, periods, name=equation), pd.DataFrame(X, periods, labels, dtype=float))


def regression_arrays(
    spec: Spec,
    equation: str,
    data: pd.DataFrame | Columns,
    states: pd.DataFrame | Columns,
    *,
    index: pd.PeriodIndex | None = None,
    values: Mapping[str, float] | None = None,
) -> tuple[Floats, list[str], Floats]:
    """The same as arrays: left-hand side (n,), labels of the regressors and these (n, k)."""
    return _Equation.align(spec, equation, data, states, index).regress(values or {})


def least_squares_start(
    spec: Spec,
    equation: str,
    data: pd.DataFrame | Columns,
    states: pd.DataFrame | Columns,
    *,
    index: pd.PeriodIndex | None = None,
    values: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Least-squares values of the parameters of one observation equation.

    A parameter has a value here if it is the coefficient of a regressor, or the standard deviation of the equation's
    shock.  Where two parameters multiply each other in front of data, the one that makes the rest linear is found by
    nonlinear least squares, the rest concentrated out.

    Parameters
    ----------
    spec, equation, data, states, index, values
        As of `regression`.

    Returns
    -------
    dict
        By parameter name.

    Examples
    --------
    >>> from capstar.statespace import least_squares_start
    >>> from capstar.statespace.examples import nile_autoregression
    >>> ar, flow = nile_autoregression()
    >>> {name: round(value, 1) for name, value in least_squares_start(ar, "y", flow, flow[[]]).items()}
    {'phi': 0.5, 's': 145.8}
    """
    known, aligned = dict(values or {}), _Equation.align(spec, equation, data, states, index)
    names = _multiplying(spec, equation, known)
    if names:
        known |= _concentrated(spec, aligned, names, known)
    y, labels, X = aligned.regress(known)
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    found = {name: known[name] for name in names}
    found |= {n: float(v) for n, v in zip(labels, beta, strict=True) if n in _parameters(spec, equation)}
    shock = _shock_parameter(spec, equation)
    if shock is not None and shock not in known:
        found[shock] = _residual_sd(y - X @ beta, len(labels) + len(names))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _residual_sd(residuals: Floats, estimated: int) -> float:
    freedom = len(residuals) - estimated
    return float(np.sqrt(residuals @ residuals / freedom)) if freedom > 0 else float("nan")


class _Term(NamedTuple):
    """What one column of an equation is multiplied by, some parameters being known.

    Attributes
    ----------
    label, factor
        The unknown coefficient, empty where there is none, and the polynomial in what is known in front of it;
        no label where the coefficient has to be worked out again for every value of what is known.
    coef
        The whole.
    kind
        Whether it multiplies data (0), the constant (1) or a state (2).
    """

    label: str | None
    factor: Coef
    coef: Coef
    kind: int

    def at(self, known: Mapping[str, float]) -> tuple[str, float]:
        """Label and number."""
        if self.label is not None:
            return self.label, self.factor.number(known)
        coef = self.coef.at(known)
        return algebra.normalised(coef) if coef.names else ("", coef.number({}))


@dataclass(frozen=True)
class _Equation:
    """One equation, period by period.

    Attributes
    ----------
    spec, equation
        The model, and the observed series explained.
    periods
        Those without a missing value, length n.
    y, columns
        The series (n,), and what its coefficients multiply (terms, n).
    """

    spec: Spec
    equation: str
    periods: pd.PeriodIndex
    y: Floats
    columns: Floats

    @classmethod
    def align(
        cls,
        spec: Spec,
        equation: str,
        data: pd.DataFrame | Columns,
        states: pd.DataFrame | Columns,
        index: pd.PeriodIndex | None,
    ) -> _Equation:
        if equation not in spec.observation:
            raise SpecificationError(
                f"{spec.name} has no equation of {equation!r}; it has {list(spec.observation)}. Choose one."
            )
        slots = _slots(spec, equation)
        data = Columns.of(data, [equation, *(name for name, _ in slots)])
        states = Columns.of(states)
        periods = data.periods if index is None else index
        rows = data.rows(periods), states.rows(periods)
        values = np.array(
            [data.at((equation, 0), rows[0]), *(_column(spec, s, data, states, *rows) for s in slots)]
        )
        complete = ~np.isnan(values).any(axis=0)
        if not complete.all():
            periods, values = periods[complete], np.ascontiguousarray(values[:, complete])
        return cls(spec, equation, periods, values[0], values[1:])

    def grouped(self, known: Mapping[str, float]) -> tuple[Floats, dict[str, Floats]]:
        """The left-hand side less what is known, and columns by coefficient: first those that are measured."""
        y, groups = self.y.copy(), dict[str, Floats]()
        kinds: dict[str, int] = {}
        for term, column in zip(_terms(self.spec, self.equation, known), self.columns, strict=True):
            label, factor = term.at(known)
            if not label:
                y -= factor * column
                continue
            groups[label] = groups.get(label, 0.0) + factor * column
            kinds[label] = min(kinds.get(label, term.kind), term.kind)
        return y, {label: groups[label] for label in sorted(groups, key=lambda label: kinds[label])}

    def regress(self, known: Mapping[str, float]) -> tuple[Floats, list[str], Floats]:
        """Left-hand side (n,), labels of the regressors and these (n, k), some parameters being known."""
        y, groups = self.grouped(known)
        # Of collinear columns the later goes: what is measured comes before what something stands for.
        kept = _independent(groups)
        return y, kept, np.column_stack([groups[label] for label in kept]) if kept else np.empty((len(y), 0))


def _slots(spec: Spec, equation: str) -> list[Slot]:
    """What the coefficients of an equation multiply, its shock left out."""
    return [slot for slot in as_linear(spec.observation[equation]).terms if slot[0] not in spec.shocks]


def _parameters(spec: Spec, equation: str) -> set[str]:
    return {name for coef in as_linear(spec.observation[equation]).terms.values() for name in coef.names}


def _terms(spec: Spec, equation: str, known: Mapping[str, float]) -> list[_Term]:
    """Terms of an equation in the order of its slots; worked out once for each set of parameters that is known."""
    made, key = spec.made(), (equation, frozenset(known))
    if key not in made:
        coefs = as_linear(spec.observation[equation]).terms
        made[key] = [_term(coefs[slot], _kind(spec, slot), known) for slot in _slots(spec, equation)]
    terms: list[_Term] = made[key]
    return terms


def _kind(spec: Spec, slot: Slot) -> int:
    return 2 if slot[0] in spec.transition else int(slot[0] == CONSTANT)


def _term(coef: Coef, kind: int, known: Mapping[str, float]) -> _Term:
    parts: dict[Monomial, Coef] = {}
    for mono, number in coef.terms.items():
        rest = tuple(item for item in mono if item[0] not in known)
        taken = tuple(item for item in mono if item[0] in known)
        parts[rest] = parts.get(rest, Coef()) + Coef({taken: number})
    if len(parts) == 1:
        ((rest, factor),) = parts.items()
        return _Term(algebra.label_of(rest) if rest else "", factor, coef, kind)
    if not any(factor.names for factor in parts.values()):
        label, number = algebra.normalised(coef)
        return _Term(label, Coef({(): number}), coef, kind)
    return _Term(None, Coef(), coef, kind)


def _column(spec: Spec, slot: Slot, data: Columns, states: Columns, in_data: Rows, in_states: Rows) -> Floats:
    """One term's series in the periods wanted, which are rows of the two tables; NaN where it has no value."""
    name, lag = slot
    state = name in spec.transition
    source, rows = (states, in_states) if state else (data, in_data)
    if state and show_slot(slot) in source.values:
        return source.at((show_slot(slot), 0), rows)
    if name != CONSTANT and name not in source.values:
        raise SpecificationError(
            f"{spec.name} reads {show_slot(slot)}; there are {[str(c) for c in source.values]}. Add a column {name!r}."
        )
    return source.at((name, lag), rows)


def _independent(groups: Mapping[str, Floats]) -> list[str]:
    """Labels of the columns that are neither zero nor collinear with those before them."""
    basis: list[Floats] = []
    kept = []
    for label, column in groups.items():
        rest = column
        for direction in (*basis, *basis):  # twice, against rounding
            rest = rest - (direction @ rest) * direction
        size = float(np.linalg.norm(rest))
        if size > _COLLINEAR * float(np.linalg.norm(column)):
            basis.append(rest / size)
            kept.append(label)
    return kept


def _multiplying(spec: Spec, equation: str, known: Mapping[str, float]) -> list[str]:
    """Parameters to be known for the coefficients of data to be linear in the others: as few as possible."""
    coefs = [
        coef.at(known)
        for slot, coef in as_linear(spec.observation[equation]).terms.items()
        if slot[0] not in {*spec.transition, *spec.shocks, CONSTANT}
    ]
    left = {mono for coef in coefs for mono in coef.terms if not algebra.is_linear(mono)}
    alone = Counter(mono[0][0] for coef in coefs for mono in coef.terms if mono and algebra.is_linear(mono))
    chosen: list[str] = []
    while left:
        counts = Counter(name for mono in left for name, _ in mono)
        chosen.append(min(counts, key=lambda name: (-counts[name], alone[name], name)))
        left = {rest for mono in left if not algebra.is_linear(rest := algebra.less(mono, chosen))}
    return chosen


def _concentrated(
    spec: Spec, aligned: _Equation, names: list[str], known: Mapping[str, float]
) -> dict[str, float]:
    """Least squares over some parameters, the coefficients concentrated out."""
    declared = [spec.parameters.get(name, Parameter()) for name in names]
    terms = _terms(spec, aligned.equation, known)
    inverse = {n for term in terms for mono in term.coef.terms for n, power in mono if power < 0}
    generic = [1.0 if name in inverse else 0.0 for name in names]
    start = [g if p.start is None else p.start for g, p in zip(generic, declared, strict=True)]
    bounds = [p.lower for p in declared], [p.upper for p in declared]

    def residuals(theta: Floats) -> Floats:
        y, groups = aligned.grouped({**known, **dict(zip(names, theta.tolist(), strict=True))})
        X = np.column_stack([*groups.values()]) if groups else np.empty((len(y), 0))
        rest: Floats = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
        return rest

    found = least_squares(residuals, np.clip(start, *bounds), bounds=bounds).x
    return dict(zip(names, found.tolist(), strict=True))


def _shock_parameter(spec: Spec, equation: str) -> str | None:
    """The parameter that is the standard deviation of an equation's shock, if one is."""
    shocks = [(n, c) for (n, _), c in as_linear(spec.observation[equation]).terms.items() if n in spec.shocks]
    if len(shocks) != 1:
        return None
    std = shocks[0][1] * spec.shocks[shocks[0][0]]
    single = [mono for mono, value in std.terms.items() if value == 1.0 and algebra.is_linear(mono) and mono]
    return single[0][0][0] if len(std.terms) == 1 and single else None
