"""The clocks of the machines on which this application runs, and the database's, which is one for all.

A moment that another machine may compare with its own present is kept by the database's clock. Where one that
a process wrote is compared with another's present all the same, and a wrong answer would do harm, the
comparison allows for CLOCKS_APART.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Value
from django.db.models.functions import Now

if TYPE_CHECKING:
    from django.db.models.expressions import CombinedExpression

CLOCKS_APART = timedelta(minutes=1)


def from_now(delay: timedelta) -> CombinedExpression:
    """Return the moment that lies ``delay`` ahead by the database's clock."""
    return Now() + Value(delay)


def left_until(field: str) -> CombinedExpression:
    """Return how long it is until the moment in ``field`` by the database's clock; below zero once past."""
    return F(field) - Now()
