//! A function that handles messages, in 15 lines: `cargo run -p pubsub-examples --example hello_worker`; Ctrl-C ends it.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use pubsub::worker::{Binding, Json, Router, Worker};
use pubsub::{ConsumerConfig, Provision, StreamConfig};

async fn greet(Json(name): Json<String>) {
    println!("hello, {name}");
}

#[tokio::main]
async fn main() -> pubsub::Result<()> {
    let client = pubsub::connect("memory://").await?; // or "nats://localhost:4222"
    client.ensure_stream(StreamConfig::new("GREET", ["greet"])?, Provision::CreateIfMissing).await?;
    client.publish_json("greet", "world").await?;
    let router = Router::new().route("greet", greet)?;
    let greeter = Binding::new("GREET", ConsumerConfig::durable("greeter")?, router)?.discard_dead_letters();
    Worker::new(client).bind(greeter).run_until(pubsub::stop_signal()?).await?.into_result().map(drop)
}
