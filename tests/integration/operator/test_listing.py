"""An asset comes to a running exchange by its manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve import cli
from fullreserve.app.assets import STAGES, BadManifest, listed, load
from tests.integration.operator.bed import Console
from tests.integration.rest.test_custody import NETWORK

REVIEWS = "".join(
    f'[reviews.{stage}]\nby = "J. Doe"\non = 2026-11-20\ndigest = "{"ab" * 32}"\n'
    for stage in STAGES
)
HEAD = 'symbol = "ABC"\nsupply_cap = "1000000"\n'
CHAIN = f"""
[[chains]]
network = {NETWORK}
decimals = 6
minimum_deposit = "1"
fee = "0.5"
minimum = "2"
maximum = "1000"
"""
PAIR = """
[[pairs]]
quote = "USDT"
tick = "0.01"
lot = "0.001"
min_size = "0.01"
max_size = "10000"
max_price = "1000"
"""


def written(folder: Path, *parts: str) -> Path:
    path = folder / "ABC.toml"
    path.write_text("".join(parts), encoding="utf-8")
    return path


def test_stages_are_shown_and_one_that_lacks_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: ASSET-LIST-1"""
    assert cli.main(["asset", "check", str(written(tmp_path, HEAD, REVIEWS, CHAIN, PAIR))]) == 0
    out = capsys.readouterr().out
    assert "security  passed by J. Doe on 2026-11-20" in out
    assert "ABC-USDT" in out
    lacks = HEAD + REVIEWS.replace("reviews.adapter", "reviews.risks")
    assert cli.main(["asset", "check", str(written(tmp_path, lacks))]) == 1
    assert "'risks' is no stage" in capsys.readouterr().err
    assert cli.main(["asset", "check", str(written(tmp_path, HEAD))]) == 1
    assert capsys.readouterr().out.count("not passed") == 4
    for wrong in ("", 'symbol = "abc"', HEAD + "fee = 1\n", HEAD + PAIR.replace('"0.01"', '"x"')):
        with pytest.raises(BadManifest):
            load(written(tmp_path, wrong))


async def test_an_asset_is_listed_once_opened_by_two_and_traded(
    desk: Console, tmp_path: Path
) -> None:
    """Criterion: ASSET-LIST-1"""
    rest = desk.town.rest
    with pytest.raises(BadManifest, match="has not passed: legal"):
        await listed(rest.door, load(written(tmp_path, HEAD)), {})
    made = load(written(tmp_path, HEAD, REVIEWS, CHAIN, PAIR))
    said = await listed(rest.door, made, {})
    assert [line.split(":")[0] for line in said[1:]] == [
        f"Network {NETWORK} waits", said[2],
    ]  # fmt: skip
    assert (await rest.get("asset/currencies", rest.alice, ccy="ABC")).row["canDep"] is False
    number = int(said[0].removeprefix("ABC is asset ").rstrip("."))
    served = {NETWORK: {number: 6}}
    assert len(await listed(rest.door, made, served)) == 1
    assert await listed(rest.door, made, served) == ["Nothing is lacking of ABC."]
    elsewhere = CHAIN.replace(f"network = {NETWORK}", "network = 99")
    waits = await listed(rest.door, load(written(tmp_path, HEAD, REVIEWS, elsewhere)), served)
    why = f"nobody has defined it (fullreserve custody define-network); defined are {NETWORK}."
    assert waits == [f"Network 99 waits for asset {number}: {why}"]
    (chain,) = (await rest.get("asset/currencies", rest.alice, ccy="ABC")).data
    assert (chain["chain"], chain["minDep"], chain["fee"]) == ("ABC-Bitcoin", "1", "0.5")
    shown = (await rest.get("public/instruments", instType="SPOT", instId="ABC-USDT")).row
    assert shown["state"] == "preopen"
    order = {"instId": "ABC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit"}
    order |= {"px": "2", "sz": "1"}
    assert (await rest.post("trade/order", rest.alice, order)).row["sCode"] == "51021"
    opened = await desk.ada.act("propose/state", instId="ABC-USDT", state="live")
    assert (await desk.bea.post("approve", proposal=opened.row["proposal"])).code == "0"
    assert (await rest.post("trade/order", rest.alice, order)).row["sCode"] == "0"
