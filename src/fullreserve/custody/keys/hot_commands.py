"""Keys of the hot wallet and of users' addresses: `signer-key`, `rotate-hot`, `hot-keys`."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec
from coincurve import PrivateKey

from fullreserve.config import Settings
from fullreserve.custody import holders, keyfile, networks, shown_keys, spare
from fullreserve.custody.addresses import UtxoAddresses, account_of, checksummed
from fullreserve.custody.hd import Private, fingerprint
from fullreserve.custody.keys import card
from fullreserve.custody.keys.card import BadCard, Card
from fullreserve.custody.keys.commands import carried_out, say, word, write
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.networks import BadNetworks, Branch, Generation, Network
from fullreserve.custody.shown_keys import Missing
from fullreserve.custody.signing import LANE, branch_name, branch_of, lanes_of

_SEED = 32
OWN = "own"  # in a file of secrets: what no other signer has


@carried_out
def signer_key(_settings: Settings, network: int, name: str, folder: Path, lane: bool,
               of: Path | None) -> None:  # fmt: skip
    """Makes a hot signer's file of keys and its card, or the card alone of a file that is there.

    `of`: another signer's file, whose keys the new one has too.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.keys"
    phrase = word(f"passphrase for {name}: ")
    if path.exists():
        secrets = keyfile.unseal(path, phrase)
    else:
        secrets = _made(network, lane, of)
        keyfile.seal(path, secrets, phrase)
    kept = branch_of(secrets, network)
    if kept is None:
        raise BadCard(f"{path} holds no branch of network {network}")
    made = card.make(FileDevice(path, {name: kept}), name, "file")
    write(folder / f"{name}.json", msgspec.json.format(msgspec.json.encode(made)), 0o644)
    say(f"The branch of {name} has the fingerprint {made.fingerprint}; its card is {name}.json.")
    say(*(f"lane {checksummed(account)}" for account, _ in lanes_of(secrets)))
    presence = holders.key_of(secrets).public_key.format().hex()
    say(f"It answers challenges by the key {presence}.")


def _made(network: int, lane: bool, of: Path | None) -> dict[str, bytes]:
    """Keys of a new signer; what is his alone makes his answers to challenges his own."""
    own = {OWN: os.urandom(_SEED)}
    if of is not None:
        shared = keyfile.unseal(of, word(f"passphrase for {of}: "))
        if lane:
            raise BadCard("a lane's key is in two files: make the first with --lane, then --of it")
        return shared | own
    branch = Private.of_seed(os.urandom(_SEED))
    secrets = own | {branch_name(network): branch.secret + branch.code}
    return secrets | ({f"{LANE}0": PrivateKey().secret} if lane else {})


@carried_out
def rotate_hot(settings: Settings, network: int, cards: Sequence[Path], signers: Sequence[str],
               out: Path | None, dry_run: bool) -> None:  # fmt: skip
    """Has the keys of these cards follow a network's, from the next start of the exchange on.

    The signers have to show first that they have them.
    """
    known = networks.load_with(settings.data, network)
    found = [card.read(path) for path in cards]
    after = _followed(known[network], found, signers)
    spare.check([after], ())
    for one in found:
        say(f"holder {one.holder}: {one.device}, fingerprint {one.fingerprint}")
    say(*_told(after), f"signers {', '.join(after.signers)}")
    lacks = asked(settings, after, {one.key.lower(): one.holder for one in found})
    if lacks.faults:
        raise BadNetworks("; ".join(lacks.faults))
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    put(settings.data, known, after, out)
    say("They begin with the next start of the exchange; give signers elsewhere the file then.")


def put(data: Path, known: Mapping[int, Network], after: Network, out: Path | None) -> None:
    """Writes the file with a network changed, in its place or at `out`; BadNetworks.

    Signers are asked for a while before: what others wrote in that time is not undone.
    """
    fresh = [after if one.network == after.network else one for one in known.values()]
    if out is not None:
        write(out, msgspec.json.format(msgspec.json.encode(fresh), indent=1), 0o600)
        return
    if networks.stated(data) != list(known.values()):
        raise BadNetworks(f"{networks.FILE} was changed meanwhile: nothing was written, try again")
    networks.keep(data, fresh)


@carried_out
def hot_keys(settings: Settings, network: int) -> None:
    """Asks a network's signers for the keys that they have; an error names what is missing."""
    lacks = asked(settings, networks.load_with(settings.data, network)[network], {})
    if lacks.faults or lacks.notes:
        raise BadNetworks("; ".join(lacks.faults) or "not all of it is there")
    say("All keys that hot pays by are there.")


def asked(
    settings: Settings,
    after: Network,
    names: Mapping[str, str],
    added: Collection[str] | None = None,
) -> Missing:
    """What the signers of a network do not show, each of them asked once; what they do is said."""
    held = shown_keys.ask(settings.data, after)
    for name, keys in held.keys.items():
        prints = [fingerprint(one.key).hex() if one.code else
                  checksummed(account_of(one.key)) for one in keys]  # fmt: skip
        say(f"{name} has shown {', '.join(prints) or 'no key'}")
    lacks = shown_keys.missing(after, held, names, added)
    say(*lacks.notes)
    return lacks


def _followed(before: Network, cards: Sequence[Card], signers: Sequence[str]) -> Network:
    if any(not one.start for one in before.later):
        raise BadNetworks("keys wait for the next start of the exchange already")
    branches = tuple(_branch(one) for one in cards)
    newest = before.later[-1].branches if before.later else before.branches
    had = {one.key.lower() for one in newest}
    if {one.key.lower() for one in branches} == had:
        raise BadNetworks("these are the keys that it has")
    new = [one.holder for one in cards if one.key.lower() not in had]
    if new and not signers:
        # Who is asked so far does not have them: one share fewer than counted would be there.
        raise BadNetworks(
            f"keys of {', '.join(new)} are new: name all who are asked from then on, by --signers"
        )
    return msgspec.structs.replace(
        before,
        later=(*before.later, Generation(branches)),
        signers=tuple(signers) or before.signers,
    )


def _branch(one: Card) -> Branch:
    if not one.code:
        raise BadCard(f"{one.holder}: a single key, as a token has it, has no addresses below it")
    return Branch(one.key, one.code)


def _told(after: Network) -> list[str]:
    """Where coins go from then on, whichever user's index is the first."""
    begun = (*after.begun, msgspec.structs.replace(after.later[-1], start=1))
    of = msgspec.structs.replace(after, later=begun).addresses()
    if not isinstance(of, UtxoAddresses):
        return ["Addresses of new users are below this branch; lanes stay as they are."]
    keys = len(after.later[-1].branches)
    return [f"{after.threshold} of {keys}, hot address {of.address(of.own[0])}"]
