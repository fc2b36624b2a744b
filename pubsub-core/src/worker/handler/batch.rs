//! What runs for several messages at once: [`BatchHandler`].

use std::marker::PhantomData;
use std::time::Duration;

use futures::future::BoxFuture;

use super::{Failure, Verdict};
use crate::worker::extract::{FromMessage, FromState, Incoming, State};

/// When a batch is handed to its handler: when it is full, or when its first message has waited long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    pub(crate) max_messages: usize,
    pub(crate) max_wait: Duration,
}

impl BatchLimits {
    /// Up to so many messages (at least 1), after so long at the latest.
    #[must_use]
    pub fn new(max_messages: usize, max_wait: Duration) -> Self {
        Self { max_messages: max_messages.max(1), max_wait }
    }
}

/// An async function of a `Vec<T>`, or of [`State`] and a `Vec<T>`, where `T` is [extracted](FromMessage) from each message;
/// it returns what says [what becomes of each](IntoVerdicts). Implemented for such functions and closures; do not
/// implement it.
///
/// A message of which no `T` can be made is not in the batch: it gets a verdict of its own.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::worker::{BatchLimits, Failure, Json, Router, Verdict};
///
/// async fn ingest(rows: Vec<Json<u64>>) -> Vec<Verdict> {
///     let keep = |Json(row): Json<u64>| if row < 100 { Verdict::Done } else { Verdict::reject("too large") };
///     rows.into_iter().map(keep).collect()
/// }
///
/// let limits = BatchLimits::new(500, Duration::from_millis(200));
/// let router: Router = Router::new().route_batch("rows.>", limits, ingest)?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of batches",
    label = "not an async function of `Vec<T>`",
    note = "a handler of batches is `async`, takes a `Vec<T>` (with `State<_>` before it, if it likes), where `T` implements `FromMessage` (`Json<T>`, `(Path<_>, Json<_>)`, ...), and returns what implements `IntoVerdicts`"
)]
pub trait BatchHandler<Arguments, T, S>: Clone + Send + Sync + 'static {
    /// Begins to run. The future owns all it needs.
    fn call(&self, batch: Vec<T>, state: &S) -> BoxFuture<'static, Verdicts>;
}

impl<F, Fut, Out, T, S> BatchHandler<(Vec<T>,), T, S> for F
where
    F: Fn(Vec<T>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Out> + Send + 'static,
    Out: IntoVerdicts,
{
    fn call(&self, batch: Vec<T>, _state: &S) -> BoxFuture<'static, Verdicts> {
        let running = self(batch);
        Box::pin(async move { running.await.into_verdicts() })
    }
}

impl<F, Fut, Out, T, S, P> BatchHandler<(State<P>, Vec<T>), T, S> for F
where
    F: Fn(State<P>, Vec<T>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Out> + Send + 'static,
    Out: IntoVerdicts,
    P: FromState<S>,
{
    fn call(&self, batch: Vec<T>, state: &S) -> BoxFuture<'static, Verdicts> {
        let running = self(State(P::from_state(state)), batch);
        Box::pin(async move { running.await.into_verdicts() })
    }
}

/// What becomes of the messages of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdicts {
    /// The same of all.
    All(Verdict),
    /// One for each, in order. If there are more or fewer than messages, nobody can tell which is whose: all have failed.
    Each(Vec<Verdict>),
}

impl Verdicts {
    fn spread(self, count: usize) -> Vec<Verdict> {
        match self {
            Self::All(Verdict::Done) => (0..count).map(|_| Verdict::Done).collect(),
            Self::All(Verdict::Failed(failure)) => {
                (0..count).map(|_| Verdict::Failed(failure.for_another())).collect()
            }
            Self::Each(verdicts) if verdicts.len() == count => verdicts,
            Self::Each(verdicts) => {
                let reason = format!("its batch got {} verdicts for {count} messages", verdicts.len());
                tracing::error!("{reason}: none of them can be acknowledged");
                (0..count).map(|_| Verdict::Failed(Failure::retry(&*reason))).collect()
            }
        }
    }
}

/// What a handler of batches may return: `()`, a [`Verdict`] for all, a `Vec<Verdict>` with one for each in order, or a
/// `Result` of one of them, whose error is that of all.
#[diagnostic::on_unimplemented(
    message = "a handler of batches cannot return `{Self}`",
    label = "no verdicts can be made of this",
    note = "return `()`, `Verdict`, `Vec<Verdict>`, or `Result<_, E>` where `E` is an error"
)]
pub trait IntoVerdicts {
    /// What becomes of the messages.
    fn into_verdicts(self) -> Verdicts;
}

impl IntoVerdicts for Verdicts {
    fn into_verdicts(self) -> Verdicts {
        self
    }
}

impl IntoVerdicts for () {
    fn into_verdicts(self) -> Verdicts {
        Verdicts::All(Verdict::Done)
    }
}

impl IntoVerdicts for Verdict {
    fn into_verdicts(self) -> Verdicts {
        Verdicts::All(self)
    }
}

impl IntoVerdicts for Vec<Verdict> {
    fn into_verdicts(self) -> Verdicts {
        Verdicts::Each(self)
    }
}

impl<T: IntoVerdicts, E: Into<Failure>> IntoVerdicts for Result<T, E> {
    fn into_verdicts(self) -> Verdicts {
        match self {
            Ok(verdicts) => verdicts.into_verdicts(),
            Err(error) => Verdicts::All(Verdict::Failed(error.into())),
        }
    }
}

/// A batch that has begun.
pub(crate) struct BatchCall {
    /// For each message, why it is not in the batch.
    pub(crate) refused: Vec<Option<Failure>>,
    /// One verdict for each that is.
    pub(crate) running: BoxFuture<'static, Vec<Verdict>>,
}

/// A handler of batches whose types are known no more.
pub(crate) trait ErasedBatch<S>: Send + Sync {
    fn call(&self, incoming: &[Incoming<'_>], state: &S) -> BatchCall;
}

/// Keeps the types of a handler of batches in the type.
pub(crate) struct ErasedBatchOf<H, Arguments, T> {
    handler: H,
    types: PhantomData<fn() -> (Arguments, T)>,
}

impl<H, Arguments, T> ErasedBatchOf<H, Arguments, T> {
    pub(crate) fn new(handler: H) -> Self {
        Self { handler, types: PhantomData }
    }
}

impl<H, Arguments, T, S> ErasedBatch<S> for ErasedBatchOf<H, Arguments, T>
where
    H: BatchHandler<Arguments, T, S>,
    T: FromMessage<S>,
{
    fn call(&self, incoming: &[Incoming<'_>], state: &S) -> BatchCall {
        let (mut batch, mut refused) =
            (Vec::with_capacity(incoming.len()), Vec::with_capacity(incoming.len()));
        for incoming in incoming {
            match T::from_message(incoming, state) {
                Ok(item) => {
                    batch.push(item);
                    refused.push(None);
                }
                Err(failure) => refused.push(Some(failure)),
            }
        }
        let count = batch.len();
        if count == 0 {
            return BatchCall { refused, running: Box::pin(std::future::ready(Vec::new())) };
        }
        let running = self.handler.call(batch, state);
        BatchCall { refused, running: Box::pin(async move { running.await.spread(count) }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failure_of_a_batch_is_that_of_each() {
        let all = Err::<(), _>("x".parse::<u8>().unwrap_err()).into_verdicts().spread(2);
        assert!(all.iter().all(|verdict| matches!(verdict, Verdict::Failed(failure) if !failure.is_final())));
        let each = vec![Verdict::Done, Verdict::reject("no")].into_verdicts().spread(2);
        assert!(matches!(each[..], [Verdict::Done, Verdict::Failed(_)]));
    }

    #[test]
    fn more_or_fewer_verdicts_than_messages_are_the_failure_of_all() {
        for verdicts in [1, 3] {
            let each: Vec<_> = (0..verdicts).map(|_| Verdict::Done).collect();
            let spread = each.into_verdicts().spread(2);
            assert!(matches!(spread[..], [Verdict::Failed(_), Verdict::Failed(_)]));
        }
    }
}
