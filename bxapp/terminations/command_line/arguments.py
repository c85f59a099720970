"""The command's arguments, and what they mean."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from bxapp.bitrix.methods.instances import is_usable_id
from bxapp.bitrix.status_text import status_problem
from bxapp.journal.reading import moment
from bxapp.terminations.command_line.exit_codes import ExitCode
from bxapp.terminations.jobs import safeguards
from bxapp.terminations.jobs.messages import PROBLEMS, Message, MessageProblemError, check
from bxapp.terminations.models import Item
from bxapp.workflows.filter_query import DISMISSED
from bxapp.workflows.filters import KINDS, DocumentKind, Filter, Origin, RowState

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable

    from bxapp.portals.models import Portal
    from bxapp.portals.sessions import Actor
    from bxapp.workflows.selection import SelectedWorkflow

_LONGEST_ID = Item._meta.get_field("workflow_id").max_length or 0


def usage_error(text: str) -> CommandError:
    """Return the error of a command that makes no sense."""
    return CommandError(text, returncode=ExitCode.USAGE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to stop: workflows by their IDs, or those that a filter means."""

    ids: tuple[str, ...]
    meant: Filter | None


def add_portal(parser: ArgumentParser) -> None:
    """Add the arguments that say where, and with whose rights."""
    parser.add_argument(
        "--portal",
        default="",
        help="domain or member_id of an installed portal; without it the webhook's, or the only one",
    )
    parser.add_argument("--user", type=int, metavar="ID", help="whose rights: an administrator's number")
    parser.add_argument("--json", action="store_true", help="write JSON instead of text")


def add_filters(parser: ArgumentParser) -> None:
    """Add the arguments of a filter; several values of one of them are alternatives."""
    group = parser.add_argument_group(
        "filters", "Times: 30d ago (also s, m, h), or a date and time (UTC without offset)."
    )
    group.add_argument("--template", type=int, action="append", default=[], metavar="ID")
    group.add_argument(
        "--document",
        action="append",
        default=[],
        metavar="NUMBER|KIND",
        help=f"as the portal writes it (DEAL_1633), or a kind: {', '.join(KINDS)}",
    )
    group.add_argument(
        "--starter",
        type=_person,
        action="append",
        default=[],
        metavar="ID",
        help=f"a user's number, 0: the system, {DISMISSED}: all dismissed employees",
    )
    group.add_argument(
        "--waits-for",
        type=_person,
        action="append",
        default=[],
        metavar="ID",
        help=f"who has an open task: a user's number, {DISMISSED}: all dismissed employees",
    )
    for name in ("started", "modified"):
        group.add_argument(f"--{name}-since", type=_moment, metavar="TIME")
        group.add_argument(f"--{name}-before", type=_moment, metavar="TIME")
    states = group.add_mutually_exclusive_group()
    states.add_argument("--hung", action="store_true", help="locked for more than five minutes too long")
    states.add_argument("--state", choices=[*RowState], help="hung, being executed, or neither")
    group.add_argument("--origin", choices=[*Origin], help="automation rules only, or everything else")


def add_selection(parser: ArgumentParser) -> None:
    """Add the arguments that say which workflows, one way or the other."""
    parser.add_argument("ids", nargs="*", metavar="ID", help="workflows by their IDs")
    parser.add_argument(
        "--file", metavar="PATH", help="a file with an ID on each line; - reads from the input"
    )
    parser.add_argument("--all", action="store_true", help="everything that runs")
    parser.add_argument(
        "--include-protected",
        action="store_true",
        help="stop workflows of protected templates too; without it they are refused",
    )
    parser.add_argument(
        "--expect", type=int, metavar="N", help="go on only if it is exactly this many; needed with a filter"
    )


def filter_of(options: dict[str, Any]) -> Filter:
    """Return the filter that the options describe."""
    kinds = {KINDS[name.lower()] for name in options["document"] if name.lower() in KINDS}
    documents = {name for name in options["document"] if name.lower() not in KINDS}
    if kinds:
        # Values of one option are alternatives, whether they name one document or a kind of them.
        kinds |= {DocumentKind("", document_id=name) for name in documents}
        documents = set()
    return Filter(
        templates=frozenset(options["template"]),
        documents=frozenset(documents),
        kinds=frozenset(kinds),
        started_by=frozenset(options["starter"]) - {DISMISSED},
        started_by_dismissed=DISMISSED in options["starter"],
        waits_for=frozenset(options["waits_for"]) - {DISMISSED},
        waits_for_dismissed=DISMISSED in options["waits_for"],
        started_from=options["started_since"],
        started_before=options["started_before"],
        modified_from=options["modified_since"],
        modified_before=options["modified_before"],
        state=RowState.HUNG if options["hung"] else options["state"] and RowState(options["state"]),
        origin=options["origin"] and Origin(options["origin"]),
    )


def wanted(options: dict[str, Any]) -> Wanted:
    """Return what to stop; raises CommandError unless it is said in exactly one way."""
    meant = filter_of(options)
    ways = [bool(options["ids"]), options["file"] is not None, not meant.is_empty, options["all"]]
    if sum(ways) != 1:
        raise usage_error("Say which workflows in one way: IDs, --file, a filter, or --all.")
    if options["ids"] or options["file"] is not None:
        ids = options["ids"] or _read_ids(options["file"])
        return Wanted(tuple(dict.fromkeys(_usable(workflow_id) for workflow_id in ids)), None)
    if options["expect"] is None and not options["dry_run"]:
        raise usage_error(
            "A filter may mean others tomorrow: say with --expect N how many; --dry-run shows them."
        )
    return Wanted((), meant)


def message(options: dict[str, Any]) -> str:
    """Return the status message; raises CommandError for one that the portal would not keep as typed."""
    text: str = options["message"]
    if problem := status_problem(text):
        raise usage_error(f"--message: {PROBLEMS[problem]}")
    return text


def check_message(text: str, actor: Actor, workflows: Iterable[SelectedWorkflow]) -> None:
    """Raise CommandError for a message whose placeholders cannot be filled in for each of the workflows."""
    try:
        check(Message(text, actor).fill(workflows))
    except MessageProblemError as error:
        raise usage_error(f"--message: {error}") from None


def confirmed_protected(
    options: dict[str, Any], portal: Portal, workflows: Iterable[SelectedWorkflow]
) -> frozenset[int]:
    """Return the protected templates that are meant too; raises CommandError where some are, unconfirmed."""
    chosen = list(workflows)
    if options["include_protected"]:
        return frozenset(one.template_id for one in chosen if one.template_id)
    try:
        safeguards.check_protected(portal, chosen, ())
    except safeguards.ProtectedNotConfirmedError as error:
        raise usage_error(
            f"{error} Nothing was stopped. Choose without them, or say --include-protected."
        ) from None
    return frozenset()


def _read_ids(path: str) -> list[str]:
    try:
        content = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise usage_error(f"{path} cannot be read: {error}") from None
    lines = [line.partition("#")[0].strip() for line in content.splitlines()]
    ids = [line for line in lines if line]
    if not ids:
        raise usage_error(f"{path} holds no ID.")
    return ids


def _usable(workflow_id: str) -> str:
    if not is_usable_id(workflow_id) or len(workflow_id) > _LONGEST_ID:
        raise usage_error(f"{workflow_id[:80]!r} is no workflow's ID.")
    return workflow_id


def _person(text: str) -> int | str:
    return text if text == DISMISSED else int(text)


def _moment(text: str) -> Any:
    try:
        return moment(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
