"""What the product costs by itself: queueing, memory, refreshes; and what the sandbox costs the figures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import requests

from deploy.stack import ROOT
from tests.bench import busy_portal, contest
from tests.bench.figures import Table, percentile
from tests.bench.loads import CALM
from tests.bench.machine import PeakMemory
from tests.bench.stage import staged
from tests.sandbox import process as sandbox_process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.stage import Stage
    from tests.bench.watch import Watch

HEADS = ("what", "measured", "must")
_PROCESSES = 20


def queueing(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Queue jobs of 50,000 while nobody works on them."""
    count, rounds = (500, 1) if quick else (50_000, 3)
    with staged(portals=1, on_sqlite=on_sqlite) as (stage, _):
        contest.administrator(stage, 1)
        for worker in stage.workers:
            worker.stop()
        seconds = [
            _queue(stage, [f"{number:08x}{index:06x}.{index:08d}" for index in range(count)])
            for number in range(1, rounds + 1)
        ]
    told = ", ".join(f"{one:.2f} s" for one in seconds)
    tell(f"queueing: {told}")
    return Table(HEADS, [(f"queueing {count:,}", told, "< 5 s")])


def memory(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Compare the largest process of a worker while it works off 1,000, 10,000 and 100,000.

    By one worker, the small jobs first: what a job leaves behind counts too, as it does in production.
    """
    counts = (50, 200, 500) if quick else (1_000, 10_000, 100_000)
    limit_seconds = 60.0 if quick else 900.0
    rows = []
    with staged(portals=1, on_sqlite=on_sqlite) as (stage, watch):
        # Its licence knows no limit of requests: waiting for the bucket, 100,000 would take a quarter hour.
        visitor = busy_portal.administrator(stage)
        visitor.control.change_settings(**CALM)
        for count in counts:
            ids = contest.add_workflows(visitor.control, count)
            with PeakMemory(stage.slots) as memory_used:
                seconds = _work_off(stage, watch, ids, limit_seconds)
            told = "unfinished" if seconds is None else f"{seconds:.1f} s"
            megabytes = memory_used.peak_bytes / 2**20
            tell(f"memory: {count:,}: {megabytes:.0f} MiB, {told}")
            rows.append(
                (f"largest slot of a worker, job of {count:,}", f"{megabytes:.0f} MiB ({told})", "flat")
            )
            if seconds is None:
                break
    return Table(HEADS, rows)


def refresh(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Count the refreshes that twenty processes with one expired token make."""
    number = 4 if quick else _PROCESSES
    with staged(portals=1, on_sqlite=on_sqlite) as (stage, _):
        visitor = contest.administrator(stage, 1)
        visitor.control.expire_tokens()
        visitor.control.forget_requests()
        answered = _inside(stage, "refresh", str(number))
        refreshes = visitor.control.requests()["counts"].get("oauth/token", 0)
    told = f"{refreshes}, {answered} of {number} answered"
    tell(f"refresh: {told}")
    return Table(HEADS, [(f"refreshes by {number} processes at once", told, "1")])


def sandbox_cost(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Measure the sandbox's own time a request, and how exactly it keeps the durations it plays."""
    calls = 50 if quick else 500
    sandbox = sandbox_process.start("--workflows", "300")
    try:
        webhook = sandbox.of_portal("GET", "")["webhooks"][0]
        rows = [
            (f"sandbox: {what}", f"median {median:.2f} ms, p95 {late:.2f} ms", "< 2 ms")
            for what, method in (("a call", "profile"), ("a page of 50 rows", "bizproc.workflow.instances"))
            for median, late in [_call_milliseconds(sandbox, webhook, method, calls)]
        ]
        sandbox.set(terminate_seconds=0.005)
        extra = [_batch_extra(sandbox, webhook) for _ in range(4 if quick else 20)]
        rows.append(
            (
                "sandbox: 50 × 5 ms in a batch last longer than 250 ms by",
                f"median {percentile(extra, 0.5) * 1000:.2f} ms",
                "< 2 ms",
            )
        )
    finally:
        sandbox_process.stop(sandbox)
    tell("; ".join(" ".join(row) for row in rows))
    return Table(HEADS, rows)


def _call_milliseconds(sandbox: Any, webhook: str, method: str, calls: int) -> tuple[float, float]:
    """Median and p95 of the sandbox's own time for ``method``, as it records it."""
    with requests.Session() as http:
        http.post(f"{webhook}profile", json={}, timeout=10)
        sandbox.control("DELETE", "requests")
        for _ in range(calls):
            http.post(f"{webhook}{method}", json={}, timeout=10).raise_for_status()
    latest = sandbox.control("GET", f"requests?limit={calls}")["latest"]
    own = [one["seconds"] * 1000 for one in latest]
    return percentile(own, 0.5), percentile(own, 0.95)


def _batch_extra(sandbox: Any, webhook: str) -> float:
    """How much longer than 50 × 5 ms a batch took, as the sandbox records it."""
    ids = sandbox.add(50, with_task=False)
    commands = {f"c{place}": f"bizproc.workflow.terminate?ID={one}" for place, one in enumerate(ids)}
    requests.post(f"{webhook}batch", json={"cmd": commands}, timeout=10).raise_for_status()
    latest = sandbox.control("GET", "requests?limit=1")["latest"]
    return float(latest[0]["seconds"]) - 0.25


def _work_off(stage: Stage, watch: Watch, ids: Sequence[str], limit_seconds: float) -> float | None:
    after, begun = watch.newest_job(), time.perf_counter()
    _queue(stage, ids)
    ended = watch.await_jobs(after, 1, total=len(ids), seconds=limit_seconds, check=stage.check_alive)
    return None if ended is None else ended - begun


def _queue(stage: Stage, ids: Sequence[str]) -> float:
    file = stage.folder / "workflow-ids"
    file.write_text("\n".join(ids), encoding="ascii")
    return float(_inside(stage, "queue", str(file)))


def _inside(stage: Stage, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.inside", *arguments],
        cwd=ROOT,
        env=stage.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
