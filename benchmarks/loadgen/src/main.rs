//! Load generator: closed-loop clients of a running exchange; prints one line of JSON.
//!
//! `loadgen rest`, `loadgen ws` and `loadgen fanout`; `loadgen help` lists the options. Each is one
//! thread, so that on two cores the other one is the server's.

mod fanout;
mod options;
mod orders;
mod report;
mod rest;
mod sign;
mod ws;

use options::{Fanout, Rest, Ws};

const HELP: &str = "\
loadgen rest   --address HOST:PORT --seconds N --connections N [--keys FILE --account N]
               [--target PATH] [--symbol S --price-from P --price-step P --prices N --size S]
loadgen ws     --url ws://HOST:PORT/PATH --seconds N --connections N --in-flight N
               [--keys FILE --account N] (the same order options; without keys: an echo)
               [--moves-best: every other request moves an order between two best prices]
loadgen fanout --url ws://HOST:PORT/PATH --seconds N --channel C --symbol S --subscribers N
               [--second-channel C --second-subscribers N]
";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = pico_args::Arguments::from_env();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let line = match arguments.subcommand()?.as_deref() {
        Some("rest") => runtime.block_on(rest::run(Rest::read(&mut arguments)?))?,
        Some("ws") => runtime.block_on(ws::run(Ws::read(&mut arguments)?))?,
        Some("fanout") => runtime.block_on(fanout::run(Fanout::read(&mut arguments)?))?,
        _ => {
            print!("{HELP}");
            return Ok(());
        }
    };
    println!("{line}");
    Ok(())
}
