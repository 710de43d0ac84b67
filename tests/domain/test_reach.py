"""Where a message may go: a table of places that are not for us, however they are spelled."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from campana.domain.reach import destination, may_connect

NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.8.8.8",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::808:808", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1",
    "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::200e"]


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_no_connection_to_what_is_not_public(text: str) -> None:
    assert not may_connect(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_connection_to_what_is(text: str) -> None:
    assert may_connect(ip_address(text))


def test_this_machine_only_when_it_is_allowed_and_nothing_else_with_it() -> None:
    assert may_connect(ip_address("127.0.0.1"), allow_loopback=True)
    assert may_connect(ip_address("::1"), allow_loopback=True)
    rest = set(NOT_PUBLIC) - {"127.0.0.1", "::1"}
    assert not any(may_connect(ip_address(text), allow_loopback=True) for text in rest)


REFUSED_URLS = [
    # no https
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
    "javascript:alert(1)", "//example.com/", "example.com", "https:example.com", "https:///path",
    "https://", "", " https://example.com/", "https://example.com/ ", "https://exa mple.com/",
    "https://example.com/\r\nX: y", "https://example.com/\tx", "https://exam\x00ple.com/",
    "HTTPS ://example.com/", "https://example.com/é", "https://пример.рф/",
    # somebody else's authority
    "https://ana@example.com/", "https://ana:secret@example.com/", "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/", "https://example.com\\@127.0.0.1/", "https://@example.com/",
    "https://example.com/#part", "https://example.com:0/", "https://example.com:/",
    "https://example.com:99999/", "https://example.com:port/", "https://example.com:-1/",
    # names that mean this machine or this network
    "https://localhost/", "https://LOCALHOST/", "https://localhost.localdomain/",
    "https://printer.local/", "https://metadata.google.internal/", "https://router.home.arpa/",
    "https://intranet/", "https://a/", "https://example.com./", "https://localhost./",
    "https://.example.com/", "https://example..com/", "https://-example.com/",
    "https://exa%6dple.com/", "https://127.0.0.1%2f.example.com@x/", "https://*.example.com/",
    # addresses in every spelling
    "https://127.0.0.1/", "https://127.0.0.1./", "https://127.1/", "https://127.0.1/",
    "https://2130706433/", "https://017700000001/", "https://0x7f000001/", "https://0x7f.0.0.1/",
    "https://0x7f.0x0.0x0.0x1/", "https://0177.0.0.1/", "https://0177.0.0.01/",
    "https://127.000.000.001/", "https://00000000127.0.0.1/", "https://①②⑦.0.0.1/",
    "https://127。0。0。1/", "https://0/", "https://0.0.0.0/", "https://10.1/", "https://8.8.2056/",
    "https://134744072/", "https://0x8.0x8.0x8.0x8/", "https://010.8.8.8/",
    "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2001::7f00:1]/",
    "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fc00::1]/",
    "https://[::1", "https://::1/", "https://[8.8.8.8]/", "https://[v1.x]/",
    "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://192.168.0.1:8443/",
    "https://" + "a" * 64 + ".example.com/", "https://" + "a." * 130 + "example.com/",
    "https://example.com/" + "x" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED_URLS, ids=lambda url: url[:60])
def test_a_url_that_is_not_for_us(url: str) -> None:
    assert destination(url) is None


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("https://Hooks.Example.com/a/b?c=d&e=%20", "hooks.example.com", 443, "/a/b?c=d&e=%20",
         "hooks.example.com"),
        ("https://example.com:8443/x", "example.com", 8443, "/x", "example.com:8443"),
        ("https://xn--e1afmkfd.xn--p1ai/", "xn--e1afmkfd.xn--p1ai", 443, "/",
         "xn--e1afmkfd.xn--p1ai"),
        ("https://8.8.8.8/x", "8.8.8.8", 443, "/x", "8.8.8.8"),
        ("https://[2606:4700:4700::1111]:9000/", "2606:4700:4700::1111", 9000, "/",
         "[2606:4700:4700::1111]:9000"),
        ("https://under_score.example.com/", "under_score.example.com", 443, "/",
         "under_score.example.com"),
    ],
)  # fmt: skip
def test_a_url_taken_apart(url: str, host: str, port: int, target: str, authority: str) -> None:
    found = destination(url)
    assert found is not None
    assert (found.host, found.port, found.target) == (host, port, target)
    assert found.authority == authority


def test_http_goes_to_this_machine_alone_and_only_when_allowed() -> None:
    assert destination("http://127.0.0.1:8000/x") is None
    for url in ("http://127.0.0.1:8000/x", "https://127.0.0.1/", "http://[::1]:8000/"):
        assert destination(url, allow_loopback=True) is not None, url
    for url in (
        "http://example.com/", "http://localhost:8000/", "http://127.1/", "http://127.0.0.2/",
        "http://8.8.8.8/", "http://10.0.0.1/", "https://10.0.0.1/", "http://2130706433/",
    ):  # fmt: skip
        assert destination(url, allow_loopback=True) is None, url
