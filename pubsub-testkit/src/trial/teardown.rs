//! Leaves the store as it was found, and makes sure of it.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

use pubsub_core::{Capability, ConsumerName, ErrorKind, StreamAdmin, StreamName};
use tokio::time::{Instant, sleep};

use super::Trial;
use crate::check::{CaseResult, Failure, check};
use crate::history::event::What;

/// How long what was closed may take to be gone.
const SOON: Duration = Duration::from_secs(5);

const POLL: Duration = Duration::from_millis(5);

impl Trial {
    /// Deletes the streams that the case has made and left, over a connection of its own, since the case may have
    /// closed its own; then closes everything.
    pub(crate) async fn end(self) -> CaseResult {
        let ended = async {
            self.delete_what_is_left().await?;
            self.no_connection_is_left().await
        };
        ended.await.map_err(|failure| failure.while_doing("clean up after the case"))
    }

    /// The same for a trial beside others, whose connections the store sees too.
    pub(crate) async fn finish(&self) -> CaseResult {
        self.delete_what_is_left().await.map_err(|failure| failure.while_doing("clean up"))
    }

    /// What a backend has made of its own accord must be gone with what it was for.
    async fn nothing_unknown_is_left(
        &self,
        admin: &dyn StreamAdmin,
        left: &BTreeSet<StreamName>,
    ) -> CaseResult {
        if !self.has(Capability::List) {
            return Ok(());
        }
        let made = self.consumers_made();
        for stream in left {
            let listed = match admin.list_consumers(stream).await {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                listed => listed?,
            };
            for consumer in listed {
                let known = made.contains(&(consumer.stream, consumer.name.clone()));
                check!(
                    known,
                    "the consumer `{}` of `{stream}` is left, and the case never made it",
                    consumer.name
                );
            }
        }
        let of_this_case = |stream: &StreamName| stream.as_str().contains(self.names.token());
        let streams = admin.list_streams().await?.into_iter().map(|info| info.config.name);
        for stream in streams.filter(of_this_case) {
            check!(left.contains(&stream), "the stream `{stream}` is left, and the case never made it");
        }
        Ok(())
    }

    /// Waits until the store sees no connection any more.
    async fn no_connection_is_left(&self) -> CaseResult {
        let deadline = Instant::now() + SOON;
        while let Some(open) = self.harness.open_connections().await.filter(|open| *open > 0) {
            check!(Instant::now() < deadline, "{open} connections are still open after every one was closed");
            sleep(POLL).await;
        }
        Ok(())
    }

    async fn delete_what_is_left(&self) -> CaseResult {
        let harmed = self.harmed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for faults in harmed {
            faults.heal().await?;
        }
        let left = self.streams_left();
        if !left.is_empty() {
            let broker = self.harness.connect().await?;
            let admin =
                broker.admin().ok_or_else(|| Failure::new("the backend has no StreamAdmin any more"))?;
            self.nothing_unknown_is_left(admin.as_ref(), &left).await?;
            for stream in &left {
                match admin.delete_stream(stream).await {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
                let after = admin.stream_info(stream).await;
                let gone = after.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
                check!(gone, "the stream `{stream}` is still there after its deletion: {after:?}");
            }
            broker.close().await?;
        }
        let others = std::mem::take(&mut *self.others.lock().unwrap_or_else(PoisonError::into_inner));
        for broker in others {
            broker.close().await?;
        }
        Ok(self.broker.close().await?)
    }

    fn consumers_made(&self) -> BTreeSet<(StreamName, ConsumerName)> {
        let made = self.history.events().into_iter().filter_map(|event| match event.what {
            What::ConsumerCreated { key, .. } => Some((key.stream, key.consumer)),
            _ => None,
        });
        made.collect()
    }

    fn streams_left(&self) -> BTreeSet<StreamName> {
        let mut left = BTreeSet::new();
        for event in self.history.events() {
            match event.what {
                What::StreamCreated { config } => {
                    left.insert(config.name);
                }
                What::StreamDeleted { stream } => {
                    left.remove(&stream);
                }
                _ => {}
            }
        }
        left
    }
}
