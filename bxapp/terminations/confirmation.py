"""The dialog: what was chosen, the message, and what is wrong with them, in sentences that say what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bxapp.bitrix.status_text import LONGEST_CHARACTERS, length_characters, may_be_cut
from bxapp.terminations.queueing import MessageProblemError, queue
from bxapp.workflows.documents import describe
from bxapp.workflows.selection import SelectionNotOurs, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import QueryDict
    from django.utils.functional import _StrPromise

    from bxapp.portals.sessions import Actor
    from bxapp.terminations.models import Job
    from bxapp.workflows.documents import Document
    from bxapp.workflows.selection import SelectedWorkflow

# How many of the chosen are named in the dialog.
_NAMED = 5
_KEY_LENGTH = 64

MESSAGE_PROBLEMS: dict[str, _StrPromise] = {
    "blank": _("Enter a message: without one the portal writes a text of its own."),
    "zero": _("Enter another message: the portal takes “0” for no message at all."),
    "too_long": _("Shorten the message: the portal keeps 255 characters."),
    "unsendable": _("The message holds a character that cannot be sent. Type it again."),
}
_NOTHING_CHOSEN = _("No workflow is selected. Close this dialog and tick at least one in the list.")
_NOT_OURS = _("The selection is out of date. Close this dialog, refresh the list and select again.")


@dataclass(frozen=True, slots=True)
class NamedWorkflow:
    """One of the chosen, by the names it had in the list."""

    document: Document
    template_name: str


@dataclass(slots=True)
class Confirmation:
    """The content of the dialog; ``packed`` are the signed values of the list's checkboxes."""

    packed: Sequence[str]
    message: str
    idempotency_key: str
    workflows: Sequence[SelectedWorkflow] = ()
    selection_problem: str = ""
    message_problem: str = ""
    named: list[NamedWorkflow] = field(default_factory=list)

    @classmethod
    def opened(cls, actor: Actor, packed: Sequence[str]) -> Confirmation:
        """Return the dialog as it opens: with a message to keep or change, and a key of its own."""
        who = actor.name or gettext("user %(id)s") % {"id": actor.user_id}
        message = gettext("Terminated by %(name)s") % {"name": who}
        return cls(packed, message[:LONGEST_CHARACTERS], uuid4().hex)._read(actor)

    @classmethod
    def sent(cls, actor: Actor, form: QueryDict) -> Confirmation:
        """Return the dialog as it was confirmed."""
        key = form.get("idempotency_key", "")
        usable_key = key if 0 < len(key) <= _KEY_LENGTH else uuid4().hex
        return cls(form.getlist("selected"), form.get("message", ""), usable_key)._read(actor)

    def queue(self, actor: Actor) -> Job | None:
        """Return the job that it becomes; None when something is wrong, which is then noted here."""
        if self.selection_problem:
            return None
        try:
            return queue(actor, self.workflows, self.message, self.idempotency_key)
        except MessageProblemError as error:
            self.message_problem = str(MESSAGE_PROBLEMS[error.problem])
            return None

    @property
    def is_faulty(self) -> bool:
        return bool(self.selection_problem or self.message_problem)

    @property
    def count(self) -> int:
        return len(self.workflows)

    @property
    def unnamed(self) -> int:
        """How many of the chosen are not among ``named``."""
        return self.count - len(self.named)

    @property
    def limit(self) -> int:
        return LONGEST_CHARACTERS

    @property
    def length(self) -> int:
        return length_characters(self.message)

    @property
    def may_be_cut(self) -> bool:
        return may_be_cut(self.message)

    def _read(self, actor: Actor) -> Confirmation:
        try:
            chosen = {workflow.id: workflow for workflow in (unpack(actor, one) for one in self.packed)}
        except SelectionNotOurs:
            self.selection_problem = str(_NOT_OURS)
            return self
        if not chosen:
            self.selection_problem = str(_NOTHING_CHOSEN)
        self.workflows = list(chosen.values())
        self.named = [
            NamedWorkflow(
                describe(one.module_id, one.entity, one.document_id, name=one.document_name),
                one.template_name,
            )
            for one in self.workflows[:_NAMED]
        ]
        return self
