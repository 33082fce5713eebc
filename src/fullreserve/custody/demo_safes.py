"""The demo's warm and cold Safes on a chain of accounts, with their first coins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from fullreserve.custody import demo_chain
from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.demo_people import TIERS, People
from fullreserve.custody.keys.gas import PAYER
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import SAFE, Entry, Record, TierWallet
from fullreserve.custody.networks import Network
from fullreserve.custody.tiers import abi, safe
from fullreserve.custody.tiers.safe import SafeTransaction, SafeView

if TYPE_CHECKING:
    from fullreserve.custody.demo_terms import Listed

GAS = 10**21  # of who sends the Safes' transactions, in wei
GAS_LIMIT = 6_500_000  # of what puts a contract on the chain
ADD_OWNER = "addOwnerWithThreshold(address,uint256)"


class Safes:
    """Of one chain. `assets` are given to each in the amounts that they list for its tier.

    `fresh` are those that the chain's folder had not been given before.
    """

    def __init__(
        self,
        network: Network,
        numbers: Mapping[str, int],
        assets: Sequence[Listed],
        fresh: Sequence[Listed] = (),
    ) -> None:
        self._fresh = fresh
        self._network = network
        self._numbers = numbers
        self._assets = assets
        self._node = Node(network.nodes[0])

    def deployed(self, record: Record, keys: FileDevice) -> None:
        """Puts on the chain, and notes, what an earlier start did not; SafeMissing, NodeProblem.

        A wallet is noted last: what was not funded to the end is nobody's, and another one takes
        its place.
        """
        of = self._network.network
        for one in TIERS:
            if (of, one.tier) in record.state.wallets:
                wallet = record.wallet(of, one.tier)
                self._give(one.tier, wallet.safe, self._fresh)
        fresh = [one for one in TIERS if (of, one.tier) not in record.state.wallets]
        if fresh:
            names = ("Safe", "SafeProxyFactory", safe.HANDLER)
            contracts = [self._created(safe.creation_code(one)) for one in names]
            gas = "0x" + account_of(keys.public(PAYER)).hex()
            self._node.call("anvil_setBalance", gas, hex(GAS))
            made = tuple(self._put(one, keys, contracts) for one in fresh)
            record.append(Entry(0, 0, "ceremony", "", wallets=made))
        for people in TIERS:
            self._complete(record, people, keys)

    def _created(self, code: bytes) -> bytes:
        receipt = demo_chain.send(self._node, data="0x" + code.hex(), gas=hex(GAS_LIMIT))
        return bytes.fromhex(receipt["contractAddress"][2:])

    def _put(self, people: People, keys: FileDevice, contracts: Sequence[bytes]) -> TierWallet:
        singleton, factory, handler = contracts
        owners = {name: account_of(keys.public(name)) for name in people.holders}
        first = safe.set_up(list(owners.values()), people.threshold, handler)
        salt = int.from_bytes(os.urandom(8), "big")
        call = "0x" + safe.proxy(singleton, first, salt).hex()
        demo_chain.send(self._node, to="0x" + factory.hex(), data=call, gas=hex(GAS_LIMIT))
        account = safe.address(factory, singleton, first, salt)
        self._give(people.tier, account.hex(), self._assets)
        return TierWallet(
            self._network.network, people.tier, SAFE, people.threshold, people.holders,
            chain_id=self._network.chain_id, safe=account.hex(),
            owners={name: one.hex() for name, one in owners.items()},
        )  # fmt: skip

    def _held(self, one: Listed, tier: str) -> int:
        return one.held(tier, is_old=bool(self._network.cold))

    def _give(self, tier: str, account: str, assets: Sequence[Listed]) -> None:
        for one in assets:
            contract = bytes.fromhex(self._network.tokens.get(self._numbers[one.symbol], ""))
            if self._held(one, tier):
                demo_chain.give(self._node, one, contract, account, self._held(one, tier))

    def _complete(self, record: Record, people: People, keys: FileDevice) -> None:
        """Owners who are in none of an earlier version's Safes join it, by the others' word."""
        wallet = record.wallet(self._network.network, people.tier)
        # Somebody who was replaced stays away.
        before = record.holders(self._network.network, people.tier)
        for name in people.holders:
            if name not in before:
                wallet = self._with_owner(wallet, name, keys)
                record.append(Entry(0, 0, "rotation", "", wallets=(wallet,)))

    def _with_owner(self, wallet: TierWallet, name: str, keys: FileDevice) -> TierWallet:
        account, owner = bytes.fromhex(wallet.safe), account_of(keys.public(name))
        view = SafeView(self._node, account)
        if owner not in view.owners():  # a start that was killed may have added it
            call = abi.call(ADD_OWNER, owner, wallet.threshold)
            asked = SafeTransaction(wallet.chain_id, account, view.nonce(), account, data=call)
            signers = [one for one in wallet.holders if one in keys.names()][: wallet.threshold]
            data = asked.execution(dict(safe.sign(asked, keys, one) for one in signers))
            demo_chain.send(self._node, to="0x" + wallet.safe, data="0x" + data.hex())
        return msgspec.structs.replace(
            wallet,
            holders=(*wallet.holders, name),
            owners={**wallet.owners, name: owner.hex()},
        )

    def given(self, record: Record) -> Iterator[tuple[People, int, Listed, int]]:
        """What each Safe began with: its tier, the asset's place in the list, and how much."""
        for people in TIERS:
            if (self._network.network, people.tier) in record.state.wallets:
                for place, one in enumerate(self._assets):
                    if held := self._held(one, people.tier):
                        yield people, place, one, held
