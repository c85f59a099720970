"""A budget that neither Redis nor the process knows: what was called lately counts until an answer tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.limits import Budget, Reservation, Shared, Spent
from bxapp.bitrix.limits.operating import RESERVATION_SECONDS
from tests.bitrix.limits.spending import RULE, ask, reserve, settle, settled

if TYPE_CHECKING:
    from tests.bitrix.limits.conftest import Clock
    from tests.bitrix.limits.interruptible import Interruptible


def anew(interruptible: Interruptible, portal: str, clock: Clock) -> Budget:
    """A process that did not know the portal, after Redis has lost all."""
    interruptible.forget(portal)
    return Budget(interruptible, portal, "app", "terminate", RULE, clock=clock)


def test_who_is_new_after_a_flush_counts_what_was_called_lately(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    old = Budget(interruptible, portal, "app", "terminate", RULE, clock=clock)
    settle(old, reserve(old, 40, 1.0), settled(clock, 40.0, 40.0))

    new = anew(interruptible, portal, clock)

    assert called(new, 50, lately=40).calls == 8
    assert isinstance(ask(new, 1, 1.0), Spent)


def test_an_answer_corrects_what_was_supposed_but_not_what_may_be_under_way(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    new = anew(interruptible, portal, clock)
    # Thirty long ago, ten just now.
    (first,) = new.reserve_all([1], 1.0, calls_within=lambda seconds: 10 if seconds < 80 else 40)
    assert isinstance(first, Reservation)
    clock.pass_seconds(1)
    settle(new, first, settled(clock, 1.0, 3.0))

    # Three are recorded, the last perhaps not among them, and ten may still be.
    assert reserve(new, 50, 1.0).calls == 48 - 4 - 10


def test_who_was_there_before_the_flush_is_not_counted_twice(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    old = Budget(interruptible, portal, "app", "terminate", RULE, clock=clock)
    settle(old, reserve(old, 20, 1.0), settled(clock, 20.0, 20.0))
    new = anew(interruptible, portal, clock)
    called(new, 1, lately=20)

    assert reserve(old, 50, 1.0).calls == 48 - 20 - 1 + 1


def test_who_has_not_looked_for_long_does_not_believe_what_it_knows(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    old = Budget(interruptible, portal, "app", "terminate", RULE, clock=clock)
    reserve(old, 1, 1.0)
    clock.pass_seconds(10)
    interruptible.forget(portal)

    # Another process has made thirty calls meanwhile.
    assert called(old, 50, lately=31).calls == 48 - 31


def test_who_takes_over_again_does_not_believe_what_it_knows(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    old = Budget(interruptible, portal, "app", "terminate", RULE, clock=clock)
    reserve(old, 1, 1.0)
    # Another process had the portal for a moment, and made thirty calls.
    clock.pass_seconds(1)
    interruptible.forget(portal)
    old.doubt()

    assert called(old, 50, lately=31).calls == 48 - 31


def test_what_was_supposed_goes_by_its_age(interruptible: Interruptible, portal: str, clock: Clock) -> None:
    new = anew(interruptible, portal, clock)
    # All of them are older than a window.
    (spent,) = new.reserve_all([1], 1.0, calls_within=lambda seconds: 60 if seconds >= 130 else 0)

    assert isinstance(spent, Spent)
    assert 0 < spent.wait_seconds <= 20
    clock.pass_seconds(spent.wait_seconds)
    assert reserve(new, 50, 1.0).calls == 49


def test_of_what_is_only_supposed_to_be_under_way_no_answer_is_awaited(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    new = anew(interruptible, portal, clock)
    # All may have left just now, and fill the budget.
    (spent,) = new.reserve_all([1], 1.0, calls_within=lambda _seconds: 60)

    assert isinstance(spent, Spent)
    assert not spent.under_way
    assert RULE.window < spent.wait_seconds <= RESERVATION_SECONDS + RULE.basket + RULE.window
    clock.pass_seconds(spent.wait_seconds - 1)
    again = ask(new, 1, 1.0)
    assert isinstance(again, Spent)
    assert again.wait_seconds <= 1
    clock.pass_seconds(1)
    assert reserve(new, 50, 1.0).calls == 49


def test_what_leaves_no_room_for_a_call_that_does_not_end_last_is_waited_for(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    new = anew(interruptible, portal, clock)
    (spent,) = new.reserve_all([1], 10.0, calls_within=lambda _seconds: 4)

    assert isinstance(spent, Spent)
    assert not spent.under_way
    assert 0 < spent.wait_seconds <= RESERVATION_SECONDS
    clock.pass_seconds(spent.wait_seconds)
    assert reserve(new, 1, 10.0).calls == 1


def test_an_answer_that_is_awaited_may_tell_more_than_what_is_supposed(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    new = anew(interruptible, portal, clock)
    (first,) = new.reserve_all([1], 1.0, calls_within=lambda _seconds: 47)
    assert isinstance(first, Reservation)

    spent = ask(new, 2, 1.0)

    assert isinstance(spent, Spent)
    assert spent.under_way


def test_a_portal_without_calls_starts_with_its_whole_budget_and_is_looked_for_once(
    shared: Shared, portal: str, clock: Clock
) -> None:
    looked: list[float] = []

    def calls_within(seconds: float) -> int:
        looked.append(seconds)
        return 0

    one, other = (Budget(shared, portal, "app", "terminate", RULE, clock=clock) for _ in range(2))
    for budget in (one, one, other):
        assert isinstance(budget.reserve_all([1], 1.0, calls_within=calls_within)[0], Reservation)

    assert looked == [RULE.window + RULE.basket + RESERVATION_SECONDS]


def called(budget: Budget, calls: int, *, lately: int) -> Reservation:
    answer = budget.reserve_all([calls], 1.0, calls_within=lambda _seconds: lately)[0]
    assert isinstance(answer, Reservation)
    return answer
