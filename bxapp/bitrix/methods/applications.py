"""Which application this is in a portal (documentation "app.info"; ``rest_provider.php``)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bxapp.bitrix.answers import number
from bxapp.bitrix.errors import Unheard

if TYPE_CHECKING:
    from bxapp.bitrix.client import Client


def application_url(client: Client) -> str:
    """Return the address of the application's page in the portal.

    The portal numbers its applications, and shows each at ``/marketplace/app/<number>/``
    (``rest/lib/marketplace/url.php``). Raises BitrixError.
    """
    answer = client.call("app.info")
    told = number(answer.result.get("ID")) if isinstance(answer.result, dict) else None
    if told is None or told < 1:
        raise Unheard("", "app.info tells no number of the application")
    endpoint = urlsplit(client.client_endpoint)
    return f"{endpoint.scheme}://{endpoint.netloc}/marketplace/app/{told}/"
