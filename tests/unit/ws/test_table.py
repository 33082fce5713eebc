"""The table of channels in the documentation is the tables that serve them."""

from fullreserve.gateway.ws import absent
from scripts import channels


def test_the_table_is_up_to_date() -> None:
    """Criterion: WS-TABLE-1. `python -m scripts.channels` writes it."""
    assert channels.FILE.read_text(encoding="utf-8") == channels.text()


def test_a_channel_is_described_or_absent() -> None:
    """Criterion: WS-TABLE-1."""
    names = {name.removesuffix("…") for name in channels.shapes()}
    missing = {*absent.CHANNELS, *absent.CANDLES}
    assert names == set(channels.ABOUT) | missing
    assert not missing & set(channels.ABOUT)
