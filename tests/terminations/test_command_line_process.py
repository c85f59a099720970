"""``manage.py workflows`` as a process: Ctrl-C, the question and the bar at a terminal, the environment."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from bxapp.terminations.models import Item, Job, Turn
from bxapp.terminations.states import ItemState, JobState
from deploy.stack import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import QuerySet

    from tests.terminations.scene import Scene

MESSAGE = "Stopped from the command line"
# More than a portal's burst of requests holds: however wide the job has become, something still waits.
MANY = 3000
WITHIN_SECONDS = 60.0


def _environment(scene: Scene, **variables: str) -> dict[str, str]:
    name = str(connection.settings_dict["NAME"])
    database = (
        f"sqlite:///{name}"
        if connection.vendor == "sqlite"
        else urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    )
    servers = {"DATABASE_URL": database, "BITRIX24_OAUTH_SERVERS": scene.sandbox.authorization}
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "bxapp.settings", **servers, **variables}


def _started(scene: Scene, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "workflows", *arguments],
        cwd=ROOT,
        env=_environment(scene, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_outcomes(at_least: int) -> None:
    _wait_for(lambda: Item.objects.exclude(outcome="").count() >= at_least)


def _wait_for(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, "Nothing happens."
        time.sleep(0.05)


def _stop(scene: Scene, ids: Sequence[str]) -> subprocess.Popen[str]:
    """Start to stop many slowly, without a worker, and return in the middle of it."""
    scene.sandbox.settings(terminate_seconds=0.05)
    process = _started(scene, "terminate", *ids, "--message", MESSAGE, "--yes")
    _wait_for_outcomes(1)
    return process


def _is_done_at_the_portal(scene: Scene, items: QuerySet[Item]) -> bool:
    """Say whether the portal has carried out a call for each item, whether or not it has answered."""
    meant = set(items.values_list("workflow_id", flat=True))
    told = {one["id"]: one["calls"] for one in scene.sandbox.control("GET", "/portals/1/workflows")}
    return all(told[one] and all(call["done_at"] for call in told[one]) for one in meant)


def _agrees_with_the_portal(scene: Scene, job: Job) -> bool:
    """Say whether each outcome is what the portal's own record tells."""
    outcomes = {workflow_id: outcome for workflow_id, (outcome, _) in scene.outcomes(job).items()}
    records = {one["id"]: one for one in scene.sandbox.control("GET", "/portals/1/workflows")}
    return all(
        (outcome == "terminated")
        == (records[workflow_id]["state"] == "ended" and records[workflow_id]["title"] == MESSAGE)
        for workflow_id, outcome in outcomes.items()
    )


def test_ctrl_c_cancels_what_waits_and_records_what_is_under_way(scene: Scene) -> None:
    ids = scene.add(MANY)
    process = _stop(scene, ids)

    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=WITHIN_SECONDS)

    job = Job.objects.get()
    assert process.returncode == 130, said
    assert "Cancelled. What is under way ends and is recorded" in said
    assert job.state == "finished"
    assert job.terminated > 0
    assert job.cancelled > 0
    assert job.terminated + job.cancelled == MANY
    assert out == f"Job {job.pk}: {job.terminated:,} terminated, {job.cancelled:,} cancelled.\n"
    assert _agrees_with_the_portal(scene, job)
    assert "Traceback" not in said


def test_ctrl_c_twice_leaves_at_once_and_whoever_works_next_settles_it(scene: Scene) -> None:
    ids = scene.add(400)
    scene.sandbox.fault(kind="slow_after", method="bizproc.workflow.terminate", seconds=15.0, skip=1)
    process = _stop(scene, ids)
    # The second batch is under way, and its answer is slow.
    _wait_for(Item.objects.filter(state=ItemState.SENT).exists)

    process.send_signal(signal.SIGINT)
    _wait_for(Job.objects.filter(state=JobState.CANCELLING).exists)
    # No other call leaves now. What is under way has to be over at the portal before anybody asks for it.
    _wait_for(lambda: _is_done_at_the_portal(scene, Item.objects.filter(state=ItemState.SENT)))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=WITHIN_SECONDS)

    assert process.returncode == 130
    assert Item.objects.filter(state=ItemState.SENT).exists(), "it did not wait for the answer"
    assert "is left as it is" in said
    scene.sandbox.control("DELETE", "/faults")
    job = Job.objects.get()
    scene.let_time_pass()
    scene.finish(job)
    assert _agrees_with_the_portal(scene, job)
    assert Counter(outcome for outcome, _ in scene.items(job)).keys() == {"terminated", "cancelled"}


def test_without_a_worker_the_calls_of_a_lost_turn_are_settled(scene: Scene) -> None:
    ids = scene.add(3)
    scene.sandbox.fault(kind="slow_after", method="bizproc.workflow.terminate", seconds=6.0, times=1)
    process = _started(scene, "terminate", *ids, "--message", MESSAGE, "--yes")
    _wait_for(Item.objects.filter(state=ItemState.SENT).exists)
    # Another process has taken the turn, and was killed: the one that had it may record nothing any more.
    Turn.objects.update(holder=uuid4(), until=timezone.now())
    try:
        _wait_for_outcomes(3)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=WITHIN_SECONDS)
    finally:
        process.kill()

    assert (process.returncode, out) == (0, "Job 1: 3 terminated.\n"), said
    assert scene.items(Job.objects.get()) == [("terminated", "answer_lost")] * 3
    assert [record["terminate_calls"] for record in scene.records(ids)] == [1] * 3


def test_sigterm_is_like_ctrl_c(scene: Scene) -> None:
    process = _stop(scene, scene.add(MANY))

    process.terminate()
    process.communicate(timeout=WITHIN_SECONDS)

    assert process.returncode == 130
    assert Job.objects.get().state == "finished"


def test_at_a_terminal_there_is_a_question_and_a_progress_bar(scene: Scene) -> None:
    ids = scene.add(60)
    scene.sandbox.settings(terminate_seconds=0.01)
    process, terminal = _at_a_terminal(scene, *ids)
    seen = _read_until(terminal, b"Terminate them? [y/N] ")
    assert b"60 workflows in" in seen
    assert MESSAGE.encode() in seen
    assert not Job.objects.exists()

    os.write(terminal, b"y\n")
    seen += _read_until(terminal, b"looks by itself whether one comes back; Ctrl-C skips that.")
    process.send_signal(signal.SIGINT)
    seen += _read_until(terminal, b"Job 1: 60 terminated.")
    process.wait(timeout=WITHIN_SECONDS)
    os.close(terminal)

    assert process.returncode == 0
    assert b"60/60" in seen


def test_a_no_at_the_terminal_stops_nothing(scene: Scene) -> None:
    (workflow_id,) = scene.add()
    process, terminal = _at_a_terminal(scene, workflow_id)
    _read_until(terminal, b"Terminate them? [y/N] ")
    os.write(terminal, b"\n")
    process.wait(timeout=WITHIN_SECONDS)
    os.close(terminal)

    assert process.returncode == 3
    assert not Job.objects.exists()


def test_the_end_of_the_input_is_a_no(scene: Scene) -> None:
    (workflow_id,) = scene.add()
    process, terminal = _at_a_terminal(scene, workflow_id)
    _read_until(terminal, b"Terminate them? [y/N] ")
    os.write(terminal, b"\x04")
    seen = _read_until(terminal, b"Nothing was stopped.")
    process.wait(timeout=WITHIN_SECONDS)
    os.close(terminal)

    assert process.returncode == 3
    assert b"Traceback" not in seen
    assert not Job.objects.exists()


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_list_that_nobody_reads_to_its_end_ends_quietly(scene: Scene, form: list[str]) -> None:
    scene.add(600)
    process = _started(scene, "list", *form)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()

    assert process.stderr is not None
    said = process.stderr.read()

    assert (process.wait(timeout=WITHIN_SECONDS), said) == (141, "")


def test_a_job_of_whose_end_nobody_reads_ends_as_it_ended(scene: Scene) -> None:
    process = _started(scene, "terminate", *scene.add(2), "--message", MESSAGE, "--yes")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()

    assert process.wait(timeout=WITHIN_SECONDS) == 0
    job = Job.objects.get()
    assert (job.state, job.terminated) == ("finished", 2)


def test_the_webhook_comes_from_the_environment_and_a_malformed_one_is_not_shown(scene: Scene) -> None:
    webhook = scene.sandbox.portal()["webhooks"][0]
    scene.add(2)

    process = _started(scene, "list", "--json", BITRIX24_WEBHOOK_URL=webhook)
    out, said = process.communicate(timeout=WITHIN_SECONDS)
    assert (process.returncode, len(out.splitlines())) == (0, 2), said
    assert {one["auth_in"] for one in scene.sandbox.asked("portal")} == {"webhook"}

    secret = webhook.rstrip("/").rsplit("/", 1)[-1]
    process = _started(scene, "list", BITRIX24_WEBHOOK_URL=f"{webhook}profile.json")
    out, said = process.communicate(timeout=WITHIN_SECONDS)
    assert process.returncode == 2
    assert said.startswith("Configuration: BITRIX24_WEBHOOK_URL must look like")
    assert secret not in out + said


def _at_a_terminal(scene: Scene, *ids: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start to stop workflows at a terminal of 120 columns; return the process and our end of it."""
    terminal, far_end = pty.openpty()
    fcntl.ioctl(far_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "workflows", "terminate", *ids, "--message", MESSAGE],
        cwd=ROOT,
        env=_environment(scene),
        stdin=far_end,
        stdout=far_end,
        stderr=far_end,
        start_new_session=True,
    )
    os.close(far_end)
    return process, terminal


def _read_until(terminal: int, text: bytes) -> bytes:
    seen = b""
    give_up_at = time.monotonic() + WITHIN_SECONDS
    while text not in seen:
        assert time.monotonic() < give_up_at, seen
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
    assert text in seen, seen
    return seen
