"""Formulas of the pages as MathML, which browsers show by themselves: a page needs no script and no network."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

_NAMED = re.compile("&(?!amp;|lt;|gt;)[A-Za-z]+;")  # characters that HTML has names for and XML has not
_NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def scripts_beside_accents(mathml: str) -> str:
    r"""A formula whose subscripts stand beside letters with accents, as in LaTeX.

    The converter of docutils writes :math:`\hat y_t` as it does :math:`\sum_t`, with t below.
    """
    ElementTree.register_namespace("", _NAMESPACE)
    root = ElementTree.fromstring(_NAMED.sub(lambda name: html.unescape(name[0]), mathml))
    for parent in list(root.iter()):
        for at, one in enumerate(parent):
            raised = one.tag == _name("msup")
            accented = one[0] if raised else one
            if accented.tag == _name("munderover") and accented[0].tag != _name("mo"):
                letter, index, accent = accented
                scripted = ElementTree.Element(_name("msubsup" if raised else "msub"))
                ElementTree.SubElement(scripted, _name("mover"), accent="true").extend([letter, accent])
                scripted.extend([index, *one[1:]] if raised else [index])
                parent[at] = scripted
    return ElementTree.tostring(root, encoding="unicode")


def _name(tag: str) -> str:
    return f"{{{_NAMESPACE}}}{tag}"
