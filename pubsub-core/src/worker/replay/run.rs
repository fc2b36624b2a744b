//! The work of a replay: [`Run`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::{Instant, sleep_until};

use super::guard::Guard;
use super::handling::Handling;
use super::pace::{Pace, Pacer};
use super::source::{ReplayEnd, Source};
use super::{Replay, ReplayProgress, To};
use crate::admin::StoredMessage;
use crate::broker::Broker;
use crate::message::OutboundMessage;
use crate::name::StreamName;
use crate::publish::{PendingReceipt, PublishOptions, Publisher};
use crate::read::StreamReader;
use crate::subject::SubjectMapping;
use crate::worker::DeadLetters;
use crate::worker::handler::Response;
use crate::{Error, ErrorKind, MessageId, Result};

/// How many copies may be unconfirmed.
const WINDOW: usize = 256;

/// A replay under way. What is read is paced, dealt with, and counted when it is confirmed.
pub(super) struct Run {
    source: Source,
    pacer: Pacer,
    to: Does,
    guard: Guard,
    publisher: Arc<dyn Publisher>,
    stream: StreamName,
    run_name: Option<String>,
    publishes_responses: bool,
    skips_failures: bool,
    /// What was read and waits for its time.
    due: Option<(Instant, StoredMessage)>,
    /// What was handed over, in the order of the stream.
    unconfirmed: VecDeque<(Place, Step)>,
    began: Instant,
    progress: ReplayProgress,
    has_ended: bool,
}

/// What is done with a message.
enum Does {
    Handle(Box<Handling>),
    Copy(SubjectMapping),
    /// Nothing, but see whether there is a route or a subject for it.
    Look(To),
}

/// Where a message stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    sequence: u64,
    stored: SystemTime,
}

/// How far a message is.
enum Step {
    Ended(Outcome),
    /// A copy is on its way.
    Pending(PendingReceipt),
}

/// What became of a message.
enum Outcome {
    Skipped,
    Replayed,
    /// `is_its_own`: the fault is the message's, or its handler's.
    Failed {
        error: Error,
        is_its_own: bool,
    },
}

impl Outcome {
    fn of(error: Error) -> Self {
        let is_its_own = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::PayloadTooLarge);
        Self::Failed { error, is_its_own }
    }
}

impl Run {
    pub(super) async fn begin(replay: Replay, broker: Arc<dyn Broker>) -> Result<Self> {
        let Replay { stream, to, read, pace, end, deadline, .. } = replay;
        pace.validate()?;
        let admin = broker.admin().ok_or_else(|| Error::unsupported("stream_admin"))?;
        let info = admin.stream_info(&stream).await?;
        let guard = Guard::new(&info, replay.allows_source);
        if let To::Subjects(mapping) = &to {
            guard.check_all(&mapping.produces()?)?;
        }
        if replay.allows_source && end == ReplayEnd::Never {
            return Err(Error::config("end", "it would read what it writes, for ever")
                .with_remedy("give it an end, or leave `with_source_allowed` out"));
        }
        let (publisher, newest) = (broker.publisher(), info.last_sequence);
        let reader = StreamReader::open(broker, &stream, read).await?;
        let source = Source::new(reader, end, newest);
        let to = match to {
            to if replay.is_dry => Does::Look(to),
            To::Handlers(router) => Does::Handle(Box::new(Handling::new(router, stream.clone(), deadline)?)),
            To::Subjects(mapping) => Does::Copy(mapping),
        };
        let remaining = source.remaining();
        Ok(Self {
            source,
            pacer: Pacer::new(if replay.is_dry { Pace::Instant } else { pace }),
            to,
            guard,
            publisher,
            stream,
            run_name: replay.run_name,
            publishes_responses: replay.publishes_responses,
            skips_failures: replay.skips_failures,
            due: None,
            unconfirmed: VecDeque::new(),
            began: Instant::now(),
            progress: ReplayProgress { remaining, ..ReplayProgress::default() },
            has_ended: false,
        })
    }

    pub(super) fn progress(&self) -> ReplayProgress {
        self.progress
    }

    /// Until one more message is dealt with; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<ReplayProgress>> {
        while !self.has_ended {
            let may_go_on = self.unconfirmed.len() < WINDOW && !self.is_told_to_end();
            let reads = may_go_on && self.due.is_none() && !self.source.has_ended();
            let waits = may_go_on && self.due.is_some();
            if !reads && !waits && self.unconfirmed.is_empty() {
                break;
            }
            let due_at = self.due.as_ref().map_or_else(Instant::now, |(at, _)| *at);
            tokio::select! {
                biased;
                dealt_with = oldest(&mut self.unconfirmed, &self.guard), if !self.unconfirmed.is_empty() => {
                    let Some((place, outcome)) = dealt_with else { continue };
                    let told = self.account(place, outcome);
                    self.has_ended = told.is_err();
                    return Some(told);
                }
                () = sleep_until(due_at), if waits => {
                    if let Some((_, message)) = self.due.take() {
                        self.take(message).await;
                    }
                }
                message = self.source.next(), if reads => match message {
                    None => {}
                    Some(Ok(message)) if is_none_to_replay(&message) => {
                        self.unconfirmed.push_back((Place::of(&message), Step::Ended(Outcome::Skipped)));
                    }
                    Some(Ok(message)) => match self.pacer.due(message.published_at) {
                        Some(at) => self.due = Some((at, message)),
                        None => self.take(message).await,
                    },
                    Some(Err(error)) => {
                        self.has_ended = true;
                        return Some(Err(error.with_operation("replay")));
                    }
                },
            }
        }
        self.has_ended = true;
        None
    }

    fn is_told_to_end(&self) -> bool {
        matches!(&self.to, Does::Handle(handling) if handling.worker.is_stopping())
    }

    /// Begins with a message.
    async fn take(&mut self, message: StoredMessage) {
        let place = Place::of(&message);
        let step = match &mut self.to {
            Does::Look(To::Handlers(router)) => Step::Ended(match router.find(&message.subject) {
                Some(_) => Outcome::Replayed,
                None => Outcome::Skipped,
            }),
            Does::Look(To::Subjects(mapping)) => {
                let copy = copy_of(message, mapping, &self.stream, self.run_name.as_deref());
                Step::Ended(match copy {
                    Ok(Some(_)) => Outcome::Replayed,
                    Ok(None) => Outcome::Skipped,
                    Err(error) => Outcome::of(error),
                })
            }
            Does::Copy(mapping) => match copy_of(message, mapping, &self.stream, self.run_name.as_deref()) {
                Ok(Some(copy)) => match self.publisher.publish_with(copy, PublishOptions::default()).await {
                    Ok(pending) => Step::Pending(pending),
                    Err(error) => Step::Ended(Outcome::of(error)),
                },
                Ok(None) => Step::Ended(Outcome::Skipped),
                Err(error) => Step::Ended(Outcome::of(error)),
            },
            Does::Handle(handling) => {
                let remaining = self.source.remaining();
                let outcome = match handling.handle(message, remaining).await {
                    None => Outcome::Skipped,
                    Some(Ok(response)) => match self.respond(response).await {
                        Ok(()) => Outcome::Replayed,
                        Err(error) => Outcome::of(error),
                    },
                    Some(Err(failure)) => {
                        let said = format!("a handler failed: {}", failure.chain());
                        Outcome::Failed { error: Error::new(ErrorKind::Unexpected, said), is_its_own: true }
                    }
                };
                Step::Ended(outcome)
            }
        };
        self.unconfirmed.push_back((place, step));
    }

    /// Publishes what a handler returned, or counts it.
    async fn respond(&mut self, response: Response) -> Result<()> {
        let Response { publish, stored, .. } = response;
        if !self.publishes_responses {
            self.progress.withheld += publish.len() as u64;
        } else {
            publish.iter().try_for_each(|message| self.guard.check(&message.subject))?;
            for pending in self.publisher.publish_batch(publish, PublishOptions::default()).await {
                self.guard.check_receipt(&pending?.await?)?;
            }
        }
        for then in stored {
            then.await?;
        }
        Ok(())
    }

    /// Counts a message that was dealt with.
    fn account(&mut self, place: Place, outcome: Outcome) -> Result<ReplayProgress> {
        let progress = &mut self.progress;
        match outcome {
            Outcome::Skipped => progress.skipped += 1,
            Outcome::Replayed => progress.replayed += 1,
            Outcome::Failed { error, is_its_own: true } if self.skips_failures => {
                tracing::warn!(stream = %self.stream, sequence = place.sequence, %error, "a message was not replayed");
                progress.failed += 1;
            }
            Outcome::Failed { error, .. } => {
                let error = error.with_operation("replay").with_context("stream", &self.stream);
                return Err(error.with_context("sequence", place.sequence));
            }
        }
        progress.sequence = place.sequence;
        progress.published_at = Some(place.stored);
        let read = self.unconfirmed.len() as u64 + u64::from(self.due.is_some());
        progress.remaining = self.source.remaining().saturating_add(read);
        progress.elapsed = self.began.elapsed();
        Ok(*progress)
    }
}

impl Place {
    fn of(message: &StoredMessage) -> Self {
        Self { sequence: message.sequence, stored: message.published_at }
    }
}

/// Waits until the oldest message is dealt with, and takes it out.
///
/// Dropped before completion, nothing changes.
async fn oldest(unconfirmed: &mut VecDeque<(Place, Step)>, guard: &Guard) -> Option<(Place, Outcome)> {
    let (place, step) = unconfirmed.front_mut()?;
    let place = *place;
    if let Step::Pending(receipt) = step {
        let stored = receipt.await.and_then(|receipt| guard.check_receipt(&receipt));
        *step = Step::Ended(stored.map_or_else(Outcome::of, |()| Outcome::Replayed));
    }
    match unconfirmed.pop_front()? {
        (_, Step::Ended(outcome)) => Some((place, outcome)),
        (_, Step::Pending(_)) => None,
    }
}

/// A schedule was an order to the broker, and a marker says that there is no message.
fn is_none_to_replay(message: &StoredMessage) -> bool {
    ["Nats-Schedule", "Nats-Marker-Reason"].iter().any(|name| message.headers.contains(name))
}

/// `None` if the transform does not take its subject.
fn copy_of(
    message: StoredMessage,
    mapping: &SubjectMapping,
    stream: &StreamName,
    run_name: Option<&str>,
) -> Result<Option<OutboundMessage>> {
    let Some(subject) = mapping.apply(&message.subject) else {
        return Ok(None);
    };
    let sequence = message.sequence;
    let mut headers = message.headers.without_reserved();
    // It was said of the message that was redriven.
    headers.remove(DeadLetters::REDRIVEN_FOR);
    headers.insert(Replay::ORIGIN, format!("{stream}/{sequence}"))?;
    let copy = OutboundMessage::new(subject, message.payload)?.with_headers(headers);
    Ok(Some(match run_name {
        Some(name) => copy.with_id(copy_id(name, stream, sequence)?)?,
        None => copy,
    }))
}

pub(super) fn copy_id(run_name: &str, stream: &StreamName, sequence: u64) -> Result<MessageId> {
    MessageId::new(format!("replay-{run_name}-{stream}-{sequence}"))
}
