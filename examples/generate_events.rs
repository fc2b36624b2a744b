//! Writes synthetic ride events as JSON lines, the input of the example `ride_sharing`:
//! `cargo run -p pubsub-examples --example generate_events -- --rides 300 --seed 7 > examples/data/ride_events.jsonl`.

use std::io::{self, BufWriter, Write as _};

use clap::Parser;
use pubsub_examples::event_generator::{Event, generate};

/// Writes synthetic ride events as JSON lines to the standard output.
#[derive(Debug, Parser)]
struct Args {
    /// How many passengers ask for a ride.
    #[arg(long, default_value_t = 300)]
    rides: u32,
    /// The same seed gives the same events.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    for event in generate(args.rides, args.seed) {
        writeln!(out, "{}", Event::to_line(&event))?;
    }
    out.flush()
}
