"""The first use of a key: one check of its passphrase, however many connections come at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.proving import Proving
from fullreserve.gateway.rest.request import Request
from fullreserve.identity import passwords
from fullreserve.identity.api_key import ApiKey, Permission
from fullreserve.identity.vault import Vault

NOW = 1_700_000_000_123


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passphrases that argon2 was asked about."""
    asked: list[str] = []
    real = passwords.matches

    def counted(kept: str, given: str) -> bool:
        asked.append(given)
        return real(kept, given)

    monkeypatch.setattr(passwords, "matches", counted)
    return asked


def request(key: ApiKey, passphrase: str) -> Request:
    headers = {b"ok-access-passphrase": passphrase.encode()}
    return Request(b"", b"", headers, "127.0.0.1", key, NOW * 1000, 0)


async def test_many_connections_cost_one_check(tmp_path: Path, checks: list[str]) -> None:
    """Criterion: REST-AUTH-7"""
    vault = Vault(tmp_path, lambda: NOW)
    made = vault.create_key(vault.create_user().uid, "Phrase 1", Permission.READ_ONLY)
    key = vault.api_key(made.key.encode())
    assert key is not None
    proving = Proving()
    said = await asyncio.gather(
        *(proving.check(request(key, "Phrase 1")) for _ in range(20)),
        *(proving.check(request(key, "another")) for _ in range(3)),
        return_exceptions=True,
    )
    assert checks == ["Phrase 1"]
    assert said[:20] == [None] * 20
    assert [one.code for one in said[20:] if isinstance(one, Problem)] == [50105] * 3
    vault.close()
