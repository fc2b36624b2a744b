//! Waiting for messages.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pubsub_core::Result;
use tokio::time::{Instant, Sleep, sleep_until};

use super::link::Link;
use crate::consumer::Taken;
use crate::error;
use crate::stream::{Want, Wanted};

/// One fetch, or the fetches of one subscription. Messages leave the stream only in the poll that returns them, so
/// that a fetch dropped while it waits has none to lose.
pub(super) struct Intake {
    link: Arc<Link>,
    id: u64,
    waits: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Intake {
    pub(super) fn new(link: Arc<Link>) -> Self {
        let id = link.connection.store.next_id();
        Self { link, id, waits: false, timer: None }
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Resolves when messages were taken into `taken`, or with none at `until`.
    pub(super) fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        max: usize,
        until: Option<Instant>,
        taken: &mut Vec<Taken>,
    ) -> Poll<Result<()>> {
        // A subscription over a full stream would otherwise never let other tasks run.
        let progress = ready!(tokio::task::coop::poll_proceed(context));
        loop {
            match self.take(context, max, until, taken) {
                Err(error) => {
                    progress.made_progress();
                    return Poll::Ready(Err(error));
                }
                Ok(Wanted::Taken | Wanted::Expired) => {
                    progress.made_progress();
                    self.waits = false;
                    return Poll::Ready(Ok(()));
                }
                Ok(Wanted::TooManyWait(limit)) => {
                    let (stream, consumer) = (self.link.stream.name(), &self.link.consumer);
                    return Poll::Ready(Err(error::too_many_waiting(stream, consumer, limit)));
                }
                Ok(Wanted::Yield) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Wanted::Wait(again)) => {
                    self.waits = true;
                    ready!(self.poll_timer(context, again));
                }
            }
        }
    }

    fn take(
        &self,
        context: &Context<'_>,
        max: usize,
        until: Option<Instant>,
        taken: &mut Vec<Taken>,
    ) -> Result<Wanted> {
        let link = &self.link;
        let want = Want {
            fetch: self.id,
            handle: link.id,
            connection: link.connection.id,
            max,
            until,
            waker: context.waker(),
        };
        link.stream.run(|state, now, effects| {
            link.connection.check_open("broker")?;
            state.take(link.key, &want, now, effects, taken).map_err(|gone| link.gone(gone))
        })
    }

    fn poll_timer(&mut self, context: &mut Context<'_>, at: Option<Instant>) -> Poll<()> {
        let Some(at) = at else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(context)
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        if self.waits {
            let link = &self.link;
            link.stream.run(|state, now, effects| state.leave(link.key, self.id, now, effects));
        }
    }
}
