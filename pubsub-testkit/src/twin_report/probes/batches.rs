use pubsub_core::{Expectations, PublishOptions};

use crate::check::CaseResult;
use crate::trial::Trial;
use crate::twin_report::answers::Answers;
use crate::twin_report::show;

pub(super) async fn batch(trial: &Trial, answers: &mut Answers) -> CaseResult {
    trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let messages = vec![trial.message("a", "1")?, trial.message("nowhere", "2")?, trial.message("a", "3")?];
    let outcomes = trial.publisher().publish_batch(messages, PublishOptions::default()).await;
    for (number, pending) in (1..).zip(outcomes) {
        let outcome = match pending {
            Ok(pending) => pending.await,
            Err(error) => Err(error),
        };
        answers.outcome(
            format!("message {number} of 3, the second without a stream"),
            outcome,
            show::receipt,
        );
    }
    let none = trial.publisher().publish_batch(Vec::new(), PublishOptions::default()).await;
    answers.say("outcomes of a batch of nothing", none.len());
    Ok(())
}

pub(super) async fn atomic(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let config = trial.stream_config("stream", &["a", "b"])?.with_allow_atomic_batches();
    let stream = trial.create_stream(config).await?;
    trial.create_stream(trial.stream_config("plain", &["plain"])?).await?;
    let publisher = trial.publisher();
    let options = PublishOptions::default;
    let three = vec![trial.message("a", "1")?, trial.message("b", "2")?, trial.message("a", "3")?];
    answers.outcome("three messages", publisher.publish_atomic(three, options()).await, show::batch);
    let one = vec![trial.message("a", "1")?];
    answers.outcome("one message", publisher.publish_atomic(one, options()).await, show::batch);
    answers.outcome("no message", publisher.publish_atomic(Vec::new(), options()).await, show::batch);
    let plain = vec![trial.message("plain", "1")?, trial.message("plain", "2")?];
    let outcome = publisher.publish_atomic(plain, options()).await;
    answers.outcome("a stream that does not allow it", outcome, show::batch);
    let nowhere = vec![trial.message("nowhere", "1")?, trial.message("nowhere", "2")?];
    answers.taken("a subject without a stream", publisher.publish_atomic(nowhere, options()).await);
    answers.outcome("the stream then", trial.admin()?.stream_info(&stream).await, show::stream);
    let consumer = trial.consumer(&stream, "reader").await?;
    answers.say("what is delivered", show::deliveries(&consumer.take(4).await?));
    Ok(())
}

pub(super) async fn atomic_refused(trial: &Trial, answers: &mut Answers) -> CaseResult {
    let config = trial.stream_config("stream", &["a", "b"])?.with_allow_atomic_batches();
    let stream = trial.create_stream(config).await?;
    trial.publish_with_id("a", "known").await?;
    let publisher = trial.publisher();
    let wrong = Expectations::none().with_last_subject_sequence(7);
    let messages = vec![trial.message("a", "1")?, trial.message("b", "2")?.with_expectations(wrong)];
    let outcome = publisher.publish_atomic(messages, PublishOptions::default()).await;
    answers.outcome("an expectation that does not hold", outcome, show::batch);
    let messages = vec![trial.message("a", "1")?.with_id("new")?, trial.message("b", "2")?.with_id("known")?];
    let outcome = publisher.publish_atomic(messages, PublishOptions::default()).await;
    answers.outcome("an id that is known", outcome, show::batch);
    let new = trial.publish_with_id("a", "new").await?;
    answers.say("the other id of that batch, alone", show::receipt(&new));
    let many = (0..1001).map(|number| trial.message("a", number.to_string())).collect::<CaseResult<_>>()?;
    let outcome = publisher.publish_atomic(many, PublishOptions::default()).await;
    answers.outcome("1,001 messages", outcome, show::batch);
    answers.outcome("the stream then", trial.admin()?.stream_info(&stream).await, show::stream);
    Ok(())
}
