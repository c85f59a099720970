"""The audit log on the database itself; everything is rolled back, because nothing can be removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.portals.models import Portal

if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[..., AuditEntry]


@pytest.fixture
def portals(db: None) -> tuple[Portal, Portal]:
    """Two portals that must not see anything of each other."""
    now = timezone.now()
    first, second = (
        Portal.objects.create(member_id=name, domain=name, installed_at=now, confirmed_at=now)
        for name in ("first", "second")
    )
    return first, second


@pytest.fixture
def tell(portals: tuple[Portal, Portal]) -> Tell:
    """A function that appends one outcome of the first portal, changed as told."""

    def append(portal: Portal | None = None, **changed: object) -> AuditEntry:
        fields = {
            "actor_id": 1,
            "actor_name": "Anna Berg",
            "job_id": 7,
            "workflow_id": "65e5a449e8f135.21284909",
            "document": "Deal 1633 · ACME renewal",
            "template": "Invoice approval",
            "message": "Stopped",
            "outcome": "terminated",
            **changed,
        }
        kind = fields.pop("kind", AuditEntry.Kind.OUTCOME)
        entry = log.entry(portal or portals[0], kind, **fields)  # type: ignore[arg-type]  # a dict of all kinds
        log.append([entry])
        return entry

    return append
