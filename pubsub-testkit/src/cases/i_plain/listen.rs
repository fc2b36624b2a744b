//! Who listens.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use pubsub_core::{CoreSubscribeOptions, ErrorKind};

use crate::check::{CaseResult, check, check_eq, refused_as, text};
use crate::trial::{Trial, listening};

const COUNT: usize = 60;

/// I3: a plain message comes to everybody who listens when it is said, in order, with its headers, at most once, and to one
/// member of each group; who listens later has missed it.
pub(crate) async fn groups_and_everybody(trial: &Trial) -> CaseResult {
    let core = trial.core()?;
    core.publish(trial.message("a.x", "too early")?).await?;
    core.flush().await?;
    let everything = CoreSubscribeOptions::default();
    let mut one = core.subscribe(trial.filter("a.*")?, everything.clone()).await?;
    let mut other = core.subscribe(trial.filter("a.x")?, everything.clone()).await?;
    let mut elsewhere = core.subscribe(trial.filter("b")?, everything.clone()).await?;
    let in_group = everything.with_group("workers")?;
    let mut members = Vec::new();
    for _ in 0..3 {
        members.push(core.subscribe(trial.filter("a.*")?, in_group.clone()).await?);
    }
    core.flush().await?;
    for number in 0..COUNT {
        let message = trial.message("a.x", number.to_string())?.with_header("Number", number.to_string())?;
        core.publish(message).await?;
    }
    core.publish(trial.message("b", "the end")?).await?;
    core.flush().await?;

    for listener in [&mut one, &mut other] {
        for number in 0..COUNT {
            let heard = listening::next(trial, listener).await?;
            check_eq!(text(&heard.payload), number.to_string(), "the next message that is heard");
            check_eq!(heard.headers.get("Number"), Some(number.to_string().as_str()), "its header");
            check_eq!(heard.subject, trial.subject("a.x")?.as_str(), "its subject");
            check!(heard.reply.is_none(), "it asks for an answer: {heard:?}");
        }
    }
    check_eq!(
        text(&listening::next(trial, &mut elsewhere).await?.payload),
        "the end",
        "what is heard elsewhere"
    );
    let shared = by_the_group(trial, members).await?;
    check_eq!(shared.len(), COUNT, "the messages that came to one member of the group");
    Ok(())
}

/// Each member ends with a message of the group's that nobody else may have; how many each gets is the broker's choice.
async fn by_the_group(
    trial: &Trial,
    members: Vec<futures::stream::BoxStream<'static, pubsub_core::Result<pubsub_core::CoreMessage>>>,
) -> CaseResult<BTreeSet<String>> {
    let mut all = futures::stream::select_all(members).boxed();
    let mut shared = BTreeSet::new();
    while shared.len() < COUNT {
        let heard = listening::next(trial, &mut all).await?;
        let fresh = shared.insert(text(&heard.payload).into_owned());
        check!(fresh, "`{}` came to two members of the group", text(&heard.payload));
    }
    let core = trial.core()?;
    core.publish(trial.message("a.y", "sentinel")?).await?;
    let last = listening::next(trial, &mut all).await?;
    check_eq!(text(&last.payload), "sentinel", "what comes to the group after everything");
    Ok(shared)
}

/// M18: a listener that does not keep up loses messages and is told how many as an error, and goes on; others lose nothing.
/// Closing the connection ends the listening without an error.
pub(crate) async fn slow_listener_is_told(trial: &Trial) -> CaseResult {
    const BUFFER: usize = 5;
    let core = trial.core()?;
    let refused = core.subscribe(trial.filter("a")?, CoreSubscribeOptions::default().with_buffer(0)).await;
    refused_as(refused.map(drop), ErrorKind::InvalidInput, None, "a listener without a buffer")?;

    let small = CoreSubscribeOptions::default().with_buffer(BUFFER);
    let mut slow = core.subscribe(trial.filter("a")?, small).await?;
    let mut quick = core.subscribe(trial.filter("a")?, Default::default()).await?;
    core.flush().await?;
    for number in 0..COUNT {
        core.publish(trial.message("a", number.to_string())?).await?;
    }
    core.flush().await?;
    for number in 0..COUNT {
        let heard = listening::next(trial, &mut quick).await?;
        check_eq!(text(&heard.payload), number.to_string(), "what a listener with room hears");
    }
    let (mut heard, mut last, mut told) = (0, None, false);
    core.publish(trial.message("a", "sentinel")?).await?;
    core.flush().await?;
    loop {
        match listening::item(trial, &mut slow).await? {
            Some(Ok(message)) if text(&message.payload) == "sentinel" => break,
            Some(Ok(message)) => {
                let number: Option<usize> = text(&message.payload).parse().ok();
                check!(number > last, "{number:?} was heard after {last:?}");
                (heard, last) = (heard + 1, number);
            }
            Some(Err(error)) => {
                check_eq!(error.kind(), ErrorKind::Overloaded, "the error of a slow listener ({error})");
                told = true;
                // The sentinel may have been lost too.
                core.publish(trial.message("a", "sentinel")?).await?;
            }
            None => check!(false, "the listening ended"),
        }
    }
    check!(told, "{heard} of {COUNT} messages were heard, and nobody told of the others");
    check!(heard < COUNT, "nothing was lost, with a buffer of {BUFFER}");

    trial.broker().close().await?;
    while let Some(item) = listening::item(trial, &mut slow).await? {
        check!(item.is_ok(), "the close is an error: {item:?}");
    }
    Ok(())
}
