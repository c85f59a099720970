"""Status messages that administrators saved, checked as they will be when somebody sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bxapp.audit.models import AuditEntry
from bxapp.terminations.jobs.messages import Message
from bxapp.terminations.models import SavedMessage
from bxapp.workflows.saved import Shelf

if TYPE_CHECKING:
    from bxapp.portals.models import Portal
    from bxapp.portals.sessions import Actor

SHELF = Shelf(
    SavedMessage,
    created=AuditEntry.Kind.MESSAGE_SAVED,
    changed=AuditEntry.Kind.MESSAGE_CHANGED,
    deleted=AuditEntry.Kind.MESSAGE_DELETED,
)


def save(actor: Actor, name: str, text: str) -> SavedMessage:
    """Save a message under a name, its placeholders unfilled.

    Raises MessageProblemError, NameProblemError, and Refusal NOT_INSTALLED.
    """
    return SHELF.create(actor, name, Message(text, actor).typed)


def change(actor: Actor, number: int, *, name: str, text: str) -> SavedMessage:
    """Change name and text of a message. Raises as ``save``, and Refusal NOT_FOUND."""
    return SHELF.change(actor, number, name=name, content=Message(text, actor).typed)


def portal_removed(portal: Portal, **_signal: Any) -> None:
    """Forget the messages of a portal that removed the application."""
    SHELF.erase(portal)
