"""``PLACEMENT_OPTIONS`` as the portal builds them from a page's address."""

from __future__ import annotations

from bxapp.sandbox.ui.placements import escaped, placement_options, same_origin_path
from bxapp.sandbox.ui.switches import Switches

ORIGIN = "http://localhost:8100"
MAIN_PAGE = Switches()
DEAL = Switches(placement="CRM_DEAL_DETAIL_TAB", entity_id="8061")


def test_the_main_page_passes_its_query_string_on() -> None:
    query = {"install_finished": "Y", "anything": "<b>"}

    assert placement_options(MAIN_PAGE, query, "", ORIGIN) == query


def test_an_opened_page_without_a_query_has_no_options() -> None:
    assert placement_options(MAIN_PAGE, {}, "", ORIGIN) == {}


def test_the_sandboxs_own_switches_stay_behind() -> None:
    query = {"_form": "older", "_placement": "DEFAULT", "IFRAME": "Y"}

    assert placement_options(MAIN_PAGE, query, "", ORIGIN) == {"IFRAME": "Y"}


def test_the_page_before_is_told_when_it_is_the_portals() -> None:
    assert placement_options(MAIN_PAGE, {}, f"{ORIGIN}/crm/deal/?a=1", ORIGIN) == {"URI": "/crm/deal/?a=1"}
    assert placement_options(MAIN_PAGE, {"URI": "/own/"}, f"{ORIGIN}/", ORIGIN) == {"URI": "/own/"}
    assert same_origin_path("http://127.0.0.1:8000/app/", ORIGIN) == ""


def test_a_card_tells_its_item_as_a_text_whatever_the_query_says() -> None:
    assert placement_options(DEAL, {"ID": "1"}, "", ORIGIN) == {"ID": "8061"}


def test_brackets_make_nested_arrays() -> None:
    query = {"a[b]": "1", "a[c]": "2", "d[]": "3", "e[": "4"}

    found = placement_options(MAIN_PAGE, query, "", ORIGIN)

    assert found == {"a": {"b": "1", "c": "2"}, "d": {"0": "3"}, "e[": "4"}


def test_init_data_gets_escaped_options_and_a_list_for_none() -> None:
    assert escaped({"a": "<b>", "c": {"d": '"'}}) == {"a": "&lt;b&gt;", "c": {"d": "&quot;"}}
    assert escaped({}) == []
