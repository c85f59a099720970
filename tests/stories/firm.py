"""A firm in which workflows have piled up: what the stories find in its portal.

Templates and people are the sandbox's own (``bxapp/sandbox/catalogue.py`` and ``people.py``).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from deploy.stack import SandboxOptions
from tests.control import Control

if TYPE_CHECKING:
    from deploy.stack import Stack
    from tests.stack import Start

CONTRACTS, LEADS, CREDIT, INVOICES, LEAVES, TASKS, OUTDATED = 11, 13, 16, 18, 19, 22, 23
ROBOTS = 31
DISMISSED = 10
"""Jürgen Müller-Lüdenscheidt, whom the firm dismisses before the stories begin."""

_AT_WORK = (1, 2, 3, 4, 5, 9, 11, 15, 20)
_NAMES = (
    "Northwind renewal",
    "Office chairs for 120 people",
    "Поставка оборудования, ООО «Ромашка»",
    "Wartungsvertrag 2026",
    "Annual audit",
    "Printer lease",
    "Catering, autumn fair",
    "Warehouse extension",
)
_HOUR, _DAY = 3600, 86_400


def open_firm(start_stack: Start) -> Stack:
    """Start a portal in which nothing happens by itself, with the firm's workflows in it."""
    quiet = {"life_rate_per_second": 0, "list_seconds": 0.0}
    stack = start_stack(sandbox=SandboxOptions(workflows=0, settings=quiet))
    control = Control(stack)
    control.change_user(DISMISSED, active=False)
    _add(control, random.Random(12))  # noqa: S311 -- a repeatable firm, not a secret
    return stack


def _add(control: Control, chance: random.Random) -> None:
    def some(count: int, template_id: int, oldest_days: float, youngest_days: float = 0.1) -> None:
        for _ in range(count):
            named = chance.random() < 0.5
            name = {"document_name": chance.choice(_NAMES)} if named and template_id != LEAVES else {}
            age = chance.uniform(youngest_days, oldest_days) * _DAY
            control.add_workflows(
                1,
                template_id=template_id,
                started_by=0 if template_id == ROBOTS else chance.choice(_AT_WORK),
                age_seconds=age,
                idle_seconds=age * chance.random(),
                with_task=named,
                **name,
            )

    some(46, CONTRACTS, 200)
    some(31, LEADS, 60)
    some(22, ROBOTS, 30)
    some(17, TASKS, 45)
    some(52, INVOICES, 700, youngest_days=95)
    some(9, INVOICES, 85)
    some(6, LEAVES, 400, youngest_days=95)
    some(5, LEAVES, 85)
    for template_id, count in ((CONTRACTS, 61), (LEADS, 38), (CREDIT, 25)):
        for _ in range(count):
            control.add_workflows(
                1,
                template_id=template_id,
                started_by=DISMISSED,
                age_seconds=chance.uniform(20, 1200) * _DAY,
                document_name=chance.choice(_NAMES),
                with_task=chance.random() < 0.5,
            )
    for _ in range(9):
        age = chance.uniform(1, 80) * _DAY
        control.add_workflows(
            1,
            behaviour="hung",
            template_id=chance.choice((CONTRACTS, TASKS)),
            started_by=chance.choice(_AT_WORK),
            age_seconds=age,
            idle_seconds=age - _HOUR,
            document_name=chance.choice(_NAMES),
        )
    control.add_workflows(3, template_id=OUTDATED, started_by=3, age_seconds=900 * _DAY, with_task=False)
    control.add_workflows(
        5, template_id=OUTDATED, started_by=3, age_seconds=950 * _DAY, with_task=False, behaviour="corrupt"
    )
    control.add_workflows(
        1,
        template_id=OUTDATED,
        started_by=3,
        age_seconds=970 * _DAY,
        with_task=False,
        behaviour="php_failure",
    )
