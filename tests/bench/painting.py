"""What a person with a slow machine and a slow network sees, and when: in Chromium, throttled by CDP.

The processor is four times as slow, the network a fast 3G. The portal's page and the application in its frame
share one process here, so that both are throttled; else a browser keeps different sites apart.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect, sync_playwright

from tests.bench import busy_portal
from tests.bench.figures import Table
from tests.bench.stage import staged
from tests.browser import ARGUMENTS, CHROMIUM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Frame, Page

    from tests.bench.stage import Stage
    from tests.control import Control

HEADS = ("visit, throttled", "largest contentful paint", "rows to be seen", "total blocking time", "received")
SLOWER_TIMES = 4
ROUND_TRIP_MS = 150
DOWN_BYTES_PER_SECOND = 1_600_000 // 8
UP_BYTES_PER_SECOND = 750_000 // 8
_WATCH = Path(__file__).with_name("painting_watch.js")
_ONE_PROCESS = ("--disable-site-isolation-trials", "--disable-features=IsolateOrigins,site-per-process")
_WITHIN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One visit: milliseconds since the document, or the page within it, was asked for, and bytes."""

    paint_ms: float | None
    rows_ms: float
    blocked_ms: float
    received_bytes: int


def painting(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Measure first visits, later ones and later pages, in the portal's frame and without it."""
    workflows, rounds = (120, 1) if quick else (5_000, 5)
    visits: dict[str, list[Seen]] = {}
    with staged(portals=1, on_sqlite=on_sqlite) as (stage, _), sync_playwright() as playwright:
        visitor = busy_portal.administrator(stage)
        busy_portal.fill(visitor.control, workflows)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, *_ONE_PROCESS], headless=True
        )
        for number in range(rounds):
            for place in (_in_the_portal, _alone):
                for what, seen in place(browser, stage, visitor.control).items():
                    visits.setdefault(what, []).append(seen)
                    tell(f"round {number + 1}: {what}: {seen}")
        browser.close()
    return Table(HEADS, [_row(what, seen) for what, seen in visits.items()])


def _in_the_portal(browser: Browser, stage: Stage, _: Control) -> dict[str, Seen]:
    """Open the application as the portal opens it, twice, and go to the next page."""
    with _throttled(browser) as tab:

        def opened() -> Frame:
            tab.goto(f"{stage.portal_url}/ui/app")
            inside = tab.frame_locator("#app-frame")
            _settled(inside)
            return next(frame for frame in tab.frames if frame.url.startswith(stage.app_url))

        first = _seen(opened())
        again = opened()
        return {
            "first visit, in the portal's frame": first,
            "later visit, in the portal's frame": _seen(again),
            "next page of the list, in the frame": _next_page(again),
        }


def _alone(browser: Browser, stage: Stage, control: Control) -> dict[str, Seen]:
    """Open the application's own document by the portal's form, without a portal around it."""
    with _throttled(browser) as tab:

        def opened() -> Frame:
            form = control.launch_form(1)
            tab.goto("about:blank")
            with tab.expect_navigation():
                tab.evaluate(_SEND_FORM, form)
            _settled(tab)
            return tab.main_frame

        first = _seen(opened())
        return {
            "first visit, the document alone": first,
            "later visit, the document alone": _seen(opened()),
        }


_SEND_FORM = """({ url, fields }) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: url });
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""


@contextmanager
def _throttled(browser: Browser) -> Iterator[Page]:
    """Give a tab of a new profile, with empty caches."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.add_init_script(path=_WATCH)
    tab = context.new_page()
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": DOWN_BYTES_PER_SECOND,
            "uploadThroughput": UP_BYTES_PER_SECOND,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_TIMES})
    yield tab
    context.close()


def _settled(inside: Any) -> None:
    """Wait until the list and its figures are there, and a little longer."""
    expect(inside.locator('input[name="selected"]').first).to_be_visible(timeout=_WITHIN_MS)
    expect(inside.locator(".overview__foot")).to_be_visible(timeout=_WITHIN_MS)
    inside.locator("body").evaluate("() => new Promise((done) => setTimeout(done, 500))")


def _seen(frame: Frame) -> Seen:
    told = frame.evaluate("() => paintingWatch.told()")
    return Seen(told["paint"], told["rows"], told["blocked"], int(told["received"]))


def _next_page(frame: Frame) -> Seen:
    """Go on in the list. The browser counts no paints of a page that is put into another."""
    told = frame.evaluate("() => paintingWatch.press('.pager [rel=next]')")
    return Seen(None, told["rows"], told["blocked"], int(told["received"]))


def _row(what: str, seen: list[Seen]) -> tuple[str, ...]:
    paints = [one.paint_ms for one in seen if one.paint_ms is not None]
    return (
        what,
        _told(paints) if paints else "–",
        _told([one.rows_ms for one in seen]),
        _told([one.blocked_ms for one in seen]),
        f"{median(one.received_bytes for one in seen) / 1000:.0f} KB",
    )


def _told(milliseconds: list[float]) -> str:
    return f"{median(milliseconds):,.0f} ms (to {max(milliseconds):,.0f} ms)"
