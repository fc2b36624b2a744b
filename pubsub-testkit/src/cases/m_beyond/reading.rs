//! Reading a stream in order, without acknowledgements.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use futures::StreamExt as _;
use pubsub_core::{
    Broker, Capability, DeliverPolicy, ErrorKind, ReadOptions, Result, Retry, StoredMessage, StreamName,
    StreamReader,
};

use crate::check::{CaseResult, Failure, check_eq};
use crate::harness::StoreFault;
use crate::trial::Trial;

/// A reader, waited for with the case's patience.
struct Reading<'t> {
    trial: &'t Trial,
    messages: StreamReader,
}

impl<'t> Reading<'t> {
    async fn begin(
        trial: &'t Trial,
        broker: &Arc<dyn Broker>,
        stream: &StreamName,
        options: ReadOptions,
    ) -> CaseResult<Self> {
        Ok(Self { trial, messages: StreamReader::open(Arc::clone(broker), stream, options).await? })
    }

    async fn item(&mut self) -> CaseResult<Option<Result<StoredMessage>>> {
        self.trial.in_time("the next message of a reader", self.messages.next()).await
    }

    /// The next so many, which have to be these.
    async fn gives(&mut self, sequences: impl IntoIterator<Item = u64>, what: &str) -> CaseResult {
        for sequence in sequences {
            let next = self.item().await?.ok_or_else(|| Failure::new(format!("{what}: it has ended")))??;
            check_eq!(next.sequence, sequence, "the sequence of the next message of {what}");
            check_eq!(next.payload, payload(sequence), "what was published as number {sequence}");
        }
        Ok(())
    }
}

impl Debug for Reading<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}

/// Each message tells which one it is.
fn payload(sequence: u64) -> String {
    format!("number {sequence}")
}

async fn publish(trial: &Trial, sequences: impl IntoIterator<Item = u64>) -> CaseResult {
    for sequence in sequences {
        let label = if sequence % 2 == 0 { "even" } else { "odd" };
        trial.publish(label, payload(sequence)).await?;
    }
    Ok(())
}

/// M25: a reader gives each message of a stream once and in order, from where it was told to begin and as far as its
/// filters match, and then what comes; a consumer that is taken from under it is not seen. It leaves nothing to settle,
/// ends with an error when the stream is gone, and without one at the close.
pub(crate) async fn in_order(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    publish(trial, 1..=30).await?;
    let broker = trial.broker();
    let all = ReadOptions::default().with_buffer(7);
    let mut everything = Reading::begin(trial, broker, &stream, all.clone()).await?;
    let even = ReadOptions::default().with_filter(trial.filter("even")?)?;
    let even = even.with_from(DeliverPolicy::FromSequence(11));
    let mut filtered = Reading::begin(trial, broker, &stream, even).await?;
    let new = ReadOptions::default().with_from(DeliverPolicy::New);
    let mut later = Reading::begin(trial, broker, &stream, new).await?;
    everything.gives(1..=30, "a reader of everything").await?;
    // Who settles beside them changes nothing.
    trial.consumer(&stream, "beside").await?.take_and_ack(3).await?;
    publish(trial, 31..=34).await?;
    everything.gives(31..=34, "a reader of everything").await?;
    filtered.gives((12..=34).step_by(2), "a reader of one subject from 11 on").await?;
    later.gives(31..=34, "a reader of what is new").await?;

    let admin = trial.admin()?;
    if trial.has(Capability::List) {
        for consumer in admin.list_consumers(&stream).await? {
            admin.delete_consumer(&stream, &consumer.name).await?;
        }
        publish(trial, 35..=40).await?;
        everything.gives(35..=40, "a reader whose consumer was deleted").await?;
        later.gives(35..=40, "another one").await?;
    } else {
        publish(trial, 35..=40).await?;
        everything.gives(35..=40, "a reader of everything").await?;
    }
    drop((filtered, later));

    let connection = trial.another_connection().await?;
    let mut closed = Reading::begin(trial, &connection, &stream, all).await?;
    closed.gives(1..=3, "a reader of another connection").await?;
    connection.close().await?;
    let left = trial
        .in_time("the end of a reader at the close", async {
            while let Some(next) = closed.messages.next().await {
                next?;
            }
            Result::<()>::Ok(())
        })
        .await?;
    left?;

    admin.delete_stream(&stream).await?;
    match everything.item().await? {
        Some(Err(error)) => {
            check_eq!(error.kind(), ErrorKind::NotFound, "the kind of a reader's error ({error})");
            check_eq!(error.retry(), Retry::Never, "whether it may be tried again ({error})");
            check_eq!(error.context("stream"), Some(stream.as_str()), "the stream that it names ({error})");
        }
        other => return Err(Failure::new(format!("a reader of a deleted stream gave {other:?}"))),
    }
    check_eq!(everything.item().await?.is_none(), true, "whether the reader has ended then");
    let missing = StreamReader::open(Arc::clone(broker), &stream, ReadOptions::default()).await;
    check_eq!(
        missing.err().map(|error| error.kind()),
        Some(ErrorKind::NotFound),
        "to read what is not there"
    );
    Ok(())
}

/// M26: a reader whose connection is reset, again and again and with messages on their way, makes no gap and repeats
/// nothing; what was on its way last comes too, without another message that shows the gap.
pub(crate) async fn over_resets(trial: &Trial) -> CaseResult {
    const EACH: u64 = 60;
    const RESETS: u64 = 4;
    let faults = trial.faults(&[StoreFault::Reset]).await?;
    let stream = trial.stream().await?;
    let broker = faults.connect().await?;
    let options = ReadOptions::default().with_buffer(20);
    let mut reading = Reading::begin(trial, &broker, &stream, options).await?;
    for reset in 0..RESETS {
        let first = reset * EACH + 1;
        publish(trial, first..first + EACH).await?;
        // With its buffer full, or with the rest of the messages on their way to it.
        reading.gives(first..first + 1 + reset * 10, "a reader before a reset").await?;
        faults.inject(StoreFault::Reset).await?;
        faults.heal().await?;
        reading.gives(first + 1 + reset * 10..first + EACH, "a reader after a reset").await?;
    }
    trial.consumer(&stream, "beside").await?.take_and_ack(3).await?;
    Ok(())
}
