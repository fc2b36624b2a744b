use pubsub_core::{AckPolicy, DeliverPolicy, Retention};

use crate::check::CaseResult;
use crate::trial::{SettleSurely as _, Trial};
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

/// A server may remove what is settled a little later than it says so.
async fn holds(
    trial: &Trial,
    answers: &mut Answers,
    question: &str,
    label: &str,
    messages: u64,
) -> CaseResult {
    let (admin, stream) = (trial.admin()?, trial.stream_name(label)?);
    let as_expected = || async { Ok(admin.stream_info(&stream).await?.messages == messages) };
    // If it never does, the answer says so.
    trial.eventually("the stream holds what it should", as_expected).await.ok();
    answers.outcome(question, admin.stream_info(&stream).await, show::stream);
    Ok(())
}

pub(super) async fn interest(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let config = trial.stream_config("stream", &["a", "b"])?.with_retention(Retention::Interest);
    let stream = trial.create_stream(config).await?;
    let receipt = trial.publish("a", "nobody").await?;
    answers.say("a publish that interests nobody", show::receipt(&receipt));
    holds(trial, answers, "the stream then", "stream", 0).await?;
    let one = trial.consumer(&stream, "one").await?;
    let only_a = trial.consumer_config("only-a")?.with_filter(trial.filter("a")?)?;
    let other = trial.create_consumer(&stream, only_a).await?;
    for label in ["a", "b", "a"] {
        trial.publish(label, label).await?;
    }
    holds(trial, answers, "after three that interest somebody", "stream", 3).await?;
    for delivery in one.take(3).await? {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    holds(trial, answers, "when one consumer has acked all", "stream", 2).await?;
    other.next().await?.ack_confirmed_if_possible(trial).await?;
    holds(trial, answers, "when the other has acked one", "stream", 1).await?;
    trial.admin()?.delete_consumer(&stream, other.name()).await?;
    holds(trial, answers, "when the other is deleted", "stream", 0).await
}

pub(super) async fn work_queue(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let config = trial.stream_config("stream", &["a", "b"])?.with_retention(Retention::WorkQueue);
    let stream = trial.create_stream(config).await?;
    for label in ["a", "b", "a"] {
        trial.publish(label, label).await?;
    }
    holds(trial, answers, "without a consumer", "stream", 3).await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let mut held = consumer.take(3).await?;
    held.remove(0).ack_confirmed_if_possible(trial).await?;
    holds(trial, answers, "when one is acked", "stream", 2).await?;
    held.remove(0).term("no").await.ok();
    holds(trial, answers, "when one is terminated", "stream", 1).await?;
    trial.admin()?.delete_consumer(&stream, consumer.name()).await?;
    holds(trial, answers, "when the consumer is deleted", "stream", 1).await?;
    drop(held);
    let next = trial.consumer(&stream, "next").await?;
    answers.say("what the next consumer gets", show::delivery(&next.next().await?));
    Ok(())
}

pub(super) async fn work_queue_refused(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let config = trial.stream_config("stream", &["a", "b"])?.with_retention(Retention::WorkQueue);
    let stream = trial.create_stream(config).await?;
    let admin = trial.admin()?;
    let of_a = trial.consumer_config("of-a")?.with_filter(trial.filter("a")?)?;
    for (question, config) in [
        ("no acks", trial.consumer_config("none")?.with_ack(AckPolicy::None)),
        ("new messages only", trial.consumer_config("new")?.with_deliver(DeliverPolicy::New)),
        ("one subject", of_a),
        ("everything, beside it", trial.consumer_config("all")?),
        ("the same subject, beside it", trial.consumer_config("too")?.with_filter(trial.filter("a")?)?),
        ("the other subject", trial.consumer_config("of-b")?.with_filter(trial.filter("b")?)?),
    ] {
        answers.taken(format!("a consumer: {question}"), admin.create_consumer(&stream, config).await);
    }
    Ok(())
}
