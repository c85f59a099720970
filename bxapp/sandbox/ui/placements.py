"""``PLACEMENT_OPTIONS`` as the portal makes them for the form, and for ``getInitData``.

For the main page they are the query string of the portal's page as it came, so whoever crafts a link
writes them; in a card they are the ID of its item. ``URI`` is the page of the portal from which this
one was reached (component ``app.layout``, extractors; facts section 2).
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.sandbox.ui.switches import Switches


def placement_options(
    switches: Switches, query: Mapping[str, str], referer: str, portal_origin: str
) -> dict[str, object]:
    """The raw options, in the order the portal writes them; an empty dict where it would have none.

    A query name such as ``a[b]`` becomes a nested array, as PHP reads it (one level is kept here).
    """
    if switches.in_default_placement:
        options = _nested({name: value for name, value in query.items() if not name.startswith("_")})
    else:
        options = {"ID": switches.entity_id}
    uri = same_origin_path(referer, portal_origin)
    if uri and not options.get("URI"):
        options["URI"] = uri
    return options


def escaped(value: object) -> object:
    """``value`` with every text escaped for HTML, as ``getInitData`` tells it; empty becomes a list."""
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, dict):
        return {name: escaped(one) for name, one in value.items()} or []
    return value


def same_origin_path(referer: str, origin: str) -> str:
    """Path and query of ``referer`` when it is a page of this portal, else an empty text."""
    parts = urlsplit(referer)
    if f"{parts.scheme}://{parts.netloc}" != origin:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _nested(flat: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in flat.items():
        outer, bracket, rest = name.partition("[")
        if not bracket or not rest.endswith("]"):
            found[name] = value
            continue
        inner = found.setdefault(outer, {})
        if not isinstance(inner, dict):
            inner = found[outer] = {}
        inner[rest[:-1] or str(len(inner))] = value
    return found
