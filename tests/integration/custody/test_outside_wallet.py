"""Goal: what the wallet outside cannot pay is said in words. Method: litecoind, the command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.config import Settings
from fullreserve.simulation import wallet
from tests.bed import BTC
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.test_hot_rotation import network


@pytest.fixture
def coin(tmp_path: Path) -> Iterator[wallet.Coin]:
    bed = made_bed("litecoin", tmp_path / "litecoin")
    assert isinstance(bed, UtxoBed)
    try:
        yield wallet.Coin("LTC-Litecoin", network(bed), BTC, 8)
    finally:
        bed.close()


def test_too_much_and_a_wrong_address_are_refused_in_words(
    coin: wallet.Coin,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Criterion: CHAINS-OUTSIDE-1."""
    monkeypatch.setattr(wallet, "_coin", lambda *_: coin)
    settings = Settings(data=tmp_path)
    there = coin.network.addresses().text(coin.network.addresses().place(1))
    assert wallet.send(settings, coin.name, "1000000", there) == wallet.FAILED
    assert "the wallet holds less than that and the fee" in capsys.readouterr().err
    assert wallet.send(settings, coin.name, "1", "0x12") == wallet.FAILED
    assert "'0x12' is no address of LTC-Litecoin: " in capsys.readouterr().err
