"""HTML of the portal's own pages, from the Jinja2 templates beside this module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TEMPLATES = Path(__file__).parent / "templates"

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def short_moment(moment: datetime | None) -> str:
    """``24 Nov 2026, 09:05:07`` in UTC, or an empty text."""
    return moment.strftime("%-d %b %Y, %H:%M:%S") if moment else ""


_environment.filters["short_moment"] = short_moment


def page(template: str, context: Mapping[str, object], *, status: int = 200) -> web.Response:
    """The answer that shows ``template``. The browser may keep nothing of it: it holds tokens."""
    html = _environment.get_template(template).render(context)
    return web.Response(
        text=html,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )
