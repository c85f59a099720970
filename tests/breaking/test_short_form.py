"""The short form of ``make break``: a few fixed seeds, which together have every kind of fault in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.breaking.battlefield import battlefields
from tests.breaking.campaign import fight, kinds_of
from tests.breaking.drawing import draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.breaking.battlefield import Battlefield
    from tests.breaking.plan import Plan

pytestmark = [pytest.mark.breaking, pytest.mark.timeout(300)]

SEEDS = (28, 8, 67, 22)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    server = os.environ["DATABASE_URL"]
    fields = battlefields(
        tmp_path_factory.mktemp("battlefields"), server if server.startswith("postgres") else ""
    )
    yield next(fields)
    fields.close()


@pytest.mark.parametrize("place", range(len(SEEDS)), ids=[f"seed {seed}" for seed in SEEDS])
def test_nothing_is_lost_doubled_wrong_or_touched(field: Battlefield, place: int) -> None:
    before = sum(len(draw(seed).portals) for seed in SEEDS[:place])

    result = fight(field, draw(SEEDS[place]), first_portal=1 + before)

    assert not result.violations, result.story
    assert result.calls > 0
    assert sum(result.outcomes.values()) > 0


def test_a_seed_always_draws_the_same() -> None:
    assert [draw(seed).lines() for seed in SEEDS] == [draw(seed).lines() for seed in SEEDS]
    assert draw(1).lines() != draw(2).lines()


def test_the_seeds_cover_the_faults() -> None:
    drawn: list[Plan] = [draw(seed) for seed in SEEDS]

    assert len(set().union(*map(kinds_of, drawn))) >= 15
