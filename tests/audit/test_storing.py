"""Many entries stored at once are what few of them would be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db.models import F
from django.forms.models import model_to_dict

from bxapp.audit import log
from bxapp.audit.models import AuditEntry

if TYPE_CHECKING:
    from bxapp.portals.models import Portal

AT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)


def _entries(portal: Portal, count: int) -> list[AuditEntry]:
    return [
        log.entry(
            portal,
            AuditEntry.Kind.OUTCOME,
            actor_id=7,
            actor_name="Анна \\ \t \N{GRINNING FACE}",
            at=AT,
            workflow_id=f"{number}",
            message="a\nb\\.\x00",
            portal_words="\\N",
            counts={"terminated": 3} if number % 2 else None,
            count=number,
        )
        for number in range(count)
    ]


def _stored() -> list[dict[str, object]]:
    rows = [model_to_dict(entry) | {"at": entry.at} for entry in AuditEntry.objects.order_by(F("id"))]
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def test_many_are_stored_as_few_are(portals: tuple[Portal, Portal]) -> None:
    portal = portals[0]
    for entry in _entries(portal, 30):
        log.append([entry])
    one_by_one = _stored()

    log.append(_entries(portal, 30))

    assert len(one_by_one) == 30
    assert _stored()[30:] == one_by_one


def test_a_series_is_stored_as_its_entries_are(portals: tuple[Portal, Portal]) -> None:
    portal = portals[0]
    texts = [("1", "Deal \\N", "Анна\t", "a\x00b\n"), ("2" * 200, "d" * 600, "t" * 600, "m" * 300)]
    shared = _entries(portal, 2)
    for entry in shared:
        for workflow_id, document, template, message in texts:
            told = {"document": document, "template": template, "message": message}
            alike = {
                name: getattr(entry, name) for name in ("at", "actor_name", "portal_words", "counts", "count")
            }
            log.append(
                [
                    log.entry(
                        portal,
                        AuditEntry.Kind(entry.kind),
                        actor_id=7,
                        workflow_id=workflow_id,
                        **told,
                        **alike,
                    )
                ]
            )
    one_by_one = _stored()

    log.append_series(log.Series(entry, [log.subject(*some) for some in texts]) for entry in shared)

    assert len(one_by_one) == 4
    assert _stored()[4:] == one_by_one
