"""How far apart the clocks of two machines may be on which this application runs.

Where a moment that one process wrote is compared with another's present, and a wrong answer would do harm,
the comparison allows for this much.
"""

from __future__ import annotations

from datetime import timedelta

CLOCKS_APART = timedelta(minutes=1)
