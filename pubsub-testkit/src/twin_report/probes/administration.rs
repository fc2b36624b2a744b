use std::time::Duration;

use pubsub_core::{MessageSelector, Purge, Retention, Storage, StreamName};

use crate::check::CaseResult;
use crate::trial::Trial;
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

async fn eight(trial: &Trial) -> CaseResult<StreamName> {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b"])?).await?;
    for label in ["a", "b", "a", "b", "a", "b", "a", "b"] {
        trial.publish(label, label).await?;
    }
    Ok(stream)
}

pub(super) async fn update_stream(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = eight(trial).await?;
    let admin = trial.admin()?;
    let config = admin.stream_info(&stream).await?.config;
    for (question, config) in [
        ("a description", config.clone().with_description("new")),
        ("fewer messages", config.clone().with_max_messages(3)),
        ("another retention", config.clone().with_retention(Retention::WorkQueue)),
        ("another storage", config.clone().with_storage(Storage::Memory)),
        ("fewer subjects", trial.stream_config("stream", &["a"])?),
        ("what is not there", trial.stream_config("missing", &["c"])?),
    ] {
        answers.outcome(question, admin.update_stream(config).await, show::stream);
    }
    answers.outcome("the stream then", admin.stream_info(&stream).await, show::stream);
    Ok(())
}

pub(super) async fn update_consumer(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = eight(trial).await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    consumer.take_and_ack(2).await?;
    consumer.eventually("the acks have arrived", |info| info.ack_pending == 0).await?;
    let admin = trial.admin()?;
    let config = consumer.info().await?.config;
    for (question, config) in [
        ("a description", config.clone().with_description("new")),
        ("another ack wait", config.clone().with_ack_wait(Duration::from_secs(60))),
        ("a filter", config.clone().with_filter(trial.filter("a")?)?),
        ("what is not there", trial.consumer_config("missing")?),
    ] {
        answers.outcome(question, admin.update_consumer(&stream, config).await, show::consumer);
    }
    Ok(())
}

pub(super) async fn purge(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = eight(trial).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let held = consumer.take(2).await?;
    let admin = trial.admin()?;
    for (question, purge) in [
        ("below 3", Purge::up_to(3)),
        ("all but one on a subject", Purge::keep(1).with_filter(trial.filter("a")?)?),
        ("a subject", Purge::all().with_filter(trial.filter("b")?)?),
        ("a subject without messages", Purge::all().with_filter(trial.filter("b")?)?),
        ("everything", Purge::all()),
        ("everything of nothing", Purge::all()),
    ] {
        answers.outcome(question, admin.purge_stream(&stream, purge).await, |gone| format!("{gone} gone"));
        answers.outcome(
            format!("{question}: the stream then"),
            admin.stream_info(&stream).await,
            show::stream,
        );
    }
    consumer.eventually("what is gone is forgotten", |info| info.ack_pending == 0).await?;
    answers.outcome("the consumer then", consumer.handle().info().await, show::consumer);
    let next = trial.publish("a", "after").await?;
    answers.say("the next publish", show::receipt(&next));
    let missing = trial.stream_name("missing")?;
    answers.taken("what is not there", admin.purge_stream(&missing, Purge::all()).await);
    drop(held);
    Ok(())
}

pub(super) async fn stored_message(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = eight(trial).await?;
    let admin = trial.admin()?;
    answers.taken("deletion of 4", admin.delete_message(&stream, 4).await);
    answers.taken("deletion of 4 again", admin.delete_message(&stream, 4).await);
    answers.taken("deletion of 99", admin.delete_message(&stream, 99).await);
    let next = |from, filter: &str| -> CaseResult<MessageSelector> {
        Ok(MessageSelector::Next { from, filter: trial.filter(filter)? })
    };
    for (question, selector) in [
        ("sequence 3", MessageSelector::Sequence(3)),
        ("sequence 4", MessageSelector::Sequence(4)),
        ("sequence 99", MessageSelector::Sequence(99)),
        ("the last of `a`", MessageSelector::LastOf(trial.subject("a")?)),
        ("the last of `c`", MessageSelector::LastOf(trial.subject("c")?)),
        ("the next from 4", next(4, ">")?),
        ("the next of `b` from 4", next(4, "b")?),
        ("the next from 9", next(9, ">")?),
    ] {
        answers.outcome(question, admin.get_message(&stream, selector).await, show::stored);
    }
    let missing = trial.stream_name("missing")?;
    let outcome = admin.get_message(&missing, MessageSelector::Sequence(1)).await;
    answers.taken("of a stream that is not there", outcome);
    Ok(())
}

pub(super) async fn subjects_and_gaps(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = eight(trial).await?;
    let admin = trial.admin()?;
    for sequence in [1, 4, 6] {
        admin.delete_message(&stream, sequence).await?;
    }
    for filter in [">", "a", "c"] {
        let listed = admin.stream_subjects(&stream, trial.filter(filter)?).await;
        answers.outcome(format!("subjects of `{filter}`"), listed, |listed| format!("{listed:?}"));
    }
    answers.outcome("gaps", admin.deleted_sequences(&stream).await, |gaps| format!("{gaps:?}"));
    Ok(())
}

pub(super) async fn list(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let admin = trial.admin()?;
    for label in ["one", "two"] {
        let stream = trial.create_stream(trial.stream_config(label, &[label])?).await?;
        trial.consumer(&stream, label).await?;
    }
    let own = |name: &str| name == trial.shorten(name);
    let listed = admin.list_streams().await?;
    let mut names: Vec<_> =
        listed.iter().map(|info| info.config.name.as_str()).filter(|name| !own(name)).collect();
    names.sort_unstable();
    answers.say("streams", names.join(", "));
    let of_one = admin.list_consumers(&trial.stream_name("one")?).await;
    answers.outcome("consumers of one", of_one, |listed| {
        listed.iter().map(|info| info.name.to_string()).collect::<Vec<_>>().join(", ")
    });
    answers
        .taken("consumers of a missing stream", admin.list_consumers(&trial.stream_name("missing")?).await);
    Ok(())
}
