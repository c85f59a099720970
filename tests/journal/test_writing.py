"""When rows are written, by whom, and that nothing about the journal ever stops the work."""

from __future__ import annotations

import math
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bxapp.bitrix.answers import Answer, Timing
from bxapp.bitrix.client import Exchange
from bxapp.journal import writing
from bxapp.journal.models import JournalEntry
from bxapp.journal.recording import WAITING, recorder
from bxapp.portals import sessions
from bxapp.terminations.tasks import run_portal
from tests.journal.conftest import shown

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


def _exchange(method: str = "profile", *, answer: Answer | None = None, **params: object) -> Exchange:
    return Exchange(
        "https://acme.example/rest/", method, params, {}, datetime.now(UTC), 0.01, 200, answer, None
    )


def _break_journal() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {JournalEntry._meta.db_table}")


def test_a_page_writes_when_it_is_over(scene: Scene) -> None:
    document = sessions.new_document()
    session = sessions.issue(scene.actor.portal, scene.actor.grant, document)
    WAITING.take()

    Client(headers={"Authorization": f"Bearer {session}", "X-Flowstop-Document": document}).get("/workflows/")

    assert [row["method"] for row in shown()] == ["batch"]
    assert not len(WAITING)


def test_a_task_writes_when_it_is_over(scene: Scene) -> None:
    scene.queue(scene.add(2))
    WAITING.take()

    run_portal.apply(args=(scene.actor.portal.pk,))

    assert shown("--method", "bizproc.workflow.terminate")
    assert not len(WAITING)


def test_a_thread_that_carries_a_request_never_opens_the_database(scene: Scene) -> None:
    opened: list[bool] = []

    def carry() -> None:
        recorder()(_exchange())
        opened.append(connection.connection is not None)

    thread = threading.Thread(target=carry)
    thread.start()
    thread.join()

    assert opened == [False]
    assert len(WAITING) >= 1


@pytest.mark.usefixtures("database")
def test_rows_wait_for_a_second_or_for_a_hundred_of_them() -> None:
    record = recorder()
    record(_exchange())
    writing.write_due()
    assert JournalEntry.objects.count() == 0

    time.sleep(1.01)
    writing.write_due()
    assert JournalEntry.objects.count() == 1

    for _ in range(100):
        record(_exchange())
    writing.write_due()
    assert JournalEntry.objects.count() == 101


@pytest.mark.usefixtures("database")
def test_rows_are_written_with_as_few_statements_as_the_database_allows() -> None:
    for _ in range(100):
        recorder()(_exchange())
    with CaptureQueriesContext(connection) as asked:
        writing.write()

    assert len([query for query in asked if query["sql"].startswith("INSERT")]) <= 2


@pytest.mark.usefixtures("database")
def test_rows_of_a_transaction_that_fails_are_not_lost() -> None:
    def fail() -> None:
        with transaction.atomic():
            recorder()(_exchange())
            assert not writing.write()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert writing.write()
    assert JournalEntry.objects.count() == 1


def test_a_journal_that_cannot_be_written_stops_no_job(scene: Scene) -> None:
    _break_journal()
    ids = scene.add(60)

    job = scene.queue(ids)
    for _ in range(3):
        run_portal.apply(args=(scene.actor.portal.pk,))

    job.refresh_from_db()
    assert (job.state, job.terminated) == ("finished", 60)


@pytest.mark.usefixtures("database")
def test_while_the_database_takes_none_memory_stays_flat() -> None:
    _break_journal()
    for _ in range(2500):
        recorder()(_exchange())
        if len(WAITING) % 500 == 0:
            writing.write()

    assert len(WAITING) <= 2000


def test_an_exchange_that_makes_no_row_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise ValueError

    recorder()(_exchange(NAME=Unprintable()))

    assert "could not be journalled" in caplog.text
    assert not len(WAITING)


@pytest.mark.usefixtures("database")
def test_text_that_no_database_takes_is_made_storable() -> None:
    recorder()(_exchange(STATUS="a\0b\ud800c", OTHER={"ke\0y": ["\ud83d", {"x\0": 1}]}))
    writing.write()

    assert shown()[0]["params"]["STATUS"] == "a b c"


_DEEP: list[Any] = []
for _level in range(50):
    _DEEP = [_DEEP]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("result", "kept"),
    [
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (10**4000, "a number of 13288 bits"),
        (2**63, 2**63),
        (1.5e15, 1.5e15),
        ("a\0b\ud800c", "a b c"),
        ("\U0001f600", "\U0001f600"),
    ],
    ids=["nan", "infinity", "huge", "64 bits", "large", "no text", "emoji"],
)
def test_whatever_a_portal_answers_there_is_a_row_of_it(result: object, kept: object) -> None:
    recorder()(_exchange("before"))
    recorder()(
        _exchange("broken", answer=Answer(result, time=Timing(operating=1.0)), LIMIT=result, DEEP=_DEEP)
    )
    writing.write()

    before, broken = shown()
    assert before["method"] == "before"
    assert broken["answer"]["result"] == kept
    assert broken["params"]["LIMIT"] == kept


@pytest.mark.usefixtures("database")
def test_a_row_that_no_database_takes_is_lost_alone(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(50):
        recorder()(_exchange(f"m{number:02}"))
    rows = WAITING.take()
    rows[3].answer = {"result": math.nan}
    rows[20].params = {"text": object()}
    rows[20].method = "unfit"
    rows[-1].status = -(2**70)
    WAITING.put_back(rows)

    assert writing.write()

    assert [row["method"] for row in shown()] == [
        f"m{number:02}" for number in range(50) if number not in {3, 20, 49}
    ]
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == [
        "A row of the journal is lost (IntegrityError): m03 at acme.example"
        if connection.vendor == "sqlite"
        else "A row of the journal is lost (DataError): m03 at acme.example",
        "A row of the journal is lost (TypeError): unfit at acme.example",
        "A row of the journal is lost (OverflowError): m49 at acme.example"
        if connection.vendor == "sqlite"
        else "A row of the journal is lost (DataError): m49 at acme.example",
    ]
    assert not len(WAITING)


@pytest.mark.usefixtures("database")
def test_a_number_of_rows_that_were_taken_back_is_not_used_again() -> None:
    for number in range(2):
        recorder()(_exchange(f"mine{number}"))
    mine = WAITING.take()
    with transaction.atomic():
        JournalEntry.objects.bulk_create(mine)
        transaction.set_rollback(True)
    recorder()(_exchange("theirs"))
    writing.write()
    JournalEntry.objects.filter(method="theirs").update(id=mine[1].pk)
    WAITING.put_back(mine)

    writing.write()

    assert sorted(row["method"] for row in shown()) == ["mine0", "mine1", "theirs"]
