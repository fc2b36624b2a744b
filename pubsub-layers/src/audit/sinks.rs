//! Where records go: [`AuditSink`], and those that come with it.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pubsub_core::{Error, ErrorKind, OutboundMessage, Publisher, PublisherExt as _, Result, Subject};

use super::AuditRecord;

/// Takes records.
#[async_trait]
pub trait AuditSink: Debug + Send + Sync + 'static {
    /// Writes one record. In strict mode nothing is done before this is `Ok`: let that mean that the record is safe.
    ///
    /// # Errors
    /// Why it could not be written.
    ///
    /// # Cancel safety
    /// Dropped before completion, the record was either written or not.
    async fn record(&self, record: &AuditRecord) -> Result<()>;
}

/// Events of `tracing`, at the level INFO and with the target `pubsub::audit`. It never fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracingSink;

#[async_trait]
impl AuditSink for TracingSink {
    async fn record(&self, record: &AuditRecord) -> Result<()> {
        tracing::info!(
            target: "pubsub::audit",
            who = record.who,
            action = record.action.as_str(),
            phase = ?record.phase,
            subject = record.subject,
            id = record.id,
            stream = record.stream.as_ref().map(tracing::field::display),
            sequence = record.sequence,
            consumer = record.consumer,
            attempt = record.attempt,
            bytes = record.bytes,
            outcome = record.outcome,
            error = record.error,
            payload = record.payload,
            "audit"
        );
        Ok(())
    }
}

/// A file to which one line of JSON is added for each record. It is on the disk when `record` is done, unless
/// [`without_sync`](Self::without_sync) was said. Rotation is for others: a file that was moved away is written to on.
#[derive(Debug, Clone)]
pub struct FileSink {
    path: Arc<PathBuf>,
    file: Arc<Mutex<File>>,
    sync: bool,
}

impl FileSink {
    /// Opens the file, which is made if it is not there.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], with the path, if it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
            Error::config("audit", "the audit file cannot be opened")
                .with_context("path", path.display())
                .with_remedy("name a file in a directory that this process may write to")
                .with_source(error)
        })?;
        Ok(Self { path: Arc::new(path.to_owned()), file: Arc::new(Mutex::new(file)), sync: true })
    }

    /// Leaves it to the operating system when a record gets to the disk: faster, and a power cut loses the last ones.
    #[must_use]
    pub fn without_sync(mut self) -> Self {
        self.sync = false;
        self
    }
}

#[async_trait]
impl AuditSink for FileSink {
    async fn record(&self, record: &AuditRecord) -> Result<()> {
        let mut line = to_json(record)?;
        line.push(b'\n');
        let (file, sync) = (Arc::clone(&self.file), self.sync);
        let writing = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(&line)?;
            if sync { file.sync_data() } else { Ok(()) }
        });
        let written = writing.await.unwrap_or_else(|gone| Err(std::io::Error::other(gone)));
        written.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the audit file cannot be written")
                .with_context("path", self.path.display())
                .with_source(error)
        })
    }
}

/// A stream, to which one message of JSON is published for each record, and its receipt awaited. Give it a publisher without the audit, or
/// each record would be recorded.
#[derive(Debug, Clone)]
pub struct StreamSink {
    publisher: Arc<dyn Publisher>,
    subject: Subject,
}

impl StreamSink {
    /// Publishes to this subject.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an illegal subject.
    pub fn new<S>(publisher: Arc<dyn Publisher>, subject: S) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        Ok(Self { publisher, subject: subject.try_into().map_err(Into::into)? })
    }
}

#[async_trait]
impl AuditSink for StreamSink {
    async fn record(&self, record: &AuditRecord) -> Result<()> {
        let message = OutboundMessage::new(&self.subject, to_json(record)?)?;
        self.publisher.publish_message(message).await.map(drop)
    }
}

fn to_json(record: &AuditRecord) -> Result<Vec<u8>> {
    serde_json::to_vec(record)
        .map_err(|_| Error::new(ErrorKind::Codec, "the audit record cannot be written as JSON"))
}
