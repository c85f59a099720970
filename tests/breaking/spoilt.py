"""Ways in which the engine must never be written, as edits of its code, and the seeds that must notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class DoesNotFitError(Exception):
    """The code that a mutation spoils is no longer written that way; the mutation has to follow it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """``old`` stands once in ``file`` and becomes ``new``."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """``seeds`` are fought until one notices, and what it finds must be of one of the ``kinds``."""

    name: str
    edits: tuple[Edit, ...]
    seeds: tuple[int, ...]
    kinds: frozenset[str]

    def spoil(self, tree: Path) -> None:
        """Edit the files of a copy of the tree; raises DoesNotFitError."""
        for edit in self.edits:
            file = tree / edit.file
            text = file.read_text(encoding="utf-8")
            if text.count(edit.old) != 1:
                raise DoesNotFitError(
                    f"{self.name}: {edit.file} has {edit.old!r} {text.count(edit.old)} times, not once"
                )
            file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


_ROOM = "bxapp/terminations"

MUTATIONS = (
    Mutation(
        "outcomes are recorded before the answer",
        (
            Edit(
                f"{_ROOM}/engine/sending_desks.py",
                "from bxapp.bitrix import errors\n",
                "from bxapp.bitrix import errors, methods\n",
            ),
            Edit(
                f"{_ROOM}/engine/sending_desks.py",
                "            self._send_off(partial(sending.send, lane.access.client, batch), termination)\n",
                "            done = methods.Stopped({one.workflow_id: True for one in batch}, ())\n"
                "            sending.record(self.turn, lane.job, [sending.Heard(batch, done, None)])\n"
                "            self._send_off(partial(sending.send, lane.access.client, batch), termination)\n",
            ),
            Edit(
                f"{_ROOM}/engine/desks.py",
                "        refusal = sending.record(self.turn, lane.job, heard)\n",
                "        refusal = None\n",
            ),
        ),
        (15, 1),
        frozenset({"wrong"}),
    ),
    Mutation(
        "no fencing: who has lost the turn records all the same",
        (
            Edit(
                f"{_ROOM}/jobs/turns.py",
                "        if not held.update(until=from_now(LEASE)):\n",
                "        if not held.update(until=from_now(LEASE)) and False:\n",
            ),
            Edit(
                f"{_ROOM}/jobs/turns.py",
                "        if monotonic() - self.confirmed_at > LEASE.total_seconds() / 2:\n",
                "        if False:\n",
            ),
            Edit(
                f"{_ROOM}/jobs/turns.py",
                "    return [turn for turn in held if turn.holder not in kept]\n",
                "    return []\n",
            ),
            Edit(
                f"{_ROOM}/jobs/recording.py",
                "Item.objects.filter(_under(_leases(items)), job=job, pk__any_of=keys, state=state)\n",
                "Item.objects.filter(pk__in=keys)\n",
            ),
            # The triggers in the database would refuse a second outcome too.
            Edit(f"{_ROOM}/guards.py", "    if wanted == present:\n", "    if True:\n"),
        ),
        (-1, -1),
        frozenset({"wrong", "doubled", "audit"}),
    ),
    Mutation(
        "settling by guess: what was not heard counts as terminated",
        (
            Edit(
                f"{_ROOM}/engine/settling.py",
                "    rows = verdicts.still_running(rows, items)\n",
                "    rows = {}\n",
            ),
        ),
        (15, 37),
        frozenset({"wrong"}),
    ),
    Mutation(
        "a confirmation sent twice becomes two jobs",
        (
            Edit(
                f"{_ROOM}/jobs/queueing.py",
                "    known = Job.objects.filter(portal=actor.portal, idempotency_key=idempotency_key)\n",
                '    idempotency_key = f"{idempotency_key[:40]}{timezone.now().timestamp()}"[:64]\n'
                "    known = Job.objects.filter(portal=actor.portal, idempotency_key=idempotency_key)\n",
            ),
        ),
        (33, 3),
        frozenset({"doubled"}),
    ),
    Mutation(
        "what is being executed is stopped at once, and nobody looks for it afterwards",
        (
            Edit(
                f"{_ROOM}/engine/looking.py", "        elif row.is_executing(now):\n", "        elif False:\n"
            ),
            Edit(
                f"{_ROOM}/jobs/recording.py",
                "    if job.terminated or after_error(job.items.all()).exists():\n        # By",
                "    if False:\n        # By",
            ),
        ),
        (15, 28),
        frozenset({"wrong"}),
    ),
    Mutation(
        "nobody sweeps: a wake-up that is lost is lost",
        (Edit(f"{_ROOM}/engine/sweeping.py", "    for portal_id in woken:\n", "    for portal_id in ():\n"),),
        # Whether the thief is there before a worker is a matter of milliseconds, hence more than one.
        (252, 1, 118, 606, 252, 582, 1),
        frozenset({"stuck"}),
    ),
)
