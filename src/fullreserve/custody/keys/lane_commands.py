"""Which accounts of a chain of accounts pay: `rotate-lanes`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from fullreserve.config import Settings
from fullreserve.custody import networks, spare
from fullreserve.custody.addresses import checksummed, read_account
from fullreserve.custody.chains import evm_transaction
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.keys.commands import carried_out, say
from fullreserve.custody.keys.hot_commands import asked, put
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.custody.paying import STORE
from fullreserve.custody.store import read_open, read_sent
from fullreserve.custody.tier_places import TierPlaces


@carried_out
def rotate_lanes(settings: Settings, network: int, add: Sequence[str], leave: Sequence[str],
                 forget: Sequence[str], signers: Sequence[str], out: Path | None,
                 dry_run: bool) -> None:  # fmt: skip
    """Has accounts pay from the next start of the exchange on, and others no more."""
    known = networks.load_with(settings.data, network)
    before = known[network]
    after = changed(before, *(list(map(_read, each)) for each in (add, leave, forget)))
    if add and not signers:
        raise BadNetworks("who has the new lanes' keys? Name all who are asked then, by --signers")
    after = msgspec.structs.replace(after, signers=tuple(signers) or before.signers)
    spare.check([after], ())
    _check_places(settings.data, before, after)
    say(*_told(settings.data, before, after))
    if add:
        lacks = asked(settings, after, {}, {*after.lanes} - {*before.lanes})
        if lacks.faults:
            raise BadNetworks("; ".join(lacks.faults))
    if dry_run:
        say("Nothing was done: this was a dry run.")
        return
    put(settings.data, known, after, out)
    say("It holds from the next start of the exchange on; give signers elsewhere the file then.")


def changed(
    before: Network, add: Sequence[str], leave: Sequence[str], forget: Sequence[str]
) -> Network:
    """A network with lanes added, left and forgotten, by account; BadNetworks."""
    if before.is_script:
        raise BadNetworks("a chain of scripts has no lanes: rotate-hot changes its keys")
    if not (add or leave or forget):
        raise BadNetworks("nothing is to change: name lanes by --add, --leave or --forget")
    named = [*add, *leave, *forget]
    if len(set(named)) < len(named):
        raise BadNetworks("an account is named twice")
    lanes, left = before.lanes, before.left
    for account, known, words in (
        *((one, lanes, "is none of its lanes") for one in leave),
        *((one, left, "is none of the lanes that it left") for one in forget),
    ):
        if account not in map(spare.bare, known):
            raise BadNetworks(f"{_text(account)} {words}")
    for account in add:
        if account in map(spare.bare, lanes):
            raise BadNetworks(f"{_text(account)} is one of its lanes already")
    # Who comes back pays again, and what he holds stays where it is.
    gone = {*forget, *add}
    return msgspec.structs.replace(
        before,
        lanes=(*(one for one in lanes if spare.bare(one) not in leave), *add),
        left=(*(one for one in left if spare.bare(one) not in gone), *leave),
    )


def _read(text: str) -> str:
    """Of an address, with its checksum or as the file has it; BadAddress."""
    return read_account(text if text.startswith("0x") else f"0x{text}").hex()


def _text(account: str) -> str:
    return checksummed(bytes.fromhex(account))


def _check_places(data: Path, before: Network, after: Network) -> None:
    """BadNetworks where what begins has another use, or what is forgotten is still paying."""
    used = {**TierPlaces(before, data).named(), **TierPlaces(before, data).recorded()}
    for account in set(after.lanes) - set(before.lanes) - set(before.left):
        if bytes.fromhex(account) in used:
            raise BadNetworks(f"{_text(account)} is a place of the exchange already")
    gone = {bytes.fromhex(one) for one in {*before.left} - {*after.left} - {*after.lanes}}
    for one in read_sent(data / STORE, before.network) if gone else ():
        lane = evm_transaction.read_body(one.plan.body).lane
        if lane in gone:
            raise BadNetworks(f"{_text(lane.hex())} has signed what is not final: it has to end")


def _lane(plan: Plan) -> str:
    return evm_transaction.read_body(plan.body).lane.hex()


def _told(data: Path, before: Network, after: Network) -> Iterator[str]:
    """What comes of it, in words."""
    plans = read_open(data / STORE, before.network)
    sent = [one.plan for one in read_sent(data / STORE, before.network)]
    open_ = Counter(map(_lane, plans))
    unsigned = Counter(_lane(one) for one in plans if one.withdrawals and one not in sent)
    for account in after.lanes:
        is_new = account not in before.lanes
        told = ", new: rules that pay hot have to name it" if is_new else ""
        yield f"lane {_text(account)}{told}"
    for account in after.left:
        yield (
            f"left {_text(account)}: begins no payment, ends the {open_[account]} that are open;"
            " what it holds goes to the lanes, the newest first"
        )
        if unsigned[account]:
            yield (
                f"{unsigned[account]} of those nobody has signed: if nobody can, two operators let"
                " them go by x/operator/propose/unbind (x/operator/withdrawals/unsigned names them)"
            )
    for account in {*before.left} - {*after.left} - {*after.lanes}:
        yield (
            f"forgotten {_text(account)}: what it holds is missing from then on, and stops its"
            f" assets until it is booked as a loss; {open_[account]} that nobody signed wait"
            " until operators let them go (x/operator/propose/unbind)"
        )
    yield f"signers {', '.join(after.signers)}"
    gone = [name for name in before.signers if name not in after.signers]
    if gone and any(unsigned[account] for account in before.lanes + before.left):
        yield (
            f"{', '.join(gone)}: not asked any more, nor whether one signed what the payer has no"
            " signature of: name them by --signers too until that is let go"
        )
