"""Where a request comes from, by the word of proxies that are trusted."""

from __future__ import annotations

import pytest

from fullreserve.config import SettingError, Settings
from fullreserve.gateway.rest.address import FORWARDED, Proxies, by_name


def caller(trusted: str, peer: str, told: str) -> str:
    return Proxies(trusted).caller((peer, 5000), {FORWARDED: told.encode("latin-1")})


@pytest.mark.parametrize(
    ("trusted", "peer", "told", "address"),
    [
        ("", "127.0.0.1", "10.1.1.1", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "10.1.1.1", "10.1.1.1"),
        ("127.0.0.1", "192.0.2.1", "10.1.1.1", "192.0.2.1"),
        ("127.0.0.1", "127.0.0.1", "10.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1, 198.51.100.0/24", "127.0.0.1", "10.1.1.1, 198.51.100.1", "10.1.1.1"),
        ("198.51.100.0/24", "::ffff:198.51.100.9", "10.1.1.1", "10.1.1.1"),
        ("::1", "::1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.0/8", "127.0.0.1", "127.0.0.2", "127.0.0.2"),
        ("127.0.0.1", "127.0.0.1", "garbage", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "10.1.1.1, \xff", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_the_word_of_trusted_proxies_counts(
    trusted: str, peer: str, told: str, address: str
) -> None:
    """Criterion: REST-AUTH-3"""
    assert caller(trusted, peer, told) == address


def test_several_lines_are_one_list_in_their_order() -> None:
    """Criterion: REST-AUTH-3. Of any other field the last line counts, as before."""
    lines = [
        (FORWARDED, b"10.1.1.1"),
        (b"host", b"a"),
        (FORWARDED, b"198.51.100.1, 198.51.100.2"),
        (b"host", b"b"),
    ]
    headers = by_name(lines)
    assert headers == {FORWARDED: b"10.1.1.1,198.51.100.1, 198.51.100.2", b"host": b"b"}
    proxies = Proxies("127.0.0.1,198.51.100.0/24")
    assert proxies.caller(("127.0.0.1", 1), headers) == "10.1.1.1"
    assert by_name([(b"host", b"a")]) == {b"host": b"a"}


def test_without_a_proxys_word_it_is_the_peer() -> None:
    """Criterion: REST-AUTH-3"""
    proxies = Proxies("127.0.0.1")
    assert proxies.caller(("127.0.0.1", 1), {}) == "127.0.0.1"
    assert proxies.caller(None, {FORWARDED: b"10.1.1.1"}) == ""


def test_the_setting_takes_addresses_and_networks_and_names_what_is_none() -> None:
    """Criterion: REST-AUTH-3"""
    name = "FULLRESERVE_GATEWAY_TRUSTED_PROXIES"
    assert Settings.load({}).gateway.trusted_proxies == ""
    taken = "127.0.0.1, 10.0.0.0/8,::1"
    assert Settings.load({name: taken}).gateway.trusted_proxies == taken
    for wrong in ("localhost", "10.0.0.1/8", "127.0.0.1,", "300.0.0.1"):
        with pytest.raises(SettingError, match=f"{name} is .*addresses and networks"):
            Settings.load({name: wrong})
