//! Messages as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Stream;
use pubsub_core::{Delivery, ErrorKind, Result, Retry, SubscribeOptions};

use super::link::Link;
use super::message::MemoryMessage;
use super::timer::Timer;
use crate::consumer::{Asker, Inbox, Next};

/// A stream of deliveries. Up to `buffer` messages are delivered ahead of its polls: by whatever makes them available, so
/// that nothing has to run in the background. Dropped, it hands back what was not taken.
pub(super) struct Subscription {
    link: Arc<Link>,
    inbox: Arc<Inbox>,
    options: SubscribeOptions,
    timer: Timer,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Running,
    Ended,
}

impl Subscription {
    /// Asks for nothing before its first poll.
    pub(super) fn new(link: Arc<Link>, options: SubscribeOptions) -> Self {
        let id = link.connection.store.next_id();
        let asker = Asker { handle: link.id, priority: options.priority };
        Self {
            inbox: Arc::new(Inbox::new(id, link.connection.id, asker, options.first_buffer())),
            link,
            options,
            timer: Timer::default(),
            state: State::New,
        }
    }

    fn next(&self, context: &Context<'_>) -> Result<Next> {
        let link = &self.link;
        link.connection.check_open("broker")?;
        if let Some(taken) = self.inbox.take_before_asking() {
            return Ok(Next::Taken(taken));
        }
        let next = link.stream.run_for(link.key, |state, now, effects| {
            link.connection.check_open("broker")?;
            state.ask(link.key, &self.inbox, context.waker(), now, effects).map_err(|gone| link.gone(gone))
        });
        match next {
            // As with a server: what was delivered before the end comes before the error.
            Err(error) if error.kind() != ErrorKind::Closed => {
                self.inbox.take().map(Next::Taken).ok_or(error)
            }
            next => next,
        }
    }

    fn fail(&mut self, error: pubsub_core::Error) -> Option<Result<Delivery>> {
        self.state = State::Ended;
        if error.kind() == ErrorKind::Closed {
            return None;
        }
        // No other error passes by itself here; an endless line of them would be a hot loop.
        let error = error.with_retry(Retry::Never);
        Some(Err(self.link.during("subscribe", error)))
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
                let check = this.options.check(this.link.connection.capabilities());
                if let Err(error) = check.and_then(|()| this.link.check_priority(&this.options.priority)) {
                    return Poll::Ready(this.fail(error));
                }
            }
        }
        // A subscription over a full stream would otherwise never let other tasks run.
        let progress = ready!(tokio::task::coop::poll_proceed(context));
        loop {
            match this.next(context) {
                Ok(Next::Taken(taken)) => {
                    progress.made_progress();
                    let delivery = MemoryMessage::deliver(taken, &this.link, this.options.on_drop);
                    return Poll::Ready(Some(Ok(delivery)));
                }
                Ok(Next::Wait(again)) => ready!(this.timer.poll(context, again)),
                Err(error) => {
                    progress.made_progress();
                    return Poll::Ready(this.fail(error));
                }
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let link = &self.link;
        link.stream
            .run_for(link.key, |state, now, effects| state.unsubscribe(link.key, &self.inbox, now, effects));
    }
}
