//! Messages as they come.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use pubsub_core::{Delivery, ErrorKind, Result, Retry, SubscribeOptions};

use super::intake::Intake;
use super::message::MemoryMessage;
use crate::consumer::Taken;

/// A stream of deliveries. It takes one message at a time: nothing is gained by holding several ready in the same
/// process, and what is not taken stays available to others without running into its ack wait.
pub(super) struct Subscription {
    intake: Intake,
    options: SubscribeOptions,
    taken: Vec<Taken>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Running,
    Ended,
}

impl Subscription {
    pub(super) fn new(intake: Intake, options: SubscribeOptions) -> Self {
        Self { intake, options, taken: Vec::with_capacity(1), state: State::New }
    }

    fn fail(&mut self, error: pubsub_core::Error) -> Poll<Option<Result<Delivery>>> {
        if error.kind() == ErrorKind::Closed {
            self.state = State::Ended;
            return Poll::Ready(None);
        }
        // No other error passes by itself here; an endless line of them would be a hot loop.
        self.state = State::Ended;
        let error = error.with_retry(Retry::Never);
        Poll::Ready(Some(Err(self.intake.link().during("subscribe", error))))
    }
}

impl Stream for Subscription {
    type Item = Result<Delivery>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        match this.state {
            State::Ended => return Poll::Ready(None),
            State::Running => {}
            State::New => {
                this.state = State::Running;
                if let Err(error) = this.options.validate() {
                    return this.fail(error);
                }
            }
        }
        loop {
            if let Some(taken) = this.taken.pop() {
                let delivery = MemoryMessage::deliver(taken, this.intake.link(), this.options.on_drop);
                return Poll::Ready(Some(Ok(delivery)));
            }
            if let Err(error) = ready!(this.intake.poll_take(context, 1, None, &mut this.taken)) {
                return this.fail(error);
            }
        }
    }
}
