"""Errands: what takes one or more requests, written down as it happens, one after the other.

An errand is a generator. It yields a request, a function without arguments that is called in a thread without
a database, and is resumed in the database's thread with the answer, or with the BitrixError that was raised.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from bxapp.bitrix.limits import Reservation

Result = TypeVar("Result")

Request = Callable[[], Any]
Errand = Generator[Request, Any, Result]


class NotSentError(Exception):
    """The request that an errand yielded last is never sent, and the errand ends here."""


@dataclass(frozen=True, slots=True)
class ReservedRequest:
    """A request with calls whose execution time was reserved before it is yielded; its answer is
    ``methods.Stopped``. Whoever carries the errand out tells the budget what became of it.
    """

    request: Request
    reservation: Reservation

    def __call__(self) -> Any:
        return self.request()


def complete(errand: Errand[Result]) -> Result:
    """Do an errand here and now, request by request; returns what it returns, raises what it raises."""
    try:
        request = next(errand)
        while True:
            try:
                answer = request()
            except Exception as error:  # noqa: BLE001  (the errand decides what its requests' errors mean)
                request = errand.throw(error)
            else:
                request = errand.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
