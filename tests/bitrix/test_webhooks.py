"""The address of an incoming webhook: read once, told never."""

from __future__ import annotations

import pytest

from bxapp.bitrix.webhooks import MalformedWebhook, read_webhook

SECRET = "k3y0fth3w3bh00k0"


@pytest.mark.parametrize(
    ("url", "rest_endpoint"),
    [
        (f"https://portal.example/rest/1/{SECRET}/", "https://portal.example/rest/"),
        (f"  https://Portal.Example:443/rest/1/{SECRET}\n", "https://portal.example/rest/"),
        (f"https://portal.example:8443/rest/1/{SECRET}/", "https://portal.example:8443/rest/"),
        (f"https://portal.example/b24/site-1/rest/1/{SECRET}/", "https://portal.example/b24/site-1/rest/"),
        (f"https://[::1]:8443/rest/1/{SECRET}/", "https://[::1]:8443/rest/"),
        (f"https://10.1.2.3/rest/1/{SECRET}/", "https://10.1.2.3/rest/"),
    ],
)
def test_an_address_as_the_portal_shows_it(url: str, rest_endpoint: str) -> None:
    webhook = read_webhook(url, allow_insecure=False)

    assert (webhook.rest_endpoint, webhook.user_id) == (rest_endpoint, 1)
    assert webhook.endpoint == f"{rest_endpoint}1/{SECRET}/"
    assert SECRET not in repr(webhook)


def test_plain_http_only_where_it_is_allowed() -> None:
    url = f"http://localhost:8100/rest/1/{SECRET}/"
    assert read_webhook(url, allow_insecure=True).domain == "localhost:8100"
    with pytest.raises(MalformedWebhook, match="https"):
        read_webhook(url, allow_insecure=False)


@pytest.mark.parametrize(
    "url",
    [
        "portal.example",
        f"ftp://portal.example/rest/1/{SECRET}/",
        f"https:///rest/1/{SECRET}/",
        "https://portal.example/rest/",
        f"https://portal.example/rest/{SECRET}/",
        f"https://portal.example/rest/0/{SECRET}/",
        f"https://portal.example/rest/one/{SECRET}/",
        f"https://portal.example/rest/1/{SECRET}/profile.json",
        f"https://portal.example/rest/1/{SECRET}/?ID=1",
        f"https://user:{SECRET}@portal.example/rest/1/{SECRET}/",
        f"https://portal.example:port/rest/1/{SECRET}/",
        f"https://portal.example/rest/1/../{SECRET}/",
        "https://portal.example/rest/1/short/",
    ],
)
def test_everything_else_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(MalformedWebhook) as refused:
        read_webhook(url, allow_insecure=True)
    assert SECRET not in str(refused.value)


def test_a_portal_is_known_by_its_address_whoever_made_the_webhook() -> None:
    one, other, elsewhere = (
        read_webhook(f"https://{address}/", allow_insecure=False)
        for address in (
            f"portal.example/rest/1/{SECRET}",
            "PORTAL.example/rest/2/an0th3rs3cr3t",
            f"portal.example:8443/rest/1/{SECRET}",
        )
    )
    assert one.portal_id == other.portal_id != elsewhere.portal_id
    assert len(one.portal_id) <= 64
    assert SECRET not in one.portal_id
