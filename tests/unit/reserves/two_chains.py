"""One chain that is shown as if it were two, and messages that no signer of ours would make."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from fullreserve.custody.ownership import sign_as_account, sign_as_key
from fullreserve.reserves.canonical import digest
from fullreserve.reserves.places import Said, message_of
from fullreserve.reserves.statement import signed
from tests.unit.reserves import chain, coins
from tests.unit.reserves.forge import KEY, Document, logged
from tests.unit.reserves.vector import Vector

OTHER_MESSAGE = "An address is signed for with another message than one of ownership."


def with_second(files: list[Document], second: Document) -> list[Document]:
    """The same with one more chain, signed anew."""
    bundle, evidence = copy.deepcopy(files)
    evidence["chains"].append(second)
    statement = bundle["statement"]
    (row,) = statement["reserves"]["chains"]
    reserves = {"evidence": digest(evidence), "chains": [row, row | {"network": 2}]}
    statement["reserves"] |= reserves
    return [bundle | signed(statement, KEY) | {"log": logged([statement], 0)}, evidence]


def said(of: Document, address: str, read_ms: int) -> str:
    return message_of(Said(KEY.public.hex(), address, 2, of["height"], of["block"], read_ms))


def accounts_twice() -> list[Document]:
    """One block under two numbers of chains."""
    files = chain.files()
    second = copy.deepcopy(files[1]["chains"][0]) | {"network": 2, "chainId": 2}
    message = said(second, chain.OURS.address, chain.READ_MS)
    made = [sign_as_account(chain.OURS.key, message).hex()]
    second["places"][0] |= {"message": message, "signatures": made}
    return with_second(files, second)


def coins_twice() -> list[Document]:
    """One script under two beginnings of addresses."""
    files = coins.files()
    second = copy.deepcopy(files[1]["chains"][0]) | {"network": 2, "hrp": "tb"}
    address = coins.address_of(coins.SCRIPT, "tb")
    message = said(second, address, coins.READ_MS)
    made = [sign_as_key(one, message, "tb").hex() for one in (coins.OURS[0], coins.OURS[2])]
    second["places"][0] |= {"address": address, "message": message, "signatures": made}
    return with_second(files, second)


def vectors() -> Iterator[Vector]:
    """All of them."""
    yield Vector(
        "one block is shown as two chains'", accounts_twice(),
        "The evidence counts an address twice.",
    )  # fmt: skip
    yield Vector(
        "coins of one chain are shown as another's too", coins_twice(),
        "The evidence counts a coin twice.",
    )  # fmt: skip
    honest = message_of(Said(KEY.public.hex(), chain.OURS.address, 1, 7, "00" * 32, chain.READ_MS))
    for name, old, new in (
        ("a height of more digits than there are heights", "height=7", "height=" + "7" * 21),
        ("an address that is longer than any", "address=", "address=" + "0" * 200),
        ("an address of other letters", "address=0x", "address=0\u00d7"),
    ):
        message = honest.replace(old, new)
        yield Vector(f"a message with {name}", chain.files(message=message), OTHER_MESSAGE)
