"""Who the user is, by the portal's own word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bxapp.bitrix.errors import TokenRefused
from bxapp.bitrix.methods import Profile, profile
from tests.bitrix.peer import says

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client
    from tests.bitrix.peer import Peer

ANNA = {"ID": "15", "ADMIN": True, "NAME": " Anna", "LAST_NAME": "Öz ", "TIME_ZONE": "Europe/Berlin"}


def test_a_profile_is_read(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": ANNA}))

    found = profile(client)

    assert found == Profile(15, True, "Anna", "Öz", "Europe/Berlin")
    assert found.full_name == "Anna Öz"
    assert peer.paths == ["/rest/profile"]


@pytest.mark.parametrize("admin", [False, None, "N", "", 0, "0", [], "false"])
def test_only_a_clear_yes_makes_an_administrator(client: Client, peer: Peer, admin: object) -> None:
    peer.tells(says({"result": ANNA | {"ADMIN": admin}}))
    assert profile(client).is_admin is False


def test_missing_names_are_empty(client: Client, peer: Peer) -> None:
    peer.tells(says({"result": {"ID": 15, "NAME": None, "TIME_ZONE": False}}))
    assert profile(client) == Profile(15, False, "", "", "")


@pytest.mark.parametrize("result", [[], {}, None, False, {"ID": "0"}, {"ID": "x"}, {"NAME": "Anna"}])
def test_an_empty_profile_is_nobody(client: Client, peer: Peer, result: object) -> None:
    peer.tells(says({"result": result}))
    with pytest.raises(TokenRefused):
        profile(client)
