"""The budget on a real server: reserving, settling, what the portal tells, what a refusal means."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bxapp.bitrix.limits import CLOUD, Budget, Reservation, Settlement, Shared, Spent
from tests.bitrix.limits.servers import ServerOperating, ServerRequest
from tests.bitrix.limits.spending import RULE, ask, reserve, settle, settled

if TYPE_CHECKING:
    from tests.bitrix.limits.conftest import Clock
    from tests.bitrix.limits.interruptible import Interruptible


@pytest.fixture
def budget(shared: Shared, portal: str, clock: Clock) -> Budget:
    return Budget(shared, portal, "app", "terminate", RULE, clock=clock)


def test_what_is_under_way_counts_before_it_is_recorded(budget: Budget) -> None:
    reserve(budget, 50, 0.9)
    # The last call may start when all before it have just reached the limit.
    assert reserve(budget, 50, 0.9).calls == 4

    spent = ask(budget, 1, 0.9)
    assert isinstance(spent, Spent)
    assert spent.under_way


def test_a_call_longer_than_what_is_left_may_go_when_nothing_else_is_under_way(
    budget: Budget, clock: Clock
) -> None:
    first = reserve(budget, 1, 47.0)
    clock.pass_seconds(47)
    settle(budget, first, settled(clock, 47.0, 47.0))

    assert reserve(budget, 5, 20.0).calls == 1


def test_a_spent_budget_tells_when_its_oldest_basket_goes(budget: Budget, clock: Clock) -> None:
    begun = clock()
    first = reserve(budget, 1, 50.0)
    clock.pass_seconds(50)
    settle(budget, first, settled(clock, 50.0, 50.0, reset_at=int(begun + 60)))

    spent = ask(budget, 1, 0.5)
    assert isinstance(spent, Spent)
    assert not spent.under_way
    assert 10 <= spent.wait_seconds <= 11
    assert spent.until == pytest.approx(time.time() + spent.wait_seconds, abs=2)
    clock.pass_seconds(spent.wait_seconds)
    assert reserve(budget, 1, 0.5).calls == 1


def test_a_settled_request_gives_back_what_it_did_not_need(budget: Budget, clock: Clock) -> None:
    first = reserve(budget, 48, 1.0)
    clock.pass_seconds(5)
    settle(budget, first, settled(clock, 5.0, 5.0))

    assert reserve(budget, 50, 1.0).calls == 44


def test_a_request_that_never_left_gives_all_back(budget: Budget) -> None:
    budget.forget(reserve(budget, 48, 1.0))

    assert reserve(budget, 50, 1.0).calls == 49


def test_a_request_whose_process_died_counts_in_full_in_the_end(budget: Budget, clock: Clock) -> None:
    reserve(budget, 40, 1.0)
    clock.pass_seconds(80)  # its reservation has ended, its record has not gone

    assert reserve(budget, 50, 1.0).calls == 9


def test_the_portal_knows_more_than_we_do(budget: Budget, clock: Clock) -> None:
    first = reserve(budget, 1, 1.0)
    clock.pass_seconds(1)
    settle(budget, first, settled(clock, 1.0, 45.0))

    assert reserve(budget, 50, 1.0).calls == 4


def test_the_portal_knows_less_than_we_do(budget: Budget, clock: Clock) -> None:
    reserve(budget, 40, 1.0)  # nobody ever hears of it: it was cut before it reached the portal
    clock.pass_seconds(76)
    second = reserve(budget, 1, 1.0)
    clock.pass_seconds(1)
    settle(budget, second, settled(clock, 1.0, 1.0))

    # The last second may not be in what the portal told yet.
    assert reserve(budget, 50, 1.0).calls == 47


def test_an_answer_that_tells_no_operating_ends_the_counting(budget: Budget, clock: Clock) -> None:
    first = reserve(budget, 48, 1.0)
    clock.pass_seconds(48)
    settle(budget, first, settled(clock, 48.0, None))

    assert reserve(budget, 50, 10.0).calls == 50


def test_after_a_refusal_nothing_goes_before_the_told_moment(budget: Budget, clock: Clock) -> None:
    reserve(budget, 1, 1.0)
    budget.refused(clock() + 25)

    spent = ask(budget, 1, 0.5)
    assert isinstance(spent, Spent)
    assert 25 <= spent.wait_seconds <= 26.1


def test_no_refusal_holds_longer_than_a_window_and_a_ban(budget: Budget, clock: Clock) -> None:
    budget.refused(clock() + 3 * 86400)

    assert budget.refused_seconds == pytest.approx(RULE.window + RULE.ban)
    spent = ask(budget, 1, 0.5)
    assert isinstance(spent, Spent)
    assert spent.wait_seconds == pytest.approx(RULE.window + RULE.ban)


def test_a_refusal_of_a_portal_whose_clock_is_wrong_holds_by_our_clock(budget: Budget, clock: Clock) -> None:
    first, ahead = reserve(budget, 1, 1.0), 7200.0
    clock.pass_seconds(1)
    there = clock() + ahead
    settle(budget, first, Settlement(1.0, there, there, 1.0, there + 59))
    budget.refused(there + 20)

    assert 20 <= budget.refused_seconds <= 22


def test_after_a_ban_the_budget_is_whole_again(budget: Budget, clock: Clock) -> None:
    first = reserve(budget, 40, 1.0)
    clock.pass_seconds(40)
    settle(budget, first, settled(clock, 40.0, 47.0))
    clock.pass_seconds(2)
    budget.refused(int(clock() + RULE.ban))
    clock.pass_seconds(RULE.ban + 1.1)

    assert reserve(budget, 50, 1.0).calls == 49


def test_an_older_portal_keeps_its_record_when_it_lets_calls_through_again(
    budget: Budget, clock: Clock
) -> None:
    first = reserve(budget, 40, 1.0)
    clock.pass_seconds(40)
    settle(budget, first, settled(clock, 40.0, 47.0))
    budget.refused(clock() + 5)
    clock.pass_seconds(6.1)

    assert reserve(budget, 50, 1.0).calls == 2


def test_single_calls_that_surely_start_in_time_may_go_over_the_budget(budget: Budget) -> None:
    started = sum(isinstance(ask(budget, 1, 5.0, launch_seconds=0.5), Reservation) for _ in range(200))

    # By the time the last of them starts, none can have run for more than half a second.
    assert started == 48 / 0.5


def test_single_calls_do_not_go_over_the_budget_beside_a_batch_that_would_be_refused(budget: Budget) -> None:
    reserve(budget, 9, 5.0)

    assert isinstance(ask(budget, 1, 5.0, launch_seconds=0.1), Reservation)
    assert isinstance(ask(budget, 1, 5.0, launch_seconds=0.1), Spent)


def test_processes_share_a_budget(shared: Shared, portal: str) -> None:
    one, other = (Budget(shared, portal, "app", "terminate", RULE) for _ in range(2))
    reserve(one, 40, 1.0)

    assert reserve(other, 50, 1.0).calls == 9


def test_without_a_rule_nothing_is_counted(shared: Shared, portal: str) -> None:
    budget = Budget(shared, portal, "app", "terminate", None)

    assert all(reserve(budget, 50, 10.0).calls == 50 for _ in range(10))


def test_what_redis_could_not_be_told_is_told_later(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    budget = Budget(interruptible, portal, "app", "terminate", RULE, clock=clock)
    first = reserve(budget, 48, 1.0)
    interruptible.gone = True
    settle(budget, first, settled(clock, 2.0, 2.0))
    interruptible.gone = False

    assert reserve(budget, 50, 1.0).calls == 47


def test_what_was_sent_without_redis_is_known_to_others_once_it_is_reported(
    interruptible: Interruptible, shared: Shared, portal: str, clock: Clock
) -> None:
    """Another process works for the portal by now; the one that did so without Redis never asks again."""
    former = Budget(interruptible, portal, "app", "terminate", RULE, processes=1, clock=clock)
    settle(former, reserve(former, 1, 1.0), settled(clock, 1.0, 1.0))
    interruptible.gone = True
    alone = reserve(former, 23, 1.0)
    former.report()
    interruptible.gone = False

    former.report()

    successor = Budget(shared, portal, "app", "terminate", RULE, clock=clock)
    assert alone.calls == 23
    assert reserve(successor, 50, 1.0).calls == 48 - 1 - 23 + 1


def test_where_nothing_is_to_be_reported_redis_is_not_asked(
    interruptible: Interruptible, portal: str
) -> None:
    budget = Budget(interruptible, portal, "app", "terminate", RULE)
    budget.report()

    assert not list(interruptible._redis.scan_iter(f"limits:{{{portal}}}:*"))


def test_what_was_sent_without_redis_is_under_way_when_it_is_back(
    interruptible: Interruptible, portal: str, clock: Clock
) -> None:
    budget = Budget(interruptible, portal, "app", "terminate", RULE, processes=1, clock=clock)
    settle(budget, reserve(budget, 1, 1.0), settled(clock, 1.0, 1.0))
    interruptible.gone = True
    alone = reserve(budget, 50, 1.0)
    interruptible.gone = False

    assert alone.calls == 23  # half of what was left
    assert reserve(budget, 50, 1.0).calls == 48 - 1 - 23 + 1


def test_several_requests_are_reserved_in_their_order(budget: Budget) -> None:
    answers = budget.reserve_all([30, 30, 30], 1.0)

    assert [answer.calls for answer in answers if isinstance(answer, Reservation)] == [30, 19]
    assert isinstance(answers[2], Spent)


@pytest.fixture
def alone(interruptible: Interruptible, portal: str, clock: Clock) -> Budget:
    """The budget of a process that has never heard Redis."""
    interruptible.gone = True
    return Budget(interruptible, portal, "app", "terminate", CLOUD, clock=clock)


def reserve_alone(budget: Budget, calls: int, called: int = 0) -> Reservation | Spent:
    return budget.reserve_all([calls], 1.0, calls_within=lambda _seconds: called)[0]


def test_who_knows_the_calls_before_begins_at_once_without_redis(alone: Budget, clock: Clock) -> None:
    first = reserve_alone(alone, 100)
    spent = reserve_alone(alone, 100)
    clock.pass_seconds(60)
    second = reserve_alone(alone, 100, called=80)

    # Four processes of which each takes half of its part: an eighth of what is left.
    assert isinstance(first, Reservation)
    assert first.calls == 60
    assert isinstance(spent, Spent)
    assert 0 < spent.wait_seconds <= 60
    assert isinstance(second, Reservation)
    assert second.calls == (480 - 80) // 8


def test_who_knows_nothing_waits_without_redis(alone: Budget) -> None:
    assert isinstance(ask(alone, 1, 1.0), Spent)


def test_without_redis_the_portals_own_sum_counts(alone: Budget, clock: Clock) -> None:
    first = reserve_alone(alone, 1)
    assert isinstance(first, Reservation)
    settle(alone, first, settled(clock, 1.0, 471.0))
    clock.pass_seconds(60)

    second = reserve_alone(alone, 100, called=1)

    assert isinstance(second, Reservation)
    assert second.calls == 1


def test_without_redis_a_refusal_holds_everything_until_its_moment(alone: Budget, clock: Clock) -> None:
    alone.refused(clock() + 200)
    clock.pass_seconds(190)
    before = reserve_alone(alone, 1)
    clock.pass_seconds(11)

    assert isinstance(before, Spent)
    assert before.wait_seconds == pytest.approx(10, abs=1)
    assert isinstance(reserve_alone(alone, 1), Reservation)


def test_without_redis_an_answer_that_tells_no_operating_ends_the_counting(
    alone: Budget, clock: Clock
) -> None:
    first = reserve_alone(alone, 1)
    assert isinstance(first, Reservation)
    settle(alone, first, settled(clock, 1.0, None))

    assert reserve_alone(alone, 10_000) == Reservation(10_000, "")


@pytest.mark.parametrize("bans", [False, True], ids=["recorded", "ban"])
def test_processes_that_take_turns_without_redis_are_never_refused(
    interruptible: Interruptible, portal: str, clock: Clock, bans: bool
) -> None:
    """An hour of calls of a second each; every two minutes another of twelve processes has the turn."""
    interruptible.gone = True
    processes = [Budget(interruptible, portal, "app", "terminate", CLOUD, clock=clock) for _ in range(12)]
    server, called, begun = ServerOperating(CLOUD, bans=bans), list[float](), clock()

    def called_within(seconds: float) -> int:
        return sum(1 for at in called if at >= clock() - seconds)

    while clock() - begun < 3600:
        budget = processes[int((clock() - begun) / 120) % len(processes)]
        (answer,) = budget.reserve_all([10], 1.0, calls_within=called_within)
        if isinstance(answer, Spent):
            clock.pass_seconds(min(answer.wait_seconds, 30.0))
            continue
        called.extend([clock()] * answer.calls)
        request = ServerRequest(clock())
        assert server.begins(request, clock(), "batch")
        for _ in range(answer.calls):
            assert server.begins(request, clock())
            clock.pass_seconds(1.0)
            server.finishes(request, 1.0, clock())
        server.ends(request, batch=answer.calls > 1)
        settle(budget, answer, settled(clock, float(answer.calls), request.operating))

    assert server.refused == 0
    assert len(called) > 0.3 * CLOUD.limit * 3600 / CLOUD.window
