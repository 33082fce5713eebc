"""Goal: ceremonies and changes of keys work as an operator does them, without whoever is gone, and
leave a record. Method: the commands themselves, on litecoind and anvil."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from fullreserve import cli
from fullreserve.custody import networks, nodes
from fullreserve.custody.chains.adapter import Payment
from fullreserve.custody.chains.rpc import NodeRefuses
from fullreserve.custody.keys import card, job
from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.job import Job
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import FILE, BadRecord, Entry, Record
from fullreserve.custody.keys.tier_quorum import Person
from fullreserve.custody.networks import Network
from fullreserve.custody.tiers.safe import SafeMissing, SafeTransaction, SafeView
from fullreserve.custody.tiers.wallet import Wallet
from fullreserve.custody.tiers.wallet_coins import found
from tests.integration.custody.conftest import _start_litecoind
from tests.integration.custody.holders import Holder
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.safes import CHAIN, ETHER, HOT, Chain, Tier

# Each holder makes a key, at the cost of a guess.
pytestmark = pytest.mark.slow

OLDER, NETWORK, EVM = 6, 3, 1
HOLDERS, LATE, SPARE = ("ann", "bob", "cyd", "dan"), ("eve", "fay", "gil"), ("hal", "ida")
WORD = "a passphrase of the tests"
PLAN = """
[[wallet]]
network = {network}
tier = "warm"
kind = "{kind}"
threshold = 2
holders = {holders}
{more}
"""


class Office:
    """A data folder, the machines of all holders, and the command line."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.data, self.holders = folder / "data", folder / "holders"
        self.cards = folder / "cards"
        self._patch = patch
        for one in (self.data, self.cards):
            one.mkdir()
        patch.setenv("FULLRESERVE_DATA", str(self.data))
        patch.chdir(folder)
        self.folder = folder
        self.said, self.node = "", ""

    def do(self, *words: str | Path, code: int = 0) -> str:
        """A command, and all that it said."""
        out, bad = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(WORD + "\n"))
            patch.setattr("sys.stdout", out)
            patch.setattr("sys.stderr", bad)
            told = cli.main(["custody", *map(str, words)])
        said = out.getvalue() + bad.getvalue()
        self.said += said
        assert told == code, said
        return said

    def make_keys(self, names: Sequence[str]) -> None:
        for name in names:
            self.do("holder-key", name, self.holders)
            (self.holders / f"{name}.json").rename(self.cards / f"{name}.json")

    def plan(self, network: int, kind: str, holders: Sequence[str], more: str) -> Path:
        path = self.folder / "plan.toml"
        persons = "".join(
            f'[[person]]\nholder = "{name}"\nperson = {number}\nsite = "site {number}"\n'
            for number, name in enumerate((*HOLDERS, *LATE, *SPARE), 1)
            if (self.cards / f"{name}.json").exists()
        )
        names = json.dumps(list(holders))
        path.write_text(persons + PLAN.format(network=network, kind=kind, holders=names, more=more))
        return path

    def sign(self, job_file: Path, names: Sequence[str]) -> list[Path]:
        parts = []
        new = [self.cards / f"{one.holder}.json" for one in job.read(job_file).cards]
        given: list[str | Path] = ["--card", *new] if new else []
        given += ["--node", self.node] if self.node else []
        for name in names:
            part = self.folder / f"{job_file.stem}-{name}.part"
            keys = self.holders / f"{name}.keys"
            self.do("sign", job_file, name, "--keys", keys, "--out", part, *given)
            parts.append(part)
        return parts

    @property
    def record(self) -> Record:
        return Record.of(self.data)


def late(names: Sequence[str] = LATE) -> str:
    listed = json.dumps(list(names))
    return f'hrp = "rltc"\nrecovery_threshold = 2\nrecovery = {listed}\nolder = {OLDER}\n'


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UtxoBed]:
    try:
        made = UtxoBed(_start_litecoind, tmp_path_factory.mktemp("litecoin"), "rltc", 440)
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    yield made
    made.close()


@pytest.fixture
def office(bed: UtxoBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """After its ceremony, with coins in the warm wallet."""
    with pytest.MonkeyPatch.context() as patch:
        made = Office(tmp_path_factory.mktemp("office"), patch)
        made.node = bed.url
        made.make_keys((*HOLDERS, *LATE))
        born = bed.node.call("getblockcount")
        plan = made.plan(NETWORK, "utxo", HOLDERS, late() + f"born = {born}\n")
        said = made.do("ceremony", plan, "--dry-run")
        assert "this was a dry run" in said
        assert "wsh(or_d(multi(2," in said
        assert not list(made.data.iterdir())
        made.do("ceremony", plan)
        fund(bed, made)
        made.make_keys(SPARE)
        yield made


def fund(bed: UtxoBed, office: Office) -> None:
    wallet = office.record.wallet(NETWORK, "warm").wallet
    assert wallet is not None
    bed.send([Payment(0, bed.asset, 5_000_000, wallet.place(index)) for index in (0, 1)])
    bed.mine()


def held(bed: UtxoBed, office: Office) -> int:
    """What the warm wallet of the record holds on the chain."""
    one = office.record.wallet(NETWORK, "warm")
    assert one.wallet is not None
    tip = bed.node.call("getblockcount")
    return sum(each.coin.amount for each in found(bed.node, one.wallet, 3, one.born, tip))


def test_a_ceremony_is_recorded_without_secrets(office: Office) -> None:
    """Criterion: CUST-CEREMONY-1."""
    text = (office.data / FILE).read_text()
    first = office.record.entries[0]
    assert first.kind == "ceremony"
    assert set(first.certificates) == {*HOLDERS, *LATE}
    for name in (*HOLDERS, *LATE):
        assert office.record.state.cards[name].fingerprint in office.said
        device = FileDevice.open(office.holders / f"{name}.keys", WORD.encode())
        branch = device._private(name)
        for hidden in (branch.secret.hex(), WORD):
            assert hidden not in text + office.said
        assert "PRIVATE" not in text + office.said
    assert "warm wallet of network 3: 2 of ann (1), bob (2), cyd (3), dan (4)" in office.do("show")
    assert "already" in office.do("ceremony", office.plan(NETWORK, "utxo", HOLDERS, late()), code=1)


def test_a_changed_record_is_refused(office: Office, tmp_path: Path) -> None:
    """Criterion: CUST-CEREMONY-1."""
    text = (office.data / FILE).read_text()
    (tmp_path / FILE).write_text(text.replace('"threshold":2', '"threshold":1', 1))
    with pytest.raises(BadRecord, match="entry 1"):
        Record.of(tmp_path)
    (tmp_path / FILE).write_text(text + text)
    with pytest.raises(BadRecord, match=f"entry {len(text.splitlines()) + 1}"):
        Record.of(tmp_path)


@pytest.mark.parametrize(
    ("threshold", "holders", "why"),
    [
        (1, HOLDERS, "one person alone"),
        (4, HOLDERS, "needs 2 more than it uses"),
        (3, HOLDERS, "needs 2 more than it uses"),
        (2, HOLDERS[:3], "needs 2 more than it uses"),
        (2, (*HOLDERS[:3], "ann"), "person 1 holds 2 shares"),
        (2, (*HOLDERS[:3], "eve"), "person 5 holds a key and a recovery key"),
        (2, (*HOLDERS[:3], "zoe"), "no person or card for zoe"),
    ],
)
def test_no_ceremony_makes_a_quorum_that_somebody_can_stop(
    office: Office, threshold: int, holders: Sequence[str], why: str
) -> None:
    """Criterion: CUST-CEREMONY-2."""
    plan = office.plan(9, "utxo", holders, late())
    plan.write_text(plan.read_text().replace("\nthreshold = 2", f"\nthreshold = {threshold}"))
    assert why in office.do("ceremony", plan, "--dry-run", code=1)


def test_no_place_and_no_vendor_can_stop_or_spend(office: Office) -> None:
    """Criterion: CUST-CEREMONY-2."""
    plan = office.plan(9, "utxo", HOLDERS, late())
    plan.write_text(plan.read_text().replace("site 2", "site 1").replace("site 3", "site 1"))
    assert "site site 1 holds 3" in office.do("ceremony", plan, "--dry-run", code=1)


def test_a_card_is_its_holders(office: Office) -> None:
    """Criterion: CUST-CEREMONY-3."""
    place = office.cards / "ann.json"
    kept = place.read_text()
    other = json.loads((office.cards / "bob.json").read_text())
    for change in ({"key": other["key"]}, {"proof": other["proof"]}, {"holder": "Ann!"},
                   {"device": "paper"}, {"request": "x"}):  # fmt: skip
        place.write_text(json.dumps(json.loads(kept) | change))
        said = office.do("ceremony", office.plan(9, "utxo", HOLDERS, late()), code=1)
        assert "fullreserve: " in said
    place.write_text(kept)


def test_a_holder_of_a_tier_is_replaced_without_him(bed: UtxoBed, office: Office) -> None:
    """Criterion: CUST-GONE-3."""
    before = held(bed, office)
    out = office.folder / "swap.json"
    words = ("replace-holder", "bob", office.cards / "hal.json", "--person", "8",
             "--site", "site 8", "--node", bed.url, "--out", out)  # fmt: skip
    made = office.folder / "swap-3-warm.json"
    assert "this was a dry run" in office.do(*words, "--dry-run")
    assert not made.exists()
    office.do(*words)
    parts = office.sign(made, ("ann", "dan"))
    said = office.do("finish", made, *parts, "--node", bed.url, "--dry-run")
    assert "this was a dry run" in said
    assert len(office.record.entries) == 1
    office.do("finish", made, *parts, "--node", bed.url)
    bed.mine()
    assert 0 < before - held(bed, office) < 20_000
    last = office.record.entries[-1]
    assert (last.kind, last.gone, set(last.certificates)) == ("replacement", ("bob",), {"hal"})
    assert "bob" not in office.record.state.certificates
    said = office.do("sign", made, "bob", "--keys", office.holders / "bob.keys",
                     "--out", office.folder / "x", code=1)  # fmt: skip
    assert "fullreserve: " in said


def test_a_job_that_does_more_is_not_signed(bed: UtxoBed, office: Office) -> None:
    """Criterion: CUST-CEREMONY-4."""
    plan = office.plan(NETWORK, "utxo", ("ann", "hal", "cyd", "ida"), late())
    out = office.folder / "turn.json"
    office.do("rotate", "3", "warm", plan, "--node", bed.url, "--out", out)
    good = job.read(out)
    assert good.spend is not None
    assert good.after.wallet is not None
    strange = b"\x00\x20" + b"\x99" * 32
    other = msgspec.structs.replace(good.after.wallet, threshold=3)
    spends = [
        msgspec.structs.replace(good.spend, rest=strange),
        msgspec.structs.replace(good.spend, left=good.spend.left // 2),
        msgspec.structs.replace(good.spend, left=good.spend.left + 10**7),
        msgspec.structs.replace(good.spend, recovers=True),
    ]
    wrong = [msgspec.structs.replace(good, spend=one) for one in spends]
    wrong += [
        msgspec.structs.replace(good, after=msgspec.structs.replace(good.after, born=10**9)),
        msgspec.structs.replace(good, cards=()),
        msgspec.structs.replace(good, kind="recovery"),
        msgspec.structs.replace(good, after=msgspec.structs.replace(good.after, wallet=other)),
        msgspec.structs.replace(good, after=msgspec.structs.replace(good.after, hrp="ltc")),
    ]
    for number, one in enumerate(wrong):
        path = office.folder / f"wrong-{number}.json"
        path.write_bytes(msgspec.json.encode(one))
        said = office.do("sign", path, "ann", "--keys", office.holders / "ann.keys",
                         "--node", bed.url, "--out", office.folder / "x", code=1)  # fmt: skip
        assert "fullreserve: " in said
    assert not (office.folder / "x").exists()


def test_a_forged_card_or_quorum_is_not_signed(
    bed: UtxoBed, office: Office, tmp_path: Path
) -> None:
    """Criterion: CUST-CEREMONY-6. Keys of somebody else under the names of holders who stay."""
    plan = office.plan(NETWORK, "utxo", ("ann", "hal", "cyd", "ida"), late())
    out = office.folder / "forged.json"
    office.do("rotate", "3", "warm", plan, "--node", bed.url, "--out", out)
    good = job.read(out)
    names = ("ann", "hal", "cyd", "ida")
    for name in names:
        office.do("holder-key", name, tmp_path)
    theirs = tuple(card.read(tmp_path / f"{name}.json") for name in names)
    hal, ida = (office.cards / f"{name}.json" for name in ("hal", "ida"))

    def under(threshold: int, cards: Sequence[Card]) -> Job:
        assert good.after.wallet is not None
        assert good.spend is not None
        brought = {one.holder: one for one in (*good.cards, *cards)}
        known = office.record.state.cards | brought
        held = tuple(known[name].in_wallet for name in names)
        wallet = msgspec.structs.replace(good.after.wallet, threshold=threshold, keys=held)
        after = msgspec.structs.replace(good.after, threshold=threshold, wallet=wallet)
        spend = msgspec.structs.replace(good.spend, rest=wallet.place(0))
        held_by = tuple(brought.values())
        return msgspec.structs.replace(good, after=after, spend=spend, cards=held_by)

    assert good.spend is not None
    greedy = msgspec.structs.replace(good.spend, left=good.spend.left - 10**6)
    for wrong, told, given in (
        (under(2, theirs), "is not that of your record", (hal, ida)),
        (good, "the card of hal is not that of your record", (ida,)),
        (under(1, ()), "one person alone could spend", (hal, ida)),
        (msgspec.structs.replace(good, spend=greedy), "out of proportion: at most", (hal, ida)),
    ):
        out.write_bytes(msgspec.json.encode(wrong))
        part = office.folder / "forged.part"
        said = office.do("sign", out, "cyd", "--keys", office.holders / "cyd.keys",
                         "--out", part, "--card", *given, code=1)  # fmt: skip
        assert told in said
        assert not part.exists()


def rotated(bed: UtxoBed, office: Office, names: Sequence[str], signers: Sequence[str]) -> Wallet:
    """The wallet that is left; what `finish` said stands in `office.said`."""
    before = office.record.wallet(NETWORK, "warm").wallet
    assert before is not None
    out = office.folder / "turned.json"
    plan = office.plan(NETWORK, "utxo", names, late())
    office.do("rotate", "3", "warm", plan, "--node", bed.url, "--out", out)
    office.do("finish", out, *office.sign(out, signers), "--node", bed.url)
    bed.mine()
    return before


def test_what_comes_to_wallets_that_were_left_follows(bed: UtxoBed, office: Office) -> None:
    """Criterion: CUST-GATHER-1. Of each by its own holders, or by those who recover it."""
    first = rotated(bed, office, ("ann", "hal", "cyd", "ida"), ("bob", "dan"))
    assert "Sweeps of hot go to rltc1" in office.said
    assert "fullreserve custody gather 3 warm --out FILE" in office.said
    out, words = office.folder / "late.json", ("gather", "3", "warm", "--node", bed.url, "--out")
    assert "Nothing lies at a wallet that was left." in office.do(*words, out)
    second = rotated(bed, office, ("bob", "hal", "cyd", "dan"), ("ann", "ida"))
    bed.send([
        Payment(0, bed.asset, amount, wallet.place(index))
        for wallet, amount, index in ((first, 3_000_000, 0), (second, 2_000_000, 7))
    ])  # fmt: skip
    bed.mine()
    before, wallet = held(bed, office), office.record.wallet(NETWORK, "warm")
    young = office.do(*words, out, "--recovery")
    assert "3000000 in 1: each waits" in young
    assert f"for {OLDER - 1} more" in young
    assert "this was a dry run" in office.do(*words, out, "--dry-run")
    said = office.do(*words, out)
    assert "3000000 in all, out of the warm wallet of network 3 that was left" in said
    assert "signed by 2 of ann, bob, cyd, dan" in said
    one = office.folder / "late-1.json"
    office.do("finish", one, *office.sign(one, ("bob", "dan")), "--node", bed.url)
    bed.mine(OLDER)
    assert "signed by 2 of eve, fay, gil" in office.do(*words, out, "--recovery")
    office.do("finish", one, *office.sign(one, ("eve", "gil")), "--node", bed.url)
    bed.mine()
    assert 0 < before + 5_000_000 - held(bed, office) < 20_000
    assert [entry.kind for entry in office.record.entries[-2:]] == ["gathering"] * 2
    assert office.record.wallet(NETWORK, "warm") == wallet
    assert "Nothing lies at a wallet that was left." in office.do(*words, out)
    # Who goes back to keys of before has what came to them meanwhile.
    bed.send([Payment(0, bed.asset, 1_000_000, first.place(0))])
    bed.mine()
    rotated(bed, office, HOLDERS, ("bob", "dan"))
    assert held(bed, office) > before + 5_900_000


def test_a_holder_takes_what_is_added_to_the_record(
    bed: UtxoBed, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CUST-CEREMONY-7, CUST-CEREMONY-8. With a folder of his own, and a forged copy."""
    given, own = office.data / FILE, tmp_path / "bobs"
    early = tmp_path / "early.jsonl"
    early.write_bytes(given.read_bytes())
    rotated(bed, office, ("ann", "hal", "bob", "ida"), ("cyd", "dan"))
    bed.send([Payment(0, bed.asset, 3_000_000, _left(office).place(0))])
    bed.mine()
    monkeypatch.setenv("FULLRESERVE_DATA", str(own))
    said = office.do("take-record", early, "bob", "--dry-run")
    assert not (own / FILE).exists()
    said = office.do("take-record", early, "bob")
    assert "Nothing proves the first record that you take" in said
    assert f"card of ann (file), fingerprint {office.record.state.cards['ann'].fingerprint}" in said
    said = office.do("take-record", given, "bob")
    assert "entry 2, rotation, " in said
    assert ": signed by cyd, dan" in said
    assert f"card of hal (file), fingerprint {office.record.state.cards['hal'].fingerprint}" in said
    assert (own / FILE).read_bytes() == given.read_bytes()
    assert "It adds nothing." in office.do("take-record", given, "bob")
    said = office.do("take-record", early, "bob", code=1)
    assert "does not begin with the 2 entries" in said
    # One entry more, as whoever runs the exchange writes it, and the job that follows from it.
    for name in ("ann", "zoe", "bob", "ida"):
        office.do("holder-key", name, tmp_path)
    theirs = {name: card.read(tmp_path / f"{name}.json") for name in ("ann", "zoe", "bob", "ida")}
    forged = tmp_path / FILE
    forged.write_bytes(given.read_bytes())
    _turned(Record(forged), theirs)
    for words in ((), ("--card", office.cards / "hal.json")):
        said = office.do("take-record", forged, "bob", *words, code=1)
        assert "entry 3 (rotation): no signatures of its holders prove it" in said
    assert (own / FILE).read_bytes() == given.read_bytes()
    out = office.folder / "late.json"
    monkeypatch.setenv("FULLRESERVE_DATA", str(tmp_path))
    office.do("gather", "3", "warm", "--node", bed.url, "--out", out)
    signs = ("sign", office.folder / "late-1.json", "bob", "--keys", office.holders / "bob.keys",
             "--out", tmp_path / "x")  # fmt: skip
    # In a folder where he has taken nothing yet, his own card gives it away.
    assert "another key of bob's" in office.do(*signs, code=1)
    (own / FILE).write_bytes(forged.read_bytes())
    monkeypatch.setenv("FULLRESERVE_DATA", str(own))
    said = office.do(*signs, code=1)
    assert "no signatures of its holders prove it" in said
    assert "bob has not taken the record" in said
    assert not (tmp_path / "x").exists()
    # The true one signs, without being taken by hand where all of it proves itself.
    (own / FILE).write_bytes(given.read_bytes())
    office.do("gather", "3", "warm", "--node", bed.url, "--out", out)
    office.do(*signs)


def _left(office: Office) -> Wallet:
    (one,) = office.record.left(NETWORK, "warm")
    assert one.wallet is not None
    return one.wallet


def _turned(record: Record, cards: dict[str, Card]) -> None:
    """An entry by which others' keys follow, under the names of holders."""
    before = record.wallet(NETWORK, "warm")
    assert before.wallet is not None
    held = tuple(one.in_wallet for one in cards.values())
    wallet = msgspec.structs.replace(before.wallet, keys=held)
    after = msgspec.structs.replace(before, holders=tuple(cards), wallet=wallet)
    persons = (Person("zoe", 21),)
    record.append(Entry(0, 9, "rotation", "", tuple(cards.values()), persons, (after,)))


def test_a_gathering_brings_coins_nowhere_else(bed: UtxoBed, office: Office) -> None:
    """Criterion: CUST-GATHER-2. Each holder looks at both wallets in his own record."""
    left = rotated(bed, office, ("ann", "hal", "cyd", "ida"), ("bob", "dan"))
    bed.send([Payment(0, bed.asset, 3_000_000, left.place(0))])
    bed.mine()
    office.do("gather", "3", "warm", "--node", bed.url, "--out", office.folder / "late.json")
    good = job.read(office.folder / "late-1.json")
    newest = good.after.wallet
    assert good.spend is not None
    assert newest is not None
    replace = msgspec.structs.replace
    strange = replace(newest, threshold=3)
    away, greedy = replace(good.spend, rest=b"\x00\x20" + b"\x99" * 32), good.spend.left - 10**6
    back = replace(good.after, wallet=left)
    for wrong, told in (
        (replace(good, spend=away), "elsewhere than to the wallet that follows"),
        (replace(good, spend=replace(good.spend, rest=left.place(0))), "elsewhere than"),
        (replace(good, after=back), "elsewhere than to the newest wallet of your record"),
        (replace(good, after=replace(good.after, wallet=strange)), "elsewhere than to the newest"),
        (replace(good, source=newest), "no warm wallet of network 3 that your record has left"),
        (replace(good, source=strange), "no warm wallet of network 3 that your record has left"),
        (replace(good, source=None), "no warm wallet of network 3 that your record has left"),
        (replace(good, kind="rotation"), "is no gathering"),
        (replace(good, kind="rotation", source=None), "does not lie at address"),
        (replace(good, gone=("hal",)), "changes nobody's keys"),
        (replace(good, cards=(card.read(office.cards / "hal.json"),)), "changes nobody's keys"),
        (replace(good, spend=None), "changes nobody's keys"),
        (replace(good, spend=replace(good.spend, left=greedy)), "out of proportion"),
        (replace(good, previous=()), "without the transaction that made it"),
    ):
        path, part = office.folder / "wrong.json", office.folder / "wrong.part"
        path.write_bytes(msgspec.json.encode(wrong))
        said = office.do("sign", path, "cyd", "--keys", office.holders / "cyd.keys",
                         "--out", part, code=1)  # fmt: skip
        assert told in said
        assert not part.exists()
    # A record that knows of a later change signs nothing for the wallet before.
    rotated(bed, office, ("bob", "hal", "cyd", "dan"), ("ann", "ida"))
    said = office.do("sign", office.folder / "late-1.json", "cyd", "--keys",
                     office.holders / "cyd.keys", "--out", part, code=1)  # fmt: skip
    assert "elsewhere than to the newest wallet of your record" in said


def test_the_recovery_branch_brings_the_coins_back(bed: UtxoBed, office: Office) -> None:
    """Criterion: CUST-GONE-3."""
    plan = office.plan(NETWORK, "utxo", ("ann", "hal", "cyd", "ida"), late())
    out = office.folder / "back.json"
    words = ("recover", "3", "warm", plan, "--node", bed.url, "--out", out)
    if bed.node.call("getblockcount") - office.record.wallet(NETWORK, "warm").born < OLDER:
        assert "no coin is old enough for recovery" in office.do(*words, code=1)
    bed.mine(OLDER)
    before = held(bed, office)
    assert "signed by 2 of eve, fay, gil" in office.do(*words)
    parts = office.sign(out, ("eve", "gil"))
    office.do("finish", out, *parts, "--node", bed.url)
    bed.mine()
    assert 0 < before - held(bed, office) < 20_000
    assert office.record.entries[-1].kind == "recovery"


def test_a_holder_is_replaced_in_a_wallet_without_coins(bed: UtxoBed, office: Office) -> None:
    """Criterion: CUST-GONE-16, CUST-GONE-17. Coins that came meanwhile are not left behind."""
    born = bed.node.call("getblockcount")
    later = late().replace(f"older = {OLDER}", f"older = {OLDER + 1}")  # another script
    office.do("ceremony", office.plan(9, "utxo", HOLDERS, later + f"born = {born}\n"))
    out = office.folder / "new.json"
    words = ("replace-holder", "bob", office.cards / "hal.json", "--person", "8", "--out", out)
    told = office.do(*words, "--node", bed.url, code=1)
    assert "he has keys on networks 3, 9: one node is not of all" in told
    served = [
        Network(
            network=number, kind="utxo", nodes=(bed.url,), branches=(), decimals={}, coin=1,
            credit_after=1, unlock_after=2, hrp="rltc",
        )
        for number in (NETWORK, 9)
    ]  # fmt: skip
    (office.data / networks.FILE).write_bytes(msgspec.json.encode(served))
    assert "changes the record alone" in office.do(*words)
    (moves, alone) = (office.folder / f"new-{number}-warm.json" for number in (NETWORK, 9))
    assert not alone.with_suffix(".psbt").exists()
    told = office.do("sign", alone, "ann", "--keys", office.holders / "ann.keys",
                     "--out", office.folder / "x", code=1)  # fmt: skip
    assert "finish it without parts" in told
    office.do("finish", alone)
    assert "hal" in office.record.wallet(9, "warm").holders
    assert "bob" in office.record.state.cards, "he has a key of the other wallet still"
    office.do("finish", moves, *office.sign(moves, ("ann", "dan")))
    bed.mine()
    assert "bob" not in office.record.state.cards
    (office.data / networks.FILE).write_bytes(msgspec.json.encode(served[1:]))
    words = ("replace-holder", "cyd", office.cards / "ida.json", "--person", "9", "--out", out)
    told = office.do(*words, code=1)
    assert "no job for the warm wallet of network 3: no node of network 3 is known" in told
    (office.data / networks.FILE).write_bytes(msgspec.json.encode(served))
    office.do(*words)
    wallet = office.record.wallet(9, "warm").wallet
    assert wallet is not None
    bed.send([Payment(0, bed.asset, 5_000_000, wallet.place(0))])
    bed.mine()
    assert "has coins by now" in office.do("finish", alone, code=1)
    assert "cyd" in office.record.wallet(9, "warm").holders
    office.do("finish", moves, *office.sign(moves, ("ann", "dan")))
    bed.mine()
    _goes_on(bed, office, words, alone)


def _goes_on(bed: UtxoBed, office: Office, words: Sequence[str | Path], stale: Path) -> None:
    """The same command makes the one job anew that others have made stale, and no other."""
    done = office.record.wallet(NETWORK, "warm")
    told = office.do(*words, "--dry-run")
    assert "out of the warm wallet of network 9" in told
    assert "network 3" not in told
    hal = ("replace-holder", "cyd", office.cards / "hal.json", "--person", "8", *words[-2:])
    assert "9: person 8 holds 2 shares" in office.do(*hal, code=1)
    told = office.do(*words, "--site", "elsewhere", code=1)
    assert "ida is in the record with --person 9: say the same" in told
    office.do(*words)
    office.do("finish", stale, *office.sign(stale, ("ann", "dan")))
    bed.mine()
    assert "ida" in office.record.wallet(9, "warm").holders
    assert "cyd" not in office.record.state.cards | office.record.state.certificates
    assert office.record.wallet(NETWORK, "warm") == done
    assert "cyd is no holder in the record" in office.do(*words, code=1)


def test_a_recovery_holder_is_replaced_without_him(bed: UtxoBed, office: Office) -> None:
    """Criterion: CUST-GONE-3."""
    office.make_keys(("joe",))
    before = held(bed, office)
    office.do("replace-holder", "fay", office.cards / "joe.json", "--person", "20",
              "--node", bed.url, "--out", office.folder / "late.json")  # fmt: skip
    made = office.folder / "late-3-warm.json"
    parts = office.sign(made, ("ann", "cyd"))
    office.do("finish", made, *parts, "--node", bed.url)
    bed.mine()
    assert 0 < before - held(bed, office) < 20_000
    wallet = office.record.wallet(NETWORK, "warm").wallet
    assert wallet is not None
    assert [one.holder for one in wallet.recovery] == ["eve", "joe", "gil"]


def test_a_refill_is_proposed_approved_signed_and_sent(bed: UtxoBed, office: Office) -> None:
    """Criterion: CUST-MOVE-1."""
    hot = bed.chain.addresses.address(0)
    policy = office.folder / "policy.toml"
    policy.write_text(
        'version = 1\nneeded = 2\napprovers = ["eve", "fay", "gil"]\n[[rule]]\nnetwork = 3\n'
        f'source = "warm"\ntarget = "hot"\nasset = 4\nplace = "{hot}"\n'
        "amount_max = 3000000\nday_max = 4000000\nfee_max = 50000\n"
    )
    out = office.folder / "move.json"
    words: list[str | Path] = ["propose-move", policy, "--network", "3"]
    words += ["--source", "warm", "--target", "hot", "--asset", "4", "--proposer", "ann"]
    words += ["--node", bed.url, "--out", out, "--amount"]
    assert "this was a dry run" in office.do(*words, "2500000", "--dry-run")
    assert "1 to 3000000 at once" in office.do(*words, "3000001", code=1)
    nobody = [each if each != "ann" else "nobody" for each in words]
    assert "nobody has no card" in office.do(*nobody, "2500000", code=1)
    by_ann = ("--keys", office.holders / "ann.keys")
    assert "name a file of keys" in office.do(*words, "2500000", code=1)
    office.do(*words, "2500000", *by_ann)
    _vouched_by_hand(office, policy, out)
    given: list[Path] = []
    for name in ("eve", "gil"):
        given.append(office.folder / f"{name}.approval")
        office.do("approve-move", out, name, "--keys", office.holders / f"{name}.keys",
                  "--out", given[-1])  # fmt: skip
    parts: list[Path] = []
    for name in ("dan", "cyd"):
        parts.append(office.folder / f"{name}.moved")
        signs = ("sign-move", policy, out, name)
        keys = ("--keys", office.holders / f"{name}.keys", "--out", parts[-1])
        assert "1 of 2 approvers" in office.do(*signs, given[0], *keys, code=1)
        office.do(*signs, *given, *keys)
    before = held(bed, office)
    for _ in range(2):  # again, as after an answer that did not come
        office.do("finish-move", out, *parts, "--node", bed.url)
        bed.mine()
    assert 2_500_000 < before - held(bed, office) < 2_550_000
    assert office.record.entries[-1].kind == "move"
    # The day's amount holds in each signer, whatever was approved.
    office.do(*words, "1600000", *by_ann)
    for place, name in zip(given, ("eve", "gil"), strict=True):
        office.do("approve-move", out, name, "--keys", office.holders / f"{name}.keys",
                  "--out", place)  # fmt: skip
    said = office.do("sign-move", policy, out, "dan", *given, "--keys",
                     office.holders / "dan.keys", "--out", parts[0], code=1)  # fmt: skip
    assert "24 hours" in said


def _vouched_by_hand(office: Office, policy: Path, out: Path) -> None:
    """What nobody has signed is approved by nobody; its proposer can sign it, and no other one."""
    bare = msgspec.json.decode(out.read_bytes())
    before = office.folder / "before.json"  # as it was written before proposers signed
    before.write_bytes(msgspec.json.encode({**bare, "proposed": None}))
    keys = {name: ("--keys", office.holders / f"{name}.keys") for name in ("ann", "eve")}
    into = ("--out", office.folder / "eve.approval")
    said = office.do("approve-move", before, "eve", *keys["eve"], *into, code=1)
    assert "nobody has signed the proposal: ann does" in said
    vouches = ("vouch-move", before)
    said = office.do(*vouches, "eve", *keys["eve"], "--out", before, code=1)
    assert "eve has signed what ann is to propose" in said
    office.do(*vouches, "ann", *keys["ann"], "--out", before)
    assert before.read_bytes() == out.read_bytes()
    said = office.do("approve-move", before, "eve", *keys["eve"], *into)
    assert "the proposal is signed by ann, fingerprint" in said


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    try:
        made = Chain()
    except (nodes.NodeMissing, SafeMissing) as missing:
        pytest.skip(str(missing))
    yield made
    made.process.kill()


def holder(office: Office, name: str) -> Holder:
    device = FileDevice.open(office.holders / f"{name}.keys", WORD.encode())
    branch = device.branch(name)
    from fullreserve.custody.tiers.wallet import Key

    return Holder(name, device, Key(name, branch.key.hex(), branch.code.hex()))


def test_an_owner_of_a_safe_is_replaced_without_him(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CUST-GONE-3."""
    office = Office(tmp_path, monkeypatch)
    office.make_keys((*HOLDERS, "hal", "payer"))
    people = [holder(office, name) for name in HOLDERS]
    tier = Tier(chain, people, 2)
    where = f'chain_id = {CHAIN}\nsafe = "{tier.account.hex()}"\nguard = "{tier.gate.hex()}"\n'
    office.do("ceremony", office.plan(EVM, "safe", HOLDERS, where))
    url, out = chain.process.url, tmp_path / "swap.json"
    office.do("replace-holder", "ann", office.cards / "hal.json", "--person", "8", "--node", url,
              "--out", out)  # fmt: skip
    made = tmp_path / "swap-1-warm.json"
    parts = office.sign(made, ("bob", "dan"))
    assert "1 of 2 owners" in office.do("finish", made, parts[0], "--node", url, code=1)
    chain.send(holder(office, "payer").account, b"", ETHER)
    office.do("finish", made, *parts, "--node", url, "--payer", office.holders / "payer.keys")
    chain.node.call("anvil_mine", "0x1")
    owners = set(office.record.wallet(EVM, "warm").owners.values())
    assert {one.hex() for one in tier.view.owners()} == owners
    assert holder(office, "hal").account.hex() in owners
    # The chain has it and no answer came: it is recorded by the same command, which sends nothing.
    whole = (office.data / FILE).read_bytes()
    (office.data / FILE).write_bytes(b"".join(whole.splitlines(keepends=True)[:1]))
    assert "1 of 1 calls already" in office.do("finish", made, *parts, "--node", url)
    assert set(office.record.wallet(EVM, "warm").owners.values()) == owners
    # All the others too, one after another: who comes signs for those who follow.
    assert "other owners" not in office.do("show")
    recovered = office.do("recover", "1", "warm", office.plan(EVM, "safe", (*HOLDERS[1:], "hal"),
                          where), "--node", url, "--out", out, code=1)  # fmt: skip
    assert "no recovery branch" in recovered


def test_a_safe_comes_to_be_by_the_commands(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CUST-CEREMONY-5."""
    office = Office(tmp_path, monkeypatch)
    office.make_keys((*HOLDERS, "payer"))
    (office.cards / "payer.json").unlink()
    url, payer = chain.process.url, office.holders / "payer.keys"
    chain.send(holder(office, "payer").account, b"", ETHER)
    chain.node.call("evm_setAutomine", True)
    terms = f'chain_id = {CHAIN}\ndestinations = ["0x{HOT.hex()}"]\nlimits = {{ "" = "1000" }}\n'
    place = ("--network", "1", "--tier", "warm", "--node", url)
    plan = office.plan(EVM, "safe", HOLDERS, terms)
    words = ("deploy-safe", plan, *place, "--payer", payer)
    assert "this was a dry run" in office.do(*words, "--dry-run")
    told = office.do(*words)
    accounts = "\n".join(told.splitlines()[-2:])
    office.do("ceremony", office.plan(EVM, "safe", HOLDERS, terms + accounts + "\n"))
    out = tmp_path / "guard.json"
    office.do("install-guard", *place, "--out", out)
    good = job.read(out)
    for number, data in enumerate((b"", good.transactions[0].data[:-1] + b"\x01")):
        one = msgspec.structs.replace(good.transactions[0], data=data)
        wrong = tmp_path / f"wrong-{number}.json"
        wrong.write_bytes(msgspec.json.encode(msgspec.structs.replace(good, transactions=(one,))))
        said = office.do("sign", wrong, "ann", "--keys", office.holders / "ann.keys",
                         "--out", tmp_path / "x", code=1)  # fmt: skip
        assert "more than putting" in said
    parts = office.sign(out, ("ann", "cyd"))
    office.do("finish", out, *parts, "--node", url, "--payer", payer)
    tier = office.record.wallet(EVM, "warm")
    account = bytes.fromhex(tier.safe)
    view = SafeView(chain.node, account)
    assert {owner.hex() for owner in view.owners()} == set(tier.owners.values())
    chain.send(account, b"", ETHER)
    for amount, fails in ((1_000, False), (1, True)):
        call = SafeTransaction(CHAIN, account, view.nonce(), HOT, amount)
        signed: dict[bytes, bytes] = {}
        for name in ("bob", "dan"):
            signed |= holder(office, name).approves(call)
        if fails:
            with pytest.raises(NodeRefuses):
                chain.send(account, call.execution(signed))
        else:
            chain.send(account, call.execution(signed))
