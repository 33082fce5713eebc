"""Goal: what an account of a tier is charged for is what its transaction to itself cost, no more.

Method: anvil, and a warm account that pays itself, pays away, and is paid.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.custody.addresses import checksummed
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.keys.own_fees import own_fee
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.signing import lane_of
from fullreserve.exchange.products.custody_wire import Tier
from tests.integration.custody.outsiders import COIN, TERMS, TOKEN, EvmBed

UNKNOWN = b"\xab" * 32


def network_of(bed: EvmBed) -> Network:
    """On which the outsider is who has warm."""
    root = bed.root.public()
    return Network(
        network=1, kind="evm", nodes=(bed.url, bed.url), decimals={COIN: 18, TOKEN: 6},
        branches=(Branch(root.key.hex(), root.code.hex()),), coin=COIN, credit_after=1,
        unlock_after=TERMS.unlock_after, chain_id=bed.terms.chain_id,
        tokens={TOKEN: bed.token.hex()}, warm=checksummed(lane_of(bed.outsider)),
    )  # fmt: skip


def given(bed: EvmBed, to: bytes, value: int = 0) -> bytes:
    """By warm, to the node; the transaction's id."""
    raw = bed._signed(bed._next(), to, value, b"")
    told: str = bed.node.call("eth_sendRawTransaction", "0x" + raw.hex())
    return bytes.fromhex(told[2:])


def paid(bed: EvmBed, to: bytes, value: int = 0) -> bytes:
    """In a block of its own."""
    name = given(bed, to, value)
    bed.mine()
    return name


def come(bed: EvmBed, value: int) -> None:
    """To warm, from somebody, in the same block as what waits."""
    warm = "0x" + lane_of(bed.outsider).hex()
    sent = {"from": bed.rich, "to": warm, "value": hex(value)}
    bed.node.call("eth_sendTransaction", sent)


def test_an_account_is_charged_for_a_final_transaction_to_itself(
    erc20: EvmBed, tmp_path: Path
) -> None:
    """Criterion: CUST-CHARGE-1"""
    warm, network = lane_of(erc20.outsider), network_of(erc20)
    had = int(erc20.node.call("eth_getBalance", "0x" + warm.hex(), "latest"), 16)
    name = paid(erc20, warm, 5)
    with pytest.raises(BadMove, match=f"1 of {TERMS.unlock_after} confirmations"):
        own_fee(network, tmp_path, Tier.WARM, name)
    erc20.mine(TERMS.unlock_after - 1)
    has = int(erc20.node.call("eth_getBalance", "0x" + warm.hex(), "latest"), 16)
    assert own_fee(network, tmp_path, Tier.WARM, name) == had - has > 0


def test_an_account_is_charged_for_nothing_else(erc20: EvmBed, tmp_path: Path) -> None:
    """Criterion: CUST-CHARGE-2"""
    network, away = network_of(erc20), b"\x99" * 20
    coins = paid(erc20, away, 7)
    erc20.send(away, 11)  # tokens
    erc20.mine()
    block = erc20.node.call("eth_getBlockByNumber", "latest", False)
    tokens = bytes.fromhex(block["transactions"][0][2:])
    received = bytes.fromhex(erc20.command(lane_of(erc20.outsider), value=3)["transactionHash"][2:])
    erc20.mine(TERMS.unlock_after)
    for name, why in (
        (coins, "that is more, or less, than a fee"),
        (tokens, f"11 of asset {TOKEN} left the warm tier"),
        (received, "which is no account of the warm tier"),
        (UNKNOWN, "no block holds that transaction"),
    ):
        with pytest.raises(BadMove, match=why):
            own_fee(network, tmp_path, Tier.WARM, name)
    with pytest.raises(BadMove, match="where the cold tier's coins lie"):
        own_fee(network, tmp_path, Tier.COLD, coins)


def test_what_strangers_send_in_the_same_block_hides_no_fee(erc20: EvmBed, tmp_path: Path) -> None:
    """Criterion: CUST-CHARGE-3. Nor a loss of as much."""
    warm, network = lane_of(erc20.outsider), network_of(erc20)
    had = int(erc20.node.call("eth_getBalance", "0x" + warm.hex(), "latest"), 16)
    name = given(erc20, warm)
    come(erc20, 1)
    erc20.mine()
    has = int(erc20.node.call("eth_getBalance", "0x" + warm.hex(), "latest"), 16)
    beside = given(erc20, warm)
    given(erc20, b"\x99" * 20, 7)
    come(erc20, 7)
    erc20.mine(TERMS.unlock_after)
    assert own_fee(network, tmp_path, Tier.WARM, name) == had + 1 - has
    with pytest.raises(BadMove, match="that is more, or less, than a fee"):
        own_fee(network, tmp_path, Tier.WARM, beside)
