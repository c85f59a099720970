"""The status message with its placeholders: read as typed, filled in for each workflow, checked in advance.

A word in braces is a placeholder, in any case: ``{user}``, ``{Template}``. ``{{user}}`` stands for the word
in braces itself. Whatever else is typed, single braces among it, stays as it is. A placeholder that is not
known is refused: whoever types ``{name}`` wants a name there. Nothing is ever cut: a text that gets too long
for a workflow is refused too, and the person told for which one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bxapp.audit.texts import storable
from bxapp.bitrix.status_text import LONGEST_CHARACTERS, as_stored, length_characters, status_problem
from bxapp.web import dates
from bxapp.workflows.documents import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django.utils.functional import _StrPromise

    from bxapp.portals.sessions import Actor
    from bxapp.workflows.selection import SelectedWorkflow

# One whole word in single or double braces.
_BRACED = re.compile(r"\{\{\s*\w+\s*\}\}|\{\s*(\w+)\s*\}")

PROBLEMS: dict[str, _StrPromise] = {
    "blank": _("Enter a message: without one the portal writes a text of its own."),
    "zero": _("Enter another message: the portal takes “0” for no message at all."),
    "too_long": _("Shorten the message: the portal keeps 255 characters."),
    "unsendable": _("The message holds a character that cannot be sent. Type it again."),
}


class MessageProblemError(ValueError):
    """The portal would not keep the message as meant.

    ``problem`` is a code of ``status_problem``, or ``unknown_placeholder``; the text of the error is a
    sentence for the person who typed the message.
    """

    def __init__(self, problem: str, sentence: str = "") -> None:
        super().__init__(sentence or str(PROBLEMS[problem]))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Filled:
    """What would be sent for one workflow."""

    workflow: SelectedWorkflow
    text: str

    @property
    def length(self) -> int:
        return length_characters(self.text)

    @property
    def label(self) -> str:
        """The workflow as its person knows it."""
        return _document(self.workflow)


class Message:
    """A message as typed, and who leaves it now. Raises MessageProblemError when it could not be sent."""

    def __init__(self, typed: str, author: Actor) -> None:
        if problem := status_problem(typed):
            raise MessageProblemError(problem)
        self.typed = as_stored(typed)
        # Plain text and names of placeholders by turns.
        self._texts, self._names = _parts(self.typed)
        if unknown := [name for name in self._names if name not in PLACEHOLDERS]:
            raise MessageProblemError("unknown_placeholder", _unknown(unknown[0]))
        user = storable(author.name) or gettext("user %(id)s") % {"id": author.user_id}
        self._constant = {"user": user, "date": dates.day(timezone.now())}

    @property
    def has_placeholders(self) -> bool:
        return bool(self._names)

    def fill(self, workflows: Iterable[SelectedWorkflow]) -> list[Filled]:
        """Return what would be sent for each workflow, unchecked."""
        return [Filled(workflow, self._text(workflow)) for workflow in workflows]

    def _text(self, workflow: SelectedWorkflow) -> str:
        if not self._names:
            return self._texts[0]
        pieces = [self._texts[0]]
        for name, text in zip(self._names, self._texts[1:], strict=True):
            pieces += [self._constant.get(name) or _OF_WORKFLOW[name](workflow), text]
        return as_stored("".join(pieces))


def check(filled: Sequence[Filled]) -> None:
    """Raise MessageProblemError when the portal would not keep what is sent for one of the workflows."""
    problems = {text: status_problem(text) for text in {one.text for one in filled}}
    faulty = [one for one in filled if problems[one.text]]
    if too_long := [one for one in faulty if problems[one.text] == "too_long"]:
        raise MessageProblemError("too_long", _too_long(too_long))
    for one in faulty[:1]:
        problem = problems[one.text] or ""
        # Translators: the document or template whose message has a problem, and the problem.
        sentence = gettext("%(label)s: %(problem)s") % {"label": one.label, "problem": PROBLEMS[problem]}
        raise MessageProblemError(problem, sentence)


def _parts(typed: str) -> tuple[list[str], list[str]]:
    texts, names, end = [""], [], 0
    for found in _BRACED.finditer(typed):
        texts[-1] += typed[end : found.start()]
        end = found.end()
        if found.group(1):
            names.append(found.group(1).lower())
            texts.append("")
        else:
            texts[-1] += found.group()[1:-1]
    texts[-1] += typed[end:]
    return texts, names


def _document(workflow: SelectedWorkflow) -> str:
    told = describe(
        workflow.module_id, workflow.entity, workflow.document_id, name=workflow.document_name
    ).label
    return storable(told) or gettext("no document")


def _template(workflow: SelectedWorkflow) -> str:
    if workflow.template_name:
        return storable(workflow.template_name)
    if workflow.template_id:
        return gettext("no. %(id)s") % {"id": workflow.template_id}
    return gettext("no template")


def _started(workflow: SelectedWorkflow) -> str:
    return dates.day(workflow.started) if workflow.started else gettext("unknown")


_OF_WORKFLOW: dict[str, Callable[[SelectedWorkflow], str]] = {
    "template": _template,
    "document": _document,
    "started": _started,
}
PLACEHOLDERS = ("user", "date", *_OF_WORKFLOW)


def _unknown(name: str) -> str:
    return gettext(
        "There is no placeholder {%(name)s}. Known are %(known)s; for the word itself write {{%(name)s}}."
    ) % {"name": name, "known": " ".join(f"{{{known}}}" for known in PLACEHOLDERS)}


def _too_long(filled: Sequence[Filled]) -> str:
    longest = max(filled, key=lambda one: one.length)
    return ngettext(
        "With its placeholders the message is too long for %(count)s workflow: shorten it by %(excess)s for"
        " “%(label)s”. The portal keeps %(limit)s characters.",
        "With its placeholders the message is too long for %(count)s workflows: shorten it by %(excess)s,"
        " which is what “%(label)s” needs. The portal keeps %(limit)s characters.",
        len(filled),
    ) % {
        "count": len(filled),
        "excess": longest.length - LONGEST_CHARACTERS,
        "label": longest.label,
        "limit": LONGEST_CHARACTERS,
    }
