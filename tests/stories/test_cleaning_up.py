"""An administrator cleans up: exactly those are stopped that were meant, and everybody can read why.

One firm for all stories (``firm.py``); each is about workflows that the others do not touch.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.stories import firm
from tests.stories.pictures import LOW
from tests.stories.portal import ANNA

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.stack import Stack
    from tests.stack import Start
    from tests.stories.administrator import Administrator

    Record = dict[str, dict[str, Any]]

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    return firm.open_firm(start_stack)


def running(record: Record, wanted: Callable[[dict[str, Any]], bool]) -> set[str]:
    return {one for one, told in record.items() if told["in_list"] and wanted(told)}


def touched(before: Record, after: Record) -> set[str]:
    """For which the portal was asked to stop them, or which have ended."""
    return {
        one
        for one, told in after.items()
        if told["terminate_calls"] != before[one]["terminate_calls"] or told["state"] != before[one]["state"]
    }


def expect_stopped(before: Record, after: Record, ids: set[str], message: str) -> None:
    """By the portal's own record just these were stopped, by Anna, with her words as their status."""
    assert touched(before, after) == ids
    for one in ids:
        assert after[one]["ended_how"] == "terminate"
        assert after[one]["ended_by"] == ANNA
        assert after[one]["title"] == message


def test_everything_that_a_dismissed_employee_started(anna: Administrator) -> None:
    before = anna.control.workflows()
    his = running(before, lambda told: told["started_by"] == firm.DISMISSED)
    message = "Stopped: Mr Müller-Lüdenscheidt has left the company"
    # Long enough that one sees it at work.
    anna.control.change_settings(terminate_seconds=0.05, max_parallel=1)

    anna.opens()
    anna.takes_picture("running")
    count = anna.clicks_the_figure("started by dismissed employees")
    assert count == len(his)
    anna.selects_all_matching(count)
    anna.takes_picture("dismissed-selected")
    anna.opens_the_dialog()
    anna.writes(message)
    anna.types_the_number(count)
    anna.takes_picture("dismissed-dialog")
    anna.confirms(count)
    expect(anna.inside.locator("#count-terminated strong")).not_to_have_text("0")
    anna.takes_picture("dismissed-job")
    outcomes = anna.waits_for_the_job()
    anna.takes_picture("dismissed-done")

    assert outcomes == {"terminated": count}
    expect_stopped(before, anna.control.workflows(), his, message)
    [line] = anna.reads_the_log(min(his))
    assert "Anna Berg" in line
    assert message in line
    assert "terminated" in line
    anna.tab.set_viewport_size(LOW)
    anna.goes_to("Audit log")
    anna.takes_picture("audit-log")
    anna.goes_to("Running workflows")
    expect(anna.figure("started by dismissed employees")).to_contain_text("0")
    anna.control.change_settings(terminate_seconds=0.0, max_parallel=None)


def test_everything_older_than_90_days_of_one_template_but_not_of_a_protected_one(
    anna: Administrator,
) -> None:
    before = anna.control.workflows()
    ninety_days_ago = datetime.now(UTC) - timedelta(days=90)

    def old(template_id: int) -> set[str]:
        return running(
            before,
            lambda told: (
                told["template_id"] == template_id
                and datetime.fromisoformat(told["started"]) < ninety_days_ago
            ),
        )

    reminders, leaves = old(firm.INVOICES), old(firm.LEAVES)
    anna.opens()
    anna.protects("Leave request")
    anna.scrolls_to_the_top()
    anna.takes_picture("settings")
    anna.goes_to("Running workflows")
    anna.puts_a_filter_together("Invoice reminder", "Leave request", started="Started more than 90 days ago")
    anna.takes_picture("filter-form")
    count = anna.shows_what_matches()
    assert count == len(reminders) + len(leaves)

    anna.selects_all_matching(count)
    anna.takes_picture("protected-selected")
    anna.terminates(len(reminders), "Stopped: reminders of invoices that were written off")

    assert anna.waits_for_the_job() == {"terminated": len(reminders)}
    after = anna.control.workflows()
    expect_stopped(before, after, reminders, "Stopped: reminders of invoices that were written off")
    assert {one for one in leaves if after[one]["in_list"]} == leaves


def test_the_hung_ones(anna: Administrator) -> None:
    before = anna.control.workflows()
    hung = running(before, lambda told: told["hung"])

    anna.opens()
    count = anna.clicks_the_figure("hung")
    assert anna.selects_the_page() == count == len(hung)
    anna.takes_picture("hung-selected")
    anna.terminates(count, "Stopped: has hung since the server was moved")

    assert anna.waits_for_the_job() == {"terminated": count}
    expect_stopped(before, anna.control.workflows(), hung, "Stopped: has hung since the server was moved")


def test_damaged_ones_stay_and_the_job_explains_why(anna: Administrator) -> None:
    before = anna.control.workflows()
    outdated = running(before, lambda told: told["template_id"] == firm.OUTDATED)
    sound = {one for one in outdated if before[one]["behaviour"] == "normal"}
    damaged = {one for one in outdated if before[one]["behaviour"] == "corrupt"}
    breaking = outdated - sound - damaged

    anna.opens()
    anna.puts_a_filter_together("Old approval (2023)")
    count = anna.shows_what_matches()
    assert anna.selects_the_page() == count == len(outdated)
    anna.terminates(count, "Stopped: approvals of 2023 are closed")
    outcomes = anna.waits_for_the_job(within_seconds=120)

    assert outcomes == {"terminated": len(sound), "failed": len(damaged) + len(breaking)}
    reasons = anna.inside.get_by_role("region", name="Why some failed, and what to do").get_by_role(
        "listitem"
    )
    expect(reasons).to_have_count(2)
    of_damaged, of_breaking = reasons.nth(0), reasons.nth(1)
    expect(of_damaged).to_contain_text(f"{len(damaged)} ")
    expect(of_damaged).to_contain_text("Retrying does not help.")
    expect(of_damaged).to_contain_text("The portal's words:")
    expect(of_breaking).to_contain_text(f"{len(breaking)} ")
    expect(of_breaking).to_contain_text("look for the error of PHP")
    anna.takes_picture("damaged-explained")
    after = anna.control.workflows()
    assert {one for one in outdated if after[one]["in_list"]} == damaged | breaking
    assert touched(before, after) == outdated
    [line, *_] = anna.reads_the_log(min(damaged))
    assert "failed" in line
    assert "Anna Berg" in line
