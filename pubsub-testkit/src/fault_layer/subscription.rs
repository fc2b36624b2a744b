//! A subscription whose deliveries meet the plan's faults.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt as _, unfold};
use pubsub_core::{Delivery, ErrorKind, Result};
use tokio::time::{Instant, sleep, sleep_until};

use super::delivered::{doubled, faulty};
use super::fault::DeliveryFault;
use super::plan::{Plan, injected_error};

struct Subscription {
    inner: BoxStream<'static, Result<Delivery>>,
    plan: Arc<Plan>,
    ready: VecDeque<Delivery>,
    /// What the next one overtakes, and until when it waits for that.
    overtaken: VecDeque<Delivery>,
    overtaken_until: Option<Instant>,
    losses: u64,
    ended: bool,
}

pub(super) fn with_faults(
    inner: BoxStream<'static, Result<Delivery>>,
    plan: Arc<Plan>,
) -> BoxStream<'static, Result<Delivery>> {
    let losses = plan.link().losses();
    let subscription = Subscription {
        inner,
        plan,
        ready: VecDeque::new(),
        overtaken: VecDeque::new(),
        overtaken_until: None,
        losses,
        ended: false,
    };
    unfold(subscription, |mut subscription| async move {
        let next = subscription.next().await?;
        Some((next, subscription))
    })
    // A subscription that is polled after its end has still ended.
    .fuse()
    .boxed()
}

/// What a subscription waits for.
enum Came {
    Item(Option<Result<Delivery>>),
    NothingOvertook,
    Loss,
}

impl Subscription {
    async fn next(&mut self) -> Option<Result<Delivery>> {
        loop {
            if self.plan.link().losses() != self.losses {
                return Some(Err(self.lose()));
            }
            if !self.plan.link().is_up() {
                self.plan.link().up().await;
                continue;
            }
            if let Some(delivery) = self.ready.pop_front() {
                return Some(Ok(delivery));
            }
            if self.ended {
                return None;
            }
            match self.wait().await {
                Came::Loss => {}
                Came::NothingOvertook => self.let_overtaken_go(),
                Came::Item(None) => {
                    self.ended = true;
                    self.let_overtaken_go();
                }
                Came::Item(Some(Err(error))) => return Some(Err(error)),
                Came::Item(Some(Ok(delivery))) => self.arrives(delivery).await,
            }
        }
    }

    async fn wait(&mut self) -> Came {
        let until = self.overtaken_until;
        let patience = async move {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.plan.link().lost_after(self.losses) => Came::Loss,
            item = self.inner.next() => Came::Item(item),
            () = patience => Came::NothingOvertook,
        }
    }

    async fn arrives(&mut self, delivery: Delivery) {
        let message = delivery.into_message();
        match self.plan.for_delivery(message.as_ref()) {
            Some(DeliveryFault::Drop) => return,
            Some(DeliveryFault::Reorder { within }) => {
                self.overtaken.push_back(faulty(&self.plan, message));
                self.overtaken_until = Some(Instant::now() + within);
                return;
            }
            Some(DeliveryFault::Duplicate) => self.ready.extend(doubled(&self.plan, message)),
            Some(DeliveryFault::Delay(delay)) => {
                sleep(delay).await;
                self.ready.push_back(faulty(&self.plan, message));
            }
            None => self.ready.push_back(faulty(&self.plan, message)),
        }
        self.let_overtaken_go();
    }

    fn let_overtaken_go(&mut self) {
        self.overtaken_until = None;
        self.ready.append(&mut self.overtaken);
    }

    /// The connection is lost, and what was prefetched with it.
    fn lose(&mut self) -> pubsub_core::Error {
        self.losses = self.plan.link().losses();
        self.let_overtaken_go();
        // Not abandoned: nobody ever had them.
        self.ready.drain(..).for_each(|delivery| drop(delivery.into_message()));
        injected_error(ErrorKind::Unavailable, "the connection was lost").with_operation("subscribe")
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // As a subscription does that has prefetched them.
        self.ready.drain(..).chain(self.overtaken.drain(..)).for_each(Delivery::hand_back);
    }
}
