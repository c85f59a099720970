"""Dates as REST tells and reads them (``CRestUtil::convertDateTime``, ``unConvertDateTime``)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?\Z", re.ASCII
)


def tell(moment: datetime | None, zone_minutes: int) -> str | None:
    """ISO 8601 with the server's offset and whole seconds."""
    if moment is None:
        return None
    return moment.astimezone(timezone(timedelta(minutes=zone_minutes))).isoformat(timespec="seconds")


def read(text: str, zone_minutes: int, *, heed_offset: bool = True) -> datetime | None:
    """The moment a text means, UTC; without offset it is the server's zone. None if it is no date.

    ``heed_offset`` False compares the wall clock as it stands, the way a database reads the text.
    """
    found = _ISO.match(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, offset = found.groups()
    zone = timezone(timedelta(minutes=zone_minutes))
    if offset and heed_offset:
        zone = UTC if offset == "Z" else timezone(_offset(offset))
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone
        )
    except ValueError:
        return None
    return moment.astimezone(UTC)


def _offset(text: str) -> timedelta:
    digits = text[1:].replace(":", "")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -length if text[0] == "-" else length
