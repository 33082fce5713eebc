"""Goal: an address is taken as people paste it, and a key pasted by mistake is called one."""

from __future__ import annotations

import pytest

from fullreserve.custody.addresses import EvmAddresses, UtxoAddresses
from fullreserve.custody.hd import Private, base58check
from fullreserve.gateway.chain_addresses import written

ROOT = Private.of_seed(b"\x31" * 32)
COINS, ACCOUNTS = UtxoAddresses([ROOT.public()], 1, "bc"), EvmAddresses(ROOT.public())
KEYS = (
    base58check(b"\x80" + ROOT.secret),
    base58check(b"\x80" + ROOT.secret + b"\x01"),
    base58check(b"\xef" + ROOT.secret + b"\x01"),
)


@pytest.mark.parametrize("addresses", [COINS, ACCOUNTS], ids=["coins", "accounts"])
def test_what_is_pasted_around_an_address_is_left_out(
    addresses: UtxoAddresses | EvmAddresses,
) -> None:
    """Criterion: CUST-REST-21."""
    text = addresses.address(1)
    assert written(addresses, f" {text}\n") == text


@pytest.mark.parametrize("key", KEYS)
def test_a_private_key_is_called_one(key: str) -> None:
    """And is not shown again. Criterion: CUST-REST-21."""
    for addresses in (COINS, ACCOUNTS):
        with pytest.raises(ValueError, match="this is a wallet's private key") as refused:
            written(addresses, key)
        assert key not in str(refused.value)
