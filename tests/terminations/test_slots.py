"""One slot serves many portals at once, many requests under way in each, and no limit is ever met."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db import connection

from bxapp.portals import limits
from bxapp.terminations import stopping
from bxapp.terminations.engine import dispatch, flights, settling
from bxapp.terminations.engine.flights import Crew, Landed
from bxapp.terminations.jobs import turns
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.models import Item, Job, Pace
from bxapp.terminations.pace.portal_memory import PortalMemory
from bxapp.terminations.states import BlockedReason, ItemState, JobState
from tests.portals.sandbox import running_sandbox
from tests.terminations.scene import MESSAGE, held_until, opened, refusals, selected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

    from bxapp.portals.sessions import Actor
    from tests.portals.sandbox import Sandbox
    from tests.terminations.scene import Scene

PORTALS = 4
TERMINATE = "bizproc.workflow.terminate"


@dataclass(frozen=True, slots=True)
class House:
    """One of several portals, and its administrator."""

    sandbox: Sandbox
    number: int
    actor: Actor

    def add(self, count: int) -> list[str]:
        told = self.sandbox.control(
            "POST", f"/portals/{self.number}/workflows", count=count, behaviour="normal", age_seconds=3600.0
        )
        return sorted(told["ids"])

    def queue(self, count: int) -> Job:
        return queue(self.actor, [selected(one) for one in self.add(count)], MESSAGE, uuid4().hex)


@pytest.fixture(scope="module")
def street() -> Iterator[Sandbox]:
    with running_sandbox("--workflows", "0", "--portals", str(PORTALS)) as sandbox:
        yield sandbox


@pytest.fixture
def houses(street: Sandbox, database: None, settings: Settings) -> list[House]:
    """Portals with the real limits, in each of which an administrator has opened the application."""
    settings.BITRIX24_OAUTH_SERVERS = [street.authorization]
    street.reset()
    for number in range(1, PORTALS + 1):
        street.settings(number, rate_limited=True, operating_limited=True)
    found = [House(street, number, opened(street, number=number)) for number in range(1, PORTALS + 1)]
    street.forget()
    return found


def test_many_portals_are_served_side_by_side(houses: list[House], street: Sandbox) -> None:
    for house in houses:
        street.settings(house.number, terminate_seconds=0.1)
    jobs = [house.queue(40) for house in houses]

    dispatch.serve(houses[0].actor.portal.pk)

    for job in jobs:
        job.refresh_from_db()
    assert {job.state for job in jobs} == {JobState.FINISHED}
    assert {job.terminated for job in jobs} == {40}
    # Each began before any had ended: nobody stood in a queue behind another portal.
    started = [job.started_at for job in jobs if job.started_at]
    finished = [job.finished_at for job in jobs if job.finished_at]
    assert len(started) == len(finished) == PORTALS
    assert max(started) < min(finished)
    assert refusals(street) == {}


def test_a_portal_that_is_slow_holds_no_other_back(houses: list[House], street: Sandbox) -> None:
    slow, fast = houses[:2]
    street.settings(slow.number, terminate_seconds=2.0)
    waiting, quick = slow.queue(3), fast.queue(3)

    dispatch.serve(slow.actor.portal.pk)

    waiting.refresh_from_db()
    quick.refresh_from_db()
    assert waiting.finished_at is not None
    assert quick.finished_at is not None
    assert waiting.finished_at - quick.finished_at > timedelta(seconds=1)


def test_the_limit_of_requests_is_reached_and_never_met(houses: list[House], street: Sandbox) -> None:
    house = houses[0]
    # Batches of one: a message that a batch might alter.
    chosen = [selected(one) for one in house.add(60)]
    job = queue(house.actor, chosen, "$result[stop0]", uuid4().hex)

    begun = time.monotonic()
    dispatch.work(house.actor.portal.pk)

    job.refresh_from_db()
    assert job.terminated == 60
    assert time.monotonic() - begun > 5
    assert refusals(street) == {}


@pytest.mark.parametrize("form", ["recorded", "ban"])
def test_the_execution_time_is_spent_and_never_refused(
    houses: list[House], street: Sandbox, settings: Settings, form: str
) -> None:
    house = houses[0]
    settings.BITRIX24_OPERATING_RULE = [2.0, 4.0, 1.0, 3.0]
    street.settings(
        1,
        terminate_seconds=0.15,
        operating_form=form,
        operating_limit=2.0,
        operating_window=4.0,
        operating_basket=1.0,
        operating_ban=3.0,
    )
    job = house.queue(24)
    told: set[tuple[str, str]] = set()

    ends_at = time.monotonic() + 60
    while job.state != JobState.FINISHED and time.monotonic() < ends_at:
        dispatch.work(house.actor.portal.pk)
        job.refresh_from_db()
        told.add((job.state, job.blocked_reason))
        assert job.not_before is None or job.blocked_reason == BlockedReason.PORTAL_LIMIT
        time.sleep(0.1)

    assert job.terminated == 24
    assert (JobState.BLOCKED, BlockedReason.PORTAL_LIMIT) in told
    assert refusals(street) == {}


def test_many_small_jobs_are_done_one_after_the_other_and_not_only_looked_at(
    houses: list[House], street: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs two requests. Were all looked at first, the portal's burst would bring not one outcome."""
    jobs = [houses[0].queue(1) for _ in range(60)]
    done = Job.objects.filter(pk__in=[job.pk for job in jobs], terminated=1)
    # The rest would only take longer.
    monkeypatch.setattr(stopping, "is_asked", lambda: done.count() >= 3)

    dispatch.work(houses[0].actor.portal.pk)

    assert done.count() >= 3
    assert len(street.asked("portal")) < len(jobs)
    assert refusals(street) == {}


def test_what_the_database_refuses_of_one_portal_stops_no_other(
    houses: list[House], caplog: pytest.LogCaptureFixture
) -> None:
    spoilt, sound = houses[0].queue(2), houses[1].queue(2)
    refuse_updates_of_items(houses[0].actor.portal.pk)

    dispatch.serve(houses[0].actor.portal.pk)

    assert "has failed" in caplog.text
    spoilt.refresh_from_db()
    sound.refresh_from_db()
    assert (sound.terminated, spoilt.terminated) == (2, 0)


def refuse_updates_of_items(portal_id: int) -> None:
    table, name = Item._meta.db_table, "test_refuses"
    end = (
        "EXECUTE FUNCTION terminations_refuse('as the test wants')"
        if connection.vendor == "postgresql"
        else "BEGIN SELECT RAISE(ABORT, 'as the test wants'); END"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW"
            f" WHEN (NEW.portal_id = {portal_id}) {end}"
        )


def test_what_was_learned_of_a_portal_is_where_its_next_job_starts(scene: Scene) -> None:
    scene.sandbox.settings(terminate_seconds=0.05)
    close_to_the_truth = pytest.approx(0.05, abs=0.03)
    memory = PortalMemory()
    for _ in range(5):
        scene.finish(scene.queue(scene.add(200)))
        memory = PortalMemory.from_json(Pace.objects.get().memory)
        if (memory.width or 0) > 3 and memory.seconds_per_command == close_to_the_truth:
            break
        # A moment in which this machine did something else is taken for the portal's slowness, once.
    assert memory.width is not None
    assert memory.width > 3
    assert memory.seconds_per_command == close_to_the_truth

    widths: list[int] = []

    class Watched(Crew):
        def landed(self, timeout_seconds: float, *, linger_seconds: float = 0.0) -> list[Landed]:
            widths.append(Item.objects.filter(state=ItemState.SENT).values("lease").distinct().count())
            return super().landed(timeout_seconds, linger_seconds=linger_seconds)

    scene.let_time_pass()
    job = scene.queue(scene.add(200))
    slot = dispatch._Slot(takes_others=False, crew=Watched())
    slot.run(scene.actor.portal.pk)

    job.refresh_from_db()
    assert job.terminated == 200
    # The first requests that were under way at all were more than an unknown portal gets.
    assert next(width for width in widths if width) > 3


def test_without_redis_a_job_is_slow_but_sure(
    houses: list[House], street: Sandbox, settings: Settings
) -> None:
    """Redis was never there for this process, and nobody is there whom it could ask what was spent."""
    house = houses[0]
    job = house.queue(3)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    limits.forget()

    begun = time.monotonic()
    while job.state != JobState.FINISHED and time.monotonic() - begun < 40:
        dispatch.work(house.actor.portal.pk)
        job.refresh_from_db()
        time.sleep(0.1)

    # As if four processes were at work: a job gets one request in four seconds, and so does the licence.
    spent = [one for one in street.asked("portal") if one["method"] != "profile"]
    assert len(spent) <= 2 * (time.monotonic() - begun) / 4
    assert job.terminated == 3
    assert refusals(street) == {}


def test_a_small_job_does_not_wait_for_a_big_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.sandbox.settings(terminate_seconds=0.05, rate_limited=True)
    # Long enough for the small one; the big one need not come to its end.
    monkeypatch.setattr(dispatch, "SERVES_SECONDS", 4.0)
    big = scene.queue(scene.add(3000))
    small_ids = scene.add(1)
    queued_at: list[float] = []

    def click() -> Job:
        time.sleep(1.0)
        small = scene.queue(small_ids)
        queued_at.append(time.time())
        return small

    with scene.meanwhile(click) as clicked:
        while not clicked.done() or clicked.result().finished_at is None:
            scene.work()
            if clicked.done():
                clicked.result().refresh_from_db()

    small = clicked.result()
    big.refresh_from_db()
    assert small.finished_at is not None
    assert small.finished_at - small.created_at < timedelta(seconds=30)
    # What of the big one left before it, by the portal's record: as many more take five seconds.
    called = {one["id"]: one["calls"] for one in scene.sandbox.control("GET", "/portals/1/workflows")}
    (call,) = called.pop(small_ids[0])
    moments = {one["at"] for calls in called.values() for one in calls}
    between = [at for at in moments if queued_at[0] < at < call["at"]]
    assert len(between) < 10
    assert big.finished_at is None or small.finished_at < big.finished_at


def test_a_slot_that_was_paused_records_nothing_of_what_came_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several requests are under way when the process is stopped; another one takes over and settles."""
    scene.sandbox.settings(terminate_seconds=0.2)
    ids = scene.add(6)
    job = scene.queue(ids)
    taken_over: list[bool] = []
    keep = flights.Crew.landed

    def paused(crew: Crew, timeout_seconds: float, *, linger_seconds: float = 0.0) -> list[Landed]:
        found = keep(crew, timeout_seconds, linger_seconds=linger_seconds)
        if Item.objects.filter(state=ItemState.SENT).exists() and not taken_over:
            taken_over.append(True)
            time.sleep(0.5)
            scene.let_time_pass(timedelta(seconds=31))
            successor = turns.take(scene.actor.portal.pk)
            assert successor is not None
            settling.adopt_orphans(successor)
        return found

    monkeypatch.setattr(flights.Crew, "landed", paused)
    scene.work()

    assert taken_over
    states = set(Item.objects.values_list("state", flat=True))
    assert ItemState.SENT not in states
    assert ItemState.UNSURE in states
    monkeypatch.setattr(flights.Crew, "landed", keep)
    scene.let_time_pass(timedelta(seconds=31))
    scene.finish(job)
    assert [record["terminate_calls"] for record in scene.records(ids)] == [1] * 6
    assert {outcome for outcome, _ in scene.items(job)} == {"terminated"}


def test_one_expired_token_is_renewed_once_for_all_requests(houses: list[House], street: Sandbox) -> None:
    street.settings(1, terminate_seconds=0.05)
    house = houses[0]
    job = house.queue(200)
    is_expired = Event()

    def expire() -> None:
        while not Item.objects.filter(state=ItemState.SENT).exists():
            time.sleep(0.01)
        street.control("POST", "/portals/1/tokens/expire")
        is_expired.set()
        connection.close()

    with held_until(is_expired), ThreadPoolExecutor(1) as others:
        expired = others.submit(expire)
        dispatch.work(house.actor.portal.pk)
        expired.result()

    job.refresh_from_db()
    assert job.terminated == 200
    told = street.control("GET", "/requests?limit=1")
    assert told["counts"].get("oauth/token", 0) == 1
