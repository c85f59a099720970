"""How much runs of each template: those known by number, and the rest, whose rows show what to count next.

A portal may have more templates than one request has room for. Then those are counted of which most is
likely to run, as the last overview and a look at the rest tell.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bxapp.bitrix.answers import number, read_rows
from bxapp.bitrix.client import Command
from bxapp.bitrix.errors import BitrixError
from bxapp.workflows import overview_questions as ask
from bxapp.workflows.filters import Filter, Known, Origin
from bxapp.workflows.questions import MOST_VALUES
from bxapp.workflows.rows import LARGEST_NUMBER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bxapp.bitrix.answers import Answer
    from bxapp.workflows.overview_knowledge import Knowledge

_FIELDS = ["TEMPLATE_ID"]
_PAGE_ROWS = 50
_MOST_PAGES = MOST_VALUES // _PAGE_ROWS
_RULES = Filter(origin=Origin.RULES)


@dataclass(frozen=True, slots=True)
class TemplateCounts:
    """``by_id``: counted one by one; ``others``: all other templates together; ``rules``: hidden ones."""

    by_id: dict[int, int]
    others: int | None
    rules: int | None


class Templates:
    """The part of the overview's request that is about templates; ``commands`` are at most ``room``."""

    def __init__(self, known: Knowledge, now: datetime, room: int) -> None:
        self._known = known
        self._now = now
        self._listed = Known(listed_templates=known.listed)
        self.commands: dict[str, Command] = self._listing()
        if known.listed is not None and len(known.listed) < MOST_VALUES:
            self.commands["rules"] = ask.command(_RULES.question(now, self._listed), _FIELDS)
        self._counted = known.likeliest(room - len(self.commands) - 1)
        self._meant = {f"template_{ID}": Filter(templates=frozenset({ID})) for ID in self._counted}
        for place, question in enumerate(ask.outside("TEMPLATE_ID", {0, *self._counted})):
            self.commands[f"others{place}"] = ask.command(question, _FIELDS)
        for key, meant in self._meant.items():
            self.commands[key] = ask.command(meant.question(now), _FIELDS, "STARTED")

    def _listing(self) -> dict[str, Command]:
        listed = self._known.listed
        pages = _MOST_PAGES if listed is None else min(_MOST_PAGES, len(listed) // _PAGE_ROWS + 1)
        params: dict[str, object] = {"select": ["ID", "NAME"], "order": {"ID": "ASC"}}
        return {
            f"listed{page}": Command(
                "bizproc.workflow.template.list",
                params | ({"start": page * _PAGE_ROWS} if page else {}),
            )
            for page in range(pages)
        }

    def read(self, answers: Mapping[str, Answer | BitrixError]) -> TemplateCounts:
        """Return what was counted, and let the knowledge grow."""
        by_id: dict[int, int] = {}
        for template_id, (key, meant) in zip(self._counted, self._meant.items(), strict=True):
            tally = ask.tally_of(answers[key], meant, self._now)
            if tally:
                by_id[template_id] = tally.total
        others = ask.tally(answers["others0"], lambda row: row.template_id not in self._counted)
        if others:
            by_id |= self._look_at(others)
        self._learn_list(answers)
        return TemplateCounts(by_id, self._left_over(others), self._rules(answers))

    def _look_at(self, others: ask.Tally) -> dict[int, int]:
        """Learn which other templates run; return how much of each, where all of it is in sight."""
        seen = Counter(row.template_id for row in others.rows if 0 < row.template_id <= LARGEST_NUMBER)
        share = others.total / max(1, len(others.rows))
        self._known.learn_templates({ID: max(1, round(times * share)) for ID, times in seen.items()})
        return dict(seen) if others.is_whole else {}

    @staticmethod
    def _left_over(others: ask.Tally | None) -> int | None:
        if others is None:
            return None
        return 0 if others.is_whole else others.total

    def _learn_list(self, answers: Mapping[str, Answer | BitrixError]) -> None:
        heard: dict[int, str] = {}
        is_complete = False
        for key in (key for key in self.commands if key.startswith("listed")):
            try:
                page = read_rows(answers[key])
            except BitrixError:
                return
            heard |= {ID: _text(row.get("NAME")) for row in page if (ID := number(row.get("ID")))}
            is_complete = len(page) < _PAGE_ROWS
            if is_complete:
                break
        self._known.learn_list(heard, is_complete=is_complete)

    def _rules(self, answers: Mapping[str, Answer | BitrixError]) -> int | None:
        """Return how much runs of hidden templates; None where the portal's list is another one by now."""
        if self._known.listed is None or self._known.listed != self._listed.listed_templates:
            return None
        tally = ask.tally_of(answers.get("rules"), _RULES, self._now, self._listed)
        return tally.total if tally else None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
