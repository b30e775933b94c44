"""Equations as LaTeX: fractions as fractions, common factors before brackets, long lines broken."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from capstar.statespace.algebra import CONSTANT, Coef, Linear, Monomial, as_coef, as_linear
from capstar.statespace.constraints import Between, Constraint, Stationary, SumBelow

_WIDTH = 72  # of a line, in characters that are seen
_LARGEST = 400  # denominator of what is shown as a fraction
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega"
)
_LETTERS = {name: rf"\{name}" for name in _GREEK.split()} | {"eps": r"\varepsilon"}
_MARKS = {"star": "{}^*", "bar": r"\bar{{{}}}", "hat": r"\hat{{{}}}", "tilde": r"\tilde{{{}}}"}


def spec_latex(spec: Any) -> str:
    """The model as an ``aligned`` block of display mathematics; see `capstar.statespace.Spec`."""
    shocks = set(spec.shocks)
    rows = [_equation(name, rhs, shocks) for name, rhs in {**spec.observation, **spec.transition}.items()]
    rows += [
        rf"\operatorname{{sd}}({dated(n, 0, shocks)}) &= {coef_latex(as_coef(sd))}"
        for n, sd in spec.shocks.items()
    ]
    for name, (first, last) in spec.obs_scale.items():
        rows.append(
            rf"&\text{{sd of measurement errors times }} {symbol(name)} \text{{ in {first} to {last}}}"
        )
    for name, (_, often) in spec.accumulated.items():
        rows.append(rf"&{symbol(name)} \text{{ begins from zero at frequency {often}}}")
    for (name, lag), coef in spec.initial_mean.items():
        rows.append(
            rf"&\text{{initial }} {dated(name, lag, shocks)} \text{{ shifted by }} {coef_latex(coef)}"
        )
    rows += [f"&{_constraint(one)}" for one in spec.constraints]
    rows += [r"\text{reported } " + _equation(name, rhs, shocks) for name, rhs in spec.reports.items()]
    body = " \\\\\n".join(rows)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def symbol(name: str, shocks: Iterable[str] = ()) -> str:
    r"""A name as a symbol: ``sigma_ystar`` as ``\sigma_{y^*}``, and a shock ``e_y`` as ``\varepsilon_{y}``."""
    base, *subs = name.split("_")
    if _letter(base) is None:
        return _word(" ".join([base, *subs]))
    out = r"\varepsilon" if base == "e" and name in shocks else str(_letter(base))
    for mark in (one for one in subs if one in _MARKS):
        out = _MARKS[mark].format(out)
    marks = [one for one in subs if one not in _MARKS]
    if marks and not any(map(_letter, marks)):
        marks = [" ".join(marks)]
    return f"{out}_{{{','.join(_letter(one) or _word(one) for one in marks)}}}" if marks else out


def dated(name: str, lag: int, shocks: Iterable[str] = ()) -> str:
    """A variable of a period: ``g`` with lag -1 as ``g_{t-1}``."""
    time = f"t{lag:+d}" if lag else "t"
    base = symbol(name, shocks)
    return f"{base[:-1]},{time}}}" if base.endswith("}") and "_{" in base else f"{base}_{{{time}}}"


def coef_latex(coef: Coef) -> str:
    """A coefficient; a number that all its terms share stands before a bracket."""
    sizes = {abs(value) for value in coef.terms.values()}
    if len(coef.terms) > 1 and len(sizes) == 1 and sizes != {1.0}:
        return f"{_product((), sizes.pop())} ({_sum(_unit(coef))})"
    return _sum(coef)


def _unit(coef: Coef) -> Coef:
    return Coef({mono: 1.0 if value > 0 else -1.0 for mono, value in coef.terms.items()})


def _sum(coef: Coef) -> str:
    return _joined([_signed(mono, value) for mono, value in coef.terms.items()])


def _signed(mono: Monomial, value: float) -> str:
    return ("-" if value < 0 else "") + _product(mono, abs(value))


def _product(mono: Monomial, value: float) -> str:
    """A positive number times powers of parameters, over one fraction bar where there is a denominator."""
    exact = Fraction(value).limit_denominator(_LARGEST)
    whole = abs(float(exact) - value) <= 1e-12 * value
    number, below = (str(exact.numerator), exact.denominator) if whole else (f"{value:.6g}", 1)
    above = [_power(name, k) for name, k in mono if k > 0]
    under = [_power(name, -k) for name, k in mono if k < 0]
    top = " ".join(above if number == "1" and above else [number, *above])
    if under:
        return rf"\frac{{{top}}}{{{' '.join([str(below)] * (below > 1) + under)}}}"
    if below == 1:
        return top
    return rf"\tfrac{{{number}}}{{{below}}}" + "".join(f" {one}" for one in above)


def _power(name: str, k: int) -> str:
    base = symbol(name)
    return base if k == 1 else f"{base}^{{{k}}}" if "^" not in base else f"({base})^{{{k}}}"


def _letter(part: str) -> str | None:
    """A part of a name: Greek, with a mark, a letter, a number, or a letter with its number; None for a word."""
    if part in _LETTERS:
        return _LETTERS[part]
    for mark, shown in _MARKS.items():
        if part.endswith(mark) and (inside := _letter(part.removesuffix(mark))):
            return shown.format(inside)
    if found := re.fullmatch(r"([a-z]+)(\d)", part, re.IGNORECASE):
        letter = _letter(found[1]) if found[1] != "q" else None
        return letter and f"{letter},{found[2]}"
    return part if len(part) == 1 or part.isdigit() else None


def _word(text: str) -> str:
    return rf"\text{{{text}}}"


def _equation(name: str, rhs: Linear | Coef | float, shocks: set[str]) -> str:
    """A side that is dated, and the terms of the other on as many lines as they need."""
    lines, length = [f"{dated(name, 0)} &="], 0
    for k, term in enumerate(_terms(as_linear(rhs), shocks) or ["0"]):
        shown = term if k == 0 else f"- {term[1:]}" if term.startswith("-") else f"+ {term}"
        if length and length + _seen(shown) > _WIDTH:
            lines.append(r"&\quad {}")
            length = 2
        lines[-1] += f" {shown}"
        length += _seen(shown) + 3
    return " \\\\\n".join(lines)


def _terms(rhs: Linear, shocks: set[str]) -> list[str]:
    """Terms whose coefficients are equal, but for their sign, in one bracket; in the order of the first of each."""
    coefs: dict[object, Coef] = {}
    groups: dict[object, list[str]] = {}
    for slot, coef in rhs.terms.items():
        key: object
        key, other = (frozenset(one.terms.items()) for one in (coef, -coef))
        alone = set(coef.terms) == {()} and abs(coef.terms[()]) == 1
        key, sign = (slot, "") if alone else (other, "-") if other in groups else (key, "")
        coefs.setdefault(key, coef)
        groups.setdefault(key, []).append(sign + ("1" if slot[0] == CONSTANT else dated(*slot, shocks)))
    return [_times(coefs[key], items) for key, items in groups.items()]


def _times(coef: Coef, items: list[str]) -> str:
    """A coefficient times one variable, or several in a bracket."""
    number = coef_latex(coef)
    if items == ["1"]:
        return number
    if len(coef.terms) > 1 and not number.endswith(")"):
        number = f"({number})"
    inside = items[0] if len(items) == 1 else rf"({_joined(items)})"
    return number.replace("1", inside) if number in ("1", "-1") else f"{number} {inside}"


def _constraint(one: Constraint) -> str:
    if isinstance(one, SumBelow):
        return f"{' + '.join(map(symbol, one.names))} < {one.limit:g}"
    if isinstance(one, Between):
        return rf"{one.lower:g} \le {coef_latex(one.expression)} \le {one.upper:g}"
    if isinstance(one, Stationary):
        return rf"\text{{stationary: }} {', '.join(map(symbol, one.names))}"
    return rf"\text{{{one}}}".replace("_", r"\_")


def _seen(shown: str) -> int:
    """About how many characters of a term are seen."""
    return len(
        re.sub(r"[{}_^ ]|\\operatorname|\\text", "", re.sub(r"\\(?!text|operatorname)[a-z]+", "x", shown))
    )


def _joined(parts: list[str]) -> str:
    signed = (f"- {one[1:]}" if one.startswith("-") else f"+ {one}" for one in parts[1:])
    return " ".join([*parts[:1], *signed]) or "0"
