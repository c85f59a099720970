"""How much runs, counted at one moment: what the overview shows, and what later moments are compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Counts:
    """The portal's own counts; None where the portal did not answer a question, or not that question.

    ``oldest``: when the workflow started that runs longest. ``hung_is_rough``: more were locked than could be
    looked at. ``dismissed_is_least``: not everybody who started something is known yet. ``rules``: what runs
    of templates that the portal does not list. ``kinds``: by the names of ``kinds.KINDS``. ``templates``: by
    ID, those that were counted one by one; ``other_templates``: what runs in all others together.

    Remembered for the next time are ``likely_templates`` (a rough count by ID, of those not counted),
    ``listed_templates`` (all that the portal lists; None where there are too many) and ``unnamed_starters``
    (people whom the portal does not name: bots).
    """

    counted_at: datetime
    total: int
    oldest: datetime | None = None
    hung: int | None = None
    hung_is_rough: bool = False
    dismissed: int | None = None
    dismissed_is_least: bool = False
    rules: int | None = None
    kinds: Mapping[str, int] = field(default_factory=dict)
    templates: Mapping[int, int] = field(default_factory=dict)
    other_templates: int | None = None
    likely_templates: Mapping[int, int] = field(default_factory=dict)
    listed_templates: frozenset[int] | None = None
    unnamed_starters: frozenset[int] = frozenset()

    def of_template(self, template_id: int) -> int | None:
        """Return how many ran of a template, None when that is not known."""
        if template_id in self.templates:
            return self.templates[template_id]
        return 0 if self.other_templates == 0 else None


def packed(counts: Counts) -> dict[str, Any]:
    """Return counts as an object that JSON can hold."""
    return {
        "total": counts.total,
        "oldest": counts.oldest.isoformat() if counts.oldest else None,
        "hung": counts.hung,
        "hung_is_rough": counts.hung_is_rough,
        "dismissed": counts.dismissed,
        "dismissed_is_least": counts.dismissed_is_least,
        "rules": counts.rules,
        "kinds": dict(counts.kinds),
        "templates": _as_texts(counts.templates),
        "other_templates": counts.other_templates,
        "likely_templates": _as_texts(counts.likely_templates),
        "listed_templates": None if counts.listed_templates is None else sorted(counts.listed_templates),
        "unnamed_starters": sorted(counts.unnamed_starters),
    }


def unpacked(content: Mapping[str, Any], counted_at: datetime) -> Counts:
    """Return the counts that :func:`packed` made an object of."""
    values = dict(content)
    oldest, listed = values.pop("oldest"), values.pop("listed_templates")
    return Counts(
        counted_at=counted_at,
        oldest=datetime.fromisoformat(oldest) if oldest else None,
        templates=_as_numbers(values.pop("templates")),
        likely_templates=_as_numbers(values.pop("likely_templates")),
        listed_templates=None if listed is None else frozenset(listed),
        unnamed_starters=frozenset(values.pop("unnamed_starters")),
        **values,
    )


def _as_texts(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(number): count for number, count in counts.items()}


def _as_numbers(counts: Mapping[str, int]) -> dict[int, int]:
    return {int(number): count for number, count in counts.items()}
