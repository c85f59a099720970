"""What the dialog says of them: of which moment, by template and kind, the oldest, how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from bxapp.terminations.screens import estimates
from bxapp.workflows.summaries import Counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bxapp.portals.models import Portal
    from bxapp.workflows.keeping import Kept

# So many by name; the others are one number.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Shares:
    """The largest ones by name; ``others`` is how many more names there are, ``rest`` how many workflows."""

    named: list[Counted]
    others: int
    rest: int

    @classmethod
    def of(cls, counted: Iterable[Counted]) -> Shares:
        ranked = sorted(counted, key=lambda one: -one.count)
        # One more takes no more room than "1 other".
        named = ranked if len(ranked) <= _NAMED + 1 else ranked[:_NAMED]
        others = ranked[len(named) :]
        return cls(named, len(others), sum(one.count for one in others))


@dataclass(frozen=True, slots=True)
class Facts:
    as_of: datetime | None
    templates: Shares
    kinds: Shares
    oldest: datetime | None
    duration: str


def of(portal: Portal, kept: Kept) -> Facts:
    """Return the facts of a kept list."""
    summary = kept.summary
    return Facts(
        as_of=kept.as_of,
        templates=Shares.of(_named_templates(summary.by_template)),
        kinds=Shares.of(Counted(0, one.name or gettext("no document"), one.count) for one in summary.by_kind),
        oldest=summary.oldest,
        duration=estimates.sentence(portal, kept.count),
    )


def _named_templates(counted: Iterable[Counted]) -> list[Counted]:
    """Return them by names; those of automation rules have none that people know, and are one."""
    found: dict[str, int] = {}
    for one in counted:
        name = one.name or (gettext("automation rules") if one.number else gettext("no template"))
        found[name] = found.get(name, 0) + one.count
    return [Counted(0, name, count) for name, count in found.items()]
