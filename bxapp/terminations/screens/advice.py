"""What to do about workflows that could not be stopped, by the reason of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from bxapp.terminations.states import Reason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# Every reason with which an item can fail; a test holds it against ``states``.
ADVICE: dict[str, _StrPromise] = {
    Reason.STILL_THERE: _(
        "Read the portal's words below and retry. If it fails again, give these words and the workflow's ID"
        " to Bitrix24's support."
    ),
    Reason.DAMAGED: _(
        "Retrying does not help. Download the list as CSV and send the workflow IDs with the portal's words"
        " to Bitrix24's support."
    ),
    Reason.BREAKS_PORTAL: _(
        "Send the workflow IDs to Bitrix24's support. On a server of your own, look for the error of PHP in"
        " its log: often an activity of an application that is gone."
    ),
    Reason.BEING_EXECUTED: _(
        "Retry in some minutes. If it is always busy, its template runs in a loop: switch off the template's"
        " automatic start first, then retry."
    ),
    Reason.UNREACHABLE: _("See that the portal is up and its plan is paid, then retry."),
    Reason.NEVER_HEARD: _(
        "Look in the portal whether they still run. To stop those that do, choose them in the list of running"
        " workflows."
    ),
    Reason.CAME_BACK_STAYS: _(
        "The workflow itself was stopped; what is left is an empty entry under its ID. Send the ID to"
        " Bitrix24's support if it disturbs."
    ),
}


def about(reason: str) -> str:
    """Return what to do about workflows that failed with ``reason``; empty where nothing is known."""
    return str(ADVICE.get(reason, ""))
