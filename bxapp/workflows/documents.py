"""What a workflow runs on: the kind and number of a document, and the portal's page that shows it.

The codes are those of ``bizproc.workflow.instances`` (MODULE_ID, ENTITY, DOCUMENT_ID); a kind that is not
known here is shown by its codes, as plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Document:
    """``kind`` and ``number`` as people say them ("Deal", "1633"); ``name`` is the portal's, may be empty.

    ``path`` is the card's path in the portal and ``url`` its full address; both empty where it has none.
    """

    kind: str
    number: str
    name: str = ""
    path: str = ""
    url: str = ""

    @property
    def label(self) -> str:
        """The whole in one line: "Deal 1633 · ACME renewal"."""
        return _labelled(self.kind, self.number, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A kind that has a name in each language; ``path`` of the cards, with ``{number}``."""

    name: _StrPromise
    path: str = ""


# Found in a catalog once: a job may name a hundred thousand documents.
@lru_cache(maxsize=256)
def _in_language(kind: _Kind, language: str | None) -> str:
    with override(language):
        return str(kind.name)


# DOCUMENT_ID of the CRM: a prefix and a number.
_CRM = {
    "LEAD": _Kind(_("Lead"), "/crm/lead/details/{number}/"),
    "DEAL": _Kind(_("Deal"), "/crm/deal/details/{number}/"),
    "CONTACT": _Kind(_("Contact"), "/crm/contact/details/{number}/"),
    "COMPANY": _Kind(_("Company"), "/crm/company/details/{number}/"),
    "SMART_INVOICE": _Kind(_("Invoice")),
    "QUOTE": _Kind(_("Quote")),
    "ORDER": _Kind(_("Order")),
}
_LIST_ITEM = _Kind(_("List item"))
_FILE = _Kind(_("File"))
_TASK = _Kind(_("Task"))
_RPA_ITEM = _Kind(_("RPA item"))
_WORKFLOW = _Kind(_("Workflow"))
_SMART_PROCESS_ITEM = _Kind(_("Smart process item"))
_DYNAMIC = re.compile(r"DYNAMIC_([1-9][0-9]{0,9})_([1-9][0-9]{0,17})", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_RPA = re.compile(r"([1-9][0-9]{0,9}):([1-9][0-9]{0,17})", re.ASCII)


def describe(
    module_id: str, entity: str, document_id: str, *, name: str = "", client_endpoint: str = ""
) -> Document:
    """Return how people know a document.

    ``name`` is the portal's own name of it; ``client_endpoint`` the portal's confirmed REST address, from
    whose origin the card's full address is made.
    """
    kind, number, path = _read(module_id, entity, document_id)
    if isinstance(kind, _Kind):
        path = path or kind.path.format(number=number)
        kind = _in_language(kind, get_language())
    return Document(
        kind=kind, number=number, name=name.strip(), path=path, url=_address(client_endpoint, path)
    )


def label_in(language: str, module_id: str, entity: str, document_id: str, name: str) -> str:
    """Return the label of :func:`describe`'s document in a language; of thousands, in a tenth of the time."""
    kind, number, _path = _read(module_id, entity, document_id)
    return _labelled(_in_language(kind, language) if isinstance(kind, _Kind) else kind, number, name.strip())


def _labelled(kind: str, number: str, name: str) -> str:
    numbered = f"{kind} {number}".strip()
    return f"{numbered} · {name}" if numbered and name else numbered or name


def _read(module_id: str, entity: str, document_id: str) -> tuple[_Kind | str, str, str]:
    """Return kind, number, and the card's path where its kind does not tell it."""
    match module_id:
        case "crm":
            return _crm(document_id) or _plain(module_id, document_id)
        case "lists" if _NUMBER.fullmatch(document_id):
            return _LIST_ITEM, document_id, ""
        case "disk" if _NUMBER.fullmatch(document_id):
            return _FILE, document_id, ""
        case "tasks" if _NUMBER.fullmatch(document_id):
            return _TASK, document_id, ""
        case "rpa" if _RPA.fullmatch(document_id):
            return _RPA_ITEM, document_id, ""
        case "bizproc" if document_id and entity.endswith("Workflow"):
            return _WORKFLOW, document_id, ""
        case "" if not document_id:
            return "", "", ""
        case _:
            return _plain(module_id, document_id)


def _crm(document_id: str) -> tuple[_Kind, str, str] | None:
    if dynamic := _DYNAMIC.fullmatch(document_id):
        type_id, number = dynamic.groups()
        return _SMART_PROCESS_ITEM, number, f"/crm/type/{type_id}/details/{number}/"
    prefix, _separator, number = document_id.rpartition("_")
    if not _NUMBER.fullmatch(number):
        return None
    kind = _CRM.get(prefix)
    return (kind, number, "") if kind else None


def _plain(module_id: str, document_id: str) -> tuple[_Kind | str, str, str]:
    return module_id, document_id, ""


def _address(client_endpoint: str, path: str) -> str:
    if not client_endpoint:
        return ""
    origin = urlsplit(client_endpoint)
    if not path or origin.scheme not in ("http", "https") or not origin.netloc:
        return ""
    return f"{origin.scheme}://{origin.netloc}{path}"
