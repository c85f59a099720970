"""How the command ends; the README lists the codes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0  # everything that was asked for has ended
    FAILED = 1  # some workflows could not be stopped
    USAGE = 2  # the command or the configuration makes no sense; nothing was done
    NOT_CONFIRMED = 3  # another number of workflows than expected, or the answer was no; nothing was done
    WAITS = 4  # the job waits for a person or for the portal's administrator, and stays queued
    CANCELLED = 5  # somebody else cancelled the job
    PORTAL = 6  # the portal could not be asked, or refused; nothing was done
    INTERRUPTED = 130  # by Ctrl-C or SIGTERM, as shells count it
