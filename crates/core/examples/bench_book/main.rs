//! Measures the bare book: matching over the ladder, with the naive book beside it.
//!
//!     cargo run --release -p fullreserve-core --example bench_book [-- --json] [--rounds N]
//!
//! Each scenario's million commands are made beforehand; the clock runs over matching and the book
//! alone, on one thread. Both books must come to the same fills. The stream is timed in slices; a
//! figure is the sum over the slices of the median of the rounds, so that a neighbour who
//! takes the processor for some milliseconds spoils a slice of one round and not the figure.
//! The two books take turns, so that both meet the same noise. Criterion: BOOK-12.

mod command;
mod matching;
mod random;
mod scenario;
mod stream;

use std::time::Instant;

use command::Command;
use fullreserve_core::book::{Ladder, Naive, OrderBook};
// The allocator of the program.
use fullreserve_memory as _;
use matching::{BATCH, Matching, Tally};
use scenario::{SCENARIOS, Scenario};

const COMMANDS: usize = 1_000_000;
/// Commands that are timed together: a fraction of a millisecond.
const SLICE: usize = 8 * BATCH;
const SEED: u64 = 20_261_125;

struct Options {
    json: bool,
    rounds: usize,
    scenario: Option<String>,
}

struct Figure {
    scenario: &'static Scenario,
    /// Nanoseconds per command.
    ladder_ns: f64,
    naive_ns: f64,
    tally: Tally,
    resting: usize,
    bytes_per_order: usize,
}

fn main() {
    let options = options();
    let wanted = |it: &&Scenario| options.scenario.as_ref().is_none_or(|name| it.name == name);
    let chosen = SCENARIOS.iter().filter(wanted);
    let figures: Vec<Figure> = chosen.map(|it| measure(it, options.rounds)).collect();
    if figures.is_empty() {
        usage();
    }
    let times = || figures.iter().map(|figure| figure.ladder_ns);
    let best = times().fold(f64::INFINITY, f64::min);
    let worst = times().fold(0.0, f64::max);
    if options.json {
        figures.iter().for_each(print_json);
        println!(r#"{{"bench":"book","worst_to_best":{:.3}}}"#, best / worst);
        return;
    }
    println!("scenario  ladder M/s     ns  naive M/s  ratio    fills  resting  bytes/order");
    figures.iter().for_each(print_row);
    println!(
        "the slowest scenario runs at {:.2} of the fastest",
        best / worst
    );
    figures
        .iter()
        .for_each(|it| println!("{:<9} {}", it.scenario.name, it.scenario.what));
}

fn options() -> Options {
    let mut options = Options {
        json: false,
        rounds: 7,
        scenario: None,
    };
    // A program, not the core: reading its command line is its own affair.
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => options.json = true,
            "--rounds" => {
                let rounds = arguments.next().and_then(|text| text.parse().ok());
                options.rounds = rounds
                    .filter(|&rounds| rounds > 0)
                    .unwrap_or_else(|| usage());
            }
            "--scenario" => options.scenario = arguments.next(),
            _ => usage(),
        }
    }
    options
}

fn usage() -> ! {
    eprintln!("usage: bench_book [--json] [--rounds N] [--scenario NAME]");
    std::process::exit(2);
}

fn measure(scenario: &'static Scenario, rounds: usize) -> Figure {
    let stream = stream::make(scenario, COMMANDS, SEED);
    let ladder = seeded::<Ladder>(stream.slots, &stream.seeding);
    let naive = seeded::<Naive>(stream.slots, &stream.seeding);
    let (mut ladder_ns, mut naive_ns) = (Vec::new(), Vec::new());
    let mut last = None;
    for round in 0..rounds {
        let (time, done) = run(ladder.clone(), &stream.commands);
        ladder_ns.push(time);
        if round < scenario.naive_rounds {
            let (time, oracle) = run(naive.clone(), &stream.commands);
            naive_ns.push(time);
            assert_eq!(
                done.tally, oracle.tally,
                "both books come to the same fills"
            );
            assert_eq!(done.book.len(), oracle.book.len());
        }
        last = Some(done);
    }
    let last = last.expect("there is a round");
    Figure {
        scenario,
        ladder_ns: per_command(&ladder_ns),
        naive_ns: per_command(&naive_ns),
        tally: last.tally,
        resting: last.book.len(),
        bytes_per_order: last.book.memory_bytes() / last.book.len(),
    }
}

fn seeded<B: OrderBook>(slots: usize, seeding: &[Command]) -> Matching<B> {
    let mut matching = Matching::with_slots(slots);
    seeding.iter().for_each(|command| matching.apply(command));
    matching
}

/// Runs the stream once: nanoseconds of each slice, and what the book came to.
fn run<B: OrderBook>(mut matching: Matching<B>, commands: &[Command]) -> (Vec<u64>, Matching<B>) {
    let mut slices = Vec::with_capacity(commands.len() / SLICE + 1);
    for slice in commands.chunks(SLICE) {
        let started = Instant::now();
        for batch in slice.chunks(BATCH) {
            matching.read_ahead(batch);
            batch.iter().for_each(|command| matching.apply(command));
        }
        slices.push(started.elapsed().as_nanos() as u64);
    }
    (slices, matching)
}

/// Nanoseconds per command: for each slice of the stream the median of the rounds.
fn per_command(rounds: &[Vec<u64>]) -> f64 {
    let median = |slice: usize| {
        let mut times: Vec<u64> = rounds.iter().map(|round| round[slice]).collect();
        times.sort_unstable();
        times[(times.len() - 1) / 2]
    };
    let total: u64 = (0..rounds[0].len()).map(median).sum();
    total as f64 / COMMANDS as f64
}

fn print_row(figure: &Figure) {
    println!(
        "{:<9} {:>10.2} {:>6.1} {:>10.2} {:>6.1} {:>8} {:>8} {:>12}",
        figure.scenario.name,
        1e3 / figure.ladder_ns,
        figure.ladder_ns,
        1e3 / figure.naive_ns,
        figure.naive_ns / figure.ladder_ns,
        figure.tally.fills,
        figure.resting,
        figure.bytes_per_order,
    );
}

fn print_json(figure: &Figure) {
    println!(
        concat!(
            r#"{{"bench":"book","scenario":"{}","commands":{},"ladder_ns":{:.2},"#,
            r#""ladder_per_second":{:.0},"naive_ns":{:.2},"naive_per_second":{:.0},"#,
            r#""ratio":{:.2},"fills":{},"resting":{},"bytes_per_order":{}}}"#
        ),
        figure.scenario.name,
        COMMANDS,
        figure.ladder_ns,
        1e9 / figure.ladder_ns,
        figure.naive_ns,
        1e9 / figure.naive_ns,
        figure.naive_ns / figure.ladder_ns,
        figure.tally.fills,
        figure.resting,
        figure.bytes_per_order,
    );
}
