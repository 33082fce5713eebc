"""Who asks, once it is proven: the account that acts and what it may do."""

from __future__ import annotations

from typing import Any


class Caller:
    """Base of `ApiKey` and `Session`; `name` tells two callers apart and is no secret to its owner.

    `permissions` are bits of `api_key.Permission`; `used_ms` is when it last acted, 0 for not yet
    in this process.
    """

    __slots__ = ("label", "limits", "main_uid", "name", "network_texts", "permissions", "uid",
                 "used_ms")  # fmt: skip

    def __init__(
        self,
        name: str,
        uid: int,
        main_uid: int,
        permissions: int,
        label: str = "",
        network_texts: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.uid = uid
        self.main_uid = main_uid
        self.permissions = permissions
        self.label = label
        self.network_texts = network_texts
        self.used_ms = 0
        # Rate-limit buckets of this caller's user, filled in by the gateway that meets it.
        self.limits: dict[tuple[str, int], Any] = {}

    def knows_passphrase(self) -> bool:
        """Whether nothing slow is left to prove."""
        return True

    def passphrase_matches(self, passphrase: bytes) -> bool:
        """Whether what is left to prove is proven by this; slow where `knows_passphrase` is not."""
        return not passphrase
