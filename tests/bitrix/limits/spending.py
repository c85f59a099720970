"""How a test spends a budget of execution time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.bitrix.limits import Budget, OperatingRule, Reservation, Settlement, Spent

if TYPE_CHECKING:
    from tests.bitrix.limits.conftest import Clock

RULE = OperatingRule(limit=48.0, window=60.0, basket=6.0, ban=30.0)


def ask(
    budget: Budget, calls: int, seconds_each: float, *, launch_seconds: float | None = None
) -> Reservation | Spent:
    """Ask for one request."""
    return budget.reserve_all([calls], seconds_each, launch_seconds=launch_seconds)[0]


def reserve(budget: Budget, calls: int, seconds_each: float) -> Reservation:
    answer = ask(budget, calls, seconds_each)
    assert isinstance(answer, Reservation)
    return answer


def settle(budget: Budget, reservation: Reservation, settlement: Settlement) -> None:
    """Settle one request."""
    budget.settle_all([(reservation, settlement)])


def settled(clock: Clock, seconds: float, operating: float | None, **told: float) -> Settlement:
    return Settlement(seconds, clock() - seconds, clock(), operating, told.get("reset_at"))
