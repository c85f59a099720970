"""Launch forms and events are parsed into claims; what no portal sends is refused by the field's name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bxapp.bitrix.launch import MalformedForm, language_of, parse_event, parse_launch

QUERY = {"DOMAIN": "portal.bitrix24.example", "PROTOCOL": "1", "LANG": "la", "APP_SID": "5f3a"}
FORM = {
    "AUTH_ID": "access-token-of-the-user",
    "AUTH_EXPIRES": "3600",
    "REFRESH_ID": "refresh-token-of-the-user",
    "SERVER_ENDPOINT": "https://oauth.bitrix.info/rest/",
    "APPLICATION_TOKEN": "application-token",
    "member_id": "da45a03b265edd8787f8a258d793cc5d",
    "status": "L",
    "PLACEMENT": "CRM_DEAL_DETAIL_TAB",
    "PLACEMENT_OPTIONS": '{"ID":"8061","URI":"/crm/"}',
}
EVENT = {
    "event": "ONAPPUNINSTALL",
    "event_handler_id": "5",
    "ts": "1767225600",
    "data[CLEAN]": "1",
    "data[LANGUAGE_ID]": "ua",
    "auth[domain]": "portal.bitrix24.example",
    "auth[member_id]": "da45a03b265edd8787f8a258d793cc5d",
    "auth[application_token]": "application-token",
    "auth[server_endpoint]": "https://oauth.bitrix.info/rest/",
    "auth[status]": "F",
}


def test_a_launch_is_read() -> None:
    launch = parse_launch(QUERY, FORM)

    assert launch.member_id == FORM["member_id"]
    assert launch.access_token == FORM["AUTH_ID"]
    assert launch.refresh_token == FORM["REFRESH_ID"]
    assert launch.expires_in_seconds == 3600
    assert launch.domain_hint == QUERY["DOMAIN"]
    assert launch.server_hint == FORM["SERVER_ENDPOINT"]
    assert launch.application_token == "application-token"
    assert (launch.status, launch.language) == ("L", "es")
    assert launch.placement == "CRM_DEAL_DETAIL_TAB"
    assert launch.placement_options == {"ID": "8061", "URI": "/crm/"}


def test_an_older_portals_short_form_is_enough() -> None:
    launch = parse_launch({}, {"AUTH_ID": "token", "member_id": "abc"})

    assert launch.refresh_token == launch.server_hint == launch.application_token == launch.domain_hint == ""
    assert (launch.expires_in_seconds, launch.language, launch.placement) == (3600, "en", "DEFAULT")
    assert launch.placement_options == {}


@pytest.mark.parametrize("field", ["AUTH_ID", "member_id"])
@pytest.mark.parametrize("value", [None, "", "   ", "a\x00b", "a\nb", "x" * 5000])
def test_a_launch_without_a_usable_required_field_names_it(field: str, value: str | None) -> None:
    form = {name: text for name, text in FORM.items() if name != field}
    if value is not None:
        form[field] = value

    with pytest.raises(MalformedForm) as caught:
        parse_launch(QUERY, form)

    assert caught.value.field == field


@pytest.mark.parametrize("value", ["../etc", "a b", "портал", "x" * 65, "<script>"])
def test_a_member_id_is_letters_and_digits(value: str) -> None:
    with pytest.raises(MalformedForm):
        parse_launch(QUERY, FORM | {"member_id": value})


@pytest.mark.parametrize("field", ["REFRESH_ID", "SERVER_ENDPOINT", "APPLICATION_TOKEN", "PLACEMENT"])
def test_a_control_character_is_refused_anywhere(field: str) -> None:
    with pytest.raises(MalformedForm) as caught:
        parse_launch(QUERY, FORM | {field: "a\r\nb"})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3600", 3600),
        ("60", 60),
        ("", 3600),
        ("soon", 3600),
        ("-5", 3600),
        ("99999999999", 86400),
        ("١٢", 3600),
    ],
)
def test_a_lifetime_is_sensible_whatever_the_form_says(text: str, seconds: int) -> None:
    assert parse_launch(QUERY, FORM | {"AUTH_EXPIRES": text}).expires_in_seconds == seconds


@pytest.mark.parametrize(
    "text", ["", "[]", "[1]", "{", "null", '"x"', "5", "[" * 5000, "{" + " " * 20000 + "}"]
)
def test_broken_placement_options_are_none(text: str) -> None:
    assert parse_launch(QUERY, FORM | {"PLACEMENT_OPTIONS": text}).placement_options == {}


def test_an_unknown_status_never_blocks() -> None:
    assert parse_launch(QUERY, FORM | {"status": "Z"}).status == "Z"


def test_no_token_shows_in_a_representation() -> None:
    shown = repr(parse_launch(QUERY, FORM)) + repr(
        parse_event(EVENT | {"auth[access_token]": "secret-access", "auth[refresh_token]": "secret-refresh"})
    )
    for secret in (
        FORM["AUTH_ID"],
        FORM["REFRESH_ID"],
        "application-token",
        "secret-access",
        "secret-refresh",
    ):
        assert secret not in shown


def test_an_event_is_read() -> None:
    event = parse_event(EVENT)

    assert (event.name, event.member_id) == ("ONAPPUNINSTALL", EVENT["auth[member_id]"])
    assert event.application_token == "application-token"
    assert event.ts == datetime(2026, 1, 1, tzinfo=UTC)
    assert event.clean is True
    assert event.version is None
    assert (event.language, event.status) == ("uk", "F")
    assert event.domain_hint == "portal.bitrix24.example"
    assert event.server_hint == "https://oauth.bitrix.info/rest/"
    assert event.access_token == event.refresh_token == ""


def test_an_install_event_brings_tokens_and_a_version() -> None:
    event = parse_event(
        EVENT
        | {
            "event": "OnAppInstall",
            "data[VERSION]": "7",
            "data[CLEAN]": "0",
            "auth[access_token]": "a-token",
            "auth[refresh_token]": "r-token",
            "auth[expires_in]": "1800",
        }
    )

    assert (event.name, event.version, event.clean) == ("ONAPPINSTALL", 7, False)
    assert (event.access_token, event.refresh_token, event.expires_in_seconds) == ("a-token", "r-token", 1800)


@pytest.mark.parametrize("field", ["event", "auth[member_id]", "auth[application_token]"])
def test_an_event_without_a_required_field_names_it(field: str) -> None:
    with pytest.raises(MalformedForm) as caught:
        parse_event({name: text for name, text in EVENT.items() if name != field})
    assert caught.value.field == field


@pytest.mark.parametrize("ts", ["", "soon", "-1", "1e9", "999999999999999"])
def test_an_event_without_a_readable_moment_has_none(ts: str) -> None:
    assert parse_event(EVENT | {"ts": ts}).ts is None


@pytest.mark.parametrize(
    ("portal", "iso"),
    [
        ("en", "en"), ("ru", "ru"), ("de", "de"), ("la", "es"), ("br", "pt-br"), ("ua", "uk"), ("kz", "kk"),
        ("vn", "vi"), ("sc", "zh-hans"), ("tc", "zh-hant"), ("in", "hi"), ("fr", "fr"), ("pl", "pl"),
        ("RU", "ru"), (" de ", "de"), ("pt_BR", "pt-br"), ("", "en"), ("xx", "en"), ("../../x", "en"),
    ],
)  # fmt: skip
def test_a_portals_language_is_told_in_iso(portal: str, iso: str) -> None:
    assert language_of(portal) == iso
