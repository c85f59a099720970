"""``manage.py journal`` finds what an operator looks for; what is old goes."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from bxapp.journal.models import JournalEntry
from bxapp.journal.tasks import prune
from bxapp.portals.models import Portal
from tests.journal.conftest import shown

pytestmark = pytest.mark.usefixtures("database")


def _entry(**fields: Any) -> JournalEntry:
    known = {
        "at": timezone.now() - timedelta(minutes=1),
        "member_id": "a" * 32,
        "server": "acme.example",
        "method": "profile",
        "status": 200,
        "duration_ms": 12,
    }
    return JournalEntry.objects.create(**{**known, **fields})


def _methods(*arguments: str) -> list[str]:
    return [row["method"] for row in shown(*arguments)]


def test_by_portal_by_its_name_or_number_also_what_was_asked_elsewhere() -> None:
    now = timezone.now()
    Portal.objects.create(
        member_id="a" * 32,
        domain="acme.example",
        client_endpoint="https://acme.example/rest/",
        authorization_server="https://oauth.example",
        installed_at=now,
        confirmed_at=now,
    )
    _entry(method="one")
    _entry(method="two", server="oauth.example")
    _entry(method="three", member_id="", server="ACME.example")
    _entry(method="other", member_id="b" * 32, server="oauth.example")

    assert _methods("--portal", "acme.example") == ["one", "two", "three"]
    assert _methods("--portal", "a" * 32) == ["one", "two"]
    assert _methods("--portal", "nobody.example") == []


def test_by_method_alone_or_in_a_batch() -> None:
    _entry(method="bizproc.workflow.terminate")
    _entry(method="batch", commands={"bizproc.workflow.terminate": 50})
    _entry(method="batch", commands={"bizproc.workflow.instances": 1})

    assert _methods("--method", "BIZPROC.workflow.terminate") == ["bizproc.workflow.terminate", "batch"]
    assert len(_methods("--method", "batch")) == 2


def test_by_job_time_and_failure() -> None:
    _entry(method="old", at=timezone.now() - timedelta(hours=3))
    _entry(method="job", job_id=7)
    _entry(method="failed", error="Unheard", status=None)
    _entry(method="batch", failed=2, command_errors={"stop0": "MethodFailed (x)"})

    assert _methods("--job", "7") == ["job"]
    assert _methods("--since", "2h") == ["job", "failed", "batch"]
    assert _methods("--since", (timezone.now() - timedelta(hours=4)).isoformat()) == [
        "old",
        "job",
        "failed",
        "batch",
    ]
    assert _methods("--since", f"{timezone.now() + timedelta(days=2):%Y-%m-%d}") == []
    assert _methods("--until", "2h") == ["old"]
    assert _methods("--since", "4h", "--until", "2h") == ["old"]
    assert _methods("--errors") == ["failed", "batch"]
    assert _methods("--limit", "1") == ["batch"]


def test_by_a_workflow_wherever_the_parameters_name_it() -> None:
    wanted, other = "65e5a449e8f135.21284909", "65e5a449e8f135.212849090"
    of_batch = {"method": "bizproc.workflow.terminate", "count": 2, "params": {}}
    _entry(method="alone", params={"ID": wanted, "STATUS": "x"})
    _entry(method="other", params={"ID": other, "STATUS": "x"})
    _entry(method="batch", params={"commands": [{**of_batch, "each": {"ID": [other, wanted]}}]})
    _entry(method="look", params={"filter": {">=ID": wanted, "<=ID": wanted}})
    _entry(method="words", params={"ID": other, "STATUS": f"after {wanted}"})
    _entry(method="elsewhere", member_id="b" * 32, params={"ID": wanted})

    assert _methods("--workflow", wanted) == ["alone", "batch", "look", "elsewhere"]
    assert _methods("--workflow", wanted.upper(), "--portal", "a" * 32) == ["alone", "batch", "look"]
    assert _methods("--workflow", "65e5a449e8f135%") == []


def test_by_a_workflow_whose_id_is_no_ascii() -> None:
    _entry(method="odd", params={"ID": 'ж"1'})

    assert _methods("--workflow", 'ж"1') == ["odd"]


def test_the_table_has_a_line_for_each() -> None:
    _entry(
        method="batch",
        commands={"bizproc.workflow.terminate": 50},
        operating_seconds=12.34,
        job_id=7,
        attempt=2,
        failed=1,
        command_errors={"stop0": "MethodFailed (The business process is not found.)"},
    )
    _entry(status=None, error="Unheard", error_words="no answer within the time limit")
    out = StringIO()
    call_command("journal", stdout=out)

    head, first, second = out.getvalue().splitlines()
    assert " ".join(head.split()) == "at (UTC) server method HTTP ms operating job try error"
    assert "batch: 50 × bizproc.workflow.terminate" in first
    assert "12.3" in first
    assert "1 failed, the first: MethodFailed (The business process is not found.)" in first
    assert "Unheard (no answer within the time limit)" in second


@pytest.mark.parametrize(
    "wrong", [["--since", "yesterday"], ["--limit", "0"], ["--since", "2024-13-45"], ["--until", "x"]]
)
def test_what_cannot_be_understood_is_said(wrong: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("journal", *wrong)
    assert refused.value.returncode == 2


def test_what_is_older_than_four_days_goes_the_rest_stays() -> None:
    now = timezone.now()
    for days in (0, 2, 3, 3.9, 4.1, 5, 30):
        _entry(at=now - timedelta(days=days), method=f"{days}")

    prune()

    assert _methods() == ["3.9", "3", "2", "0"]


def test_pruning_goes_in_small_chunks() -> None:
    from bxapp.journal.pruning import prune as prune_in

    for _ in range(25):
        _entry(at=timezone.now() - timedelta(days=9))

    assert prune_in(chunk=10) == 25
    assert JournalEntry.objects.count() == 0
