//! Judges the third party's backend by the conformance suite and prints the report: what it does, and what it refuses.

use std::process::ExitCode;

use pubsub_examples::third_party_backend::ChannelBroker;
use pubsub_testkit::{Clock, Connecting, Expected, Filter, run_suite};

#[expect(clippy::print_stdout, reason = "the report is what the program is for")]
fn main() -> ExitCode {
    let harness = || {
        let store = ChannelBroker::default();
        Connecting::new("channel", Clock::Virtual, move || Ok(store.connect())).expecting(Expected::only([]))
    };
    let report = run_suite(harness, &Filter::all());
    println!("{}", report.table());
    ExitCode::from(u8::from(report.failed()))
}
