"""`fullreserve custody move-cold`: what lies cold under keys of signers goes to people's wallet.

Folders of an earlier version have cold coins at the last index of the hot keys (chains of Bitcoin's
family), or in an account whose key two signers hold. Online signers spend none of it: whoever has
the signers' files and their passphrases does it by hand, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from coincurve import PrivateKey

from fullreserve.config import Settings
from fullreserve.custody import keyfile, networks
from fullreserve.custody.addresses import COLD_INDEX, account_of
from fullreserve.custody.chains.evm_transaction import Body
from fullreserve.custody.chains.rpc import Node, quantity
from fullreserve.custody.hd import Private
from fullreserve.custody.keys.commands import broadcast, carried_out, say, word
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.moves import BadMove
from fullreserve.custody.keys.record import Record, TierWallet
from fullreserve.custody.networks import Network
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.signing import COLD, branch_of
from fullreserve.custody.tiers import safe, spending
from fullreserve.custody.tiers.wallet import Key, Wallet

GAS = 120_000  # of a transfer, at most
TIP = 10**9
WORTH = 10  # times its fee, or the rest of an account stays where it is


@carried_out
def move_cold(
    settings: Settings, network: int, key_files: Sequence[Path], rate: int, dry_run: bool
) -> None:
    """Moves all of it to the record's cold wallet and says how its fee is told to the ledger."""
    known = {one.network: one for one in networks.served(settings.data)}
    if network not in known:
        raise BadMove(f"network {network} is not served")
    of, target = known[network], Record.of(settings.data).wallet(network, COLD)
    secrets = [keyfile.unseal(one, word(f"passphrase of {one.name}: ")) for one in key_files]
    node = Node(of.nodes[0])
    moving = _scripts if of.is_script else _account
    sent = list(moving(settings.data, of, target, secrets, node, rate, dry_run=dry_run))
    if dry_run:
        say("Nothing was done: this was a dry run.")
    for name in sent:
        say(
            f"transaction {name}: once it is {of.unlock_after} blocks deep, "
            f"`fullreserve custody charge-tier {network} cold {name}`"
        )


def _scripts(
    data: Path, of: Network, target: TierWallet, secrets: Sequence[Mapping[str, bytes]],
    node: Node, rate: int, *, dry_run: bool,
) -> Iterator[str]:  # fmt: skip
    """One transaction, of as many signers' keys as the hot wallet needs; BadMove, Unpayable."""
    from fullreserve.custody.chains.utxo import UtxoChain
    from fullreserve.custody.coins import know_coins

    (chain, *_) = of.chains()
    assert isinstance(chain, UtxoChain)
    assert target.wallet is not None
    know_coins(chain, data / PAYER_STORE)
    coins = [one for one in chain.coins.values() if one.index == COLD_INDEX]
    gone = {one.outpoint() for one in chain.spent(coins)}
    coins = [one for one in coins if one.outpoint() not in gone]
    wallet = Wallet(
        of.threshold, tuple(Key(str(n), one.key, one.code) for n, one in enumerate(of.branches))
    )
    spend = spending.swept(wallet, coins, target.wallet.place(0), rate)
    branches = [found for one in secrets if (found := branch_of(one, of.network)) is not None]
    say(f"moves {len(coins)} coins; {spend.left} arrive in the {target.name}, fee {spend.fee}")
    parts = [part for one in branches for part in _part(wallet, spend, one)]
    attempt = spending.completed(wallet, spend, parts)
    if not dry_run:
        broadcast(node, attempt)
        yield attempt.txid.hex()


def _part(wallet: Wallet, spend: spending.Spend, branch: Private) -> Iterator[bytes]:
    for key in wallet.keys:
        if key.key == branch.public().key.hex():
            device = FileDevice(Path("signer"), {key.holder: branch})
            yield spending.sign(wallet, spend, device, key.holder, key)


def _account(
    _data: Path, of: Network, target: TierWallet, secrets: Sequence[Mapping[str, bytes]],
    node: Node, _rate: int, *, dry_run: bool,
) -> Iterator[str]:  # fmt: skip
    """One asset, the coin last; BadMove. A transaction alone in its block shows its fee."""
    keys = {one[COLD] for one in secrets if COLD in one}
    key = next((PrivateKey(one) for one in keys if _of(one).hex() == of.cold), None)
    if key is None:
        raise BadMove("no file has the key of the network's cold account")
    account, to = _of(key.secret), bytes.fromhex(target.safe)
    (chain, *_) = of.chains()
    held = {asset: amount for (_, asset), amount in chain.balances([account], chain.tip()).items()}
    fee = 2 * quantity(node.call("eth_gasPrice")) + TIP
    calls = [
        safe.transfer_call(bytes.fromhex(contract), to, held[asset])
        for asset, contract in sorted(of.tokens.items())
        if held.get(asset)
    ]
    left = held.get(of.coin, 0) - GAS * fee
    if left < WORTH * GAS * fee:
        raise BadMove("there is nothing to move that is worth its fee")
    asked = [
        ("eth_getTransactionCount", ("0x" + account.hex(), at)) for at in ("latest", "pending")
    ]
    nonce, pending = map(quantity, node.calls(asked))
    if nonce != pending:
        raise BadMove("what was sent before is in no block yet: wait for it")
    called, value, data = [*calls, (to, left, b"")][0]
    say(f"moves one asset to the {target.name}, fee at most {GAS * fee}; {len(calls)} follow")
    body = Body(of.chain_id, account, nonce, called, value, data, GAS, TIP, fee)
    made = body.signed(key.sign_recoverable(body.digest(), hasher=None))
    if not dry_run:
        yield str(node.call("eth_sendRawTransaction", "0x" + made.raw.hex()))[2:]


def _of(secret: bytes) -> bytes:
    return account_of(PrivateKey(secret).public_key.format())
