"""The session that requests-oauthlib uses to speak with a token endpoint, under this room's rules.

It shares the process's connection pool, follows no redirect (a form with the secret must not turn into a
GET, or go elsewhere), reads the answer with a limit of size, and turns errors into this room's exceptions
before oauthlib sees them: Bitrix24's answers come with varying statuses and without a token type.
"""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests
from requests.structures import CaseInsensitiveDict
from requests_oauthlib import OAuth2Session
from urllib3.exceptions import HTTPError

from bxapp.bitrix import transport
from bxapp.bitrix.answers import Reply, read_object
from bxapp.bitrix.errors import Unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LARGEST_BYTES = 256 * 1024


class _TokenSession(OAuth2Session):
    def get_redirect_target(self, response: requests.Response) -> str | None:
        """Say that there is none: a redirect is read as the answer that it is."""
        return None


@contextmanager
def token_session(
    client_id: str,
    http: requests.Session,
    secrets: Sequence[str],
    heard: Callable[[Reply], None] | None = None,
) -> Iterator[OAuth2Session]:
    """Give an OAuth session on the pool of ``http``; ``secrets`` are kept out of the errors' words.

    ``heard`` is given each reply before it is read.
    Raises BitrixError: what the server says, Unreachable before and Unheard after the request left.
    """
    oauth = _TokenSession(client_id=client_id)
    oauth.trust_env = False
    transport.refuse_cookies(oauth)
    oauth.stream = True
    oauth.headers = CaseInsensitiveDict(http.headers)
    for prefix, adapter in http.adapters.items():
        oauth.mount(prefix, adapter)

    def read(response: requests.Response) -> requests.Response:
        return _read(response, secrets, heard)

    oauth.register_compliance_hook("access_token_response", read)
    oauth.register_compliance_hook("refresh_token_response", read)
    try:
        yield oauth
    except (requests.RequestException, HTTPError, OSError) as failure:
        raise transport.failure_of(failure) from None
    except transport.OversizedAnswerError:
        raise Unheard("", f"the answer is larger than {_LARGEST_BYTES} bytes") from None


def _read(
    response: requests.Response, secrets: Sequence[str], heard: Callable[[Reply], None] | None
) -> requests.Response:
    """Return the response with a body that oauthlib can read, or raise what its error stands for."""
    with response:
        body = transport.read_body(response, _LARGEST_BYTES)
    reply = Reply(response.status_code, body, transport.pause(response))
    if heard:
        heard(reply)
    token: dict[str, Any] = dict(read_object(reply, secrets=secrets))
    if not isinstance(token.get("access_token"), str):
        raise Unheard("", f"HTTP {reply.status}: a token answer without a token")
    # Of no use here, and oauthlib insists that they be what the standard says.
    for name in ("expires_in", "scope", "expires"):
        token[f"bitrix24_{name}"] = token.pop(name, None)
    plain = requests.Response()
    plain.status_code = response.status_code
    plain.url = response.url
    plain.encoding = "utf-8"
    plain.raw = io.BytesIO(json.dumps(token).encode())
    return plain
