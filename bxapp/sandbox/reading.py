"""From an HTTP request to method, parameters and token, as the REST server reads them.

``CRestUtil::getRequestData``: query and body are merged, the body wins; a JSON body that does not
decode is dropped in silence, token included. The token is looked for in the header
``Authorization: Bearer``, then in ``auth``, then in ``access_token`` (``rest/lib/oauth/auth.php``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.sandbox import php

if TYPE_CHECKING:
    from aiohttp import web

    from bxapp.sandbox.php import Value

_BEARER = re.compile(r"bearer\s+", re.IGNORECASE)
_TOKEN_PARAMETERS = ("auth", "access_token")
_TERMINATE = "bizproc.workflow.terminate"


@dataclass(slots=True)
class Reading:
    """``token`` None: none was found. ``params`` are without it."""

    method: str
    params: dict[str, Value]
    token: str | None
    token_in: str
    token_in_url: bool
    webhook_user: int | None = None
    webhook_secret: str = ""

    @property
    def commands(self) -> list[str]:
        """The methods of a batch's commands, in lower case."""
        if self.method != "batch":
            return []
        return [php.split_command(call)[0].lower() for call in self._calls()]

    @property
    def terminations(self) -> list[tuple[str, str]]:
        """The workflow ID and the text of each ``terminate`` in it, alone or in a batch, as they came."""
        if self.method == _TERMINATE:
            every = [self.params]
        elif self.method == "batch":
            calls = map(php.split_command, self._calls())
            every = [php.parse_query(query) for method, query in calls if method.lower() == _TERMINATE]
        else:
            return []
        upper = map(php.upper_keys, every)
        return [(php.text(params.get("ID")), php.text(params.get("STATUS"))) for params in upper]

    def _calls(self) -> list[str]:
        calls = php.items(php.upper_keys(self.params).get("CMD"))
        return [call for _, call in calls if isinstance(call, str)]


async def read_request(request: web.Request, *, bearer_known: bool) -> Reading:
    """Take a request to ``/rest/…`` apart. The path's rest is ``method`` or ``user/secret/method``."""
    query = php.parse_query(request.rel_url.raw_query_string)
    params = await read_fields(request)
    token, token_in = None, ""
    header = request.headers.get("Authorization", "")
    bearer = _BEARER.match(header) if bearer_known else None
    if bearer:
        token, token_in = header[bearer.end() :], "bearer"
    else:
        for name in _TOKEN_PARAMETERS:
            if name in params and not php.is_array(params[name]):
                token, token_in = php.text(params[name]), name
                break
    in_url = any(name in query for name in _TOKEN_PARAMETERS)
    for name in _TOKEN_PARAMETERS:
        params.pop(name, None)
    method, webhook_user, webhook_secret = _path(request.match_info["path"])
    return Reading(method, params, token, token_in, in_url, webhook_user, webhook_secret)


async def read_fields(request: web.Request) -> dict[str, Value]:
    """Query and body of a request, the body winning."""
    query = php.parse_query(request.rel_url.raw_query_string)
    return {**query, **(await _body(request) if request.method == "POST" else {})}


def _path(path: str) -> tuple[str, int | None, str]:
    parts = [part for part in path.split("/") if part]
    method = parts[-1].lower() if parts else ""
    method = method.removesuffix(".json")
    if len(parts) == 3 and parts[0].isdigit():
        return method, int(parts[0]), parts[1]
    return method, None, ""


async def _body(request: web.Request) -> dict[str, Value]:
    kind = request.content_type.lower()
    if kind == "multipart/form-data":
        try:
            fields = await request.post()
        except ValueError:
            return {}
        return php.parse_pairs((name, value) for name, value in fields.items() if isinstance(value, str))
    raw = await request.read()
    if kind.endswith("json"):
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError):
            return {}
        return dict(php.items(content))
    return php.parse_query(raw.decode("utf-8", "replace").strip())
