use std::time::Duration;

use pubsub_core::{
    Expectations, OutboundMessage, PublisherExt as _, Rollup, Schedule, SubjectTransform, TimeToLive,
};

use crate::check::CaseResult;
use crate::trial::Trial;
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

async fn publish(trial: &Trial, answers: &mut Answers, question: &str, message: OutboundMessage) {
    answers.outcome(question, trial.publisher().publish_message(message).await, show::receipt);
}

pub(super) async fn expectations(trial: &Trial, answers: &mut Answers) -> CaseResult {
    trial.create_stream(trial.stream_config("stream", &["*"])?).await?;
    trial.publish_with_id("a", "first").await?;
    trial.publish("b", "second").await?;
    let none = Expectations::none;
    let name = trial.stream_name("stream")?;
    for (question, expected) in [
        ("the stream's last sequence, wrong", none().with_last_sequence(1)),
        ("the stream's last sequence, right", none().with_last_sequence(2)),
        ("the subject's last sequence, wrong", none().with_last_subject_sequence(1)),
        ("the subject's last sequence, right", none().with_last_subject_sequence(3)),
        ("no message on the subject, wrong", none().with_last_subject_sequence(0)),
        ("the last id, wrong", none().with_last_id("second")?),
        ("the stream's name, wrong", none().with_stream("another")?),
        ("the stream's name, right", none().with_stream(name)?),
    ] {
        publish(trial, answers, question, trial.message("a", "x")?.with_expectations(expected)).await;
    }
    trial.publish_with_id("a", "last").await?;
    let right = none().with_last_id("last")?;
    publish(trial, answers, "the last id, right", trial.message("a", "x")?.with_expectations(right)).await;
    Ok(())
}

pub(super) async fn time_to_live(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let second = Duration::from_secs(1);
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?.with_allow_message_ttl()).await?;
    trial.create_stream(trial.stream_config("plain", &["plain"])?).await?;
    let plain = trial.message("plain", "x")?.with_ttl(second);
    publish(trial, answers, "in a stream that does not allow it", plain).await;
    let fraction = trial.message("a", "x")?.with_ttl(second * 3 / 2);
    publish(trial, answers, "a fraction of a second", fraction).await;
    publish(trial, answers, "a second", trial.message("a", "short")?.with_ttl(second)).await;
    publish(trial, answers, "never", trial.message("a", "long")?.with_ttl(TimeToLive::Never)).await;
    trial.pass(second * 3).await;
    answers.outcome("three seconds later", trial.admin()?.stream_info(&stream).await, show::stream);
    let consumer = trial.consumer(&stream, "reader").await?;
    answers.say("what is delivered then", show::delivery(&consumer.next().await?));
    Ok(())
}

pub(super) async fn rollup(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b"])?.with_allow_rollup()).await?;
    trial.create_stream(trial.stream_config("plain", &["plain"])?).await?;
    let plain = trial.message("plain", "x")?.with_rollup(Rollup::Subject);
    publish(trial, answers, "in a stream that does not allow it", plain).await;
    let consumer = trial.consumer(&stream, "reader").await?;
    for label in ["a", "b", "a", "b"] {
        trial.publish(label, label).await?;
    }
    let held = consumer.take(2).await?;
    publish(trial, answers, "of one subject", trial.message("a", "x")?.with_rollup(Rollup::Subject)).await;
    let admin = trial.admin()?;
    answers.outcome("the stream then", admin.stream_info(&stream).await, show::stream);
    answers.outcome("the consumer then", consumer.handle().info().await, show::consumer);
    publish(trial, answers, "of everything", trial.message("b", "x")?.with_rollup(Rollup::All)).await;
    answers.outcome("the stream then", admin.stream_info(&stream).await, show::stream);
    answers.say("what is delivered then", show::delivery(&consumer.next().await?));
    drop(held);
    Ok(())
}

pub(super) async fn schedule(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let config = trial.stream_config("stream", &["plan.*", "due.*"])?.with_allow_schedules();
    let stream = trial.create_stream(config).await?;
    trial.create_stream(trial.stream_config("plain", &["plain.*"])?).await?;
    let at = |seconds: u64, target: &str| -> CaseResult<Schedule> {
        let time = trial.wall_clock() + Duration::from_secs(seconds);
        Ok(Schedule::at(time, trial.subject(target)?)?)
    };
    for (question, label, target) in [
        ("in a stream that does not allow it", "plain.a", "plain.b"),
        ("its own subject as target", "plan.a", "plan.a"),
        ("a target outside the stream", "plan.a", "elsewhere"),
        ("a second ahead", "plan.a", "due.a"),
    ] {
        publish(trial, answers, question, trial.message(label, "it is time")?.with_schedule(at(1, target)?))
            .await;
    }
    let far = trial.message("plan.b", "later")?.with_schedule(at(3600, "due.b")?);
    publish(trial, answers, "an hour ahead", far).await;
    let due = trial.consumer_config("due")?.with_filter(trial.filter("due.*")?)?;
    let due = trial.create_consumer(&stream, due).await?;
    answers.say("what it produces", show::delivery(&due.next().await?));
    let admin = trial.admin()?;
    answers.outcome("the stream then", admin.stream_info(&stream).await, show::stream);
    Ok(())
}

pub(super) async fn transform(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let to = format!("{}.{{{{wildcard(1)}}}}", trial.subject("new")?);
    let rename = SubjectTransform::new(trial.filter("old.*")?, to)?;
    let config = trial.stream_config("stream", &["old.*", "kept"])?.with_subject_transform(rename);
    let stream = trial.create_stream(config).await?;
    for label in ["old.a", "kept"] {
        publish(trial, answers, &format!("publish to `{label}`"), trial.message(label, "x")?).await;
    }
    let consumer = trial.consumer(&stream, "reader").await?;
    for delivery in consumer.take(2).await? {
        answers.say("what is delivered", show::delivery(&delivery));
    }
    Ok(())
}
