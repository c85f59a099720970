"""The loads that are measured side by side: how many workflows, and what kind of portal they run in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

# What the platform's own SDKs may send at once: the bucket's 50, less 5 for the people at their screens.
IN_FLIGHT = 45
BATCH = 50
BURST = 50
DRAIN_PER_SECOND = 2
BUDGET_SECONDS = 48.0
BUDGET_WINDOW_SECONDS = 60.0
ON_PREMISE_PARALLEL = 8

# A cloud portal with its real limits; the loads add how long a terminate takes.
CLOUD: dict[str, Any] = {"rate_limited": True, "operating_limited": True}
# The portal while a load is prepared: nothing is limited, nothing takes time, no request waits.
CALM: dict[str, Any] = {
    "rate_limited": False,
    "operating_limited": False,
    "terminate_seconds": 0.0,
    "max_parallel": None,
}
# Ten minutes and 480 s in a tenth of the time, with the ban of the newest servers (300 s) alike.
SHORT_BUDGET: dict[str, Any] = {
    "rate_limited": True,
    "operating_limited": True,
    "operating_limit": BUDGET_SECONDS,
    "operating_window": BUDGET_WINDOW_SECONDS,
    "operating_basket": 6.0,
    "operating_ban": 30.0,
}


@dataclass(frozen=True, slots=True)
class Load:
    """``count`` workflows of ``seconds`` per terminate each, on a portal with ``settings``.

    ``bound`` says what holds the fastest possible client back: ``flight``, ``bucket``, ``budget`` or
    ``parallel``. ``limit_seconds``: after this a run counts as unfinished. ``shares``: a slow peer gets only
    one in so many workflows, and its time is multiplied.
    """

    name: str
    count: int
    seconds: float
    bound: str
    settings: dict[str, Any]
    limit_seconds: float
    shares: dict[str, int] = field(default_factory=dict)
    has_colleague: bool = False
    tells_cost: bool = False
    is_quick: bool = False

    @property
    def title(self) -> str:
        return f"{self.count:,} × {self.seconds * 1000:.0f} ms"

    @property
    def edition(self) -> str:
        return str(self.settings.get("edition", "cloud"))

    @property
    def work_seconds(self) -> float:
        return self.count * self.seconds

    @property
    def bound_seconds(self) -> float:
        """How long the fastest client takes that no limit refuses anything."""
        match self.bound:
            case "flight":
                return ceil(self.count / IN_FLIGHT) * self.seconds
            case "bucket":
                return max(0.0, (ceil(self.count / BATCH) - BURST) / DRAIN_PER_SECOND)
            case "budget":
                return max(0, ceil(self.work_seconds / BUDGET_SECONDS) - 1) * BUDGET_WINDOW_SECONDS
            case _:
                return self.work_seconds / ON_PREMISE_PARALLEL

    @property
    def rest_seconds(self) -> float:
        """How long a portal must be left alone until it is as fresh as before a run."""
        if self.is_quick or not self.settings.get("rate_limited"):
            return 0.0
        return BUDGET_WINDOW_SECONDS if self.bound == "budget" else BURST / DRAIN_PER_SECOND

    @property
    def product_variables(self) -> dict[str, str]:
        """What the product is told of such a portal: a limit that is not the platform's usual one."""
        names = ("operating_limit", "operating_window", "operating_basket", "operating_ban")
        numbers = [str(self.settings[name]) for name in names if name in self.settings]
        return {"BITRIX24_OPERATING_RULE": ",".join(numbers)} if numbers else {}

    @property
    def portal_settings(self) -> dict[str, Any]:
        return {**CALM, **self.settings, "terminate_seconds": self.seconds}

    def quick(self) -> Load:
        """The same in small: enough to see that everything runs, too little to tell anything."""
        return replace(
            self,
            count=60,
            seconds=min(self.seconds, 0.02),
            limit_seconds=30.0,
            shares={"loop": 30},
            tells_cost=False,
            is_quick=True,
        )


LOADS = {
    load.name: load
    for load in (
        Load("cloud-100ms", 1000, 0.1, "flight", CLOUD, 180.0, {"b24pysdk": 10, "loop": 20}),
        Load("cloud-20ms", 2000, 0.02, "flight", CLOUD, 180.0, {"b24pysdk": 20, "loop": 40}),
        Load(
            "cloud-5ms",
            10_000,
            0.005,
            "bucket",
            CLOUD,
            240.0,
            {"b24pysdk": 100, "loop": 200},
            tells_cost=True,
        ),
        Load(
            "budget-recorded",
            300,
            0.5,
            "budget",
            {**SHORT_BUDGET, "operating_form": "recorded", "time_form": "older"},
            420.0,
            {"loop": 10},
        ),
        Load(
            "budget-ban",
            300,
            0.5,
            "budget",
            {**SHORT_BUDGET, "operating_form": "ban", "time_form": "newer"},
            420.0,
            {"loop": 10},
        ),
        Load(
            "onpremise",
            500,
            0.2,
            "parallel",
            {"edition": "on_premise", "max_parallel": ON_PREMISE_PARALLEL},
            180.0,
            {"b24pysdk": 5, "loop": 10},
            has_colleague=True,
        ),
    )
}
