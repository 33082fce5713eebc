//! Speed of the core on one thread: journal bytes in, event bytes out, with ledger, holds and fees.
//!
//! `cargo run --release -p fullreserve-core --example bench_core [-- --json] [--seed N]`
//!
//! The stream is made by a seeded generator (`stream.rs`): 1,000,000 commands in batches of 256, of
//! which 20 % are new limit orders, 15 % IOC, 5 % market, 60 % cancels and amendments of orders
//! that rest at that moment, over 4 pairs and 1,000 traders, behind 20,000 resting orders. Every
//! command has a gateway and a number. Best of three; decoding alone is shown apart.

mod setup;
mod stream;

use std::time::{Duration, Instant};

use fullreserve_core::Exchange;
// The allocator of the program.
use fullreserve_core::wire::Batch;
use fullreserve_memory as _;
use stream::Row;

const COMMANDS: usize = 1_000_000;
const RESTING: usize = 1_000_000;
const RUNS: usize = 3;

struct Figures {
    decode: f64,
    with_events: f64,
    without_events: f64,
    event_bytes: f64,
    resting_bytes: u64,
    snapshot: Duration,
    snapshot_bytes: usize,
    restore: Duration,
    hash: Duration,
}

fn main() {
    let mut arguments = std::env::args();
    let json = std::env::args().any(|argument| argument == "--json");
    let seed = match arguments.find(|argument| argument == "--seed") {
        Some(_) => arguments.next().and_then(|seed| seed.parse().ok()),
        None => Some(stream::SEED),
    };
    let figures = measure(seed.expect("--seed N, a number"));
    if json {
        figures.print_json()
    } else {
        figures.print()
    }
}

fn measure(seed: u64) -> Figures {
    let (start, rows) = stream::generate(COMMANDS, seed);
    let decode = best(|| {
        let mut batch = Batch::new();
        rows.iter()
            .for_each(|row| batch.decode(&row.bytes).expect("a batch"));
    });
    let mut event_bytes = 0;
    let with_events = best_apply(&start, &rows, true, &mut event_bytes);
    let without_events = best_apply(&start, &rows, false, &mut 0);
    let rate = |time: Duration| COMMANDS as f64 / time.as_secs_f64();
    let mut figures = Figures {
        decode: rate(decode),
        with_events: rate(with_events),
        without_events: rate(without_events),
        event_bytes: event_bytes as f64 / COMMANDS as f64,
        resting_bytes: 0,
        snapshot: Duration::ZERO,
        snapshot_bytes: 0,
        restore: Duration::ZERO,
        hash: Duration::ZERO,
    };
    drop((start, rows));
    measure_resting(&mut figures);
    figures
}

/// Time that this thread has had the processor; wall time where the system does not tell.
struct Clock {
    wall: Instant,
    cpu_ns: Option<u64>,
}

impl Clock {
    fn start() -> Self {
        Self {
            wall: Instant::now(),
            cpu_ns: cpu_ns(),
        }
    }

    fn elapsed(&self) -> Duration {
        match (self.cpu_ns, cpu_ns()) {
            (Some(start), Some(end)) => Duration::from_nanos(end - start),
            _ => self.wall.elapsed(),
        }
    }
}

fn cpu_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn best(mut run: impl FnMut()) -> Duration {
    let timed = |_| {
        let start = Clock::start();
        run();
        start.elapsed()
    };
    (0..RUNS).map(timed).min().expect("several runs")
}

fn best_apply(start: &[u8], rows: &[Row], wanted: bool, bytes: &mut usize) -> Duration {
    let timed = |_| {
        let mut exchange = Exchange::restore(start).expect("the generator's start");
        *bytes = 0;
        let begin = Clock::start();
        for row in rows {
            let events = exchange.apply(row.sequence, row.time_ms, &row.bytes, wanted, &[]);
            *bytes += events.expect("the row is applied").len();
        }
        begin.elapsed()
    };
    (0..RUNS).map(timed).min().expect("several runs")
}

/// Memory and snapshot of a book with a million resting orders.
fn measure_resting(figures: &mut Figures) {
    let mut exchange = setup::exchange();
    let before = resident_bytes();
    setup::rest(&mut exchange, RESTING);
    figures.resting_bytes = resident_bytes().saturating_sub(before);
    assert_eq!(exchange.open_orders(), RESTING as u64);
    let begin = Clock::start();
    let snapshot = exchange.snapshot();
    figures.snapshot = begin.elapsed();
    figures.snapshot_bytes = snapshot.len();
    let begin = Clock::start();
    let hash = exchange.state_hash();
    figures.hash = begin.elapsed();
    drop(exchange);
    let begin = Clock::start();
    let restored = Exchange::restore(&snapshot).expect("the snapshot is read");
    figures.restore = begin.elapsed();
    assert_eq!(restored.state_hash(), hash);
}

/// Resident memory of this process (Linux; 0 elsewhere).
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

impl Figures {
    fn print(&self) {
        println!("decode alone              {:>12.0} commands/s", self.decode);
        println!(
            "apply, with events        {:>12.0} commands/s",
            self.with_events
        );
        println!(
            "apply, without events     {:>12.0} commands/s",
            self.without_events
        );
        println!(
            "events                    {:>12.1} bytes/command",
            self.event_bytes
        );
        let megabytes = self.resting_bytes as f64 / 1e6;
        println!("1 M resting orders        {megabytes:>12.1} MB");
        println!(
            "  snapshot                {:>12.1} ms",
            millis(self.snapshot)
        );
        println!(
            "  snapshot size           {:>12.1} MB",
            self.snapshot_bytes as f64 / 1e6
        );
        println!(
            "  restore                 {:>12.1} ms",
            millis(self.restore)
        );
        println!("  state hash              {:>12.1} ms", millis(self.hash));
    }

    fn print_json(&self) {
        println!(
            "{{\"decode_per_s\":{:.0},\"apply_per_s\":{:.0},\"apply_without_events_per_s\":{:.0},\
             \"event_bytes_per_command\":{:.1},\"resting_1m_bytes\":{},\"snapshot_ms\":{:.1},\
             \"snapshot_bytes\":{},\"restore_ms\":{:.1},\"state_hash_ms\":{:.1}}}",
            self.decode,
            self.with_events,
            self.without_events,
            self.event_bytes,
            self.resting_bytes,
            millis(self.snapshot),
            self.snapshot_bytes,
            millis(self.restore),
            millis(self.hash),
        );
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
