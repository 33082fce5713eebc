"""Goal: what the guide says of a hot signer on a machine of its own is true. Method: do it, then
ask the signers for their keys as the guide does, and the exchange as they do."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import msgspec

from fullreserve.custody import keyfile, networks, nodes
from fullreserve.custody.keys.remote_view import RemoteView
from fullreserve.custody.keys.tls_door import Side
from fullreserve.custody.networks import Branch
from fullreserve.custody.signing import lanes_of
from scripts.source import ROOT
from tests.integration.custody.elsewhere import DESK, PASSPHRASE, SIGNER, Process
from tests.integration.custody.test_signer import TERMS, network
from tests.integration.custody.withdrawing import Withdrawing
from tests.integration.guide.blocks import Reader

GUIDE = ROOT / "docs" / "guide" / "custody.md"
NAMES = ("ann", "ann2")
NUMBER = 5
# Before it the file of networks is written, which has to have what was made until then.
WRITTEN = "3. `custody.json` there names them"


def words(text: str) -> str:
    """Those that start a signer."""
    found = re.search(r"custody\.signer '(\{.*?\})'", text, re.DOTALL)
    assert found is not None
    return found[1]


def kept(folder: Path, where: dict[str, str]) -> None:
    """`custody.json`, by the first one's card and lane."""
    made = msgspec.json.decode((folder / "ann" / "ann.json").read_bytes())
    ((lane, _),) = lanes_of(keyfile.unseal(folder / "ann" / "ann.keys", PASSPHRASE))
    one = msgspec.structs.replace(
        network(),
        network=NUMBER,
        branches=(Branch(made["key"], made["code"]),),
        lanes=(lane.hex(),),
        cold="",
        signers=tuple(f"tls:{name}@{where[name]}" for name in NAMES),
    )
    networks.keep(folder / "data", [one])


async def test_a_hot_signer_on_its_own_machine_comes_by_the_guide(tmp_path: Path) -> None:
    """Criterion: HOUSE-DOCS-6."""
    for one in ("data", "ceremony"):
        (tmp_path / one).mkdir()
    word = tmp_path / "word"
    word.write_bytes(2 * (PASSPHRASE + b"\n"))
    text = GUIDE.read_text()
    text = text[text.index("### A hot signer on a machine") :].split("\n## ")[0]
    text = re.sub(r"^   ", "", text, flags=re.MULTILINE)
    typed = {f"{one}\n": f"{one} < {word}\n" for one in ("--lane", "ann.keys", "--sealed")}
    reader = Reader(
        ROOT,
        os.environ | {"FULLRESERVE_DATA": str(tmp_path / "data")},
        {**typed, "/srv/": f"{tmp_path}/"},
    )
    before, after = text.split(WRITTEN)
    where = {name: f"127.0.0.1:{nodes.free_port()}" for name in NAMES}
    exchange = f"127.0.0.1:{nodes.free_port()}"
    assert reader.follow(before) == 12
    kept(tmp_path, where)
    assert reader.follow(after.split("5. It is started")[0]) == 10
    bed = await Withdrawing.open(tmp_path / "data", TERMS)
    told = json.loads(
        words(text).replace("10.0.0.2:9200", exchange).replace("/srv/", f"{tmp_path}/")
    )
    processes = [Process(DESK, tmp_path / "data", env={"FULLRESERVE_CUSTODY_SIGNERS": exchange})]
    for name in NAMES:
        own = {key: value.replace("/ann", f"/{name}") for key, value in told.items()}
        own |= {"name": name, "listen": where[name]}
        processes.append(
            Process(SIGNER, tmp_path / name, json.dumps(own), secret=PASSPHRASE + b"\n")
        )
    try:
        for process, ready in zip(processes, ("are told", *("signer serves",) * 2), strict=True):
            await process.start(ready)
        reader.follow("<!-- test -->\n```console\n$ .venv/bin/fullreserve custody hot-keys 5\n"
                      "...All keys that hot pays by are there.\n```\n")  # fmt: skip
        side = Side(tmp_path / "ann", "ann", PASSPHRASE, serves=False)
        assert await RemoteView(side, told["exchange"]).withdrawals([1]) == [None]
    finally:
        for process in processes:
            await process.kill()
        await bed.close()
