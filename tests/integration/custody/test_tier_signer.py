"""Goal: a tier's signer signs what people approved and nothing else, and speaks to nobody but whom
a ceremony has named. Method: signers behind TLS, asked by a coordinator under attack."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
import sqlite3
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

from fullreserve.clock import NS_PER_MS, SystemClock
from fullreserve.custody import signer_wire
from fullreserve.custody.chains.utxo_transaction import Coin, Pays
from fullreserve.custody.keys import authority, tls
from fullreserve.custody.keys.answers import signed_digest
from fullreserve.custody.keys.intent import (
    EXCHANGE,
    Approval,
    Intent,
    Rule,
    TierPolicy,
    approve,
    propose,
)
from fullreserve.custody.keys.record import SAFE, UTXO, TierWallet
from fullreserve.custody.keys.signature import recovered
from fullreserve.custody.keys.tier_signer import Answer, Proposal, TierMemory, TierSigner
from fullreserve.custody.keys.tls import Endpoint, Listener, NotTrusted, Shown, Trust
from fullreserve.custody.tiers import proving, safe
from fullreserve.custody.tiers.safe import SafeTransaction
from fullreserve.custody.tiers.spending import Spend, planned, read_part
from fullreserve.custody.tiers.wallet import Wallet
from tests.integration.custody.holders import Holder, people

HOLDERS, LATE, APPROVERS = people(5), people(3, 11), people(4, 71)
WALLET = Wallet(3, tuple(one.key for one in HOLDERS), 2, tuple(one.key for one in LATE), 4_320)
WARM = TierWallet(3, "warm", UTXO, 3, tuple(one.name for one in HOLDERS), WALLET, "rltc")
ACCOUNT, TOKEN, LANE = b"\x31" * 20, b"\x32" * 20, b"\x33" * 20
OWNERS = {one.name: one.account.hex() for one in HOLDERS}
SAFE_WARM = TierWallet(1, "warm", SAFE, 3, WARM.holders, chain_id=1, safe=ACCOUNT.hex(),
                       owners=OWNERS)  # fmt: skip
HOT = b"\x00\x20" + b"\x44" * 32
LTC, USDT = 4, 6
RULES = (
    Rule(3, "warm", "hot", LTC, HOT, 5_000_000, 8_000_000, 50_000),
    Rule(1, "warm", "hot", USDT, LANE, 10**9, 10**9, 0, TOKEN),
)
KEYS = {one.name: one.device.public(one.name).hex() for one in APPROVERS}
POLICY = TierPolicy(7, 2, KEYS, RULES, proposers=KEYS)
MADE = [
    Transaction(vin=[TransactionInput(bytes([n]) * 32, 0)],
                vout=[TransactionOutput(4_000_000, Script(WALLET.place(n)))])
    for n in (1, 2, 3)
]  # fmt: skip
COINS = [Coin(one.txid(), 0, 4_000_000, n) for n, one in enumerate(MADE, 1)]
SHOWN = tuple(one.serialize() for one in MADE)
START = 1_800_000_000_000


class Hands(SystemClock):
    """A clock that a test sets: what runs steadily, and what the world agrees on."""

    def __init__(self) -> None:
        super().__init__()
        self.steady_ms, self.set_ms = 0, 0

    def wall_ms(self) -> int:
        return START + self.steady_ms + self.set_ms

    def monotonic_ns(self) -> int:
        return self.steady_ms * NS_PER_MS


def intent(number: int = 1, **other: object) -> Intent:
    made = Intent(number, 3, "warm", "hot", LTC, HOT, 3_000_000, APPROVERS[0].name,
                  POLICY.digest(), START, START + 3_600_000)  # fmt: skip
    return msgspec.structs.replace(made, **other)


def approvals(of: Intent, by: tuple[int, ...] = (1, 2)) -> tuple[Approval, ...]:
    return tuple(approve(of, APPROVERS[n].device, APPROVERS[n].name) for n in by)


def spend_of(of: Intent, coins: list[Coin] = COINS) -> Spend:
    return planned(WALLET, coins, [Pays(of.place, of.amount)], WALLET.place(5), 10)


def proposal(of: Intent, spend: Spend | None = None) -> Proposal:
    return proposed(Proposal(of, approvals(of), spend or spend_of(of), previous=SHOWN))


def proposed(bare: Proposal, by: Holder = APPROVERS[0]) -> Proposal:
    """Signed by who proposes it, for what it is paid with."""
    word = propose(bare.intent, bare.binding, by.device, by.name)
    return msgspec.structs.replace(bare, proposed=word)


class Desk:
    """One signer and its clock."""

    def __init__(self, folder: Path) -> None:
        self.clock = Hands()
        self.path = folder / "memory.sqlite"
        self.start()

    def start(self, policy: TierPolicy = POLICY) -> None:
        self.memory = TierMemory(self.path)
        one = HOLDERS[1]
        wallets = {(3, "warm"): WARM, (1, "warm"): SAFE_WARM}
        self.signer = TierSigner(one.name, one.device, wallets, policy, self.memory, self.clock)

    def restart(self, policy: TierPolicy = POLICY) -> None:
        self.memory.close()
        self.start(policy)

    def asks(self, wanted: Proposal | bytes) -> Answer:
        data = wanted if isinstance(wanted, bytes) else msgspec.json.encode(wanted)
        told = asyncio.run(self.signer.answer("coordinator", data))
        return msgspec.json.decode(told, type=Answer)

    def signs(self, wanted: Proposal) -> bytes:
        told = self.asks(wanted)
        assert not told.refusal, told.refusal
        return told.part

    def refuses(self, why: str, wanted: Proposal | bytes) -> None:
        told = self.asks(wanted)
        assert not told.part
        assert why in told.refusal


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_people_approved_is_signed_again_and_again(desk: Desk) -> None:
    """Criterion: CUST-SIGN-1."""
    wanted = proposal(intent())
    assert wanted.spend is not None
    part = desk.signs(wanted)
    assert list(read_part(WALLET, wanted.spend, part)) == [HOLDERS[1].name]
    assert desk.signs(wanted) == part
    desk.restart()
    assert desk.signs(wanted) == part


def test_an_amount_counts_as_the_coins_transaction_has_it(desk: Desk) -> None:
    """Signatures of two tellings of one spend would burn what both understate.

    Criterion: CUST-SIGN-7.
    """
    of = intent()
    poor = [msgspec.structs.replace(one, amount=3_100_000) for one in COINS]
    desk.refuses("holds 4000000, not 3100000", proposal(of, spend_of(of, poor[:2])))
    bare = proposed(Proposal(of, approvals(of), spend_of(of)))
    desk.refuses("without the transaction that made it", bare)
    desk.signs(proposal(of))


def test_a_coordinator_under_attack_gets_nothing(desk: Desk) -> None:
    """Criterion: CUST-SIGN-2, CUST-INV-5."""
    of = intent()
    good = spend_of(of)
    thief = b"\x00\x14" + b"\x66" * 20
    replace = msgspec.structs.replace
    attacks = {
        "outputs": [
            replace(good, pays=(Pays(thief, of.amount),)),
            replace(good, pays=(Pays(HOT, of.amount + 1),)),
            replace(good, pays=(*good.pays, Pays(thief, 1_000)), left=good.left - 1_000),
            replace(good, pays=()),
        ],
        "change": [replace(good, rest=thief)],
        "fee": [replace(good, left=good.left - 60_000), replace(good, left=good.left + 90_000),
                replace(good, left=0)],
        "twice": [replace(good, inputs=good.inputs * 2, left=0)],
        "branch": [replace(good, recovers=True), replace(good, inputs=())],
    }  # fmt: skip
    for why, wrong in attacks.items():
        for one in wrong:
            desk.refuses(why, proposal(of, one))
    desk.refuses("nothing to sign", proposed(Proposal(of, approvals(of))))
    for nonsense in (b"", b"{}", b"<html>", b"null", b"[]", bytes(100)):
        desk.refuses("cannot be read", nonsense)
    desk.signs(proposal(of))


def test_a_safe_is_asked_for_nothing_but_the_approved_transfer(desk: Desk) -> None:
    """Criterion: CUST-SIGN-2."""
    of = intent(network=1, asset=USDT, place=LANE, amount=10**6)
    good = SafeTransaction(1, ACCOUNT, 4, *safe.transfer_call(TOKEN, LANE, 10**6))
    made = desk.signs(proposed(Proposal(of, approvals(of), transaction=good)))
    key = recovered(made[:64] + bytes((made[64] - 27,)), good.digest())
    assert key == HOLDERS[1].device.public(HOLDERS[1].name)
    replace = msgspec.structs.replace
    for wrong in (
        replace(good, operation=1), replace(good, value=1), replace(good, to=LANE),
        replace(good, chain_id=2), replace(good, safe=LANE), replace(good, data=b""),
        replace(good, data=safe.transfer_call(TOKEN, ACCOUNT, 10**6)[2]),
        replace(good, data=safe.transfer_call(TOKEN, LANE, 10**6 + 1)[2]),
    ):  # fmt: skip
        asked = proposed(Proposal(of, approvals(of), transaction=wrong))
        desk.refuses("not those that were approved", asked)
    other = replace(good, nonce=5)
    asked = proposed(Proposal(of, approvals(of), transaction=other))
    desk.refuses("signed for with other", asked)


def test_approvals_are_of_every_byte_of_one_intent(desk: Desk) -> None:
    """Criterion: CUST-SIGN-3."""
    of = intent()
    given = approvals(of)
    for altered in ({"amount": 3_000_001}, {"number": 2}, {"expires_ms": START + 3_600_001}):
        other = intent(**altered)
        desk.refuses("0 of 2", Proposal(other, given, spend_of(other)))
    desk.refuses("1 of 2", Proposal(of, given[:1], spend_of(of)))
    desk.refuses("1 of 2", Proposal(of, (given[0], given[0]), spend_of(of)))
    # The proposer's own word counts for nothing, nor does a stranger's or one in another's name.
    desk.refuses("1 of 2", Proposal(of, approvals(of, (0, 1)), spend_of(of)))
    stranger = approve(of, HOLDERS[0].device, HOLDERS[0].name)
    desk.refuses("1 of 2", Proposal(of, (given[0], stranger), spend_of(of)))
    named = msgspec.structs.replace(given[0], approver=APPROVERS[3].name)
    desk.refuses("1 of 2", Proposal(of, (given[0], named), spend_of(of)))
    desk.signs(proposal(of))


def test_who_proposes_signs_what_it_is_paid_with(desk: Desk) -> None:
    """Criterion: CUST-SIGN-8."""
    of, replace = intent(), msgspec.structs.replace
    good = proposal(of)
    assert good.proposed is not None
    ann, bob, stranger = APPROVERS[0], APPROVERS[1], HOLDERS[0]
    desk.refuses("nobody has signed the proposal", replace(good, proposed=None))
    desk.refuses("has signed what", proposed(good, APPROVERS[3]))
    forged = propose(of, good.binding, stranger.device, stranger.name)
    desk.refuses("has not signed", replace(good, proposed=replace(forged, approver=ann.name)))
    # An approval by the same key is no proposal, nor is what was signed for other coins.
    desk.refuses("has not signed", replace(good, proposed=approve(of, ann.device, ann.name)))
    again = spend_of(of, COINS[1:])
    desk.refuses("has not signed", replace(good, spend=again))
    late = proposal(intent(proposer="nobody"))
    nobody = propose(late.intent, late.binding, stranger.device, stranger.name)
    named = replace(late, proposed=replace(nobody, approver="nobody"))
    desk.refuses("has no card", named)
    # One human's two names are one voice.
    two = replace(POLICY, persons={ann.name: 1, bob.name: 1})
    desk.restart(two)
    desk.refuses("1 of 2", good)
    desk.restart()
    desk.signs(good)


def test_what_the_log_is_said_to_have_decided_somebody_answers_for(desk: Desk) -> None:
    """A signer that cannot ask the log takes no move without a name. Criterion: CUST-SIGN-8."""
    of = intent(proposer=EXCHANGE)
    bare = Proposal(of, approvals(of), spend_of(of), previous=SHOWN)
    desk.refuses("anybody with a card does", bare)
    desk.refuses("1 of 2", proposed(bare, APPROVERS[1]))
    desk.signs(proposed(bare))


@pytest.mark.parametrize("gone", range(1, 4))
def test_any_one_approver_may_be_gone(desk: Desk, gone: int) -> None:
    """Others approve; by the next policy another has the place. Criterion: CUST-GONE-10."""
    stay = tuple(n for n in range(1, 4) if n != gone)
    of = intent()
    desk.signs(proposed(Proposal(of, approvals(of, stay), spend_of(of), previous=SHOWN)))
    names = {name: key for name, key in KEYS.items() if name != APPROVERS[gone].name}
    new = LATE[0]
    named = names | {new.name: new.device.public(new.name).hex()}
    policy = TierPolicy(8, 2, named, RULES, proposers=KEYS)
    desk.restart(policy)
    after = intent(2, policy=policy.digest(), amount=1_000_000)
    spend = planned(WALLET, COINS[2:], [Pays(after.place, after.amount)], WALLET.place(5), 10)
    old, mine = approvals(after, (gone,)), approvals(after, stay[:1])
    desk.refuses("1 of 2", Proposal(after, (*old, *mine), spend, previous=SHOWN[2:]))
    by_new = approve(after, new.device, new.name)
    desk.signs(proposed(Proposal(after, (*mine, by_new), spend, previous=SHOWN[2:])))
    with pytest.raises(ValueError, match="neither one alone nor all"):
        TierPolicy(9, 3, names, RULES)


def test_replayed_approvals_pay_once(desk: Desk) -> None:
    """Criterion: CUST-SIGN-3."""
    of = intent()
    desk.signs(proposal(of))
    again = spend_of(of, COINS[1:])
    desk.refuses("signed for with other", proposal(of, again))
    desk.restart()
    desk.refuses("signed for with other", proposal(of, again))
    # A higher fee from the same coins is the same payment.
    first = spend_of(of)
    desk.signs(proposal(of, msgspec.structs.replace(first, left=first.left - 5_000)))
    other = intent(amount=2_000_000)
    desk.refuses("signed for with other", proposal(other))


def test_expired_and_early_approvals_are_refused(desk: Desk) -> None:
    """Criterion: CUST-SIGN-4."""
    of = intent()
    desk.clock.steady_ms = 3_600_000
    desk.refuses("expired", proposal(of))
    desk.clock.steady_ms = 3_599_999
    desk.signs(proposal(of))
    late = intent(2, created_ms=START + 10**7, expires_ms=START + 10**7 + 1_000)
    desk.refuses("time to come", proposal(late))
    long = intent(3, expires_ms=START + POLICY.lasts_max_ms + 1)
    desk.refuses("longer than", proposal(long))


def test_a_clock_that_jumps_stops_the_signer(desk: Desk) -> None:
    """Criterion: CUST-SIGN-4."""
    of = intent()
    for jump in (-3_600_000, 3_000, 86_400_000):
        desk.clock.set_ms = jump
        desk.refuses("clock was set", proposal(of))
    desk.clock.set_ms = 0
    desk.clock.steady_ms = 1_800_000
    desk.signs(proposal(of))
    # Set back while it was not running: approvals that had expired would be good again.
    desk.clock.set_ms = -1_000_000
    desk.restart()
    desk.refuses("behind what it signed", proposal(of))


def test_signers_of_another_policy_version_say_so(desk: Desk) -> None:
    """Criterion: CUST-SIGN-5."""
    newer = msgspec.structs.replace(POLICY, version=8)
    desk.restart(newer)
    desk.refuses("another policy than version 8", proposal(intent()))
    looser = msgspec.structs.replace(POLICY, needed=3)
    assert len({one.digest() for one in (POLICY, newer, looser)}) == 3
    for needed in (0, 1, 4, 5):
        with pytest.raises(ValueError, match="neither one alone nor all"):
            msgspec.structs.replace(POLICY, needed=needed)


def test_caps_hold_inside_the_signer(desk: Desk) -> None:
    """Criterion: CUST-SIGN-5."""
    desk.refuses("more than 5000000 at once", proposal(intent(amount=5_000_001)))
    desk.signs(proposal(intent(1, amount=5_000_000)))
    desk.refuses("24 hours", proposal(intent(2, amount=3_000_001)))
    desk.signs(proposal(intent(3, amount=3_000_000)))
    desk.refuses("no rule", proposal(intent(4, place=b"\x00\x20" + bytes(32))))
    desk.refuses("no rule", proposal(intent(5, target="cold")))
    desk.refuses("no rule", proposal(intent(6, source="cold")))


def test_a_signer_whose_disk_is_full_signs_nothing(desk: Desk) -> None:
    """Criterion: CUST-SIGN-6."""
    policy = msgspec.structs.replace(
        POLICY, rules=(msgspec.structs.replace(RULES[0], day_max=10**12),)
    )
    desk.restart(policy)
    pages = desk.memory._db.execute("PRAGMA page_count").fetchone()[0]
    desk.memory._db.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(1, 200):
        of = intent(number, policy=policy.digest(), amount=1_000_000)
        told = desk.asks(proposal(of))
        if told.refusal:
            break
    assert "its disk" in told.refusal
    assert not told.part
    assert number > 1
    # What was not remembered was not signed, and with room again all goes on.
    rows = sqlite3.connect(desk.path).execute("SELECT count(*) FROM signed").fetchone()
    assert rows == (number - 1,)
    desk.memory._db.execute("PRAGMA max_page_count = 1000000")
    desk.signs(proposal(of))


class Parties:
    """Certificates of a ceremony, each name's own key beside its certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authorities: list[str] = []
        self.prints: dict[str, str] = {}

    def admit(self, *names: str) -> None:
        made = {name: authority.identity(name, b"word") for name in names}
        issued = authority.issue("c", [(n, one.request) for n, one in made.items()], START_NOW)
        self.authorities.append(issued.authority)
        for name, text in issued.certificates.items():
            (self.folder / f"{name}.pem").write_text(text)
            (self.folder / f"{name}.key").write_bytes(made[name].key)
            self.prints[name] = authority.fingerprint(text)

    @property
    def trust(self) -> Trust:
        return Trust(tuple(self.authorities), dict(self.prints))


START_NOW = int(dt.datetime.now(dt.UTC).timestamp() * 1000)


class Served:
    """A signer named `one` on a port, and who asks it."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.theirs = Parties(folder / "ours"), Parties(folder / "theirs")
        for one in (self.ours, self.theirs):
            one.folder.mkdir()
        self.ours.admit("one", "payer", "gone", "two")
        self.theirs.admit("one", "payer")
        self.asked: list[str] = []

    async def open(self) -> None:
        """Without `gone`, who was replaced."""
        del self.ours.prints["gone"]
        of = self.context(self.ours, "one", serves=True)
        listener = Listener(self.answer, lambda: Shown(self.ours.trust, of), SystemClock())
        self.server = await listener.listen("127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def answer(self, name: str, question: bytes) -> bytes:
        self.asked.append(name)
        return hashlib.sha256(question).digest()

    @staticmethod
    def context(of: Parties, name: str, *, serves: bool = False) -> ssl.SSLContext:
        folder = of.folder
        return tls.context(of.trust, folder / f"{name}.pem", folder / f"{name}.key", b"word",
                           serves=serves)  # fmt: skip

    async def ask(self, name: str, of: Parties, signer: str = "one", trust: Parties | None = None
                  ) -> bytes:  # fmt: skip
        known = (trust or self.ours).trust
        folder = of.folder
        mine = tls.context(known, folder / f"{name}.pem", folder / f"{name}.key", b"word",
                           serves=False)  # fmt: skip
        where = Endpoint(signer, "127.0.0.1", self.port)
        return await asyncio.to_thread(tls.ask, where, known, mine, b"a question")


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    made = Served(tmp_path)
    await made.open()
    yield made
    made.server.close()


async def test_two_who_know_each_other_speak(served: Served) -> None:
    """Criterion: CUST-TLS-1."""
    assert await served.ask("payer", served.ours) == hashlib.sha256(b"a question").digest()
    assert served.asked == ["payer"]


async def test_nobody_else_is_answered(served: Served) -> None:
    """Criterion: CUST-TLS-1."""
    for name, of in (("gone", served.ours), ("payer", served.theirs), ("one", served.theirs)):
        with pytest.raises(OSError, match="."):
            await served.ask(name, of)
    assert not served.asked
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert not (await reader.read(100)).startswith(b"HTTP")
    writer.close()
    assert not served.asked


async def test_another_signer_is_not_taken_for_the_one_that_was_meant(served: Served) -> None:
    """Criterion: CUST-TLS-2."""
    for signer, trust in (("two", served.ours), ("one", served.theirs)):
        with pytest.raises(NotTrusted):
            await served.ask("payer", served.ours, signer, trust)
    assert not served.asked


def test_names_and_places_are_read_exactly(tmp_path: Path) -> None:
    """Criterion: CUST-TLS-2."""
    assert Endpoint.read("tls:one@10.0.0.7:9001") == Endpoint("one", "10.0.0.7", 9001)
    for wrong in ("one@h:1", "tls:one", "tls:@h:1", "tls:one@h", "tls:one@h:x"):
        with pytest.raises(ValueError, match="not tls:name@host:port"):
            Endpoint.read(wrong)
    parties = Parties(tmp_path)
    parties.admit("one")
    with pytest.raises(OSError, match="."):
        tls.context(parties.trust, tmp_path / "one.pem", tmp_path / "one.key", b"wrong",
                    serves=True)  # fmt: skip
    with pytest.raises(authority.BadRequest):
        authority.issue("c", [("one", "no request")], START_NOW)


def test_a_tier_s_signer_shows_that_its_holder_is_there(tmp_path: Path) -> None:
    """Criterion: LIVE-19. As a hot one does, by the holder's own key; it signs nothing else so."""
    desk, one = Desk(tmp_path), HOLDERS[1]
    asked = signer_wire.AnswerChallenge(7, b"\x11" * 32)

    def told(question: bytes) -> signer_wire.Answer:
        content = asyncio.run(desk.signer.answer("", question))
        return msgspec.json.decode(content, type=signer_wire.Answer)

    made = told(msgspec.json.encode(asked))
    assert recovered(made.signature, signed_digest(7, asked.challenge)) == one.device.public(
        one.name
    )
    short = told(msgspec.json.encode(signer_wire.AnswerChallenge(7, b"short")))
    far = told(msgspec.json.encode(signer_wire.AnswerChallenge(-1, asked.challenge)))
    assert "32 bytes" in short.refusal
    assert far.refusal
    assert (
        "no address"
        in told(msgspec.json.encode(signer_wire.SignMessage(3, "branch/1", ""))).refusal
    )
    desk.memory.close()


def test_a_tier_s_signer_proves_its_wallets_addresses_and_says_nothing_else(desk: Desk) -> None:
    """Criterion: CUST-PROOF-2. A script's and a Safe's; a message that names another is refused."""
    one = HOLDERS[1]

    def told(asked: signer_wire.SignMessage) -> signer_wire.Answer:
        content = asyncio.run(desk.signer.answer("", msgspec.json.encode(asked)))
        return msgspec.json.decode(content, type=signer_wire.Answer)

    for tier, number in ((WARM, 0), (WARM, 19), (SAFE_WARM, 0)):
        held = list(proving.addresses(tier))[number]
        text = f"Fullreserve reserves/1 exchange=ab address={held.address} network={tier.network}"
        asked = signer_wire.SignMessage(tier.network, held.address, text)
        made = told(asked)
        assert held.is_by(one.name, text, made.signature)
        other = "Fullreserve reserves/1 exchange=ab address=elsewhere network=3"
        for wrong, why in (
            ({"message": other}, "not about"),
            ({"message": text.removeprefix("Fullreserve ")}, "begins with"),
            ({"message": text + "\n"}, "printable"),
            ({"network": 9}, "no address"),
            ({"hashed": True}, "no address"),
        ):
            refused = told(msgspec.structs.replace(asked, **wrong))
            assert not refused.signature
            assert why in refused.refusal
