//! Which messages a purge removes: [`Purge`].

use crate::Error;
use crate::Result;
use crate::subject::SubjectFilter;

/// Which messages of a stream to remove: [all](Self::all), those [below a sequence](Self::up_to), or all [but the
/// newest](Self::keep); each of them also only on some [subjects](Self::with_filter).
///
/// A sequence and a number to keep exclude each other (JetStream refuses that with 10003), so there is no way to say it.
///
/// ```
/// use pubsub_core::Purge;
///
/// let purge = Purge::keep(10).with_filter("ride.*.position")?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purge {
    /// Only messages on these subjects. `None` for every subject.
    pub filter: Option<SubjectFilter>,
    /// How much of them.
    pub extent: PurgeExtent,
}

/// How much a [`Purge`] removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PurgeExtent {
    /// Everything.
    All,
    /// What is below this sequence. 0 and 1 remove nothing; a JetStream request must say 1 for both, since 0 stands for
    /// "everything" there (measured on nats-server 2.15.1).
    UpTo(u64),
    /// Everything but this many of the newest. 0 is everything.
    Keep(u64),
}

impl Purge {
    /// Removes every message.
    #[must_use]
    pub fn all() -> Self {
        Self::of(PurgeExtent::All)
    }

    /// Removes the messages below `sequence`; the message at `sequence` stays. 0 and 1 remove nothing.
    ///
    /// Above the last sequence everything goes, and without a filter the next message is stored at `sequence`
    /// (measured on nats-server 2.15.1).
    #[must_use]
    pub fn up_to(sequence: u64) -> Self {
        Self::of(PurgeExtent::UpTo(sequence.max(1)))
    }

    /// Removes all but the newest `messages`.
    #[must_use]
    pub fn keep(messages: u64) -> Self {
        Self::of(PurgeExtent::Keep(messages))
    }

    /// Touches only messages on these subjects; [`keep`](Self::keep) then counts only those.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal filter.
    pub fn with_filter<F>(mut self, filter: F) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        self.filter = Some(filter.try_into().map_err(Into::into)?);
        Ok(self)
    }

    fn of(extent: PurgeExtent) -> Self {
        Self { filter: None, extent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_zero_does_not_become_everything() {
        assert_eq!(Purge::up_to(0).extent, PurgeExtent::UpTo(1));
    }

    #[test]
    fn an_illegal_filter_is_refused() {
        assert_eq!(Purge::all().with_filter("a..b").unwrap_err().kind(), crate::ErrorKind::InvalidInput);
    }
}
