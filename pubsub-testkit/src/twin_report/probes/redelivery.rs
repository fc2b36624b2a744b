use pubsub_core::Limit;

use crate::check::CaseResult;
use crate::trial::{SettleSurely as _, Trial};
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

pub(super) async fn nak(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 4).await?;
    let held = consumer.take(2).await?;
    for delivery in held.into_iter().rev() {
        answers.taken("nak, the second first", delivery.nak().await);
    }
    consumer.eventually("the naks have arrived", |info| info.ack_pending == 2).await?;
    // What was nakked is due at once; the two sides need not see it in the same millisecond.
    trial.pass(trial.ack_wait() / 10).await;
    let came = consumer.take(4).await?;
    answers.say("what comes then, in this order", show::deliveries(&came));
    answers.outcome("the consumer then", consumer.handle().info().await, show::consumer);
    Ok(())
}

pub(super) async fn nak_with_a_delay(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 2).await?;
    let delay = trial.ack_wait();
    let first = consumer.next().await?;
    answers.taken("nak with a delay", first.nak_after(delay).await);
    let second = consumer.next().await?;
    answers.say("what comes next", show::deliveries(std::slice::from_ref(&second)));
    second.ack_confirmed_if_possible(trial).await?;
    answers.say("within half the delay", show::deliveries(&consumer.fetch(1, delay / 2).await?));
    answers.outcome("the consumer then", consumer.handle().info().await, show::consumer);
    answers.say("after the delay", show::delivery(&consumer.next().await?));
    Ok(())
}

pub(super) async fn ack_wait(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 2).await?;
    let held = consumer.take(2).await?;
    let early = consumer.fetch(2, trial.ack_wait() / 2).await?;
    answers.say("within half the ack wait", show::deliveries(&early));
    let again = consumer.take(2).await?;
    answers.say("after the ack wait", show::deliveries(&again));
    answers.outcome("the consumer then", consumer.handle().info().await, show::consumer);
    for delivery in again {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    answers.outcome("when they are acked", consumer.handle().info().await, show::consumer);
    drop(held);
    Ok(())
}

pub(super) async fn late_ack(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish("a", "x").await?;
    let held = consumer.next().await?;
    trial.pass(trial.ack_wait() * 2).await;
    answers.taken("ack after two ack waits", held.ack_confirmed_if_possible(trial).await);
    answers.outcome("the consumer then", consumer.handle().info().await, show::consumer);
    let came = consumer.fetch(1, trial.ack_wait() * 2).await?;
    answers.say("what comes within two more", show::deliveries(&came));
    Ok(())
}

pub(super) async fn extend(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish("a", "x").await?;
    let held = consumer.next().await?;
    for _ in 0..4 {
        trial.pass(trial.ack_wait() / 2).await;
        answers.taken("extend after half an ack wait", held.extend().await);
    }
    answers.outcome("after two ack waits", consumer.handle().info().await, show::consumer);
    held.ack_confirmed_if_possible(trial).await?;
    answers.outcome("when it is acked", consumer.handle().info().await, show::consumer);
    Ok(())
}

pub(super) async fn drop_unsettled(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish("a", "x").await?;
    drop(consumer.next().await?);
    answers
        .say("within half the ack wait", show::deliveries(&consumer.fetch(1, trial.ack_wait() / 2).await?));
    answers.say("after it", show::delivery(&consumer.next().await?));
    Ok(())
}

pub(super) async fn max_deliver(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?.with_max_deliver(Limit::At(2));
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", 2).await?;
    for _ in 0..2 {
        let came = consumer.take(2).await?;
        answers.say("what comes", show::deliveries(&came));
    }
    let came = consumer.fetch(2, trial.ack_wait() * 2).await?;
    answers.say("within two more ack waits", show::deliveries(&came));
    // Counted once they are looked at; when that is, a server chooses.
    consumer.eventually("the exhausted ones are counted", |info| info.ack_pending == 0).await?;
    answers.outcome("the stream then", trial.admin()?.stream_info(&stream).await, show::stream);
    Ok(())
}

pub(super) async fn backoff(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let wait = trial.ack_wait();
    let config = trial.consumer_config("worker")?.with_backoff([wait, wait * 2]);
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish("a", "x").await?;
    let held = consumer.next().await?;
    trial.pass(wait / 4).await;
    answers.say("until three quarters of the first", show::deliveries(&consumer.fetch(1, wait / 2).await?));
    let again = consumer.next().await?;
    answers.say("then", show::deliveries(std::slice::from_ref(&again)));
    answers.say(
        "within three quarters of the second",
        show::deliveries(&consumer.fetch(1, wait * 3 / 2).await?),
    );
    answers.say("then, too", show::deliveries(&consumer.take(1).await?));
    drop((held, again));
    Ok(())
}

pub(super) async fn max_ack_pending(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?.with_max_ack_pending(2);
    let config = config.with_ack_wait(trial.patience() * 4);
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", 5).await?;
    let mut held = consumer.fetch(5, trial.ack_wait()).await?;
    answers.say("a fetch of five", show::deliveries(&held));
    answers.outcome("the consumer then", consumer.handle().info().await, show::consumer);
    answers.say("another", show::deliveries(&consumer.fetch(5, trial.ack_wait() / 2).await?));
    held.remove(0).ack_confirmed_if_possible(trial).await?;
    answers.say("when one is acked", show::deliveries(&consumer.fetch(5, trial.ack_wait()).await?));
    held.remove(0).nak().await?;
    consumer
        .eventually("the nak has arrived", |info| info.redelivered > 0 || info.ack_pending < 2)
        .await
        .ok();
    answers.say("when the other is nakked", show::deliveries(&consumer.fetch(5, trial.ack_wait()).await?));
    Ok(())
}
