"""A signer: holds keys, rebuilds what it is asked to sign from the approved intent, and compares.

The coordinator only proposes. A proposal that differs in anything (another target or amount, an
extra output, change elsewhere, another chain, a fee outside the band, a contract that is none of
ours, a call other than a transfer) is refused, whoever asks. Coins that move between places of ours
need nobody's approval: they cannot leave.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import msgspec
from coincurve import PrivateKey

from fullreserve.custody import ownership
from fullreserve.custody.addresses import COLD_INDEX, Addresses, UtxoAddresses, account_of
from fullreserve.custody.chains import evm, evm_transaction, made_coins
from fullreserve.custody.chains.adapter import Payment, Plan
from fullreserve.custody.chains.evm_sweeps import LEFT, gas_key, left_key
from fullreserve.custody.hd import HARDENED, Private

if TYPE_CHECKING:  # read where it is needed alone, as it takes a while
    from fullreserve.custody.chains.utxo_transaction import Body as UtxoBody

LANE, BRANCH, COLD = "lane-", "branch/", "cold"
# Of the chain's coin, what the gas station may send to one address at once.
GAS_GIVEN_MAX = 4 * evm_transaction.GAS_TOKEN

T = TypeVar("T")


class WillNotSign(Exception):
    """The proposal is not what was approved; the message says in what."""


# Of a plan: what it may cost, and whether payments would wait without it.
Charge = Callable[[Plan, int, bool], None]


def uncounted(plan: Plan, fee: int, for_payments: bool) -> None:
    """Of who signs for himself alone."""


class Policy(Protocol):
    """What a signer knows of one network by itself, by which it rebuilds what it signs."""

    @property
    def knows_cost(self) -> bool:
        """Whether what it signs costs just what `charge` is told, and not at most that.

        Then payments share the budget of moves, and count beyond what their users pay; else they
        have their own, and count beyond some times that.
        """

    def sign(
        self,
        plan: Plan,
        approved: Sequence[Payment],
        previous: Sequence[bytes] = (),
        charge: Charge = uncounted,
    ) -> bytes:
        """Its part of the signed transaction, which `Family.completed` takes; WillNotSign.

        `approved` are the plan's withdrawals, or what a sweep of hot pays to warm. `previous` is
        what `Chain.previous` says of the plan. `charge` is told what a payment, or a move that
        nobody approved, may cost, before a key is used, and whether payments would wait without
        it; it may refuse.
        """

    def name_of(self, plan: Plan, signature: bytes) -> bytes:
        """The id of what was signed, by which its cost is looked up once it is final.

        Nothing where that is known before, as of a script's coins: what is charged is its fee.
        """

    def prove(self, key: str, message: str, *, hashed: bool = False) -> bytes:
        """A message signed by a key; WillNotSign."""

    def own_keys(self) -> Sequence[PrivateKey | Private]:
        """All that it signs with, which it shows who asks (custody.shown_keys)."""


class EvmPolicy(NamedTuple):
    """What a signer knows of an EVM network by itself."""

    terms: evm.Terms
    lanes: Mapping[bytes, PrivateKey]
    addresses: Addresses
    branch: Private | None = None  # of users' addresses
    cold: PrivateKey | None = None

    @property
    def knows_cost(self) -> bool:
        return False

    def name_of(self, plan: Plan, signature: bytes) -> bytes:
        return evm_transaction.read_body(plan.body).signed(signature).txid

    def sign(
        self,
        plan: Plan,
        approved: Sequence[Payment],
        previous: Sequence[bytes] = (),  # noqa: ARG002 - an account's has none
        charge: Charge = uncounted,
    ) -> bytes:
        """The recoverable signature; WillNotSign."""
        key = self.key_of(plan, approved, charge)
        return key.sign_recoverable(evm_transaction.read_body(plan.body).digest(), hasher=None)

    def key_of(
        self, plan: Plan, approved: Sequence[Payment], charge: Charge = uncounted
    ) -> PrivateKey:
        """The key that a plan is to be signed with, all of it having been compared; WillNotSign.

        `approved` are the plan's withdrawals, or what a sweep of hot pays to warm. `charge` is told
        what a payment, or a move that nobody approved, may cost, before a key is used, and whether
        payments would wait without it; it may refuse.
        """
        body = _decoded(evm_transaction.read_body, plan)
        if evm_transaction.binding(body.lane, body.nonce) != plan.binding:
            raise WillNotSign("the lane and nonce are not those of the binding")
        if body.chain_id != self.terms.chain_id:
            raise WillNotSign("it is for another chain")
        if not 0 < body.max_fee <= self.terms.max_fee_cap or body.max_tip > body.max_fee:
            raise WillNotSign("the fee is outside the band")
        if body.max_tip > self.terms.max_tip_cap:
            raise WillNotSign("the tip is outside the band")
        if body.gas not in (
            evm_transaction.GAS_BARE,
            evm_transaction.GAS_COIN,
            evm_transaction.GAS_TOKEN,
        ):
            raise WillNotSign("the gas limit is none of ours")
        if plan.move is not None and not approved:
            key = self._moves(body, plan)
            called = (body.to, body.value, body.data)
            # What a lane that was left is given may be spent by who else has its key.
            given = body.value if body.to in self.terms.left else 0
            cost = body.gas * body.max_fee + given
            charge(plan, cost, body.lane in self.lanes and called == _cancels(body))
            return key
        key = self._pays(body, approved)
        if plan.withdrawals:
            charge(plan, body.gas * body.max_fee, True)
        return key

    def _pays(self, body: evm_transaction.Body, approved: Sequence[Payment]) -> PrivateKey:
        if body.lane not in self.lanes or body.lane not in self.terms.hot:
            raise WillNotSign("the lane is not one of this signer's")
        if len(approved) != 1:
            raise WillNotSign("a transaction pays one withdrawal")
        payment = approved[0]
        token = self.terms.tokens.get(payment.asset)
        if token is None and payment.asset != self.terms.coin:
            raise WillNotSign("the asset is not on this network")
        wanted = evm_transaction.call_of(payment, token)
        if (body.to, body.value, body.data) not in (wanted, _cancels(body)):
            raise WillNotSign("target, value or call are not those of the approved withdrawal")
        return self.lanes[body.lane]

    def _moves(self, body: evm_transaction.Body, plan: Plan) -> PrivateKey:
        assert plan.move is not None
        if plan.withdrawals:
            raise WillNotSign("a move between our own places pays no withdrawal")
        called, key = (body.to, body.value, body.data), plan.move.key
        if body.lane in self.terms.left and key == left_key(body.lane) and body.lane in self.lanes:
            if called != _cancels(body) and not self._comes_to_a_lane(body):
                raise WillNotSign("the target is none of the hot wallets")
            return self.lanes[body.lane]
        if body.lane in self.lanes:
            is_left = body.to in self.terms.left and key == gas_key(body.to)
            is_ours = is_left or self._index_of(key, body.to) is not None
            if not is_ours and called != _cancels(body):
                raise WillNotSign("the gas would go to an address that is none of ours")
            if body.data or body.value > GAS_GIVEN_MAX * self.terms.max_fee_cap:
                raise WillNotSign("it is more than gas for a sweep")
            return self.lanes[body.lane]
        if self._index_of(key, body.lane) is None:
            raise WillNotSign("the source is none of our addresses")
        if called != _cancels(body) and not self._comes_to_a_lane(body):
            raise WillNotSign("the target is none of the hot wallets")
        return self._of_branch(key, body.lane)

    def _of_branch(self, key: str, place: bytes) -> PrivateKey:
        """This signer's key of a user's address; WillNotSign where another branch has it."""
        found = _child(self.branch, key)
        if found is None or lane_of(found) != place:
            raise WillNotSign(f"{key!r} is no key of this signer's")
        return found

    def _index_of(self, key: str, place: bytes) -> int | None:
        text = key.removeprefix(BRANCH)
        if not (key.startswith(BRANCH) and text.isascii() and text.isdigit() and len(text) < 10):
            return None
        return int(text) if self.addresses.place(int(text)) == place else None

    def _comes_to_a_lane(self, body: evm_transaction.Body) -> bool:
        if body.to in self.terms.lanes:
            return not body.data
        if body.to not in self.terms.tokens.values() or body.value:
            return False
        amount = int.from_bytes(body.data[-evm_transaction.WORD :], "big")
        return any(
            body.data == evm_transaction.transfer_call(lane, amount) for lane in self.terms.lanes
        )

    def prove(self, key: str, message: str, *, hashed: bool = False) -> bytes:
        """A message signed by a key; WillNotSign."""
        found = self._key(key)
        if found is None:
            raise WillNotSign(f"{key!r} is no key of this signer's")
        return ownership.sign_as_account(found, message, hashed=hashed)

    def own_keys(self) -> Sequence[PrivateKey | Private]:
        """All that it signs with: of lanes, and of the branch of users' accounts."""
        return *self.lanes.values(), *((self.branch,) if self.branch is not None else ())

    def _key(self, key: str) -> PrivateKey | None:
        if key == COLD:
            return self.cold
        if key.startswith(LANE):
            number = key.removeprefix(LANE)
            lanes = self.terms.lanes
            known = number.isascii() and number.isdigit() and int(number) < len(lanes)
            return self.lanes.get(lanes[int(number)]) if known else None
        if key.startswith(LEFT):
            named = (self.lanes.get(one) for one in self.terms.left if left_key(one) == key)
            return next(named, None)
        found = _child(self.branch, key)
        if found is None:
            return None
        return self._of_branch(key, self.addresses.place(int(key.removeprefix(BRANCH))))


class UtxoPolicy(NamedTuple):
    """What a signer knows of a network of the Bitcoin family by itself."""

    addresses: UtxoAddresses
    rate_cap: int
    keys: int
    threshold: int
    branch: Private  # this signer's own
    hrp: str = "bcrt"

    @property
    def knows_cost(self) -> bool:
        return True

    def name_of(self, plan: Plan, signature: bytes) -> bytes:  # noqa: ARG002 - the interface
        return b""

    def sign(
        self,
        plan: Plan,
        approved: Sequence[Payment],
        previous: Sequence[bytes] = (),
        charge: Charge = uncounted,
    ) -> bytes:
        """The PSBT with this signer's signatures; WillNotSign.

        `charge` is as of accounts, and told what a payment costs as well: who proposes one chooses
        how many coins it spends, and its fee goes to whoever makes the block.
        `previous` are the transactions that made the coins: nobody's word counts for an amount.
        """
        from fullreserve.custody.chains import utxo_transaction as tx

        body = _decoded(tx.read_body, plan)
        if tx.binding(body.inputs) != plan.binding or not body.inputs:
            raise WillNotSign("the inputs are not those of the binding")
        if len({coin.outpoint() for coin in body.coins}) != len(body.coins):
            raise WillNotSign("an input stands twice")
        # Signers are online: of what lies cold they prove that it is ours, and spend nothing.
        if not all(0 <= coin.index < COLD_INDEX for coin in body.coins):
            raise WillNotSign("an input is neither hot nor of a user's address")
        if (plan.move is None) != bool(plan.withdrawals):
            raise WillNotSign("it is neither a payment nor a move")
        _check_sources(body, self.addresses.own)
        wanted = [(one.place, one.amount) for one in approved]
        if [(one.script, one.amount) for one in body.pays] != wanted:
            raise WillNotSign("the outputs are not those of the approved withdrawals")
        scripts = [len(one.script) for one in body.pays] + [len(tx.hot_place(self.addresses))]
        cap = self.rate_cap * tx.size(len(body.coins), scripts, self.keys, self.threshold)
        # Change is what the fee leaves, and to the hot address only: `tx.unsigned` puts it there.
        if not 0 < body.fee <= cap or body.change < 0:
            raise WillNotSign("the fee is outside the band")
        try:
            made_coins.check(body.coins, self.addresses.place, previous)
        except made_coins.UnprovenCoin as bad:
            raise WillNotSign(str(bad)) from None
        if plan.withdrawals or not approved:
            charge(plan, body.fee, all(coin.index in self.addresses.own for coin in body.coins))
        return self._signed(body)

    def _signed(self, body: UtxoBody) -> bytes:
        from embit import ec

        from fullreserve.custody.chains import utxo_transaction as tx

        psbt = tx.unsigned(body, self.addresses)
        made = 0
        for index in sorted({coin.index for coin in body.coins}):
            made += psbt.sign_with(ec.PrivateKey(self.branch.child(index).secret))
        if made != len(body.coins):
            raise WillNotSign("this signer's key is not one of the wallet's")
        return bytes(psbt.serialize())

    def prove(self, key: str, message: str, *, hashed: bool = False) -> bytes:
        """A message signed by this signer's key of an address; WillNotSign."""
        if hashed:
            raise WillNotSign("keys of scripts sign in one form alone")
        found = _child(self.branch, key)
        keys = self.addresses.keys(int(key.removeprefix(BRANCH))) if found is not None else ()
        if found is None or found.public_key.format() not in keys:
            raise WillNotSign(f"{key!r} is no key of this signer's")
        return ownership.sign_as_key(found, message, self.hrp)

    def own_keys(self) -> Sequence[Private]:
        """The branch that it signs with."""
        return (self.branch,)


def lanes_of(secrets: Mapping[str, bytes]) -> Iterator[tuple[bytes, PrivateKey]]:
    """Each lane's account and key, of a file of secrets."""
    for name, secret in secrets.items():
        if name.startswith(LANE):
            key = PrivateKey(secret)
            yield lane_of(key), key


def branch_of(secrets: Mapping[str, bytes], network: int) -> Private | None:
    """A signer's private branch on a network, of a file of secrets."""
    kept = secrets.get(branch_name(network))
    return Private(kept[:32], kept[32:]) if kept else None


def branch_name(network: int) -> str:
    """Its name in a file of secrets: 32 bytes of key and 32 of chain code."""
    return f"branch-{network}"


def lane_of(key: PrivateKey) -> bytes:
    """The account that a key sends from."""
    return account_of(key.public_key.format())


def _child(branch: Private | None, key: str) -> PrivateKey | None:
    text = key.removeprefix(BRANCH)
    is_number = key.startswith(BRANCH) and text.isascii() and text.isdigit() and len(text) <= 10
    if branch is None or not is_number or int(text) >= HARDENED:
        return None
    return PrivateKey(branch.child(int(text)).secret)


def _check_sources(body: UtxoBody, own: Collection[int]) -> None:
    """A payment is from hot, and what is added to pay its fee; a move is of one tier's coins.

    WillNotSign.
    """
    from fullreserve.custody.chains import utxo_transaction as tx

    is_hot = [coin.index in own for coin in body.coins]
    if body.pays and not all(is_hot):
        raise WillNotSign("a payment is from the hot wallet alone")
    if not body.pays and (any(is_hot) != all(is_hot) or not body.change):
        raise WillNotSign("a move brings coins of hot, or of users' addresses, to the hot wallet")
    if body.added and not body.pays:
        raise WillNotSign("coins are added to payments alone")
    if len(body.added) > tx.ADDED_MAX:
        raise WillNotSign(f"more than {tx.ADDED_MAX} coins are added")


def _cancels(body: evm_transaction.Body) -> tuple[bytes, int, bytes]:
    """A self-send takes the nonce and pays nobody."""
    return body.lane, 0, b""


def _decoded(read: Callable[[bytes], T], plan: Plan) -> T:
    try:
        return read(plan.body)
    except msgspec.DecodeError:
        raise WillNotSign("the proposal cannot be read") from None
