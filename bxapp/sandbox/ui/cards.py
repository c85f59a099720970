"""Simple pages behind the links of the portal: cards of CRM items, of users, of anything with a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bxapp.sandbox.world import Document, Portal, Workflow

PREFIXES = (
    "crm",
    "company",
    "workgroups",
    "marketplace",
    "services",
    "tasks",
    "docs",
    "disk",
    "rpa",
    "bizproc",
)
"""First parts of the paths at which the portal has pages."""

_KINDS = (
    (re.compile(r"^/crm/type/(?P<type>\d+)/details/(?P<id>\d+)/$"), "Smart process item {id}"),
    (re.compile(r"^/crm/(?P<kind>lead|deal|contact|company)/details/(?P<id>\d+)/$"), "{kind} {id}"),
    (re.compile(r"^/workgroups/group/(?P<id>\d+)/"), "Group {id}"),
    (re.compile(r"^/tasks/task/view/(?P<id>\d+)/$"), "Task {id}"),
    (re.compile(r"^/marketplace/"), "Market"),
)
_PERSON = re.compile(r"^/company/personal/user/(?P<id>\d+)/$")


@dataclass(frozen=True, slots=True)
class Card:
    """One page: its heading, facts as pairs, and the workflows of the document it shows."""

    title: str
    facts: list[tuple[str, str]]
    workflows: list[Workflow]


def card_at(portal: Portal, path: str) -> Card | None:
    """The card at ``path``, or None where the portal has nothing."""
    document = next((one for one in portal.documents.values() if one.path == path), None)
    if document:
        return _document_card(portal, document)
    person = _PERSON.match(path)
    if person:
        return _person_card(portal, int(person["id"]))
    for pattern, title in _KINDS:
        found = pattern.match(path)
        if found:
            return Card(title.format(**found.groupdict()).capitalize(), [], [])
    return None


def _document_card(portal: Portal, document: Document) -> Card:
    key = (document.module_id, document.entity, document.document_id)
    workflows = [
        one for one in portal.workflows.values() if (one.module_id, one.entity, one.document_id) == key
    ]
    workflows.sort(key=lambda one: one.started, reverse=True)
    return Card(
        document.name, [("Document", document.document_id), ("Module", document.module_id)], workflows
    )


def _person_card(portal: Portal, user_id: int) -> Card | None:
    user = portal.users.get(user_id)
    if user is None or user.bot:
        return None
    facts = [
        ("Position", user.position or "–"),
        ("E-mail", user.email or "–"),
        ("Account", "active" if user.active else "dismissed"),
    ]
    return Card(user.full_name, facts, [])
