"""What codes mean, in sentences for people: kinds of entries, outcomes, reasons.

Entries and items store codes; a sentence is made when it is shown, in the reader's language. The codes of
reasons belong to higher floors (``terminations.states``, ``web.refusals``), so they are plain texts here; a
test of each floor checks that none of its codes is without a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext, npgettext, pgettext
from django.utils.translation import gettext_lazy as _

from bxapp.audit.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.utils.functional import _StrPromise

KINDS: dict[str, _StrPromise] = {
    AuditEntry.Kind.INSTALLED: _("Application installed"),
    AuditEntry.Kind.UNINSTALLED: _("Application removed"),
    AuditEntry.Kind.OPENED: _("Opened by a new administrator"),
    AuditEntry.Kind.REFUSED: _("Access refused"),
    AuditEntry.Kind.JOB_QUEUED: _("Termination confirmed"),
    AuditEntry.Kind.JOB_PAUSED: _("Job paused"),
    AuditEntry.Kind.JOB_CANCELLED: _("Job cancelled"),
    AuditEntry.Kind.JOB_BLOCKED: _("Job waits"),
    AuditEntry.Kind.JOB_RESUMED: _("Job goes on"),
    AuditEntry.Kind.JOB_FINISHED: _("Job finished"),
    AuditEntry.Kind.OUTCOME: _("Workflow"),
    AuditEntry.Kind.GHOST: _("Workflow came back"),
    AuditEntry.Kind.PROTECTED: _("Template protected"),
    AuditEntry.Kind.UNPROTECTED: _("Template's protection ended"),
    AuditEntry.Kind.FILTER_SAVED: _("Filter saved"),
    AuditEntry.Kind.FILTER_CHANGED: _("Saved filter changed"),
    AuditEntry.Kind.FILTER_DELETED: _("Saved filter deleted"),
    AuditEntry.Kind.MESSAGE_SAVED: _("Message saved"),
    AuditEntry.Kind.MESSAGE_CHANGED: _("Saved message changed"),
    AuditEntry.Kind.MESSAGE_DELETED: _("Saved message deleted"),
}

OUTCOMES: dict[str, _StrPromise] = {
    "terminated": _("terminated"),
    "already_finished": _("already finished"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
}

# terminations.states.Reason
ENDINGS: dict[str, _StrPromise] = {
    "gone_before": _("When its turn came, it was not in the portal's list of running workflows."),
    "gone_after_error": _(
        "The portal answered with an error, and afterwards the workflow was no longer running: it ended at"
        " that moment, by itself or in spite of the error."
    ),
    "stopped_by_other_job": _("Another job had stopped it before."),
    "answer_lost": _("The portal's answer was lost; the workflow is confirmed to be gone."),
    "still_there": _("The portal answered every attempt with an error, and the workflow still runs."),
    "damaged": _("Its stored state in the portal is damaged. Only Bitrix24's support can help."),
    "breaks_portal": _(
        "Every attempt to stop it made the portal's server fail. Only Bitrix24's support can help."
    ),
    "being_executed": _(
        "Every look of ten minutes found it being executed. Try again when it has come to rest."
    ),
    "unreachable": _("The portal gave no usable answer for a day. The workflow was not stopped by this job."),
    "never_heard": _(
        "The call had been sent, but nobody can say any more what came of it. Look in the portal whether the"
        " workflow still runs."
    ),
    "cancelled_by_person": _("The job was cancelled before its turn came."),
    "uninstalled": _("The application was removed from the portal before its turn came."),
    "came_back": _(
        "It was being executed when it was stopped and came back as an empty entry, which is stopped too."
    ),
    "came_back_stays": _(
        "It was being executed when it was stopped, came back as an empty entry, and this entry could not be"
        " stopped. If trying again does not help, only Bitrix24's support can."
    ),
}

# terminations.states.BlockedReason
WAITS: dict[str, _StrPromise] = {
    "open_again": _(
        "The portal no longer accepts the rights of the person who started the job. It goes on as soon as"
        " that person opens the application again."
    ),
    "rights_lost": _(
        "The person who started the job is not an administrator any more. It goes on when that person has the"
        " rights again and opens the application."
    ),
    "portal_refuses": _(
        "The portal refuses the application: its plan, its payment, a permission, or a block for overload."
        " The job tries again every hour."
    ),
    "portal_silent": _("The portal gives no usable answer. The job tries again by itself."),
    "portal_limit": _("A limit of the portal is used up. The job goes on by itself."),
}

# web.refusals.RefusalReason
REFUSALS: dict[str, _StrPromise] = {
    "not_administrator": _("Not an administrator of the portal."),
    "installer_not_administrator": _("Wanted to install without being an administrator."),
    "wrong_application": _("The token belongs to another application."),
    "unknown_token": _("The token is not genuine."),
    "wrong_portal": _("The session belongs to another portal."),
    "portal_unreachable": _("The portal could not be reached."),
    "portal_busy": _("The portal had too much to do."),
    "portal_failed": _("The portal's answer could not be read."),
    "not_paid": _("The portal or the application is not paid for."),
    "no_workflows_in_plan": _("The portal's plan has no workflows."),
    "scope_missing": _("A permission of the application is missing."),
    "outside_portal": _("Opened outside a portal."),
    "session_ended": _("The session had ended."),
    "not_installed": _("The application is not installed."),
    "removed": _("The application had been removed from the portal."),
    "form_incomplete": _("The form was incomplete."),
    "form_expired": _("The form was too old."),
    "not_found": _("Not found."),
    "failed": _("The application could not answer."),
}

# portals.removal
REMOVALS: dict[str, _StrPromise] = {
    "inferred": _("The portal did not tell it; its answers left no doubt for a long time."),
}

# terminations.rights
HANDOVERS: dict[str, _StrPromise] = {
    "other_rights": _(
        "The portal no longer accepts the rights of the person who started the job. As that person allowed,"
        " it goes on with another administrator's."
    ),
    "cancellers_rights": _(
        "The portal no longer accepts the rights of the person who started the job. What its last calls did"
        " is asked with those of the person who cancelled it."
    ),
}

# An outcome under the number of workflows that had it: many languages decline it.
_COUNTED: dict[str, Callable[[int], str]] = {
    "terminated": lambda n: npgettext("under the number of workflows", "terminated", "terminated", n),
    "already_finished": lambda n: npgettext(
        "under the number of workflows", "already finished", "already finished", n
    ),
    "failed": lambda n: npgettext("under the number of workflows", "failed", "failed", n),
    "cancelled": lambda n: npgettext("under the number of workflows", "cancelled", "cancelled", n),
}
_TALLIED: dict[str, Callable[[int], str]] = {
    "terminated": lambda n: ngettext("%(number)s terminated", "%(number)s terminated", n),
    "already_finished": lambda n: ngettext(
        "%(number)s had already finished", "%(number)s had already finished", n
    ),
    "failed": lambda n: ngettext("%(number)s failed", "%(number)s failed", n),
    "cancelled": lambda n: ngettext("%(number)s cancelled", "%(number)s cancelled", n),
}

_REASONS: dict[str, _StrPromise] = {**ENDINGS, **WAITS, **REFUSALS, **REMOVALS, **HANDOVERS}


def outcome(code: str) -> str:
    """Return the words of an outcome; an unknown code stands for itself."""
    return str(OUTCOMES.get(code, code))


def reason(code: str, other_job_id: int | None = None) -> str:
    """Return the sentence of a reason's code; empty without one, an unknown code stands for itself."""
    if code == "stopped_by_other_job" and other_job_id is not None:
        return gettext("Job %(number)s had stopped it before.") % {"number": other_job_id}
    if code == "retry" and other_job_id is not None:
        return gettext("It tries again what failed in job %(number)s.") % {"number": other_job_id}
    return str(_REASONS.get(code, code))


def counted(code: str, number: int) -> str:
    """Return the words of an outcome as they stand under the number of workflows that had it."""
    words = _COUNTED.get(code)
    return words(number) if words else code


def tally(counts: Mapping[str, int]) -> str:
    """Return "1,262 terminated, 4 failed" for counts by outcome, without the outcomes that did not occur."""
    parts = [
        words(number) % {"number": _grouped(number)}
        for code, words in _TALLIED.items()
        if (number := counts.get(code, 0))
    ]
    # Translators: what stands between "1,262 terminated" and "4 failed".
    return pgettext("between outcomes", ", ").join(parts)


def what(entry: AuditEntry) -> str:
    """Return what an entry tells, without its person, message and outcome."""
    kind = str(KINDS.get(entry.kind, entry.kind))
    if entry.count is None:
        return kind
    workflows = ngettext("%(count)s workflow", "%(count)s workflows", entry.count) % {
        "count": _grouped(entry.count)
    }
    # Translators: what happened, and to how many workflows.
    return pgettext("entry of the log", "%(what)s: %(workflows)s") % {"what": kind, "workflows": workflows}


def _grouped(number: int) -> str:
    """Return a count with its thousands apart, as the reader writes it."""
    return number_format(number, decimal_pos=0, use_l10n=True, force_grouping=True)
