//! Publishing through the layers of the core.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use pubsub_core::{
    Capability, Client, ConsumerConfig, ErrorKind, FetchOptions, MessageSelector, OnPublish, PublishOptions,
    StreamName, SubjectPrefix, SubscribeOptions,
};

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::trial::Trial;

fn client(trial: &Trial) -> Client {
    Client::new(Arc::clone(trial.broker()))
}

/// What the hook was told of one publish: subject, whether it was stored, and the latency.
type Told = (String, bool, Duration);

/// A17: the hook is called once for each publish, with its subject, its outcome and how long it took, a refused one
/// included; if it panics, the publish is not touched.
pub(crate) async fn hook_is_told(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a.>"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let told: Arc<Mutex<Vec<Told>>> = Arc::default();
    let hook = {
        let told = Arc::clone(&told);
        OnPublish::new(move |event| {
            let told_now = (event.subject.to_string(), event.outcome.is_ok(), event.latency);
            told.lock().unwrap_or_else(PoisonError::into_inner).push(told_now);
        })
    };
    let hooked = client(trial).with_layer(hook);
    let subjects = [trial.subject("a.one")?, trial.subject("a.two")?, trial.subject("nowhere")?];
    for subject in &subjects {
        let outcome = hooked.publish(subject, "x").await;
        if *subject == trial.subject("nowhere")? {
            refused_as(outcome, ErrorKind::NotFound, None, "a publish that no stream takes")?;
        } else {
            outcome?;
        }
    }
    let mut batch = Vec::new();
    for _ in 0..3 {
        batch.push(trial.message("a.batch", "x")?);
    }
    for pending in hooked.publisher().publish_batch(batch, PublishOptions::default()).await {
        pending?.await?;
    }

    let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    let batch = trial.subject("a.batch")?;
    let mut expected: Vec<_> = subjects
        .iter()
        .map(|subject| (subject.to_string(), !subject.as_str().ends_with("nowhere")))
        .collect();
    expected.extend((0..3).map(|_| (batch.to_string(), true)));
    let outcomes: Vec<_> = told.iter().map(|(subject, stored, _)| (subject.clone(), *stored)).collect();
    check_eq!(outcomes, expected, "what the hook was told");
    check!(told.iter().all(|(_, _, latency)| *latency <= trial.patience()), "a latency is absurd: {told:?}");

    let panicking =
        client(trial).with_layer(OnPublish::new(|event| assert!(event.outcome.is_err(), "on purpose")));
    let receipt = panicking.publish(trial.subject("a.panic")?, "x").await?;
    check_eq!(receipt.sequence, Some(6), "the sequence of a publish whose hook panics");
    consumer.take_and_ack(6).await?;
    consumer.stays_silent("a.after").await?;
    consumer.drained();
    Ok(())
}

const PREFIX: &str = "staging.eu";

/// A18: a prefix is put on once, by publish, batch, stream and filter alike, and taken off by fetch, subscription and
/// store alike, whatever the stream is called; below the layer everything is seen with it.
pub(crate) async fn prefix_is_put_on_once(trial: &Trial) -> CaseResult {
    let prefixed = client(trial).with_layer(SubjectPrefix::new(PREFIX)?);
    let config = trial.stream_config("orders", &["ride.>"])?;
    let stream = config.name.clone();
    let info = prefixed.admin()?.create_stream(config.clone()).await?;
    check_eq!(info.config.subjects, config.subjects, "the subjects of the stream, seen through the layer");
    let below = trial.admin()?.stream_info(&stream).await?.config.subjects;
    let below: Vec<_> = below.iter().map(ToString::to_string).collect();
    check_eq!(below, [format!("{PREFIX}.{}", trial.filter("ride.>")?)], "its subjects below the layer");

    let filtered = trial.consumer_config("filtered")?.with_filter(trial.filter("ride.*")?)?;
    let reader = reader(trial, &prefixed, &stream, filtered).await?;
    let plain = trial.consumer(&stream, "plain").await?;
    let subject = trial.subject("ride.pickup")?;
    prefixed.publish(&subject, "alone").await?;
    let batch = vec![trial.message("ride.pickup", "in a batch")?];
    for pending in prefixed.publisher().publish_batch(batch, PublishOptions::default()).await {
        pending?.await?;
    }
    // Its first token is the prefix already, and it is a subject like any other.
    let already = trial.message("ride.deep.er", "elsewhere")?;
    prefixed.publish_message(already).await?;

    let mut fetched = reader.fetch(FetchOptions::up_to(1).with_expires(trial.patience())).await?;
    let mut subscription = Arc::clone(&reader).subscribe(SubscribeOptions::default().with_buffer(1));
    let subscribed = trial.in_time("a prefixed subscription", subscription.next()).await?;
    fetched.push(subscribed.ok_or_else(|| Failure::new("the subscription has ended"))??);
    drop(subscription);
    for delivery in fetched {
        check_eq!(delivery.subject(), subject.as_str(), "the subject through the layer");
        delivery.ack().await?;
    }
    for (place, delivery) in plain.take(3).await?.into_iter().enumerate() {
        let expected = if place < 2 { subject.clone() } else { trial.subject("ride.deep.er")? };
        check_eq!(delivery.subject(), format!("{PREFIX}.{expected}"), "the subject below the layer");
        delivery.ack().await?;
    }
    stored_alike(trial, &prefixed, &stream).await?;
    let error = prefixed.publish(trial.subject("other")?, "x").await;
    refused_as(error, ErrorKind::NotFound, None, "a publish to a subject that the stream does not take")?;
    plain.drained();
    Ok(())
}

async fn reader(
    trial: &Trial,
    prefixed: &Client,
    stream: &StreamName,
    config: ConsumerConfig,
) -> CaseResult<Arc<dyn pubsub_core::Consumer>> {
    let info = prefixed.admin()?.create_consumer(stream, config.clone()).await?;
    check_eq!(info.config.filters, config.filters, "the filters through the layer");
    check_eq!(info.pending, 0, "what waits in a stream without messages");
    let below = trial.admin()?.consumer_info(stream, &info.name).await?.config.filters;
    let below: Vec<_> = below.iter().map(ToString::to_string).collect();
    check_eq!(below, [format!("{PREFIX}.{}", trial.filter("ride.*")?)], "the filters below the layer");
    Ok(prefixed.consumer(stream, &info.name).await?)
}

async fn stored_alike(trial: &Trial, prefixed: &Client, stream: &StreamName) -> CaseResult {
    if trial.has(Capability::GetMessage) {
        let subject = trial.subject("ride.pickup")?;
        let newest = prefixed.admin()?.get_message(stream, MessageSelector::LastOf(subject.clone())).await?;
        check_eq!(
            (newest.subject.as_ref(), newest.sequence),
            (subject.as_str(), 2),
            "the newest, through the layer"
        );
    }
    Ok(())
}
