"""Each error code of the platform means one thing for the caller."""

from __future__ import annotations

import pytest

from bxapp.bitrix import errors
from bxapp.bitrix.codes import AT_APP_INFO, MEANINGS, error_of

TABLE: list[tuple[str, str, type[errors.BitrixError]]] = [
    ("expired_token", "The access token provided has expired.", errors.RefreshNeeded),
    ("QUERY_LIMIT_EXCEEDED", "Too many requests", errors.RateLimited),
    ("OVERLOAD_LIMIT", "REST API is blocked due to overload.", errors.RestBlocked),
    ("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", errors.OperatingLimited),
    ("CONNECTION_ERROR", "Error connecting to authorization server", errors.TryLater),
    ("PORTAL_DELETED", "This portal has been deleted", errors.PortalClosed),
    ("INTERNAL_SERVER_ERROR", "Internal server error", errors.Unheard),
    ("ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response", errors.Unheard),
    ("invalid_token", "Unable to get application by token", errors.TokenRefused),
    ("authorization_error", "Unable to authorize user", errors.TokenRefused),
    ("user_access_error", "The user does not have access to the application.", errors.TokenRefused),
    ("METHOD_CONFIRM_WAITING", "Waiting for confirmation", errors.TokenRefused),
    ("METHOD_CONFIRM_DENIED", "Method call denied", errors.TokenRefused),
    ("verification_needed", "", errors.TokenRefused),
    ("ACCESS_DENIED", "Access denied!", errors.RightsLost),
    ("ACCESS_DENIED", "", errors.RightsLost),
    ("ACCESS_DENIED", "Current user can't be authorized in this portal", errors.TokenRefused),
    ("ACCESS_DENIED", "REST is available only on commercial plans.", errors.PlanRefused),
    ("ACCESS_DENIED", "REST is available only by subscription.", errors.PlanRefused),
    ("ACCESS_DENIED", "REST API is available only on commercial plans", errors.PlanRefused),
    ("ACCESS_DENIED", "Access denied! Admin permissions required", errors.RightsLost),
    ("PAYMENT_REQUIRED", "Payment required", errors.PaymentRequired),
    ("insufficient_scope", "The request requires higher privileges", errors.ScopeMissing),
    ("invalid_scope", "", errors.ScopeMissing),
    ("ERROR_METHOD_NOT_FOUND", "Method not found!", errors.MethodUnknown),
    ("ERROR_OAUTH", "Application not installed", errors.NotInstalled),
    ("ERROR_OAUTH", "Disk quota exceeded", errors.PortalRefused),
    ("APPLICATION_NOT_FOUND", "Application not found", errors.NotInstalled),
    ("NOT_INSTALLED", "Application not installed", errors.NotInstalled),
    ("WRONG_CLIENT", "Wrong client", errors.NotInstalled),
    ("invalid_client", "", errors.NotInstalled),
    ("invalid_grant", "", errors.GrantRefused),
    ("bad_verification_code", "The code has expired", errors.GrantRefused),
    ("NO_AUTH_FOUND", "Wrong authorization data", errors.OurMistake),
    ("INVALID_CREDENTIALS", "Invalid request credentials", errors.TokenRefused),
    ("INVALID_REQUEST", "Https required.", errors.OurMistake),
    ("WRONG_AUTH_TYPE", "Current authorization type is denied for this method", errors.OurMistake),
    ("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded", errors.OurMistake),
    ("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", errors.OurMistake),
    ("unsupported_grant_type", "", errors.OurMistake),
    ("", "The business process is not found.", errors.MethodFailed),
    ("ERROR_CORE", "Der Geschäftsprozess wurde nicht gefunden.", errors.MethodFailed),
    ("ERROR_WRONG_WORKFLOW_ID", "Empty workflow instance ID", errors.MethodFailed),
]


@pytest.mark.parametrize("recase", [str, str.lower, str.upper])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429])
@pytest.mark.parametrize(("code", "words", "meaning"), TABLE)
def test_a_code_decides_whatever_its_case_and_the_status(
    code: str, words: str, meaning: type[errors.BitrixError], status: int, recase: type[str]
) -> None:
    error = error_of(recase(code), words, status=status)

    assert type(error) is meaning
    assert error.code.lower() == code.lower()
    assert error.words == words


def test_every_row_of_the_table_has_a_test() -> None:
    assert {code.lower() for code, _, _ in TABLE} >= set(MEANINGS)


@pytest.mark.parametrize("code", ["QUERY_LIMIT_EXCEEDED", "PORTAL_DELETED", "expired_token"])
def test_a_known_code_outweighs_a_server_error_status(code: str) -> None:
    assert not isinstance(error_of(code, "", status=503), errors.Unheard)


@pytest.mark.parametrize("code", ["", "ERROR_CORE", "INTERNAL_SERVER_ERROR"])
def test_a_server_error_without_a_telling_code_leaves_the_work_unknown(code: str) -> None:
    error = error_of(code, "", status=500)

    assert isinstance(error, errors.Unheard)
    assert error.server_failed


def test_an_internal_error_with_another_status_is_no_server_error_status() -> None:
    error = error_of("INTERNAL_SERVER_ERROR", "", status=200)

    assert isinstance(error, errors.Unheard)
    assert not error.server_failed


@pytest.mark.parametrize("code", sorted(AT_APP_INFO))
def test_what_the_authorization_server_disowns_is_not_genuine(code: str) -> None:
    assert type(error_of(code.upper(), "", status=401, at_app_info=True)) is errors.NotGenuine


@pytest.mark.parametrize("code", ["expired_token", "PAYMENT_REQUIRED", "NOT_INSTALLED"])
def test_what_it_knows_but_refuses_keeps_its_meaning(code: str) -> None:
    assert type(error_of(code, "", at_app_info=True)) is MEANINGS[code.lower()]


def test_the_asked_for_pause_is_told() -> None:
    error = error_of("QUERY_LIMIT_EXCEEDED", "", status=503, retry_after_seconds=7.0)

    assert isinstance(error, errors.TryLater)
    assert error.retry_after_seconds == 7.0


def test_an_error_names_its_class_code_and_words() -> None:
    assert str(error_of("ERROR_CORE", "No such event")) == "MethodFailed (ERROR_CORE: No such event)"
    assert str(errors.Unreachable()) == "Unreachable"
