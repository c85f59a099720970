"""The screens in each language: nothing is left in English, and nothing is wider than its room."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from deploy import messages
from deploy.stack import SandboxOptions
from tests.control import Control
from tests.frontend.test_access import DRAWN, keep_picture, too_wide
from tests.frontend.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from babel.messages.catalog import Message
    from playwright.sync_api import BrowserContext, Frame

    from deploy.stack import Stack
    from tests.stack import Start

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]

# By the portal's own code of the language.
LANGUAGES = {"ru": "ru", "de": "de", "la": "es", "br": "pt_BR", "fr": "fr", "pl": "pl"}
WIDTHS = (1280, 360)
WORKFLOWS = 1284
UNFOLD = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
# In Russian a word that nobody thought of stands out by its letters.
LATIN = re.compile(r"[A-Za-z]{2,}")
FAMILIAR = re.compile(
    r"Flowstop|CSV|CRM|RPA|PHP|IDs?|DEAL_1633|LEAD_88|CES?T|UTC|Europe/\w+|localhost\S*|\{\w+\}|[0-9a-f.]{14,}"
)
# What the application says; portal's words, names and messages stand in <bdi> and <q>, or are fields.
SHOWN = """() => {
  const said = [];
  const theirs = "bdi, q, option, script, .person, .entity, .entity *, #template-choices *, #sentences";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest(theirs)) said.push(walker.currentNode.data);
  }
  for (const name of ["aria-label", "title", "placeholder", "alt", "data-label"]) {
    for (const one of document.querySelectorAll(`[${name}]`)) {
      if (!one.matches(theirs)) said.push(one.getAttribute(name));
    }
  }
  return said.map((one) => one.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""
# Words that are cut off at the edge of what they stand in.
CUT = """() => [...document.querySelectorAll("button, .button, .badge, .navigation a, .figure, th, label")]
  .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden"))
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
  .map((one) => one.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    quiet = {"life_rate_per_second": 0, "list_seconds": 0.0, "terminate_seconds": 0.0}
    return start_stack(sandbox=SandboxOptions(workflows=WORKFLOWS, settings=quiet))


@pytest.fixture
def visit(chromium: BrowserContext, stack: Stack) -> Iterator[Visit]:
    chromium.clear_cookies()
    tab = chromium.new_page()
    tab.set_default_timeout(20_000)
    yield Visit(tab, stack, Control(stack))
    tab.close()


def _list(visit: Visit) -> Frame:
    expect(visit.inside.locator(".overview__foot")).to_be_visible()
    return visit.settle()


def _filter_form(visit: Visit) -> Frame:
    visit.inside.locator("#add-filter").click()
    visit.sees(visit.inside.locator("dialog #filter-id"))
    return visit.settle()


def _filtered(visit: Visit) -> Frame:
    visit.inside.locator("dialog input[name=state]").last.check()
    visit.inside.locator("dialog input[name=by][value=dismissed]").check()
    visit.inside.locator("dialog select").first.select_option(index=3)
    visit.inside.locator("dialog [type=submit]").click()
    visit.sees(visit.inside.locator(".chips"))
    return visit.settle()


def _everything_chosen(visit: Visit) -> Frame:
    visit.inside.locator(".navigation a[href='/workflows/']").click()
    _list(visit)
    visit.boxes().first.check()
    visit.inside.locator("[data-selection-all]").click()
    expect(visit.inside.locator("[data-snapshot-state=done]")).to_be_attached()
    return visit.settle()


def _dialog(visit: Visit) -> Frame:
    visit.inside.locator("[data-selection-terminate]").click()
    visit.sees(visit.inside.locator("dialog #termination-number"))
    return visit.settle()


def _refused(visit: Visit) -> Frame:
    visit.inside.locator("dialog [type=submit]").click()
    visit.sees(visit.inside.locator("dialog [aria-invalid=true]").first)
    return visit.settle()


def _job(visit: Visit) -> Frame:
    visit.inside.locator("dialog [data-dialog-close]").last.click()
    visit.inside.locator("[data-selection-clear]").click()
    for place in range(2):
        visit.boxes().nth(place).check()
    visit.inside.locator("[data-selection-terminate]").click()
    visit.inside.locator("dialog [type=submit]").click()
    return visit.sees(visit.inside.locator("[data-job-done=true]").first)


def _behind(href: str) -> Callable[[Visit], Frame]:
    def go(visit: Visit) -> Frame:
        visit.inside.locator(f".navigation a[href='{href}']").click()
        visit.sees(visit.inside.locator(f".navigation a[href='{href}'][aria-current]"))
        return visit.settle()

    return go


def _unfolded_settings(visit: Visit) -> Frame:
    _behind("/settings/")(visit).evaluate(UNFOLD)
    visit.sees(visit.inside.locator("#template-choices button").first)
    return visit.settle()


WALK: dict[str, Callable[[Visit], Frame]] = {
    "list": _list,
    "filter form": _filter_form,
    "filtered": _filtered,
    "everything chosen": _everything_chosen,
    "dialog": _dialog,
    "refused": _refused,
    "job": _job,
    "jobs": _behind("/jobs/"),
    "audit log": _behind("/audit/"),
    "settings": _unfolded_settings,
}


@pytest.mark.parametrize("portal_language", LANGUAGES)
def test_screens_speak_the_language_of_the_portal(visit: Visit, portal_language: str) -> None:
    english = _english(LANGUAGES[portal_language])
    visit.tab.goto(f"{visit.stack.portal_url}/ui/app?_lang={portal_language}")
    wrong = []
    for screen, go in WALK.items():
        frame = go(visit)
        for width in WIDTHS:
            visit.tab.set_viewport_size({"width": width, "height": 1000})
            frame.evaluate(DRAWN)
            keep_picture(visit.tab, f"{portal_language} {screen} {width}")
            wrong += [f"{screen}, {width} px: wider than its frame: {element}" for element in too_wide(frame)]
            wrong += [f"{screen}, {width} px: cut off: {element}" for element in frame.evaluate(CUT)]
        said = frame.evaluate(SHOWN)
        wrong += [f"{screen}: in English: {text}" for text in said if english(text)]
        if portal_language == "ru":
            wrong += [
                f"{screen}: not in Russian: {text}" for text in said if LATIN.search(FAMILIAR.sub("", text))
            ]
        visit.tab.set_viewport_size({"width": WIDTHS[0], "height": 1000})

    assert "\n".join(dict.fromkeys(wrong)) == ""
    assert visit.framed.evaluate("document.documentElement.lang") == LANGUAGES[
        portal_language
    ].lower().replace("_", "-")


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_english_is_known_from_what_is_the_same_everywhere(language: str) -> None:
    english = _english(language)

    assert english("Terminate workflows")
    assert english("Select workflow 66f0.12")
    assert english("1–50 of 1,284")
    assert not english("Flowstop")
    assert not english("Invoice approval")


def _english(language: str) -> Callable[[str], bool]:
    """Return what tells whether a text is an English sentence that this language says otherwise."""
    catalog = messages.read(language)
    said = {_even(form) for message in catalog for form in messages.forms(message)}
    patterns = [
        _pattern(one)
        for message in catalog
        for one in _sources(message)
        if one not in said and any(letter.isalpha() for letter in _VALUE.sub("", one))
    ]
    pattern = re.compile("|".join(patterns))
    return lambda text: pattern.fullmatch(text) is not None


_VALUE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def _even(text: str) -> str:
    """Return a text with every run of blanks as one: the browser's are looked at like that."""
    return " ".join(text.split())


def _sources(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def _pattern(sentence: str) -> str:
    return ".+".join(re.escape(part) for part in _VALUE.split(sentence))
