"""Why the identity room says no; the numbers are the codes that clients of the web API see."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """One for each thing a person can do about it."""

    BUSY = 50013
    BAD_PARAMETER = 51000
    TOO_MANY_KEYS = 59501
    BAD_NETWORKS = 59503
    BAD_PASSPHRASE = 59505
    UNKNOWN_KEY = 59506
    UNKNOWN_SUB_ACCOUNT = 59510
    NAME_TAKEN = 59601
    TOO_MANY_SUB_ACCOUNTS = 59603
    WRONG_PASSWORD = 90001
    SESSION_ENDED = 90002
    TOO_MANY = 90004
    WRONG_CODE = 90005
    UNPROVEN = 90006
    VAULT_LOCKED = 90007
    BAD_PASSWORD = 90008
    NOT_NOW = 90009
    WRONG_PASSKEY = 90010
    PASSKEY_WAITS = 91026


class Denied(Exception):
    """A refusal; `name` is the parameter and `allowed` what would have been taken."""

    def __init__(self, reason: Reason, allowed: str = "", name: str = "") -> None:
        super().__init__(f"{reason.name}: {allowed}")
        self.reason = reason
        self.allowed = allowed
        self.name = name
