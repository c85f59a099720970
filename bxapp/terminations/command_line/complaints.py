"""Why a portal could not be asked, in a sentence that says what to do."""

from __future__ import annotations

from bxapp.bitrix import errors
from bxapp.web.refusal_texts import text_of
from bxapp.web.refusals import of_error


def sentence(error: errors.BitrixError, *, by_webhook: bool) -> str:
    """Return what an operator should read of an error; ``by_webhook``: how the portal was asked."""
    words = f" The portal says: {error.words}" if error.words else ""
    return f"{_what(error, by_webhook=by_webhook)}{words}"


def _what(error: errors.BitrixError, *, by_webhook: bool) -> str:
    match error:
        case errors.RightsLost():
            return "The user whose rights are used is not an administrator of the portal."
        case errors.ScopeMissing() if by_webhook:
            return "The webhook lacks a permission: give it bizproc and user_brief."
        case errors.UserRefused() | errors.RefreshNeeded() if by_webhook:
            return (
                "The portal does not accept the webhook of BITRIX24_WEBHOOK_URL: it was deleted, has expired,"
                " or its user was dismissed. Make a new one in the portal."
            )
        case errors.UserRefused() | errors.RefreshNeeded():
            return (
                "The portal no longer accepts the rights of the administrator whose rights are used: let that"
                " person open Flowstop in the portal again, or name another one with --user."
            )
    text = text_of(of_error(error).reason)
    return f"{text.title}. {text.why}"
