"""The column for the text of a workflow's last state, and what does not fit into it.

Facts section 6: MySQL in its default mode cuts, and a three-byte UTF-8 column loses everything from
the first four-byte character on; strict MySQL and PostgreSQL refuse, after the stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bxapp.sandbox.failures import RestError
from bxapp.sandbox.sentences import TERMINATED, say
from bxapp.sandbox.settings import TitleRule

if TYPE_CHECKING:
    from bxapp.sandbox.settings import PortalSettings

_WHITESPACE = " \t\n\r\0\x0b"


def title_of(text: str, settings: PortalSettings) -> str:
    """What is stored for the status text ``text``. Raises :class:`RestError`, a query error.

    Empty and ``0`` give the portal's own text, blanks none (``CBPWorkflow::terminate``, PHP's ``trim``).
    """
    wanted = (text if text not in {"", "0"} else say(TERMINATED, settings)).strip(_WHITESPACE)
    if settings.title_bytes < 4:
        wide = next((index for index, sign in enumerate(wanted) if ord(sign) > 0xFFFF), None)
        if wide is not None:
            if settings.title_rule is TitleRule.REFUSE:
                raise query_error("(1366) Incorrect string value")
            wanted = wanted[:wide]
    if len(wanted) > settings.title_length:
        if settings.title_rule is TitleRule.REFUSE:
            raise query_error("(1406) Data too long")
        wanted = wanted[: settings.title_length]
    return wanted


def query_error(reason: str) -> RestError:
    """How a failed statement reaches the caller: an empty code and the database's words."""
    return RestError(f"Mysql query error: {reason} for column 'STATE_TITLE' at row 1 (400)")
