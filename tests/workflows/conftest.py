"""What runs, asked of the portal in a box as a real process."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from tests.portals.sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client
    from pytest_django.fixtures import Settings

WORKFLOWS = 120


@pytest.fixture(scope="session")
def sandbox_of_workflows() -> Iterator[Sandbox]:
    quiet = '{"life_rate_per_second": 0}'
    with running_sandbox("--workflows", str(WORKFLOWS), "--settings", quiet) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_of_workflows: Sandbox, settings: Settings) -> Sandbox:
    """A fresh portal with 120 running workflows, in which nothing happens by itself."""
    settings.BITRIX24_OAUTH_SERVERS = [sandbox_of_workflows.authorization]
    sandbox_of_workflows.reset()
    return sandbox_of_workflows


class _Cells(HTMLParser):
    """Reads a list: the text of each cell, row by row, and the values that can be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.values: list[str] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self._open = True
        elif tag == "input":
            attributes = dict(attrs)
            if "data-workflow" in attributes:
                self.values.append(attributes.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.rows[-1][-1] += data


@dataclass
class Frame:
    """The application opened in the portal by its first administrator."""

    client: Client
    headers: dict[str, str]

    def get(self, path: str = "/workflows/", *, htmx: bool = True) -> Any:
        """Ask for a page as the frame does."""
        return self.client.get(path, headers=self.headers | ({"HX-Request": "true"} if htmx else {}))

    def post(self, path: str, fields: dict[str, Any] | None = None) -> Any:
        """Send a form as the frame does."""
        return self.client.post(path, fields or {}, headers=self.headers | {"HX-Request": "true"})


def table(answer: Any) -> tuple[list[list[str]], list[str]]:
    """Return the cells of each row of the list (its head left out), and the values of its checkboxes."""
    reader = _Cells()
    reader.feed(answer.content.decode())
    cells = [[" ".join(cell.split()) for cell in row] for row in reader.rows]
    return cells[1:], reader.values


@pytest.fixture
def page_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page read a list to its end: on a busy machine it would leave the rest to a worker."""
    for name in ("_AT_ONCE_SECONDS", "_HERE_SECONDS"):
        monkeypatch.setattr(f"bxapp.workflows.snapshot_views.{name}", 60.0)


@pytest.fixture
def frame(client: Client, sandbox: Sandbox) -> Frame:
    context = client.post(*sandbox.launch(installer=False)).context
    sandbox.forget()
    return Frame(
        client,
        {
            "Authorization": f"Bearer {context['session_token']}",
            "X-Flowstop-Document": context["document_id"],
        },
    )
