"""Changing the keys that encrypt tokens at rest.

Put the new key in front of TOKEN_ENCRYPTION_KEYS, restart, encrypt everything anew, take the old key away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from bxapp.portals.encryption import UnreadableSecretError
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECRETS: Sequence[tuple[type[Portal | AccessGrant], tuple[str, ...]]] = (
    (Portal, ("application_token",)),
    (AccessGrant, ("access_token", "refresh_token")),
)


@dataclass(slots=True)
class Rotation:
    """How many rows were encrypted anew, and how many hold a secret that no configured key reads."""

    encrypted: int = 0
    unreadable: int = 0


def encrypt_anew(*, drop_unreadable: bool = False) -> Rotation:
    """Encrypt every stored secret with the first key.

    With ``drop_unreadable``, secrets whose key is lost are emptied; the next opening by an administrator
    brings new ones. Row by row, each locked, so the application may go on working meanwhile.
    """
    rotation = Rotation()
    for model, names in _SECRETS:
        for pk in list(model.objects.order_by("pk").values_list("pk", flat=True)):
            with transaction.atomic():
                # The secrets are read one by one below, because a lost key must not hide the row.
                row = model.objects.select_for_update().defer(*names).get(pk=pk)
                readable = [name for name in names if _is_readable(row, name)]
                lost = [name for name in names if name not in readable]
                if lost and drop_unreadable:
                    for name in lost:
                        setattr(row, name, "")
                    readable = list(names)
                if readable:
                    row.save(update_fields=readable)
                rotation.encrypted += not lost
                rotation.unreadable += bool(lost)
    return rotation


def _is_readable(row: Portal | AccessGrant, name: str) -> bool:
    try:
        getattr(row, name)
    except UnreadableSecretError:
        return False
    return True
