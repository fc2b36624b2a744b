//! Subjects and filters.

use std::collections::BTreeMap;

use pubsub_core::{Subject, SubjectFilter};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{TestConsumer, Trial};

/// The payloads of the next so many messages, acked, in the order in which they came.
async fn payloads(consumer: &TestConsumer<'_>, count: usize) -> CaseResult<Vec<String>> {
    let mut payloads = Vec::new();
    for delivery in consumer.take(count).await? {
        payloads.push(String::from_utf8_lossy(delivery.payload()).into_owned());
        delivery.ack().await?;
    }
    Ok(payloads)
}

/// A7: consumers of two subjects get each their own; a consumer of several subjects gets those.
pub(crate) async fn do_not_mix(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let filtered = |label: &str, filters: &[&str]| {
        let filters = filters.iter().map(|filter| trial.filter(filter)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, crate::check::Failure>(trial.consumer_config(label)?.with_filters(filters)?)
    };
    let left = trial.create_consumer(&stream, filtered("left", &["left"])?).await?;
    let right = trial.create_consumer(&stream, filtered("right", &["right"])?).await?;
    let both = trial.create_consumer(&stream, filtered("both", &["left", "right"])?).await?;
    for round in 0..5 {
        trial.publish("left", format!("left {round}")).await?;
        trial.publish("right", format!("right {round}")).await?;
        trial.publish("other", format!("other {round}")).await?;
    }
    let one_side = |side: &str| (0..5).map(|round| format!("{side} {round}")).collect::<Vec<_>>();
    check_eq!(payloads(&left, 5).await?, one_side("left"), "what the consumer of `left` got");
    check_eq!(payloads(&right, 5).await?, one_side("right"), "what the consumer of `right` got");
    let expected: Vec<_> =
        (0..5).flat_map(|round| [format!("left {round}"), format!("right {round}")]).collect();
    check_eq!(payloads(&both, 10).await?, expected, "what the consumer of both got");
    for consumer in [&left, &right, &both] {
        check_eq!(consumer.info().await?.pending, 0, "what `{}` has still to get", consumer.name());
        consumer.drained();
    }
    Ok(())
}

/// A8: the same payload on the same subject twice is two messages.
pub(crate) async fn same_payload_twice(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let first = trial.publish("a", "same").await?;
    let second = trial.publish("a", "same").await?;
    check!(first.sequence < second.sequence, "the receipts {first:?} and {second:?} are of one message");
    check_eq!(payloads(&consumer, 2).await?, ["same", "same"], "what came");
    consumer.drained();
    Ok(())
}

/// A19: `*` matches one token and `>` one or more at the end; illegal subjects and filters never leave the program.
pub(crate) async fn grammar(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let subjects = ["ride", "ride.pickup", "ride.pickup.eu", "ride.drop", "user.pickup", "Ride.pickup"];
    let filters: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("ride", &["ride"][..]),
        ("ride.*", &["ride.pickup", "ride.drop"]),
        ("ride.>", &["ride.pickup", "ride.pickup.eu", "ride.drop"]),
        ("*.pickup", &["ride.pickup", "user.pickup", "Ride.pickup"]),
        ("*.*.*", &["ride.pickup.eu"]),
        (">", &subjects),
    ]);
    for subject in subjects {
        trial.publish(subject, subject).await?;
    }
    for (place, (filter, expected)) in filters.into_iter().enumerate() {
        let config = trial.consumer_config(&format!("filter-{place}"))?.with_filter(trial.filter(filter)?)?;
        let consumer = trial.create_consumer(&stream, config).await?;
        check_eq!(
            consumer.info().await?.pending,
            expected.len() as u64,
            "how many messages match `{filter}`"
        );
        check_eq!(payloads(&consumer, expected.len()).await?, expected, "what matches `{filter}`");
        consumer.drained();
    }
    for subject in
        ["", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "*", ">", "a\tb", "a\r\nb", "$JS.API", "_INBOX.a"]
    {
        check!(Subject::new(subject).is_err(), "the subject {subject:?} was accepted");
    }
    for filter in ["", "a..b", "a.>.b", ">.a", "a b", "_INBOX.>"] {
        check!(SubjectFilter::new(filter).is_err(), "the filter {filter:?} was accepted");
    }
    Ok(())
}
