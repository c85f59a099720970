"""The limits of a portal, honoured exactly by all processes together; nothing raises when Redis is gone."""

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
from bxapp.bitrix.limits.work import work_seconds

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
    "rate_of",
    "work_seconds",
]
