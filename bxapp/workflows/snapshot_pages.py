"""How far a snapshot is, as the bar of the selection says it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import formats, timezone
from django.utils.translation import gettext, ngettext

from bxapp.web.refusal_texts import text_of
from bxapp.web.refusals import RefusalReason
from bxapp.workflows.models import Snapshot
from bxapp.workflows.snapshot_steps import INCOMPLETE, REMOVED, TOO_LARGE
from bxapp.workflows.snapshots import LARGEST

if TYPE_CHECKING:
    from datetime import datetime

# A message that no worker has taken after this time may be lost: the page goes on by itself.
_TAKEN_WITHIN = timedelta(seconds=3)
# Nothing new for so long is worth a word.
_SLOW_AFTER = timedelta(seconds=10)


class SnapshotPage:
    """A snapshot at one moment, in words."""

    def __init__(self, snapshot: Snapshot, now: datetime) -> None:
        self._snapshot = snapshot
        self._now = now

    @property
    def reference(self) -> str:
        return self._snapshot.selection.reference

    @property
    def as_of(self) -> datetime | None:
        return self._snapshot.selection.as_of

    @property
    def is_reading(self) -> bool:
        return self._snapshot.state == Snapshot.State.READING

    @property
    def is_done(self) -> bool:
        return self._snapshot.state == Snapshot.State.DONE

    @property
    def count(self) -> int:
        return self._snapshot.selection.count

    @property
    def read(self) -> int:
        return self._snapshot.read

    @property
    def expected(self) -> int:
        return max(self._snapshot.expected, self._snapshot.read)

    @property
    def query(self) -> str:
        return self._snapshot.query

    @property
    def must_be_read_here(self) -> bool:
        """Whether no worker is at it although it is due: lost message, dead worker, none at all."""
        waits = self._snapshot.not_before is not None and self._snapshot.not_before > self._now
        is_held = self._snapshot.holder is not None
        is_held = is_held and self._snapshot.until is not None and self._snapshot.until > self._now
        return self.is_reading and not waits and not is_held and self._silence > _TAKEN_WITHIN

    @property
    def progress(self) -> str:
        """Return "1,250 of 4,812 read"; before the portal has told how many there are, that it is read."""
        if not self.read:
            return gettext("Reading the list…")
        return ngettext("%(read)s of %(total)s read", "%(read)s of %(total)s read", self.expected) % {
            "read": _grouped(self.read),
            "total": _grouped(self.expected),
        }

    @property
    def delay(self) -> str:
        """Return why it takes longer, in a sentence; empty when it does not."""
        if self._snapshot.failures_in_a_row:
            return gettext("The portal did not answer; it is asked again.")
        if self._silence > _SLOW_AFTER:
            # A slow portal, or a reader that died: either way nobody has to do anything.
            return gettext("This takes longer than usual; it goes on by itself.")
        return ""

    @property
    def left_out(self) -> str:
        """Return how many of protected templates are not in it; empty when there are none."""
        count = self._snapshot.left_out
        if not count:
            return ""
        return ngettext(
            "%(count)s of a protected template is left out",
            "%(count)s of protected templates are left out",
            count,
        ) % {"count": _grouped(count)}

    @property
    def problem(self) -> str:
        """Return why there is no list, and what to do; empty when there is one, or will be."""
        snapshot = self._snapshot
        if snapshot.state != Snapshot.State.FAILED:
            return "" if self.count or self.is_reading else self._nothing
        if snapshot.reason == TOO_LARGE:
            return gettext(
                "More than %(largest)s are running, and one selection holds no more. Narrow the list by a"
                " filter."
            ) % {"largest": _grouped(LARGEST)}
        if snapshot.reason == INCOMPLETE:
            return gettext(
                "More tasks wait for these people than could be read. Narrow the list by fewer people."
            )
        if snapshot.reason == REMOVED:
            return gettext("The application was removed from the portal.")
        if snapshot.reset_at is not None:
            moment = timezone.localtime(snapshot.reset_at)
            return gettext("The portal's limit for this method is used up until %(moment)s.") % {
                "moment": f"{moment:%H:%M:%S}"
            }
        text = text_of(_reason(snapshot.reason))
        return f"{text.why} {text.what}"

    @property
    def portal_words(self) -> str:
        return self._snapshot.portal_words

    @property
    def _nothing(self) -> str:
        if self._snapshot.state == Snapshot.State.CANCELLED:
            return ""
        if self._snapshot.left_out:
            return gettext("All that matches is of protected templates. Tick what you want to terminate.")
        return gettext("Nothing that matches is running any more.")

    @property
    def _silence(self) -> timedelta:
        return self._now - self._snapshot.progress_at


def _reason(code: str) -> RefusalReason:
    return RefusalReason(code) if code in RefusalReason.values else RefusalReason.FAILED


def _grouped(number: int) -> str:
    return formats.number_format(number, decimal_pos=0, use_l10n=True, force_grouping=True)
