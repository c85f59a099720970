"""A chosen workflow on its way through the browser: what was known of it, signed for one portal.

The values travel in the list's checkboxes and come back with the dialog. The signature keeps them as they
were shown; its salt names the portal and its installation, so that no other portal's rows are accepted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core import signing

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor

_FIELDS = 10


class SelectionNotOurs(Exception):  # noqa: N818  (a finding about the value, named as such)
    """The value was not packed here, not for this portal, or was changed on the way."""


@dataclass(frozen=True, slots=True)
class SelectedWorkflow:
    """A workflow as it was shown: its document's and template's names are of that moment."""

    id: str
    module_id: str
    entity: str
    document_id: str
    document_name: str
    template_id: int | None
    template_name: str
    started: datetime | None
    started_by_id: int | None
    started_by_name: str


def pack(actor: Actor, workflow: SelectedWorkflow) -> str:
    """Return the value of a checkbox: a JSON list and its signature (small, and compressible in a page)."""
    content = [
        workflow.id,
        workflow.module_id,
        workflow.entity,
        workflow.document_id,
        workflow.document_name,
        workflow.template_id,
        workflow.template_name,
        workflow.started.isoformat() if workflow.started else None,
        workflow.started_by_id,
        workflow.started_by_name,
    ]
    return _signer(actor).sign(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def unpack(actor: Actor, value: str) -> SelectedWorkflow:
    """Return the workflow of a checkbox's value; raises SelectionNotOurs."""
    try:
        content: list[Any] = json.loads(_signer(actor).unsign(value))
        if len(content) != _FIELDS:
            raise SelectionNotOurs
        started = content[7]
        return SelectedWorkflow(
            *content[:7], datetime.fromisoformat(started) if started else None, *content[8:]
        )
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise SelectionNotOurs from error


def _signer(actor: Actor) -> signing.Signer:
    return signing.Signer(salt=f"workflow-row:{actor.portal.pk}:{actor.portal.installation}")
