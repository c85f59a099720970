"""After a walk no token and no secret lies anywhere in clear, but in the frame's own form.

The sandbox tells every token that it ever issued; they are looked for in everything that the walk wrote:
database, Redis, logs, the addresses that were called, and the pages.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import redis

from tests.stories.portal import ANNA, BORIS, Portal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from deploy.stack import Stack

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


@pytest.fixture
def walked(portal: Portal) -> Portal:
    """Two administrators have been here; tokens have run out and were renewed meanwhile."""
    for user_id in (ANNA, BORIS):
        portal.sign_in(user_id)
        portal.open_application()
        portal.expect_heading("Running workflows")
        portal.control.expire_tokens()
        portal.refresh()
        portal.terminate(portal.ordinary_workflows(3), "Nobody shall find our tokens")
        portal.expect_job_done()
        portal.frame.get_by_role("link", name="Audit log").click()
        portal.expect_heading("Audit log")
    return portal


def test_no_secret_is_written_anywhere(walked: Portal, stack: Stack, tmp_path: Path) -> None:
    tokens = walked.control.tokens()
    secrets = [
        *(*tokens["access"], *tokens["refresh"], *tokens["codes"]),
        *(one["application_token"] for one in walked.control.state()["portals"][0]["applications"]),
        *(stack.keys.secret_key, stack.keys.client_secret, stack.keys.encryption_key),
    ]
    assert len(tokens["access"]) >= 4, "the walk used several pairs"
    assert all(len(secret) >= 32 for secret in secrets)

    places = {
        "database": dump_database(stack, tmp_path),
        "Redis": dump_redis(stack),
        "logs": b"".join(
            file.read_bytes() for file in stack.folder.glob("*.log") if file.name != "sandbox.log"
        ),
        "addresses": "\n".join(answer.url for answer in walked.answers).encode(),
        "pages": b"\n".join(walked.application_pages),
    }

    assert {place: found for place, text in places.items() if (found := found_in(text, secrets))} == {}
    # The walk is really in them.
    assert b"Nobody shall find our tokens" in places["database"]
    assert b"Nobody shall find our tokens" in places["pages"]
    assert b"POST /app/" in places["logs"]
    assert b"celery" in places["Redis"]


def test_no_token_travelled_in_an_address(walked: Portal) -> None:
    """As the other side saw it: the portal and the authorization server."""
    asked = walked.control.requests()["latest"]

    assert len(asked) > 10
    assert [one["method"] for one in asked if one["token_in_url"]] == []


def found_in(text: bytes, secrets: Iterable[str]) -> list[str]:
    return [secret for secret in secrets if secret.encode() in text]


def dump_database(stack: Stack, folder: Path) -> bytes:
    """Everything of the database: the files of SQLite, or what PostgreSQL's own dump tells."""
    if stack.database_url.startswith("sqlite"):
        return b"".join(file.read_bytes() for file in stack.folder.glob("*.sqlite3*"))
    file = folder / "dump.sql"
    subprocess.run(["pg_dump", "--file", str(file), stack.database_url], check=True)
    return file.read_bytes()


def dump_redis(stack: Stack) -> bytes:
    """Everything in Redis, as its own dump of each key has it."""
    with redis.Redis.from_url(stack.redis_url) as client:
        return b"\n".join(key + b" " + (client.dump(key) or b"") for key in client.scan_iter())
