//! A replayed message in the hands of its handler.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::time::timeout;

use crate::admin::StoredMessage;
use crate::message::{Delivery, DeliveryInfo};
use crate::name::{ConsumerName, StreamName};
use crate::worker::handler::{Response, Verdict};
use crate::worker::{Failure, Router, WorkerHandle};

/// The name of the consumer that handlers see.
const CONSUMER: &str = "replay";

/// What handles.
#[derive(Debug)]
pub(super) struct Handling {
    router: Router,
    /// Tells a handler's wish to end.
    pub(super) worker: WorkerHandle,
    stream: StreamName,
    consumer: ConsumerName,
    deadline: Duration,
    handled: u64,
}

impl Handling {
    pub(super) fn new(router: Router, stream: StreamName, deadline: Duration) -> crate::Result<Self> {
        let consumer = ConsumerName::new(CONSUMER)?;
        Ok(Self { router, worker: WorkerHandle::new(), stream, consumer, deadline, handled: 0 })
    }

    /// Runs the handler of a message; `None` if it has none. A panic and a handler that takes too long are failures.
    pub(super) async fn handle(
        &mut self,
        message: StoredMessage,
        remaining: u64,
    ) -> Option<Result<Response, Failure>> {
        let route = self.router.find(&message.subject)?;
        self.handled += 1;
        let (sequence, stored) = (message.sequence, message.published_at);
        let (stream, consumer) = (self.stream.clone(), self.consumer.clone());
        let info = DeliveryInfo::new(stream, consumer, sequence, self.handled, 1, remaining, stored);
        // Nobody settles it.
        let message = Delivery::from_stored(Arc::new(message), info, |_, _| Ok(())).into_message();
        let (router, worker) = (&self.router, &self.worker);
        // Extraction is the user's code too.
        let running = AssertUnwindSafe(async move { Some(router.call(route, &*message, 1, worker)?.await) });
        Some(match timeout(self.deadline, running.catch_unwind()).await {
            Ok(Ok(response)) => match response? {
                Response { verdict: Verdict::Failed(failure), .. } => Err(failure),
                response => Ok(response),
            },
            Ok(Err(_)) => Err(Failure::reject("the handler panicked")),
            Err(_) => Err(Failure::reject("it took longer than its deadline")),
        })
    }
}
