"""The comparison: the portal's own record against jobs, outcomes and audit log. Every difference is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.breaking.evidence import Evidence, objection
from tests.breaking.ledger import portal_ids, read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.breaking.battle import Battle, Camp
    from tests.breaking.ledger import ItemRow, JobRow, Ledger
    from tests.breaking.waiting import Rest

# Between a moment that the application wrote down and the same moment as the portal saw it.
_SAME_MOMENT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Violation:
    """``kind``: lost, doubled, wrong, touched, title, audit, stuck, over the limit or ended."""

    kind: str
    text: str
    portal: int = 0
    workflow_id: str = ""

    def __str__(self) -> str:
        return f"{self.kind.upper()}: {self.text}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What the comparison of one run saw, whether or not it objects."""

    violations: list[Violation]
    outcomes: Counter[str]
    calls: int
    ledger: Ledger
    evidence: Mapping[str, Evidence]


def compare(battle: Battle, rest: Rest, sandbox_wrong_by: float, tolerance: float) -> Findings:
    """Compare every portal of a run; ``tolerance``: seconds by which a clock of the application was wrong."""
    members = {camp.control.portal()["member_id"]: camp for camp in battle.camps.values()}
    numbers = portal_ids(battle.field, members)
    ledger = read_ledger(battle.field, numbers.values())
    violations = [Violation("stuck", f"job {job_id}: {told}") for job_id, told in rest.stuck.items()]
    violations += [Violation("ended", told) for told in battle.ended]
    violations += _lost_jobs(battle, ledger)
    every: dict[str, Evidence] = {}
    for member, camp in members.items():
        seen = {
            one: Evidence.of(told, battle.disturbances, sandbox_wrong_by)
            for one, told in camp.control.workflows().items()
        }
        jobs = {job.id: job for job in ledger.jobs.values() if job.portal_id == numbers[member]}
        for job in jobs.values():
            violations += _of_job(battle, camp, job, ledger)
        violations += _of_portal(camp, jobs, ledger, seen, tolerance)
        violations += refusals_of(camp)
        every |= seen
    outcomes = Counter(item.told for item in ledger.every_item)
    calls = sum(len(one.calls) for one in every.values())
    return Findings(violations, outcomes, calls, ledger, every)


def _lost_jobs(battle: Battle, ledger: Ledger) -> Iterator[Violation]:
    for number, job_ids in battle.jobs.items():
        if len(job_ids) != 1:
            yield Violation("doubled", f"one confirmation became jobs {sorted(job_ids)}")
        for job_id in job_ids - set(ledger.jobs):
            yield Violation("lost", f"job {job_id} (job {number} of the plan) is not there")
    if surplus := set(ledger.jobs) - set().union(*battle.jobs.values()):
        yield Violation("doubled", f"jobs {sorted(surplus)} were confirmed by nobody")


def _of_job(battle: Battle, camp: Camp, job: JobRow, ledger: Ledger) -> Iterator[Violation]:
    """Every chosen workflow is there once, with one outcome, told once in the audit log."""
    place = camp.plan.place
    planned = next((one for one in battle.plan.jobs if job.id in battle.jobs.get(one.number, ())), None)
    items = {item.workflow_id: item for item in ledger.items[job.id]}
    if planned is not None:
        chosen = {camp.workflow_ids[number] for number in planned.chosen}
        for one in chosen ^ set(items):
            yield Violation("lost", f"job {job.id}: {one} is chosen or queued, not both", place, one)
        if job.message != planned.message:
            yield Violation("title", f"job {job.id} keeps {job.message!r} for {planned.message!r}", place)
        for item in items.values():
            if not _fits(item.message, planned.message):
                text = f"job {job.id}: {item.message!r} for {planned.message!r}"
                yield Violation("title", text, place, item.workflow_id)
    done = {one: item for one, item in items.items() if item.state == "done"}
    if job.is_finished and len(done) != job.total:
        yield Violation("lost", f"job {job.id} is finished, {job.total - len(done)} items are not", place)
    counted = Counter(item.outcome for item in done.values())
    if {name: number for name, number in job.counts.items() if number} != dict(counted):
        yield Violation("wrong", f"job {job.id} counts {dict(job.counts)}, its items {dict(counted)}", place)
    entries = ledger.entries[job.id]
    kinds = Counter(entry.kind for entry in entries)
    for kind, number in (("job_queued", 1), ("job_finished", int(job.is_finished))):
        if kinds[kind] != number:
            yield Violation("audit", f"job {job.id}: {kinds[kind]} entries {kind!r} for {number}", place)
    told = defaultdict(list)
    for entry in entries:
        if entry.kind in {"outcome", "ghost"}:
            told[entry.workflow_id].append(entry)
    for one in {*items, *told}:
        outcomes = [entry for entry in told[one] if entry.kind == "outcome"]
        if len(outcomes) != (one in done):
            kind = "lost" if not outcomes else "doubled"
            yield Violation(kind, f"job {job.id}: {len(outcomes)} outcome entries for {one}", place, one)
            continue
        if one not in done:
            continue
        item, last = items[one], told[one][-1]
        if (last.outcome, last.reason) != (item.outcome, item.reason) and not _both_ghost(item):
            said = f"{last.outcome} ({last.reason})"
            yield Violation("audit", f"job {job.id}: {item.told}, the audit log says {said}", place, one)
        if {entry.message for entry in told[one]} != {item.message} or last.user_id != job.user_id:
            yield Violation("audit", f"job {job.id}: message or person of {one} is another", place, one)


def _fits(message: str, typed: str) -> bool:
    """Whether a workflow's message is what was typed, its placeholders filled in."""
    if "{" not in typed:
        return message == typed
    return "{" not in message and message.endswith(typed.rpartition("}")[2])


def _both_ghost(item: ItemRow) -> bool:
    """A look that was repeated tells the same again in another order; the item keeps the last word."""
    return item.reason in {"came_back", "came_back_stays"}


def _of_portal(
    camp: Camp,
    jobs: Mapping[int, JobRow],
    ledger: Ledger,
    seen: Mapping[str, Evidence],
    tolerance: float,
) -> Iterator[Violation]:
    place = camp.plan.place
    by_workflow: dict[str, dict[int, tuple[JobRow, ItemRow]]] = defaultdict(dict)
    for job in jobs.values():
        for item in ledger.items[job.id]:
            by_workflow[item.workflow_id][job.id] = (job, item)
    for one, evidence in seen.items():
        pairs = by_workflow.get(one, {})
        if not pairs:
            yield from _of_stranger(camp, evidence)
            continue
        for job_id, (job, item) in pairs.items():
            others = {other_id: pair for other_id, pair in pairs.items() if other_id != job_id}
            # Whether something came back is looked for after the job's end.
            is_to_be_looked_at = not job.is_finished or job.looks_soon
            pending = evidence.in_list and item.outcome == "terminated" and is_to_be_looked_at
            is_judged = item.state == "done" and not pending
            if is_judged and (against := objection(item, evidence, others, tolerance)):
                text = f"job {job_id}: {one} is {item.told}, but {against}"
                yield Violation("wrong", text, place, one)
            yield from _of_calls(place, job, item, evidence, tolerance)
            yield from _of_rights(place, job, item, evidence, ledger)
            callers = {call.by for call in evidence.calls_of(item)} - {None, job.user_id}
            if callers and not job.may_use_other_grants:
                text = f"job {job_id}: {one} was called with the rights of {callers}"
                yield Violation("touched", text, place, one)
        if len(pairs) > 1:
            yield from _of_others_calls(place, pairs, evidence, tolerance)
        messages = {item.message for _, item in pairs.values()}
        if strange := {call.title for call in evidence.calls} - messages:
            yield Violation("title", f"{one} was called with {strange}, not {messages}", place, one)
        stopping = {call.title for call in evidence.calls if call.result == "stopped"}
        if evidence.ended_how == "terminate" and stopping and evidence.title not in stopping:
            text = f"{one} has the title {evidence.title!r} after {stopping}"
            yield Violation("title", text, place, one)


def _of_rights(
    place: int, job: JobRow, item: ItemRow, evidence: Evidence, ledger: Ledger
) -> Iterator[Violation]:
    """The audit log names whoever's rights stopped it, also where the job has another's since."""
    stopping = {call.by for call in evidence.calls_of(item) if call.result == "stopped" and call.heard}
    if item.outcome != "terminated" or item.reason or len(stopping) != 1:
        return
    for entry in ledger.entries[job.id]:
        told = entry.rights_of_id or job.user_id
        if entry.kind == "outcome" and entry.workflow_id == item.workflow_id and {told} != stopping:
            text = f"job {job.id}: {item.workflow_id} by the rights of {stopping}, the audit log says {told}"
            yield Violation("audit", text, place, item.workflow_id)


def refusals_of(camp: Camp) -> Iterator[Violation]:
    """No request beyond a limit of the portal, whatever happened: no blow excuses one."""
    refusals = camp.control.portal()["refusals"]
    for code, number in Counter(one["code"] for one in refusals).items():
        moments = [one["at"] for one in refusals if one["code"] == code]
        methods = sorted({one["method"] for one in refusals if one["code"] == code})
        text = (
            f"portal {camp.plan.place} refused {number} requests with {code} ({', '.join(methods)}),"
            f" the first at {min(moments):.2f}, the last {max(moments) - min(moments):.2f} s later"
        )
        yield Violation("over the limit", text, camp.plan.place)


def _of_stranger(camp: Camp, evidence: Evidence) -> Iterator[Violation]:
    """A workflow that no job has chosen."""
    if evidence.calls or evidence.ended_how not in {"", "itself"}:
        text = f"{evidence.id} was not chosen: {len(evidence.calls)} calls, ended by {evidence.ended_how!r}"
        yield Violation("touched", text, camp.plan.place, evidence.id)
    elif camp.titles.get(evidence.id, evidence.title) != evidence.title:
        text = f"{evidence.id} was not chosen and has the title {evidence.title!r}"
        yield Violation("touched", text, camp.plan.place, evidence.id)


def _of_calls(
    place: int, job: JobRow, item: ItemRow, evidence: Evidence, tolerance: float
) -> Iterator[Violation]:
    """No call for an item after its outcome, nor after the portal has confirmed one; ghosts apart."""
    if evidence.became_ghost:
        return
    confirmed_at = None
    for call in evidence.calls_of(item):
        if item.finished_at and call.at > item.finished_at + tolerance + _SAME_MOMENT_SECONDS:
            late = call.at - item.finished_at
            text = f"job {job.id}: {item.workflow_id} was called {late:.1f} s after its outcome {item.told}"
            yield Violation("doubled", text, place, item.workflow_id)
        elif confirmed_at is not None and call.at > confirmed_at:
            text = f"job {job.id}: {item.workflow_id} was called again after the portal had confirmed it"
            yield Violation("doubled", text, place, item.workflow_id)
        if call.result == "stopped" and call.heard:
            confirmed_at = call.done_at


def _of_others_calls(
    place: int, pairs: Mapping[int, tuple[JobRow, ItemRow]], evidence: Evidence, tolerance: float
) -> Iterator[Violation]:
    """No call of one job for what another job is known to have stopped."""
    if evidence.became_ghost:
        return
    for job, item in pairs.values():
        if item.outcome != "terminated" or item.finished_at is None:
            continue
        known_at = item.finished_at + tolerance + _SAME_MOMENT_SECONDS
        for other, other_item in pairs.values():
            late = [call for call in evidence.calls_of(other_item) if call.at > known_at]
            if other.id != job.id and late:
                text = (
                    f"job {other.id}: {evidence.id} was called {late[0].at - item.finished_at:.1f} s after"
                    f" job {job.id} had it as {item.told}"
                )
                yield Violation("doubled", text, place, evidence.id)
