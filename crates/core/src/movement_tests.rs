//! Deposits, withdrawals, transfers: who may move what.

use crate::money::Amount;
use crate::types::*;
use crate::wire::Reference;
use crate::wire::command::*;
use crate::world::*;

fn deposit(account: AccountKey, amount: i128) -> Deposit {
    Deposit {
        account,
        asset: BTC,
        amount: Amount(amount),
        reference: Reference::default(),
    }
}

fn withdraw(account: AccountKey, amount: i128) -> Withdraw {
    Withdraw {
        account,
        asset: BTC,
        amount: Amount(amount),
        reference: Reference::default(),
    }
}

fn transfer(actor: u64, source: AccountKey, target: AccountKey, amount: i128) -> Transfer {
    let (actor, amount, reason) = (OwnerId(actor), Amount(amount), Reason(1));
    Transfer {
        actor,
        source,
        target,
        asset: BTC,
        amount,
        reason,
    }
}

fn flag(owner: u64, flags: OwnerFlags) -> SetOwner {
    SetOwner {
        owner: OwnerId(owner),
        segment: Segment(3),
        tier: Tier(0),
        flags,
        kyc: KycLevel(0),
    }
}

/// Criterion: CORE-LED-7. 400 BTC are in; the cap is 2^90.
#[test]
fn supply_changes_by_deposit_and_withdrawal_alone() {
    let mut world = World::funded();
    let supply = |world: &World| world.exchange.ledger.supply(BTC);
    assert_eq!(supply(&world), 400 * COIN);
    world.ok(withdraw(trading(11), COIN));
    world.ok(transfer(11, trading(11), funding(11), COIN));
    assert_eq!(supply(&world), 399 * COIN);
    let room = (1i128 << 90) - 399 * COIN;
    assert_eq!(
        world.refusal(deposit(trading(11), room + 1)),
        (59401, u64::MAX)
    );
    assert_eq!(world.refusal(deposit(trading(11), 0)), (58114, 0));
    assert_eq!(world.refusal(deposit(trading(99), 1)), (50008, 0));
    assert_eq!(world.refusal(withdraw(trading(11), 99 * COIN)).0, 58203);
    let unknown = AccountKey {
        kind: Kind(77),
        ..trading(11)
    };
    assert_eq!(world.refusal(deposit(unknown, 1)), (51000, 0));
    assert_eq!(supply(&world), 399 * COIN);
}

/// Criterion: CORE-LED-7. What an order holds cannot be withdrawn.
#[test]
fn a_hold_cannot_leave() {
    let mut world = World::funded();
    world.ok(limit(11, Side::Sell, 600_000, 400_000));
    assert_eq!(
        world.refusal(withdraw(trading(11), 60 * COIN + 1)),
        (58203, 60 * COIN as u64)
    );
    let away = transfer(11, trading(11), funding(11), 60 * COIN + 1);
    assert_eq!(world.refusal(away), (58350, 60 * COIN as u64));
    world.ok(withdraw(trading(11), 60 * COIN));
}

/// Criterion: CORE-LED-7
#[test]
fn flags_and_suspensions_stop_money() {
    let mut world = World::funded();
    let stop = |actions, level, key| SetSuspension {
        suspension: 5,
        actions,
        level,
        key,
    };
    world.ok(flag(11, OwnerFlags::NO_WITHDRAW));
    assert_eq!(world.refusal(withdraw(trading(11), 1)), (58207, 0));
    world.ok(flag(11, OwnerFlags::NONE));
    world.ok(stop(Suspended::WITHDRAW, SuspensionLevel::Global, 0));
    assert_eq!(world.refusal(withdraw(trading(11), 1)), (58110, 0));
    world.ok(stop(Suspended::DEPOSIT_CREDIT, SuspensionLevel::Asset, 1));
    assert_eq!(world.refusal(deposit(trading(11), 1)), (58110, 0));
    world.ok(stop(Suspended::TRANSFER, SuspensionLevel::Segment, 3));
    assert_eq!(
        world.refusal(transfer(11, trading(11), funding(11), 1)),
        (58110, 0)
    );
    world.ok(transfer(12, trading(12), funding(12), 1));
}

/// Criterion: CORE-LED-8. Master 11 with sub-accounts 21 and 22; 12 is a stranger.
#[test]
fn transfers_stay_in_the_family() {
    let mut world = World::funded();
    for sub in [21, 22] {
        world.ok(open(sub, 11, 0, OwnerFlags::NONE));
        world.give(sub, BTC, COIN);
    }
    world.ok(transfer(11, trading(11), trading(21), 1));
    world.ok(transfer(11, trading(21), trading(22), 1));
    world.ok(transfer(21, trading(21), trading(11), 1));
    let refused = [
        (transfer(21, trading(11), trading(21), 1), 58115),
        (transfer(11, trading(11), trading(12), 1), 58115),
        (transfer(12, trading(11), trading(12), 1), 58115),
        (transfer(11, trading(11), trading(11), 1), 58123),
        (transfer(11, trading(11), funding(11), 0), 58114),
        (transfer(11, trading(11), funding(11), -1), 58114),
        (transfer(99, trading(11), funding(11), 1), 50008),
    ];
    for (command, code) in refused {
        assert_eq!(world.refusal(command.clone()).0, code, "{command:?}");
    }
    world.ok(transfer(HOUSE.0, trading(11), trading(12), 1));
}

/// Criterion: CORE-LED-8. Frozen: nothing leaves; barred from sending: only to itself.
#[test]
fn flags_bound_transfers() {
    let mut world = World::funded();
    world.ok(open(21, 11, 0, OwnerFlags::NONE));
    world.ok(flag(11, OwnerFlags::NO_TRANSFER_OUT));
    assert_eq!(
        world.refusal(transfer(11, trading(11), trading(21), 1)),
        (58004, 0)
    );
    world.ok(transfer(11, trading(11), funding(11), 1));
    world.ok(flag(11, OwnerFlags::FROZEN));
    assert_eq!(
        world.refusal(transfer(11, trading(11), funding(11), 1)),
        (58004, 0)
    );
}

/// Criterion: CORE-LED-8, CORE-LED-10. Sub-account 21 of master 11 may not send; its master moves
/// what it has, from rules 3 on.
#[test]
fn a_master_moves_what_its_sub_account_may_not_send() {
    let mut world = World::funded();
    for sub in [21, 22] {
        world.ok(open(sub, 11, 0, OwnerFlags::NONE));
    }
    world.give(21, BTC, COIN);
    world.ok(flag(21, OwnerFlags::NO_TRANSFER_OUT));
    let pulls = [trading(11), trading(22)].map(|to| transfer(11, trading(21), to, 1));
    for pulled in &pulls {
        assert_eq!(world.refusal(pulled.clone()), (58004, 0), "{pulled:?}");
    }
    world.ok(ActivateRules { rules: 3 });
    for pulled in pulls {
        world.ok(pulled);
    }
    for target in [trading(11), trading(22)] {
        let sent = transfer(21, trading(21), target, 1);
        assert_eq!(world.refusal(sent), (58004, 0), "{target:?}");
    }
    world.ok(transfer(21, trading(21), funding(21), 1));
    world.ok(flag(11, OwnerFlags::NO_TRANSFER_OUT));
    let given = transfer(11, trading(11), trading(21), 1);
    assert_eq!(world.refusal(given), (58004, 0));
    world.ok(flag(21, OwnerFlags::FROZEN));
    assert_eq!(
        world.refusal(transfer(11, trading(21), trading(11), 1)),
        (58004, 0)
    );
}

/// Criterion: CORE-EXC-5. A stop of main account 11 is that of its sub-account 21 from rules 5 on,
/// that of the sub-account is its own, and a sub-account opened in the stop is stopped.
#[test]
fn a_stop_of_a_main_account_is_its_sub_accounts_too() {
    let mut world = World::funded();
    world.ok(open(21, 11, 0, OwnerFlags::NONE));
    world.give(21, BTC, COIN);
    let stop = |owner, actions| SetSuspension {
        suspension: 1,
        actions,
        level: SuspensionLevel::Owner,
        key: owner,
    };
    let both = Suspended::SUB_TRANSFER.union(Suspended::TRANSFER);
    world.ok(stop(11, both));
    let inside = || transfer(21, trading(21), funding(21), 1);
    world.ok(inside());
    world.ok(ActivateRules { rules: 5 });
    assert_eq!(world.refusal(inside()), (58110, 0));
    assert_eq!(
        world.refusal(transfer(11, trading(21), trading(11), 1)),
        (58110, 0)
    );
    world.ok(open(22, 11, 0, OwnerFlags::NONE));
    world.give(22, BTC, COIN);
    assert_eq!(
        world.refusal(transfer(22, trading(22), funding(22), 1)),
        (58110, 0)
    );
    world.ok(stop(21, both));
    assert_eq!(world.refusal(inside()), (58110, 0));
    world.ok(transfer(22, trading(22), funding(22), 1));
    world.ok(transfer(11, trading(11), funding(11), 1));
    world.ok(stop(21, Suspended::NONE));
    world.ok(inside());
}

/// Criterion: CORE-LED-9. Sub-account 21 of master 11; what was frozen is its master's to move.
#[test]
fn what_a_master_froze_moves_by_the_master_alone() {
    let mut world = World::funded();
    for sub in [21, 22] {
        world.ok(open(sub, 11, 0, OwnerFlags::NONE));
    }
    world.give(21, BTC, COIN);
    world.ok(flag(21, OwnerFlags::MASTER_FROZEN));
    for target in [funding(21), trading(11), trading(22)] {
        let sent = transfer(21, trading(21), target, 1);
        assert_eq!(world.refusal(sent), (58004, 0), "{target:?}");
    }
    assert_eq!(world.refusal(withdraw(trading(21), 1)), (58207, 0));
    world.ok(transfer(11, trading(11), trading(21), 1));
    world.ok(transfer(11, trading(21), trading(11), 1));
    let both = OwnerFlags::MASTER_FROZEN.union(OwnerFlags::FROZEN);
    world.ok(flag(21, both));
    let pulled = transfer(11, trading(21), trading(11), 1);
    assert_eq!(world.refusal(pulled.clone()), (58004, 0));
    world.ok(flag(21, OwnerFlags::NONE));
    world.ok(pulled);
    world.ok(transfer(21, trading(21), trading(11), 1));
}
