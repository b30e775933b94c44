"""Names of the countries that models are published for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from capstar.errors import SpecificationError

COUNTRIES: Mapping[str, tuple[str, ...]] = {
    "us": ("usa", "united states"),
    "canada": ("ca",),
    "euro area": ("ea", "euro zone", "eurozone"),
    "uk": ("gb", "united kingdom"),
}
_OTHERS = {"germany": ("de",), "france": ("fr",), "italy": ("it",), "japan": ("jp",)}
_SHORT = {**COUNTRIES, **_OTHERS}


def country_name(country: str, known: Iterable[str] = COUNTRIES, *, model: str = "capstar") -> str:
    """The name of a country, such as ``"euro area"`` for ``"ea"``.

    Parameters
    ----------
    country
        In any case; ``-`` and ``_`` count as spaces.
    known
        Names that are meant.
    model
        Whose they are, for the message.

    Raises
    ------
    SpecificationError
        It is none of those.
    """
    known = tuple(known)
    wanted = " ".join(str(country).replace("_", " ").replace("-", " ").lower().split())
    found = [name for name in known if wanted in (name, *_SHORT.get(name, ()))]
    if not found:
        listed = [f"{name!r} (or {_SHORT[name][0]!r})" for name in known]
        raise SpecificationError(
            f"{model} is not published for {country!r}; it is for {', '.join(listed) or 'no country'}. Choose one of "
            "those, or name no country."
        )
    return found[0]
