"""A request that ended in a server error: what is still there was not stopped by it, or may yet be."""

from __future__ import annotations

import pytest
from django.utils import timezone

from bxapp.bitrix.errors import Unheard
from bxapp.terminations.jobs import verdicts
from bxapp.terminations.models import Item
from bxapp.terminations.states import Doubt, Outcome, Reason


@pytest.mark.parametrize(
    ("status", "doubt"),
    [
        (500, Doubt.SERVER_FAILED),
        (502, Doubt.GATEWAY_FAILED),
        (504, Doubt.GATEWAY_FAILED),
        (0, Doubt.ANSWER_LOST),
    ],
)
def test_only_php_itself_ends_a_request(status: int, doubt: Doubt) -> None:
    assert verdicts.of_silence(Item(), Unheard(http_status=status), alone=False).doubt == doubt


@pytest.mark.parametrize(
    ("doubt", "unheard_calls", "did_nothing"),
    [(Doubt.SERVER_FAILED, 1, True), (Doubt.SERVER_FAILED, 2, False), (Doubt.GATEWAY_FAILED, 1, False)],
)
def test_what_is_still_there_was_not_stopped_by_a_request_that_is_over(
    doubt: Doubt, unheard_calls: int, did_nothing: bool
) -> None:
    now = timezone.now()
    item = Item(pk=1, workflow_id="a", doubt=doubt, unheard_calls=unheard_calls, sent_at=now)

    change = verdicts.of_broken_batch([item], now)[item]
    item.unheard_calls = change.fields(now).get("unheard_calls", unheard_calls)

    expected = (
        (Outcome.ALREADY_FINISHED, Reason.GONE_BEFORE)
        if did_nothing
        else (Outcome.TERMINATED, Reason.ANSWER_LOST)
    )
    ending = verdicts.of_gone(item, None)
    assert (ending.outcome, ending.reason) == expected
