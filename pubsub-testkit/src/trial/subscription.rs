//! A subscription as cases use it: [`TestSubscription`].

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{Delivery, Error, Result, Retry, SubscribeOptions};

use super::{TestConsumer, Trial};
use crate::check::{CaseResult, Failure, check, placed};

/// What comes of a subscription, waited for with the case's patience. Dropped, it ends.
pub(crate) struct TestSubscription<'t> {
    trial: &'t Trial,
    deliveries: BoxStream<'static, Result<Delivery>>,
}

impl<'t> TestConsumer<'t> {
    /// Subscribes, holding up to so many messages ready.
    pub(crate) fn subscribe(&self, buffer: usize) -> TestSubscription<'t> {
        self.subscribe_with(SubscribeOptions::default().with_buffer(buffer))
    }

    pub(crate) fn subscribe_with(&self, options: SubscribeOptions) -> TestSubscription<'t> {
        let deliveries = Arc::clone(self.handle()).subscribe(options);
        TestSubscription { trial: self.trial(), deliveries }
    }
}

impl TestSubscription<'_> {
    /// The next delivery; fails if none comes, on an error, and at the end.
    #[track_caller]
    pub(crate) fn next(&mut self) -> impl Future<Output = CaseResult<Delivery>> + Send {
        placed(async move {
            let next = self.item().await?;
            Ok(next.ok_or_else(|| Failure::new("the subscription has ended"))??)
        })
    }

    /// The next delivery, past the errors that a fault makes; fails if none comes, and at the end.
    #[track_caller]
    pub(crate) fn next_despite_faults(&mut self) -> impl Future<Output = CaseResult<Delivery>> + Send {
        placed(self.past_errors_within(self.trial.patience()))
    }

    /// The same, where nothing may come for a long time.
    #[track_caller]
    pub(crate) fn next_despite_long_faults(&mut self) -> impl Future<Output = CaseResult<Delivery>> + Send {
        placed(self.past_errors_within(self.trial.patience() * 4))
    }

    async fn past_errors_within(&mut self, patience: Duration) -> CaseResult<Delivery> {
        let past_errors = async {
            loop {
                match self.deliveries.next().await {
                    Some(Ok(delivery)) => return Ok(delivery),
                    Some(Err(error)) if error.retry() == Retry::Never => return Err(error.into()),
                    Some(Err(_)) => {}
                    None => return Err(Failure::new("the subscription has ended")),
                }
            }
        };
        let next = tokio::time::timeout(patience, past_errors).await;
        next.map_err(|_| Failure::new(format!("nothing came within {patience:?}")))?
    }

    /// The next so many deliveries.
    #[track_caller]
    pub(crate) fn take(&mut self, count: usize) -> impl Future<Output = CaseResult<Vec<Delivery>>> + Send {
        placed(async move {
            let mut taken = Vec::with_capacity(count);
            while taken.len() < count {
                let next = self.item().await?;
                let next = next.ok_or_else(|| {
                    Failure::new(format!("the subscription has ended after {} of {count}", taken.len()))
                })?;
                taken.push(next?);
            }
            Ok(taken)
        })
    }

    /// The error that has to come next.
    #[track_caller]
    pub(crate) fn fails(&mut self) -> impl Future<Output = CaseResult<Error>> + Send {
        placed(async move {
            match self.item().await? {
                Some(Err(error)) => Ok(error),
                other => Err(Failure::new(format!("the subscription gave {other:?} instead of an error"))),
            }
        })
    }

    /// Proves that it ends, with nothing before.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> impl Future<Output = CaseResult> + Send {
        placed(async move {
            let next = self.item().await?;
            check!(next.is_none(), "the subscription gave {next:?} instead of its end");
            Ok(())
        })
    }

    async fn item(&mut self) -> CaseResult<Option<Result<Delivery>>> {
        self.trial.in_time("the next item of a subscription", self.deliveries.next()).await
    }
}

impl Debug for TestSubscription<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestSubscription").finish_non_exhaustive()
    }
}
