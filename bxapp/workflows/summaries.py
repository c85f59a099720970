"""What a list of workflows is made of: how many by template and by kind of document, and the oldest.

Summed up part by part while a list is kept, so that the dialog need not unpack a hundred thousand of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bxapp.workflows.documents import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bxapp.workflows.selection import SelectedWorkflow


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of one template or kind; ``name`` may be empty: the portal did not tell it."""

    number: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """``templates``: number (0: none) to name and count. ``kinds``: MODULE_ID and ENTITY to the number of one
    of its documents, by which people know the kind, and count. ``oldest``: the earliest known start.
    """

    templates: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    kinds: Mapping[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    oldest: datetime | None = None

    @classmethod
    def of(cls, workflows: Iterable[SelectedWorkflow]) -> Summary:
        templates: dict[int, tuple[str, int]] = {}
        kinds: dict[tuple[str, str], tuple[str, int]] = {}
        oldest: datetime | None = None
        for one in workflows:
            number = one.template_id or 0
            name, count = templates.get(number, ("", 0))
            templates[number] = (name or one.template_name, count + 1)
            kind = (one.module_id, one.entity)
            sample, count = kinds.get(kind, (one.document_id, 0))
            kinds[kind] = (sample, count + 1)
            if one.started is not None and (oldest is None or one.started < oldest):
                oldest = one.started
        return cls(templates, kinds, oldest)

    @classmethod
    def together(cls, summaries: Iterable[Summary]) -> Summary:
        """Return the summary of lists that have nothing in common."""
        templates: dict[int, tuple[str, int]] = {}
        kinds: dict[tuple[str, str], tuple[str, int]] = {}
        starts: list[datetime] = []
        for one in summaries:
            for number, (name, count) in one.templates.items():
                known, before = templates.get(number, ("", 0))
                templates[number] = (known or name, before + count)
            for kind, (sample, count) in one.kinds.items():
                known, before = kinds.get(kind, (sample, 0))
                kinds[kind] = (known, before + count)
            starts += [one.oldest] if one.oldest else []
        return cls(templates, kinds, min(starts, default=None))

    @property
    def by_template(self) -> list[Counted]:
        """The templates, the most frequent first."""
        found = [Counted(number, name, count) for number, (name, count) in self.templates.items()]
        return sorted(found, key=lambda one: (-one.count, one.name.casefold(), one.number))

    @property
    def by_kind(self) -> list[Counted]:
        """The kinds of documents in the reader's language, the most frequent first; no document: ""."""
        counts: Counter[str] = Counter()
        for (module_id, entity), (sample, count) in self.kinds.items():
            counts[describe(module_id, entity, sample).kind] += count
        return [Counted(0, name, count) for name, count in sorted(counts.items(), key=lambda one: -one[1])]

    def as_json(self) -> dict[str, Any]:
        """Return plain values for a JSON column."""
        return {
            "templates": [[number, name, count] for number, (name, count) in self.templates.items()],
            "kinds": [[*kind, sample, count] for kind, (sample, count) in self.kinds.items()],
            "oldest": self.oldest.isoformat() if self.oldest else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Summary:
        """Return the summary that :meth:`as_json` made plain."""
        oldest = stored.get("oldest")
        return cls(
            {number: (name, count) for number, name, count in stored.get("templates", ())},
            {(module, entity): (sample, count) for module, entity, sample, count in stored.get("kinds", ())},
            datetime.fromisoformat(oldest) if oldest else None,
        )
