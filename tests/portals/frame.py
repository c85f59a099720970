"""A page in a portal's frame, as its requests look: a bearer session for its document, and no cookie."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from django.test import Client

if TYPE_CHECKING:
    from tests.portals.sandbox import Sandbox


def opened_frame(sandbox: Sandbox, number: int = 1, *, user_id: int = 1) -> Client:
    """Open the application in a portal; return a client that asks as the opened page does."""
    context = Client().post(*sandbox.launch(number, user_id=user_id, installer=False)).context
    return Client(
        enforce_csrf_checks=True,
        headers={
            "Authorization": f"Bearer {context['session_token']}",
            "X-Flowstop-Document": context["document_id"],
            "HX-Request": "true",
        },
    )


def listed_rows(frame: Client) -> list[str]:
    """Return the values of the checkboxes of the first page of what runs."""
    page = frame.get("/workflows/").content.decode()
    return [unescape(value) for value in re.findall(r'name="selected" value="([^"]+)"', page)]


def confirmed(frame: Client, rows: list[str], *, key: str, message: str = "Stopped by a test") -> str:
    """Confirm the dialog for some rows, those of protected templates too; return the address of the job."""
    dialog = frame.post("/terminations/dialog/", {"selected": rows}).content.decode()
    guarded = re.findall(r'name="confirmed_protected" value="([0-9]+)"', dialog)
    form = {"selected": rows, "message": message, "idempotency_key": key, "confirmed_protected": guarded}
    answer = frame.post("/terminations/", form)
    assert answer.status_code == 303, answer.content.decode()
    return str(answer["Location"])
