//! One batch: [`fetch`].

use std::sync::Arc;
use std::time::Duration;

use async_nats::Subject;
use pubsub_core::{Delivery, Error, ErrorKind, FetchOptions, Result};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::credit::Unsent;
use super::pull::{Arrival, HEARTBEAT, Pull, Refusal};
use super::{NatsConsumer, is_silence};
use crate::connection::{Arrived, Inbox, Phase, closing};
use crate::observe::Consuming;

/// How long a request for several messages waits at the server. It must end by itself: a consumer that stalls in the middle
/// of a batch, at `max_ack_pending`, gives no sign before the request expires, and to give a request up while it has room
/// can cost a message that is on its way one of its attempts.
const BRIEF: Duration = Duration::from_millis(50);
/// The longest that a request for one message waits; once filled it has no room left.
const SLICE: Duration = Duration::from_secs(10);
/// How much later than due a word of the server may come before the request counts as lost.
const GRACE: Duration = Duration::from_secs(1);
/// How much later than two of them a heartbeat may come.
const LATE: Duration = Duration::from_millis(500);
/// How long silence lasts, in a fetch that does not wait, before the consumer is looked at.
const SILENCE: Duration = Duration::from_millis(100);
/// What is left of a wait is not worth another request.
const REMNANT: Duration = Duration::from_millis(5);
/// A request for one message was quiet for long enough to have nothing in flight after twice the time in which the one before
/// was answered, within these bounds.
const QUIET: Duration = Duration::from_millis(50);
const LONGEST_QUIET: Duration = Duration::from_millis(300);
/// The pause after a refusal.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest wait that tokio's clock can add to any instant.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) async fn fetch(consumer: &NatsConsumer, options: &FetchOptions) -> Result<Vec<Delivery>> {
    options.check(consumer.connection.capabilities())?;
    consumer.connection.check_open()?;
    consumer.check_priority(&options.priority).await?;
    let expires = options.expires.min(LONGEST);
    let deadline = Instant::now() + expires;
    let mut phase = consumer.connection.phase();
    consumer.wait_for_a_sign(expires, &mut phase).await?;
    let mut fetch = Fetch {
        inbox: Inbox::new(&consumer.connection),
        consumer,
        options,
        deadline,
        phase,
        connections: consumer.connection.connections(),
        refusals: consumer.connection.refusals(),
        _consuming: consumer.activity.consume(),
        refusal: None,
        next: Ask::Several,
        asked_at: Instant::now(),
        bytes: options.max_bytes,
        answered_in: LONGEST_QUIET,
        pin: None,
        settled: 0,
    };
    fetch.run().await
}

struct Fetch<'a> {
    /// Holds what was received so far too.
    inbox: Inbox,
    consumer: &'a NatsConsumer,
    options: &'a FetchOptions,
    deadline: Instant,
    phase: watch::Receiver<Phase>,
    connections: watch::Receiver<u64>,
    /// Of subjects, by the server.
    refusals: watch::Receiver<u64>,
    _consuming: Consuming,
    /// The last refusal, to be told if time runs out before one passes.
    refusal: Option<Refusal>,
    next: Ask,
    /// When the last request was made.
    asked_at: Instant,
    /// How many bytes there is room for.
    bytes: u64,
    /// In which time the server answered the last request for all that there is.
    answered_in: Duration,
    /// The pin that the last request referred to.
    pin: Option<String>,
    /// How many of the last request were settled before, and are not handed out.
    settled: usize,
}

/// What the next request asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// All that there is now.
    Several,
    /// The first that comes, since there is nothing now.
    One,
    /// One that is larger than there is room for.
    Large,
}

/// What to do after one request.
enum Next {
    Return,
    /// Ask again, perhaps after a pause.
    Again(Duration),
    /// Ask again whatever time is left: there is something.
    Anyway,
}

impl Fetch<'_> {
    async fn run(&mut self) -> Result<Vec<Delivery>> {
        self.connected().await?;
        self.consumer.refresh_limits(self.options.max_messages).await?;
        let timeout = self.patience();
        let subject = self.consumer.hand_over(timeout, &mut self.phase, self.inbox.renew()).await?;
        loop {
            let next = match self.request(&subject).await {
                Ok(Next::Again(pause)) if self.remaining() > REMNANT => {
                    sleep(pause.min(self.remaining())).await;
                    self.connected().await.map(|()| None)
                }
                Ok(Next::Anyway) => Ok(None),
                Ok(Next::Again(_)) => self.out_of_time().map(|()| Some(Next::Return)),
                other => other.map(Some),
            };
            match next {
                Ok(None) => {}
                Err(error) if self.inbox.collected() == 0 || error.kind() == ErrorKind::Closed => {
                    return Err(error);
                }
                // What went wrong meets the next fetch as well; what was received is good.
                Ok(Some(_)) | Err(_) => return self.inbox.take_collected(self.options.max_messages),
            }
        }
    }

    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How long it may take to hand something over. A fetch that does not wait has the time of any request.
    fn patience(&self) -> Duration {
        let longest = self.consumer.connection.config.request_timeout;
        if self.options.expires.is_zero() { longest } else { self.remaining().max(REMNANT).min(longest) }
    }

    fn out_of_time(&mut self) -> Result<()> {
        match self.refusal.take() {
            Some(refusal) => Err(refusal.into_error()),
            None => Ok(()),
        }
    }

    /// Waits until there is a connection; a request made before would wait in a queue.
    async fn connected(&mut self) -> Result<()> {
        let connection = &self.consumer.connection;
        connection.ready_by(self.deadline, self.options.expires, Phase::Closing).await?;
        let _ = self.connections.borrow_and_update();
        Ok(())
    }

    /// Makes one request and takes what it brings.
    async fn request(&mut self, subject: &Subject) -> Result<Next> {
        let waits = !self.options.expires.is_zero();
        let collected = self.inbox.collected();
        let wanted = self.options.max_messages - collected;
        // 0 would be no bound; with 1 the next message is told to be too large.
        let bytes = self.consumer.limits().bytes(self.bytes).max(1);
        let (most, bytes, longest) = match self.next {
            Ask::Several => (wanted, Some(bytes), BRIEF),
            Ask::One => (1, Some(bytes), SLICE),
            Ask::Large => (1, None, BRIEF),
        };
        let expires = if waits {
            self.consumer.expires(self.remaining().min(longest)).max(REMNANT)
        } else {
            Duration::ZERO
        };
        let asked = self.consumer.batch(most);
        let membership = self.consumer.members.membership(&self.options.priority);
        let pull = Pull::once(asked, expires).up_to(bytes).by_member(membership);
        self.pin = pull.pin();
        let has_heartbeats = pull.has_heartbeats();
        let asked = collected + asked;
        self.settled = 0;

        self.inbox.opens(match self.next {
            // It is answered soon whatever there is: what was not answered may bring something.
            Ask::Several | Ask::Large => Duration::MAX,
            Ask::One => (2 * self.answered_in).clamp(QUIET, LONGEST_QUIET),
        });
        let timeout = self.patience();
        self.consumer.hand_over(timeout, &mut self.phase, self.consumer.pull(pull, subject)).await?;
        self.asked_at = Instant::now();
        let expiry = self.asked_at + expires;
        let mut heard = self.asked_at;
        loop {
            while let Some(arrived) = self.inbox.try_next() {
                heard = arrived.at;
                if let Some(next) = self.take(arrived, asked).await? {
                    return Ok(next);
                }
            }
            let patience = match (waits, has_heartbeats) {
                (false, _) => heard + SILENCE,
                (true, false) => heard.max(expiry) + GRACE,
                (true, true) => (heard + 2 * HEARTBEAT + LATE).min(expiry.max(heard) + GRACE),
            };
            tokio::select! {
                biased;
                arrived = self.inbox.next() => {
                    let Some(arrived) = arrived else { return Err(Error::closed("connection")) };
                    heard = arrived.at;
                    if let Some(next) = self.take(arrived, asked).await? {
                        return Ok(next);
                    }
                }
                () = closing(&mut self.phase) => return Err(Error::closed("connection")),
                _ = self.connections.changed() => {
                    // The server has forgotten the request.
                    self.consumer.ramp.broken();
                    return Ok(if self.inbox.collected() == 0 { Next::Again(Duration::ZERO) } else { Next::Return });
                }
                _ = self.refusals.changed() => self.consumer.check_allowed(subject)?,
                () = sleep_until(patience) => return self.lost_patience(waits, subject, asked).await,
            }
        }
    }

    /// Nothing came for too long.
    async fn lost_patience(&mut self, waits: bool, subject: &Subject, asked: usize) -> Result<Next> {
        if self.inbox.collected() > 0 {
            return self.stop_waiting().await;
        }
        if !self.consumer.connection.is_connected() {
            return if self.remaining() > REMNANT {
                Ok(Next::Again(Duration::ZERO))
            } else {
                Err(self.consumer.connection.unreachable_or_late(self.options.expires))
            };
        }
        self.consumer.check_allowed(subject)?;
        if waits {
            return self.probe(asked).await;
        }
        // At `max_ack_pending` the server gives no answer at all. By the time that it has answered this, it has had the
        // time to answer the pull.
        self.consumer.look().await?;
        while let Some(arrived) = self.inbox.try_next() {
            if let Some(next) = self.take(arrived, self.options.max_messages).await? {
                return Ok(next);
            }
        }
        self.stop_waiting().await
    }

    /// Whether to ask again: not while nothing else passes either. Then the request is not lost, and once something passes
    /// again, a second one would take messages too.
    async fn probe(&mut self, asked: usize) -> Result<Next> {
        let connection = Arc::clone(&self.consumer.connection);
        let mut round_trip = Box::pin(connection.round_trip());
        loop {
            tokio::select! {
                biased;
                arrived = self.inbox.next() => {
                    let Some(arrived) = arrived else { return Err(Error::closed("connection")) };
                    if let Some(next) = self.take(arrived, asked).await? {
                        return Ok(next);
                    }
                }
                () = closing(&mut self.phase) => return Err(Error::closed("connection")),
                _ = self.connections.changed() => {
                    self.consumer.ramp.broken();
                    return Ok(Next::Again(Duration::ZERO));
                }
                answered = &mut round_trip => match answered {
                    Err(error) if is_silence(&error) => round_trip.set(connection.round_trip()),
                    Ok(()) => return Ok(Next::Again(Duration::ZERO)),
                    Err(_) => return Ok(Next::Again(PAUSE)),
                },
                () = sleep_until(self.deadline) => {
                    self.consumer.set_mute(true);
                    return Ok(Next::Again(Duration::ZERO));
                }
            }
        }
    }

    /// Returns what there is although the request is open. It ends first, so that it cannot take what comes next.
    async fn stop_waiting(&mut self) -> Result<Next> {
        for message in self.inbox.finish().await {
            let arrival = Arrival::read(self.consumer, message, self.options.on_drop);
            if let Arrival::Delivery(delivery) = arrival {
                self.collect(delivery).await;
            }
        }
        // More than was asked for can only come by a request that had been given up; it is not handed out.
        Ok(Next::Return)
    }

    /// Takes one arrival; says what to do if it ends the request. `asked` is how many the batch then has at most.
    async fn take(&mut self, arrived: Arrived, asked: usize) -> Result<Option<Next>> {
        let Arrived { message, at, .. } = arrived;
        let length = message.length;
        match Arrival::read(self.consumer, message, self.options.on_drop) {
            Arrival::Delivery(delivery) => {
                self.bytes = self.bytes.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
                self.consumer.ramp.delivered();
                self.consumer.activity.progressed(at);
                let more = delivery.info().pending > 0;
                let collected = self.collect(delivery).await;
                if collected + self.settled < asked {
                    return Ok(None);
                }
                self.inbox.closes();
                let is_first = std::mem::replace(&mut self.next, Ask::Several) == Ask::One;
                let has_room = self.bytes > 0 && collected < self.options.max_messages;
                let goes_on = (is_first && more && has_room) || collected == 0;
                Ok(Some(if goes_on { Next::Again(Duration::ZERO) } else { Next::Return }))
            }
            // That one has all its messages, they have said themselves.
            Arrival::Heartbeat
            | Arrival::Foreign
            | Arrival::Ended { unsent: Some(Unsent { messages: 0, .. }) } => Ok(None),
            Arrival::Ended { .. } => {
                self.inbox.closes();
                self.answered_in = self.asked_at.elapsed();
                self.refusal = None;
                self.next = Ask::One;
                let waited = self.options.expires.is_zero() || self.remaining() <= REMNANT;
                let ends = waited || self.inbox.collected() > 0;
                Ok(Some(if ends { Next::Return } else { Next::Again(Duration::ZERO) }))
            }
            Arrival::Refused(refusal) => {
                self.inbox.closes();
                self.refused(refusal).await.map(Some)
            }
        }
    }

    /// Keeps a delivery, unless its message was settled before; says how many there are then.
    async fn collect(&mut self, delivery: Delivery) -> usize {
        let delivery = if self.consumer.seems_settled(&delivery) {
            self.consumer.settle_again(delivery).await
        } else {
            Some(delivery)
        };
        match delivery {
            Some(delivery) => self.inbox.collect(delivery),
            None => {
                self.settled += 1;
                self.inbox.collected()
            }
        }
    }

    async fn refused(&mut self, refusal: Refusal) -> Result<Next> {
        if refusal.is_of_an_old_pin() {
            self.consumer.members.unpinned(self.pin.as_deref());
            return Ok(if self.inbox.collected() > 0 { Next::Return } else { Next::Again(Duration::ZERO) });
        }
        if self.inbox.collected() > 0 {
            return Ok(Next::Return);
        }
        if refusal.unsent().is_some() && self.next != Ask::Large {
            // Perhaps for its bytes, and the first one comes whatever its size is.
            self.next = Ask::Large;
            return Ok(Next::Anyway);
        }
        if refusal.is_our_fault() {
            let again = self.consumer.has_another_group().await?;
            return if again { Ok(Next::Again(PAUSE)) } else { Err(refusal.into_error()) };
        }
        self.consumer.check_there().await?;
        self.refusal = Some(refusal);
        Ok(Next::Again(PAUSE))
    }
}
