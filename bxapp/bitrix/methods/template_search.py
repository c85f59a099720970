"""Templates by a part of their name: ``bizproc.workflow.template.list`` (documentation of the same name).

Hidden templates (automation rules, scripts) are in no list of the portal's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.bitrix.answers import number, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.bitrix.client import Client

_LONGEST_PART_CHARACTERS = 100
_WILDCARDS = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True, slots=True)
class TemplatesFound:
    """The first fifty, by number; ``total`` as the portal counts."""

    names: Mapping[int, str]
    total: int


def templates_named(client: Client, part: str = "") -> TemplatesFound:
    """Return the templates whose names contain ``part`` in any case, the first fifty by name; empty: of all.

    A bare text is compared by ``LIKE`` (``main/classes/general/sqlwhere.php``), so its wildcards are escaped,
    and every name is compared here too. Raises BitrixError.
    """
    part = part.strip()[:_LONGEST_PART_CHARACTERS]
    named = {"NAME": f"%{part.translate(_WILDCARDS)}%"} if part else {}
    answer = client.call(
        "bizproc.workflow.template.list",
        {"select": ["ID", "NAME"], "filter": named, "order": {"NAME": "ASC", "ID": "ASC"}},
    )
    found = {}
    for row in rows(answer.result):
        template_id, name = number(row.get("ID")), row.get("NAME")
        if template_id and isinstance(name, str) and part.casefold() in name.casefold():
            found[template_id] = name.strip()
    return TemplatesFound(found, max(answer.total or 0, len(found)))
