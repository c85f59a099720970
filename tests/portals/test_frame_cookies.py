"""In the frame no cookie is needed, and none is set, whatever the person does there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.portals.frame import confirmed, listed_rows, opened_frame

if TYPE_CHECKING:
    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_no_answer_in_the_frame_sets_a_cookie(sandbox: Sandbox) -> None:
    frame = opened_frame(sandbox)
    rows = listed_rows(frame)

    answers = [frame.post("/terminations/dialog/", {"selected": rows[:1]})]
    job = confirmed(frame, rows[:1], key="a" * 32)
    answers += [frame.get(path) for path in (job, f"{job}progress/", "/jobs/", "/audit/", "/settings/")]
    answers.append(frame.post(f"{job}cancel/"))

    assert [answer.status_code for answer in answers] == [200] * 6 + [303]
    assert [answer.cookies.output() for answer in answers if answer.cookies] == []
    assert not frame.cookies
