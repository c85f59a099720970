"""One question for all threads that come to need its answer at the same time."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")


class SharedAnswer(Generic[Answer]):
    """The latest answer to a question that threads ask anew each time, but not each for itself.

    A thread notes ``number`` when it begins what may lead to the question. If the question was answered
    since, to whichever thread, that answer is as new as its own need; a bad one serves all of them too.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._number = 0
        self._answer: Answer | None = None

    @property
    def number(self) -> int:
        """How often the question has been answered."""
        return self._number

    def since(self, number: int, ask: Callable[[], Answer]) -> Answer:
        """Return an answer given since ``number`` was noted; wait for it where another thread is asking.

        What ``ask`` raises goes to its own thread only, and the next one asks.
        """
        with self._lock:
            if self._number == number:
                self._answer = ask()
                self._number += 1
            return cast("Answer", self._answer)
