//! Leaves the store as it was found, and makes sure of it.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use pubsub_core::{ErrorKind, StreamName};

use super::Trial;
use crate::check::{CaseResult, Failure, check};
use crate::history::event::What;

impl Trial {
    /// Deletes the streams that the case has made and left, over a connection of its own, since the case may have
    /// closed its own; then closes everything.
    pub(crate) async fn end(self) -> CaseResult {
        self.delete_what_is_left().await.map_err(|failure| failure.while_doing("clean up after the case"))
    }

    async fn delete_what_is_left(&self) -> CaseResult {
        let left = self.streams_left();
        if !left.is_empty() {
            let broker = self.harness.connect().await?;
            let admin =
                broker.admin().ok_or_else(|| Failure::new("the backend has no StreamAdmin any more"))?;
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
