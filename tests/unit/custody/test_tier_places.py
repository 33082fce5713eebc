"""Goal: what script wallets of warm and cold hold is known after each block, whatever a chain does.

Method: blocks that are made here, real ones but for their work; a node outside that tells of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody import tier_places
from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.raw_block import binding_of, double_sha256
from fullreserve.custody.chains.rpc import Node, NodeRefuses
from fullreserve.custody.hd import Private
from fullreserve.custody.house import WATCHER_GATEWAY, House
from fullreserve.custody.keys.record import UTXO, Entry, Record, TierWallet
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.reconciling import READ_MEANWHILE, Reconciler
from fullreserve.custody.spends import Planned, Spends
from fullreserve.custody.tier_places import TierPlaces
from fullreserve.custody.tiers.wallet import Key, Wallet
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.registry import products
from tests.bed import START_MS, Bed

NETWORK, BORN = 3, 2
STRANGER = b"\x00\x20" + b"s" * 32


def wallet(name: str) -> Wallet:
    roots = [Private.of_seed(f"{name} {each}, of a test alone, long".encode()) for each in range(3)]
    keys = tuple(
        Key(f"{name}{n}", one.public().key.hex(), one.public().code.hex())
        for n, one in enumerate(roots)
    )
    return Wallet(2, keys)


def transaction(spends: Sequence[bytes], outputs: Sequence[tuple[int, bytes]]) -> bytes:
    inputs = b"".join(one + b"\x00" + b"\xff" * 4 for one in spends)
    outs = b"".join(
        amount.to_bytes(8, "little") + bytes((len(script),)) + script for amount, script in outputs
    )
    counts = bytes((len(spends),)), bytes((len(outputs),))
    return bytes((2, 0, 0, 0)) + counts[0] + inputs + counts[1] + outs + bytes(4)


def spent(raw: bytes, output: int = 0) -> bytes:
    return double_sha256(raw) + output.to_bytes(4, "little")


class Chain(Node):
    """Blocks of one transaction each."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.raw: list[bytes] = []
        self.asked = 0
        self.is_pruned = False
        self.mine(STRANGER)
        self.mine(STRANGER)

    def mine(self, script: bytes, *spends: bytes, amount: int = 5) -> bytes:
        """The transaction of a block more: what it spends, and what it pays where."""
        fresh = bytes(31) + bytes((len(self.raw), 0, 0, 0, 0))
        raw = transaction(spends or (fresh,), ((amount, script), (1, STRANGER)))
        before = double_sha256(self.raw[-1][:80]) if self.raw else bytes(32)
        header = bytes(4) + before + double_sha256(raw) + bytes(12)
        self.raw.append(header + b"\x01" + raw)
        return raw

    def tip(self) -> Block:
        return Block(len(self.raw) - 1, double_sha256(self.raw[-1][:80])[::-1], bytes(32))

    def tried(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        told = list[Any]()
        for method, params in asked:
            try:
                told.append(self.call(method, *params))
            except NodeRefuses as refusal:
                told.append(refusal)
        return told

    def call(self, method: str, *params: Any) -> Any:
        hashes = [double_sha256(one[:80])[::-1].hex() for one in self.raw]
        if method == "getblockhash":
            if params[0] >= len(hashes):
                raise NodeRefuses(-8, "Block height out of range")
            return hashes[params[0]]
        assert method == "getblock", method
        if self.is_pruned:
            raise NodeRefuses(-1, "Block not available (pruned data)")
        self.asked += 1
        return self.raw[hashes.index(params[0])].hex()


@pytest.fixture
def record(tmp_path: Path) -> Record:
    made = Record.of(tmp_path)
    made.append(Entry(0, 1, "ceremony", "", wallets=(tier("warm", "old"), tier("cold", "cold"))))
    return made


def tier(name: str, keys: str) -> TierWallet:
    return TierWallet(NETWORK, name, UTXO, 2, (), wallet(keys), "rltc", BORN)


def network() -> Network:
    branch = Private.of_seed(b"a seed of the tests alone, 32 by").public()
    return Network(
        network=NETWORK, kind="utxo", nodes=("http://127.0.0.1:1",), decimals={4: 8}, coin=4,
        branches=(Branch(branch.key.hex(), branch.code.hex()),) * 3, credit_after=1,
        unlock_after=2, hrp="rltc", genesis="00" * 32,
    )  # fmt: skip


def places(folder: Path) -> TierPlaces:
    return TierPlaces(network(), folder)


def test_coins_are_followed_block_by_block(record: Record, tmp_path: Path) -> None:
    """Criterion: CHAINS-RECONCILE-4. Each block is read once; change counts, what is spent not."""
    chain, of, warm = Chain(), places(tmp_path), wallet("old")
    first = chain.mine(warm.place(0), amount=70)
    chain.mine(wallet("cold").place(3), amount=11)
    assert of.coins(chain, chain.tip()) == {Tier.WARM: 70, Tier.COLD: 11}
    asked = chain.asked
    chain.mine(warm.place(19), spent(first), amount=65)
    assert of.coins(chain, chain.tip()) == {Tier.WARM: 65, Tier.COLD: 11}
    assert chain.asked == asked + 1


@pytest.mark.parametrize("name", ["warm", "cold"])
def test_a_script_wallet_s_spend_that_nobody_bound_is_unknown(
    record: Record, tmp_path: Path, name: str
) -> None:
    """Criterion: CHAINS-TRIGGER-4. By tier; one of the log's moves is none, nor what agreed."""
    chain, of = Chain(), places(tmp_path)
    tier = Tier[name.upper()]
    script = wallet("old" if name == "warm" else "cold").place(0)
    spends = Spends(network().chains()[0], tmp_path / "payer.sqlite")
    coins = [chain.mine(script, amount=70 + number) for number in range(3)]
    chain.mine(STRANGER, spent(coins[0]))

    def unknown(asked: Tier, bindings: Sequence[bytes] = ()) -> list[bytes]:
        of.coins(chain, chain.tip())
        moves = Planned(bindings, of.spent())
        return [one.coin for one in spends.unknown([], chain.tip(), moves, asked)]

    of.coins(chain, chain.tip())
    spends.explain([], chain.tip(), Planned((), of.spent()))
    assert unknown(tier) == []
    chain.mine(STRANGER, spent(coins[1]))
    assert unknown(tier) == [spent(coins[1])]
    other = Tier.COLD if tier == Tier.WARM else Tier.WARM
    assert unknown(other) == unknown(Tier.HOT) == []
    bound = binding_of([spent(coins[1])])
    assert unknown(tier, [bound]) == []
    chain.mine(STRANGER, spent(coins[2]))
    assert unknown(tier, [bound]) == [spent(coins[2])]


def test_a_reorganisation_is_read_anew(record: Record, tmp_path: Path) -> None:
    """Criterion: CHAINS-RECONCILE-4"""
    chain, of, warm = Chain(), places(tmp_path), wallet("old")
    first = chain.mine(warm.place(0), amount=70)
    chain.mine(STRANGER, spent(first))
    assert of.coins(chain, chain.tip()) == {Tier.WARM: 0, Tier.COLD: 0}
    del chain.raw[-1]
    chain.mine(warm.place(1), amount=3)
    chain.mine(STRANGER)
    assert of.coins(chain, chain.tip()) == {Tier.WARM: 73, Tier.COLD: 0}


def test_a_reorganisation_to_a_shorter_chain_is_read_at_once(
    record: Record, tmp_path: Path
) -> None:
    """Criterion: CHAINS-RECONCILE-4. As one of more work in fewer blocks."""
    chain, of = Chain(), places(tmp_path)
    chain.mine(wallet("old").place(0), amount=70)
    chain.mine(wallet("old").place(1), amount=3)
    assert of.coins(chain, chain.tip()) == {Tier.WARM: 73, Tier.COLD: 0}
    del chain.raw[-1]
    assert of.coins(chain, chain.tip()) == {Tier.WARM: 70, Tier.COLD: 0}


def test_a_wallet_that_was_rotated_still_counts(record: Record, tmp_path: Path) -> None:
    """Criterion: CHAINS-RECONCILE-4. While coins are on their way to the one that followed."""
    chain, of = Chain(), places(tmp_path)
    chain.mine(wallet("old").place(0), amount=70)
    chain.mine(wallet("new").place(0), amount=30)
    tip = chain.tip()
    assert of.coins(chain, tip) == {Tier.WARM: 70, Tier.COLD: 0}
    record.append(Entry(0, 1, "rotation", "", wallets=(tier("warm", "new"),)))
    assert of.coins(chain, tip) == {Tier.WARM: 100, Tier.COLD: 0}


def test_a_long_chain_is_read_part_by_part(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CHAINS-RECONCILE-4. Until all of it is read nothing is said."""
    monkeypatch.setattr(tier_places, "BLOCKS_AT_ONCE", 2)
    chain, of = Chain(), places(tmp_path)
    for _ in range(3):
        chain.mine(wallet("old").place(0), amount=1)
    assert of.coins(chain, chain.tip()) is None
    assert of.coins(chain, chain.tip()) == {Tier.WARM: 3, Tier.COLD: 0}


async def test_a_node_without_old_blocks_leaves_the_other_tiers_compared(
    record: Record, tmp_path: Path
) -> None:
    """Criterion: CHAINS-RECONCILE-4. What differed there differs on once it can be read."""
    clock, chain = ManualClock(START_MS), Chain()
    chain.mine(STRANGER)
    bed = await Bed.open(tmp_path, folds=products())
    house = House(await bed.door(WATCHER_GATEWAY))
    reconciler = Reconciler(network(), house, tmp_path / "payer", clock)
    reconciler._node = chain
    key = (Tier.WARM, 4)
    reconciler._since[key] = START_MS
    chain.is_pruned = True
    assert await reconciler._of_tiers(chain.tip()) == ([], {})
    assert reconciler._measured == (Tier.DEPOSIT, Tier.HOT)
    reconciler._forget_ended()
    assert key in reconciler._since
    chain.is_pruned = False
    assert await reconciler._of_tiers(chain.tip()) == ([], {key: 0, (Tier.COLD, 4): 0})
    assert key[0] in reconciler._measured
    reconciler._forget_ended()
    assert key not in reconciler._since
    await bed.close()


def test_no_start_reads_all_blocks_again(record: Record, tmp_path: Path) -> None:
    """Criterion: CHAINS-RECONCILE-4. A reorganisation or another wallet meanwhile does."""
    chain = Chain()
    first = chain.mine(wallet("old").place(0), amount=70)
    chain.mine(STRANGER)
    assert places(tmp_path).coins(chain, chain.tip()) == {Tier.WARM: 70, Tier.COLD: 0}
    chain.asked = 0
    assert places(tmp_path).coins(chain, chain.tip()) == {Tier.WARM: 70, Tier.COLD: 0}
    assert (places(tmp_path).behind(chain.tip()), chain.asked) == (0, 0)
    chain.mine(STRANGER, spent(first))
    assert places(tmp_path).coins(chain, chain.tip()) == {Tier.WARM: 0, Tier.COLD: 0}
    assert chain.asked == 1
    del chain.raw[-2:]
    chain.mine(wallet("new").place(0), amount=30)
    assert places(tmp_path).coins(chain, chain.tip()) == {Tier.WARM: 70, Tier.COLD: 0}
    record.append(Entry(0, 1, "rotation", "", wallets=(tier("warm", "new"),)))
    assert places(tmp_path).coins(chain, chain.tip()) == {Tier.WARM: 100, Tier.COLD: 0}
    (kept,) = tmp_path.glob("custody-tier-coins-*.msgpack")
    kept.write_bytes(b"")
    assert places(tmp_path).coins(chain, chain.tip()) == {Tier.WARM: 100, Tier.COLD: 0}


async def test_many_blocks_are_read_beside_the_watcher(record: Record, tmp_path: Path) -> None:
    """Criterion: CHAINS-RECONCILE-4. Deposits do not wait; what a node refuses is said after."""
    chain = Chain()
    for _ in range(READ_MEANWHILE + 1):
        chain.mine(wallet("old").place(0), amount=1)
    bed = await Bed.open(tmp_path, folds=products())
    house = House(await bed.door(WATCHER_GATEWAY))
    reconciler = Reconciler(network(), house, tmp_path / "payer", ManualClock(START_MS))
    reconciler._node = chain
    chain.is_pruned = True
    assert await reconciler._coins(chain.tip()) is None
    assert reconciler._reading is not None
    await asyncio.wait([reconciler._reading])
    assert await reconciler._of_tiers(chain.tip()) == ([], {})
    assert "pruned" in reconciler._uncompared
    chain.is_pruned = False
    assert await reconciler._coins(chain.tip()) is None
    assert reconciler._reading is not None
    await reconciler._reading
    warm = READ_MEANWHILE + 1
    assert await reconciler._coins(chain.tip()) == {Tier.WARM: warm, Tier.COLD: 0}
    await bed.close()
