"""Only public https addresses are called, unless the operator allows more."""

from __future__ import annotations

import pytest

from bxapp.bitrix.addresses import checked_endpoint, is_public, moved_endpoint, portal_address
from bxapp.bitrix.errors import EndpointRefused
from bxapp.bitrix.launch import MalformedForm


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "localhost", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/rest/",
        "https://localhost/rest/",
        "https://[::1]/rest/",
        "https://169.254.169.254/latest/",
        "https://2130706433/rest/",
        "https://0x7f.1/rest/",
        "http://8.8.8.8/rest/",
        "https://no-such-host.invalid/rest/",
    ],
)
def test_an_endpoint_that_is_not_public_or_not_https_is_refused(endpoint: str) -> None:
    with pytest.raises(EndpointRefused):
        checked_endpoint(endpoint, allow_insecure=False)


@pytest.mark.parametrize("allow_insecure", [True, False])
@pytest.mark.parametrize(
    "endpoint",
    [
        "", "ftp://8.8.8.8/rest/", "file:///etc/passwd", "//8.8.8.8/rest/", "8.8.8.8/rest/", "https:///rest/",
        "https://user:word@8.8.8.8/rest/", "https://8.8.8.8:99999/rest/", "https://8.8.8.8/rest/?x=1",
        "https://a b/rest/", "https://[::1/rest/", "https://ho\r\nst/rest/",
        "https://[v1.a:; script-src *]/rest/", "https://[fe80::1%25eth0]/rest/",
    ],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused_always(endpoint: str, allow_insecure: bool) -> None:
    with pytest.raises(EndpointRefused):
        checked_endpoint(endpoint, allow_insecure=allow_insecure)


@pytest.mark.parametrize(
    ("endpoint", "plain"),
    [
        ("https://8.8.8.8/rest/", "https://8.8.8.8/rest/"),
        (" https://8.8.8.8:8443/rest ", "https://8.8.8.8:8443/rest/"),
        ("https://[2001:4860:4860::8888]/rest/", "https://[2001:4860:4860::8888]/rest/"),
    ],
)
def test_a_public_https_endpoint_is_taken_in_its_plain_form(endpoint: str, plain: str) -> None:
    assert checked_endpoint(endpoint, allow_insecure=False) == plain


def test_the_operator_may_allow_more() -> None:
    endpoint = "http://localhost:8101/rest/"
    assert checked_endpoint(endpoint, allow_insecure=True) == endpoint


@pytest.mark.parametrize(
    ("location", "endpoint"),
    [
        ("https://new.example/rest/profile", "https://new.example/rest/"),
        ("https://new.example/rest/profile.json", "https://new.example/rest/"),
        ("https://new.example:8443/sub/rest/profile", "https://new.example:8443/sub/rest/"),
        ("https://new.example/", "https://new.example/rest/"),
        ("/rest/other", "https://old.example/rest/"),
        ("ftp://new.example/rest/profile", ""),
        ("https://user@new.example/rest/profile", ""),
        ("https://new.example:port/rest/profile", ""),
        ("javascript:alert(1)", ""),
        ("https://[bad/", ""),
    ],
)
def test_a_redirect_points_to_an_endpoint(location: str, endpoint: str) -> None:
    assert moved_endpoint("https://old.example/rest/", "profile", location) == endpoint


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("portal.example", "https://portal.example"),
        (" https://portal.example/crm/ ", "https://portal.example"),
        ("http://portal.example:8080", "https://portal.example:8080"),
        ("127.0.0.1:8000", "https://127.0.0.1:8000"),
    ],
)
def test_what_a_person_types_becomes_an_https_address(typed: str, address: str) -> None:
    assert portal_address(typed, allow_insecure=False) == address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("localhost:8101", "http://localhost:8101"),
        ("http://portal.example", "http://portal.example"),
        ("portal.example", "https://portal.example"),
    ],
)
def test_plain_http_only_where_it_is_allowed(typed: str, address: str) -> None:
    assert portal_address(typed, allow_insecure=True) == address


@pytest.mark.parametrize(
    "typed", ["", "a b", "javascript:alert(1)", "https://u@portal.example", "x:port", "//"]
)
def test_what_is_no_host_name_is_refused(typed: str) -> None:
    with pytest.raises(MalformedForm):
        portal_address(typed, allow_insecure=False)
