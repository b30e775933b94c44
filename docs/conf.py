"""How Sphinx builds the site; ``make docs`` calls it on pages that ``docs/making`` has put together."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from making.formulas import scripts_beside_accents
from making.names import ROOMS, public_names
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

import capstar

project, author = "capstar", "The capstar developers"
copyright = author  # noqa: A001
version = release = capstar.__version__
extensions = [
    "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode", "numpydoc", "myst_nb", "sphinx_design",
    "sphinx_copybutton",
]  # fmt: skip
root_doc = "index"
exclude_patterns = ["_templates"]
templates_path = ["_templates"]
default_role = "autolink"
nitpicky = False
html_theme = "pydata_sphinx_theme"
html_title = "capstar"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_context = {"default_mode": "auto"}
html_sidebars: dict[str, list[str]] = {
    name: [] for name in ("index", "models", "sure", "cite", "changelog", "contributing", "tasks")
}
autosummary_generate = True
autodoc_typehints = "none"  # units and shapes say more, and are in the docstrings
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath", "deflist", "attrs_inline", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the tests run them, and they are stored as they ran
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
suppress_warnings = ["myst.strikethrough"]

_log = logging.getLogger(__name__)


def undocumented(names: list[str], documented: set[str]) -> list[str]:
    """Public names that have no entry."""
    return [name for name in names if name not in documented]


def _check_names(app: Sphinx, env: Any) -> None:
    for name in undocumented(public_names(), set(env.get_domain("py").objects)):
        _log.warning("%s is public and has no page: the reference was not made from __all__.", name)


def _name_rooms(app: Sphinx) -> list[Any]:
    """Links from a source to the reference lead to the room that lists a name, not to the first that inherits it."""
    objects = app.env.get_domain("py").objects
    modules: dict[str, Any] = getattr(app.env, "_viewcode_modules", {})
    for module, entry in modules.items():
        if entry:
            code, tags, used, _ = entry
            listed = {room: {one for one in used if f"{room}.{one}" in objects} for room in ROOMS}
            room = max(ROOMS, key=lambda one: len(listed[one]))
            # A name that two rooms list has the page of whichever was read last.
            pages = {one: objects[f"{room}.{one}"].docname for one in used if one in listed[room]}
            modules[module] = code, tags, pages, room
    return []


def _math(self: HTML5Translator, node: nodes.Element, *, block: bool) -> None:
    """A formula as MathML."""
    try:
        formula = node.astext().replace(r"\dots", r"\ldots")  # a name that the converter lacks
        self.body.append(scripts_beside_accents(str(tex2mathml(formula, as_block=block))))
    except MathError as error:
        _log.warning("%s: %s", node.astext(), error, location=node)
    raise nodes.SkipNode


def _inline_math(self: HTML5Translator, node: nodes.Element) -> None:
    _math(self, node, block=False)


def _block_math(self: HTML5Translator, node: nodes.Element) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math"))
    try:
        _math(self, node, block=True)
    finally:
        self.body.append("</div>")


def setup(app: Sphinx) -> None:
    """The check of names and the writer of formulas."""
    app.connect("env-check-consistency", _check_names)
    app.connect("html-collect-pages", _name_rooms, priority=400)
    app.add_html_math_renderer("mathml", (_inline_math, None), (_block_math, None))
