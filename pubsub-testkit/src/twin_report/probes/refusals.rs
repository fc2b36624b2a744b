use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Discard, FetchOptions, Limit, PublisherExt as _, Retention};

use crate::check::{CaseResult, Failure};
use crate::trial::Trial;
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

pub(super) async fn stream(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let admin = trial.admin()?;
    let config = trial.stream_config("stream", &["a", "b.*"])?;
    answers.outcome("a stream", admin.create_stream(config.clone()).await, show::stream);
    answers.outcome("the same again", admin.create_stream(config.clone()).await, show::stream);
    for (question, config) in [
        ("the same name, other subjects", trial.stream_config("stream", &["c"])?),
        ("the same name, a description", config.with_description("another")),
        ("another name, the same subject", trial.stream_config("other", &["a"])?),
        ("another name, an overlapping subject", trial.stream_config("other", &["*.x"])?),
        ("two subjects that overlap", trial.stream_config("other", &["d.*", "d.x"])?),
        ("the same subject twice", trial.stream_config("other", &["e", "e"])?),
    ] {
        answers.taken(question, admin.create_stream(config).await);
    }
    Ok(())
}

pub(super) async fn stream_limits(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let admin = trial.admin()?;
    let config = |label: &str| trial.stream_config(label, &[label]);
    let second = Duration::from_secs(1);
    for (question, config) in [
        ("a duplicate window longer than the age", {
            config("a")?.with_max_age(second).with_duplicate_window(second * 2)
        }),
        ("a duplicate window of a nanosecond", config("b")?.with_duplicate_window(Duration::from_nanos(1))),
        ("an age of a nanosecond", config("c")?.with_max_age(Duration::from_nanos(1))),
        ("no message at most", config("d")?.with_max_messages(0)),
        ("discard new per subject, without a limit", {
            config("e")?.with_discard(Discard::New).with_discard_new_per_subject()
        }),
        ("an age of a second", config("f")?.with_max_age(second)),
    ] {
        answers.taken(question, admin.create_stream(config).await);
    }
    Ok(())
}

pub(super) async fn consumer(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b"])?).await?;
    let admin = trial.admin()?;
    let config = trial.consumer_config("worker")?;
    answers.outcome("a consumer", admin.create_consumer(&stream, config.clone()).await, show::consumer);
    answers.outcome("the same again", admin.create_consumer(&stream, config.clone()).await, show::consumer);
    for (question, config) in [
        ("the same name, another filter", config.clone().with_filter(trial.filter("a")?)?),
        ("the same name, another ack wait", config.clone().with_ack_wait(trial.ack_wait() * 2)),
        ("the same name, a description", config.with_description("another")),
    ] {
        answers.taken(question, admin.create_consumer(&stream, config).await);
    }
    Ok(())
}

pub(super) async fn consumer_settings(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let admin = trial.admin()?;
    let config = |label: &str| trial.consumer_config(label);
    for (question, config) in [
        ("an ack wait of zero", config("a")?.with_ack_wait(Duration::ZERO)),
        ("max deliver of zero", config("b")?.with_max_deliver(Limit::At(0))),
        ("max ack pending of zero", config("c")?.with_max_ack_pending(Limit::At(0))),
        ("two waits and one attempt", {
            config("d")?.with_backoff([trial.ack_wait(), trial.ack_wait() * 2]).with_max_deliver(1)
        }),
        ("a filter of no subject of the stream", config("e")?.with_filter(trial.filter("b")?)?),
        ("a threshold of inactivity", config("f")?.with_inactive_threshold(Duration::from_secs(60))),
    ] {
        answers.taken(question, admin.create_consumer(&stream, config).await);
    }
    Ok(())
}

pub(super) async fn missing(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let admin = trial.admin()?;
    let there = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let (stream, consumer) = (trial.stream_name("missing")?, trial.consumer_name("missing")?);
    answers.taken("info of a stream", admin.stream_info(&stream).await);
    answers.taken("deletion of a stream", admin.delete_stream(&stream).await);
    answers.taken("info of a consumer", admin.consumer_info(&there, &consumer).await);
    answers.taken("info of a consumer of a stream", admin.consumer_info(&stream, &consumer).await);
    answers.taken("deletion of a consumer", admin.delete_consumer(&there, &consumer).await);
    answers.taken("a handle", trial.broker().consumer(&there, &consumer).await);
    answers.taken("a handle, the stream missing", trial.broker().consumer(&stream, &consumer).await);
    let config = trial.consumer_config("made")?;
    answers.taken("a consumer of a stream", admin.create_consumer(&stream, config).await);
    answers.taken("a publish", trial.publisher().publish_message(trial.message("b", "x")?).await);
    Ok(())
}

pub(super) async fn deleted_while_waiting(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let admin = trial.admin()?;
    let patience = trial.patience();
    for what in ["consumer", "stream"] {
        let consumer = trial.consumer(&stream, what).await?;
        let handle = Arc::clone(consumer.handle());
        let options = FetchOptions::up_to(1).with_expires(patience);
        let waiting = tokio::spawn(async move { handle.fetch(options).await });
        // So that it waits by then; the answer has to be the same if not.
        trial.pass(trial.ack_wait() / 5).await;
        match what {
            "consumer" => admin.delete_consumer(&stream, consumer.name()).await?,
            _ => admin.delete_stream(&stream).await?,
        }
        let fetched = waiting.await.map_err(|error| Failure::new(error.to_string()))?;
        answers.taken(format!("a fetch that waits, the {what} deleted"), fetched);
        let later = consumer.handle().fetch(FetchOptions::up_to(1)).await;
        answers.taken(format!("a later fetch, the {what} deleted"), later);
    }
    Ok(())
}

pub(super) async fn after_the_close(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let broker = trial.another_connection().await?;
    let (publisher, admin) = (broker.publisher(), broker.admin());
    let consumer = trial.create_consumer_over(&broker, &stream, trial.consumer_config("worker")?).await?;
    answers.say("health before", broker.health().await.is_usable());
    answers.taken("close", broker.close().await);
    answers.taken("close again", broker.close().await);
    answers.taken("publish", publisher.publish_message(trial.message("a", "x")?).await);
    answers.taken("flush", publisher.flush().await);
    answers.taken("fetch", consumer.handle().fetch(FetchOptions::up_to(1)).await);
    answers.taken("info of a consumer", consumer.handle().info().await);
    if let Some(admin) = admin {
        answers.taken("info of a stream", admin.stream_info(&stream).await);
        let config = trial.stream_config("other", &["b"])?.with_retention(Retention::Limits);
        answers.taken("a new stream", admin.create_stream(config).await);
    }
    answers.taken("a handle", broker.consumer(&stream, consumer.name()).await);
    answers.say("health after", broker.health().await.is_usable());
    Ok(())
}
