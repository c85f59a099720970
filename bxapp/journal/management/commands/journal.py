"""``manage.py journal``: what was said to Bitrix24."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.forms.models import model_to_dict

from bxapp.journal import reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.core.management.base import CommandParser

    from bxapp.journal.models import JournalEntry

_HEAD = ("at (UTC)", "server", "method", "HTTP", "ms", "operating", "job", "try", "error")
_RIGHT = (3, 4, 5, 6, 7)


class Command(BaseCommand):
    help = "Shows requests to Bitrix24 and what came of them, oldest first. Nothing secret is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--portal", default="", help="a portal's domain or member_id")
        parser.add_argument("--method", default="", help="a method's whole name, alone or in a batch")
        parser.add_argument("--job", type=int, help="the number of a job")
        parser.add_argument("--since", default="", help="2h, 30m, 3d, or a date and time (UTC)")
        parser.add_argument("--until", default="", help="only what was before; written like --since")
        parser.add_argument(
            "--workflow",
            default="",
            metavar="ID",
            help="what names this workflow; quicker with --portal or --since",
        )
        parser.add_argument("--errors", action="store_true", help="only what failed, in whole or in part")
        parser.add_argument("--limit", type=int, default=200, help="the newest so many (default 200)")
        parser.add_argument("--json", action="store_true", help="one JSON object a line, with parameters")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            since, until = (
                reading.moment(options[name]) if options[name] else None for name in ("since", "until")
            )
        except (ValueError, OverflowError) as error:
            raise CommandError(str(error), returncode=2) from None
        if options["limit"] < 1:
            raise CommandError("--limit is at least 1.", returncode=2)
        search = reading.Search(
            options["portal"],
            options["method"],
            options["job"],
            since,
            until,
            options["workflow"].strip(),
            only_errors=options["errors"],
        )
        entries = list(search.rows()[: options["limit"]])[::-1]
        if options["json"]:
            for entry in entries:
                self.stdout.write(_as_json(entry))
        else:
            for line in _table(_cells(entry) for entry in entries):
                self.stdout.write(line)


def _as_json(entry: JournalEntry) -> str:
    return json.dumps({"at": entry.at.isoformat(), **model_to_dict(entry, exclude=["id", "at"])})


def _cells(entry: JournalEntry) -> tuple[str, ...]:
    return (
        f"{entry.at:%Y-%m-%d %H:%M:%S}.{entry.at.microsecond // 1000:03d}",
        entry.server,
        _method(entry),
        str(entry.status or "–"),
        str(entry.duration_ms),
        "" if entry.operating_seconds is None else f"{entry.operating_seconds:.1f}",
        str(entry.job_id or ""),
        str(entry.attempt),
        _error(entry),
    )


def _method(entry: JournalEntry) -> str:
    if not entry.commands:
        return entry.method
    return f"{entry.method}: " + ", ".join(f"{count} × {name}" for name, count in entry.commands.items())


def _error(entry: JournalEntry) -> str:
    if entry.error:
        said = ": ".join(part for part in (entry.error_code, entry.error_words) if part)
        return f"{entry.error} ({said})" if said else entry.error
    if entry.failed:
        first = next(iter(entry.command_errors.values()), "")
        return f"{entry.failed} failed, the first: {first}"
    return ""


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [_HEAD, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    return [
        "  ".join(
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
