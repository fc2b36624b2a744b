//! What is published and handled while something happens to the store: [`Traffic`].

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pubsub_core::Publisher;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::load::{ack, publish_until_stored};
use crate::check::{CaseResult, Failure, check, text};
use crate::trial::{TestSubscription, Trial};

/// How many publishes of a round are made while the fault begins, and how many are begun when it is there.
const MEANWHILE: usize = 5;

/// How often it is looked how much was handled.
const POLL: Duration = Duration::from_millis(10);

/// Numbers that are published one after the other and handled as they come, each as far as it is let. So a fault comes with
/// messages on their way in both directions, however fast the store is.
#[derive(Debug)]
pub(super) struct Traffic<'t> {
    trial: &'t Trial,
    publishes_to: watch::Sender<usize>,
    handles_to: watch::Sender<usize>,
    begun: AtomicUsize,
    stored: AtomicUsize,
    handled: Mutex<BTreeSet<usize>>,
}

impl<'t> Traffic<'t> {
    pub(super) fn new(trial: &'t Trial) -> Self {
        Self {
            trial,
            publishes_to: watch::Sender::new(0),
            handles_to: watch::Sender::new(0),
            begun: AtomicUsize::new(0),
            stored: AtomicUsize::new(0),
            handled: Mutex::default(),
        }
    }

    /// Publishes the numbers `0..count`.
    pub(super) async fn publish_all(&self, publisher: &dyn Publisher, count: usize) -> CaseResult {
        let mut most = self.publishes_to.subscribe();
        for number in 0..count {
            // It cannot be closed: its sender is `self`.
            let _ = most.wait_for(|most| number < *most).await;
            self.begun.store(number + 1, Ordering::Release);
            let message = self.trial.message("a", number.to_string())?.with_id(format!("load-{number}"))?;
            publish_until_stored(self.trial, publisher, message).await?;
            self.stored.store(number + 1, Ordering::Release);
        }
        Ok(())
    }

    /// Handles what comes until each of the numbers `0..count` was there.
    pub(super) async fn handle_all(
        &self,
        subscription: &mut TestSubscription<'_>,
        count: usize,
    ) -> CaseResult {
        let mut most = self.handles_to.subscribe();
        while self.handled() < count {
            // Held unsettled until it may be handled.
            let delivery = subscription.next_despite_long_faults().await?;
            let _ = most.wait_for(|most| self.handled() < *most).await;
            if let Ok(number) = text(delivery.payload()).parse() {
                self.handled.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
            }
            ack(self.trial, delivery).await?;
        }
        Ok(())
    }

    /// How many were handled.
    pub(super) fn handled(&self) -> usize {
        self.handled.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Lets the numbers up to `to` come as far as a fault is to find them: most are stored, some are handled, one is held
    /// unsettled, others wait with the subscription, and publishing goes on.
    pub(super) async fn comes_near(&self, to: usize) -> CaseResult {
        let (stored, handled) = (to - 2 * MEANWHILE, to - 4 * MEANWHILE);
        self.publishes_to.send_replace(stored);
        self.handles_to.send_replace(handled);
        self.has_handled(handled).await?;
        let are = || async { Ok(self.stored.load(Ordering::Acquire) >= stored) };
        self.trial.eventually("what comes before the fault was stored", are).await?;
        self.publishes_to.send_replace(to - MEANWHILE);
        Ok(())
    }

    /// Lets all numbers up to `to` through.
    pub(super) fn goes_on(&self, to: usize) {
        self.publishes_to.send_replace(to);
        self.handles_to.send_replace(to);
    }

    /// Waits until a publish is under way that nobody answers.
    pub(super) async fn is_under_way(&self) -> CaseResult {
        let is = || async { Ok(self.begun.load(Ordering::Acquire) > self.stored.load(Ordering::Acquire)) };
        self.trial.eventually("a publish is under way during the fault", is).await
    }

    /// Fails unless some of the numbers up to `to` are neither stored nor handled yet.
    pub(super) fn is_held_up(&self, to: usize) -> CaseResult {
        let (stored, handled) = (self.stored.load(Ordering::Acquire), self.handled());
        check!(stored < to, "the fault has met nothing: all {to} were stored while it lasted");
        check!(handled < to, "the fault has met nothing: all {to} were handled while it lasted");
        Ok(())
    }

    /// Waits until so many were handled.
    pub(super) async fn has_handled(&self, least: usize) -> CaseResult {
        let handled = async {
            while self.handled() < least {
                sleep(POLL).await;
            }
        };
        // An election among servers on a busy machine takes long.
        let in_time = timeout(self.trial.patience() * 4, handled).await;
        in_time.map_err(|_| Failure::new(format!("{} of {least} were handled", self.handled())))
    }
}
