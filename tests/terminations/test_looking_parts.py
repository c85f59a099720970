"""How a job is looked at: in which parts, and that no part is left out."""

from __future__ import annotations

from itertools import chain

import pytest

from bxapp.terminations.engine.looking import BURST_WORKFLOWS, LOOK_AHEAD, parts


@pytest.mark.parametrize("count", [0, 1, 400, 401, 1300, 2000, 2150, BURST_WORKFLOWS, 2400, LOOK_AHEAD])
@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("is_known", [False, True])
def test_every_one_is_looked_at_once_and_in_order(count: int, is_first: bool, is_known: bool) -> None:
    items = range(count)

    cut = parts(items, is_first=is_first, is_known=is_known)

    assert list(chain.from_iterable(cut)) == list(items)
    assert all(cut)


@pytest.mark.parametrize(
    ("count", "is_first", "is_known", "sizes"),
    [
        (400, True, True, [400]),  # small: one request
        (900, True, True, [300, 600]),  # a third is called for while the rest is looked at
        (900, True, False, [200, 700]),  # the first find the pace
        (2000, True, True, [666, 1334]),
        (2000, False, True, [2000]),  # at work already: nobody waits for it
        (1500, True, False, [200, 1300]),
        (2000, True, False, [2000]),  # with the requests that find the pace, the burst has none to spare
        (BURST_WORKFLOWS, True, True, [BURST_WORKFLOWS]),  # every request of the burst is needed for calls
        (LOOK_AHEAD, True, True, [LOOK_AHEAD]),  # held back by the limit of requests
    ],
)
def test_a_look_more_is_made_only_where_it_brings_something(
    count: int, is_first: bool, is_known: bool, sizes: list[int]
) -> None:
    assert [len(part) for part in parts(range(count), is_first=is_first, is_known=is_known)] == sizes
