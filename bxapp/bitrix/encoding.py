"""Parameters the way PHP reads them, for the commands of a batch.

A batch carries each command as ``method?query``; the server takes it apart with PHP's ``parse_url`` and
``parse_str``, then replaces references to earlier results, then may run its security filter over what is
left (``rest/classes/general/rest_provider.php``, ``rest_util.php``).
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REFERENCE = re.compile(r"\$(?:result|next|total|time|error)\S*\[", re.IGNORECASE)


def command_text(method: str, params: Mapping[str, object]) -> str:
    """Return a batch command: ``bizproc.workflow.terminate?ID=65e5a449e8f135.21284909``."""
    query = php_query(params)
    return f"{method}?{query}" if query else method


def php_query(params: Mapping[str, object]) -> str:
    """Return nested parameters percent-encoded (``filter%5B%3EID%5D=5&select%5B0%5D=ID``).

    Everything but letters, digits and ``-._~`` is encoded: a raw ``#`` would end the command.
    """
    return "&".join(
        f"{_quoted_name(name)}={_quoted(value)}"
        for key, item in params.items()
        for name, value in _flattened(key, item)
    )


def _quoted(text: str) -> str:
    return quote(text, safe="") if len(text) > _LONGEST_REMEMBERED else _quoted_value(text)


# A page of the list asks for fifty names by six commands, with the same references each time: quoting them
# anew took longer than everything else of the request. Names apart, so that no number of IDs drives them out.
_LONGEST_REMEMBERED = 64
_quoted_value = lru_cache(maxsize=2048)(partial(quote, safe=""))
_quoted_name = lru_cache(maxsize=2048)(partial(quote, safe=""))


def _flattened(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flattened(f"{name}[{key}]", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _flattened(f"{name}[{index}]", item)
    elif value is None:
        yield name, ""
    elif isinstance(value, bool):
        yield name, "1" if value else "0"
    else:
        yield name, str(value)


# What the security filter may look for, over a text with its disguises taken off. Wider than the server's
# own patterns on purpose: a hit costs speed only, a miss costs the text.
_ATTACK_LIKE = re.compile(
    r"<\s*[a-z!/]"
    r"|(?:java|vb)script|behavior\W*[:=]|expression\W*\(|-moz-binding|['\"=:;]\W*data:|urn:schemas"
    r"|\\x?[0-9a-f]{2}"
    r"|\bon[a-z]{3,}\W?=|formaction|segmenttime|fscommand|srcdoc"
    r"|\.\.[\\/]|[\\/]\.\."
    r"|union.*?select|select.*?from|from.*?(?:where|limit)|load_file|into.*?(?:outfile|dumpfile)"
    r"|(?:alter|create|drop).*?(?:database|table|function|procedure|server|event|view|index)"
    r"|update.*?set|insert.*?(?:value|set|select|into)",
    re.IGNORECASE | re.DOTALL,
)
_DISGUISES = re.compile(r"[\x00-\x20\\]|/\*.*?\*/", re.DOTALL)

# Each way through _ATTACK_LIKE needs one of these, in small letters. Looking for them first takes two
# microseconds instead of forty, and a job may hold a hundred thousand texts.
_SIGNS = (
    *("<", "=", "..", "script", "behavior", "expression", "-moz-binding", "data:", "urn:schemas"),
    *("formaction", "segmenttime", "fscommand", "srcdoc", "select", "where", "limit", "load_file"),
    *("outfile", "dumpfile", "alter", "create", "drop", "update", "insert"),
)
# What a disguise is made of beside blanks, and the letters that patterns take for i, s and k in any case.
_DISGUISED = re.compile(r"[&%\\\u0130\u0131\u017f\u212a]|/\*")


def changes_in_batch(text: str) -> bool:
    """Say whether a portal might alter this text inside a batch; a single call leaves it as it is.

    Two things alter texts there: references to earlier results (``$result[…]``, in any case, anywhere in
    the text), and, where a portal's proactive filter is on, whatever looks like an attack
    (``security/lib/filter/auditor`` of the on-premise server: script, path and SQL patterns, also behind
    percent, entity, escape and white-space disguises).
    """
    if "$" in text and _REFERENCE.search(text):
        return True
    if _is_plainly_harmless(text):
        return False
    plain = unquote(unescape(text))
    bare = _DISGUISES.sub("", plain)
    # Most texts wear no disguise: each form is looked at once.
    return any(_ATTACK_LIKE.search(form) for form in {text, plain, bare})


def _is_plainly_harmless(text: str) -> bool:
    """Say whether a text wears no disguise but spaces and shows no sign of an attack; False tells nothing."""
    if not text.isprintable() or _DISGUISED.search(text):
        return False
    bare = text.replace(" ", "").lower()
    return not any(sign in bare for sign in _SIGNS)
