"""Pages of refusals: whole, as a fragment, as JSON; and errors of Bitrix24 that become one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.utils import translation

from bxapp.bitrix import errors
from bxapp.web.framing import FramingMiddleware, allow_portal
from bxapp.web.middleware import LocaleMiddleware, RefusalMiddleware
from bxapp.web.refusal_pages import STATUS, failed, respond
from bxapp.web.refusals import Refusal, RefusalReason, of_error

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.test import Client, RequestFactory
    from pytest_django.fixtures import Settings


@pytest.mark.parametrize("reason", RefusalReason)
def test_each_refusal_is_a_page_with_its_status(rf: RequestFactory, reason: RefusalReason) -> None:
    page = respond(rf.get("/app/"), Refusal(reason))

    assert page.status_code == (403 if reason is RefusalReason.SESSION_ENDED else STATUS.get(reason, 403))
    assert page["X-Flowstop-Refusal"] == reason.value
    assert "<!doctype html>" in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_htmx_gets_the_fragment_alone(rf: RequestFactory) -> None:
    request = rf.get("/workflows/", headers={"HX-Request": "true", "Authorization": "Bearer x"})

    page = respond(request, Refusal(RefusalReason.SESSION_ENDED))

    assert page.status_code == 401, "the frame may renew its session and ask again"
    assert "<!doctype html>" not in page.content.decode()
    assert "Your session has ended" in page.content.decode()


def test_a_json_request_gets_json(rf: RequestFactory) -> None:
    request = rf.post("/session/renew/", "{}", content_type="application/json")

    told = json.loads(respond(request, Refusal(RefusalReason.NOT_ADMINISTRATOR)).content)

    assert told["refusal"] == "not_administrator"
    assert set(told) == {"refusal", "title", "why", "what"}


def test_the_portals_words_are_escaped(rf: RequestFactory) -> None:
    page = respond(rf.get("/"), Refusal(RefusalReason.PORTAL_FAILED, portal_words="<script>x</script>"))

    assert "<script>x</script>" not in page.content.decode()
    assert "&lt;script&gt;x&lt;/script&gt;" in page.content.decode()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.RateLimited(), RefusalReason.PORTAL_BUSY),
        (errors.OperatingLimited(), RefusalReason.PORTAL_BUSY),
        (errors.RestBlocked(), RefusalReason.PORTAL_FAILED),
        (errors.Unreachable(), RefusalReason.PORTAL_UNREACHABLE),
        (errors.PortalClosed(), RefusalReason.PORTAL_UNREACHABLE),
        (errors.Unheard(), RefusalReason.PORTAL_UNREACHABLE),
        (errors.RightsLost(), RefusalReason.NOT_ADMINISTRATOR),
        (errors.GrantRefused(), RefusalReason.SESSION_ENDED),
        (errors.TokenRefused(), RefusalReason.SESSION_ENDED),
        (errors.NotInstalled(), RefusalReason.NOT_INSTALLED),
        (errors.PlanRefused(), RefusalReason.NO_WORKFLOWS_IN_PLAN),
        (errors.MethodUnknown(), RefusalReason.NO_WORKFLOWS_IN_PLAN),
        (errors.PaymentRequired(), RefusalReason.NOT_PAID),
        (errors.ScopeMissing(), RefusalReason.SCOPE_MISSING),
        (errors.EndpointRefused(), RefusalReason.PORTAL_UNREACHABLE),
        (errors.NotGenuine(), RefusalReason.UNKNOWN_TOKEN),
        (errors.OurMistake(), RefusalReason.FAILED),
        (errors.MethodFailed(), RefusalReason.PORTAL_FAILED),
        (errors.BitrixError(), RefusalReason.PORTAL_FAILED),
    ],
)
def test_an_error_of_bitrix24_has_its_reason(error: errors.BitrixError, reason: RefusalReason) -> None:
    assert of_error(error).reason is reason


def test_a_limit_tells_when_to_come_back(rf: RequestFactory) -> None:
    page = respond(rf.get("/"), of_error(errors.RateLimited("QUERY_LIMIT_EXCEEDED", "", 2.5)))

    assert (page.status_code, page["Retry-After"]) == (503, "3")


def test_what_a_view_lets_through_becomes_a_page(rf: RequestFactory) -> None:
    middleware = RefusalMiddleware(lambda request: HttpResponse())

    answered = middleware.process_exception(
        rf.get("/workflows/"), errors.PlanRefused("ACCESS_DENIED", "REST")
    )

    assert answered is not None
    assert answered["X-Flowstop-Refusal"] == "no_workflows_in_plan"
    assert middleware.process_exception(rf.get("/"), ValueError()) is None


def test_an_unknown_address_is_a_page(client: Client, settings: Settings) -> None:
    settings.DEBUG = False

    page = client.get("/nowhere/")

    assert page.status_code == 404
    assert page["X-Flowstop-Refusal"] == "not_found"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


def test_a_failure_of_ours_is_a_page(rf: RequestFactory) -> None:
    page = failed(rf.get("/"))

    assert page.status_code == 500
    assert "Something went wrong in Flowstop" in page.content.decode()


@pytest.mark.parametrize("is_known", [True, False])
def test_a_failure_of_the_database_is_a_page_too(rf: RequestFactory, is_known: bool) -> None:
    """Whatever the page would ask there of its person it does without."""
    request = rf.get("/workflows/", headers={"Accept-Language": "de"})
    if is_known:
        request.actor = _Unreadable()  # type: ignore[attr-defined]

    with translation.override("de" if is_known else "en"):
        page = failed(request)

    assert page.status_code == 500
    assert "In Flowstop ist etwas schiefgegangen" in page.content.decode()


class _Unreadable:
    """Somebody whose preferences stand in a database that is gone."""

    @property
    def theme(self) -> str:
        raise OperationalError("the database is gone")

    portal = theme


@pytest.mark.parametrize(
    ("endpoint", "origins"),
    [
        ("https://example.bitrix24.com/rest/", ["https://example.bitrix24.com"]),
        ("https://example.bitrix24.com.br/rest/", ["https://example.bitrix24.com.br"]),
        ("https://portal.example.org/rest/", ["https://portal.example.org", "http://portal.example.org"]),
        ("http://10.1.2.3:8080/rest/", ["http://10.1.2.3:8080", "https://10.1.2.3:8080"]),
        (
            "https://x.bitrix24.evil-1.org/rest/",
            ["https://x.bitrix24.evil-1.org", "http://x.bitrix24.evil-1.org"],
        ),
    ],
)
def test_a_portal_may_frame_its_pages(rf: RequestFactory, endpoint: str, origins: list[str]) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        allow_portal(request, endpoint)
        return HttpResponse()

    response: Any = FramingMiddleware(view)(rf.get("/"))

    assert response._csp_replace == {"frame-ancestors": origins}


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("de-AT,en;q=0.5", "de"), ("pt", "pt-br"), ("ja", "en"), ("", "en"), ("es-419;q=0.9,fr;q=0.8", "es")],
)
def test_a_browser_says_its_language(rf: RequestFactory, accepted: str, language: str) -> None:
    response = LocaleMiddleware(lambda request: HttpResponse())(
        rf.get("/", headers={"Accept-Language": accepted})
    )

    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
