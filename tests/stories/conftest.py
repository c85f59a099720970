"""A running product, and a tab in a browser that keeps third-party cookies back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.stack import SandboxOptions, Stack
from tests.browser import watch_errors
from tests.stories.administrator import Administrator
from tests.stories.pictures import WIDE
from tests.stories.portal import ANNA, Portal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

    from tests.stack import Start


@pytest.fixture(scope="module")
def stack(start_stack: Start) -> Stack:
    return start_stack(sandbox=SandboxOptions(workflows=200))


@pytest.fixture
def portal(chromium: BrowserContext, stack: Stack) -> Iterator[Portal]:
    """The portal in a new tab without cookies, in which no error message may be left at the end."""
    chromium.clear_cookies()
    tab = chromium.new_page()
    errors = watch_errors(tab)
    portal = Portal(tab, stack, errors)
    yield portal
    portal.leave()
    assert errors == []


@pytest.fixture
def anna(chromium: BrowserContext, stack: Stack) -> Iterator[Administrator]:
    """Anna Berg in a tab of the portal, in which no error message may be left at the end."""
    chromium.clear_cookies()
    tab = chromium.new_page()
    tab.set_viewport_size(WIDE)
    errors = watch_errors(tab)
    person = Administrator(tab, stack, errors)
    person.signs_in_as(ANNA)
    yield person
    tab.close()
    assert errors == []
