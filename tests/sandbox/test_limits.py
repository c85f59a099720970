"""The leaky bucket and the limiter of execution time, in both of its forms."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bxapp.sandbox import limits
from bxapp.sandbox.limits import LeakyBucket
from bxapp.sandbox.settings import PortalSettings

if TYPE_CHECKING:
    from tests.sandbox.process import SandboxProcess

METHOD = "bizproc.workflow.terminate"


def terminate_batch(sandbox: SandboxProcess, ids: list[str]) -> dict[str, Any]:
    return sandbox.batch({f"k{number}": (METHOD, {"ID": one}) for number, one in enumerate(ids)})


def test_the_bucket_is_per_portal_and_drains(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    sandbox.set(rate_limited=True, rate_capacity=5, rate_drain=0)
    statuses = [sandbox.post("profile", token=token).status_code for _ in range(7)]
    assert statuses == [200] * 5 + [503] * 2
    refused = sandbox.post("profile", token=token).json()
    assert refused["error"] == "QUERY_LIMIT_EXCEEDED"
    sandbox.number = 2
    assert sandbox.post("profile").status_code == 200
    sandbox.number = 1
    sandbox.set(rate_drain=2)
    time.sleep(1.1)
    assert [sandbox.post("profile", token=token).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("settings", "capacity", "drain"),
    [
        (PortalSettings(rate_capacity=5, rate_drain=2), 5, 2),
        (PortalSettings(license_family="pro"), 50, 2),
        (PortalSettings(license_family="ent"), 250, 5),
    ],
)
def test_it_drains_by_the_second(
    monkeypatch: pytest.MonkeyPatch, settings: PortalSettings, capacity: int, drain: int
) -> None:
    bucket = LeakyBucket(drained_at=100.0)

    def admitted_at(moment: float) -> int:
        monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: moment))
        return sum(bucket.admits(settings) for _ in range(capacity + 20))

    assert [admitted_at(moment) for moment in (100.0, 100.99, 101.1, 101.99, 104.0)] == [
        capacity,
        0,
        drain,
        0,
        min(capacity, 3 * drain),
    ]


def test_a_batch_is_one_request(sandbox: SandboxProcess) -> None:
    sandbox.set(rate_limited=True, rate_capacity=2, rate_drain=0)
    for _ in range(2):
        assert len(sandbox.batch({f"k{number}": ("profile", {}) for number in range(50)})["result"]) == 50
    assert sandbox.post("profile").status_code == 503


def test_the_record_tells_what_a_limit_refused_from_what_a_fault_did(sandbox: SandboxProcess) -> None:
    sandbox.set(rate_limited=True, rate_capacity=2, rate_drain=0)
    sandbox.control("POST", "faults", kind="limit", times=1)
    statuses = [sandbox.post("profile").status_code for _ in range(3)]

    assert statuses == [503, 200, 503]
    (refusal,) = sandbox.of_portal("GET", "")["refusals"]
    assert (refusal["code"], refusal["method"]) == ("QUERY_LIMIT_EXCEEDED", "profile")
    assert abs(refusal["at"] - time.time()) < 60


@pytest.mark.parametrize(("family", "capacity"), [("pro", 50), ("ent", 250)])
def test_the_plan_decides_how_much_the_bucket_holds(
    sandbox: SandboxProcess, family: str, capacity: int
) -> None:
    token = sandbox.token()
    sandbox.set(rate_limited=True, license_family=family, rate_drain=0)
    statuses = [sandbox.post("profile", token=token).status_code for _ in range(capacity + 20)]
    assert statuses == [200] * capacity + [503] * 20


@pytest.fixture
def limited(sandbox: SandboxProcess) -> SandboxProcess:
    """A little over half a second of ``terminate`` in half a minute, counted above 0.1 s a call."""
    sandbox.set(
        operating_limited=True,
        operating_limit=0.55,
        operating_window=30.0,
        operating_basket=1.0,
        terminate_seconds=0.2,
        time_form="older",
    )
    return sandbox


def test_it_is_counted_when_a_request_ends_and_refused_when_a_call_starts(limited: SandboxProcess) -> None:
    first = limited.post(METHOD, {"ID": limited.add()[0]}).json()["time"]
    assert first["operating"] >= 0.2
    assert first["operating"] == pytest.approx(first["processing"], abs=0.02), "its own call above 0.1 s"
    assert first["operating_reset_at"] == int(first["start"] + 30)
    ids = limited.add(5)
    found = terminate_batch(limited, ids)
    # A machine that stands still makes calls longer: what is known before each decides, 0.2, 0.4 and 0.6 s.
    known, done = first["operating"], 0
    while known <= 0.55:
        told = found["result_time"][f"k{done}"]
        assert told["operating"] == pytest.approx(known + told["processing"], abs=0.02)
        known, done = told["operating"], done + 1
    keys = [f"k{number}" for number in range(5)]
    assert list(found["result"]) == keys[:done], "over at the next"
    assert list(found["result_error"]) == keys[done:] != []
    assert {error["error"] for error in found["result_error"].values()} == {"OPERATION_TIME_LIMIT"}
    assert [limited.record(one)["terminate_calls"] for one in ids] == [1] * done + [0] * (5 - done)
    refused = limited.post(METHOD, {"ID": ids[-1]})
    assert (refused.status_code, refused.json()["error"]) == (429, "OPERATION_TIME_LIMIT")


def test_requests_under_way_are_not_counted_yet(limited: SandboxProcess) -> None:
    # The second call of the last begins before the first request ends, and all first calls would be too much.
    limited.set(terminate_seconds=3.0, operating_limit=7.0)
    batches = [limited.add(2) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda ids: terminate_batch(limited, ids), batches))
    assert all(answer["result_error"] == [] for answer in answers)
    assert limited.post(METHOD, {"ID": limited.add()[0]}).status_code == 429


def test_short_calls_are_counted_together_only(limited: SandboxProcess) -> None:
    limited.set(terminate_seconds=0.16, operating_threshold=2.5, operating_limit=2.6)
    found = terminate_batch(limited, limited.add(20))
    assert found["result_error"] == []
    assert [one["operating"] for one in found["result_time"].values()] == [0] * 20
    assert limited.post(METHOD, {"ID": limited.add()[0]}).status_code == 429, "3.2 s recorded at its end"


def test_every_method_has_its_own_budget_and_it_comes_back(limited: SandboxProcess) -> None:
    limited.set(operating_window=8.0)
    terminate_batch(limited, limited.add(3))
    assert limited.post(METHOD, {"ID": "x"}).status_code == 429
    assert limited.post("bizproc.workflow.instances").status_code == 200
    time.sleep(8.1)
    assert limited.post(METHOD, {"ID": limited.add()[0]}).status_code == 200


def test_the_newest_form_bans_and_gives_the_budget_back_whole(limited: SandboxProcess) -> None:
    limited.set(operating_form="ban", operating_ban=4.0)
    terminate_batch(limited, limited.add(3))
    assert limited.post(METHOD, {"ID": "x"}).status_code == 429
    time.sleep(4.1)
    (one,) = limited.add()
    answer = limited.post(METHOD, {"ID": one})
    assert answer.status_code == 200
    told = answer.json()["time"]
    assert told["operating"] == pytest.approx(told["processing"], abs=0.02)


def test_the_newest_form_counts_batch_with_half_its_time(limited: SandboxProcess) -> None:
    # Once three seconds are not too much, even with two more of a machine that stands still; half of six are.
    limited.set(operating_form="ban", call_seconds=0.5, operating_limit=2.75)
    methods = ("server.time", "profile", "app.info", "scope", "methods", "events")
    cmd = {f"k{index}": method for index, method in enumerate(methods)}
    for _ in range(2):
        assert limited.post("batch", {"cmd": cmd}).json()["result"]["result_error"] == []
    refused = limited.post("batch", {"cmd": {"a": "server.time"}})
    assert (refused.status_code, refused.json()["error"]) == (429, "OPERATION_TIME_LIMIT")
    limited.set(operating_form="recorded")
    assert limited.post("batch", {"cmd": {"a": "profile"}}).status_code == 200


def test_nothing_is_told_where_no_limiter_is_on(sandbox: SandboxProcess) -> None:
    assert not {"operating", "operating_reset_at"} & set(sandbox.post("profile").json()["time"])


def test_the_record_tells_which_calls_their_execution_time_refused(limited: SandboxProcess) -> None:
    limited.control("POST", "faults", kind="operating", times=1)
    for one in limited.add(5):
        limited.post(METHOD, {"ID": one})

    codes = [one["code"] for one in limited.of_portal("GET", "")["refusals"]]
    assert set(codes) == {"OPERATION_TIME_LIMIT"}
    told = limited.control("GET", "requests?limit=1")["errors"]["OPERATION_TIME_LIMIT"]
    assert len(codes) == told - 1
