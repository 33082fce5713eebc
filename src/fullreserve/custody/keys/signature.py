"""ECDSA signatures over secp256k1 as chains take them: low s, and a number to recover the key by.

Low s: https://github.com/bitcoin/bips/blob/master/bip-0146.mediawiki; DER: BIP 66.
"""

from __future__ import annotations

from coincurve import PublicKey

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
HALF = 32
DIGEST = 32
SIZE = 65  # r, s and the recovery number


class BadSignature(ValueError):
    """Not a signature of that key over that digest."""


def recoverable(r: int, s: int, digest: bytes, key: bytes) -> bytes:
    """65 bytes of what a device answered, checked against its public key; BadSignature."""
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise BadSignature("a number of the signature is out of range")
    low = min(s, ORDER - s)
    compact = r.to_bytes(HALF, "big") + low.to_bytes(HALF, "big")
    for number in range(4):
        made = compact + bytes((number,))
        if recovered(made, digest) == key:
            return made
    raise BadSignature("the device signed with another key, or something else")


def recovered(signature: bytes, digest: bytes) -> bytes | None:
    """The compressed key that made it; None for what no key has made."""
    if len(signature) != SIZE or len(digest) != DIGEST:
        return None
    try:
        return PublicKey.from_signature_and_message(signature, digest, hasher=None).format()
    except ValueError:
        return None


def der(signature: bytes) -> bytes:
    """The form in which scripts take it, without the sighash byte."""
    r, s = _integer(signature[:HALF]), _integer(signature[HALF : 2 * HALF])
    return bytes((0x30, len(r) + len(s))) + r + s


def _integer(number: bytes) -> bytes:
    bare = number.lstrip(b"\0") or b"\0"
    whole = b"\0" + bare if bare[0] & 0x80 else bare
    return bytes((0x02, len(whole))) + whole


def is_valid_der(signature: bytes, digest: bytes, key: bytes) -> bool:
    """Whether a signature of DER form, low s, is this key's over the digest."""
    try:
        sound = PublicKey(key).verify(signature, digest, hasher=None)
        low = int.from_bytes(_second(signature), "big") <= ORDER // 2
    except (ValueError, IndexError):
        return False
    return bool(sound) and low


def _second(signature: bytes) -> bytes:
    at = 4 + signature[3]
    return signature[at + 2 : at + 2 + signature[at + 1]]
