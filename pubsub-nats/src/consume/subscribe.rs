//! Messages as they come: [`subscribe`].

use std::sync::Arc;
use std::time::Duration;

use async_nats::Subject;
use futures::FutureExt as _;
use futures::future::{FusedFuture as _, OptionFuture};
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{Delivery, Error, ErrorKind, Result, Retry, SubscribeOptions};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::credit::Credit;
use super::deliveries::Deliveries;
use super::pace::Pace;
use super::pull::{Arrival, HEARTBEAT, Pull, Refusal, TROUBLED_HEARTBEAT};
use super::{NatsConsumer, is_silence};
use crate::connection::{Arrived, Inbox, Phase, closing};
use crate::observe::Consuming;

/// How long one request lives at the server.
const EXPIRES: Duration = Duration::from_secs(30);
/// The first pause after a refusal; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_millis(500);
/// An open request that was quiet for so long has nothing in flight; longer before the server has sent anything at all, since
/// it may not have read the request yet.
const QUIET: Duration = Duration::from_millis(50);
const FIRST_QUIET: Duration = Duration::from_millis(250);

pub(super) fn subscribe(
    consumer: Arc<NatsConsumer>,
    options: SubscribeOptions,
) -> BoxStream<'static, Result<Delivery>> {
    let subscription = Subscription {
        inbox: Inbox::new(&consumer.connection),
        phase: consumer.connection.phase(),
        connections: consumer.connection.connections(),
        refusals: consumer.connection.refusals(),
        _consuming: consumer.activity.consume(),
        consumer,
        credit: Credit::new(options.first_buffer(), options.max_bytes),
        pace: Pace::new(options.buffer, options.first_buffer()),
        bound: usize::MAX,
        broken: None,
        options,
        generation: None,
        pause: FIRST_PAUSE,
        heartbeat: HEARTBEAT,
        interrupted: false,
        ended: false,
    };
    Deliveries::new(subscription).boxed()
}

pub(super) struct Subscription {
    consumer: Arc<NatsConsumer>,
    options: SubscribeOptions,
    /// What is in it when the stream is dropped goes back.
    inbox: Inbox,
    phase: watch::Receiver<Phase>,
    connections: watch::Receiver<u64>,
    /// Of subjects, by the server.
    refusals: watch::Receiver<u64>,
    _consuming: Consuming,
    /// What was asked for and not taken yet, in this generation.
    credit: Credit,
    /// How many messages to hold ready.
    pace: Pace,
    /// How many the consumer let be asked for last, if fewer.
    bound: usize,
    generation: Option<Generation>,
    /// Why nothing more was at hand.
    broken: Option<Break>,
    pause: Duration,
    /// How often the next request shows that it lives.
    heartbeat: Duration,
    /// Where nothing is acknowledged: what was on its way may be lost, and nobody was told yet.
    interrupted: bool,
    ended: bool,
}

/// The requests made on one subject. Whatever casts doubt on what the server knows of them (a new connection, silence, a
/// refusal) ends the generation; the next one counts from zero on another subject, so that no count can drift.
struct Generation {
    subject: Subject,
    heard: Instant,
    /// Whether the server has sent anything.
    answered: bool,
    /// How often the last request shows that it lives.
    heartbeat: Duration,
    /// The pin that the last request referred to.
    pin: Option<String>,
}

/// Why no delivery came.
enum Break {
    /// The stream is over.
    Over,
    Refused(Refusal),
    /// Start anew at once.
    Renew,
    /// Another one is pinned, or nobody.
    Unpinned,
    /// What came was settled before.
    Settled(Delivery),
    /// The server shows no sign of life.
    Silent,
    /// The server does not allow it.
    Forbidden(Error),
    /// Nothing broke, but more is to be asked for.
    Ask,
}

impl Subscription {
    /// What has arrived, while everything is as it mostly is. `None` says nothing: [`next`](Self::next) finds out.
    pub(super) fn at_hand(&mut self) -> Option<Delivery> {
        let is_as_usual = self.generation.is_some()
            && self.broken.is_none()
            && !self.phase.has_changed().unwrap_or(true)
            && !self.connections.has_changed().unwrap_or(true);
        while is_as_usual && !self.is_to_ask() {
            match self.take(self.inbox.try_next()?) {
                Ok(Some(delivery)) => {
                    (self.pause, self.heartbeat) = (FIRST_PAUSE, HEARTBEAT);
                    return Some(delivery);
                }
                Ok(None) => {}
                Err(broken) => {
                    self.broken = Some(broken);
                    return None;
                }
            }
        }
        None
    }

    /// The next delivery; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Delivery>> {
        if self.ended {
            return None;
        }
        if let Err(error) = self.check().await {
            self.ended = true;
            return Some(Err(error.with_operation("subscribe")));
        }
        loop {
            match self.advance().await {
                Ok(Some(delivery)) => return Some(Ok(delivery)),
                Ok(None) => {
                    self.ended = true;
                    return None;
                }
                Err(error) if error.kind() == ErrorKind::Closed => {
                    self.ended = true;
                    return None;
                }
                Err(error) if std::mem::take(&mut self.interrupted) => {
                    return Some(Err(self.consumer.explain(error, "subscribe")));
                }
                Err(error) if error.retry() == Retry::Never => {
                    self.ended = true;
                    return Some(Err(self.consumer.explain(error, "subscribe")));
                }
                // It passes by itself; the caller can do nothing about it.
                Err(error) => {
                    let error = self.consumer.explain(error, "subscribe");
                    tracing::warn!(%error, "messages cannot be asked for now");
                    self.generation = None;
                    self.wait().await;
                }
            }
        }
    }

    async fn check(&mut self) -> Result<()> {
        self.options.check(self.consumer.connection.capabilities())?;
        if self.options.priority.is_default() {
            return Ok(());
        }
        self.consumer.check_priority(&self.options.priority).await
    }

    /// What the server sent may not have arrived. Where settlements are wanted it comes again.
    fn interrupt(&mut self) -> Result<()> {
        if self.generation.take().is_none() || self.consumer.acknowledges {
            return Ok(());
        }
        self.interrupted = true;
        Err(Error::new(ErrorKind::Unavailable, "what was on its way may be lost: the consumer has no acks")
            .with_remedy(
                "read the stream by a reader, which misses nothing, or acknowledge what was handled",
            ))
    }

    /// The next delivery, or `None` when the connection is closed.
    async fn advance(&mut self) -> Result<Option<Delivery>> {
        loop {
            if *self.phase.borrow() != Phase::Open {
                return Ok(None);
            }
            let received = match self.broken.take() {
                Some(broken) => Err(broken),
                None => {
                    self.ask().await?;
                    self.receive().await
                }
            };
            match received {
                Ok(delivery) => {
                    (self.pause, self.heartbeat) = (FIRST_PAUSE, HEARTBEAT);
                    return Ok(Some(delivery));
                }
                Err(Break::Over) => return Ok(None),
                Err(Break::Ask) => {}
                Err(Break::Renew) => self.interrupt()?,
                Err(Break::Silent) => {
                    self.heartbeat = TROUBLED_HEARTBEAT;
                    self.interrupt()?;
                }
                Err(Break::Unpinned) => self.generation = None,
                Err(Break::Settled(delivery)) => {
                    if let Some(delivery) = self.consumer.settle_again(delivery).await {
                        return Ok(Some(delivery));
                    }
                }
                Err(Break::Forbidden(error)) => return Err(error),
                Err(Break::Refused(refusal)) => {
                    (self.generation, self.heartbeat) = (None, TROUBLED_HEARTBEAT);
                    self.refused(refusal).await?;
                }
            }
        }
    }

    /// Keeps the credit at the server between a half and all of the buffer, as far as its bytes let it.
    async fn ask(&mut self) -> Result<()> {
        if self.connections.has_changed().unwrap_or(false) {
            self.consumer.ramp.broken();
            self.interrupt()?;
        }
        if self.generation.is_none() {
            self.renew().await?;
        }
        if !self.is_to_ask() {
            return Ok(());
        }
        self.pace.note(Instant::now(), self.consumer.limits().ack_wait);
        self.consumer.refresh_limits(self.pace.size()).await?;
        self.bound = self.consumer.batch(self.pace.size());
        let share = self.credit.next(self.buffer(), self.consumer.limits().bytes(u64::MAX));
        let (Some(generation), Some(share)) = (&mut self.generation, share) else {
            return Ok(());
        };
        let expires = self.consumer.expires(EXPIRES);
        let membership = self.consumer.members.membership(&self.options.priority);
        let pull = Pull::endless(share.messages, expires, self.heartbeat).up_to(share.bytes);
        let pull = pull.by_member(membership);
        generation.pin = pull.pin();
        self.inbox.opens(if generation.answered { QUIET } else { FIRST_QUIET });
        self.credit.asked(share);
        generation.heartbeat = self.heartbeat;
        generation.heard = Instant::now();
        let subject = generation.subject.clone();
        let timeout = self.consumer.connection.config.request_timeout;
        self.consumer.hand_over(timeout, &mut self.phase, self.consumer.pull(pull, &subject)).await
    }

    /// Whether more than half of what may be asked for was taken.
    fn is_to_ask(&self) -> bool {
        self.credit.next(self.buffer(), u64::MAX).is_some()
    }

    /// How many messages may be asked for and not taken at a time.
    fn buffer(&self) -> usize {
        self.pace.size().min(self.bound)
    }

    /// Begins a generation, once there is a connection.
    async fn renew(&mut self) -> Result<()> {
        self.generation = None;
        self.credit.reset();
        let connection = &self.consumer.connection;
        connection.ready(Phase::Closing).await?;
        let _ = self.connections.borrow_and_update();
        let timeout = connection.config.request_timeout;
        let subject = self.consumer.hand_over(timeout, &mut self.phase, self.inbox.renew()).await?;
        self.generation = Some(Generation {
            subject,
            heard: Instant::now(),
            answered: false,
            heartbeat: self.heartbeat,
            pin: None,
        });
        Ok(())
    }

    async fn receive(&mut self) -> Result<Delivery, Break> {
        let mut probe = OptionFuture::default();
        loop {
            while let Some(arrived) = self.inbox.try_next() {
                if let Some(delivery) = self.take(arrived)? {
                    return Ok(delivery);
                }
            }
            let Some(generation) = &self.generation else { return Err(Break::Renew) };
            let silent = generation.heard + 2 * generation.heartbeat;
            let is_silent = Instant::now() >= silent;
            if is_silent && probe.is_terminated() {
                // Where nothing else passes either, the request is not lost, and a second one would take messages too once
                // something passes again.
                let connection = Arc::clone(&self.consumer.connection);
                probe = Some(async move { connection.round_trip().await }.boxed().fuse()).into();
            }
            tokio::select! {
                biased;
                arrived = self.inbox.next() => {
                    let Some(arrived) = arrived else { return Err(Break::Over) };
                    if let Some(delivery) = self.take(arrived)? {
                        return Ok(delivery);
                    }
                }
                () = closing(&mut self.phase) => return Err(Break::Over),
                _ = self.connections.changed() => {
                    self.consumer.ramp.broken();
                    return Err(Break::Renew);
                }
                _ = self.refusals.changed() => {
                    self.consumer.check_allowed(&generation.subject).map_err(Break::Forbidden)?;
                }
                () = sleep_until(silent), if !is_silent => {}
                Some(answered) = &mut probe, if !probe.is_terminated() => match answered {
                    Err(error) if is_silence(&error) => {}
                    _ if is_silent => {
                        tracing::debug!(consumer = %self.consumer.name, "heartbeats are missing; asking anew");
                        return Err(Break::Silent);
                    }
                    _ => {}
                },
            }
        }
    }

    /// Takes one arrival: a delivery, or nothing to hand out.
    fn take(&mut self, arrived: Arrived) -> Result<Option<Delivery>, Break> {
        let length = arrived.message.length;
        let arrival = Arrival::read(&self.consumer, arrived.message, self.options.on_drop);
        let generation = self.generation.as_mut().filter(|_| arrived.current);
        let Some(generation) = generation else {
            // Of an earlier generation only the messages count.
            return Ok(match arrival {
                Arrival::Delivery(delivery) => Some(self.fresh(delivery)?),
                _ => None,
            });
        };
        (generation.heard, generation.answered) = (arrived.at, true);
        match arrival {
            Arrival::Delivery(delivery) => {
                self.consumer.ramp.delivered();
                self.consumer.activity.progressed(arrived.at);
                self.credit.took(length);
                self.pace.took();
                return self.fresh(delivery).map(Some);
            }
            Arrival::Heartbeat | Arrival::Foreign => {}
            Arrival::Ended { unsent: Some(unsent) } => self.credit.ended(unsent),
            Arrival::Ended { unsent: None } => self.credit.reset(),
            Arrival::Refused(refusal) if refusal.is_of_an_old_pin() => {
                self.consumer.members.unpinned(generation.pin.as_deref());
                return Err(Break::Unpinned);
            }
            Arrival::Refused(refusal) => match refusal.unsent() {
                // If it was not for its bytes, the next one may meet no leader, which is to be noticed soon.
                Some(unsent) if self.credit.cut_short(unsent) => self.heartbeat = TROUBLED_HEARTBEAT,
                _ => return Err(Break::Refused(refusal)),
            },
        }
        // The credit may have fallen.
        if self.is_to_ask() { Err(Break::Ask) } else { Ok(None) }
    }

    /// Sets apart what was settled before.
    fn fresh(&self, delivery: Delivery) -> Result<Delivery, Break> {
        if self.consumer.seems_settled(&delivery) { Err(Break::Settled(delivery)) } else { Ok(delivery) }
    }

    async fn refused(&mut self, refusal: Refusal) -> Result<()> {
        if refusal.is_our_fault() && !self.consumer.has_another_group().await? {
            return Err(refusal.into_error().with_retry(Retry::Never));
        }
        // `NotFound` if the consumer or its stream was deleted; any other cause passes.
        self.consumer.check_there().await?;
        let error = refusal.into_error();
        tracing::debug!(consumer = %self.consumer.name, %error, "asking again after a pause");
        self.wait().await;
        Ok(())
    }

    async fn wait(&mut self) {
        let pause = self.pause;
        self.pause = (pause * 2).min(LAST_PAUSE);
        tokio::select! {
            biased;
            () = closing(&mut self.phase) => {}
            () = sleep(pause) => {}
        }
    }
}
