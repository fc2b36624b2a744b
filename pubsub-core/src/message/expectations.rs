//! What must be true of a stream for a message to be stored: [`Expectations`].

use crate::name::StreamName;
use crate::subject::SubjectFilter;
use crate::{Error, MessageId, Result};

/// What must be true of the stream for a message to be stored (optimistic concurrency). What is unset is not looked at;
/// where one does not hold, nothing is stored and the publish fails with `Conflict`.
///
/// With a message id too: a repeated publish whose first one was stored fails here first, since servers from 2.12 on
/// look at the expectations before the id (measured on nats-server 2.15.1; 2.11 says *duplicate*).
///
/// ```
/// use pubsub_core::{Expectations, OutboundMessage};
///
/// // The first event of a ride: nobody else may have written one.
/// let message = OutboundMessage::new("ride.r-17.requested", "{}")?
///     .with_expectations(Expectations::none().with_last_subject_sequence(0));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expectations {
    /// The stream that must take the message (10060 otherwise).
    pub stream: Option<StreamName>,
    /// The sequence that the stream's newest message must have (10071 otherwise); 0 for a stream that never held one.
    pub last_sequence: Option<u64>,
    /// The sequence that the newest message on the subject must have (10071 otherwise); 0 for none on it.
    pub last_subject_sequence: Option<u64>,
    /// The subjects that [`last_subject_sequence`](Self::last_subject_sequence) speaks of; `None` for the message's own.
    /// A server before 2.11 ignores it, so it takes the capability `expected_subject_filter`.
    pub last_subject_filter: Option<SubjectFilter>,
    /// The message id of the stream's newest message (10070 otherwise).
    pub last_id: Option<MessageId>,
}

impl Expectations {
    /// Nothing is expected yet.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets [`stream`](Self::stream).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name.
    pub fn with_stream<N>(mut self, stream: N) -> Result<Self>
    where
        N: TryInto<StreamName, Error: Into<Error>>,
    {
        self.stream = Some(stream.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Sets [`last_sequence`](Self::last_sequence).
    #[must_use]
    pub fn with_last_sequence(mut self, sequence: u64) -> Self {
        self.last_sequence = Some(sequence);
        self
    }

    /// Sets [`last_subject_sequence`](Self::last_subject_sequence).
    #[must_use]
    pub fn with_last_subject_sequence(mut self, sequence: u64) -> Self {
        self.last_subject_sequence = Some(sequence);
        self
    }

    /// Sets [`last_subject_filter`](Self::last_subject_filter).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal filter.
    pub fn with_last_subject_filter<F>(mut self, filter: F) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        self.last_subject_filter = Some(filter.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Sets [`last_id`](Self::last_id).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal id.
    pub fn with_last_id<I>(mut self, id: I) -> Result<Self>
    where
        I: TryInto<MessageId, Error: Into<Error>>,
    {
        self.last_id = Some(id.try_into().map_err(Into::into)?);
        Ok(self)
    }

    pub(super) fn find_fault(&self) -> Result<()> {
        if self.last_subject_filter.is_some() && self.last_subject_sequence.is_none() {
            return Err(Error::invalid_input(
                "last_subject_filter",
                "a subject filter is given without the sequence that its newest message must have",
            )
            .with_remedy("add `with_last_subject_sequence`; 0 says that there must be none"));
        }
        Ok(())
    }
}
