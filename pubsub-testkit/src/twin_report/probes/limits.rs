use std::time::Duration;

use pubsub_core::{Discard, PublisherExt as _};

use crate::check::CaseResult;
use crate::harness::Clock;
use crate::trial::Trial;
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

async fn publish(
    trial: &Trial,
    answers: &mut Answers,
    question: &str,
    label: &str,
    bytes: usize,
) -> CaseResult {
    let outcome = trial.publisher().publish_message(trial.message(label, vec![b'x'; bytes])?).await;
    answers.outcome(question, outcome, show::receipt);
    Ok(())
}

pub(super) async fn full_stream(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let admin = trial.admin()?;
    for (label, discard) in [("old", Discard::Old), ("new", Discard::New)] {
        let config = trial.stream_config(label, &[label])?.with_max_messages(2).with_discard(discard);
        let stream = trial.create_stream(config).await?;
        for number in 1..=4 {
            publish(trial, answers, &format!("discard {label}: message {number} of at most 2"), label, 1)
                .await?;
        }
        answers.outcome(format!("discard {label}: then"), admin.stream_info(&stream).await, show::stream);
    }
    Ok(())
}

pub(super) async fn full_subject(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let admin = trial.admin()?;
    for refuse in [false, true] {
        let label = if refuse { "new" } else { "old" };
        let subjects = format!("{label}.*");
        let mut config = trial.stream_config(label, &[&subjects])?.with_max_messages_per_subject(1);
        if refuse {
            config = config.with_discard(Discard::New).with_discard_new_per_subject().with_max_messages(100);
        }
        let stream = trial.create_stream(config).await?;
        for subject in ["a", "a", "b"] {
            let place = format!("{label}.{subject}");
            publish(trial, answers, &format!("`{place}`, which holds one"), &place, 1).await?;
        }
        answers.outcome(format!("discard {label}: then"), admin.stream_info(&stream).await, show::stream);
    }
    Ok(())
}

pub(super) async fn age(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let age = match trial.clock() {
        Clock::Virtual => Duration::from_secs(60),
        Clock::Real => Duration::from_secs(1),
    };
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?.with_max_age(age)).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish_many("a", 2).await?;
    let held = consumer.next().await?;
    trial.pass(age * 2).await;
    answers.outcome(
        "the stream after twice the age",
        trial.admin()?.stream_info(&stream).await,
        show::stream,
    );
    let next = trial.publish("a", "later").await?;
    answers.say("the next publish", show::receipt(&next));
    let came = consumer.take(1).await?;
    answers.say("what comes", show::deliveries(&came));
    answers.taken("ack of what has expired", held.ack().await);
    Ok(())
}

pub(super) async fn sizes(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let config = trial.stream_config("stream", &["a"])?.with_max_message_size(1000);
    let stream = trial.create_stream(config).await?;
    publish(trial, answers, "a message under its stream's limit", "a", 100).await?;
    publish(trial, answers, "a message over its stream's limit", "a", 1001).await?;
    if let Some(limit) = trial.capabilities().max_payload() {
        publish(trial, answers, "a message over the broker's limit", "a", limit + 1).await?;
    }
    answers.outcome("the stream then", trial.admin()?.stream_info(&stream).await, show::stream);
    Ok(())
}
