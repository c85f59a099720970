"""A job as a file for a spreadsheet: what is in it, harmless to open, and read a part at a time."""

from __future__ import annotations

import csv
import tracemalloc
from io import StringIO
from typing import TYPE_CHECKING, cast

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bxapp.portals.models import AccessGrant
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.screens import job_csv
from tests.terminations.scene import MESSAGE, selected

if TYPE_CHECKING:
    from django.http import StreamingHttpResponse

    from bxapp.terminations.models import Job
    from tests.terminations.scene import Scene


def file_of(frame: Client, job: Job) -> bytes:
    answer = frame.get(f"/jobs/{job.pk}/csv/")
    assert answer.status_code == 200
    return b"".join(cast("StreamingHttpResponse", answer).streaming_content)  # type: ignore[arg-type]


def rows_of(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_what_is_in_it(scene: Scene, frame: Client) -> None:
    AccessGrant.objects.update(time_zone="Europe/Berlin")
    stopped, damaged = scene.add(1)[0], scene.add(1, "corrupt")[0]
    job = scene.finish(scene.queue(["00000000000000.00000000", stopped, damaged]))

    head, *rows = rows_of(file_of(frame, job))

    assert head == [
        "Workflow ID",
        "Document",
        "Template",
        "Started (Europe/Berlin)",
        "Started by",
        "Outcome",
        "Reason",
        "The portal's words",
        "Message sent",
        "Finished at (Europe/Berlin)",
    ]
    by_id = {row[0]: row for row in rows}
    assert by_id[stopped][1:3] == ["Deal 1633 · ACME renewal", "Invoice approval"]
    assert by_id[stopped][4:9] == ["Greta Lind", "terminated", "", "", MESSAGE]
    gone = by_id["00000000000000.00000000"]
    assert (gone[5], gone[8]) == ("already finished", ""), "nothing was sent for it"
    words = job.items.get(workflow_id=damaged).portal_words
    assert (by_id[damaged][5], by_id[damaged][7]) == ("failed", words)
    assert "Only Bitrix24's support can help" in by_id[damaged][6]


def test_it_is_a_download_that_nobody_keeps(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(1))

    answer = frame.get(f"/jobs/{job.pk}/csv/")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="flowstop-job-{job.pk}.csv"'
    assert "no-store" in answer["Cache-Control"]


def test_a_spreadsheet_knows_its_letters(scene: Scene, frame: Client) -> None:
    job = queue(scene.actor, [selected("a", document_name="Счёт №7 — «Ромашка»")], MESSAGE, "key")

    content = file_of(frame, job)

    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in content
    assert "Счёт №7 — «Ромашка»" in rows_of(content)[1][1]


def test_where_the_comma_is_in_numbers_a_semicolon_is_between_cells(scene: Scene, frame: Client) -> None:
    job = queue(scene.actor, [selected("a", document_name="A; B, C")], MESSAGE, "key")
    AccessGrant.objects.update(language="de")

    (head, row) = rows_of(file_of(frame, job), ";")

    assert len(head) == len(row) == 10
    assert row[1].endswith("A; B, C")


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("https://evil.example","click")',
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "  =1+1",
        "\uff1d1+1",
    ],
)
def test_no_cell_is_a_formula(scene: Scene, frame: Client, name: str) -> None:
    job = queue(scene.actor, [selected("a", template_name=name, started_by_name=name)], MESSAGE, "key")

    row = rows_of(file_of(frame, job))[1]

    assert row[2] == f"'{name}"
    assert row[4] == f"'{name}"


def test_another_portals_job_is_no_file(scene: Scene, frame: Client) -> None:
    job = scene.queue(scene.add(1))
    scene.as_another_portals(job)

    assert frame.get(f"/jobs/{job.pk}/csv/").status_code == 404


def test_a_file_needs_a_session(scene: Scene) -> None:
    job = scene.queue(scene.add(1))

    assert Client().get(f"/jobs/{job.pk}/csv/").status_code == 403


def test_a_large_job_is_read_and_held_a_part_at_a_time(scene: Scene) -> None:
    parts = 12
    chosen = [selected(f"{number:014x}.00000000") for number in range(parts * job_csv.PART)]
    job = queue(scene.actor, chosen, MESSAGE, "key")
    del chosen
    highest: list[int] = []

    with CaptureQueriesContext(connection) as asked:
        stream = job_csv.lines(job)
        next(stream)
        next(stream)
        tracemalloc.start()
        for count, part in enumerate(stream, 2):
            assert part.count(b"\r\n") == job_csv.PART
            if count in {3, parts}:
                highest.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert len(asked) == parts + 1
    assert highest[1] < 1.3 * highest[0], "the last part takes no more than the first ones"
