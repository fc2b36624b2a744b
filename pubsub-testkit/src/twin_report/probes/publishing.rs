use pubsub_core::{Expectations, PublisherExt as _};

use crate::check::CaseResult;
use crate::trial::Trial;
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

pub(super) async fn receipt(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b.*"])?).await?;
    let publisher = trial.publisher();
    for label in ["a", "b.x", "a"] {
        let outcome = publisher.publish_message(trial.message(label, "x")?).await;
        answers.outcome(format!("publish to `{label}`"), outcome, show::receipt);
    }
    for label in ["c", "b", "b.x.y"] {
        let outcome = publisher.publish_message(trial.message(label, "x")?).await;
        answers.outcome(format!("publish to `{label}`, which no stream takes"), outcome, show::receipt);
    }
    let mut reserved = trial.message("a", "x")?;
    reserved.headers.append_received("Nats-Anything", "1")?;
    answers.taken("a reserved header", publisher.publish_message(reserved).await);
    let info = trial.admin()?.stream_info(&stream).await;
    answers.outcome("the stream then", info, show::stream);
    Ok(())
}

pub(super) async fn message_id(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["*"])?).await?;
    let publisher = trial.publisher();
    for (label, id) in [("a", "one"), ("a", "one"), ("b", "one"), ("a", "One"), ("a", "two")] {
        let outcome = publisher.publish_message(trial.message(label, "x")?.with_id(id)?).await;
        answers.outcome(format!("id `{id}` on `{label}`"), outcome, show::receipt);
    }
    answers.outcome("the stream then", trial.admin()?.stream_info(&stream).await, show::stream);
    let consumer = trial.consumer(&stream, "reader").await?;
    answers.say("the first delivery", show::delivery(&consumer.next().await?));
    Ok(())
}

pub(super) async fn id_of_a_refused_publish(trial: &Trial, answers: &mut Answers) -> CaseResult {
    trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let publisher = trial.publisher();
    let wrong = Expectations::none().with_last_sequence(7);
    let refused = trial.message("a", "x")?.with_id("one")?.with_expectations(wrong.clone());
    answers.taken("an expectation that does not hold", publisher.publish_message(refused).await);
    let outcome = publisher.publish_message(trial.message("a", "x")?.with_id("one")?).await;
    answers.outcome("its id again", outcome, show::receipt);
    let again = trial.message("a", "x")?.with_id("one")?.with_expectations(wrong);
    let outcome = publisher.publish_message(again).await;
    answers.outcome("a known id with an expectation that does not hold", outcome, show::receipt);
    Ok(())
}
