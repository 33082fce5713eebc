"""What a tier is to pay, approved by people whose keys the signers know themselves.

An approval is a signature over every byte of the intent, its policy's hash and its end included: a
changed byte, another policy or a later hour makes it void, whoever carries it. Who proposes signs
too, over the intent and the coins or the nonce that it is to be paid with: so whose own approval
does not count is no matter of what somebody wrote, and nobody else pays it with other coins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.signature import recovered

_MAGIC = b"Fullreserve intent\n"
_PROPOSED = b"Fullreserve proposal\n"


class NotApproved(Exception):
    """The intent is not one that this signer signs for; the message says why."""


EXCHANGE = "exchange"  # who proposes what the log has decided


class Rule(msgspec.Struct, frozen=True):
    """What may move: to this place alone, so much at once and so much in any 24 hours.

    `standing`: what the exchange's log has decided needs no approval of its own, since everybody
    with this policy has agreed to it beforehand.
    """

    network: int
    source: str  # tier
    target: str
    asset: int
    place: bytes
    amount_max: int
    day_max: int
    fee_max: int
    token: bytes = b""  # the asset's contract; empty: the chain's own coin
    standing: bool = False


class TierPolicy(msgspec.Struct, frozen=True):
    """Each signer has a copy. Approvers' keys in hexadecimal digits, by name.

    `gone` are approvers whose keys count no more by the signer's record, `proposers` everybody's
    keys by it and `persons` which names are one human's. The policy is the same with and without
    them: records come to their holders one by one.
    """

    version: int
    needed: int
    approvers: dict[str, str]
    rules: tuple[Rule, ...]
    lasts_max_ms: int = 4 * 3_600_000
    gone: tuple[str, ...] = ()
    proposers: dict[str, str] = {}
    persons: dict[str, int] = {}

    def __post_init__(self) -> None:
        if not 1 < self.needed < len(self.approvers):
            count = len(self.approvers)
            raise ValueError(f"{self.needed} of {count} approvers: neither one alone nor all")
        left = len(self.approvers.keys() - set(self.gone))
        if left < self.needed:
            told = f"{', '.join(self.gone)} are gone: {left} of {self.needed} approvers are left"
            raise ValueError(f"{told}: a new version has to name others")

    def names_of(self, name: str) -> set[str]:
        """Every name of a human, this one among them."""
        person = self.persons.get(name)
        return {name} | {each for each, number in self.persons.items() if number == person}

    def digest(self) -> str:
        """By which signers tell whether they have the same."""
        plain = msgspec.to_builtins(self)
        for name in ("gone", "proposers", "persons"):
            del plain[name]
        for rule in plain["rules"]:
            if not rule["standing"]:
                del rule["standing"]  # a policy from before is the same as it was
        return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


class Intent(msgspec.Struct, frozen=True):
    """`number` is its own for ever: what was signed for it is never signed otherwise."""

    number: int
    network: int
    source: str
    target: str
    asset: int
    place: bytes
    amount: int
    proposer: str
    policy: str
    created_ms: int
    expires_ms: int

    def digest(self) -> bytes:
        """What approvers sign."""
        return hashlib.sha256(_MAGIC + msgspec.json.encode(self, order="deterministic")).digest()


class Approval(msgspec.Struct, frozen=True):
    approver: str
    signature: bytes


def approve(intent: Intent, device: Device, name: str) -> Approval:
    """An approver's word; keys.device.DeviceProblem."""
    return Approval(name, device.sign(name, intent.digest()))


def propose(intent: Intent, binding: bytes, device: Device, name: str) -> Approval:
    """A proposer's word for an intent and what it is paid with; keys.device.DeviceProblem."""
    return Approval(name, device.sign(name, proposed_digest(intent, binding)))


def proposed_digest(intent: Intent, binding: bytes) -> bytes:
    """What a proposer signs; `binding` is 32 bytes for the inputs or the nonce."""
    return hashlib.sha256(_PROPOSED + intent.digest() + binding).digest()


def check_proposed(
    intent: Intent, binding: bytes, signed: Approval | None, cards: Mapping[str, str]
) -> None:
    """That who proposed it has signed it, by the keys of `cards`; NotApproved.

    What the log decided may be proposed by anybody of them, for whom cannot ask the log.
    """
    if signed is None:
        who = "anybody with a card" if intent.proposer == EXCHANGE else intent.proposer
        raise NotApproved(f"nobody has signed the proposal: {who} does, by vouch-move")
    if intent.proposer not in (EXCHANGE, signed.approver):
        raise NotApproved(f"{signed.approver} has signed what {intent.proposer} is to propose")
    key = cards.get(signed.approver)
    if key is None:
        raise NotApproved(f"{signed.approver}, who proposes it, has no card in this record")
    if recovered(signed.signature, proposed_digest(intent, binding)) != bytes.fromhex(key):
        raise NotApproved(f"the key of {signed.approver} has not signed this proposal")


def check(
    intent: Intent,
    approvals: Sequence[Approval],
    policy: TierPolicy,
    now_ms: int,
    *,
    is_decided: bool = False,
    binding: bytes = b"",
    signed: Approval | None = None,
) -> Rule:
    """The rule that allows an intent which enough others than its proposer approved; NotApproved.

    Times are the signer's own. `is_decided`: the exchange's log has decided it, so that nobody
    proposes it, which is enough under a standing rule. Otherwise it is `signed` by who proposes it.
    """
    if intent.policy != policy.digest():
        raise NotApproved(f"it was approved under another policy than version {policy.version}")
    if not intent.created_ms <= now_ms < intent.expires_ms:
        raise NotApproved("its approvals have expired, or are of a time to come")
    if intent.expires_ms - intent.created_ms > policy.lasts_max_ms:
        raise NotApproved("it would last longer than the policy lets it")
    rule = rule_of(intent, policy)
    agreed = {one.approver for one in approvals if _is_sound(one, intent, policy)}
    agreed -= {*policy.gone, *(policy.names_of(signed.approver) if signed is not None else ())}
    if not (is_decided and rule is not None and rule.standing) and len(agreed) < policy.needed:
        raise NotApproved(f"{len(agreed)} of {policy.needed} approvers have approved it")
    if not is_decided:
        check_proposed(intent, binding, signed, policy.proposers)
    if rule is None:
        raise NotApproved("no rule of the policy lets this tier pay there")
    if not 0 < intent.amount <= rule.amount_max:
        raise NotApproved(f"{intent.amount} is more than {rule.amount_max} at once")
    return rule


def rule_of(intent: Intent, policy: TierPolicy) -> Rule | None:
    """The rule that is about an intent, whether it allows it or not."""
    wanted = (intent.network, intent.source, intent.target, intent.asset, intent.place)
    for rule in policy.rules:
        if (rule.network, rule.source, rule.target, rule.asset, rule.place) == wanted:
            return rule
    return None


def _is_sound(one: Approval, intent: Intent, policy: TierPolicy) -> bool:
    key = policy.approvers.get(one.approver)
    own = one.approver in policy.names_of(intent.proposer)
    return (
        key is not None
        and not own
        and recovered(one.signature, intent.digest()) == bytes.fromhex(key)
    )
