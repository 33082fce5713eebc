//! Measures the tree: `cargo run --release -p fullreserve-prover --example bench_tree`.
//!
//! 1 M accounts x 20 assets, each with 20 claims: the build, an epoch in which 100 k accounts
//! changed, one proof and its check, and the most memory that the process took.

use std::time::Instant;

// Linked for its allocator.
use fullreserve_memory as _;
use fullreserve_prover::Tree;

const ACCOUNTS: u64 = 1_000_000;
const CHANGED: u64 = 100_000;
const ASSETS: u32 = 20;
const PAGE: u64 = 100_000;

fn packed(accounts: impl Iterator<Item = u64>, turn: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for account in accounts {
        bytes.extend(account.to_be_bytes());
        bytes.push(0);
        bytes.extend((ASSETS as u16).to_be_bytes());
        for asset in 1..=ASSETS {
            let mixed = (account ^ (u64::from(asset) << 40) ^ (turn << 50))
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bytes.extend(asset.to_be_bytes());
            bytes.extend(u128::from(mixed >> 24).to_be_bytes());
        }
    }
    bytes
}

fn most_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

fn main() {
    let mut tree = Tree::new([1; 32], (1..=ASSETS).collect());
    let mut staging = 0.0;
    for page in 0..ACCOUNTS / PAGE {
        let bytes = packed(page * PAGE + 1..=(page + 1) * PAGE, 0);
        let start = Instant::now();
        tree.stage(&bytes).unwrap();
        staging += start.elapsed().as_secs_f64();
    }
    let start = Instant::now();
    tree.commit(1).unwrap();
    let building = staging + start.elapsed().as_secs_f64();
    println!(
        "build of 1 M x 20: {building:.2} s, {:.0} accounts/s",
        ACCOUNTS as f64 / building
    );

    let changed = packed((1..=CHANGED).map(|n| n * (ACCOUNTS / CHANGED)), 1);
    let start = Instant::now();
    tree.stage(&changed).unwrap();
    tree.commit(2).unwrap();
    println!(
        "epoch with 100 k changed: {:.2} s",
        start.elapsed().as_secs_f64()
    );

    let (root, totals) = tree.root();
    let start = Instant::now();
    let proof = tree.proof(500_000, 2).unwrap();
    println!(
        "a proof: {:.3} ms, {} bytes",
        start.elapsed().as_secs_f64() * 1e3,
        proof.to_json().len()
    );
    let start = Instant::now();
    proof.verify(&root, &totals).unwrap();
    println!("its check: {:.3} ms", start.elapsed().as_secs_f64() * 1e3);
    println!("most memory: {} MB", most_memory_mb());
}
