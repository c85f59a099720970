"""Together with a colleague, after a night, on a phone in Russian in the dark, without a mouse."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import launch_chromium, watch_errors
from tests.database import select
from tests.fit import PATIENCE_SECONDS
from tests.stories import firm
from tests.stories.administrator import Administrator
from tests.stories.pictures import NARROW
from tests.stories.portal import BORIS
from tests.stories.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Playwright

    from deploy.stack import Stack
    from tests.stack import Start

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    return firm.open_firm(start_stack)


@pytest.fixture
def boris(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory, stack: Stack
) -> Iterator[Administrator]:
    """Boris Ivanov at a computer of his own."""
    browser = launch_chromium(playwright, tmp_path_factory.mktemp("boris"), height=800)
    tab = browser.new_page()
    errors = watch_errors(tab)
    person = Administrator(tab, stack, errors)
    person.signs_in_as(BORIS)
    yield person
    browser.close()
    assert errors == []


def await_all_begun(stack: Stack) -> None:
    """Wait until no workflow waits for its turn: each is being stopped, or has been."""
    end = time.monotonic() + PATIENCE_SECONDS
    while select(stack, "SELECT count(*) FROM terminations_item WHERE state = 'queued'") != [(0,)]:
        assert time.monotonic() < end, "some still wait for their turn"
        time.sleep(0.05)


def test_two_administrators_stop_some_of_the_same(
    anna: Administrator, boris: Administrator, stack: Stack
) -> None:
    anna.opens()
    boris.opens()
    first = anna.shown()[:30]
    second = anna.shown()[20:50]
    both = set(first) & set(second)
    assert len(both) == 10
    anna.control.change_settings(terminate_seconds=0.3, max_parallel=1)

    anna.selects(first)
    boris.selects(second)
    anna.opens_the_dialog()
    boris.opens_the_dialog()
    anna.writes("Stopped: template replaced")
    boris.writes("Stopped: duplicates")
    anna.confirms(len(first))
    # Of what still waited for its turn, Boris's job might stop some before Anna's.
    await_all_begun(stack)
    boris.confirms(len(second))
    annas = anna.waits_for_the_job()
    boriss = boris.waits_for_the_job()
    boris.inside.get_by_role("link", name="already finished").click()
    expect(boris.inside.get_by_role("table").get_by_text("already finished")).to_have_count(len(both))
    boris.takes_picture("two-at-once")

    assert annas == {"terminated": len(first)}
    assert boriss == {"terminated": len(second) - len(both), "already finished": len(both)}
    record = anna.control.workflows()
    assert {record[one]["terminate_calls"] for one in {*first, *second}} == {1}
    assert {record[one]["title"] for one in first} == {"Stopped: template replaced"}
    assert {record[one]["title"] for one in set(second) - both} == {"Stopped: duplicates"}
    [boriss_line, annas_line] = boris.reads_the_log(max(both))
    assert "Boris Ivanov" in boriss_line
    assert "already finished" in boriss_line
    assert "Anna Berg" in annas_line
    assert "terminated" in annas_line
    boris.goes_to("Jobs")
    boris.takes_picture("jobs")
    anna.control.change_settings(terminate_seconds=0.0, max_parallel=None)


def test_a_page_left_open_over_night_is_used_in_the_morning(anna: Administrator) -> None:
    anna.tab.clock.install()
    anna.opens()
    chosen = anna.shown()[:3]
    anna.selects(chosen)
    asked_before = len(anna.asked)
    tokens = set(anna.control.tokens()["access"])

    # Both the page's session and every token are over, the worker's too.
    anna.control.expire_tokens()
    anna.tab.clock.fast_forward("09:00:00")
    anna.terminates(3, "Stopped in the morning")
    outcomes = anna.waits_for_the_job()
    anna.takes_picture("left-open")

    assert outcomes == {"terminated": 3}
    record = anna.control.workflows(chosen)
    assert {told["title"] for told in record.values()} == {"Stopped in the morning"}
    # Not by the session itself: one of the same second is the same text.
    renewals = [url for url in anna.asked[asked_before:] if url.endswith("/session/renew/")]
    assert renewals, "the page got itself a new session"
    assert set(anna.control.tokens()["access"]) - tokens, "the portal gave new tokens"
    assert [one for one in anna.control.tokens()["access"] if any(one in url for url in anna.asked)] == []


def test_a_whole_job_without_a_mouse(anna: Administrator) -> None:
    anna.opens()
    hung = {one for one, told in anna.control.workflows().items() if told["hung"] and told["in_list"]}
    anna.inside.get_by_role("link", name="Running workflows").focus()

    tabs_to(anna, anna.figure("hung"))
    anna.takes_picture("keyboard-figure")
    presses(anna, "Enter")
    expect(anna.boxes).to_have_count(len(hung))
    anna.sees_the_list()
    tabs_to(anna, anna.inside.get_by_label("Select all on this page"))
    presses(anna, "Space")
    tabs_to(anna, anna.button("Terminate"))
    anna.takes_picture("keyboard-selected")
    presses(anna, "Enter")
    expect(anna.dialog.get_by_label("Status message")).to_be_focused()
    anna.tab.keyboard.type("Stopped by keyboard")
    tabs_to(anna, anna.dialog.get_by_role("button", name=f"Terminate {len(hung)} workflows"))
    presses(anna, "Enter")
    assert anna.waits_for_the_job() == {"terminated": len(hung)}
    tabs_to(anna, anna.link("Audit log"))
    presses(anna, "Enter")
    expect(anna.inside.get_by_role("heading", level=1, name="Audit log")).to_be_visible()

    expect(anna.inside.get_by_text("Stopped by keyboard").first).to_be_visible()
    assert {one for one in hung if anna.control.workflows([one])[one]["in_list"]} == set()


def test_on_a_phone_in_russian_in_the_dark(anna: Administrator) -> None:
    """The last one: Anna keeps her preferences."""
    anna.opens()
    anna.prefers(language="ru", theme="dark")
    anna.words = Words("ru")
    anna.tab.set_viewport_size(NARROW)
    page = anna.inside.locator("html")
    expect(page).to_have_attribute("lang", "ru")
    expect(page).to_have_attribute("data-theme", "dark")

    anna.opens()
    anna.takes_picture("phone-list")
    expect(page).to_have_attribute("lang", "ru")
    started = anna.inside.locator("tbody tr").first.locator("time").first
    expect(started).to_have_text(re.compile(r"^\d\d\.\d\d\.\d{4},\s\d\d:\d\d$"))
    chosen = anna.shown()[:2]
    anna.selects(chosen)
    anna.takes_picture("phone-selected")
    anna.opens_the_dialog()
    anna.writes("Остановлено: шаблон заменён")
    anna.takes_picture("phone-dialog")
    anna.confirms(2)
    outcomes = anna.waits_for_the_job()
    anna.takes_picture("phone-job")

    assert outcomes == {anna.words.under_number("terminated", 2): 2}
    wide = page.evaluate("root => root.scrollWidth - root.clientWidth")
    assert wide == 0, "nobody has to scroll sideways"
    assert {told["title"] for told in anna.control.workflows(chosen).values()} == {
        "Остановлено: шаблон заменён"
    }


def presses(person: Administrator, key: str) -> None:
    person.tab.keyboard.press(key)


def tabs_to(person: Administrator, wanted: Locator) -> None:
    """Press Tab until it has the focus; more often than any page has stops is a failure."""
    expect(wanted).to_be_visible()
    for _ in range(400):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        presses(person, "Tab")
    raise AssertionError("It is not reached by Tab")
