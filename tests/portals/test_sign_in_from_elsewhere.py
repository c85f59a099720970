"""Another site's page can neither sign a person in nor send anybody anywhere in our name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.sessions.models import Session

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_foreign_page_leads_to_the_form_only(client: Client, site: str) -> None:
    answer = client.get("/oauth/login/", {"portal": "example.test"}, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 200
    assert 'value="example.test"' in answer.content.decode(), "one press goes on"
    assert not Session.objects.exists()


@pytest.mark.parametrize("site", ["none", "same-origin", None])
def test_the_persons_own_wish_is_followed(client: Client, site: str | None) -> None:
    headers = {"Sec-Fetch-Site": site} if site else {}

    answer = client.get("/oauth/login/", {"portal": "example.test"}, headers=headers)

    assert answer["Location"].startswith("https://example.test/oauth/authorize/?")


def test_what_was_typed_comes_back_as_text(client: Client) -> None:
    typed = '"><script>alert(1)</script>'

    answer = client.get("/oauth/login/", {"portal": typed})

    assert answer.status_code == 400
    assert "<script>alert" not in answer.content.decode()
    assert "&quot;&gt;&lt;script&gt;alert(1)" in answer.content.decode()
