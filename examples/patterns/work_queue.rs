//! Jobs that are done once, and what becomes of those that cannot be: `cargo run -p pubsub-examples --example work_queue [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pubsub::worker::{
    Binding, DeadLetterStore, DeadLetters, Failure, Json, Outcome, Router, State, Worker, WorkerHandle,
};
use pubsub::{Client, ConsumerConfig, OutboundMessage, Provision, Result, Retention, StreamConfig};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Picture {
    name: String,
    width: u32,
}

/// How many are still to be made; the last one ends the program.
#[derive(Debug, Clone)]
struct Left(Arc<AtomicU32>);

impl Left {
    fn of(pictures: u32) -> Self {
        Self(Arc::new(AtomicU32::new(pictures)))
    }

    fn one_less(&self, worker: &WorkerHandle) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            worker.stop();
        }
    }
}

async fn make(
    Json(picture): Json<Picture>,
    State(left): State<Left>,
    worker: WorkerHandle,
) -> Result<(), Failure> {
    left.one_less(&worker);
    if picture.width == 0 {
        return Err(Failure::reject(format!("{} would have no width", picture.name)));
    }
    println!("made {} of width {}", picture.name, picture.width);
    Ok(())
}

/// A worker that ends after so many pictures. Run as many of them, in as many processes, as there is work for.
async fn work(client: &Client, pictures: u32) -> Result<Outcome> {
    let router = Router::new().route("picture.small", make)?.with_state(Left::of(pictures));
    let jobs = Binding::new("PICTURE", ConsumerConfig::durable("makers")?, router)?
        .with_concurrency(4)
        .with_dead_letters(DeadLetters::in_stream("DEAD_LETTERS")?);
    Worker::new(client.clone()).bind(jobs).run().await?.into_result()
}

/// Three jobs, one of them impossible; it is mended by hand and done after all. Returns how many were done.
pub(crate) async fn run(client: &Client) -> Result<u64> {
    let queue = StreamConfig::new("PICTURE", ["picture.*"])?.with_retention(Retention::WorkQueue);
    client.ensure_stream(queue, Provision::CreateIfMissing).await?;
    for (name, width) in [("cat", 200), ("dog", 0), ("owl", 300)] {
        client.publish_json("picture.small", &Picture { name: name.to_owned(), width }).await?;
    }
    let first = work(client, 3).await?;

    let letters = DeadLetterStore::open(client, &DeadLetters::in_stream("DEAD_LETTERS")?).await?;
    for letter in letters.page(0, 20).await? {
        println!("given up after {} attempt: {}", letter.attempts, letter.reason);
        let mended = Picture { width: 100, ..letter.json()? };
        let edit = |message: OutboundMessage| {
            Ok(OutboundMessage::json(message.subject, &mended)?.with_headers(message.headers))
        };
        letters.redrive_edited(letter.sequence, edit).await?;
    }
    let second = work(client, 1).await?;
    let queue = client.admin()?.stream_info(&"PICTURE".try_into()?).await?;
    println!("{} made, {} left in the queue", first.done + second.done, queue.messages);
    Ok(first.done + second.done)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
