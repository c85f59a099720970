"""``manage.py workflows list`` and ``manage.py workflows terminate``."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError

from bxapp.bitrix.errors import BitrixError
from bxapp.bitrix.status_text import may_be_cut
from bxapp.journal import writing
from bxapp.portals.models import Portal
from bxapp.portals.operators import NoSuchPortal, actor_for
from bxapp.terminations.command_line import (
    arguments,
    choosing,
    closed_pipes,
    complaints,
    crashes,
    listing,
    reporting,
)
from bxapp.terminations.command_line.exit_codes import ExitCode
from bxapp.terminations.command_line.following import LeftAlone, follow
from bxapp.terminations.command_line.interruptions import Interruptions
from bxapp.terminations.command_line.progress import Progress
from bxapp.terminations.jobs import queueing
from bxapp.terminations.jobs.messages import PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.core.management.base import CommandParser

    from bxapp.portals.sessions import Actor
    from bxapp.terminations.command_line.choosing import Choice
    from bxapp.terminations.models import Job

log = logging.getLogger(__name__)

_NAMED_SPELLINGS = 10
_NAMED_UNLISTED = 10
_MESSAGE_HELP = (
    "the status that the documents will show; "
    + ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    + " are filled in for each workflow"
)


class Command(BaseCommand):
    help = "Lists and terminates running workflows, as the screen does: same limits, same audit log."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list | terminate")
        lister = actions.add_parser("list", help="show running workflows, by ascending ID")
        arguments.add_portal(lister)
        arguments.add_filters(lister)
        stopper = actions.add_parser("terminate", help="stop workflows with a status message")
        arguments.add_selection(stopper)
        stopper.add_argument("--message", required=True, help=_MESSAGE_HELP)
        stopper.add_argument(
            "--dry-run", action="store_true", help="show what would be stopped, stop nothing"
        )
        stopper.add_argument("--yes", action="store_true", help="do not ask")
        arguments.add_portal(stopper)
        arguments.add_filters(stopper)

    def handle(self, *args: Any, **options: Any) -> None:
        self._job: Job | None = None
        self._is_queueing = False
        try:
            code = self._list(options) if options["action"] == "list" else self._terminate(options)
        except KeyboardInterrupt:
            self._say("Interrupted. Nothing was queued.")
            code = ExitCode.INTERRUPTED
        except CommandError:
            raise
        except Exception as error:
            log.exception("The command has ended early")
            raise CommandError(
                crashes.sentence(error, self._job, may_be_queued=self._is_queueing),
                returncode=ExitCode.CRASHED,
            ) from error
        finally:
            writing.write()
        if code != ExitCode.DONE:
            sys.exit(code)

    def _list(self, options: dict[str, Any]) -> ExitCode:
        actor = self._actor(options)
        try:
            rows = choosing.running(actor, arguments.filter_of(options))
        except BitrixError as error:
            raise _refused(error, actor) from None
        code = self._print(map(listing.as_json, rows) if options["json"] else listing.table(rows))
        if code == ExitCode.DONE:
            self._say(f"{len(rows)} of what runs in {actor.portal.domain}.")
        return code

    def _terminate(self, options: dict[str, Any]) -> ExitCode:
        message = arguments.message(options)
        wanted = arguments.wanted(options)
        actor = self._actor(options)
        try:
            choice = choosing.chosen(actor, wanted)
        except BitrixError as error:
            raise _refused(error, actor) from None
        self._tell_spellings(choice.spelt_otherwise)
        arguments.check_message(message, actor, choice.workflows)
        if may_be_cut(message):
            self._say("Some portals cut the message at emoji and other rare characters.")
        if options["expect"] not in {None, len(choice)}:
            self._say(f"Expected {options['expect']}, but it is {len(choice)}. Nothing was stopped.")
            return ExitCode.NOT_CONFIRMED
        if options["dry_run"]:
            return self._show(choice, as_json=options["json"])
        self._tell_unlisted(choice.unlisted[:_NAMED_UNLISTED])
        if (others := len(choice.unlisted) - _NAMED_UNLISTED) > 0:
            self._say(f"Nor are {others} more; --dry-run names all.")
        if not len(choice):
            self._say("Nothing to stop.")
            return ExitCode.DONE
        meant_too = arguments.confirmed_protected(options, actor.portal, choice.workflows)
        if not options["yes"] and not self._is_confirmed(actor, choice, message):
            self._say("Nothing was stopped.")
            return ExitCode.NOT_CONFIRMED
        with Interruptions() as interruptions:
            self._is_queueing = True
            self._job = job = queueing.queue(
                actor, choice.workflows, message, uuid4().hex, confirmed_protected=meant_too
            )
            return self._stop(actor, job, interruptions, as_json=options["json"])

    def _stop(self, actor: Actor, job: Job, interruptions: Interruptions, *, as_json: bool) -> ExitCode:
        try:
            with Progress(job.total, sys.stderr) as progress:
                job = follow(actor, job, interruptions, show=progress.show, say=progress.say)
        except LeftAlone:
            self._say(f"Job {job.pk} is left as it is; whoever works next settles what is under way.")
            writing.write()
            sys.stdout.flush()
            sys.stderr.flush()
            # The interpreter would wait for the threads that carry requests, for up to 75 seconds.
            os._exit(ExitCode.INTERRUPTED)
        self._report(job, as_json=as_json)
        return reporting.exit_code(job, interrupted=bool(interruptions.count) and bool(job.cancelled))

    def _report(self, job: Job, *, as_json: bool) -> None:
        # Read or not: the command ends with what came of the job.
        self._print([reporting.as_json(job)] if as_json else reporting.summary(job))

    def _show(self, choice: Choice, *, as_json: bool) -> ExitCode:
        code = self._print(map(listing.as_json, choice.rows) if as_json else listing.table(choice.rows))
        self._tell_unlisted(choice.unlisted)
        self._say(f"{len(choice)} would be stopped. Nothing was.")
        return code

    def _print(self, lines: Iterable[str]) -> ExitCode:
        """Write to the output; return UNREAD where nobody reads it any more."""
        try:
            for line in lines:
                self.stdout.write(line)
            self.stdout.flush()
        except BrokenPipeError:
            closed_pipes.silence(sys.stdout)
            return ExitCode.UNREAD
        return ExitCode.DONE

    def _tell_spellings(self, spelt_otherwise: Sequence[tuple[str, str]]) -> None:
        for typed, meant in spelt_otherwise[:_NAMED_SPELLINGS]:
            self._say(f"{typed} is taken for {meant}.")
        if (others := len(spelt_otherwise) - _NAMED_SPELLINGS) > 0:
            self._say(f"So are {others} more that were typed in another case.")

    def _tell_unlisted(self, ids: Sequence[str]) -> None:
        """Say what the outcome cannot: that the list does not show it is no proof of its end."""
        for workflow_id in ids:
            self._say(f"{workflow_id} is not in the portal's list: it has ended, or runs for the first time.")

    def _is_confirmed(self, actor: Actor, choice: Choice, message: str) -> bool:
        if not sys.stdin.isatty():
            raise arguments.usage_error("Nobody can be asked here: confirm with --yes.")
        self._show_head(actor, choice, message)
        try:
            answer = input("Terminate them? [y/N] ")
        except EOFError:
            # Ctrl-D leaves the cursor behind the question.
            self._say("")
            return False
        return answer.strip().lower() in {"y", "yes"}

    def _show_head(self, actor: Actor, choice: Choice, message: str) -> None:
        self._say(f"{len(choice)} workflows in {actor.portal.domain}, as {actor.name}, with the message:")
        self._say(f"  {message}")

    def _actor(self, options: dict[str, Any]) -> Actor:
        try:
            return actor_for(options["portal"], options["user"])
        except NoSuchPortal as problem:
            raise arguments.usage_error(str(problem)) from None
        except BitrixError as error:
            # Only a webhook is asked about before there is an actor.
            raise CommandError(
                complaints.sentence(error, by_webhook=True), returncode=ExitCode.PORTAL
            ) from None

    def _say(self, text: str) -> None:
        try:
            self.stderr.write(text, str)
        except BrokenPipeError:
            closed_pipes.silence(sys.stderr)


def _refused(error: BitrixError, actor: Actor) -> CommandError:
    by_webhook = actor.portal.kind == Portal.Kind.WEBHOOK
    return CommandError(complaints.sentence(error, by_webhook=by_webhook), returncode=ExitCode.PORTAL)
