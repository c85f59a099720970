"""The portal and the authorization server must name the same person: a portal is its owner's program."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bxapp.portals.models import Portal
from tests.bitrix.peer import Heard, Told, listening, says

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

FORM = {"AUTH_ID": "a" * 70, "REFRESH_ID": "r" * 70, "member_id": "m" * 32, "AUTH_EXPIRES": "3600"}


@pytest.mark.parametrize(("named", "status"), [(4, 200), (1, 403)])
def test_an_administrator_whom_nobody_confirmed(
    client: Client, settings: Settings, named: int, status: int
) -> None:
    with listening() as peer:

        def answer(heard: Heard) -> Told:
            if heard.path == "/rest/app.info":
                return says(
                    {
                        "result": {
                            "client_id": os.environ["BITRIX24_CLIENT_ID"],
                            "scope": "bizproc,user_brief",
                            "user_id": 4,
                            "install": {"member_id": "m" * 32, "client_endpoint": peer.endpoint},
                        }
                    }
                )
            return says({"result": {"ID": str(named), "ADMIN": True, "NAME": "Anna", "LAST_NAME": "Berg"}})

        peer.answer = answer
        settings.BITRIX24_OAUTH_SERVERS = [peer.origin]

        page = client.post("/app/", FORM)

    assert page.status_code == status
    assert Portal.objects.exists() is (status == 200)
