"""``bizproc.workflow.template.list`` (``bizproc/lib/restservice.php``, ``getWorkflowTemplates``)."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from bxapp.sandbox import dates, php
from bxapp.sandbox.call import PAGE, Listing, Method
from bxapp.sandbox.filters import Column, Kind, predicate_of, read_filter, read_order, read_select
from bxapp.sandbox.methods.paging import listing, offset_of

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call
    from bxapp.sandbox.world import Template

COLUMNS: dict[str, Column[Template]] = {
    "ID": Column(Kind.NUMBER, attrgetter("id")),
    "MODULE_ID": Column(Kind.TEXT, attrgetter("module_id")),
    "ENTITY": Column(Kind.TEXT, attrgetter("entity")),
    "DOCUMENT_TYPE": Column(Kind.TEXT, attrgetter("document_type")),
    "AUTO_EXECUTE": Column(Kind.NUMBER, attrgetter("auto_execute")),
    "NAME": Column(Kind.TEXT, attrgetter("name")),
    "DESCRIPTION": Column(Kind.TEXT, attrgetter("description")),
    "MODIFIED": Column(Kind.DATE, attrgetter("modified")),
    "IS_MODIFIED": Column(Kind.TEXT, lambda template: "Y"),
    "USER_ID": Column(Kind.NUMBER, attrgetter("user_id")),
    "SYSTEM_CODE": Column(Kind.TEXT, lambda template: "system" if template.system else None),
}
_EMPTY_ARRAYS = ("TEMPLATE", "PARAMETERS", "VARIABLES", "CONSTANTS")


async def template_list(call: Call) -> Listing:
    """Inactive and system ones too; not those of automation rules, scripts and debugging."""
    call.require_admin()
    params = php.upper_keys(call.params)
    settings = call.portal.settings
    select = read_select(params.get("SELECT"), (*COLUMNS, *_EMPTY_ARRAYS), ["ID"])
    order = read_order(params.get("ORDER"), COLUMNS, [("ID", False)])
    tests = [
        predicate_of(one, COLUMNS[one.name]) for one in read_filter(params.get("FILTER"), COLUMNS, settings)
    ]
    found = [one for one in call.portal.templates.values() if one.listed and all(test(one) for test in tests)]
    for name, backwards in reversed(order):
        found.sort(key=_key(name), reverse=backwards)
    offset = offset_of(call.start, settings)
    rows = [_told(one, select, settings.server_zone_minutes) for one in found[offset : offset + PAGE]]
    return listing(rows, call.start, len(found))


def _key(name: str) -> Any:
    value = COLUMNS[name].value
    return lambda template: ((found := value(template)) is not None, found)


def _told(template: Template, select: list[str], zone_minutes: int) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for name in select:
        value = COLUMNS[name].value(template) if name in COLUMNS else []
        if isinstance(value, datetime):
            value = dates.tell(value, zone_minutes)
        elif isinstance(value, int):
            value = str(value)
        answer[name] = value
    return answer


METHODS = (Method("bizproc.workflow.template.list", "bizproc", template_list, listing=True),)
