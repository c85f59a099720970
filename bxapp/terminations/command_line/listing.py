"""Workflows as lines: a table for people, JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bxapp.workflows.rows import TemplateKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bxapp.workflows.rows import Row, Starter, Template

_HEAD = ("ID", "document", "template", "started (UTC)", "by", "state")
_WIDEST = (64, 50, 40, 16, 30, 9)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Return a head and a line for each workflow."""
    lines = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def as_json(row: Row) -> str:
    """Return a workflow as one line of JSON; moments in ISO 8601, UTC."""
    workflow = row.workflow
    return json.dumps(
        {
            "id": row.id,
            "document": {
                "module_id": workflow.module_id,
                "entity": workflow.entity,
                "id": workflow.document_id,
                "name": workflow.document_name,
            },
            "template": {"id": row.template.number, "name": row.template.name, "kind": row.template.kind},
            "started": _iso(row.started),
            "modified": _iso(row.modified),
            "started_by": {"id": row.starter.user_id, "name": row.starter.name},
            "state": row.state,
        }
    )


def printable(text: str, widest: int) -> str:
    """Return a portal's text for a terminal: no control characters, and not too wide."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= widest else plain[: widest - 1] + "…"


def _cells(row: Row) -> tuple[str, ...]:
    cells = (
        row.id,
        row.document.label,
        _template(row.template),
        f"{row.started:%Y-%m-%d %H:%M}" if row.started else "",
        _starter(row.starter),
        row.state.value,
    )
    return tuple(printable(cell, widest) for cell, widest in zip(cells, _WIDEST, strict=True))


def _template(template: Template) -> str:
    match template.kind:
        case TemplateKind.NAMED:
            return f"{template.name} [{template.number}]"
        case TemplateKind.GHOST:
            return "(empty entry)"
        case TemplateKind.RULE:
            return f"(automation rule) [{template.number}]"
        case TemplateKind.UNTOLD:
            return f"[{template.number}]"


def _starter(starter: Starter) -> str:
    if starter.is_system:
        return "(system)"
    name = f"{starter.name} [{starter.user_id}]" if starter.name else f"[{starter.user_id}]"
    return f"{name} (dismissed)" if starter.is_dismissed else name


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
