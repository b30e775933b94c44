"""``python -m making.links SITE``: every link of the built pages, without a network.

A link within the site has to lead to a file, and to an anchor that is there; one to elsewhere has to be an address.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_HOST = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$", re.IGNORECASE)


class Page(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ``href``, ``src``, ``id`` and ``name``."""
        for name, value in attrs:
            if value and (name == "id" or (tag == "a" and name == "name")):
                self.anchors.add(value)
            if value is not None and name in ("href", "src") and tag not in ("base",):
                self.links.append(value)


def faults(site: Path) -> list[str]:
    """One sentence for each link that leads nowhere."""
    found = [path for path in sorted(site.rglob("*.html")) if path.relative_to(site).parts[0] != "_static"]
    pages = {path: Page(path) for path in found}
    out = []
    for path, page in pages.items():
        for link in page.links:
            if why := _fault(link, path, site, pages):
                out.append(f"{path.relative_to(site)}: {link!r} {why}")
    return out


def _fault(link: str, path: Path, site: Path, pages: dict[Path, Page]) -> str:
    try:
        parts = urlsplit(link)
    except ValueError as error:
        return str(error)
    if parts.scheme in ("http", "https"):
        return "" if _HOST.match(parts.netloc) and " " not in link else "is no address"
    if parts.scheme in ("mailto", "data", "javascript"):
        return ""
    if parts.scheme or parts.netloc:
        return "has an unknown scheme"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site.resolve()) or not target.exists():
        return "leads to no file"
    anchor = unquote(parts.fragment)
    known = pages.get(target)
    return f"has no anchor {anchor!r} there" if anchor and known and anchor not in known.anchors else ""


def main(site: Path) -> int:
    """Print the faults; the exit code."""
    found = faults(site.resolve())
    print("\n".join(found) or f"Links of {len(list(site.rglob('*.html')))} pages lead where they say.")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
