"""Reading the log: newest first, filtered, of one portal only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import translation

from bxapp.audit import sentences
from bxapp.audit.models import AuditEntry
from bxapp.audit.reading import Filter, people, read
from bxapp.terminations.states import BlockedReason, Outcome, Reason
from bxapp.web.refusals import RefusalReason

if TYPE_CHECKING:
    from bxapp.portals.models import Portal
    from tests.audit.conftest import Tell


def test_newest_first_in_pages_of_fifty(portals: tuple[Portal, Portal], tell: Tell) -> None:
    entries = [tell() for _ in range(60)]

    first = read(portals[0].pk, Filter(), "", "/audit/")
    second = read(portals[0].pk, Filter(), "2", "/audit/")

    assert [line.entry.pk for line in first.lines] == [entry.pk for entry in reversed(entries[10:])]
    assert [line.entry.pk for line in second.lines] == [entry.pk for entry in reversed(entries[:10])]
    assert (first.newer_url, first.older_url) == ("", "/audit/?page=2")
    assert (second.newer_url, second.older_url) == ("/audit/?page=1", "")


def test_another_portals_entries_do_not_exist(portals: tuple[Portal, Portal], tell: Tell) -> None:
    tell(actor_name="Anna Berg")

    assert read(portals[1].pk, Filter(), "1", "/audit/").lines == []
    assert people(portals[1].pk) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"person": "2"}, ["second"]),
        ({"outcome": "failed"}, ["third"]),
        ({"workflow": " 4 "}, ["fourth"]),
        ({"person": "1", "workflow": "4"}, ["fourth"]),
        ({"person": "2", "outcome": "failed"}, []),
        ({"person": "x", "outcome": "unknown"}, ["fourth", "third", "second"]),
        ({"person": "9" * 40}, ["fourth", "third", "second"]),
        ({"workflow": "%"}, []),
    ],
)
def test_filters(portals: tuple[Portal, Portal], tell: Tell, query: dict[str, str], found: list[str]) -> None:
    tell(message="second", actor_id=2)
    tell(message="third", outcome="failed")
    tell(message="fourth", workflow_id="4")

    page = read(portals[0].pk, Filter.of_query(query), "1", "/audit/")

    assert [line.entry.message for line in page.lines] == found


def test_people_by_their_newest_name(portals: tuple[Portal, Portal], tell: Tell) -> None:
    tell(actor_id=1, actor_name="Anna Bergmann")
    tell(actor_id=2, actor_name="")
    tell(actor_id=1, actor_name="Anna Berg")
    tell(actor_id=None, actor_name="")

    assert people(portals[0].pk) == [(2, "2"), (1, "Anna Berg")]


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "²", "99999999"])
def test_what_is_no_page_is_the_first(portals: tuple[Portal, Portal], tell: Tell, page: str) -> None:
    tell()

    assert len(read(portals[0].pk, Filter(), page, "/audit/").lines) == 1


def test_every_code_has_a_sentence() -> None:
    codes = [*Reason.values, *BlockedReason.values, *RefusalReason.values]

    assert [code for code in codes if code and sentences.reason(code) == code] == []
    assert [code for code in Outcome.values if code not in sentences.OUTCOMES] == []
    assert [kind for kind in AuditEntry.Kind.values if kind not in sentences.KINDS] == []


def test_sentences() -> None:
    entry = AuditEntry(kind=AuditEntry.Kind.JOB_QUEUED, count=3)

    assert sentences.what(entry) == "Termination confirmed: 3 workflows"
    assert sentences.reason("stopped_by_other_job", 12) == "Job 12 had stopped it before."
    assert sentences.tally({"failed": 2, "terminated": 38, "cancelled": 0}) == "38 terminated, 2 failed"


def test_outcomes_agree_with_the_number_that_had_them() -> None:
    with translation.override("es"):
        assert sentences.tally({"terminated": 1, "failed": 2}) == "1 detenido, 2 fallaron"
        assert [sentences.counted("terminated", number) for number in (1, 38)] == ["detenido", "detenidos"]

    assert sentences.counted("unknown", 2) == "unknown"
    assert [sentences.counted(code, 2) for code in Outcome.values] == list(
        map(sentences.outcome, Outcome.values)
    )
