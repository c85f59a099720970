"""The dialog: what was chosen, the message, and what is wrong with them, in sentences that say what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bxapp.bitrix.status_text import LONGEST_CHARACTERS, length_characters, may_be_cut
from bxapp.terminations.jobs import messages, retrying, safeguards
from bxapp.terminations.jobs.messages import Message, MessageProblemError
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.jobs.safeguards import ProtectedNotConfirmedError
from bxapp.terminations.models import Job
from bxapp.terminations.screens import dialog_facts
from bxapp.workflows import keeping
from bxapp.workflows.documents import describe
from bxapp.workflows.selection import SelectionNotOurs, unpack_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import QueryDict

    from bxapp.portals.sessions import Actor
    from bxapp.terminations.jobs.messages import Filled
    from bxapp.terminations.jobs.safeguards import Guarded
    from bxapp.terminations.screens.dialog_facts import Facts
    from bxapp.workflows.documents import Document
    from bxapp.workflows.keeping import Kept

# Made by this form; anything else (a NUL would be an error of the database) is as good as none.
_KEY = re.compile(r"[0-9A-Za-z-]{1,64}")
# How many messages are shown as they will read.
_PREVIEWED = 3

_NOTHING_CHOSEN = _("No workflow is selected. Close this dialog and tick at least one in the list.")
_NOTHING_FAILED = _("Nothing of this job has failed, so there is nothing to try again.")
_PROTECTED = _(
    "Tick each protected template whose workflows are really to be terminated, or untick them in the list."
)
_NOT_OURS = _("The selection is out of date. Close this dialog, refresh the list and select again.")


@dataclass(frozen=True, slots=True)
class NamedWorkflow:
    """One of the chosen, by the names it had in the list."""

    document: Document
    template_name: str


@dataclass(slots=True)
class Confirmation:
    """The content of the dialog; ``kept`` is the list that was chosen, None when that is not usable."""

    actor: Actor
    message: str
    idempotency_key: str
    may_use_other_grants: bool = False
    retry_of: Job | None = None
    kept: Kept | None = None
    selection_problem: str = ""
    message_problem: str = ""
    preview: Sequence[Filled] = field(default_factory=list)
    # What was typed where the number has to be, and which protected templates were ticked.
    typed_number: str = ""
    number_problem: str = ""
    confirmed_protected: frozenset[int] = frozenset()
    protected_problem: str = ""

    @classmethod
    def opened(cls, actor: Actor, form: QueryDict) -> Confirmation:
        """Return the dialog as it opens: with a message to keep or change, and a key of its own."""
        who = actor.name or gettext("user %(id)s") % {"id": actor.user_id}
        message = gettext("Terminated by %(name)s") % {"name": who}
        opened = cls(actor, message[:LONGEST_CHARACTERS], uuid4().hex)
        opened._take(lambda: _chosen(actor, form))
        return opened

    @classmethod
    def retrying(cls, actor: Actor, job: Job) -> Confirmation:
        """Return the dialog for what failed of a job, with its message and its leave."""
        opened = cls(actor, job.message, uuid4().hex, job.may_use_other_grants, job)
        failed = retrying.failed_of(job)
        opened._take(lambda: keeping.keep(actor.portal, failed) if failed else None, _NOTHING_FAILED)
        opened.show()
        return opened

    @classmethod
    def sent(cls, actor: Actor, form: QueryDict) -> Confirmation:
        """Return the dialog as it was confirmed, or as it stands while the message is being typed."""
        key = form.get("idempotency_key", "")
        sent = cls(
            actor,
            form.get("message", ""),
            key if _KEY.fullmatch(key) else uuid4().hex,
            bool(form.get("may_use_other_grants")),
            _job_of(actor, form.get("retry_of", "")),
            typed_number=form.get("typed_number", ""),
            confirmed_protected=_numbers(form.getlist("confirmed_protected")),
        )
        sent._take(lambda: _chosen(actor, form))
        return sent

    def queue(self) -> Job | None:
        """Return the job that it becomes; None when something is wrong, which is then noted here."""
        if self.kept is None:
            return None
        self._check()
        if self.is_faulty:
            self.show()
            return None
        try:
            return queue(
                self.actor,
                self.kept,
                self.message,
                self.idempotency_key,
                may_use_other_grants=self.may_use_other_grants,
                retry_of=self.retry_of,
                confirmed_protected=self.confirmed_protected,
                read_at=self.kept.read_at,
            )
        except MessageProblemError as error:
            self.message_problem = str(error)
        except ProtectedNotConfirmedError:
            # Protected by somebody since the check a moment ago.
            self.protected_problem = str(_PROTECTED)
        self.show()
        return None

    def show(self) -> None:
        """Note how a message with placeholders reads for the first ones, and what is wrong with a message."""
        try:
            message = Message(self.message, self.actor)
            if not message.has_placeholders or self.kept is None:
                return
            self.preview = message.fill(self.kept.head[:_PREVIEWED])
            messages.check(self.preview)
        except MessageProblemError as error:
            self.message_problem = self.message_problem or str(error)

    @property
    def is_faulty(self) -> bool:
        problems = (
            self.selection_problem,
            self.message_problem,
            self.number_problem,
            self.protected_problem,
        )
        return any(problems)

    @property
    def count(self) -> int:
        return self.kept.count if self.kept else 0

    @property
    def facts(self) -> Facts | None:
        """What the chosen are made of, and how long it will take; None without any."""
        return dialog_facts.of(self.actor.portal, self.kept) if self.kept else None

    @property
    def guarded(self) -> list[Guarded]:
        """Protected templates among the chosen, as they are protected now."""
        if self.kept is None:
            return []
        counts = {number: count for number, (_name, count) in self.kept.summary.templates.items()}
        return safeguards.guarded(self.actor.portal, counts)

    @property
    def needs_number(self) -> bool:
        """Whether the number of workflows has to be typed."""
        return self.count >= safeguards.TYPED_FROM

    @property
    def named(self) -> list[NamedWorkflow]:
        """The first of the chosen."""
        return [
            NamedWorkflow(
                describe(one.module_id, one.entity, one.document_id, name=one.document_name),
                one.template_name,
            )
            for one in (self.kept.head if self.kept else ())
        ]

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

    @property
    def placeholders(self) -> list[str]:
        """The words in braces that are filled in, in the order of the hint."""
        return [f"{{{name}}}" for name in messages.PLACEHOLDERS]

    def _check(self) -> None:
        """Note what has to be said and was not."""
        if self.needs_number and not safeguards.is_count(self.typed_number, self.count):
            self.number_problem = gettext("Type the number of workflows, %(count)s, to confirm.") % {
                "count": self.count
            }
        if any(one.template_id not in self.confirmed_protected for one in self.guarded):
            self.protected_problem = str(_PROTECTED)

    def _take(self, chosen: Callable[[], Kept | None], nothing: object = _NOTHING_CHOSEN) -> None:
        try:
            self.kept = chosen()
        except SelectionNotOurs:
            self.selection_problem = str(_NOT_OURS)
        else:
            self.selection_problem = "" if self.kept else str(nothing)


def _chosen(actor: Actor, form: QueryDict) -> Kept | None:
    """Return the list that a form means: by its reference, or by what was ticked; None when that is nothing.

    ``snapshot`` refers to everything that ran at a moment, without the IDs ``left_out``. Raises
    SelectionNotOurs.
    """
    if reference := form.get("selection"):
        return keeping.kept(actor.portal, reference)
    workflows = unpack_all(actor, form.getlist("selected"))
    if snapshot := form.get("snapshot"):
        left_out = form.getlist("left_out")
        if not left_out and not workflows:
            return keeping.kept(actor.portal, snapshot)
        changed = keeping.changed(actor.portal, snapshot, left_out, workflows)
        return changed if changed.count else None
    return keeping.keep(actor.portal, workflows) if workflows else None


def _numbers(texts: Sequence[str]) -> frozenset[int]:
    return frozenset(int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 20)


def _job_of(actor: Actor, number: str) -> Job | None:
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    return Job.objects.filter(portal=actor.portal, pk=int(number)).first() if is_number else None
