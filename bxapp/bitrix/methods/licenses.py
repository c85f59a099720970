"""The portal's licence, which decides its limits (documentation "app.info"; ``rest_provider.php``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.bitrix.client import Command
from bxapp.bitrix.errors import BitrixError, Unheard

if TYPE_CHECKING:
    from bxapp.bitrix.answers import Answer
    from bxapp.bitrix.client import Client

LICENSE_QUESTION = Command("app.info")
# What a portal on the customer's own server answers, after its language: "de_selfhosted".
_ON_PREMISE = "_selfhosted"


@dataclass(frozen=True, slots=True)
class License:
    """``code`` such as "de_ent250"; ``family`` such as "ent", empty where the portal does not tell it."""

    code: str
    family: str

    @property
    def is_on_premise(self) -> bool:
        return is_on_premise(self.code)


def license_of(client: Client) -> License:
    """Return the licence of the client's portal; raises BitrixError."""
    return read_license(client.call(LICENSE_QUESTION.method))


def read_license(answer: Answer | BitrixError) -> License:
    """Return the licence that an answer to ``LICENSE_QUESTION`` tells; raises BitrixError."""
    if isinstance(answer, BitrixError):
        raise answer
    told = answer.result
    if not isinstance(told, dict):
        raise Unheard("", "app.info answered no object")
    told_license = License(_text(told.get("LICENSE")), _text(told.get("LICENSE_FAMILY")))
    if not told_license.code:
        raise Unheard("", "app.info told no licence")
    return told_license


def is_on_premise(code: str) -> bool:
    """Say whether a licence's code is that of an on-premise portal."""
    return code.endswith(_ON_PREMISE)


def _text(value: object) -> str:
    return value[:64] if isinstance(value, str) else ""
