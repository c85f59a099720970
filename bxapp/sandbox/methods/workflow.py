"""``bizproc.workflow.instances``, ``.terminate``, ``.kill``, ``.start`` (``bizproc/lib/restservice.php``)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bxapp.sandbox import dates, php
from bxapp.sandbox.call import PAGE, Listing, Method
from bxapp.sandbox.failures import RestError
from bxapp.sandbox.filters import read_filter, read_order, read_select
from bxapp.sandbox.instances import COLUMNS, DEFAULT_ORDER, DEFAULT_SELECT, select_page
from bxapp.sandbox.life import start_workflow
from bxapp.sandbox.methods.paging import listing, offset_of
from bxapp.sandbox.termination import kill, terminate

if TYPE_CHECKING:
    from bxapp.sandbox.call import Call
    from bxapp.sandbox.rows import InstanceRow

WRONG_ID = "ERROR_WRONG_WORKFLOW_ID"


async def instances(call: Call) -> Listing:
    """Workflows that have run once and have not ended, 50 to a page."""
    call.require_admin()
    params = php.upper_keys(call.params)
    settings = call.portal.settings
    select = read_select(params.get("SELECT"), COLUMNS, DEFAULT_SELECT)
    conditions = read_filter(params.get("FILTER"), COLUMNS, settings)
    order = read_order(params.get("ORDER"), COLUMNS, DEFAULT_ORDER)
    offset = offset_of(call.start, settings)
    page = select_page(call.portal.rows, conditions, order, offset, PAGE)
    rows = [told(row, select, settings.server_zone_minutes) for row in page.rows]
    return listing(rows, call.start, page.total)


def told(row: InstanceRow, select: list[str], zone_minutes: int) -> dict[str, Any]:
    """A row as it is answered: numbers as texts, dates with the server's offset."""
    answer: dict[str, Any] = {}
    for name in select:
        value = COLUMNS[name].value(row)
        if isinstance(value, datetime):
            value = dates.tell(value, zone_minutes)
        elif isinstance(value, int):
            value = str(value)
        answer[name] = value
    return answer


async def workflow_terminate(call: Call) -> bool:
    call.require_admin()
    params = php.upper_keys(call.params)
    workflow_id = params.get("ID")
    if php.is_empty(workflow_id):
        raise RestError("Empty workflow instance ID", WRONG_ID)
    if not isinstance(workflow_id, str):
        if call.portal.settings.strict_workflow_id:
            raise RestError("Invalid workflow instance ID (string expected)", WRONG_ID)
        workflow_id = php.text(workflow_id)
    await terminate(call, workflow_id, php.text(params.get("STATUS")))
    return True


async def workflow_kill(call: Call) -> bool:
    call.require_admin()
    params = php.upper_keys(call.params)
    if php.is_empty(params.get("ID")):
        raise RestError("Empty workflow instance ID", WRONG_ID)
    await kill(call, php.text(params["ID"]))
    return True


async def workflow_start(call: Call) -> str:
    """Starts one on a document of the template's type; administrators only, here."""
    params = php.upper_keys(call.params)
    if php.is_empty(params.get("TEMPLATE_ID")):
        raise RestError("Empty TEMPLATE_ID", WRONG_ID)
    template = call.portal.templates.get(php.integer(params["TEMPLATE_ID"]))
    if template is None:
        raise RestError("Template not found", WRONG_ID)
    parts = [php.text(part) for _, part in php.items(params.get("DOCUMENT_ID"))]
    document = call.portal.documents.get((parts[0], parts[1], parts[2])) if len(parts) == 3 else None
    if document is None:
        raise RestError("Wrong DOCUMENT_ID!")
    if (document.module_id, document.document_type) != (template.module_id, template.document_type):
        raise RestError("Template type and DOCUMENT_ID mismatch!")
    call.require_admin()
    return start_workflow(call.sandbox, call.portal, template, document, call.user.id).id


METHODS = (
    Method("bizproc.workflow.instances", "bizproc", instances, listing=True),
    Method("bizproc.workflow.instance.list", "bizproc", instances, listing=True),
    Method("bizproc.workflow.terminate", "bizproc", workflow_terminate, own_duration=True),
    Method("bizproc.workflow.kill", "bizproc", workflow_kill, own_duration=True),
    Method("bizproc.workflow.start", "bizproc", workflow_start),
)
