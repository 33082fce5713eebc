"""Goal: the address a user is shown is the one the keys can spend. Method: independent wallets
derive the same ones: embit's descriptors and eth-account's keys."""

from __future__ import annotations

import pytest
from embit import ec, script
from embit.descriptor import Descriptor
from embit.networks import NETWORKS
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from fullreserve.custody.addresses import (
    COLD_INDEX,
    EvmAddresses,
    MemoAddresses,
    Table,
    UtxoAddresses,
    checksummed,
    index_of_memo,
    memo_of,
    read_account,
)
from fullreserve.custody.bech32 import BadAddress, decode, encode
from fullreserve.custody.hd import HARDENED, Private

ROOTS = [Private.of_seed(bytes([number]) * 32) for number in (1, 2, 3)]
NEW = Private.of_seed(b"\x04" * 32)
INDEXES = [0, 1, 2, 77, 9_999, HARDENED - 1]


def test_a_senders_address_is_written_as_his_wallet_does() -> None:
    """By embit, older kinds too; what has no address has none. Criterion: CHAINS-WATCH-4."""
    key = ROOTS[0].public().key
    for hrp, name in (("bc", "main"), ("bcrt", "regtest"), ("tb", "test")):
        ours = UtxoAddresses([ROOTS[0].public()], 1, hrp)
        public = ec.PublicKey.parse(key)
        alone = (script.p2pkh(public), script.p2wpkh(public), script.p2tr(public))
        for made in (*alone, script.p2sh(alone[1]), script.p2wsh(alone[0])):
            assert ours.text_of_any(made.data) == made.address(NETWORKS[name])
        bare = b"\x21" + key + b"\xac"
        for none in (bare, b"", b"\x6a\x02hi", b"\x00\x03hi"):
            assert ours.text_of_any(none) == ""
    # litecoin's own, by https://en.bitcoin.it/wiki/List_of_address_prefixes
    litecoin = UtxoAddresses([ROOTS[0].public()], 1, "ltc")
    texts = [litecoin.text_of_any(one.data) for one in (
        script.p2pkh(public), script.p2sh(script.p2wpkh(public)), script.p2wpkh(public),
    )]  # fmt: skip
    assert [one[0] for one in texts] == ["L", "M", "l"]


def test_older_addresses_are_read_as_the_outputs_that_they_name() -> None:
    """Of a key and of a script, of this chain alone. Criterion: CHAINS-ADDRESS-8."""
    public = ec.PublicKey.parse(ROOTS[0].public().key)
    chains = {"bc": "main", "bcrt": "regtest", "tb": "test"}
    of = {hrp: UtxoAddresses([ROOTS[0].public()], 1, hrp) for hrp in (*chains, "ltc")}
    for hrp, name in chains.items():
        for made in (script.p2pkh(public), script.p2sh(script.p2wpkh(public))):
            text = made.address(NETWORKS[name])
            assert of[hrp].read(text) == made.data
            assert of[hrp].text(made.data) == text
            with pytest.raises(BadAddress, match="of another chain"):
                of["ltc"].read(text)
    main = script.p2pkh(public).address(NETWORKS["main"])
    for letter in ("2", "3"):
        if main[9] != letter:
            with pytest.raises(BadAddress, match="its checksum does not match"):
                of["bc"].read(main[:9] + letter + main[10:])
    for none in (main[:-1], f"{main}1", main.replace(main[5], "0"), f" {main}", "", "1" * 30):
        with pytest.raises(BadAddress):
            of["bc"].read(none)
    for hrp in ("bc", "ltc", "tb"):
        assert of.get(hrp, of["bc"]).read(of[hrp].address(0)) == of[hrp].place(0)


@pytest.mark.parametrize("index", INDEXES)
def test_a_multisig_address_is_that_of_its_descriptor(index: int) -> None:
    """Criterion: CHAINS-ADDRESS-1."""
    keys = ",".join(f"{root.public().text()}/*" for root in ROOTS)
    descriptor = Descriptor.from_string(f"wsh(sortedmulti(2,{keys}))").derive(index)
    ours = UtxoAddresses([root.public() for root in ROOTS], 2, "bc")
    assert ours.address(index) == descriptor.address(NETWORKS["main"])
    assert ours.witness_script(index) == descriptor.witness_script().data


@pytest.mark.parametrize("index", INDEXES)
def test_an_account_is_that_of_its_key(index: int) -> None:
    """Criterion: CHAINS-ADDRESS-1."""
    branch = ROOTS[0].at(44 + HARDENED, 60 + HARDENED, HARDENED, 0)
    secret = branch.child(index).secret
    assert EvmAddresses(branch.public()).address(index) == Account.from_key(secret).address


def test_generations_share_no_address() -> None:
    """Each index has the keys of one, and what was given out stays. Criterion: CHAINS-ADDRESS-6."""
    first, second = ([root.public() for root in some] for some in (ROOTS, [*ROOTS[:2], NEW]))
    third = [NEW.public(), *second[1:]]
    before = UtxoAddresses(first, 2, "bc")
    of = UtxoAddresses(first, 2, "bc", [(78, second), (78, third), (9_999, first)])
    assert of.own == (HARDENED - 4, HARDENED - 3, HARDENED - 2, 0)
    assert [of.place(index) for index in (0, 1, 77, COLD_INDEX)] == [
        before.place(index) for index in (0, 1, 77, COLD_INDEX)
    ]
    for index, keys in ((78, third), (9_998, third), (9_999, first), (10**9, first)):
        assert of.place(index) == UtxoAddresses(keys, 2, "bc").place(index)
    hots = [of.place(index) for index in of.own]
    assert hots[:3] == [
        UtxoAddresses(keys, 2, "bc").place(index)
        for index, keys in zip(of.own, (first, third, second), strict=False)
    ]
    assert len({*hots, of.place(1), of.place(COLD_INDEX)}) == 6
    known = Table(of)
    assert [known.index(place) for place in (*hots, of.place(1))] == [*of.own, None]


def test_users_accounts_follow_a_branch_from_its_first_index_on() -> None:
    """Criterion: CHAINS-ADDRESS-6."""
    old, new = ROOTS[0].public(), NEW.public()
    of = EvmAddresses(old, later=[(5, new)])
    wanted = [EvmAddresses(old).place(4), EvmAddresses(new).place(5), EvmAddresses(new).place(6)]
    assert [of.place(index) for index in (4, 5, 6)] == wanted


def test_the_path_of_a_known_wallet() -> None:
    """The vector of BIP 84. Criterion: CHAINS-ADDRESS-1."""
    seed = bytes.fromhex(
        "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1"
        "9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"
    )
    branch = Private.of_seed(seed).at(84 + HARDENED, HARDENED, HARDENED, 0, 0)
    key = "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c"
    assert branch.public().key.hex() == key


def test_a_private_branch_does_not_show_itself() -> None:
    """Criterion: CHAINS-SIGNER-4."""
    assert ROOTS[0].secret.hex() not in repr(ROOTS[0])
    assert repr(ROOTS[0].secret) not in str(ROOTS[0])


@given(st.integers(1, 10**9))
def test_a_memo_is_read_back_and_each_slip_and_swap_is_found(index: int) -> None:
    """Criterion: CHAINS-ADDRESS-3."""
    memo = memo_of(index)
    assert index_of_memo(memo) == index
    for place, digit in enumerate(memo):
        slip = memo[:place] + str((int(digit) + 1) % 10) + memo[place + 1 :]
        assert index_of_memo(slip) is None
        swap = memo[:place] + memo[place + 1 : place + 2] + digit + memo[place + 2 :]
        assert index_of_memo(swap) == (index if swap == memo else None)


@pytest.mark.parametrize(
    "memo", ["", "0", "000000", "12", "abcdef", "-00012", "\u00b9\u00b2\u00b3", " 000019"]
)
def test_a_memo_that_nobody_was_given_is_nobodys(memo: str) -> None:
    """Criterion: CHAINS-ADDRESS-3."""
    assert index_of_memo(memo) is None


def test_all_users_of_a_memo_chain_share_an_address() -> None:
    """Criterion: CHAINS-ADDRESS-3."""
    shared = MemoAddresses(ROOTS[0].public())
    house, user = shared.address(0), shared.address(5)
    assert user == f"{house}:{memo_of(5)}"
    assert shared.read(user) == shared.place(0) == shared.place(5)


@given(st.integers(0, 16), st.binary(min_size=2, max_size=40))
def test_witness_addresses_are_read_back(version: int, program: bytes) -> None:
    """Criterion: CHAINS-ADDRESS-2."""
    program = (program * 16)[:32] if version == 0 else program
    text = encode("rltc", version, program)
    assert decode("rltc", text) == decode("rltc", text.upper()) == (version, program)
    with pytest.raises(BadAddress, match="begin with"):
        decode("bcrt", text)


@given(st.binary(min_size=20, max_size=20))
def test_accounts_are_read_back_and_wrong_case_is_refused(account: bytes) -> None:
    """Criterion: CHAINS-ADDRESS-2."""
    text = checksummed(account)
    assert read_account(text) == read_account(text.lower()) == account
    swapped = "0x" + text[2:].swapcase()
    if swapped[2:] not in (swapped[2:].lower(), swapped[2:].upper()):
        with pytest.raises(BadAddress, match="checksum"):
            read_account(swapped)


@pytest.mark.parametrize("kind", [EvmAddresses, MemoAddresses])
def test_a_tokens_contract_is_nobodys_address(kind: type[EvmAddresses]) -> None:
    """Criterion: CHAINS-OWN-4. Whatever its spelling."""
    contract, other = b"\xda" * 20, b"\xdb" * 20
    addresses = kind(ROOTS[0].public(), (contract,))
    for text in (checksummed(contract), "0x" + contract.hex()):
        with pytest.raises(BadAddress, match="token's own contract: coins sent there are lost"):
            addresses.read(text)
    assert addresses.read(checksummed(other)) == other


def test_a_table_knows_the_first_indexes_and_no_more() -> None:
    """Criterion: CHAINS-ADDRESS-4."""
    ours = EvmAddresses(ROOTS[0].public())
    table = Table(ours)
    table.extend(5)
    table.extend(3)
    assert [table.index(ours.place(index)) for index in range(6)] == [0, 1, 2, 3, 4, None]


@pytest.mark.parametrize(
    "memo", ["", "\U0001f642", "\u0667", "\uff17", "-7", "7 ", "a", "1:2", "1" * 21]
)
def test_a_memo_that_is_not_of_digits_is_no_address(memo: str) -> None:
    """What no transaction carries, or what its receiver would read otherwise. CHAINS-ADDRESS-5."""
    addresses = MemoAddresses(ROOTS[0].public())
    alone = addresses.address(0)
    with pytest.raises(BadAddress, match="memo"):
        addresses.read(f"{alone}:{memo}")
    with pytest.raises(BadAddress, match="memo"):
        addresses.memo(memo)


@pytest.mark.parametrize("memo", ["7", "007", "1" * 20, memo_of(5)])
def test_a_memo_of_digits_is_carried_as_it_was_written(memo: str) -> None:
    """Criterion: CHAINS-ADDRESS-5."""
    addresses = MemoAddresses(ROOTS[0].public())
    assert addresses.read(f"{addresses.address(0)}:{memo}") == addresses.place(0)
    assert addresses.memo(memo) == memo


def test_a_memo_is_refused_where_a_chain_has_none() -> None:
    """Criterion: CHAINS-ADDRESS-5."""
    addresses = EvmAddresses(ROOTS[0].public())
    assert addresses.memo("") == ""
    with pytest.raises(BadAddress, match="no memo"):
        addresses.memo("7")


def test_letters_that_only_look_like_an_address_are_refused() -> None:
    """The Kelvin sign is a k in small letters. Criterion: CHAINS-ADDRESS-2."""
    text = encode("bcrt", 0, bytes(20)).upper()
    assert decode("bcrt", text) == (0, bytes(20))
    strange = encode("bcrt", 0, bytes((22 << 3,)) + bytes(19)).upper().replace("K", "\u212a")
    assert "\u212a" in strange
    with pytest.raises(BadAddress, match="letters"):
        decode("bcrt", strange)


@pytest.mark.parametrize("kind", [EvmAddresses, MemoAddresses])
def test_the_zero_address_is_nobodys(kind: type[EvmAddresses]) -> None:
    """What is paid to it is lost. Criterion: CHAINS-ADDRESS-2."""
    of = kind(Private.of_seed(bytes(32)).public())
    with pytest.raises(BadAddress, match="zero address"):
        of.read("0x" + "0" * 40)
    assert of.read("0x" + "0" * 39 + "1") == bytes(19) + b"\x01"
