"""Which of the running workflows are meant: asked of the portal where that is safe, and checked here always.

Published servers know few operators, ignore keys that they do not know (the list is then unfiltered), compare
bare texts by ``LIKE``, and may be wrong about dates by the offset between two time zones. So the portal is
asked for a little more than is meant, with the oldest operators only, and every row is compared here.
(``bizproc/lib/restservice.php``, ``main/classes/general/sqlwhere.php``.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bxapp.bitrix.encoding import changes_in_batch
from bxapp.bitrix.methods.instances import HUNG_AFTER

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.bitrix.methods import Instance

# No two time zones are further apart than 26 hours.
_MARGIN = timedelta(hours=26)
_MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of documents by the portal's codes; an empty ``entity`` means every one of the module."""

    module_id: str
    entity: str = ""

    def meets(self, instance: Instance) -> bool:
        return instance.module_id == self.module_id and self.entity in {"", instance.entity}


_CRM_DOCUMENT = "Bitrix\\Crm\\Integration\\BizProc\\Document\\"
KINDS = {
    "lead": DocumentKind("crm", "CCrmDocumentLead"),
    "deal": DocumentKind("crm", "CCrmDocumentDeal"),
    "contact": DocumentKind("crm", "CCrmDocumentContact"),
    "company": DocumentKind("crm", "CCrmDocumentCompany"),
    "quote": DocumentKind("crm", f"{_CRM_DOCUMENT}Quote"),
    "invoice": DocumentKind("crm", f"{_CRM_DOCUMENT}SmartInvoice"),
    "order": DocumentKind("crm", f"{_CRM_DOCUMENT}Order"),
    "item": DocumentKind("crm", f"{_CRM_DOCUMENT}Dynamic"),
    "crm": DocumentKind("crm"),
    "lists": DocumentKind("lists"),
    "disk": DocumentKind("disk"),
    "tasks": DocumentKind("tasks"),
    "rpa": DocumentKind("rpa"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """An empty field does not narrow it; several values of one field are alternatives.

    ``started_by`` 0 is the system, ``templates`` 0 none. ``documents`` are numbers as the portal writes them
    (``DEAL_1633``). Moments are aware: from (inclusive) and before (exclusive).
    """

    templates: frozenset[int] = frozenset()
    documents: frozenset[str] = frozenset()
    kinds: frozenset[DocumentKind] = frozenset()
    started_by: frozenset[int] = frozenset()
    started_from: datetime | None = None
    started_before: datetime | None = None
    modified_from: datetime | None = None
    modified_before: datetime | None = None
    only_hung: bool = False

    def meets(self, instance: Instance, now: datetime) -> bool:
        """Say whether a workflow is meant. One whose date is unknown is not, where a date is asked for."""
        return (
            (not self.templates or instance.template_id in self.templates)
            and (not self.started_by or instance.started_by in self.started_by)
            and self._meets_document(instance)
            and _lies_in(instance.started, self.started_from, self.started_before)
            and _lies_in(instance.modified, self.modified_from, self.modified_before)
            and (not self.only_hung or instance.is_hung(now))
        )

    def question(self, now: datetime) -> dict[str, Any]:
        """Return what is asked of the portal: never less than is meant."""
        asked: dict[str, Any] = {}
        for name, numbers in (("TEMPLATE_ID", self.templates), ("STARTED_BY", self.started_by)):
            # An empty column is no 0 to a database, but it is one here.
            if 0 < len(numbers) <= _MOST_VALUES and 0 not in numbers:
                asked[name] = sorted(numbers)
        asked |= self._asked_documents()
        for name, since, before in (
            ("STARTED", self.started_from, self.started_before),
            ("MODIFIED", self.modified_from, self.modified_before),
        ):
            if since is not None:
                asked[f">={name}"] = (since - _MARGIN).isoformat(timespec="seconds")
            if before is not None:
                asked[f"<={name}"] = (before + _MARGIN).isoformat(timespec="seconds")
        if self.only_hung:
            asked["<=OWNED_UNTIL"] = (now - HUNG_AFTER + _MARGIN).isoformat(timespec="seconds")
        return asked

    @property
    def is_empty(self) -> bool:
        """Whether everything that runs is meant."""
        return self == Filter()

    def _meets_document(self, instance: Instance) -> bool:
        if not self.documents and not self.kinds:
            return True
        return instance.document_id in self.documents or any(kind.meets(instance) for kind in self.kinds)

    def _asked_documents(self) -> dict[str, Any]:
        """Return the question for documents or for one kind of them; none where a batch may change it."""
        if self.documents and not self.kinds and len(self.documents) <= _MOST_VALUES:
            # A list is compared by LIKE, where a backslash would escape.
            if not any("\\" in text or changes_in_batch(text) for text in self.documents):
                return {"DOCUMENT_ID": sorted(self.documents)}
        elif len(self.kinds) == 1 and not self.documents:
            (kind,) = self.kinds
            exact = {"MODULE_ID": kind.module_id} | ({"ENTITY": kind.entity} if kind.entity else {})
            if not any(changes_in_batch(text) for text in exact.values()):
                return {f"{sign}{name}": text for name, text in exact.items() for sign in (">=", "<=")}
        return {}


EVERYTHING = Filter()


def _lies_in(moment: datetime | None, since: datetime | None, before: datetime | None) -> bool:
    if since is None and before is None:
        return True
    if moment is None:
        return False
    return (since is None or moment >= since) and (before is None or moment < before)
