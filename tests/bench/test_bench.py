"""The measurement runs, and its arithmetic is right; how fast anything is, no test says."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from deploy.stack import ROOT
from tests.bench.figures import Run, duel_table, limit_errors, percentile
from tests.bench.loads import LOADS

pytestmark = pytest.mark.timeout(1000)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def test_a_quick_run_prints_every_figure() -> None:
    """On SQLite, with the peer that needs nothing installed."""
    done = bench("--quick", "--sqlite", "--peers", "loop", "--loads", "sandbox-cost,onpremise,memory,refresh")

    assert done.returncode == 0, done.stderr
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in done.stdout.splitlines()
        if line.startswith("| ")
    ]
    memory = [row[1] for row in rows if row[0].startswith("largest slot of a worker, job of ")]
    assert len(memory) == 3
    assert all(re.fullmatch(r"[1-9]\d* MiB \(\d+\.\d s\)", told) for told in memory), memory
    duel = {row[2]: row for row in rows if row[0].startswith("onpremise: ")}
    assert set(duel) == {"Flowstop, first job", "Flowstop, next job", "loop"}
    for who, finished in (("Flowstop, first job", "60 of 60"), ("Flowstop, next job", "60 of 60")):
        assert duel[who][3].endswith(" s")
        assert float(duel[who][4]) > 0
        assert duel[who][6:8] == ["0", finished]
        assert "clicks: " in duel[who][8]
    assert duel["loop"][7] == "2 of 2"
    assert ["refreshes by 4 processes at once", "1, 4 of 4 answered", "1"] in rows
    assert [row for row in rows if row[0] == "sandbox: a call" and row[1].startswith("median ")]


def test_a_quick_run_of_the_screen_prints_every_figure() -> None:
    """On SQLite, with a few hundred workflows; a page of the list is one request to the portal."""
    done = bench("--quick", "--sqlite", "--loads", "screen,screen-larger,painting")

    assert done.returncode == 0, done.stderr
    rows = {
        tuple(cells[:2]): cells[2:]
        for line in done.stdout.splitlines()
        if line.startswith("| ")
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    pages = ("first page", "page 3", "deals only: the portal filters")
    for page in [*(("300", page) for page in pages), ("700", "first page"), ("700", "page 7")]:
        requests, own, whole, note = rows[page]
        assert requests == "1"
        assert milliseconds(own) < milliseconds(whole)
        assert note.startswith("must: 1 request")
    assert rows["300", "overview, counted anew"][0] == "1"
    assert rows["300", "overview, of the last minute"][0] == "0"
    assert rows["300", "snapshot of all: 300"][0] == rows["700", "snapshot of all: 700"][0] == "2"
    for confirmed in ("without placeholders", "with placeholders"):
        requests, own, whole, _note = rows["700", f"700 confirmed, message {confirmed}: to the job's page"]
        assert requests == "0"
        assert 0 < milliseconds(own) <= milliseconds(whole)
    visits = {cells[0]: cells[1:] for cells in [[*key, *more] for key, more in rows.items()]}
    for visit in ("first visit, in the portal's frame", "later visit, the document alone"):
        painted, rows_seen, _blocked, received = visits[visit]
        assert milliseconds(painted) > 0
        assert milliseconds(rows_seen) > 0
        assert received.endswith(" KB")
    assert visits["next page of the list, in the frame"][0] == "–"


def milliseconds(told: str) -> float:
    """Return the first figure of a cell: the median."""
    found = re.search(r"([\d,.]+) ms", told)
    assert found, told
    return float(found[1].replace(",", ""))


def test_an_unknown_load_is_named() -> None:
    done = bench("--loads", "cloud-100ms,heavy")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.partition(" ")[2].startswith("Unknown: heavy. Loads: sandbox-cost, cloud-100ms,")


@pytest.mark.parametrize(
    ("name", "bound_seconds"),
    [
        ("cloud-100ms", 2.3),
        ("cloud-20ms", 0.9),
        ("cloud-5ms", 75.0),
        ("budget-recorded", 180.0),
        ("budget-ban", 180.0),
        ("onpremise", 12.5),
    ],
)
def test_the_bound_of_a_load(name: str, bound_seconds: float) -> None:
    assert LOADS[name].bound_seconds == pytest.approx(bound_seconds)


def test_limit_errors_of_requests_and_commands_are_counted_together() -> None:
    record = {
        "errors": {"QUERY_LIMIT_EXCEEDED": 2, "PHP": 1},
        "command_errors": {"OPERATION_TIME_LIMIT": 3, "(empty)": 1},
    }

    assert limit_errors(record) == 5


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(20, 0, -1)]

    assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [10.0, 19.0, 20.0]
    assert percentile([3.0], 0.95) == 3.0


def test_a_time_is_only_told_plainly_when_everything_is_finished() -> None:
    whole = Run("Flowstop", 2.0, 10, 10, 0)
    assert whole.told_seconds == "2.00 s"
    assert Run("peer", 2.0, 10, 9, 1, error="ValueError").told_seconds == "(2.00 s)"
    assert Run("peer", None, 10, 9, 1).told_seconds == "unfinished"
    assert Run("loop", 2.0, 10, 10, 0, share=50).told_seconds == "≥ 100 s"


def test_runs_stand_beside_the_bound_and_the_rival_that_finished() -> None:
    runs = [
        Run("Flowstop", 3.0, 10, 10, 0),
        Run("fast_bitrix24", 2.0, 10, 10, 0),
        Run("fast_bitrix24", 9.0, 10, 4, 7, error="ValueError"),
        Run("loop", 5.0, 10, 10, 0, share=2),
    ]

    rows = duel_table("load", 1.5, runs).rows

    assert [(row[4], row[5]) for row in rows] == [("2.00", "1.50"), ("1.33", "1.00"), ("–", "–"), ("–", "–")]


def test_slow_clicks_are_told() -> None:
    notes = Run("Flowstop", 2.0, 10, 10, 0, clicks=[0.1, 0.2, 0.3, 0.9]).told_notes

    assert notes == "clicks: 4, 75.0% < 0.5 s, longest 0.90 s"
