//! All layers at once.

use std::sync::Arc;

use futures::StreamExt as _;
use pubsub_core::{
    Broker as _, Capability, Client, Consumer, Delivery, ErrorKind, FetchOptions, OnPublish, PublishOptions,
    Settlement, SubjectPrefix, SubscribeOptions,
};

use crate::Recorder;
use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::fault_layer::FaultLayer;
use crate::trial::Trial;

/// K4: a stack of all layers keeps what the backend below promises: it declares the same, gives the same receipts,
/// deliveries, attempts, counters and errors, and the same way out to what is native. (The whole suite runs through each
/// layer with [`Layered`](crate::Layered).)
pub(crate) async fn changes_nothing(trial: &Trial) -> CaseResult {
    let recorder = Recorder::new();
    let below = recorder.over_broker(Arc::clone(trial.broker()));
    let stack = Client::new(below)
        .with_layer(SubjectPrefix::new("stack")?)
        .with_layer(OnPublish::new(|_| {}))
        .with_layer(FaultLayer::from_seed(0));
    check_eq!(stack.capabilities(), trial.capabilities(), "what the stack declares");
    check_eq!(stack.publisher().capabilities(), trial.capabilities(), "what its publisher declares");
    let native = (trial.broker().native().is_some(), trial.publisher().native().is_some());
    check_eq!(
        (stack.native().is_some(), stack.publisher().native().is_some()),
        native,
        "whether the stack has something native"
    );

    let config = trial.stream_config("stream", &["a.*"])?;
    let stream = stack.admin()?.create_stream(config).await?.config.name;
    let info = stack.admin()?.create_consumer(&stream, trial.consumer_config("worker")?).await?;
    let consumer = stack.consumer(&stream, &info.name).await?;
    let receipt = stack.publish(trial.subject("a.one")?, "one").await?;
    check_eq!((&receipt.stream, receipt.sequence), (&stream, Some(1)), "the receipt through the stack");
    fetched_twice(trial, &consumer).await?;
    published(trial, &stack).await?;
    subscribed(trial, &consumer).await?;

    let info = consumer.info().await?;
    check_eq!((info.pending, info.delivered.consumer), (0, 5), "pending and deliveries through the stack");
    let outcome = stack.publish(trial.subject("elsewhere")?, "x").await;
    refused_as(outcome, ErrorKind::NotFound, None, "a publish through the stack that no stream takes")?;
    let missing = stack.admin()?.stream_info(&trial.stream_name("missing")?).await;
    refused_as(missing, ErrorKind::NotFound, Some(10059), "a look through the stack at a missing stream")?;
    Ok(())
}

/// Three messages: one that is said twice, and two in a batch.
async fn published(trial: &Trial, stack: &Client) -> CaseResult {
    let message = trial.message("a.two", "two")?;
    let has_ids = trial.has(Capability::MessageId);
    let message = if has_ids { message.with_id("two")? } else { message };
    stack.publish_message(message.clone()).await?;
    if has_ids {
        check!(stack.publish_message(message).await?.is_duplicate(), "the second copy was stored");
    }
    let batch = vec![trial.message("a.three", "three")?, trial.message("a.four", "four")?];
    for pending in stack.publisher().publish_batch(batch, PublishOptions::default()).await {
        pending?.await?;
    }
    Ok(())
}

/// The only message so far: nakked, and acked when it comes again.
async fn fetched_twice(trial: &Trial, consumer: &Arc<dyn Consumer>) -> CaseResult {
    let first = fetched(trial, consumer).await?;
    check_eq!(first.subject(), trial.subject("a.one")?.as_str(), "the subject through the stack");
    first.nak().await?;
    let again = fetched(trial, consumer).await?;
    check_eq!((again.info().stream_sequence, again.info().attempt), (1, 2), "what comes after the nak");
    if trial.has(Capability::Extend) {
        again.extend().await?;
    }
    Ok(again.ack().await?)
}

/// The others, by a subscription and settled together.
async fn subscribed(trial: &Trial, consumer: &Arc<dyn Consumer>) -> CaseResult {
    let mut subscription = Arc::clone(consumer).subscribe(SubscribeOptions::default());
    let mut held = Vec::new();
    while held.len() < 3 {
        let next = trial.in_time("a subscription through the stack", subscription.next()).await?;
        held.push(next.ok_or_else(|| Failure::new("the subscription has ended"))??);
    }
    let payloads: Vec<_> = held.iter().map(|delivery| delivery.payload().clone()).collect();
    check_eq!(payloads, ["two", "three", "four"], "what comes by a subscription through the stack");
    for outcome in consumer.settle_many(held, Settlement::ack()).await {
        outcome?;
    }
    trial
        .eventually("everything is settled through the stack", || async {
            Ok(consumer.info().await?.ack_pending == 0)
        })
        .await
}

async fn fetched(trial: &Trial, consumer: &Arc<dyn Consumer>) -> CaseResult<Delivery> {
    let options = FetchOptions::up_to(1).with_expires(trial.patience());
    let came = consumer.fetch(options).await?.pop();
    came.ok_or_else(|| Failure::new("nothing came through the stack"))
}
