"""Kinds of documents and the templates that run on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bxapp.sandbox.world import Document, Template

if TYPE_CHECKING:
    import random

_CRM = "Bitrix\\Crm\\Integration\\BizProc\\Document\\"


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """``id_form``, ``name_form`` and ``path_form`` take the number of an item."""

    module_id: str
    entity: str
    document_type: str
    id_form: str
    name_form: str
    path_form: str
    weight: int

    def document(self, number: int, name: str = "") -> Document:
        return Document(
            self.module_id,
            self.entity,
            self.id_form.format(number),
            name or self.name_form.format(number),
            self.path_form.format(number),
            self.document_type,
        )


KINDS = {
    "lead": DocumentKind(
        "crm", "CCrmDocumentLead", "LEAD", "LEAD_{}", "Lead #{}", "/crm/lead/details/{}/", 18
    ),
    "deal": DocumentKind(
        "crm", "CCrmDocumentDeal", "DEAL", "DEAL_{}", "Deal #{}", "/crm/deal/details/{}/", 34
    ),
    "contact": DocumentKind(
        "crm", "CCrmDocumentContact", "CONTACT", "CONTACT_{}", "Contact #{}", "/crm/contact/details/{}/", 6
    ),
    "company": DocumentKind(
        "crm", "CCrmDocumentCompany", "COMPANY", "COMPANY_{}", "Company #{}", "/crm/company/details/{}/", 6
    ),
    "smart": DocumentKind(
        "crm", f"{_CRM}Dynamic", "DYNAMIC_128", "DYNAMIC_128_{}", "Счёт №{}", "/crm/type/128/details/{}/", 10
    ),
    "invoice": DocumentKind(
        "crm",
        f"{_CRM}SmartInvoice",
        "SMART_INVOICE",
        "SMART_INVOICE_{}",
        "Invoice {}",
        "/crm/type/31/details/{}/",
        4,
    ),
    "list": DocumentKind(
        "lists",
        "BizprocDocument",
        "iblock_31",
        "{}",
        "Leave request {}",
        "/company/lists/31/element/0/{}/",
        10,
    ),
    "process": DocumentKind(
        "lists",
        "Bitrix\\Lists\\BizprocDocumentLists",
        "iblock_47",
        "{}",
        "Purchase request {}",
        "/company/lists/47/element/0/{}/",
        4,
    ),
    "file": DocumentKind(
        "disk",
        "Bitrix\\Disk\\BizProcDocument",
        "STORAGE_1",
        "{}",
        "Contract {}.docx",
        "/docs/file/contract-{}.docx",
        4,
    ),
    "task": DocumentKind(
        "tasks",
        "Bitrix\\Tasks\\Integration\\Bizproc\\Document\\Task",
        "TASK",
        "{}",
        "Task {}",
        "/company/personal/user/1/tasks/task/view/{}/",
        4,
    ),
}
_KINDS_BY_TYPE = {(kind.module_id, kind.document_type): kind for kind in KINDS.values()}

DEAL_NAMES = (
    "Поставка оборудования, ООО «Ромашка»",
    "صفقة توريد المعدات",
    "Office chairs 🪑 for 120 people",
    "<h1>Big deal</h1>",
    'R&D "Phoenix" & Sons\' order',
    "Wartungsvertrag Größe XL",
    "設備リース契約",
    "",
    "A deal whose name goes on and on " * 7,
)
"""Names that some documents get instead of a plain one."""

_TEMPLATES = (
    # number, name, kind, auto_execute, active, listed
    (11, "Contract approval", "deal", 0, True, True),
    (12, "Скидка выше 15 % — согласование", "deal", 1, True, True),
    (13, "Lead qualification", "lead", 1, True, True),
    (14, "Перераспределение лидов", "lead", 0, True, True),
    (15, "Data cleansing <contacts>", "contact", 0, True, True),
    (16, "Credit check & limit", "company", 2, True, True),
    (17, "Согласование счёта", "smart", 1, True, True),
    (18, "Invoice reminder", "invoice", 1, True, True),
    (19, "Leave request", "list", 1, True, True),
    (20, "طلب شراء", "process", 1, True, True),
    (21, "Document sign-off ✍️", "file", 0, True, True),
    (22, "Task acceptance", "task", 0, True, True),
    (23, "Old approval (2023)", "deal", 0, False, True),
    (24, "Two-stage approval", "file", 0, True, True),
    (31, "Deal robots: New", "deal", 8, True, False),
    (32, "Deal robots: Negotiation", "deal", 8, True, False),
    (33, "Lead robots: In progress", "lead", 8, True, False),
    (34, "Smart process robots", "smart", 8, True, False),
    (35, "Script: call everyone back", "lead", 32, True, False),
)


def templates(now: datetime, chance: random.Random) -> dict[int, Template]:
    """All templates by number; automation rules and scripts are not listed by REST."""
    return {
        number: Template(
            id=number,
            name=name,
            module_id=KINDS[kind].module_id,
            entity=KINDS[kind].entity,
            document_type=KINDS[kind].document_type,
            user_id=chance.choice((1, 2, 6)),
            auto_execute=auto_execute,
            active=active,
            system=number == 24,
            listed=listed,
            modified=(now - timedelta(days=chance.randrange(30, 900))).astimezone(UTC),
        )
        for number, name, kind, auto_execute, active, listed in _TEMPLATES
    }


def kind_of(template: Template) -> DocumentKind:
    """The kind of document a template runs on."""
    return _KINDS_BY_TYPE[template.module_id, template.document_type]
