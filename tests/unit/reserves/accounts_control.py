"""Control of accounts by typed messages (EIP-712) and of Safes (EIP-1271), and pretence of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from coincurve import PrivateKey
from eth_account.messages import encode_typed_data

from fullreserve.custody import rlp
from fullreserve.custody.addresses import account_of
from fullreserve.custody.keccak import keccak256
from fullreserve.reserves.places import Said, read_message
from tests.unit.reserves import chain
from tests.unit.reserves.chain import BALANCE, OURS, STRANGER, Owner
from tests.unit.reserves.forge import Document
from tests.unit.reserves.state_tree import StateTree, account
from tests.unit.reserves.vector import Vector
from verifier import verify

SAFE, SINGLETON = bytes((0x5A,)) * 20, bytes((0x51,)) * 20
OWNERS = [Owner(PrivateKey(bytes((n,)) * 32)) for n in (61, 62, 63)]
CODE_PROXY, CODE_SAFE = (bytes.fromhex(one[0]) for one in (verify._SAFE_PROXIES, verify._SAFES))


def recoverable(key: PrivateKey, digest: bytes) -> str:
    """r, s and 27 or 28."""
    made = key.sign_recoverable(digest, hasher=None)
    return (made[:64] + bytes((27 + made[64],))).hex()


def typed(said: Said, chain_id: int = 1) -> bytes:
    """What a device shows and signs, by eth-account's reading of EIP-712."""
    names = ["exchange", "account", "network", "height", "block", "at"]
    kinds = ["bytes32", "address", "uint256", "uint256", "bytes32", "uint256"]
    values = [f"0x{said.exchange}", said.address, *said[2:4], f"0x{said.block}", said.at_ms]
    if said.until_ms:
        names, kinds, values = [*names, "until"], [*kinds, "uint256"], [*values, said.until_ms]
    made = encode_typed_data(
        {
            "name": "Fullreserve reserves",
            "version": "2" if said.until_ms else "1",
            "chainId": chain_id,
        },
        {
            "Ownership": [
                {"name": one, "type": kind} for one, kind in zip(names, kinds, strict=True)
            ]
        },
        dict(zip(names, values, strict=True)),
    )
    return keccak256(b"\x19" + made.version + made.header + made.body)


def word(value: int | bytes) -> bytes:
    return value.rjust(32, b"\0") if isinstance(value, bytes) else value.to_bytes(32, "big")


def safe_said(message: str, safe: bytes = SAFE, chain_id: int = 1) -> bytes:
    """What a Safe's owners sign, written out once more; an integration test asks a real Safe."""
    domain = keccak256(b"EIP712Domain(uint256 chainId,address verifyingContract)")
    own = keccak256(domain + word(chain_id) + word(safe))
    text = message.encode()
    hashed = keccak256(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
    struct = keccak256(keccak256(b"SafeMessage(bytes message)") + keccak256(hashed))
    return keccak256(b"\x19\x01" + own + struct)


def safe_state(
    owners: Sequence[Owner], threshold: int, proxy: bytes = CODE_PROXY, runs: bytes = CODE_SAFE
) -> StateTree:
    """The slots of a Safe: what it runs at 0, owners in a mapping at 2, the threshold at 4."""
    ring = [bytes(19) + b"\1", *(one.account for one in owners)]
    slots = {word(0): SINGLETON, word(4): bytes((threshold,))}
    for place, one in enumerate(ring):
        slots[keccak256(word(one) + word(2))] = ring[(place + 1) % len(ring)]
    storage = StateTree({key: rlp.encode(value.lstrip(b"\0")) for key, value in slots.items()})
    state = StateTree({
        SAFE: account(BALANCE, storage.root, proxy),
        SINGLETON: account(0, code=runs),
        OURS.account: account(BALANCE),
    })  # fmt: skip
    state.nodes += storage.nodes
    return state


def safe_files(
    signers: Sequence[Owner],
    *,
    safe: bytes = SAFE,
    chain_id: int = 1,
    state: StateTree | None = None,
) -> list[Document]:
    def sign(message: str) -> list[str]:
        return [recoverable(one.key, safe_said(message, safe, chain_id)) for one in signers]

    tree = state or safe_state(OWNERS, 2)
    return chain.files(address="0x" + SAFE.hex(), form="eip1271", sign=sign, state_tree=tree)


def typed_vectors() -> Iterator[Vector]:
    """EIP-712."""

    def by(key: PrivateKey, chain_id: int = 1, **altered: Any) -> list[Document]:
        def sign(message: str) -> list[str]:
            said = read_message(message)._replace(**altered)
            return [recoverable(key, typed(said, chain_id))]

        return chain.files(form="eip712", sign=sign)

    by_another = f"{OURS.address}: the signature is by another key."
    yield Vector("EIP-712: a typed message", by(OURS.key), "")
    yield Vector("B1: EIP-712, signed by a stranger", by(STRANGER.key), by_another)
    yield Vector("B4: EIP-712, signed for another chain", by(OURS.key, 2), by_another)
    yield Vector("B4: EIP-712, signed at another time", by(OURS.key, at_ms=5), by_another)
    yield Vector("B4: EIP-712, signed of another block", by(OURS.key, block="00" * 32), by_another)


def safe_vectors() -> Iterator[Vector]:
    """EIP-1271, as a Safe's state after the block answers it."""
    name = "0x" + SAFE.hex()
    yield Vector("EIP-1271: two of a Safe's three owners", safe_files(OWNERS[1:]), "")
    few = f"{name}: fewer owners signed than the Safe needs."
    for version, proxy, safes in (("1.4.1", 1, (2, 3)), ("1.3.0", 2, (4, 5))):
        for place, logs in zip(safes, ("", ", one that logs more"), strict=True):
            codes = verify._SAFE_PROXIES[proxy], verify._SAFES[place]
            state = safe_state(OWNERS, 2, *map(bytes.fromhex, codes))
            held = safe_files(OWNERS[1:], state=state)
            yield Vector(f"EIP-1271: a Safe {version}{logs}", held, "")
    yield Vector("EIP-1271: one owner alone", safe_files(OWNERS[:1]), few)
    yield Vector("B2: EIP-1271, one owner twice", safe_files([OWNERS[0], OWNERS[0]]), few)
    # Nothing leads to somebody who is not in the mapping: what is not shown is not there.
    yield Vector(
        "B1: EIP-1271, a stranger signs with an owner",
        safe_files([OWNERS[0], STRANGER]),
        "The proof of a chain's state is incomplete.",
    )
    unknown = f"{name}: the account is no Safe that this program knows."
    other = safe_state(OWNERS, 2, proxy=keccak256(b"other code"))
    yield Vector("EIP-1271: a contract that is no Safe", safe_files(OWNERS, state=other), unknown)
    other = safe_state(OWNERS, 2, runs=keccak256(b"other code"))
    yield Vector("EIP-1271: a proxy of something else", safe_files(OWNERS, state=other), unknown)
    lax = safe_state(OWNERS, 0)
    yield Vector(
        "EIP-1271: a Safe that needs nobody",
        safe_files(OWNERS, state=lax),
        few,
    )
    yield Vector(
        "B4: EIP-1271, signed for another Safe",
        safe_files(OWNERS, safe=SINGLETON),
        "The proof of a chain's state leads elsewhere.",
    )


def vectors() -> Iterator[Vector]:
    """All of them."""
    assert account_of(OURS.key.public_key.format()) == OURS.account
    yield from typed_vectors()
    yield from safe_vectors()
