//! Waiting for messages.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pubsub_core::{PullPriority, Result};
use tokio::time::Instant;

use super::link::Link;
use super::timer::Timer;
use crate::consumer::{Asker, Room, Taken};
use crate::error;
use crate::stream::{Want, Wanted};

/// One fetch. Messages leave the stream only in the poll that returns them, so that a fetch dropped while it waits has
/// none to lose.
pub(super) struct Intake {
    link: Arc<Link>,
    id: u64,
    asker: Asker,
    waits: bool,
    timer: Timer,
}

impl Intake {
    pub(super) fn new(link: Arc<Link>, priority: PullPriority) -> Self {
        let id = link.connection.store.next_id();
        let asker = Asker { handle: link.id, priority };
        Self { link, id, asker, waits: false, timer: Timer::default() }
    }

    /// Resolves when messages were taken into `taken`, or with none at `until`.
    pub(super) fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        room: Room,
        until: Instant,
        taken: &mut Vec<Taken>,
    ) -> Poll<Result<()>> {
        // A loop of fetches over a full stream would otherwise never let other tasks run.
        let progress = ready!(tokio::task::coop::poll_proceed(context));
        loop {
            match self.take(context, room, until, taken) {
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
                    ready!(self.timer.poll(context, Some(again)));
                }
            }
        }
    }

    fn take(
        &self,
        context: &Context<'_>,
        room: Room,
        until: Instant,
        taken: &mut Vec<Taken>,
    ) -> Result<Wanted> {
        let link = &self.link;
        let want = Want {
            fetch: self.id,
            asker: self.asker,
            connection: link.connection.id,
            room,
            until,
            waker: context.waker(),
        };
        link.stream.run_for(link.key, |state, now, effects| {
            link.connection.check_open("broker")?;
            state.take(link.key, &want, now, effects, taken).map_err(|gone| link.gone(gone))
        })
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        if self.waits {
            let link = &self.link;
            link.stream.run_for(link.key, |state, now, effects| {
                state.leave(link.key, self.id, link.id, now, effects);
            });
        }
    }
}
