//! One attempt of a handler: bounded in time, and contained.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, CatchUnwind};

use super::WorkerHandle;
use crate::config::duration;
use crate::message::Message;
use crate::worker::handler::{Response, Wanted};
use crate::worker::{Failure, Router, Verdict};

/// What an attempt came to.
#[derive(Debug)]
pub(super) enum Ended {
    Done,
    /// Done, once what was returned is stored.
    Publish(Response),
    Failed(Failure),
    Panicked(Failure),
}

impl Ended {
    /// Whether it tells how long an attempt takes.
    pub(super) fn is_an_end(&self) -> bool {
        match self {
            Self::Done | Self::Panicked(_) => true,
            Self::Publish(_) => false,
            Self::Failed(failure) => !matches!(failure.wanted(), Wanted::Postpone(_)),
        }
    }

    /// Why it failed.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Done | Self::Publish(_) => String::new(),
            Self::Failed(failure) | Self::Panicked(failure) => failure.chain(),
        }
    }
}

impl From<Verdict> for Ended {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Done => Self::Done,
            Verdict::Failed(failure) => Self::Failed(failure),
        }
    }
}

/// What a task came to. Ids are the engine's.
#[derive(Debug)]
pub(super) enum Finished {
    One(u64, Ended),
    Batch(Vec<(u64, Ended)>),
}

impl Finished {
    /// Runs the handler of a batch; a panic or the deadline is the failure of each of its messages.
    pub(super) async fn batch(
        ids: Vec<u64>,
        running: BoxFuture<'static, Vec<Verdict>>,
        deadline: Duration,
    ) -> Self {
        let contained =
            AssertUnwindSafe(async { tokio::time::timeout(deadline, running).await }).catch_unwind();
        let same =
            |ids: Vec<u64>, ended: &dyn Fn() -> Ended| ids.into_iter().map(|id| (id, ended())).collect();
        Self::Batch(match contained.await {
            Ok(Ok(verdicts)) => ids.into_iter().zip(verdicts.into_iter().map(Ended::from)).collect(),
            Ok(Err(_)) => same(ids, &|| too_long(deadline)),
            Err(panic) => same(ids, &|| panicked(&*panic)),
        })
    }
}

/// A handler that runs. It is not boxed once more, since most end when they are polled first.
pub(super) struct Attempt(CatchUnwind<AssertUnwindSafe<BoxFuture<'static, Response>>>);

impl Attempt {
    /// Begins an attempt: nothing but the extraction of the arguments has run.
    pub(super) fn begin(
        router: &Router,
        route: usize,
        message: &dyn Message,
        attempt: u64,
        worker: &WorkerHandle,
    ) -> Result<Self, Ended> {
        // Extraction is the user's code too.
        match catch_unwind(AssertUnwindSafe(|| router.call(route, message, attempt, worker))) {
            Ok(Some(running)) => Ok(Self(AssertUnwindSafe(running).catch_unwind())),
            Ok(None) => Err(Ended::Failed(Failure::reject("no route of its kind takes its subject"))),
            Err(panic) => Err(panicked(&*panic)),
        }
    }
}

/// Ends an attempt when it takes too long.
pub(super) async fn within(attempt: Attempt, deadline: Duration) -> Ended {
    tokio::time::timeout(deadline, attempt).await.unwrap_or_else(|_| too_long(deadline))
}

/// A panic outside of the handler's own code, such as when what it holds is dropped, is a failure too.
pub(super) async fn contained(running: impl Future<Output = Ended>) -> Ended {
    AssertUnwindSafe(running).catch_unwind().await.unwrap_or_else(|panic| panicked(&*panic))
}

pub(super) fn too_long(deadline: Duration) -> Ended {
    let deadline = duration::format(deadline);
    Ended::Failed(Failure::retry(format!("it took longer than its deadline of {deadline}")))
}

impl Future for Attempt {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        Poll::Ready(match ready!(self.0.poll_unpin(context)) {
            Ok(Response { verdict: Verdict::Failed(failure), .. }) => Ended::Failed(failure),
            Ok(response) if response.publish.is_empty() && response.stored.is_empty() => Ended::Done,
            Ok(response) => Ended::Publish(response),
            Err(panic) => panicked(&*panic),
        })
    }
}

pub(super) fn panicked(panic: &(dyn Any + Send)) -> Ended {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Ended::Panicked(Failure::retry(match said {
        Some(said) => format!("the handler panicked: {said}"),
        None => "the handler panicked".to_owned(),
    }))
}
