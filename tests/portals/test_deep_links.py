"""A link that opens the application in the portal with a filter: what of it reaches the first screen."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from bxapp.bitrix.launch import parse_launch
from bxapp.portals import deep_links

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox


def _asked(options: Any, placement: str = "DEFAULT") -> str:
    form = {
        "member_id": "a" * 32,
        "AUTH_ID": "t",
        "PLACEMENT": placement,
        "PLACEMENT_OPTIONS": json.dumps(options),
    }
    return deep_links.first_query(parse_launch({}, form))


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({}, ""),
        ([], ""),
        ({"IFRAME": "Y", "template": "11", "URI": "/crm/"}, ""),
        ({"flowstop": ""}, ""),
        (
            {"flowstop": "template=11&template=12&older=90d", "IFRAME": "Y"},
            "template=11&template=12&older=90d",
        ),
        ({"flowstop": "by=%22%3E%3Cscript%3E"}, "by=%22%3E%3Cscript%3E"),
        ({"flowstop": "nonsense"}, deep_links.NOT_UNDERSTOOD),
        ({"flowstop": "a b=1"}, deep_links.NOT_UNDERSTOOD),
        ({"flowstop": "kind=%ff"}, deep_links.NOT_UNDERSTOOD),
        ({"flowstop": "document=\ud800"}, deep_links.NOT_UNDERSTOOD),
        ({"flowstop": ["template=11"]}, deep_links.NOT_UNDERSTOOD),
        ({"flowstop": {"template": "11"}}, deep_links.NOT_UNDERSTOOD),
        ({"flowstop": "&".join(["template=1"] * 700)}, deep_links.NOT_UNDERSTOOD),
    ],
)
def test_what_is_asked_for(options: Any, query: str) -> None:
    assert _asked(options) == query


def test_in_a_card_nothing_is_asked_for() -> None:
    assert _asked({"flowstop": "template=11"}, placement="CRM_DEAL_DETAIL_TAB") == ""


def test_a_link_comes_back_as_what_was_linked() -> None:
    query = urlencode([("template", "11"), ("template", "12"), ("document", "a&b=c#d")])
    url = deep_links.link("https://example.test/marketplace/app/7/", query)

    assert url.startswith("https://example.test/marketplace/app/7/?flowstop=template%3D11%26template%3D12")
    assert deep_links.link("https://example.test/x/", "") == "https://example.test/x/"


@pytest.mark.django_db
def test_the_first_screen_asks_for_the_filtered_list(client: Client, sandbox: Sandbox) -> None:
    options = json.dumps({"flowstop": 'template=11&document="><b>'})
    page = client.post(*sandbox.launch(installer=False, placement_options=options)).content.decode()

    assert 'hx-get="/workflows/?template=11&amp;document=%22%3E%3Cb%3E"' in page
    assert html.unescape(page).count("<b>") == 0
