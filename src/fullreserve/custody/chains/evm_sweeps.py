"""Which accounts are to be swept, of what, and in which order: the most worth first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fullreserve.custody.addresses import Addresses
from fullreserve.custody.chains.adapter import GAS
from fullreserve.custody.chains.evm_transaction import GAS_BARE, GAS_TOKEN, transfer_call
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.chains.worth import Worth
from fullreserve.exchange.products.custody_wire import Tier

LEDGER = 8  # digits after the point
LEFT = "left/"
ASKED_AT_ONCE = 500


class Source(NamedTuple):
    """Where coins are to be brought to a lane from.

    `key` names it in what it sends, `gas` in what it is given for that.
    """

    key: str
    gas: str
    tier: Tier
    target: bytes


def sources(
    indexes: Iterable[int], addresses: Addresses, lanes: Sequence[bytes], left: Sequence[bytes]
) -> dict[bytes, Source]:
    """By their accounts: those of users' indexes, and lanes that were left.

    What the newest of these holds goes to the newest lane, which has taken its place.
    """
    found = {
        addresses.place(index): Source(key, key, Tier.DEPOSIT, lanes[index % len(lanes)])
        for index in indexes
        for key in (f"branch/{index}",)
    }
    for number, lane in enumerate(reversed(left)):
        found[lane] = Source(
            *(left_key(lane), gas_key(lane), Tier.HOT, lanes[-1 - number % len(lanes)])
        )
    return found


def left_key(lane: bytes) -> str:
    """The name, to signers, of the key of a lane that was left."""
    return f"{LEFT}{lane.hex()}"


def gas_key(lane: bytes) -> str:
    """Of a move that gives it what its tokens' way costs."""
    return f"{GAS}{lane.hex()}"


class Swept(NamedTuple):
    """`value` in the chain's coin, 0 where it has no price; `has_gas`: it can pay its way."""

    value: int
    place: bytes
    asset: int
    amount: int
    has_gas: bool


class Holding(NamedTuple):
    """What accounts hold, by account and asset, and what a unit of gas is bid, in wei."""

    held: Mapping[tuple[bytes, int], int]
    coin: int
    tokens: Sequence[int]
    digits: Mapping[int, int]
    fee: int
    worth: Worth

    def due(self, places: Sequence[bytes], tokens: Iterable[Swept]) -> list[Swept]:
        """Those that are worth their fee, one asset of each, the most worth first.

        `tokens` are those of `of_tokens` that their contracts would send.
        """
        most: dict[bytes, Swept] = {}
        for token in tokens:
            most[token.place] = max(token, most.get(token.place, token))
        # The coin goes last: it pays the way of what else is there.
        found = [one for place in places if (one := most.get(place) or self._own(place))]
        # Of those worth as much, the one comes first that was named first.
        return sorted(found, key=lambda one: -one.value)

    def of_tokens(self, places: Iterable[bytes]) -> list[Swept]:
        """All tokens that are worth their fee."""
        return [one for place in places for one in self._tokens(place)]

    def _tokens(self, place: bytes) -> Iterator[Swept]:
        has_gas = self.held[place, self.coin] >= GAS_TOKEN * self.fee
        gas = GAS_TOKEN if has_gas else GAS_TOKEN + GAS_BARE
        for asset in self.tokens:
            amount = whole(self.held[place, asset], self.digits.get(asset, LEDGER))
            value = self.worth.of(asset, amount)
            if amount and self.worth.pays(value, gas * self.fee):
                yield Swept(value or 0, place, asset, amount, has_gas)

    def _own(self, place: bytes) -> Swept | None:
        coin, fee = self.held[place, self.coin], GAS_BARE * self.fee
        amount = whole(coin - fee, self.digits.get(self.coin, LEDGER))
        if amount <= 0 or not self.worth.pays(coin, fee):
            return None
        return Swept(coin, place, self.coin, amount, has_gas=True)


def whole(amount: int, digits: int) -> int:
    """What of an amount the ledger can express."""
    return int(amount - amount % 10 ** max(0, digits - LEDGER))


def sendable(
    node: Node, found: Sequence[Swept], contracts: Mapping[int, bytes], targets: Sequence[bytes]
) -> list[Swept]:
    """Those of tokens that their contracts would send to their targets now; NodeProblem.

    One that is paused, or that keeps an account from sending, would cost its fee at each attempt.
    What a node refuses to say of one holds up no other asset of its account.
    """
    told: list[Any] = []
    for start in range(0, len(found), ASKED_AT_ONCE):
        asked = [
            (
                "eth_call",
                [transfer_asked(contracts[one.asset], one.place, target, one.amount), "latest"],
            )
            for one, target in zip(
                found[start : start + ASKED_AT_ONCE],
                targets[start : start + ASKED_AT_ONCE],
                strict=True,
            )
        ]
        told += node.tried(asked)
    return [one for one, answer in zip(found, told, strict=True) if is_sent(answer)]


def transfer_asked(token: bytes, source: bytes, target: bytes, amount: int) -> dict[str, str]:
    """The call that asks a token whether it would move so much now."""
    return {
        "from": "0x" + source.hex(),
        "to": "0x" + token.hex(),
        "data": "0x" + transfer_call(target, amount).hex(),
        "gas": hex(GAS_TOKEN),
    }


def is_sent(answer: object) -> bool:
    """Whether it would; by ERC-20 a transfer answers true, some of the older tokens nothing."""
    return isinstance(answer, str) and (
        answer == "0x" or bool(answer.removeprefix("0x").strip("0"))
    )
