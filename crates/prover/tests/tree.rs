//! Goal: every account finds its exact claims below the totals, in each epoch that is remembered.
//! Method: random histories of claims; a plain table beside the tree says what each epoch owes, and
//! each account's proof is checked against the root and totals of its epoch.

use std::collections::BTreeMap;

use fullreserve_prover::{Hash, Problem, Proof, Refusal, Sibling, Tree};
use proptest::prelude::*;

const ASSETS: [u32; 3] = [1, 2, 7];
const MASTER: Hash = [7; 32];

type Claims = [u128; 3];

fn packed(owners: &BTreeMap<u64, Claims>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (owner, claims) in owners {
        let positive: Vec<_> = ASSETS
            .iter()
            .zip(claims)
            .filter(|(_, one)| **one > 0)
            .collect();
        bytes.extend(owner.to_be_bytes());
        bytes.push(0);
        bytes.extend((positive.len() as u16).to_be_bytes());
        for (asset, amount) in positive {
            bytes.extend(asset.to_be_bytes());
            bytes.extend(amount.to_be_bytes());
        }
    }
    bytes
}

fn totals(owners: &BTreeMap<u64, Claims>) -> Vec<u128> {
    (0..ASSETS.len())
        .map(|column| owners.values().map(|claims| claims[column]).sum())
        .collect()
}

fn tree_of(owners: &BTreeMap<u64, Claims>) -> Tree {
    let mut tree = Tree::new(MASTER, ASSETS.to_vec());
    tree.stage(&packed(owners)).unwrap();
    tree.commit(1).unwrap();
    tree
}

fn some_owners(count: u64) -> BTreeMap<u64, Claims> {
    (1..=count)
        .map(|owner| (owner, [u128::from(owner), 5, u128::from(owner % 3)]))
        .collect()
}

type Change = BTreeMap<u64, Claims>;

fn change() -> impl Strategy<Value = Change> {
    let claims = [0..1000u128, 0..3u128, 0..(1u128 << 100)];
    prop::collection::btree_map(1..60u64, claims, 0..25)
}

proptest! {
    /// Criterion: POR-TREE-1
    #[test]
    fn every_account_proves_its_claims_in_every_epoch(
        first in prop::collection::btree_map(1..60u64, [0..9u128, 0..9u128, 0..9u128], 1..50),
        changes in prop::collection::vec(change(), 0..8),
    ) {
        let mut tree = tree_of(&first);
        let mut table = first;
        let mut epochs = vec![(1u64, table.clone(), tree.root())];
        for (number, change) in changes.into_iter().enumerate() {
            let epoch = number as u64 + 2;
            tree.stage(&packed(&change)).unwrap();
            tree.commit(epoch).unwrap();
            table.extend(change);
            epochs.push((epoch, table.clone(), tree.root()));
        }
        for (epoch, table, (root, sums)) in &epochs {
            prop_assert_eq!(sums, &totals(table));
            if *epoch < tree.first_epoch() {
                prop_assert!(tree.proof(*table.keys().next().unwrap(), *epoch).is_none());
                continue;
            }
            for (account, claims) in table {
                let proof = tree.proof(*account, *epoch).unwrap();
                prop_assert_eq!(&proof.claims[..], &claims[..]);
                prop_assert!(proof.epoch <= *epoch);
                prop_assert_eq!(proof.verify(root, sums), Ok(()));
            }
            prop_assert!(tree.proof(99, *epoch).is_none());
        }
    }

    /// Whatever is altered in a proof, it leads elsewhere. Criterion: POR-TREE-2
    #[test]
    fn an_altered_proof_is_refused(
        count in 1..40u64, which in 0..40u64, place in 0..200usize, bit in 0..8u32,
    ) {
        let owners = some_owners(count);
        let tree = tree_of(&owners);
        let (root, sums) = tree.root();
        let mut proof = tree.proof(which % count + 1, 1).unwrap();
        alter(&mut proof, place, bit);
        prop_assert!(proof.verify(&root, &sums).is_err());
    }
}

fn alter(proof: &mut Proof, place: usize, bit: u32) {
    let steps = proof.path.len();
    match place % (5 + 2 * steps) {
        0 => proof.account ^= 1 << bit,
        1 => proof.epoch ^= 1 << bit,
        2 => proof.salt[place % 32] ^= 1 << bit,
        3 => proof.claims[place % 3] ^= 1 << bit,
        4 => proof.leaves = 2 * proof.leaves + u64::from(bit),
        more if more % 2 == 1 => proof.path[(more - 5) / 2].hash[place % 32] ^= 1 << bit,
        more => proof.path[(more - 5) / 2].sums[place % 3] ^= 1 << bit,
    }
}

/// Criterion: POR-TREE-2
#[test]
fn swapped_children_and_ways_of_another_length_are_refused() {
    let tree = tree_of(&some_owners(11));
    let (root, sums) = tree.root();
    let proof = tree.proof(4, 1).unwrap();
    let mut swapped = proof.clone();
    swapped.index ^= 1;
    assert!(swapped.verify(&root, &sums).is_err());
    let mut short = proof.clone();
    short.path.pop();
    assert_eq!(short.verify(&root, &sums), Err(Refusal::Shape));
    let mut long = proof.clone();
    long.path.push(long.path[0].clone());
    assert_eq!(long.verify(&root, &sums), Err(Refusal::Shape));
    let mut beyond = proof;
    beyond.index = beyond.leaves;
    assert_eq!(beyond.verify(&root, &sums), Err(Refusal::Shape));
}

/// The last of an odd level stands beside a pad and nothing else: money hidden there would be a
/// place that belongs to nobody. Criterion: POR-TREE-2
#[test]
fn a_pad_is_a_pad() {
    let owners = some_owners(3);
    let tree = tree_of(&owners);
    let (root, sums) = tree.root();
    let last = (1..=3).map(|account| tree.proof(account, 1).unwrap());
    let mut last = last.max_by_key(|proof| proof.index).unwrap();
    assert_eq!(last.verify(&root, &sums), Ok(()));
    last.path[0] = Sibling {
        hash: [1; 32],
        sums: vec![0; 3],
    };
    assert_eq!(last.verify(&root, &sums), Err(Refusal::Padding));
}

/// Criterion: POR-TREE-3
#[test]
fn sums_that_do_not_fit_are_refused() {
    let owners: BTreeMap<u64, Claims> = [(1, [u128::MAX, 0, 0]), (2, [1, 0, 0])].into();
    let mut tree = Tree::new(MASTER, ASSETS.to_vec());
    tree.stage(&packed(&owners)).unwrap();
    assert_eq!(tree.commit(1), Err(Problem::Overflow));
    // A proof that wraps around to smaller totals is refused by whoever checks it.
    let good = tree_of(&some_owners(2));
    let (root, sums) = good.root();
    let mut proof = good.proof(1, 1).unwrap();
    proof.path[0].sums[0] = u128::MAX;
    assert_eq!(proof.verify(&root, &sums), Err(Refusal::Overflow));
}

/// Criterion: POR-TREE-3
#[test]
fn what_is_no_claims_is_refused() {
    let mut tree = Tree::new(MASTER, ASSETS.to_vec());
    let good = packed(&some_owners(2));
    assert_eq!(tree.stage(&good[..good.len() - 1]), Err(Problem::Malformed));
    let mut other = Tree::new(MASTER, vec![1, 2]);
    assert_eq!(other.stage(&good), Err(Problem::UnknownAsset(7)));
}

/// There and back is a change: a leaf says in which epoch its account last changed, and a receipt
/// of in between has another balance. Criterion: POR-TREE-4
#[test]
fn only_a_leaf_of_an_account_that_did_not_change_is_reused() {
    let owners = some_owners(40);
    let mut tree = tree_of(&owners);
    tree.stage(&packed(&[(3, [9, 9, 9])].into())).unwrap();
    tree.stage(&packed(&[(4, owners[&4])].into())).unwrap();
    tree.commit(2).unwrap();
    let made = |account, epoch| tree.proof(account, epoch).unwrap().epoch;
    assert_eq!((made(3, 2), made(4, 2), made(5, 2)), (2, 2, 1));
    assert_eq!((made(3, 1), made(4, 1), made(5, 1)), (1, 1, 1));
}

/// The house's accounts are one leaf that can be shown to everybody; one that becomes a user's is
/// a leaf of its own, and back. Criterion: POR-TREE-5
#[test]
fn the_house_has_one_leaf() {
    let mut bytes = packed(&some_owners(5));
    bytes[8] = 1; // the first owner's mark
    let record = packed(&[(6, [100, 0, 0])].into());
    let marked = |mark: u8| {
        let mut record = record.clone();
        record[8] = mark;
        record
    };
    let mut tree = Tree::new(MASTER, ASSETS.to_vec());
    tree.stage(&bytes).unwrap();
    tree.stage(&marked(1)).unwrap();
    tree.commit(1).unwrap();
    assert_eq!((tree.house(), tree.leaves()), (Some(1), 5));
    let house = |tree: &Tree, epoch| tree.proof(1, epoch).unwrap().claims[0];
    assert_eq!(house(&tree, 1), 101);
    for (epoch, mark, own, theirs) in [(2, 0, 1, 100), (3, 1, 101, 0)] {
        tree.stage(&marked(mark)).unwrap();
        tree.commit(epoch).unwrap();
        let (root, sums) = tree.root();
        assert_eq!(sums[0], 1 + 2 + 3 + 4 + 5 + 100);
        assert_eq!(house(&tree, epoch), own);
        let proof = tree.proof(6, epoch).unwrap();
        assert_eq!(proof.claims[0], theirs);
        assert_eq!(proof.verify(&root, &sums), Ok(()));
    }
}

/// Nobody who knows the numbers of accounts can tell from the order who is beside whom.
#[test]
fn accounts_that_come_together_are_shuffled() {
    let tree = tree_of(&some_owners(40));
    let index = |account| tree.proof(account, 1).unwrap().index;
    let places: Vec<u64> = (1..=40).map(index).collect();
    assert!(!places.is_sorted());
}
