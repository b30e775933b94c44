"""Docstrings, messages and public names are in standard English and the field's terms.

Coined phrases are refused by name.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT


class Phrase(NamedTuple):
    """A pattern, a sentence it has to find, and what to write instead."""

    pattern: str
    example: str
    instead: str


PHRASES = (
    Phrase(r"cannot be meant", "a lag that cannot be meant", "invalid"),
    Phrase(r"cannot be had", "a price that cannot be had", "unavailable"),
    Phrase(r"\bto be had\b", "not a price to be had", "one can trade at; available"),
    Phrase(
        r"\b(?:name|model|identifier|folder|that) cannot be (?:one|called)\b",
        "The name cannot be one.",
        "is invalid",
    ),
    Phrase(r"in the tables that cannot be\b", "Anything in the tables that cannot be: fix it.", "an invalid value"),
    Phrase(r"\bno two findings\b", "their rows are no two findings", "are not independent"),
    Phrase(
        r"(?<!there )\b(?:is|are) no (?:rates?|parts?|simple|numbers?|tables?|sheets?|snapshots?|signs?|tests?"
        r"|archives?|quarters?|dates?|files?|\.xlsx)\b",
        "EUR/EUR is no rate of exchange.",
        "is not a ...; invalid ...",
    ),
    Phrase(r"\b(?:file|value|price|table|record) is none\b", "the price is none", "is invalid; is not one"),
    Phrase(r"\brates? of exchange\b", "rates of exchange", "exchange rate; currency pair"),
    Phrase(r"\bmend(?:s|ed|ing)?\b", "Mend the price.", "correct"),
    Phrase(r"\bput right\b", "it is put right and checked", "corrected"),
    Phrase(r"\bstands? twice\b", "the row stands twice", "duplicate"),
    Phrase(r"\bstands? (?:after|once|beside|under)\b", "1990 stands after 1991", "is listed after; occurs; is given"),
    Phrase(r"\bstands? in the order\b", "Rows stand in the order of dates", "are in the order"),
    Phrase(r"\boutdo(?:es|ne)?\b", "that the last price outdoes", "exceeds; is more extreme than"),
    Phrase(r"\bnothing was tried\b", "Out of sample nothing was tried.", "no forecasts were made"),
    Phrase(r"\btries\b(?! again)", "allowing for all tries", "multiple testing; attempts; draws"),
    Phrase(r"\bsearch (?:among them )?allowed for\b", "with the search allowed for", "data snooping accounted for"),
    Phrase(r"\bone who waited\b", "left for one who waited", "after confirmation"),
    Phrase(r"\bdear(?:er|est|ly)?\b", "a dear trade", "expensive; costly"),
    Phrase(r"(?<!at )\bodds\b(?! ratios?\b)", "local projections, odds and so on", "probability"),
    Phrase(r"(?<!is )\bworth\b", "worth to an investor", "economic value"),
    Phrase(r"\braces?\b(?! condition)", "a race of forecasts", "forecast comparison"),
    Phrase(r"(?-i:\bjournals?\b)", "the journal of the index", "event log"),
    Phrase(r"\banew\b", "estimates r* anew", "again; redraws; re-estimates"),
    Phrase(r"\bis (?:not )?what it was\b", "one is not what it was", "has changed; is reproduced"),
    Phrase(r"\bhad not told\b", "brought that the past had not told", "one-step prediction error; did not predict"),
    Phrase(r"\bcannot be told from\b", "cannot be told from the best", "not significantly worse than"),
    Phrase(r"\berrors of one variance\b", "errors of one variance", "homoskedastic errors"),
    Phrase(r"\breturns are alike\b", "when returns are alike", "homoskedastic"),
    Phrase(r"\bself-made\b", "a self-made instrument", "self-generated"),
    Phrase(r"\bcommoner\b", "a state that is commoner", "more frequent"),
    Phrase(r"\bdoes not answer to\b", "output does not answer to the rate", "does not respond to"),
    Phrase(r"\bcomes? to pass\b", "whatever comes to pass", "happens"),
    Phrase(r"\bat (?:its|their) word\b", "it is taken at its word", "trusted; not checked"),
    Phrase(r"\bthe door\b|\bdoor to\b", "checked at the door", "when read; access to"),
)  # fmt: skip


# Refused in public names: a word between underscores or capitals, and the field's term.
NAMES = {
    "anew": "again; redraw; re-estimate",
    "dear": "passes_price_screen; expensive",
    "journal": "event_log",
    "mend": "correct",
    "mended": "corrected",
    "odds": "probability",
    "outdo": "exceeds",
    "race": "forecast_comparison",
    "rate_of_exchange": "exchange_rate; currency_pair",
    "stands_twice": "duplicate",
    "tries": "n_tests; n_draws; n_attempts",
    "worth": "economic_value",
}


def texts(node: ast.AST) -> list[tuple[int, str]]:
    """Line and text of every docstring and string below a node, of an f-string with ``{}`` for its values."""
    if isinstance(node, ast.Constant):
        return [(node.lineno, node.value)] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        inner = [part for part in node.values if not isinstance(part, ast.Constant)]
        return [(node.lineno, text), *(found for part in inner for found in texts(part))]
    return [found for child in ast.iter_child_nodes(node) for found in texts(child)]


def coined(source: str, name: str) -> list[str]:
    """One sentence for each refused phrase of a source: file, line, phrase, and what to write instead."""
    out = []
    for first, text in texts(ast.parse(source)):
        flat, ends = "", []
        for line in text.split("\n"):
            flat += "".join(f"{word} " for word in line.split())
            ends.append(len(flat))
        for phrase in PHRASES:
            for match in re.finditer(phrase.pattern, flat, re.IGNORECASE):
                line = first + sum(end <= match.start() for end in ends)
                out.append(f"{name}:{line}: {match.group()!r}; write: {phrase.instead}")
    return out


def sources() -> list[Path]:
    return sorted((ROOT / "models" / "capstar").rglob("*.py"))


def test_docstrings_and_messages_are_plain_standard_english() -> None:
    found = [
        line
        for path in sources()
        for line in coined(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert len(sources()) > 100
    assert not found, "\n".join(found)


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.example)
def test_every_phrase_is_found_where_it_is_written(phrase: Phrase) -> None:
    """In a docstring, across its lines, in a message and in an f-string; not in names and comments."""
    broken = phrase.example.replace(" ", "\n        ")
    source = (
        f'"""{phrase.example}"""\n'
        f"# {phrase.example}\n"
        "def dear(odds: int) -> str:\n"
        f'    """First.\n\n        {broken}\n    """\n'
        f"    raise ValueError({phrase.example!r}, f'{{dear}}: ' + f{phrase.example!r})\n"
    )
    lines = [int(line.split(":")[1]) for line in coined(source, "a.py") if phrase.instead in line]
    last = source.count("\n")
    assert (lines[0], lines[-2:]) == (1, [last, last])
    assert len(lines) == 4
    assert 4 < lines[1] < last


def public_names(tree: ast.Module) -> list[tuple[int, str]]:
    """Line and name of what users read and write.

    Functions, classes, their methods, fields and parameters, constants, what ``__all__`` lists, and columns: strings
    and keywords that are names themselves.  Names that begin with an underscore are private, and so is what they hold;
    their columns are seen by users.
    """
    out = [(node.lineno, name) for node in ast.walk(tree) for name in columns(node)]
    holders: list[ast.Module | ast.ClassDef] = [tree]
    while holders:
        for node in holders.pop().body:
            for name in declared(node):
                out.append((node.lineno, name))
            if isinstance(node, ast.FunctionDef) and (node.name[0] != "_" or node.name == "__init__"):
                every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                out += [(one.lineno, one.arg) for one in every]
            if isinstance(node, ast.ClassDef) and node.name[0] != "_":
                holders.append(node)
    return out


def declared(node: ast.stmt) -> list[str]:
    """Public names that a statement gives."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        found = [node.name]
    elif isinstance(node, ast.Assign):
        found = [one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    else:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        found = [target.id] if isinstance(target, ast.Name) else []
    return [name for name in found if name[0] != "_"]


def columns(node: ast.AST) -> list[str]:
    """Strings that are names, and the keywords of ``DataFrame.assign``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if re.fullmatch(r"[A-Za-z]\w*", node.value) else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "assign":
        return [word.arg for word in node.keywords if word.arg is not None]
    return []


def refused_names(source: str, name: str) -> list[str]:
    """One sentence for each refused name of a source or of its file."""
    out = []
    found = [(1, part) for part in Path(name).with_suffix("").parts]
    for line, one in [*found, *public_names(ast.parse(source))]:
        words = "_".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", one)).lower()
        for refused, instead in NAMES.items():
            if f"_{refused}_" in f"_{words}_":
                out.append(f"{name}:{line}: the name {one!r}; write: {instead}")
    return out


def test_public_names_are_the_fields_terms() -> None:
    found = [
        line
        for path in sources()
        for line in refused_names(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert not found, "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("word", NAMES)
@pytest.mark.parametrize(
    "source",
    [
        "def {0}(): ...",
        "class {1}: ...",
        "class A:\n    {0}: int",
        "class A:\n    def last_{0}(self): ...",
        "class A:\n    def __init__(self, {0}): ...",
        "def f(a, *, the_{0}_of=1): ...",
        "{2} = 1",
        "A: int = 0\n{2}, B = 1, 2",
        "__all__ = ['{0}']",
        "def _f(a):\n    return a['{0}']",
        "_X = {{'p_{0}': 1}}",
        "_X = a.assign({0}=1)",
    ],
)
def test_every_refused_name_is_found_wherever_users_meet_it(word: str, source: str) -> None:
    camel = "".join(part.title() for part in word.split("_"))
    assert refused_names(source.format(word, f"My{camel}", word.upper()), "a/b.py")


def test_private_names_and_other_words_pass() -> None:
    source = "def _race(odds):\n    worth = odds\nclass _Journal:\n    dear = 1\ndef trace(worthless): ...\n"
    assert refused_names(source, "a/embrace.py") == []
    assert refused_names("", "leads/race.py") == [
        "leads/race.py:1: the name 'race'; write: forecast_comparison"
    ]


def test_what_is_plain_passes() -> None:
    plain = (
        "There is no table; 1 is no longer a date.  Amend, recommend.  Journal of Econometrics; it tries again. "
        "What a share is worth; an odds ratio; a race condition."
    )
    assert coined(f'def odds(dear):\n    """{plain}"""\n', "a.py") == []


def test_the_sentence_names_file_line_and_remedy() -> None:
    assert coined("x = 1\ny = 'mend the price'\n", "b.py") == ["b.py:2: 'mend'; write: correct"]
