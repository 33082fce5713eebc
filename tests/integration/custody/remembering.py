"""Signers that have no key any more, and remember what they signed: asked over their sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from coincurve import PrivateKey

from fullreserve.clock import ManualClock
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.fee_budget import Budgets
from fullreserve.custody.intents import ExchangeIntents, Memory
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.recalling import SignersRecall
from fullreserve.custody.signer import Signer
from tests.integration.custody.outsiders import COIN, EvmBed
from tests.integration.custody.withdrawing import START_MS, Withdrawing


def network_of(bed: EvmBed, *names: str) -> Network:
    branch, terms = bed.root.public(), bed.terms
    return Network(
        network=terms.network, kind="evm", nodes=(bed.url,), coin=COIN, chain_id=terms.chain_id,
        branches=(Branch(branch.key.hex(), branch.code.hex()),), decimals={COIN: 18},
        credit_after=2, unlock_after=terms.final_after, lanes=tuple(one.hex() for one in bed.keys),
        signers=tuple(f"{name}.sock" for name in names),
    )  # fmt: skip


class Remembering:
    """By name what each remembers; `recall` asks all of them, whether they are there or not."""

    def __init__(self, folder: Path, bed: EvmBed, *names: str) -> None:
        self.network = network_of(bed, *names)
        self.recall = SignersRecall(folder, self.network, bed.chain)
        self.memories = {name: Memory(folder / f"{name}.sqlite") for name in names}

    def close(self) -> None:
        for memory in self.memories.values():
            memory.close()


@asynccontextmanager
async def remembering(
    folder: Path, bed: EvmBed, *names: str, silent: int = 0
) -> AsyncIterator[Remembering]:
    """Of these the last `silent` are not there."""
    made = Remembering(folder, bed, *names)
    exchange = await Withdrawing.open(folder)
    view = LocalView(exchange.house, Destinations(exchange.vault))
    async with AsyncExitStack() as stack:
        for name in names[: len(names) - silent]:
            intents = ExchangeIntents(view, [made.network], made.memories[name], folder)
            fees = folder / f"{name}-fees.sqlite"
            budgets = Budgets.open(fees, [made.network], ManualClock(START_MS))
            key = PrivateKey(b"\x05" * 32)
            signer = Signer({}, intents, key, budgets, exchange.socket.is_payer)
            server = await asyncio.start_unix_server(signer.serve, folder / f"{name}.sock")
            stack.callback(server.close)
            stack.callback(budgets.close)
        yield made
    made.close()
    await exchange.close()
