"""The comparison sees a request that a limit of the portal refused, and no fault's refusal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import requests

from tests.breaking.battle import Camp
from tests.breaking.judging import refusals_of
from tests.breaking.plan import PortalPlan
from tests.control import Control
from tests.portals.sandbox import running_sandbox

if TYPE_CHECKING:
    from deploy.stack import Stack


def test_only_what_a_limit_refused_is_a_violation() -> None:
    with running_sandbox("--workflows", "0") as sandbox:
        control = Control(cast("Stack", SimpleNamespace(authorization_url=sandbox.authorization)))
        camp = Camp(PortalPlan(0, {}, {}), 1, control, {})
        control.change_settings(rate_limited=True, rate_capacity=1, rate_drain=0)
        address = f"{control.portal()['client_endpoint']}profile"
        fault = control.add_fault("limit", times=1)

        assert requests.post(address, json={}, timeout=10).status_code == 503
        assert control.hits_of_fault(fault) == 1
        assert list(refusals_of(camp)) == []

        requests.post(address, json={}, timeout=10)
        requests.post(address, json={}, timeout=10)
        (violation,) = refusals_of(camp)

    assert violation.kind == "over the limit"
    assert "QUERY_LIMIT_EXCEEDED (profile)" in violation.text
