//! The rules, what they decide, and what was injected: [`Plan`], [`Injected`].

use std::fmt::{self, Display, Formatter};
use std::mem::discriminant;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use pubsub_core::{Error, ErrorKind, Message, Result};
use tokio::time::{Instant, timeout};

use super::fault::{DeliveryFault, ExtendFault, Fault, FetchFault, PublishFault, SettleFault};
use super::link::Link;
use super::when::When;

/// A fault that was injected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Injected {
    /// The time since the layer was made, on tokio's clock.
    pub at: Duration,
    /// What was injected, and at which point.
    pub fault: Fault,
    /// The message's subject; `None` for a fetch.
    pub subject: Option<String>,
    /// The message's place in its stream; `None` where it has none yet.
    pub stream_sequence: Option<u64>,
}

impl Display for Injected {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10.3} s  {:?}", self.at.as_secs_f64(), self.fault)?;
        if let Some(subject) = &self.subject {
            write!(f, " `{subject}`")?;
        }
        match self.stream_sequence {
            Some(sequence) => write!(f, " sequence {sequence}"),
            None => Ok(()),
        }
    }
}

/// What a decision is about.
#[derive(Debug, Clone, Copy)]
struct Occasion<'m> {
    subject: Option<&'m str>,
    stream_sequence: Option<u64>,
    /// What chance depends on; `None`: the count.
    mark: Option<u64>,
}

#[derive(Debug)]
struct Rule {
    when: When,
    fault: Fault,
    count: u64,
    injected: u64,
}

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Rule>,
    injected: Vec<Injected>,
}

#[derive(Debug)]
pub(super) struct Plan {
    seed: u64,
    began: Mutex<Option<Instant>>,
    inner: Mutex<Inner>,
    healed: AtomicBool,
    link: Link,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            began: Mutex::default(),
            inner: Mutex::default(),
            healed: AtomicBool::new(false),
            link: Link::default(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    pub(super) fn add(&self, when: When, fault: Fault) {
        self.inner().rules.push(Rule { when, fault, count: 0, injected: 0 });
    }

    pub(super) fn heal(&self) {
        self.healed.store(true, Ordering::Release);
        self.link.mend();
    }

    /// Forgets the rules; new ones are followed.
    pub(super) fn forget(&self) {
        self.inner().rules.clear();
        self.link.mend();
    }

    /// Waits for a connection, for so long.
    pub(super) async fn connected(&self, operation: &'static str, patience: Duration) -> Result<()> {
        timeout(patience, self.link.up()).await.map_err(|_| no_connection(operation))
    }

    pub(super) fn injected(&self) -> Vec<Injected> {
        self.inner().injected.clone()
    }

    pub(super) fn for_publish(&self, subject: &str) -> Option<PublishFault> {
        let occasion = Occasion { subject: Some(subject), stream_sequence: None, mark: None };
        let any = Fault::Publish(PublishFault::Duplicate);
        match self.decide(any, occasion)? {
            Fault::Publish(fault) => Some(fault),
            _ => None,
        }
    }

    pub(super) fn for_fetch(&self) -> Option<FetchFault> {
        let occasion = Occasion { subject: None, stream_sequence: None, mark: None };
        match self.decide(Fault::Fetch(FetchFault::Delay(Duration::ZERO)), occasion)? {
            Fault::Fetch(fault) => Some(fault),
            _ => None,
        }
    }

    pub(super) fn for_delivery(&self, message: &dyn Message) -> Option<DeliveryFault> {
        match self.decide(Fault::Delivery(DeliveryFault::Drop), about(message))? {
            Fault::Delivery(fault) => Some(fault),
            _ => None,
        }
    }

    pub(super) fn for_settle(&self, message: &dyn Message) -> Option<SettleFault> {
        match self.decide(Fault::Settle(SettleFault::Lose), about(message))? {
            Fault::Settle(fault) => Some(fault),
            _ => None,
        }
    }

    pub(super) fn for_extend(&self, message: &dyn Message) -> Option<ExtendFault> {
        match self.decide(Fault::Extend(ExtendFault::Lose), about(message))? {
            Fault::Extend(fault) => Some(fault),
            _ => None,
        }
    }

    /// The fault of the first rule for the point of `any` that says yes.
    fn decide(&self, any: Fault, occasion: Occasion<'_>) -> Option<Fault> {
        if self.healed.load(Ordering::Acquire) {
            return None;
        }
        let at = self
            .began
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(Instant::now)
            .elapsed();
        let mut inner = self.inner();
        let mut chosen = None;
        for (number, rule) in (0_u64..).zip(&mut inner.rules) {
            if discriminant(&rule.fault) != discriminant(&any) || !rule.when.concerns(occasion.subject) {
                continue;
            }
            // Every rule counts every occasion, so that rules do not depend on each other.
            rule.count += 1;
            let mut draw = draw(self.seed, number, occasion.mark.unwrap_or(rule.count));
            if chosen.is_none() && rule.when.picks(rule.count, rule.injected, &mut draw) {
                rule.injected += 1;
                chosen = Some(rule.fault);
            }
        }
        let fault = chosen?;
        let subject = occasion.subject.map(str::to_owned);
        inner.injected.push(Injected { at, fault, subject, stream_sequence: occasion.stream_sequence });
        Some(fault)
    }
}

fn about(message: &dyn Message) -> Occasion<'_> {
    let info = message.info();
    let mut mark = mix(info.stream_sequence, info.attempt);
    for byte in info.stream.as_str().bytes().chain([0]).chain(info.consumer.as_str().bytes()) {
        mark = mix(mark, u64::from(byte));
    }
    Occasion {
        subject: Some(message.subject()),
        stream_sequence: Some(info.stream_sequence),
        mark: Some(mark),
    }
}

fn draw(seed: u64, rule: u64, mark: u64) -> Rng {
    Rng::with_seed(mix(mix(seed, rule), mark))
}

/// One number of two, by the generator that is used for everything else.
fn mix(one: u64, other: u64) -> u64 {
    Rng::with_seed(one.rotate_left(32) ^ Rng::with_seed(other).u64(..)).u64(..)
}

/// The error of a call that needs the connection while it is lost.
pub(super) fn no_connection(operation: &'static str) -> Error {
    injected_error(ErrorKind::Unavailable, "there is no connection; nothing was sent")
        .with_operation(operation)
}

/// The error of an injected fault.
pub(super) fn injected_error(kind: ErrorKind, message: &'static str) -> Error {
    Error::new(kind, message).with_context("cause", "injected by a FaultLayer")
}
