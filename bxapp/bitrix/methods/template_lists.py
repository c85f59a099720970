"""The portal's list of workflow templates (``bizproc.workflow.template.list``).

It leaves out those of automation rules, scripts and debugging (``bizproc/lib/restservice.php``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.answers import number, read_rows
from bxapp.bitrix.client import Command
from bxapp.bitrix.errors import MethodFailed
from bxapp.bitrix.methods.instances import PAGE_ROWS

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client

METHOD = "bizproc.workflow.template.list"
_PAGES = 5
# 25,000 templates: more than any portal has; a server that never ends its list does not hold us for ever.
_MOST_REQUESTS = 100


def listed_templates(client: Client) -> dict[int, str]:
    """Return all templates that the portal lists, with their names (may be empty).

    Raises BitrixError; MethodFailed ``ENDLESS`` for a list without an end, of which a part is worth nothing.
    """
    found: dict[int, str] = {}
    last = 0
    for _request in range(_MOST_REQUESTS):
        answers = client.batch({f"page{place}": _command(place, last) for place in range(_PAGES)}).answers
        for place in range(_PAGES):
            page = read_rows(answers[f"page{place}"])
            numbers = [number(row.get("ID")) or 0 for row in page]
            if any(one <= last for one in numbers):
                raise MethodFailed("UNFILTERED", "the portal lists others than asked for")
            for template_id, row in zip(numbers, page, strict=True):
                name = row.get("NAME")
                found[template_id] = name.strip() if isinstance(name, str) else ""
            if len(page) < PAGE_ROWS:
                return found
            last = max(numbers)
    raise MethodFailed("ENDLESS", "the portal's list of templates does not end")


def _command(place: int, last: int) -> Command:
    after = f"0$result[page{place - 1}][{PAGE_ROWS - 1}][ID]" if place else str(last)
    params = {"select": ["ID", "NAME"], "order": {"ID": "ASC"}, "filter": {">ID": after}, "start": 0}
    return Command(METHOD, params)
