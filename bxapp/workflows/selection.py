"""A chosen workflow on its way through the browser: what was known of it, signed for one portal.

The values travel in the list's checkboxes and come back with the dialog. The signature keeps them as they
were shown; its salt names the portal and its installation, so that no other portal's rows are accepted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core import signing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bxapp.portals.sessions import Actor


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
    # Whether the list showed it idle, or hung, which is stopped like an idle one. Not carried by a checkbox:
    # nobody knows of which moment that is.
    is_idle: bool = False


_NAMES = tuple(field.name for field in fields(SelectedWorkflow))
_STARTED = _NAMES.index("started")
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack(actor: Actor, workflow: SelectedWorkflow) -> str:
    """Return the value of a checkbox: a JSON list and its signature (small, and compressible in a page)."""
    return _signer(actor).sign(_written(listed(workflow)[: len(_NAMES) - 1]))


def unpack(actor: Actor, value: str) -> SelectedWorkflow:
    """Return the workflow of a checkbox's value; raises SelectionNotOurs."""
    return unpack_all(actor, [value])[0]


def unpack_all(actor: Actor, values: Iterable[str]) -> list[SelectedWorkflow]:
    """Return the workflows of checkboxes' values; raises SelectionNotOurs when one of them is not ours."""
    signer = _signer(actor)
    try:
        return [workflow_of(json.loads(signer.unsign(value))) for value in values]
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise SelectionNotOurs from error


def listed(workflow: SelectedWorkflow) -> list[Any]:
    """Return a workflow as a list that JSON can hold."""
    values = [getattr(workflow, name) for name in _NAMES]
    values[_STARTED] = workflow.started.isoformat() if workflow.started else None
    return values


def workflow_of(values: list[Any]) -> SelectedWorkflow:
    """Return the workflow that :func:`listed` made a list of; raises ValueError or TypeError for another."""
    if len(values) == len(_NAMES) - 1:
        # Of a checkbox, or of a list that was kept before ``is_idle``.
        values = [*values, False]
    if len(values) != len(_NAMES):
        raise ValueError("not a workflow's list")
    started = values[_STARTED]
    values[_STARTED] = datetime.fromisoformat(started) if started else None
    return SelectedWorkflow(*values)


def _signer(actor: Actor) -> signing.Signer:
    return signing.Signer(salt=f"workflow-row:{actor.portal.pk}:{actor.portal.installation}")
