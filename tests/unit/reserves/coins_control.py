"""Control of addresses of Bitcoin's family, of each kind, and ways to pretend it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from embit import ec
from embit.script import Script
from embit.transaction import Transaction

from fullreserve.custody import bech32
from fullreserve.custody.tiers.wallet import Key, Wallet
from tests.unit.reserves import wallet
from tests.unit.reserves.coins import files
from tests.unit.reserves.vector import Vector
from tests.unit.reserves.wallet import KEYS, STRANGER, Sign

NONE = "A signature over an address is none."
UNKNOWN_SCRIPT = "An address's script is of a kind that this program does not know."


def place_of(code: bytes) -> str:
    return bech32.encode("bcrt", 0, hashlib.sha256(code).digest())


def sorted_keys() -> list[wallet.Key]:
    return sorted(KEYS, key=lambda one: bytes(one.sec()))


def multi(needed: int, keys: list[wallet.Key]) -> bytes:
    pushed = b"".join(b"\x21" + one.sec() for one in keys)
    return bytes((0x50 + needed,)) + pushed + bytes((0x50 + len(keys), 0xAE))


MULTI = multi(2, sorted_keys())
# Two of three holders, or after 144 blocks one of two heirs.
HEIRS = Wallet(
    2,
    tuple(Key(f"holder {n}", one.sec().hex()) for n, one in enumerate(KEYS)),
    1,
    tuple(Key(f"heir {n}", bytes(ec.PrivateKey(bytes((n,)) * 32).sec()).hex())
          for n in (51, 52)),
    144,
).witness_script(0)  # fmt: skip
HEIR = ec.PrivateKey(bytes((51,)) * 32)


def bip137() -> Iterator[Vector]:
    """One key's compact signature, whose first byte says of which kind of address it is."""
    kinds = (
        ("the hash of a key", 31, wallet.to_key()),
        ("a wrapped witness key", 35, wallet.to_wrapped()),
        ("a witness key", 39, wallet.to_witness_key()),
    )
    for name, kind, pays in kinds:
        address = wallet.address(pays)
        by_another = f"{address}: the signature is by another key."

        def shown(sign: Sign, address: str = address) -> list[dict[str, object]]:
            return files(address=address, form="bip137", sign=sign)

        yield Vector(f"BIP 137: {name}", shown(wallet.compact(kind)), "")
        stranger = shown(wallet.compact(kind, STRANGER))
        yield Vector(f"BIP 137: {name}, by a stranger", stranger, by_another)
        other = 39 if kind == 31 else 31
        yield Vector(
            f"BIP 137: {name}, signed as another kind", shown(wallet.compact(other)), by_another
        )
    address = wallet.address(wallet.to_key())

    def twice(message: str) -> list[str]:
        return [*wallet.compact(31)(message)] * 2

    yield Vector(
        "B2: BIP 137, one signature twice",
        files(address=address, form="bip137", sign=twice),
        f"{address}: this form has one signature.",
    )
    yield Vector(
        "BIP 137: a first byte that is of no kind",
        files(address=address, form="bip137", sign=wallet.compact(43)),
        NONE,
    )


def bip322() -> Iterator[Vector]:
    """Whatever can pay from an address can sign for it."""
    honest = (
        ("a witness key", wallet.address(wallet.to_witness_key()), wallet.by_witness_key()),
        ("taproot", wallet.address(wallet.to_taproot()), wallet.by_taproot()),
        ("the hash of a key, in full", wallet.address(wallet.to_key()), wallet.by_key()),
        (
            "two of three keys",
            place_of(MULTI),
            wallet.by_script(MULTI, wallet.several(MULTI, sorted_keys()[:2])),
        ),
        (
            "holders who have heirs",
            place_of(HEIRS),
            wallet.by_script(HEIRS, wallet.several(HEIRS, KEYS[1:])),
        ),
    )
    for name, address, sign in honest:
        yield Vector(f"BIP 322: {name}", files(address=address, form="bip322", sign=sign), "")
        does_not = f"{address}: the signature does not hold."

        def of_another(_message: str, sign: Sign = sign) -> list[str]:
            return list(sign("another message"))

        # A whole transaction names what it spends; a witness is only found not to fit.
        verdict = NONE if "in full" in name else does_not
        altered = files(address=address, form="bip322", sign=of_another)
        yield Vector(f"B4: BIP 322, {name}, of another message", altered, verdict)
    yield from pretended()


def pretended() -> Iterator[Vector]:
    """Signatures that show nothing, or less than they should."""
    taproot = wallet.address(wallet.to_taproot(STRANGER))
    yield Vector(
        "B1: BIP 322, a stranger's taproot address",
        files(
            address=taproot, form="bip322",
            sign=wallet.by_taproot(KEYS[0], wallet.to_taproot(STRANGER)),
        ),
        f"{taproot}: the signature does not hold.",
    )  # fmt: skip
    one_twice = wallet.several(MULTI, [sorted_keys()[0]] * 2)
    yield Vector(
        "B2: BIP 322, one of three keys signs twice",
        files(address=place_of(MULTI), form="bip322", sign=wallet.by_script(MULTI, one_twice)),
        f"{place_of(MULTI)}: the signature does not hold.",
    )

    def heir(made: Transaction) -> list[bytes]:
        return [b"", wallet.signed(HEIR, made, Script(HEIRS)), b"", b"", b""]

    yield Vector(
        "BIP 322: heirs who could pay only later",
        files(address=place_of(HEIRS), form="bip322", sign=wallet.by_script(HEIRS, heir, 144)),
        f"{place_of(HEIRS)}: who signed could pay from it only later.",
    )
    yield Vector(
        "BIP 322: heirs who do not wait long enough",
        files(address=place_of(HEIRS), form="bip322", sign=wallet.by_script(HEIRS, heir, 143)),
        f"{place_of(HEIRS)}: the signature does not hold.",
    )
    anybody = b"\x51"
    yield Vector(
        "BIP 322: a script that anybody can pay from shows nobody's control",
        files(
            address=place_of(anybody), form="bip322", sign=wallet.by_script(anybody, lambda _: [])
        ),
        f"{place_of(anybody)}: the signature does not hold.",
    )
    strange = b"\x51\xab\x51"
    yield Vector(
        "BIP 322: a script of another kind",
        files(
            address=place_of(strange), form="bip322", sign=wallet.by_script(strange, lambda _: [])
        ),
        UNKNOWN_SCRIPT,
    )
    yield from unreadable()


def unreadable() -> Iterator[Vector]:
    """What is no signature, and forms that are none."""
    address = wallet.address(wallet.to_witness_key())
    for name, made in (("no base64", "smp!!"), ("a cut witness", "smpAkcw"), ("nothing", "smp")):

        def signs(_message: str, made: str = made) -> list[str]:
            return [made]

        broken = files(address=address, form="bip322", sign=signs)
        yield Vector(f"BIP 322: {name}", broken, NONE)
    yield Vector(
        "a signature in an unknown form",
        files(address=address, form="word of honour", sign=wallet.by_witness_key()),
        "An address is signed for in a form that this program does not know.",
    )
    wrong = address[:-1] + ("q" if address[-1] != "q" else "p")
    yield Vector(
        "B3: an address with a wrong checksum",
        files(address=wrong, form="bip322", sign=wallet.by_witness_key()),
        "An address is of a kind that this program does not know.",
    )
    older = wallet.address(wallet.to_key())
    yield Vector(
        "B3: an older address with a wrong checksum",
        files(address=older[:-1] + ("2" if older[-1] != "2" else "3"), form="bip137",
              sign=wallet.compact(31)),
        "An address is of a kind that this program does not know.",
    )  # fmt: skip


def vectors() -> Iterator[Vector]:
    """All of them."""
    yield from bip137()
    yield from bip322()
