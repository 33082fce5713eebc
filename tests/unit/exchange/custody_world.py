"""A core with the folds of deposits and withdrawals, two networks and a few owners; no journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from fullreserve._core import Core
from fullreserve.exchange import chart, genesis
from fullreserve.exchange.folds import Fold
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    AssignAddress,
    Confirmed,
    DefineNetwork,
    NetworkAsset,
    Seen,
    Settle,
    Tip,
)
from fullreserve.exchange.products.deposit_state import Due, GetAddress, NextDue, NextOpen
from fullreserve.exchange.wire.commands import (
    AccountKey,
    AnyCommand,
    Group,
    OpenOwner,
    Product,
    Transfer,
    amount_bytes,
    amount_int,
    decode_batch,
    encode,
)
from fullreserve.exchange.wire.events import GroupApplied, decode_events
from fullreserve.exchange.wire.queries import AskFold, ComponentHash, ListBalances

ALICE, BOB, CAROL, SUB = 10_000_001, 10_000_002, 10_000_003, 10_000_004
BTC, ETH, XRP, USDT = 1, 2, 3, 6
CHAIN, TOKENS, MEMOS = 1, 2, 3  # networks: BTC, USDT on another chain (gas ETH), XRP by memo
START_MS = 1_700_000_000_000
COIN = 10**8
FEE_BTC, FEE_USDT = 40_000, COIN  # 0.0004 BTC, 1 USDT


def coins(text: float) -> bytes:
    """An amount of whole coins and hundredths at the ledger scale."""
    return amount_bytes(round(text * 10**6) * 100)


def network(number: int, asset: int, fee: int, *more: int, **terms: Any) -> DefineNetwork:
    """A network with one asset, or with more of the same terms."""
    minimum, decimals = terms.pop("minimum_deposit", 0), terms.pop("decimals", 8)
    lines = [
        NetworkAsset(
            *(each, decimals, amount_bytes(minimum), amount_bytes(fee)),
            *(amount_bytes(1000), amount_bytes(10_000_000 * COIN), 8),
        )
        for each in (asset, *more)
    ]
    gas = terms.pop("gas_asset", asset)
    values: dict[str, Any] = {
        "code": f"N{number}",
        "credit_after": 1,
        "unlock_after": 2,
        "needs_memo": False,
    }
    return DefineNetwork(network=number, gas_asset=gas, assets=tuple(lines), **(values | terms))


NETWORKS = (
    network(CHAIN, BTC, FEE_BTC),
    network(TOKENS, USDT, FEE_USDT, gas_asset=ETH, decimals=6),
    network(MEMOS, XRP, 0, needs_memo=True),
)


def transfer(name: str) -> bytes:
    """A transfer's hash, by any name."""
    return blake2b(name.encode(), digest_size=32).digest()


class World:
    """Runs commands one by one and keeps the rows, for replay."""

    def __init__(self, folds: Callable[[], Sequence[Fold[Any]]]) -> None:
        self.folds = folds
        self.machine = Machine(folds=folds())
        self.time_ms = START_MS
        self.rows: list[tuple[int, int, bytes]] = []
        self.core(*genesis.spot())
        self.core(*(OpenOwner(0, 0, owner, owner, 0, 1, 0, 1) for owner in (ALICE, BOB, CAROL)))
        self.core(OpenOwner(0, 0, SUB, ALICE, 0, 1, 0, 1))

    def core(self, *commands: AnyCommand) -> list[Any]:
        first = self.machine.sequence + 1
        executed = self.machine.execute(self.time_ms, [encode(one) for one in commands])
        self.rows.append((first, self.time_ms, executed.commands))
        return decode_events(executed.events)

    def say(self, fold: int, payload: msgspec.Struct, owner: int = chart.HOUSE) -> int:
        """The code with which the fold's group was applied."""
        events = self.core(Product(0, 0, fold, owner, msgspec.msgpack.encode(payload)))
        (applied,) = [one for one in events if isinstance(one, GroupApplied)]
        return applied.code

    def ask(self, fold: int, question: msgspec.Struct, shape: Any) -> Any:
        answer = self.machine.answer(
            msgspec.msgpack.encode(AskFold(fold, msgspec.msgpack.encode(question)))
        )
        inner = msgspec.msgpack.decode(answer, type=bytes)
        return msgspec.msgpack.decode(inner, type=shape)

    def fund(self, owner: int, asset: int, amount: bytes, kind: int = chart.FUND) -> None:
        treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
        self.core(Transfer(0, 0, chart.HOUSE, treasury, AccountKey(owner, kind, 0), asset, amount))

    def balance(self, owner: int, kind: int, asset: int, instance: int | None = None) -> int:
        """Over all instances of the kind, or of one."""
        held = self.machine.query(ListBalances(owner=owner))
        return sum(
            amount_int(one.balance)
            for one in held
            if (one.kind, one.asset) == (kind, asset) and instance in (None, one.instance)
        )

    def define(self, fold: int) -> None:
        for one in NETWORKS:
            assert self.say(fold, one) == 0

    def restart(self) -> None:
        """As after a crash: the core and each fold from what a snapshot holds."""
        folds = list(self.folds())
        for fold, before in zip(folds, self.machine.folds, strict=True):
            fold.restore(before.encode())
        core = Core.restore(bytes(self.machine.core.snapshot()))
        before_hashes = self.machine.hashes()
        self.machine = Machine(core=core, folds=folds)
        assert self.machine.hashes() == before_hashes

    def replayed(self) -> Machine:
        """Another machine that replays every row; a fold that decides otherwise raises."""
        fresh = Machine(folds=self.folds())
        for first, time_ms, commands in self.rows:
            fresh.replay(first, time_ms, commands)
        return fresh

    def groups(self) -> list[Any]:
        commands = [one for _, _, row in self.rows for one in decode_batch(row)]
        return [one for one in commands if isinstance(one, Group)]


def contents(world: World) -> list[ComponentHash]:
    """The hashes of all but the time and the number of commands."""
    return [one for one in world.machine.hashes() if one.name not in ("clock", "state")]


def settle_deposits(world: World, most: int = 2) -> list[int]:
    """What waits is looked at, a few at a time; what each word began behind."""
    state = next(one.state for one in world.machine.folds if one.number == DEPOSITS)
    if not state.edition:
        return []
    after, begun = 0, list[int]()
    while last := world.ask(DEPOSITS, NextOpen(after, most), int):
        due = world.ask(DEPOSITS, NextDue(after, most), Due)
        before = contents(world)
        assert world.say(DEPOSITS, Settle(after, most)) == 0
        # What is due changes something, and nothing else does.
        assert due == Due(last, is_due=contents(world) != before)
        begun.append(after)
        after = last
    return begun


class Chain:
    """What a watcher reports of one network."""

    def __init__(self, world: World, fold: int, number: int, asset: int) -> None:
        self.world, self.fold, self.number, self.asset = world, fold, number, asset
        self.height = 100

    def index(self, owner: int) -> int:
        assert self.world.say(self.fold, AssignAddress(self.number), owner) == 0
        found = self.world.ask(self.fold, GetAddress(self.number, owner), int)
        assert isinstance(found, int)
        return found

    def tip(self, *, healthy: bool = True) -> int:
        """The newest block; then what waits is looked at, where the log has it so."""
        block = transfer(f"block {self.height}")
        code = self.world.say(self.fold, Tip(self.number, self.height, block, healthy))
        settle_deposits(self.world)
        return code

    def seen(self, name: str, index: int, amount: bytes, **more: Any) -> int:
        """In the newest block unless `height` says otherwise."""
        values = {"memo_number": 0, "dust": 0, "height": self.height} | more
        return self.world.say(
            self.fold,
            Seen(
                network=self.number,
                transfer=transfer(name),
                asset=self.asset,
                index=index,
                amount=amount,
                block_hash=transfer(f"block {values['height']}"),
                **values,
            ),
        )

    def confirmed(self, name: str, confirmations: int) -> int:
        return self.world.say(self.fold, Confirmed(self.number, transfer(name), confirmations))

    def grow(self, blocks: int = 1) -> None:
        self.height += blocks
        assert self.tip() == 0
