"""Declare a linear Gaussian state-space model by its equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from capstar.errors import SpecificationError
from capstar.statespace.algebra import CONSTANT, Coef, Linear, Slot, as_coef, as_linear, show_slot, variables
from capstar.statespace.constraints import Constraint
from capstar.statespace.parameters import Parameter


@dataclass(frozen=True, repr=False)
class Spec:
    """Equations of one model; a new variant is a new ``Spec``, never a new kernel.

    Observation and transition equations may read series that the model does not explain, and lags of those it does.

    Change one with `dataclasses.replace`, for example
    ``replace(spec, transition=spec.transition | {"z": rho_z * z(-1) + e_z})``.

    Attributes
    ----------
    name
        Shown in summaries and errors.
    observation, transition
        Right-hand side by observed series and by state.
    shocks
        Standard deviation by shock.  A shock drives either one observation or the states.
    layout
        Order of the state vector.  Empty: every state from lag 0 to the longest lag any
        equation reads.
    initial_mean
        Terms in the parameters added to the initial state mean that comes from data.
    obs_scale
        Parameter that multiplies every measurement standard deviation between two dates
        (inclusive, ``("2020Q2", "2020Q4")``).
    scaled_shocks
        Shocks to states that ``obs_scale`` multiplies too.
    frequency
        Observed series that are known less often than once a period, with their own frequency: ``{"gdp": "Q"}`` in a
        model of months.  A value stands in the last period of its own, March; see `average`, `total`, `last` and
        `growth_of_average` for what it is of the states.
    accumulated
        Sums over a longer period up to now, with what is added up and how long the period is: ``{"year": (x, "Y")}`` in
        a model of months is x since January.  Each is one state however long the period, and may be read as one:
        ``{"sales": year}`` or ``{"mean": year / 12}``, with ``frequency={"sales": "Y"}``.  See `total` on what it
        saves.
    reports
        Quantities of interest as expressions in states and data of any date, such as the gap.
    parameters
        Bounds, units and default starts by parameter; those not named are unbounded, but for the standard deviation
        of a shock, which is not negative.
    constraints
        On several parameters at once, such as ``Stationary("rho_1", "rho_2")`` or ``SumBelow("a_y1", "a_y2")``.

    Examples
    --------
    A local level, with the level as its report:

    >>> from capstar.statespace import Spec, params, variables
    >>> s_eps, s_eta = params("s_eps s_eta")
    >>> y, mu, eps, eta = variables("y mu eps eta")
    >>> level = Spec("local level", {"y": mu + eps}, {"mu": mu(-1) + eta}, {"eps": s_eps, "eta": s_eta})
    >>> print(level)
    local level
      y = mu + eps
      mu = mu(-1) + eta
      sd(eps) = s_eps
      sd(eta) = s_eta
    >>> level.state_slots(), level.regressors(), level.depths(), list(level.reporting().reports)
    ((('mu', 0),), (), {'y': 0}, ['mu'])
    >>> level.check()
    >>> level.made() is level.made()
    True
    """

    name: str
    observation: Mapping[str, Linear]
    transition: Mapping[str, Linear]
    shocks: Mapping[str, Coef]
    layout: tuple[Slot, ...] = ()
    initial_mean: Mapping[Slot, Coef] = field(default_factory=dict)
    obs_scale: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    scaled_shocks: tuple[str, ...] = field(default=(), kw_only=True)
    frequency: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    accumulated: Mapping[str, tuple[Linear, str]] = field(default_factory=dict, kw_only=True)
    reports: Mapping[str, Linear] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        """A sum follows its own past and, of what is added up, the equations of states in place of the states."""
        for name, (added, _) in self.accumulated.items():
            law = variables(name)[0](-1)
            for (source, lag), coef in as_linear(added).terms.items():
                known = lag == 0 and source in self.transition and source not in self.accumulated
                now = (
                    as_linear(self.transition[source]) if known else Linear({(source, lag): Coef({(): 1.0})})
                )
                law = law + now * coef
            object.__setattr__(self, "transition", {**self.transition, name: law})

    def made(self) -> dict[Any, Any]:
        """What has been derived from the equations as they stand: a place to keep it."""
        parts: list[Mapping[Any, object]] = [
            self.observation,
            self.transition,
            self.shocks,
            self.initial_mean,
            self.obs_scale,
            self.reports,
            self.parameters,
        ]
        now = [(name, id(value)) for part in parts for name, value in part.items()]
        made: dict[Any, Any] = self.__dict__.setdefault("_made", {})
        if made.get("from") != now:
            made.clear()
            made["from"] = now
            made["held"] = [list(part.values()) for part in parts]  # so that no identity is given away again
        return made

    def __getstate__(self) -> dict[str, Any]:
        """Without what can be derived again."""
        return {name: value for name, value in self.__dict__.items() if name != "_made"}

    def __repr__(self) -> str:
        """What the model is called and what it explains; `print` shows the equations."""
        return f"<{type(self).__name__}: {self.name}, {len(self.observation)} observed series>"

    def __str__(self) -> str:
        """The model as equations."""
        equations = {**self.observation, **self.transition}
        lines = [f"{name} = {as_linear(rhs)}" for name, rhs in equations.items()]
        shocks = [f"sd({name}) = {as_coef(std)}" for name, std in self.shocks.items()]
        scaled = " and ".join(["measurement sd", *(f"sd({one})" for one in self.scaled_shocks)])
        scale = [f"{scaled} times {name} in {start}-{end}" for name, (start, end) in self.obs_scale.items()]
        reports = [f"{name} := {rhs}" for name, rhs in self.reports.items()]
        initial = [f"initial {show_slot(slot)} shifted by {coef}" for slot, coef in self.initial_mean.items()]
        seldom = [f"{name} observed at frequency {often}" for name, often in self.frequency.items()]
        limits = [str(constraint) for constraint in self.constraints]
        resets = [
            f"{name} begins from zero at frequency {often}" for name, (_, often) in self.accumulated.items()
        ]
        rest = (*shocks, *scale, *seldom, *resets, *initial, *limits, *reports)
        body = "\n".join(f"  {line}" for line in (*lines, *rest))
        return f"{self.name}\n{body}"

    def _repr_latex_(self) -> str:
        """The equations as notebooks show them."""
        from capstar.statespace.latex import spec_latex

        return spec_latex(self)

    def state_slots(self) -> tuple[Slot, ...]:
        """The state vector, in order."""
        if self.layout:
            return self.layout
        deepest = dict.fromkeys(self.transition, 0)
        for equations, age in ((self.observation, 0), (self.transition, 1), (self.reports, 0)):
            for rhs in equations.values():
                for name, lag in as_linear(rhs).terms:
                    if name in deepest:
                        deepest[name] = min(deepest[name], lag + age)
        return tuple((name, -k) for name, lag in deepest.items() for k in range(-lag + 1))

    def regressors(self) -> tuple[Slot, ...]:
        """Observed and exogenous series the equations of observations and states read, with their lags."""
        keys = {key for rhs in self.observation.values() for key in as_linear(rhs).terms}
        if self.moving_series():
            laws = [self.law_of_motion(slot).terms for slot in self.state_slots()]
            keys |= {key for terms in laws for key in terms if key[0] != CONSTANT}
        latent = set(self.transition) | set(self.shocks)
        return tuple(sorted((k for k in keys if k[0] not in latent), key=lambda k: (k[0], -k[1])))

    def moving_series(self) -> tuple[str, ...]:
        """Series that the transition equations read.

        Examples
        --------
        >>> from capstar.statespace import Spec, params, variables
        >>> (s,), (y, mu, eps, x) = params("s"), variables("y mu eps x")
        >>> Spec("moved by x", {"y": mu + eps}, {"mu": mu(-1) + x}, {"eps": s}).moving_series()
        ('x',)
        """
        names = dict.fromkeys(name for rhs in self.transition.values() for name in as_linear(rhs).names)
        return tuple(name for name in names if name not in self.transition and name not in self.shocks)

    def depths(self) -> dict[str, int]:
        """Periods before the first of a sample from which each series is read, reports included."""
        latent = {*self.transition, *self.shocks, CONSTANT}
        out = dict.fromkeys(self.observation, 0)
        equations = (*self.observation.values(), *self.reports.values())
        read = [key for rhs in equations for key in as_linear(rhs).terms]
        for name, lag in (*read, *self.regressors()):
            if name not in latent:
                out[name] = max(out.get(name, 0), -lag)
        return out

    def without(self, series: Iterable[str]) -> Spec:
        """The same equations without the terms in the series named, as if these were zero.

        Constraints on parameters that occur in such terms alone go too.

        Parameters
        ----------
        series
            Names of series, observed ones left out; a name that no equation reads is passed over.

        Raises
        ------
        SpecificationError
            A series named is explained by the model.

        Examples
        --------
        >>> import capstar as cs
        >>> spec = cs.rstar.LW2003.spec()
        >>> sorted(set(spec.depths()) - set(spec.without(["oil"]).depths()))
        ['oil']
        """
        gone = set(series)
        if explained := sorted(gone & (set(self.observation) | set(self.transition) | set(self.shocks))):
            raise SpecificationError(
                f"{self.name}: {explained[0]} is explained by the model and cannot be left out. Replace its equation."
            )
        if not gone:
            return self

        def kept(side: Mapping[str, Linear]) -> dict[str, Linear]:
            terms = {name: as_linear(rhs).terms.items() for name, rhs in side.items()}
            return {n: Linear({s: c for s, c in pairs if s[0] not in gone}) for n, pairs in terms.items()}

        observation, transition, reports = map(kept, (self.observation, self.transition, self.reports))
        sums = kept({name: added for name, (added, _) in self.accumulated.items()})
        accumulated = {name: (added, self.accumulated[name][1]) for name, added in sums.items()}
        bare = replace(
            self, observation=observation, transition=transition, reports=reports, constraints=(),
            accumulated=accumulated,
        )  # fmt: skip
        left = _parameters(bare)
        return replace(bare, constraints=tuple(c for c in self.constraints if set(c.names) <= left))

    def reporting(self) -> Spec:
        """The same equations, with every state as a report where they declare none."""
        if self.reports:
            return self
        return replace(self, reports={name: variables(name)[0] for name in self.transition})

    def check(self) -> None:
        """Raise `SpecificationError` at the first invalid equation."""
        _check_names(self)
        _check_observation(self)
        _check_shocks(self)
        _check_transition(self)
        _check_constraints(self)

    def law_of_motion(self, slot: Slot) -> Linear:
        """One state through states of the previous period and fresh shocks.

        A lag that the state vector does not hold is replaced by its own law of motion: with
        ``g(-1)`` and ``g(-2)`` as states, ``g(-1)`` enters as ``g(-2) + e_g``.

        Examples
        --------
        >>> import capstar as cs
        >>> print(cs.rstar.HLW2017.spec().law_of_motion(("ystar", 0)))
        ystar(-1) + e_ystar + g(-2) + e_g(-1)
        """
        slots = self.state_slots()
        name, lag = slot
        if _newer(slot) in slots:
            return Linear({slot: Coef({(): 1.0})})
        out = as_linear(self.transition[name])(lag)
        while missing := [k for k in out.terms if k[0] in self.transition and _newer(k) not in slots]:
            for key in missing:
                self._check_reachable(key, slots)
                rest = Linear({k: coef for k, coef in out.terms.items() if k != key})
                out = rest + as_linear(self.transition[key[0]])(key[1]) * out.terms[key]
        return out

    def _check_reachable(self, key: Slot, slots: tuple[Slot, ...]) -> None:
        held = [lag for name, lag in slots if name == key[0]]
        if not held or key[1] + 1 < min(held):
            raise SpecificationError(
                f"{self.name}: the state vector {[show_slot(s) for s in slots]} cannot serve "
                f"{show_slot(key)}. Add {show_slot(_newer(key))} to layout, or leave layout empty."
            )


def _newer(slot: Slot) -> Slot:
    """Name that the same dated value had one period earlier: g(-2) now was g(-1) then."""
    return slot[0], slot[1] + 1


def _check_names(spec: Spec) -> None:
    groups = [set(spec.observation), set(spec.transition), set(spec.shocks)]
    if twice := sorted((groups[0] & groups[1]) | (groups[0] & groups[2]) | (groups[1] & groups[2])):
        raise SpecificationError(
            f"{spec.name}: {twice} are declared in two roles (observed, state, shock). Rename them."
        )
    for name in spec.accumulated:
        readers = [
            state for state, rhs in spec.transition.items() if name in as_linear(rhs).names and state != name
        ]
        if name in {*spec.observation, *spec.shocks} or readers or (name, -1) in spec.state_slots():
            how = f"read by {readers[0]}" if readers else "read at a lag or declared in another role"
            raise SpecificationError(
                f"{spec.name}: {name}, a sum that is reset, is {how}. Only observations and reports of its own "
                "period may read it."
            )
    if strangers := sorted({name for name, _ in spec.layout} - set(spec.transition)):
        raise SpecificationError(f"{spec.name}: layout names {strangers}, which have no transition equation.")


def _check_observation(spec: Spec) -> None:
    listed = list(spec.observation)
    if strangers := [name for name in spec.frequency if name not in spec.observation]:
        raise SpecificationError(
            f"{spec.name}: frequency names {strangers[0]}, which is not observed; {listed} are. Leave it out."
        )
    for name, rhs in spec.observation.items():
        for key in as_linear(rhs).terms:
            if key == (name, 0):
                raise SpecificationError(
                    f"{spec.name}: {name} appears on both sides of its own equation. "
                    f"Solve it for {name}, or use a lag."
                )
            if key[1] == 0 and key[0] in spec.observation and listed.index(key[0]) > listed.index(name):
                raise SpecificationError(
                    f"{spec.name}: the equation of {name} reads {key[0]} of the same period, which is listed below it. "
                    f"List {key[0]} first; if each reads the other, solve for one of them."
                )
            if key[0] in spec.shocks and key[1] != 0:
                raise SpecificationError(
                    f"{spec.name}: the equation of {name} reads {show_slot(key)}, a measurement shock of "
                    "another date. Make the shock a state and read the lag of that state: "
                    f"transition | {{'{key[0]}_state': {key[0]}}}."
                )
            if key[0] not in spec.transition and key[1] > 0:
                raise SpecificationError(
                    f"{spec.name}: the equation of {name} reads {show_slot(key)}, a future value."
                )


def _check_shocks(spec: Spec) -> None:
    seen: dict[str, list[str]] = {name: [] for name in spec.shocks}
    for side in (spec.observation, spec.transition):
        for name, rhs in side.items():
            for shock in set(as_linear(rhs).names) & set(spec.shocks):
                seen[shock].append(name)
    driving = {shock for shock, equations in seen.items() if set(equations) & set(spec.transition)}
    if wrong := [shock for shock in spec.scaled_shocks if shock not in driving]:
        raise SpecificationError(
            f"{spec.name}: scaled_shocks names {wrong[0]}, which drives no state; {sorted(driving)} do. Measurement "
            "errors are scaled without being named."
        )
    for shock, equations in seen.items():
        observed = [name for name in equations if name in spec.observation]
        if not equations:
            raise SpecificationError(f"{spec.name}: shock {shock} appears in no equation.")
        if observed and len(equations) > 1:
            raise SpecificationError(
                f"{spec.name}: shock {shock} drives {equations}. A measurement shock drives one "
                "observation; make a shared one a state: "
                f"transition | {{'{shock}_state': {shock}}}."
            )


def _check_transition(spec: Spec) -> None:
    for name, rhs in spec.transition.items():
        for source, lag in as_linear(rhs).terms:
            if source == CONSTANT or source in spec.shocks:
                continue
            if source not in spec.transition and source not in spec.observation:
                if lag > 0:
                    raise SpecificationError(
                        f"{spec.name}: the transition of {name} reads {show_slot((source, lag))}, a future value."
                    )
                continue
            if lag >= 0:
                raise SpecificationError(
                    f"{spec.name}: the transition of {name} reads {show_slot((source, lag))}. "
                    "Substitute its own equation so that only lags remain."
                )


def _parameters(spec: Spec) -> set[str]:
    """Every parameter that an equation reads."""
    equations = (*spec.observation.values(), *spec.transition.values(), *spec.reports.values())
    coefs = [coef for rhs in equations for coef in as_linear(rhs).terms.values()]
    coefs += [as_coef(std) for std in spec.shocks.values()] + list(spec.initial_mean.values())
    return {name for coef in coefs for name in coef.names} | set(spec.obs_scale)


def _check_constraints(spec: Spec) -> None:
    known = _parameters(spec)
    for constraint in spec.constraints:
        if strangers := [name for name in constraint.names if name not in known]:
            raise SpecificationError(
                f"{spec.name}: the constraint that {constraint} names {strangers[0]}, which is in no equation. The "
                f"parameters are {sorted(known)}."
            )
