"""What a refusal says to a person: what happened, why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bxapp.web.refusals import RefusalReason

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RefusalText:
    """A title and two sentences, in English here and translated by ``text_of``."""

    title: str
    why: str
    what: str


def text_of(reason: RefusalReason) -> RefusalText:
    """Return the texts of a reason in the active language."""
    text = _TEXTS[reason]
    return RefusalText(_(text.title), _(text.why), _(text.what))


_TEXTS: Mapping[RefusalReason, RefusalText] = {
    RefusalReason.NOT_ADMINISTRATOR: RefusalText(
        gettext_noop("Flowstop is for administrators"),
        gettext_noop(
            "It stops workflows of the whole portal, and you are not an administrator of this portal."
        ),
        gettext_noop(
            "Ask an administrator of the portal to open Flowstop, or to give you administrator rights."
        ),
    ),
    RefusalReason.INSTALLER_NOT_ADMINISTRATOR: RefusalText(
        gettext_noop("An administrator has to finish the installation"),
        gettext_noop(
            "You may install applications, but Flowstop needs the rights of an administrator to be set up."
        ),
        gettext_noop(
            "Ask an administrator of the portal to open Flowstop once; that finishes the installation."
        ),
    ),
    RefusalReason.WRONG_APPLICATION: RefusalText(
        gettext_noop("Opened by another application"),
        gettext_noop("The portal opened this page in the name of another application."),
        gettext_noop(
            "Check that the portal's developer area and Flowstop's settings name the same application code."
        ),
    ),
    RefusalReason.UNKNOWN_TOKEN: RefusalText(
        gettext_noop("Bitrix24 did not confirm who you are"),
        gettext_noop("The authorization server does not know the key with which this page was opened."),
        gettext_noop("Reload the portal's page and open Flowstop again from its menu."),
    ),
    RefusalReason.WRONG_PORTAL: RefusalText(
        gettext_noop("You signed in to another portal"),
        gettext_noop("The portal that confirmed you is not the one whose address was entered."),
        gettext_noop("Sign in again with the address that the portal has now."),
    ),
    RefusalReason.PORTAL_UNREACHABLE: RefusalText(
        gettext_noop("The portal cannot be reached"),
        gettext_noop("Flowstop could not get an answer from Bitrix24."),
        gettext_noop(
            "Try again in a few minutes; if it stays like this, check whether the portal itself opens."
        ),
    ),
    RefusalReason.PORTAL_BUSY: RefusalText(
        gettext_noop("The portal is busy"),
        gettext_noop("It has received too many requests in a short time and asks everyone to wait."),
        gettext_noop("Try again in a minute."),
    ),
    RefusalReason.PORTAL_FAILED: RefusalText(
        gettext_noop("The portal answered with an error"),
        gettext_noop("Bitrix24 understood the question but could not answer it."),
        gettext_noop("Try again; if it happens every time, show the portal's words to your administrator."),
    ),
    RefusalReason.NO_WORKFLOWS_IN_PLAN: RefusalText(
        gettext_noop("The portal's plan has no workflows"),
        gettext_noop("On this plan Bitrix24 offers applications no access to workflows."),
        gettext_noop("Choose a plan with workflows in the portal's settings, then open Flowstop again."),
    ),
    RefusalReason.NOT_PAID: RefusalText(
        gettext_noop("The subscription has ended"),
        gettext_noop("Bitrix24 answers no applications in this portal until it is paid for."),
        gettext_noop("Renew the subscription in the portal, then open Flowstop again."),
    ),
    RefusalReason.SCOPE_MISSING: RefusalText(
        gettext_noop("A permission is missing"),
        gettext_noop("The application was registered without the permission for workflows (bizproc)."),
        gettext_noop("Add this permission in the portal's developer area and install Flowstop again."),
    ),
    RefusalReason.OUTSIDE_PORTAL: RefusalText(
        gettext_noop("Open Flowstop in your portal"),
        gettext_noop("This page was opened outside a Bitrix24 portal, so nobody is signed in here."),
        gettext_noop("Open Flowstop from the portal's menu, or sign in with the portal's address."),
    ),
    RefusalReason.SESSION_ENDED: RefusalText(
        gettext_noop("Your session has ended"),
        gettext_noop("Bitrix24 no longer confirms that you are signed in."),
        gettext_noop("Reload the portal's page and open Flowstop again."),
    ),
    RefusalReason.NOT_INSTALLED: RefusalText(
        gettext_noop("Flowstop is not installed in this portal"),
        gettext_noop(
            "The portal says that the application was removed, or that its installation is not finished."
        ),
        gettext_noop("Ask an administrator of the portal to install Flowstop."),
    ),
    RefusalReason.REMOVED: RefusalText(
        gettext_noop("Flowstop was removed from this portal"),
        gettext_noop(
            "It is not installed here any more, and stops nothing: what was still waiting was cancelled."
        ),
        gettext_noop("To go on, install Flowstop again in the portal, and open it from the portal's menu."),
    ),
    RefusalReason.FORM_INCOMPLETE: RefusalText(
        gettext_noop("The request is incomplete"),
        gettext_noop("Something that this page needs was not sent along, or could not be read."),
        gettext_noop("Reload the portal's page and open Flowstop again from its menu."),
    ),
    RefusalReason.FORM_EXPIRED: RefusalText(
        gettext_noop("This page is out of date"),
        gettext_noop("The form was opened too long ago, in another browser, or was already used."),
        gettext_noop("Go back, reload the page, and do it once more."),
    ),
    RefusalReason.NOT_FOUND: RefusalText(
        gettext_noop("There is nothing here"),
        gettext_noop("The address is wrong, or what it showed does not belong to this portal."),
        gettext_noop("Go back to the running workflows."),
    ),
    RefusalReason.FAILED: RefusalText(
        gettext_noop("Something went wrong in Flowstop"),
        gettext_noop("The fault is in the application, not in what you did."),
        gettext_noop(
            "Try again; if it happens every time, tell the people who run Flowstop when it happened."
        ),
    ),
}
