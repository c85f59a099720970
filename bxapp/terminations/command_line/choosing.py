"""From what was asked for to workflows, with the names that the audit log will keep of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix import methods
from bxapp.portals.grants import client_for
from bxapp.workflows import resolving, rows, snapshots, told_names
from bxapp.workflows.selection import SelectedWorkflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bxapp.bitrix.client import Client
    from bxapp.bitrix.methods import Instance
    from bxapp.portals.sessions import Actor
    from bxapp.terminations.command_line.arguments import Wanted
    from bxapp.workflows.filters import Filter
    from bxapp.workflows.rows import Row

# More than any portal was ever heard of running; it bounds the memory.
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: the workflows that the portal lists, and IDs that it does not (any more).

    ``spelt_otherwise``: what was typed in another case, with the ID that is meant.
    """

    rows: Sequence[Row]
    unlisted: Sequence[str] = ()
    spelt_otherwise: Sequence[tuple[str, str]] = ()

    def __len__(self) -> int:
        return len(self.rows) + len(self.unlisted)

    @property
    def workflows(self) -> list[SelectedWorkflow]:
        """What a job is made of. One that is not listed may run for the first time, and be listed when its
        turn comes, so it stays in. A call before that would end nothing: the portal cannot load it yet.
        """
        return [row.workflow for row in self.rows] + [_unknown(workflow_id) for workflow_id in self.unlisted]


def running(actor: Actor, meant: Filter) -> list[Row]:
    """Return what runs and is meant, by ascending ID. Raises BitrixError."""
    client = client_for(actor.grant)
    known = resolving.resolve(client, actor.portal, meant, most_awaited=_MOST)
    page = snapshots.take(client, meant=meant, known=known, largest=_MOST)
    return rows.assemble(actor, page, timezone.now())


def chosen(actor: Actor, wanted: Wanted) -> Choice:
    """Return what is to be stopped. Raises BitrixError."""
    if wanted.meant is not None:
        return Choice(running(actor, wanted.meant))
    client = client_for(actor.grant)
    instances = _named(client, wanted.ids)
    meant = {
        typed: instances[typed].id if typed in instances else methods.likely_id(typed) for typed in wanted.ids
    }
    listed = {instance.id: instance for instance in instances.values()}
    page = told_names.add(
        client, tuple(listed[one] for one in dict.fromkeys(meant.values()) if one in listed), 0
    )
    return Choice(
        rows.assemble(actor, page, timezone.now()),
        [one for one in dict.fromkeys(meant.values()) if one not in listed],
        [(typed, one) for typed, one in meant.items() if typed != one],
    )


def _named(client: Client, ids: Sequence[str]) -> dict[str, Instance]:
    """Return what runs, by the IDs as typed; a portal on PostgreSQL is asked again in the likely case."""
    found = methods.named(client, ids)
    likely = {typed: methods.likely_id(typed) for typed in ids if typed not in found}
    again = methods.named(client, [one for typed, one in likely.items() if typed != one])
    return found | {typed: again[one] for typed, one in likely.items() if one in again}


def _unknown(workflow_id: str) -> SelectedWorkflow:
    return SelectedWorkflow(
        id=workflow_id,
        module_id="",
        entity="",
        document_id="",
        document_name="",
        template_id=None,
        template_name="",
        started=None,
        started_by_id=None,
        started_by_name="",
    )
