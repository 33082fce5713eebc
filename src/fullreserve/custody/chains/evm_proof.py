"""What a block's hash proves of an EVM chain: its transactions, its receipts, and its accounts.

A node may tell a true header and other transactions under it, a receipt of nothing that was, or a
balance that nobody has. The header has the roots of three tries, and what is concluded from holds
against them: https://github.com/ethereum/execution-specs, `trie.py` and `transactions.py`; proofs
of accounts are those of https://eips.ethereum.org/EIPS/eip-1186.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from coincurve import PublicKey

from fullreserve.custody import rlp
from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.evm_blocks import ACCOUNT, HASH, Sent
from fullreserve.custody.chains.rpc import NodeGarbage, field, hexed, listed, quantity
from fullreserve.custody.keccak import keccak256

EMPTY = keccak256(rlp.encode(b""))
PROTECTED_V = 35  # of a signature that names its chain, EIP-155
BYTE_BITS, NONCE_BITS = 8, 64

WITH_TIP, WITH_BLOBS, WITH_CODE = 2, 3, 4  # kinds: EIP-1559, EIP-4844, EIP-7702
# What stands before the target in each kind of transaction, in the order of its encoding.
_BEFORE = {
    0: ("nonce", "gasPrice", "gas"),
    1: ("chainId", "nonce", "gasPrice", "gas"),
    WITH_TIP: ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas"),
}
_BEFORE |= dict.fromkeys((WITH_BLOBS, WITH_CODE), _BEFORE[WITH_TIP])


class Account(NamedTuple):
    """What a block's state holds for an account."""

    nonce: int
    balance: int  # wei


NOBODY = Account(0, 0)
BRANCH = 17  # parts of a node

# Tries


def trie_root(values: Sequence[bytes]) -> bytes:
    """The root of a trie of values by their encoded places, as headers have it."""
    pairs = sorted((_nibbles(rlp.encode(place)), value) for place, value in enumerate(values))
    return keccak256(rlp.encode(_node(pairs, 0))) if pairs else EMPTY


def _node(pairs: Sequence[tuple[bytes, bytes]], depth: int) -> rlp.Item:
    """Of sorted paths that agree up to a depth; none is the beginning of another."""
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return [_packed(first[depth:], is_leaf=True), pairs[0][1]]
    end = depth
    while first[end] == last[end]:
        end += 1
    if end > depth:
        return [_packed(first[depth:end], is_leaf=False), _reference(_node(pairs, end))]
    below: list[list[tuple[bytes, bytes]]] = [[] for _ in range(16)]
    for pair in pairs:
        below[pair[0][depth]].append(pair)
    return [*(_reference(_node(some, depth + 1)) if some else b"" for some in below), b""]


def _reference(node: rlp.Item) -> rlp.Item:
    encoded = rlp.encode(node)
    return node if len(encoded) < HASH else keccak256(encoded)


def _nibbles(key: bytes) -> bytes:
    return bytes(half for one in key for half in (one >> 4, one & 15))


def _packed(path: bytes, *, is_leaf: bool) -> bytes:
    flag = 2 * is_leaf + len(path) % 2
    whole = bytes((flag, *path)) if len(path) % 2 else bytes((flag, 0, *path))
    return bytes(16 * high + low for high, low in zip(whole[::2], whole[1::2], strict=True))


# Transactions and receipts


def transactions(block: Any) -> list[Any]:
    """Those that a block's header, which was read, covers; NodeGarbage where these are others."""
    told = listed(field(block, "transactions"))
    if trie_root([raw(one) for one in told]) != hexed(field(block, "transactionsRoot")):
        raise NodeGarbage("a block's transactions are not those that its hash covers")
    return told


def receipts(block: Any, names: Sequence[bytes], told: Sequence[Any]) -> dict[bytes, Any]:
    """Those of a block's transactions, in its order, by their names; NodeGarbage for others."""
    if trie_root([_raw_receipt(one) for one in told]) != hexed(field(block, "receiptsRoot")):
        raise NodeGarbage("a block's receipts are not those that its hash covers")
    return dict(zip(names, told, strict=True))


def raw(told: Any) -> bytes:
    """A transaction as it is hashed and sent, from the node's words; NodeGarbage."""
    kind, fields = _unsigned(told)
    ends = ("v" if kind == 0 or told.get("yParity") is None else "yParity", "r", "s")
    signed = rlp.encode([*fields, *(quantity(field(told, name)) for name in ends)])
    return bytes((kind,)) + signed if kind else signed


def signed(told: Any) -> Sent:
    """A transaction whose id and sender follow from what it says; NodeGarbage."""
    sent = Sent.read(told)
    if keccak256(raw(told)) != sent.txid:
        raise NodeGarbage(f"transaction {sent.txid.hex()} is not what its hash says")
    if _sender(told) != sent.spend[:ACCOUNT]:
        raise NodeGarbage(f"transaction {sent.txid.hex()} was signed by another than its sender")
    return sent


def gas_price(block: Any, told: Any) -> int:
    """What one of a block's transactions paid for each gas, in wei; NodeGarbage.

    By what their hashes cover: the block's base fee, and what the transaction bids
    (https://eips.ethereum.org/EIPS/eip-1559). What a receipt says of it, no root covers.
    """
    if _unsigned(told)[0] < WITH_TIP:
        return quantity(field(told, "gasPrice"))
    most, tip = (quantity(field(told, one)) for one in ("maxFeePerGas", "maxPriorityFeePerGas"))
    return min(most, quantity(field(block, "baseFeePerGas")) + tip)


def _sender(told: Any) -> bytes:
    kind, fields = _unsigned(told)
    r, s = (quantity(field(told, name)).to_bytes(HASH, "big") for name in ("r", "s"))
    y = told.get("yParity") if kind else None
    v = quantity(y if y is not None else field(told, "v"), NONCE_BITS)
    if not kind and v >= PROTECTED_V:
        fields = [*fields, (v - PROTECTED_V) // 2, 0, 0]
        v -= PROTECTED_V
    elif not kind:
        v -= 27
    start = bytes((kind,)) if kind else b""
    digest, parity = keccak256(start + rlp.encode(fields)), bytes((v % 2,))
    try:
        key = PublicKey.from_signature_and_message(r + s + parity, digest, hasher=None)
    except ValueError:
        raise NodeGarbage("a transaction with a signature of nobody") from None
    return account_of(key.format())


def _unsigned(told: Any) -> tuple[int, list[rlp.Item]]:
    """A transaction's kind, and its fields before the signature."""
    kind = quantity(told.get("type") or "0x0", BYTE_BITS) if isinstance(told, dict) else -1
    if kind not in _BEFORE:
        raise NodeGarbage(f"a transaction of kind {kind}, which is not known and cannot be checked")
    fields: list[rlp.Item] = [quantity(field(told, name)) for name in _BEFORE[kind]]
    target = field(told, "to")
    fields.append(hexed(target, ACCOUNT) if target is not None else b"")
    fields += [quantity(field(told, "value")), hexed(field(told, "input"))]
    if kind:
        fields.append([_access(one) for one in listed(told.get("accessList") or [])])
    if kind == WITH_BLOBS:
        fields.append(quantity(field(told, "maxFeePerBlobGas")))
        fields.append([hexed(one, HASH) for one in listed(field(told, "blobVersionedHashes"))])
    if kind == WITH_CODE:
        fields.append([_authority(one) for one in listed(field(told, "authorizationList"))])
    return kind, fields


def _access(told: Any) -> rlp.Item:
    keys = [hexed(one, HASH) for one in listed(field(told, "storageKeys"))]
    return [hexed(field(told, "address"), ACCOUNT), keys]


def _authority(told: Any) -> rlp.Item:
    chain, account = quantity(field(told, "chainId")), hexed(field(told, "address"), ACCOUNT)
    return [chain, account, *(quantity(field(told, one)) for one in ("nonce", "yParity", "r", "s"))]


def _raw_receipt(told: Any) -> bytes:
    kind = quantity(field(told, "type"), BYTE_BITS) if told is not None else 0
    logs = [_log(one) for one in listed(field(told, "logs"))]
    done, used = quantity(field(told, "status")), quantity(field(told, "cumulativeGasUsed"))
    encoded = rlp.encode([done, used, hexed(field(told, "logsBloom")), logs])
    return bytes((kind,)) + encoded if kind else encoded


def _log(told: Any) -> rlp.Item:
    topics = [hexed(topic, HASH) for topic in listed(field(told, "topics"))]
    return [hexed(field(told, "address"), ACCOUNT), topics, hexed(field(told, "data"))]


# Accounts


def account(state_root: bytes, place: bytes, proof: Any) -> Account:
    """What a state holds for an account, by a node's proof of it; NodeGarbage.

    Keys of a state are as long as hashes, so that no node of its trie stands in another.
    """
    try:
        found = _followed(state_root, place, [hexed(one) for one in listed(proof)])
    except (IndexError, ValueError):
        found = None
    if found is None:
        raise NodeGarbage(f"what a node says of {place.hex()} is not what its block's state holds")
    return found


def _followed(wanted: bytes, place: bytes, nodes: Sequence[bytes]) -> Account | None:
    """None where the nodes do not lead to its end; IndexError, ValueError."""
    path = _nibbles(keccak256(place))
    for node in nodes:
        if keccak256(node) != wanted:
            return None
        parts = rlp.decode_list(node)
        if len(parts) == BRANCH:
            wanted, path = parts[path[0]], path[1:]
            if not wanted:
                return NOBODY
            continue
        own = _unpacked(parts[0])
        if path[: len(own)] != own:
            return NOBODY
        path = path[len(own) :]
        if not path:
            nonce, balance, *_ = rlp.decode_list(parts[1])
            return Account(int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"))
        wanted = parts[1]
    return None


def _unpacked(packed: bytes) -> bytes:
    path = _nibbles(packed)
    return path[1:] if path[0] % 2 else path[2:]
