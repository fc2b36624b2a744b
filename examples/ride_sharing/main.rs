//! The ride-sharing system on four streams: `cargo run -p pubsub-examples --example ride_sharing -- --help`.
//!
//! On JetStream: `cargo run -p pubsub-examples --features nats --example ride_sharing -- --url nats://127.0.0.1:4222`.
//! The code is in `examples/src/ride_sharing/`; start at its `mod.rs`.

fn main() -> std::process::ExitCode {
    pubsub_examples::ride_sharing::main()
}
