//! A subscription as a stream: [`Deliveries`].

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::future::{BoxFuture, FutureExt as _};
use pubsub_core::{Delivery, Result};

use super::subscribe::Subscription;

/// Hands out what is at hand without a future; one is made only to wait. At its end it drops the subscription.
pub(super) struct Deliveries(State);

type Waited = (Box<Subscription>, Option<Result<Delivery>>);

enum State {
    Idle(Box<Subscription>),
    Waiting(BoxFuture<'static, Waited>),
    Over,
}

impl Deliveries {
    pub(super) fn new(subscription: Subscription) -> Self {
        Self(State::Idle(Box::new(subscription)))
    }
}

impl Stream for Deliveries {
    type Item = Result<Delivery>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::Idle(subscription) = &mut self.0
            && let Some(delivery) = subscription.at_hand()
        {
            return Poll::Ready(Some(Ok(delivery)));
        }
        let mut waiting = match mem::replace(&mut self.0, State::Over) {
            State::Over => return Poll::Ready(None),
            State::Waiting(waiting) => waiting,
            State::Idle(mut subscription) => async move {
                let item = subscription.next().await;
                (subscription, item)
            }
            .boxed(),
        };
        let polled = waiting.poll_unpin(context);
        let Poll::Ready((subscription, item)) = polled else {
            self.0 = State::Waiting(waiting);
            return Poll::Pending;
        };
        if item.is_some() {
            self.0 = State::Idle(subscription);
        }
        Poll::Ready(item)
    }
}
