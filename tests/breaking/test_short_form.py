"""The short form of ``make break``: a few fixed seeds, which together have every kind of fault in them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.breaking.battlefield import battlefields
from tests.breaking.blows import Blow
from tests.breaking.campaign import fight, kinds_of
from tests.breaking.drawing import draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.breaking.battle import Battle
    from tests.breaking.battlefield import Battlefield
    from tests.breaking.plan import Plan

pytestmark = [pytest.mark.breaking, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskToEnd(Blow):
    """No blow of any seed: a part ends by itself."""

    kind: str = "asked to end"
    name: str

    def strike(self, battle: Battle) -> None:
        battle.field.processes[self.name].ask_to_end()


SEEDS = (28, 8, 67, 22)
TIGHT_SEED = 6020


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    yield from _one_field(tmp_path_factory, is_tight=False)


@pytest.fixture
def tight_field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    """For portals that limit execution time to less than their jobs need."""
    yield from _one_field(tmp_path_factory, is_tight=True)


def _one_field(folders: pytest.TempPathFactory, *, is_tight: bool) -> Iterator[Battlefield]:
    server = os.environ["DATABASE_URL"]
    fields = battlefields(
        folders.mktemp("battlefields"), server if server.startswith("postgres") else "", is_tight=is_tight
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


def test_execution_time_runs_out_and_no_call_is_refused(tight_field: Battlefield) -> None:
    result = fight(tight_field, draw(TIGHT_SEED), first_portal=1)

    assert not result.violations, result.story
    assert "execution time limited" in result.kinds
    assert sum(result.outcomes.values()) > 0


def test_what_ends_without_having_been_killed_is_told(field: Battlefield) -> None:
    plan = replace(draw(SEEDS[0]), blows=(AskToEnd(at=1.0, name="worker"), AskToEnd(at=1.5, name="beat")))

    result = fight(field, plan, first_portal=1 + sum(len(draw(seed).portals) for seed in SEEDS))

    told = sorted(violation.text for violation in result.violations)
    assert [violation.kind for violation in result.violations] == ["ended", "ended"], result.story
    assert [text.partition(" with exit code ")[0] for text in told] == [
        "beat ended by itself",
        "worker ended by itself",
    ]


def test_a_seed_always_draws_the_same() -> None:
    assert [draw(seed).lines() for seed in SEEDS] == [draw(seed).lines() for seed in SEEDS]
    assert draw(1).lines() != draw(2).lines()


def test_the_seeds_cover_the_faults() -> None:
    drawn: list[Plan] = [draw(seed) for seed in SEEDS]

    assert len(set().union(*map(kinds_of, drawn))) >= 15
