//! Where messages go that are given up.

use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pubsub_core::worker::{Binding, Failure, Json, Path};
use pubsub_core::{Capability, ErrorKind, PublisherExt as _};

use crate::check::{CaseResult, check, check_eq, refused_as, text};
use crate::trial::{Notes, Trial, Work};

async fn never() -> Result<(), io::Error> {
    Err(io::Error::other("it never works"))
}

/// C5: a message that has had all its attempts is among the dead letters once, with its payload and headers, why, after how
/// many attempts, and where it was; and its consumer has settled it.
pub(crate) async fn have_the_whole_story(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    let message = work.message("one", "body")?.with_header("tenant", "oslo")?;
    let message = if trial.has(Capability::MessageId) { message.with_id("r-17")? } else { message };
    drop(trial.publisher().publish_message(message.clone()).await?);
    let worker = work.start(work.binding(work.router(never)?)?);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.retried, outcome.dead_lettered), (2, 1), "what became of it");
    let letters = work.dead_letters().await?;
    check_eq!(letters.len(), 1, "the dead letters");
    for letter in letters {
        check_eq!(text(&letter.payload), "body", "the payload");
        check_eq!(letter.headers.get("tenant"), Some("oslo"), "the header");
        check_eq!((letter.reason.as_str(), letter.attempts), ("it never works", 3), "why, and when");
        check_eq!(letter.subject.as_str(), message.subject.as_str(), "its subject");
        check_eq!((&letter.stream, letter.origin_sequence), (&work.stream, 1), "where it was");
        check_eq!(&letter.consumer, work.consumer.name(), "who gave it up");
        let id = trial.has(Capability::MessageId).then_some("r-17");
        check_eq!(letter.message_id.as_deref(), id, "its id");
    }
    work.consumer.drained();
    Ok(())
}

/// C6: while the dead letters cannot be stored, the message that is to be among them is neither settled nor lost; it is when
/// they can.
pub(crate) async fn are_waited_for(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    let refuse = || async { Err::<(), _>(Failure::reject("no")) };
    let worker = work.start(work.binding(work.router(refuse)?)?);
    trial.eventually("the worker runs", || async { Ok(worker.handle.status().is_ready()) }).await?;
    let admin = trial.admin()?;
    admin.delete_stream(&work.dead_letter_stream().name).await?;
    work.publish("one", "x").await?;
    let troubled =
        || async { Ok(worker.handle.status().bindings.iter().any(|binding| binding.trouble.is_some())) };
    trial.eventually("the dead letter was tried in vain", troubled).await?;
    check_eq!(work.consumer.info().await?.ack_pending, 1, "the unsettled messages meanwhile");
    admin.create_stream(work.dead_letter_stream().clone()).await?;
    work.is_settled().await?;
    check_eq!(worker.stop().await?.dead_lettered, 1, "what became of it");
    check_eq!(work.dead_letters().await?.len(), 1, "the dead letters");
    work.consumer.drained();
    Ok(())
}

/// C8: every consumer of a worker keeps its own dead letters in one stream, and each starts.
pub(crate) async fn serve_every_consumer(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    let other = trial.consumer_config("other")?.with_filter(trial.filter("work.*")?)?;
    let other = work.binding_of(other, work.router(never)?)?;
    let worker = work.worker(work.binding(work.router(never)?)?).bind(other);
    work.publish("one", "x").await?;
    let worker = work.start_worker(worker);
    let both = || async { Ok(work.dead_letters().await?.len() == 2) };
    trial.eventually("both consumers have given it up", both).await?;
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!(outcome.dead_lettered, 2, "the dead letters of the worker");
    let mut of: Vec<_> = work.dead_letters().await?.into_iter().map(|letter| letter.consumer).collect();
    of.sort_unstable();
    let mut expected = vec![work.consumer.name().clone(), trial.consumer_name("other")?];
    expected.sort_unstable();
    check_eq!(of, expected, "who gave it up");
    work.consumer.drained();
    Ok(())
}

/// C9: a message comes to the dead letters after its last attempt, once, not once for each attempt.
pub(crate) async fn come_once_and_last(trial: &Trial) -> CaseResult {
    let (work, attempts) = (trial.work().await?, Notes::new());
    let noted = attempts.clone();
    let handler = move |Path(number): Path<u32>| {
        noted.add(number);
        never()
    };
    for number in 0..5 {
        work.publish(&number.to_string(), "x").await?;
    }
    let worker = work.start(work.binding(work.router(handler)?)?);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.retried, outcome.dead_lettered), (10, 5), "what became of them");
    let attempts = attempts.all();
    for number in 0..5 {
        check_eq!(attempts.iter().filter(|it| **it == number).count(), 3, "the attempts of number {number}");
    }
    let mut origins: Vec<_> =
        work.dead_letters().await?.into_iter().map(|letter| letter.origin_sequence).collect();
    origins.sort_unstable();
    check_eq!(origins, [1, 2, 3, 4, 5], "the messages among the dead letters");
    work.consumer.drained();
    Ok(())
}

/// A worker that refuses everything until it is repaired.
fn repairable(work: &Work<'_>) -> CaseResult<(Binding, Arc<AtomicBool>)> {
    let is_repaired = Arc::new(AtomicBool::new(false));
    let repaired = Arc::clone(&is_repaired);
    let handler = move || {
        let repaired = repaired.load(Ordering::Acquire);
        async move { if repaired { Ok(()) } else { Err(Failure::reject("out of order")) } }
    };
    Ok((work.binding(work.router(handler)?)?, is_repaired))
}

/// C10: what is sent back from the dead letters is no duplicate of its original, although that had an id, and is handled.
pub(crate) async fn are_sent_back(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    let (binding, is_repaired) = repairable(&work)?;
    drop(trial.publisher().publish_message(work.message("one", "x")?.with_id("r-17")?).await?);
    let worker = work.start(binding);
    work.is_settled().await?;
    is_repaired.store(true, Ordering::Release);
    let redriven = work.letters().await?.redrive_all().await?;
    check_eq!((redriven.messages, redriven.failed.len()), (1, 0), "what was sent back");
    let handled = || async { Ok(worker.handle.status().bindings.iter().any(|binding| binding.done == 1)) };
    trial.eventually("it is handled", handled).await?;
    work.is_settled().await?;
    check!(work.dead_letters().await?.is_empty(), "it is among the dead letters still");
    check_eq!(worker.stop().await?.dead_lettered, 1, "how often it was given up");
    Ok(())
}

/// C11: dead letters can be listed page by page, looked at, discarded, edited and sent back.
pub(crate) async fn can_be_administered(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    let (binding, is_repaired) = repairable(&work)?;
    for number in 1..=4 {
        work.publish(&number.to_string(), format!("body {number}")).await?;
    }
    let worker = work.start(binding.with_concurrency(1));
    work.is_settled().await?;
    let letters = work.letters().await?;
    let mut pages = letters.page(0, 3).await?;
    check_eq!(pages.len(), 3, "the first page");
    let next = pages.last().map_or(0, |letter| letter.sequence + 1);
    pages.extend(letters.page(next, 3).await?);
    check_eq!(pages.len(), 4, "all pages");

    let sequence_of = |number: u64| {
        let letter = pages.iter().find(|letter| letter.origin_sequence == number);
        letter.map_or(0, |letter| letter.sequence)
    };
    check_eq!(text(&letters.get(sequence_of(2)).await?.payload), "body 2", "one of them");
    letters.discard(sequence_of(2)).await?;
    let gone = letters.get(sequence_of(2)).await;
    refused_as(gone, ErrorKind::NotFound, None, "a dead letter that was discarded")?;

    is_repaired.store(true, Ordering::Release);
    let better = letters.redrive_edited(sequence_of(3), |mut message| {
        message.payload = "a better body".into();
        Ok(message)
    });
    drop(better.await?);
    check_eq!(letters.redrive_all().await?.messages, 2, "the others that were sent back");
    check!(letters.page(0, 10).await?.is_empty(), "some are left");
    let handled = || async { Ok(worker.handle.status().bindings.iter().any(|binding| binding.done == 3)) };
    trial.eventually("they are handled", handled).await?;
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.dead_lettered), (3, 4), "what became of them");
    Ok(())
}

/// C17: what cannot be read, what fails to the end and what panics are all among the dead letters, each with its reason.
pub(crate) async fn get_every_kind_of_failure(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    let handler = |Path(name): Path<String>, Json(_): Json<u32>| async move {
        if name == "panics" {
            // As `panic!` does, without a word on standard error.
            resume_unwind(Box::new("it panics"));
        }
        never().await
    };
    for (name, payload) in [("unreadable", "no number"), ("fails", "1"), ("panics", "2")] {
        work.publish(name, payload).await?;
    }
    let worker = work.start(work.binding(work.router(handler)?)?);
    work.is_settled().await?;
    check_eq!(worker.stop().await?.dead_lettered, 3, "what became of them");
    let letters = work.dead_letters().await?;
    for (number, attempts, words) in [(1, 1, "no JSON"), (2, 3, "it never works"), (3, 3, "it panics")] {
        let found = letters.iter().any(|letter| {
            letter.origin_sequence == number && letter.attempts == attempts && letter.reason.contains(words)
        });
        check!(
            found,
            "no dead letter of number {number} with {attempts} attempts and `{words}`: {letters:?}"
        );
    }
    check_eq!(letters.len(), 3, "the dead letters");
    work.consumer.drained();
    Ok(())
}
