"""How the command ends; the README lists the codes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0  # everything that was asked for has ended, or is not in the portal's list
    FAILED = 1  # some workflows could not be stopped
    USAGE = 2  # the command or the configuration makes no sense; nothing was done
    NOT_CONFIRMED = 3  # another number of workflows than expected, or the answer was no; nothing was done
    WAITS = 4  # the job waits for a person or for the portal's administrator, and stays queued
    CANCELLED = 5  # somebody else cancelled the job
    PORTAL = 6  # the portal could not be asked, or refused; nothing was done
    # Never 1, which Python's own end by an exception would be: nothing is known of the workflows.
    CRASHED = 7  # something went wrong here, such as a database that is gone; a queued job goes on
    INTERRUPTED = 130  # by Ctrl-C or SIGTERM, as shells count it
    UNREAD = 141  # whoever read the list has ended, as ``| head`` does; as shells count SIGPIPE
