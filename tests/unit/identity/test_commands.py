"""`fullreserve user`: operators from the command line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.identity.commands import create_operator, list_users
from fullreserve.identity.desk import Rooms
from fullreserve.identity.roles import Role
from fullreserve.identity.vault import Personal, Vault


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    Vault(tmp_path, SystemClock().wall_ms).close()
    return Settings(data=tmp_path)


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_an_operator_is_made_with_a_password_and_listed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: ID-ROLE-1"""
    typed(monkeypatch, "correct horse battery\n")
    assert create_operator(settings, "Root@Example.com", "admin") == 0
    vault = Vault(settings.data, SystemClock().wall_ms)
    rooms = Rooms(vault)
    uid = rooms.emails.find("root@example.com")
    assert rooms.roles.operators() == {uid: {Role.ADMIN}}
    assert vault.password_matches(uid, "correct horse battery")
    assert create_operator(settings, "root@example.com", "trading") == 0
    assert rooms.roles.of(uid) == {Role.ADMIN, Role.TRADING}
    assert rooms.roles.withdraw(uid, Role.TRADING)
    assert not rooms.roles.withdraw(uid, Role.TRADING)
    vault.create_user(main_uid=uid)
    vault.create_user(personal=Personal(email="gone@example.com"))
    vault.erase_user(uid + 2)
    vault.close()
    capsys.readouterr()
    assert list_users(settings, emails=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:]] == [
        [str(uid), lines[1].split()[1], "open", "1", "admin", "ro…@example.com"],
        [str(uid + 2), lines[2].split()[1], "closed", "0", "-", "-"],
    ]
    assert list_users(settings, emails=True) == 0
    assert "root@example.com" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("email", "role", "password", "code"),
    [
        ("root", "admin", "correct horse battery", 2),
        ("root@example.com", "king", "correct horse battery", 2),
        ("root@example.com", "admin", "short", 1),
    ],
)
def test_what_cannot_be_is_said_and_leaves_nothing(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    email: str,
    role: str,
    password: str,
    code: int,
) -> None:
    """Criterion: ID-ROLE-1"""
    typed(monkeypatch, password + "\n")
    assert create_operator(settings, email, role) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert password not in said.err
    vault = Vault(settings.data, SystemClock().wall_ms)
    assert vault.users() == []
    vault.close()


def test_without_an_exchange_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: ID-ROLE-1"""
    assert list_users(Settings(data=tmp_path / "none"), emails=False) == 1
    assert "There is no exchange" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
