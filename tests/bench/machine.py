"""What processes cost, from ``/proc``, and the machine they ran on."""

from __future__ import annotations

import os
import platform
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(process_id: int) -> float:
    """Return the processor time of a process and its threads so far; 0 when it is gone."""
    try:
        text = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    # Behind the command's name, which may hold anything: utime and stime are fields 14 and 15 of all.
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def memory_bytes(process_id: int) -> int:
    """Return the memory that a process has in RAM; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


class PeakMemory:
    """Looks four times a second at the largest of some processes, while the block runs."""

    def __init__(self, process_ids: Callable[[], Sequence[int]]) -> None:
        self.peak_bytes = 0
        self._process_ids = process_ids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            sizes = [memory_bytes(process_id) for process_id in self._process_ids()]
            self.peak_bytes = max([self.peak_bytes, *sizes])
            if self._over.wait(0.25):
                return


def describe() -> str:
    """Return processor, cores, memory and versions in one line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    total_kib = int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1])
    return (
        f"{model}, {os.cpu_count()} cores, {total_kib / 2**20:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}; load average at the start {os.getloadavg()[0]:.1f}"
    )
