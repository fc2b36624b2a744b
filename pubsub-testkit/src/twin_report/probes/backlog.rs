use std::time::SystemTime;

use pubsub_core::{DeliverPolicy, FetchOptions};

use crate::check::CaseResult;
use crate::trial::{SettleSurely as _, Trial};
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

pub(super) async fn new_consumer(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let empty = trial.consumer(&stream, "before").await?;
    answers.outcome("over an empty stream", empty.handle().info().await, show::consumer);
    trial.publish_many("a", 3).await?;
    answers.outcome("after three messages", empty.handle().info().await, show::consumer);
    let late = trial.consumer(&stream, "after").await?;
    answers.outcome("one that is made then", late.handle().info().await, show::consumer);
    for delivery in late.take(2).await? {
        answers.say("its next delivery", show::delivery(&delivery));
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    answers.outcome("when two are acked", late.handle().info().await, show::consumer);
    answers.outcome("the stream then", trial.admin()?.stream_info(&stream).await, show::stream);
    Ok(())
}

pub(super) async fn start(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    for label in ["a", "b", "a", "b", "c"] {
        trial.publish(label, label).await?;
    }
    for (label, deliver) in [
        ("all", DeliverPolicy::All),
        ("new", DeliverPolicy::New),
        ("last", DeliverPolicy::Last),
        ("last-per-subject", DeliverPolicy::LastPerSubject),
        ("from-3", DeliverPolicy::FromSequence(3)),
        ("from-9", DeliverPolicy::FromSequence(9)),
        ("from-1970", DeliverPolicy::FromTime(SystemTime::UNIX_EPOCH)),
    ] {
        let config = trial.consumer_config(label)?.with_deliver(deliver);
        let consumer = trial.create_consumer(&stream, config).await?;
        answers.outcome(format!("{label}: at first"), consumer.handle().info().await, show::consumer);
        let came = consumer.fetch(10, trial.ack_wait() / 5).await?;
        answers.say(format!("{label}: what comes"), show::deliveries(&came));
    }
    let last = trial.consumer_config("last-of-one")?.with_deliver(DeliverPolicy::Last);
    let last = trial.create_consumer(&stream, last.with_filter(trial.filter("a")?)?).await?;
    answers.say("last of one subject", show::deliveries(&last.fetch(10, trial.ack_wait() / 5).await?));
    Ok(())
}

pub(super) async fn filters(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a.*", "b.>"])?).await?;
    for label in ["a.x", "a.y", "b.x", "b.x.y", "a.x"] {
        trial.publish(label, label).await?;
    }
    for (label, filters) in [
        ("one", &["a.x"][..]),
        ("star", &["a.*"]),
        ("rest", &["b.>"]),
        ("two", &["a.y", "b.x"]),
        ("overlap", &["a.*", "a.x"]),
        ("same", &["a.x", "a.x"]),
        ("elsewhere", &["c.*"]),
    ] {
        let filters = filters.iter().map(|filter| trial.filter(filter)).collect::<Result<Vec<_>, _>>()?;
        let config = trial.consumer_config(label)?.with_filters(filters)?;
        let made = trial.admin()?.create_consumer(&stream, config).await;
        let taken = made.is_ok();
        answers.outcome(format!("filters `{label}`"), made, show::consumer);
        if taken {
            let handle = trial.broker().consumer(&stream, &trial.consumer_name(label)?).await?;
            let came = handle.fetch(FetchOptions::up_to(10).with_expires(trial.ack_wait() / 5)).await?;
            answers.say(format!("filters `{label}`: what comes"), show::deliveries(&came));
        }
    }
    Ok(())
}

pub(super) async fn fetch(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?.with_ack_wait(trial.patience() * 4);
    let consumer = trial.create_consumer(&stream, config).await?;
    answers.say("of nothing", show::deliveries(&consumer.fetch(5, trial.ack_wait() / 5).await?));
    trial.publish_many("a", 8).await?;
    for most in [1, 3, 10] {
        let came = consumer.fetch(most, trial.ack_wait() / 5).await?;
        answers.say(format!("of up to {most}"), show::deliveries(&came));
    }
    let none = consumer.handle().fetch(FetchOptions::up_to(0)).await;
    answers.outcome("of up to 0", none, |came| show::deliveries(came));
    Ok(())
}

pub(super) async fn headers_only(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("reader")?.with_headers_only();
    let consumer = trial.create_consumer(&stream, config).await?;
    let message = trial.message("a", "four")?.with_header("Color", "blue")?;
    pubsub_core::PublisherExt::publish_message(trial.publisher().as_ref(), message).await?;
    trial.publish("a", "").await?;
    for delivery in consumer.take(2).await? {
        answers.say("what is delivered", show::delivery(&delivery));
    }
    Ok(())
}

pub(super) async fn pause(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", "x").await?;
    let admin = trial.admin()?;
    let later = trial.wall_clock() + trial.patience() * 4;
    answers.taken("pause", admin.pause_consumer(&stream, consumer.name(), later).await);
    let info = consumer.info().await?;
    answers.say("whether it says so", info.paused_until.is_some());
    answers.say("what comes", show::deliveries(&consumer.fetch(1, trial.ack_wait() / 5).await?));
    answers.taken("resume", admin.resume_consumer(&stream, consumer.name()).await);
    answers.say("whether it says so then", consumer.info().await?.paused_until.is_some());
    answers.say("what comes then", show::deliveries(&consumer.take(1).await?));
    answers.taken("resume of what is not paused", admin.resume_consumer(&stream, consumer.name()).await);
    let missing = trial.consumer_name("missing")?;
    answers.taken("pause of what is not there", admin.pause_consumer(&stream, &missing, later).await);
    Ok(())
}

pub(super) async fn reset(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish_many("a", 4).await?;
    consumer.take_and_ack(2).await?;
    let held = consumer.take(1).await?;
    consumer.eventually("the acks have arrived", |info| info.ack_pending == 1).await?;
    let admin = trial.admin()?;
    for place in [Some(1), Some(4), Some(9), Some(0), None] {
        let outcome = admin.reset_consumer(&stream, consumer.name(), place).await;
        answers.outcome(format!("to {place:?}"), outcome, show::consumer);
    }
    answers.say("what comes then", show::deliveries(&consumer.fetch(1, trial.ack_wait() / 5).await?));
    let missing = trial.consumer_name("missing")?;
    answers.taken("of what is not there", admin.reset_consumer(&stream, &missing, Some(1)).await);
    drop(held);
    Ok(())
}
