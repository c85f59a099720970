"""The authorization servers of the settings: the only ones that are believed."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from bxapp.bitrix.oauth import AuthorizationServers
from bxapp.journal.recording import recorder


def servers(member_id: str = "") -> AuthorizationServers:
    """Return the servers of BITRIX24_OAUTH_SERVERS, with this application's credentials.

    ``member_id``: the portal that they are asked about, for the journal, where that is certain.
    """
    return _servers(
        tuple(settings.BITRIX24_OAUTH_SERVERS),
        settings.BITRIX24_CLIENT_ID,
        settings.BITRIX24_CLIENT_SECRET,
        settings.BITRIX24_ALLOW_INSECURE,
    ).recorded_by(recorder(member_id=member_id))


@lru_cache(maxsize=4)
def _servers(
    urls: tuple[str, ...], client_id: str, client_secret: str, allow_insecure: bool
) -> AuthorizationServers:
    return AuthorizationServers(urls, client_id, client_secret, allow_insecure=allow_insecure)
