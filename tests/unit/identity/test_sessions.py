"""Sessions: what a token opens, when it ends, and what the store keeps of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.clock import ManualClock
from fullreserve.identity.api_key import Permission
from fullreserve.identity.rules import DAY_MS, HOUR_MS, MINUTE_MS
from fullreserve.identity.session import Device
from fullreserve.identity.sessions import NewSession, Sessions
from fullreserve.identity.store import mark_of
from fullreserve.identity.vault import Vault

HOME = Device("203.0.113.7", "Browser/1")


class Desk:
    """A vault that writes, and one that reads as a gateway does."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.vault = Vault(folder, self.clock.wall_ms)
        self.gateway = Vault(folder, self.clock.wall_ms)
        self.sessions = Sessions(self.vault)
        self.uid = self.vault.create_user().uid

    def open(self) -> NewSession:
        return self.sessions.open(self.uid, HOME)

    def is_live(self, opened: NewSession) -> bool:
        return self.gateway.session(opened.token.encode()) is not None

    def use(self, opened: NewSession) -> None:
        found = self.gateway.session(opened.token.encode())
        assert found is not None
        found.admit(self.clock.wall_ms())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.gateway.close()
    opened.vault.close()


def test_a_session_opens_its_users_account_and_withdraws_only_when_fresh(desk: Desk) -> None:
    """Criterion: ID-SES-1"""
    opened = desk.open()
    found = desk.gateway.session(opened.token.encode())
    assert found is not None
    assert (found.uid, found.main_uid, found.knows_passphrase()) == (desk.uid, desk.uid, True)
    found.admit(desk.clock.wall_ms())
    assert found.permissions == Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW
    desk.clock.advance(10 * MINUTE_MS)
    found.admit(desk.clock.wall_ms())
    assert found.permissions == Permission.READ_ONLY | Permission.TRADE
    assert desk.gateway.session(b"another") is None


def test_the_store_holds_no_token_and_no_device_in_clear(desk: Desk, tmp_path: Path) -> None:
    """Criterion: ID-SES-2"""
    opened = desk.open()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (opened.token, opened.csrf, HOME.address, HOME.agent):
        assert secret.encode() not in content
        assert secret not in repr((opened, desk.gateway.session(opened.token.encode()), HOME))
    assert desk.sessions.of(desk.uid)[0].device == HOME


def test_a_session_ends_idle_and_at_its_end_however_it_is_used(desk: Desk) -> None:
    """Criterion: ID-SES-3"""
    idle, used = desk.open(), desk.open()
    desk.clock.advance(12 * HOUR_MS - 1)
    desk.use(used)
    desk.clock.advance(1)
    assert not desk.is_live(idle)
    assert desk.is_live(used)
    assert [row.id for row in desk.sessions.of(desk.uid)] == []
    desk.gateway.flush_uses()
    assert [row.id for row in desk.sessions.of(desk.uid)] == [used.id]
    for _ in range(13):
        desk.use(used)
        desk.clock.advance(12 * HOUR_MS - 1)
    desk.use(used)
    desk.clock.advance(7 * DAY_MS - (14 * (12 * HOUR_MS - 1) + 1) - 1)
    assert desk.is_live(used)
    desk.clock.advance(1)
    assert not desk.is_live(used)


def test_use_in_one_process_keeps_a_session_alive_in_another(desk: Desk, tmp_path: Path) -> None:
    """Criterion: ID-SES-3"""
    opened = desk.open()
    assert desk.vault.session(opened.token.encode()) is not None
    desk.clock.advance(11 * HOUR_MS)
    desk.use(opened)
    desk.gateway.flush_uses()
    desk.clock.advance(2 * HOUR_MS)
    assert desk.vault.session(opened.token.encode()) is not None


def test_a_step_up_gives_a_new_token_and_the_old_one_opens_nothing(desk: Desk) -> None:
    """Criterion: ID-SES-4"""
    opened = desk.open()
    desk.clock.advance(HOUR_MS)
    mark = mark_of(opened.token.encode())
    fresh = desk.sessions.rotate(mark)
    assert fresh is not None
    assert (fresh.id, fresh.ends_ms) == (opened.id, opened.ends_ms)
    assert fresh.token != opened.token
    assert not desk.is_live(opened)
    found = desk.gateway.session(fresh.token.encode())
    assert found is not None
    assert found.is_proven(desk.clock.wall_ms())
    assert desk.sessions.rotate(mark) is None


def test_ended_sessions_open_nothing_in_any_process_from_then_on(desk: Desk) -> None:
    """Criterion: ID-SES-5"""
    first, second, third = desk.open(), desk.open(), desk.open()
    other = desk.sessions.open(desk.vault.create_user().uid, HOME)
    assert all(map(desk.is_live, (first, second, third, other)))
    assert desk.sessions.end(desk.uid, first.id)
    assert not desk.sessions.end(desk.uid, first.id)
    assert not desk.sessions.end(desk.uid, other.id)
    assert [desk.is_live(one) for one in (first, second, third, other)] == [False, True, True, True]
    assert desk.sessions.end_all(desk.uid, but=second.id) == 1
    assert [desk.is_live(one) for one in (second, third, other)] == [True, False, True]


def test_a_caller_in_hand_is_no_longer_current_once_its_session_ended(desk: Desk) -> None:
    """Criterion: ID-SES-5. A WebSocket keeps the caller that it logged in with."""
    opened = desk.open()
    held = desk.gateway.session(opened.token.encode())
    assert held is not None
    desk.sessions.end_all(desk.vault.create_user().uid)
    assert desk.gateway.is_current(held)
    desk.sessions.end_all(desk.uid)
    assert not desk.gateway.is_current(held)


@pytest.mark.parametrize("is_stored", [False, True])
def test_use_elsewhere_keeps_a_caller_in_hand_current(desk: Desk, *, is_stored: bool) -> None:
    """Criterion: ID-SES-3. A WebSocket holds a session of its own beside the one of requests."""
    opened = desk.open()
    held = desk.gateway.session_at(mark_of(opened.token.encode()))
    assert held is not None
    desk.clock.advance(11 * HOUR_MS)
    desk.use(opened)
    if is_stored:
        desk.gateway.flush_uses()
        desk.sessions.end_all(desk.vault.create_user().uid)
    desk.clock.advance(2 * HOUR_MS)
    assert desk.gateway.is_current(held)
    desk.clock.advance(10 * HOUR_MS)
    assert not desk.gateway.is_current(held)


def test_the_oldest_sessions_make_room(desk: Desk) -> None:
    """Criterion: ID-SES-6"""
    opened = [desk.open() for _ in range(desk.vault.rules.sessions_max + 1)]
    assert not desk.is_live(opened[0])
    assert desk.is_live(opened[1])
    assert len(desk.sessions.of(desk.uid)) == desk.vault.rules.sessions_max


def test_a_sign_in_leaves_what_others_know_as_it_is(desk: Desk) -> None:
    """Criterion: ID-SES-7. Otherwise each sign-in would have every key's passphrase hashed."""
    made = desk.vault.create_key(desk.uid, "Phrase 1", Permission.TRADE)
    key = desk.gateway.api_key(made.key.encode())
    assert key is not None
    assert key.passphrase_matches(b"Phrase 1")
    desk.open()
    other = desk.vault.create_user().uid
    desk.sessions.open(other, HOME)
    desk.vault.create_key(other, "Phrase 1", Permission.TRADE)
    desk.sessions.end_all(other)
    desk.vault.switch_keys(other, off=True)
    desk.vault.erase_user(other)
    assert desk.gateway.api_key(made.key.encode()) is key
    desk.vault.edit_key(made.key, label="new")
    again = desk.gateway.api_key(made.key.encode())
    assert again is not key
    assert again is not None
    assert again.knows_passphrase()
