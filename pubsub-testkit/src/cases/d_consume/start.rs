//! Where a new consumer starts.

use pubsub_core::DeliverPolicy;

use crate::check::{CaseResult, check_eq};
use crate::trial::{TestConsumer, Trial};

/// D9: a consumer starts with the oldest message (all), with the first that comes after it (new), with the newest (last)
/// or with the newest of each subject, as far as its filters match; and then gets all that follows.
pub(crate) async fn at_the_policys_place(trial: &Trial) -> CaseResult {
    use DeliverPolicy::{All, Last, LastPerSubject, New};

    let stream = trial.stream().await?;
    for label in ["a", "b", "c", "a", "b", "c"] {
        trial.publish(label, label).await?;
    }
    // The last one shows the end: a message on `a` that is stored after the consumer was made.
    let wanted: [(&str, DeliverPolicy, Option<&str>, &[u64]); 7] = [
        ("all", All, None, &[1, 2, 3, 4, 5, 6, 7]),
        ("all-filtered", All, Some("a"), &[1, 4, 7]),
        ("new", New, None, &[7]),
        ("last", Last, None, &[6, 7]),
        ("last-filtered", Last, Some("a"), &[4, 7]),
        ("each-last", LastPerSubject, None, &[4, 5, 6, 7]),
        ("each-last-filtered", LastPerSubject, Some("a"), &[4, 7]),
    ];
    let mut consumers = Vec::new();
    for (label, policy, filter, sequences) in wanted {
        let mut config = trial.consumer_config(label)?.with_deliver(policy);
        if let Some(filter) = filter {
            config = config.with_filter(trial.filter(filter)?)?;
        }
        let consumer = trial.create_consumer(&stream, config).await?;
        let echoed = consumer.info().await?.config.deliver;
        check_eq!(echoed, policy, "the policy of `{label}` as the broker has it");
        consumers.push((label, consumer, sequences));
    }
    trial.publish("a", "after").await?;
    for (label, consumer, sequences) in &consumers {
        let came = sequences_of(consumer, sequences.len()).await?;
        check_eq!(came, *sequences, "the sequences of `{label}`");
        check_eq!(consumer.info().await?.pending, 0, "what `{label}` still has to get");
        consumer.drained();
    }
    Ok(())
}

async fn sequences_of(consumer: &TestConsumer<'_>, count: usize) -> CaseResult<Vec<u64>> {
    let came = consumer.take_and_ack(count).await?;
    Ok(came.iter().map(|info| info.stream_sequence).collect())
}
