"""Documents as people know them."""

from __future__ import annotations

import pytest

from bxapp.workflows.documents import describe

_DYNAMIC = "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic"
_INVOICE = "Bitrix\\Crm\\Integration\\BizProc\\Document\\SmartInvoice"


@pytest.mark.parametrize(
    ("module_id", "entity", "document_id", "label", "path"),
    [
        ("crm", "CCrmDocumentLead", "LEAD_1", "Lead 1", "/crm/lead/details/1/"),
        ("crm", "CCrmDocumentDeal", "DEAL_1633", "Deal 1633", "/crm/deal/details/1633/"),
        ("crm", "CCrmDocumentContact", "CONTACT_7", "Contact 7", "/crm/contact/details/7/"),
        ("crm", "CCrmDocumentCompany", "COMPANY_9", "Company 9", "/crm/company/details/9/"),
        ("crm", _DYNAMIC, "DYNAMIC_177_12", "Smart process item 12", "/crm/type/177/details/12/"),
        ("crm", _INVOICE, "SMART_INVOICE_4", "Invoice 4", ""),
        ("lists", "BizprocDocument", "77", "List item 77", ""),
        ("disk", "Bitrix\\Disk\\BizProcDocument", "5", "File 5", ""),
        ("tasks", "Bitrix\\Tasks\\Integration\\Bizproc\\Document\\Task", "512", "Task 512", ""),
        ("rpa", "Bitrix\\Rpa\\Integration\\Bizproc\\Document\\Item", "3:44", "RPA item 3:44", ""),
        ("bizproc", "Bitrix\\Bizproc\\Public\\Entity\\Document\\Workflow", "65e5.2", "Workflow 65e5.2", ""),
    ],
)
def test_known_kinds_have_a_name_and_their_card(
    module_id: str, entity: str, document_id: str, label: str, path: str
) -> None:
    document = describe(module_id, entity, document_id, client_endpoint="https://acme.bitrix24.com/rest/")

    assert (document.label, document.path) == (label, path)
    assert document.url == (f"https://acme.bitrix24.com{path}" if path else "")


@pytest.mark.parametrize(
    ("module_id", "document_id"),
    [
        ("vendor.module", "x:9"),
        ("crm", "DEAL_"),
        ("crm", "DEAL_1/../../rest"),
        ("crm", "DEAL_0"),
        ("crm", "DEAL_١٢"),
        ("crm", "DYNAMIC_1_2_3"),
        ("crm", "SOMETHING_5"),
        ("lists", "new-element"),
    ],
)
def test_what_is_not_known_is_plain_text_without_a_link(module_id: str, document_id: str) -> None:
    document = describe(module_id, "Entity", document_id, client_endpoint="https://acme.bitrix24.com/rest/")

    assert document.label == f"{module_id} {document_id}"
    assert (document.path, document.url) == ("", "")


def test_the_portals_own_name_follows() -> None:
    assert describe("crm", "CCrmDocumentDeal", "DEAL_1", name=" ACME ").label == "Deal 1 · ACME"


def test_an_empty_entry_has_no_label() -> None:
    assert describe("", "", "").label == ""


def test_a_port_and_plain_http_stay_in_the_address() -> None:
    document = describe("crm", "CCrmDocumentLead", "LEAD_1", client_endpoint="http://intranet:8080/rest/")

    assert document.url == "http://intranet:8080/crm/lead/details/1/"


@pytest.mark.parametrize("endpoint", ["", "javascript:alert(1)", "//acme.bitrix24.com/rest/"])
def test_no_link_leads_to_an_address_that_is_none(endpoint: str) -> None:
    assert describe("crm", "CCrmDocumentLead", "LEAD_1", client_endpoint=endpoint).url == ""
