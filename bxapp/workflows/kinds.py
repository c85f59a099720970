"""Kinds of documents that workflows run on, by names that an address and a command line can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from bxapp.bitrix.methods import Instance


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of documents by the portal's codes.

    An empty ``entity`` means every one of the module, an empty ``document_id`` every document of the kind;
    without ``module_id`` the document may be of any kind.
    """

    module_id: str
    entity: str = ""
    document_id: str = ""

    def meets(self, instance: Instance) -> bool:
        return (
            self.module_id in {"", instance.module_id}
            and self.entity in {"", instance.entity}
            and self.document_id in {"", instance.document_id}
        )


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
NAMES = {kind: name for name, kind in KINDS.items()}
# In the order in which a person is offered them.
LABELS: dict[str, _StrPromise] = {
    "lead": _("Leads"),
    "deal": _("Deals"),
    "contact": _("Contacts"),
    "company": _("Companies"),
    "quote": _("Quotes"),
    "invoice": _("Invoices"),
    "order": _("Orders"),
    "item": _("Smart process items"),
    "crm": _("Everything of the CRM"),
    "lists": _("Lists and processes"),
    "disk": _("Files"),
    "tasks": _("Tasks"),
    "rpa": _("RPA items"),
}
