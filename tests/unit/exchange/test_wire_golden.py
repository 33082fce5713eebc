"""Goal: Python and Rust agree on every byte of the wire.

Method: samples of every message, with values at the edges of each encoding, are encoded here and
compared with `tests/golden/wire.txt`; `crates/core/tests/wire_golden.rs` decodes the same file and
encodes it back. A message without sample fails on both sides. After a change of the schema:
`.venv/bin/python -m tests.unit.exchange.test_wire_golden` writes the file anew.
"""

import itertools
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from fullreserve.exchange.wire import commands, events, queries

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "wire.txt"
SAMPLES = 6

U64 = (0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
U32 = tuple(value for value in U64 if value < 2**32)
U16 = tuple(value for value in U64 if value < 2**16)
U8 = tuple(value for value in U64 if value < 2**8)
I64 = (0, -1, -32, -33, -128, -129, -32_768, -32_769, -(2**31), -(2**31) - 1, -(2**63), 127, 2**62)
I128 = (0, 1, -1, 10**8, -(10**20), 2**127 - 1, -(2**127))

U8_FIELDS = {"scale", "price_scale", "size_scale", "kyc"}
U16_FIELDS = {"kind", "target_kind", "weight_kind", "tier", "reason", "equity"}
U32_FIELDS = {
    "instrument", "asset", "base", "quote", "weight_asset", "after_asset", "segment", "fold",
    "code", "amend_code", "rules", "orders", "levels", "limit",
}  # fmt: skip
RATE_FIELDS = {"maker", "taker"}
REFERENCE_FIELDS = {"reference", "payload", "owners"}
LABEL_16_FIELDS = {"tag"}
LABEL_32_FIELDS = {"client_order_id", "request_id"}

CODED: dict[str, type[IntEnum]] = {
    "side": commands.Side,
    "type": commands.OrderType,
    "unit": commands.SizeUnit,
    "self_trade": commands.SelfTrade,
    "sign": commands.SignRule,
    "claim": commands.ClaimClass,
    "role": commands.HouseRole,
    "parameter": commands.Parameter,
    "rounding": commands.Rounding,
    "cancel_source": events.CancelSource,
    "liquidity": events.Liquidity,
    "Order.cause": events.OrderCause,
    "Order.state": events.OrderState,
    "ListInstrument.state": commands.InstrumentState,
    "SetInstrumentState.state": commands.InstrumentState,
    "InstrumentChanged.state": commands.InstrumentState,
    "SetSuspension.level": commands.SuspensionLevel,
    "SuspensionSet.level": commands.SuspensionLevel,
    "Distribute.source": commands.WeightSource,
}
FLAGS: dict[str, type[IntFlag]] = {
    "PlaceOrder.flags": commands.OrderFlag,
    "AmendOrder.flags": commands.AmendFlag,
    "flags": commands.OwnerFlag,
    "actions": commands.Suspended,
}
NUMBERS: list[tuple[set[str], tuple[int, ...]]] = [
    (U8_FIELDS, U8),
    (U16_FIELDS, U16),
    (U32_FIELDS, U32),
    (RATE_FIELDS, I64),
]


def whole_number(name: str, owner: str, turn: int) -> int:
    """An integer that the field can hold; `turn` walks through the edges."""
    key = f"{owner}.{name}" if f"{owner}.{name}" in CODED | FLAGS else name
    if key in CODED:
        members = list(CODED[key])
        return int(members[turn % len(members)])
    if key in FLAGS:
        bits = sum(FLAGS[key])
        return (0, bits, int(next(iter(FLAGS[key]))))[turn % 3]
    domain = next((values for names, values in NUMBERS if name in names), U64)
    return domain[turn % len(domain)]


def text(name: str, turn: int) -> str:
    length = 16 if name in LABEL_16_FIELDS else 32
    samples = ("", "a", "Z9" * (length // 2), "b7order123456"[:length])
    if name in LABEL_16_FIELDS | LABEL_32_FIELDS:
        return samples[turn % 4]
    return ("BTC-USDT", "", "L.u.trade", "x" * 31, "é" * 32)[turn % 5]


def octets(name: str, turn: int) -> bytes:
    if name == "hash":
        return bytes((turn + place) % 256 for place in range(32))
    if name in REFERENCE_FIELDS:
        return bytes(range((0, 1, 32)[turn % 3]))
    return commands.amount_bytes(I128[turn % len(I128)])


def value(kind: msgspec.inspect.Type, name: str, owner: str, turn: int) -> object:
    """A sample of any type of the schema."""
    match kind:
        case msgspec.inspect.IntType():
            return whole_number(name, owner, turn)
        case msgspec.inspect.StrType():
            return text(name, turn)
        case msgspec.inspect.BytesType():
            return octets(name, turn)
        case msgspec.inspect.BoolType():
            return turn % 2 == 1
        case msgspec.inspect.StructType(cls=cls):
            return sample(cls, turn)
        case msgspec.inspect.VarTupleType(item_type=item):
            count = (0, 1, 3, 16)[turn % 4]
            return tuple(value(item, name, owner, turn + place) for place in range(count))
        case msgspec.inspect.UnionType(types=members):
            return value(members[turn % len(members)], name, owner, turn)
    raise AssertionError(kind)


def sample(message: type[msgspec.Struct], turn: int) -> msgspec.Struct:
    """The message with one value for each field; each field starts at another edge."""
    info = msgspec.inspect.type_info(message)
    assert isinstance(info, msgspec.inspect.StructType)
    values = (
        value(field.type, field.name, message.__name__, turn + place)
        for place, field in enumerate(info.fields)
    )
    return message(*values)


def messages() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Every message of the schema with the section of the golden file that it stands in."""
    unions = (
        ("command", commands.AnyCommand),
        ("event", events.AnyEvent),
        ("query", queries.AnyQuery),
    )
    for section, union in unions:
        for message in get_args(union):
            yield section, message
    plain = (
        queries.DepthLevel, queries.Depth, queries.AccountState, queries.Status,
        queries.ComponentHash, queries.Supply, queries.Shortfall, queries.Claims,
        queries.ReserveState,
        queries.Reference,
    )  # fmt: skip
    for message in plain:
        yield "answer", message


def golden_lines() -> list[str]:
    """`section name hex` for each sample."""
    return [
        f"{section} {message.__name__} {msgspec.msgpack.encode(sample(message, turn * 5)).hex()}"
        for section, message in messages()
        for turn in range(SAMPLES)
    ]


def test_samples_encode_to_the_golden_bytes() -> None:
    """Criterion: WIRE-1."""
    assert GOLDEN.read_text().splitlines() == golden_lines()


@pytest.mark.parametrize("section", ["command", "event", "query"])
def test_every_message_of_the_module_is_in_its_union(section: str) -> None:
    """A message outside the union would have no sample. Criterion: WIRE-1."""
    base = {"command": commands.Command, "event": events.Event, "query": queries.Query}[section]
    union = {message for name, message in messages() if name == section}
    # These two are answered beside the core, which knows nothing of them.
    beside = {queries.GetFold, queries.AskFold}
    assert union == set(base.__subclasses__()) - beside


def test_golden_bytes_decode_to_the_samples() -> None:
    """Criterion: WIRE-1."""
    lines = GOLDEN.read_text().splitlines()
    by_name = {(section, message.__name__): message for section, message in messages()}
    turns = itertools.cycle(range(SAMPLES))
    for line, turn in zip(lines, turns, strict=False):
        section, name, encoded = line.split(" ")
        message = by_name[section, name]
        decoded = msgspec.msgpack.decode(bytes.fromhex(encoded), type=message)
        assert decoded == sample(message, turn * 5)


def test_tags_are_never_shared() -> None:
    """Criterion: WIRE-2."""
    for section in ("command", "event", "query"):
        tags = [m.__struct_config__.tag for name, m in messages() if name == section]
        assert len(tags) == len(set(tags))


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_batch_joins_encoded_commands(count: int) -> None:
    """`batch` writes the header that an encoder of the list would. Criterion: WIRE-3."""
    tick = commands.encode(commands.Tick(1, 2))
    joined = commands.batch([tick] * count)
    assert joined == msgspec.msgpack.encode([commands.Tick(1, 2)] * count)


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text("\n".join(golden_lines()) + "\n")
