"""Refusals: why something is not done, raised anywhere below a view and answered with a page."""

from __future__ import annotations

from django.db import models

from bxapp.bitrix import errors


class RefusalReason(models.TextChoices):
    """Why; the sentences for people are in ``refusal_texts``."""

    NOT_ADMINISTRATOR = "not_administrator"
    INSTALLER_NOT_ADMINISTRATOR = "installer_not_administrator"
    WRONG_APPLICATION = "wrong_application"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105  (a reason's code, no secret)
    WRONG_PORTAL = "wrong_portal"
    PORTAL_UNREACHABLE = "portal_unreachable"
    PORTAL_BUSY = "portal_busy"
    PORTAL_FAILED = "portal_failed"
    NO_WORKFLOWS_IN_PLAN = "no_workflows_in_plan"
    NOT_PAID = "not_paid"
    SCOPE_MISSING = "scope_missing"
    OUTSIDE_PORTAL = "outside_portal"
    SESSION_ENDED = "session_ended"
    NOT_INSTALLED = "not_installed"
    REMOVED = "removed"
    FORM_INCOMPLETE = "form_incomplete"
    FORM_EXPIRED = "form_expired"
    NOT_FOUND = "not_found"
    FAILED = "failed"


class Refusal(Exception):  # noqa: N818  (it is an answer, not an error)
    """Raised anywhere below a view; the middleware answers with the page that belongs to the reason.

    ``portal_words`` are shown as the portal's own words, escaped. ``retry_after_seconds`` becomes the
    header of the same name. ``client_endpoint`` is set once a portal was confirmed, whose frame may then
    show the page.
    """

    client_endpoint = ""

    def __init__(
        self, reason: RefusalReason, *, portal_words: str = "", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.portal_words = portal_words
        self.retry_after_seconds = retry_after_seconds


# The first class that fits decides, so the narrower ones come first.
_REASONS: tuple[tuple[type[errors.BitrixError], RefusalReason], ...] = (
    (errors.RateLimited, RefusalReason.PORTAL_BUSY),
    (errors.OperatingLimited, RefusalReason.PORTAL_BUSY),
    (errors.RestBlocked, RefusalReason.PORTAL_FAILED),
    (errors.TryLater, RefusalReason.PORTAL_UNREACHABLE),
    (errors.Unheard, RefusalReason.PORTAL_UNREACHABLE),
    (errors.RightsLost, RefusalReason.NOT_ADMINISTRATOR),
    # A new launch, or the frame's renewal of the session, brings a new pair.
    (errors.UserRefused, RefusalReason.SESSION_ENDED),
    (errors.RefreshNeeded, RefusalReason.SESSION_ENDED),
    (errors.NotInstalled, RefusalReason.NOT_INSTALLED),
    (errors.PlanRefused, RefusalReason.NO_WORKFLOWS_IN_PLAN),
    (errors.MethodUnknown, RefusalReason.NO_WORKFLOWS_IN_PLAN),
    (errors.PaymentRequired, RefusalReason.NOT_PAID),
    (errors.ScopeMissing, RefusalReason.SCOPE_MISSING),
    (errors.EndpointRefused, RefusalReason.PORTAL_UNREACHABLE),
    (errors.NotGenuine, RefusalReason.UNKNOWN_TOKEN),
    (errors.OurMistake, RefusalReason.FAILED),
)


def of_error(error: errors.BitrixError) -> Refusal:
    """Return the refusal that tells a person what a portal's or authorization server's error means."""
    reason = next((reason for kind, reason in _REASONS if isinstance(error, kind)), None)
    return Refusal(
        reason or RefusalReason.PORTAL_FAILED,
        portal_words=error.words,
        retry_after_seconds=error.retry_after_seconds if isinstance(error, errors.TryLater) else None,
    )
