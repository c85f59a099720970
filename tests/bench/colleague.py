"""A colleague who works in the same portal: a click every so often, whether or not the last was answered.

``python -m tests.bench.colleague URL SECONDS`` clicks from now on until its standard input ends, waits for
what is still unanswered, and prints how long each click waited, in seconds, as one JSON list.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp

_LONGEST_SECONDS = 60.0


async def click_until_told(url: str, every_seconds: float) -> list[float]:
    """Return what each click waited for its answer, counted from the moment it was due."""
    loop = asyncio.get_running_loop()
    over = loop.run_in_executor(None, sys.stdin.read)
    clicks: list[asyncio.Task[float]] = []
    begun = time.perf_counter()
    timeout = aiohttp.ClientTimeout(total=_LONGEST_SECONDS)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        while not over.done():
            due = begun + len(clicks) * every_seconds
            await asyncio.sleep(due - time.perf_counter())
            clicks.append(asyncio.create_task(_click(session, url, due)))
        return list(await asyncio.gather(*clicks))


async def _click(session: aiohttp.ClientSession, url: str, due: float) -> float:
    try:
        async with session.post(url, json={}) as answer:
            await answer.read()
    except (aiohttp.ClientError, TimeoutError):
        # Never answered: counted as the longest wait there is.
        return _LONGEST_SECONDS
    return time.perf_counter() - due


if __name__ == "__main__":
    waits = asyncio.run(click_until_told(sys.argv[1], float(sys.argv[2])))
    sys.stdout.write(json.dumps(waits) + "\n")
