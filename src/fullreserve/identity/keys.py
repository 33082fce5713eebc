"""API keys as their owners manage them: in sessions, and for sub-accounts through the API."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from fullreserve.identity.api_key import NETWORKS_MAX, PERMISSION_NAMES, Permission, networks
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.vault import KeyRow, NewKey, Vault

LABEL_MAX = 50
PASSPHRASE_MIN = 8
PASSPHRASE_MAX = 32
# The shortest prefix of a network on a key's list, by version of the protocol.
WIDEST = {4: 8, 6: 16}


def permissions_of(text: str) -> Permission:
    """The bits of a comma list such as `read_only,trade`; reading is part of each. Denied."""
    bits = {name: bit for bit, name in PERMISSION_NAMES.items()}
    found = Permission.READ_ONLY
    for name in text.split(","):
        bit = bits.get(name.strip())
        if bit is None:
            raise Denied(Reason.BAD_PARAMETER, "of " + ", ".join(bits), "perm")
        found |= bit
    return found


def addresses_of(text: str) -> list[str]:
    """A comma list of addresses and networks in normal form; Denied."""
    allowed = (
        f"at most {NETWORKS_MAX} IPv4 or IPv6 addresses or networks such as 192.0.2.0/24, "
        f"none wider than /{WIDEST[4]} or /{WIDEST[6]}"
    )
    try:
        found = networks([one.strip() for one in text.split(",") if one.strip()])
    except ValueError:
        raise Denied(Reason.BAD_NETWORKS, allowed) from None
    # A list of everything would be no list, and such a key is to end when it is not used.
    if any(net.prefixlen < WIDEST[net.version] for net in map(ip_network, found)):
        raise Denied(Reason.BAD_NETWORKS, allowed)
    return found


class Keys:
    """The keys of all users; use it from the thread that writes."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def create(
        self,
        uid: int,
        label: str,
        passphrase: str,
        permissions: Permission,
        addresses: Sequence[str],
    ) -> tuple[NewKey, KeyRow]:
        """A new key, at the only moment when its secret is seen; Denied."""
        _check_label(label)
        printable = passphrase.isascii() and passphrase.isprintable()
        if not (printable and PASSPHRASE_MIN <= len(passphrase) <= PASSPHRASE_MAX):
            span = f"{PASSPHRASE_MIN} to {PASSPHRASE_MAX} printable ASCII characters"
            raise Denied(Reason.BAD_PASSPHRASE, span)
        self._vault.require(uid)
        most = self._vault.rules.keys_max
        if len(self._vault.keys_of(uid)) >= most:
            raise Denied(Reason.TOO_MANY_KEYS, str(most))
        made = self._vault.create_key(uid, passphrase, permissions, label, addresses)
        return made, self.require(uid, made.key)

    def require(self, uid: int, key: str) -> KeyRow:
        """A user's key; Denied for none."""
        found = next((row for row in self._vault.keys_of(uid) if row.key == key), None)
        if found is None:
            raise Denied(Reason.UNKNOWN_KEY)
        return found

    def edit(
        self,
        uid: int,
        key: str,
        label: str | None,
        permissions: Permission | None,
        addresses: Sequence[str] | None,
    ) -> KeyRow:
        """Change what is not None; who logged in with the key has to again. Denied."""
        if label is not None:
            _check_label(label)
        self.require(uid, key)
        self._vault.edit_key(key, permissions, label, addresses)
        return self.require(uid, key)

    def delete(self, uid: int, key: str) -> None:
        """Take a key out of force at once; Denied."""
        self.require(uid, key)
        self._vault.revoke_key(key)


def _check_label(label: str) -> None:
    if not 1 <= len(label) <= LABEL_MAX or not label.isprintable():
        raise Denied(Reason.BAD_PARAMETER, f"1 to {LABEL_MAX} printable characters", "label")
