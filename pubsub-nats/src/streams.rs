//! What publishing has to know of streams: [`Streams`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pubsub_core::{Result, StreamConfig, StreamName, SubjectFilter};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::api::{self, Effect, wire};
use crate::connection::Connection;

/// How long what the server told is believed: someone may change a stream.
const FRESH: Duration = Duration::from_secs(30);
/// How long who can do without waits for the server to tell, and how long it does without after it was not told.
const LOOK: Duration = Duration::from_millis(500);
const SILENT: Duration = Duration::from_secs(5);
/// How many streams are remembered.
const MOST: usize = 256;

/// One stream, as the server told it last.
#[derive(Debug)]
pub(crate) struct StreamFacts {
    pub(crate) name: StreamName,
    subjects: Vec<SubjectFilter>,
    /// For how long it remembers message ids.
    pub(crate) duplicate_window: Duration,
    pub(crate) allows_fast_batches: bool,
    told: Instant,
}

impl StreamFacts {
    pub(crate) fn takes(&self, subject: &str) -> bool {
        self.subjects.iter().any(|filter| filter.matches(subject))
    }
}

impl From<StreamConfig> for StreamFacts {
    fn from(config: StreamConfig) -> Self {
        Self {
            duplicate_window: config.effective_duplicate_window(),
            allows_fast_batches: config.allow_fast_batches,
            name: config.name,
            subjects: config.subjects,
            told: Instant::now(),
        }
    }
}

/// The streams that publishing asked for, so that it asks seldom.
#[derive(Debug)]
pub(crate) struct Streams {
    told: Mutex<Vec<Arc<StreamFacts>>>,
    /// Who can do without asks in turn.
    asking: Semaphore,
    /// Since when the server does not tell.
    silent: Mutex<Option<Instant>>,
}

impl Default for Streams {
    fn default() -> Self {
        Self { told: Mutex::default(), asking: Semaphore::new(1), silent: Mutex::default() }
    }
}

impl Streams {
    /// The stream that takes a subject, if that was told lately.
    pub(crate) fn known(&self, subject: &str) -> Option<Arc<StreamFacts>> {
        let streams = self.lock();
        streams.iter().find(|stream| stream.told.elapsed() < FRESH && stream.takes(subject)).cloned()
    }

    /// As [`find`](Self::find), for who can do without: only one of them asks at a time, and nobody for a while after the
    /// server did not tell.
    pub(crate) async fn find_seldom(
        &self,
        connection: &Connection,
        subject: &str,
    ) -> Option<Arc<StreamFacts>> {
        if let Some(known) = self.known(subject) {
            return Some(known);
        }
        let is_silent = self.silent().is_some_and(|since| since.elapsed() < SILENT);
        if is_silent || !connection.is_connected() {
            return None;
        }
        let _turn = self.asking.try_acquire().ok()?;
        if let Ok(Ok(stream)) = timeout(LOOK, self.ask(connection, subject)).await {
            return stream;
        }
        *self.silent() = Some(Instant::now());
        None
    }

    /// The stream that takes a subject, if any does. Asks the server if that is not known.
    pub(crate) async fn find(
        &self,
        connection: &Connection,
        subject: &str,
    ) -> Result<Option<Arc<StreamFacts>>> {
        match self.known(subject) {
            Some(known) => Ok(Some(known)),
            None => self.ask(connection, subject).await,
        }
    }

    /// As [`find`](Self::find), but always asks.
    pub(crate) async fn ask(
        &self,
        connection: &Connection,
        subject: &str,
    ) -> Result<Option<Arc<StreamFacts>>> {
        let request = wire::NamesRequest { subject };
        let names: wire::Names = api::call(connection, Effect::Reads, "STREAM.NAMES", &request).await?;
        let Some(name) = names.streams.and_then(|names| names.into_iter().next()) else {
            return Ok(None);
        };
        let call = format!("STREAM.INFO.{}", StreamName::new(name)?);
        let info: wire::StreamInfo = api::call(connection, Effect::Reads, &call, &()).await?;
        let facts = Arc::new(StreamFacts::from(StreamConfig::try_from(info.config)?));
        self.remember(&facts);
        Ok(Some(facts))
    }

    fn remember(&self, facts: &Arc<StreamFacts>) {
        let mut streams = self.lock();
        streams.retain(|known| known.name != facts.name && known.told.elapsed() < FRESH);
        if streams.len() < MOST {
            streams.push(Arc::clone(facts));
        }
    }

    fn silent(&self) -> MutexGuard<'_, Option<Instant>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<StreamFacts>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_told_is_believed_for_a_while() {
        let streams = Streams::default();
        let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_allow_fast_batches();
        streams.remember(&Arc::new(config.into()));
        let known = streams.known("ride.a").unwrap();
        assert!(known.allows_fast_batches);
        assert_eq!(known.duplicate_window, Duration::from_secs(120));
        assert!(streams.known("match.a").is_none());
        tokio::time::advance(FRESH).await;
        assert!(streams.known("ride.a").is_none());
    }
}
