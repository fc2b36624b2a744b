//! Many messages in, many at once into a database: `cargo run -p pubsub-examples --example batch_ingestion [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{TryStreamExt as _, stream};
use pubsub::worker::{BatchLimits, Binding, DeadLetters, Json, Router, State, Verdict, Worker, WorkerHandle};
use pubsub::{
    Client, ConsumerConfig, OutboundMessage, Provision, PublishOptions, PublisherExt as _, Result,
    StreamConfig,
};

/// How many readings are sent; every hundredth is out of range.
const READINGS: u32 = 1_000;

/// A table that is written in transactions, and what ends the program.
#[derive(Debug, Default)]
struct Table {
    rows: Mutex<Vec<u32>>,
    transactions: Mutex<usize>,
}

impl Table {
    fn write(&self, rows: impl IntoIterator<Item = u32>) -> usize {
        let mut table = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        table.extend(rows);
        *self.transactions.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        table.len()
    }
}

async fn ingest(State(table): State<Arc<Table>>, readings: Vec<(Json<u32>, WorkerHandle)>) -> Vec<Verdict> {
    let fits = |reading: u32| reading % 100 != 99;
    let stored =
        table.write(readings.iter().map(|(Json(reading), _)| *reading).filter(|reading| fits(*reading)));
    let all = usize::try_from(READINGS - READINGS / 100).unwrap_or(usize::MAX);
    let verdict = |(Json(reading), worker): (Json<u32>, WorkerHandle)| {
        if stored == all {
            worker.stop();
        }
        if fits(reading) { Verdict::Done } else { Verdict::reject("out of range") }
    };
    readings.into_iter().map(verdict).collect()
}

/// Returns how many rows the table has.
pub(crate) async fn run(client: &Client) -> Result<usize> {
    client.ensure_stream(StreamConfig::new("READING", ["reading.*"])?, Provision::CreateIfMissing).await?;

    // Up to 256 are on their way at once; each has its receipt.
    let messages = (0..READINGS).map(|reading| OutboundMessage::json("reading.roof", &reading));
    let messages = messages.collect::<Result<Vec<_>>>()?;
    let window = NonZeroUsize::new(256).unwrap_or(NonZeroUsize::MIN);
    let publisher = client.publisher();
    let receipts = publisher.publish_all(stream::iter(messages), window, PublishOptions::default());
    let sent = receipts.try_fold(0, |sent, _| async move { Ok(sent + 1) }).await?;
    println!("{sent} readings are stored");

    let table = Arc::new(Table::default());
    let limits = BatchLimits::new(250, Duration::from_millis(100));
    let router = Router::new().route_batch("reading.*", limits, ingest)?.with_state(Arc::clone(&table));
    let ingesting = Binding::new("READING", ConsumerConfig::durable("ingest")?, router)?
        .with_dead_letters(DeadLetters::in_stream("DEAD_LETTERS")?);
    let outcome = Worker::new(client.clone()).bind(ingesting).run().await?.into_result()?;
    let transactions = *table.transactions.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{} rows in {transactions} transactions, {} given up", outcome.done, outcome.dead_lettered);
    let rows = table.rows.lock().unwrap_or_else(PoisonError::into_inner).len();
    Ok(rows)
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
