"""What runs away: templates of which much more is running than at an earlier visit.

Compared is with the last visit at least an hour ago; where nothing stands out since, with the last one at
least a day ago, then a week. A rise is worth a sentence when it is both large and large for that template:
at least 20 more, and at least a fifth of what ran before. A template that was not counted then is not
compared, unless everything else was known to be none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bxapp.workflows.overview_counts import Counts

# How long ago the compared visit was at least, in the order in which they are tried.
COMPARED_AFTER = (timedelta(hours=1), timedelta(hours=20), timedelta(days=6))
LEAST_MORE = 20
LEAST_SHARE = 0.2
MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Rise:
    """Of a template ``more`` run than at ``since``."""

    template_id: int
    more: int
    since: datetime


def rises(now: Counts, counted_by: Callable[[datetime], Counts | None]) -> list[Rise]:
    """Return what rose most, the largest rise first, all since one visit; nothing where there was none.

    ``counted_by`` gives the newest counts that are not newer than a moment.
    """
    for distance in COMPARED_AFTER:
        before = counted_by(now.counted_at - distance)
        if before is None:
            return []
        found = [
            Rise(template_id, count - earlier, before.counted_at)
            for template_id, count in now.templates.items()
            if (earlier := before.of_template(template_id)) is not None
            and count - earlier >= max(LEAST_MORE, LEAST_SHARE * earlier)
        ]
        if found:
            return sorted(found, key=lambda rise: (-rise.more, rise.template_id))[:MOST_SHOWN]
    return []
