"""Links that open the application in the portal with a filter of its list.

The portal hands the query string of its own page to the application's main page (``PLACEMENT_OPTIONS``), and
PHP keeps the last of several values of a name only: so one name carries the whole filter. Whoever crafts a
link writes it; what it means is decided by the list, which shows nothing where it does not understand.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from bxapp.bitrix.launch import Launch

NAME = "flowstop"
# What the list takes for "nothing is meant" (``workflows.filter_query``).
NOT_UNDERSTOOD = "nothing=1"

_LONGEST = 6000
_MOST_FIELDS = 1000
_FIELD = re.compile(r"[a-z_]{1,32}", re.ASCII)


def link(application_url: str, query: str) -> str:
    """Return the address of the application's page in a portal, opening the list with this query."""
    return f"{application_url}?{urlencode({NAME: query})}" if query else application_url


def first_query(launch: Launch) -> str:
    """Return the query of the first screen that a launch asks for; empty for the whole list.

    Something that is no query comes back as one that means nothing.
    """
    if launch.placement != "DEFAULT" or NAME not in launch.placement_options:
        return ""
    return understood(launch.placement_options[NAME])


def understood(text: object) -> str:
    """Return the query of a list that came from outside, written anew; what is none means nothing."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return NOT_UNDERSTOOD
    try:
        pairs = parse_qsl(text, strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS)
        # Half a character, which JSON can hold, is a ValueError here.
        written = urlencode(pairs)
    except ValueError:
        return NOT_UNDERSTOOD
    return written if all(_FIELD.fullmatch(name) for name, _ in pairs) else NOT_UNDERSTOOD
