"""The limits of each portal as this process knows them, shared with all others through Redis.

They follow from the portal's licence (``app.info``), which is asked for where the handlers are bound, so that
the first job knows it, by the engine once a day, and again soon after a question that failed. Until it is
known a portal counts as the smallest plan of the cloud. One whose licence says "selfhosted" has no limit of
requests unless it refuses one, and a limit of execution time only where its answers tell one.

The limit of requests belongs to the portal and this application's address on the network: an installation
and a webhook share it, so it goes by the domain. The one of execution time belongs to each of the two.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from django.conf import settings
from django.utils import timezone
from redis import Redis

from bxapp.bitrix import limits
from bxapp.bitrix.errors import NotGenuine, RateLimited, RefreshNeeded, TryLater, Unheard, UserRefused
from bxapp.bitrix.methods import is_on_premise
from bxapp.portals.models import Portal
from bxapp.portals.past_requests import requests_within

if TYPE_CHECKING:
    from bxapp.bitrix.errors import BitrixError
    from bxapp.bitrix.methods import License

log = logging.getLogger(__name__)

# A click that cannot be served within this time is refused rather than kept waiting. Where Redis is gone, for
# a moment too, a process's share is one request in as many seconds as ``PROCESSES``: that wait is bearable.
_CLICK_SECONDS = 5.0
_LONGEST_CLICK_SECONDS = 15.0
# How long a long reading waits for the share of jobs.
_READING_SECONDS = 1.0
_LICENSE_KEPT = timedelta(days=1)
# After a question that failed in a way that may pass: a large portal would be slow for a whole day.
_LICENSE_PAUSE = timedelta(minutes=5)
_REDIS_SECONDS = 0.25
# Into how many parts what is left of the execution time is shared while Redis is gone. Only who holds the
# portal's turn takes one, and knows from the items what others took before: more workers do no harm.
_SHARES = 4
# All budgets that this process knows, in whatever cache.
_budgets: WeakSet[limits.Budget] = WeakSet()


class ScreenGate:
    """Lets the requests of a page leave, out of the screen's reserve too, and waits for them."""

    def __init__(self, portal: Portal) -> None:
        self._bucket = bucket_of(portal)

    def enter(self, attempt: int) -> None:
        """Return when the request may leave; raises RateLimited when it may not for some seconds."""
        patience = max(_CLICK_SECONDS, settings.PROCESSES + 1.0)
        ends_at = time.monotonic() + min(patience, _LONGEST_CLICK_SECONDS)
        while True:
            grant = self._bucket.take(1, limits.Priority.SCREEN)
            if grant.granted:
                return
            if time.monotonic() + grant.wait_seconds > ends_at:
                raise RateLimited("", "the portal's limit of requests is used up", grant.wait_seconds)
            time.sleep(grant.wait_seconds)

    def refused(self) -> None:
        self._bucket.refused(limits.Priority.SCREEN)


class ReadingGate:
    """For what one person waits for, but which takes many requests: the share of jobs as long as it lasts.

    Where jobs use that up, a request a second leaves out of the screen's share, so that the reading goes on
    beside them and clicks still find their reserve.
    """

    def __init__(self, portal: Portal) -> None:
        self._bucket = bucket_of(portal)
        self._screen = ScreenGate(portal)

    def enter(self, attempt: int) -> None:
        """Return when the request may leave; raises RateLimited when it may not for some seconds."""
        ends_at = time.monotonic() + _READING_SECONDS
        while True:
            grant = self._bucket.take(1, limits.Priority.WORK)
            if grant.granted:
                return
            if time.monotonic() + grant.wait_seconds > ends_at:
                break
            time.sleep(grant.wait_seconds)
        time.sleep(max(0.0, ends_at - time.monotonic()))
        self._screen.enter(attempt)

    def refused(self) -> None:
        self._bucket.refused(limits.Priority.WORK)


class WorkGate:
    """For the engine, which counts a call before it starts it; what a call sends more is counted here."""

    def __init__(self, portal: Portal) -> None:
        self._bucket = bucket_of(portal)

    def enter(self, attempt: int) -> None:
        """Return at once for a call's first request; raises RateLimited when there is none for another."""
        if attempt > 1:
            grant = self._bucket.take(1, limits.Priority.WORK)
            if not grant.granted:
                raise RateLimited("", "the portal's limit of requests is used up", grant.wait_seconds)

    def refused(self) -> None:
        self._bucket.refused(limits.Priority.WORK)


def bucket_of(portal: Portal) -> limits.Bucket:
    """Return the portal's bucket, with the rate that its licence gives."""
    bucket = _bucket(portal.domain.lower())
    bucket.rate = limits.rate_of(portal.license_family, on_premise=is_on_premise(portal.license))
    return bucket


def budget_of(portal: Portal, method: str) -> limits.Budget:
    """Return the portal's budget of execution time for a method."""
    application = settings.BITRIX24_CLIENT_ID if portal.kind == Portal.Kind.APPLICATION else portal.member_id
    budget = _budget(portal.member_id, application, method)
    budget.rule = _operating_rule(portal)
    return budget


def report() -> None:
    """Tell Redis what this process spent of the portals' budgets while Redis could not be asked.

    Somebody else may work for those portals by now, and this process may never ask for them again.
    """
    for budget in list(_budgets):
        budget.report()


def license_is_due(portal: Portal) -> bool:
    """Say whether the portal should be asked for its licence."""
    asked_at = portal.license_asked_at
    return asked_at is None or timezone.now() - asked_at > _LICENSE_KEPT


def keep_license(portal: Portal, told: License) -> None:
    """Store what the portal told."""
    portal.license, portal.license_family = told.code, told.family
    portal.license_asked_at = timezone.now()
    portal.save(update_fields=["license", "license_family", "license_asked_at"])


def keep_no_license(portal: Portal, error: BitrixError) -> None:
    """Store that the portal told no licence, which leaves what is known.

    A refusal that will be the same in an hour counts for a day, like an answer. After one that may pass, of a
    request, or of the user in whose name it was sent, the portal is asked again in some minutes.
    """
    log.info("Portal %s does not tell its licence: %s", portal.pk, error)
    may_pass = isinstance(error, TryLater | Unheard | RefreshNeeded | UserRefused | NotGenuine)
    portal.license_asked_at = timezone.now() - (_LICENSE_KEPT - _LICENSE_PAUSE if may_pass else timedelta(0))
    portal.save(update_fields=["license_asked_at"])


def forget() -> None:
    """Forget what this process knows of all portals' limits, for instance with another Redis."""
    _bucket.cache_clear()
    _budget.cache_clear()
    _shared.cache_clear()


def _operating_rule(portal: Portal) -> limits.OperatingRule:
    if settings.BITRIX24_OPERATING_RULE:
        limit, window, basket, ban = settings.BITRIX24_OPERATING_RULE
        return limits.OperatingRule(limit, window=window, basket=basket, ban=ban)
    return limits.ON_PREMISE if is_on_premise(portal.license) else limits.CLOUD


@lru_cache(maxsize=10_000)
def _bucket(domain: str) -> limits.Bucket:
    return limits.Bucket(
        _shared(settings.REDIS_URL),
        domain,
        limits.STANDARD,
        processes=settings.PROCESSES,
        requests_within=partial(requests_within, domain),
    )


@lru_cache(maxsize=10_000)
def _budget(member_id: str, application: str, method: str) -> limits.Budget:
    budget = limits.Budget(
        _shared(settings.REDIS_URL), member_id, application, method, limits.CLOUD, processes=_SHARES
    )
    _budgets.add(budget)
    return budget


@lru_cache(maxsize=4)
def _shared(redis_url: str) -> limits.Shared:
    # Made at the first request, so that a worker that forks has connections of its own.
    return limits.Shared(
        Redis.from_url(redis_url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS)
    )
