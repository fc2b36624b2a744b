use pubsub_core::{AckPolicy, Delivery, Purge, Settlement};

use crate::check::{CaseResult, Failure};
use crate::trial::{TestConsumer, Trial};
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

/// A consumer with so many messages taken; its ack wait does not end meanwhile.
async fn holding<'t>(
    trial: &'t Trial,
    policy: AckPolicy,
    count: usize,
) -> CaseResult<(TestConsumer<'t>, Vec<Delivery>)> {
    let stream = trial.stream().await?;
    let mut config = trial.consumer_config("worker")?.with_ack_wait(trial.patience() * 4);
    if policy != AckPolicy::Explicit {
        config = config.with_ack(policy);
    }
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", count).await?;
    let held = consumer.take(count).await?;
    Ok((consumer, held))
}

/// The counters, when what was said without a confirmation must have arrived.
async fn settled(
    answers: &mut Answers,
    question: &str,
    consumer: &TestConsumer<'_>,
    left: u64,
) -> CaseResult {
    consumer.eventually("the settlement counts", |info| info.ack_pending == left).await?;
    answers.outcome(question, consumer.handle().info().await, show::consumer);
    Ok(())
}

fn third(held: &mut Vec<Delivery>) -> CaseResult<Delivery> {
    if held.len() < 3 {
        return Err(Failure::new("fewer than three messages came"));
    }
    Ok(held.remove(2))
}

pub(super) async fn ack(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let (consumer, held) = holding(trial, AckPolicy::Explicit, 2).await?;
    answers.outcome("before", consumer.handle().info().await, show::consumer);
    for delivery in held {
        answers.taken("ack", delivery.ack().await);
    }
    settled(answers, "then", &consumer, 0).await
}

pub(super) async fn third_alone(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let (consumer, mut held) = holding(trial, AckPolicy::Explicit, 5).await?;
    answers.taken("ack", third(&mut held)?.ack().await);
    settled(answers, "then", &consumer, 4).await?;
    for delivery in held.drain(..2) {
        delivery.ack().await?;
    }
    settled(answers, "when the first two are acked", &consumer, 2).await
}

pub(super) async fn up_to_the_third(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let (consumer, mut held) = holding(trial, AckPolicy::All, 5).await?;
    answers.taken("ack", third(&mut held)?.ack().await);
    settled(answers, "then", &consumer, 2).await?;
    answers.taken("ack of the first, late", held.remove(0).ack().await);
    settled(answers, "then, too", &consumer, 2).await
}

pub(super) async fn no_acks(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let (consumer, held) = holding(trial, AckPolicy::None, 2).await?;
    answers.outcome("before", consumer.handle().info().await, show::consumer);
    for delivery in held {
        answers.taken("ack of what needs none", delivery.ack().await);
    }
    settled(answers, "then", &consumer, 0).await
}

pub(super) async fn term(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let (consumer, mut held) = holding(trial, AckPolicy::Explicit, 2).await?;
    answers.taken("term", held.remove(0).term("no").await);
    settled(answers, "then", &consumer, 1).await?;
    answers.taken("term without a reason", held.remove(0).settle(Settlement::term()).await);
    settled(answers, "then, too", &consumer, 0).await?;
    let came = consumer.fetch(5, trial.ack_wait()).await?;
    answers.say("what comes within an ack wait", show::deliveries(&came));
    Ok(())
}

/// One message is delivered twice, and both deliveries are settled.
pub(super) async fn two(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    for (question, first, second) in [
        ("ack, then ack", Settlement::ack(), Settlement::ack()),
        ("ack, then nak", Settlement::ack(), Settlement::nak()),
        ("nak, then ack", Settlement::nak(), Settlement::ack()),
    ] {
        trial.publish("a", "x").await?;
        let once = consumer.next().await?;
        let twice = consumer.next().await?;
        answers.taken(format!("{question}: of the older delivery"), once.settle(first).await);
        answers.taken(format!("{question}: of the newer delivery"), twice.settle(second).await);
        settled(answers, question, &consumer, 0).await?;
    }
    Ok(())
}

pub(super) async fn of_what_is_gone(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let (consumer, mut held) = holding(trial, AckPolicy::Explicit, 4).await?;
    let admin = trial.admin()?;
    admin.delete_consumer(consumer.stream(), consumer.name()).await?;
    answers.taken("confirmed ack, the consumer gone", held.remove(0).ack_confirmed().await);
    answers.taken("ack, the consumer gone", held.remove(0).ack().await);
    admin.delete_stream(consumer.stream()).await?;
    answers.taken("confirmed ack, the stream gone", held.remove(0).ack_confirmed().await);
    answers.taken("ack, the stream gone", held.remove(0).ack().await);
    Ok(())
}

pub(super) async fn of_what_is_purged(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let (consumer, mut held) = holding(trial, AckPolicy::Explicit, 3).await?;
    trial.admin()?.purge_stream(consumer.stream(), Purge::all()).await?;
    settled(answers, "after the purge", &consumer, 0).await?;
    answers.taken("confirmed ack", held.remove(0).ack_confirmed().await);
    answers.taken("nak", held.remove(0).nak().await);
    settled(answers, "then", &consumer, 0).await
}

pub(super) async fn after_the_close(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let broker = trial.another_connection().await?;
    let config = trial.consumer_config("worker")?;
    let consumer = trial.create_consumer_over(&broker, &stream, config).await?;
    trial.publish_many("a", 2).await?;
    let mut held = consumer.take(2).await?;
    broker.close().await?;
    answers.taken("ack", held.remove(0).ack().await);
    answers.taken("extend", held.remove(0).extend().await);
    Ok(())
}
