"""The limits of a portal, honoured exactly by all processes together; nothing raises when Redis is gone.

**What nobody knows.** Redis may have lost all (a flush, a restart), and a process that asks then may never
have worked for the portal, or long ago: a new one, or the other slot of the same worker. An empty bucket and
a whole budget would let out all over again what others have just sent. So whoever meets a bucket or a ledger
that Redis does not know, and does not know it better, says what may have been sent, as the database tells:

- a bucket begins with the requests sent while it drains, and full where they are more than a few;
- a ledger begins with the calls of its window, each with its longest time. They go by their age, and with the
  first answer that tells the portal's own sum, except those that may still be under way. What a process that
  was there brings back is taken off them.

Redis remembers that somebody has looked, so it is once for each ledger, and once or twice for each bucket: a
screen, which may come first, cannot tell what jobs have under way. It costs a round trip or two more then.
Where nothing was sent lately both begin empty, at full speed.
"""

from __future__ import annotations

from bxapp.bitrix.limits.bucket import ENTERPRISE, STANDARD, Bucket, Grant, Priority, Rate, rate_of
from bxapp.bitrix.limits.execution_time import (
    CLOUD,
    ON_PREMISE,
    OperatingRule,
    Reservation,
    Settlement,
    Spent,
)
from bxapp.bitrix.limits.operating import Budget
from bxapp.bitrix.limits.shared import Shared
from bxapp.bitrix.limits.work import Work, work_of

__all__ = [
    "CLOUD",
    "ENTERPRISE",
    "ON_PREMISE",
    "STANDARD",
    "Bucket",
    "Budget",
    "Grant",
    "OperatingRule",
    "Priority",
    "Rate",
    "Reservation",
    "Settlement",
    "Shared",
    "Spent",
    "Work",
    "rate_of",
    "work_of",
]
