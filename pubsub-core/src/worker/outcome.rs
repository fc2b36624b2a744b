//! How a worker ended: [`Outcome`].

use std::process::ExitCode;

use crate::{Error, ErrorKind, Result};

/// How a worker ended, and what it did.
///
/// ```
/// # use pubsub_core::worker::Worker;
/// # async fn example(worker: Worker) -> pubsub_core::Result<()> {
/// let outcome = worker.run().await?.into_result()?; // an error too if a consumer was deleted meanwhile
/// println!("{} handled", outcome.done);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use = "a worker whose consumer is gone ends without an error but for those in its outcome: see `into_result`"]
pub struct Outcome {
    /// How many attempts ended with an ack.
    pub done: u64,
    /// How many attempts failed and are tried again.
    pub retried: u64,
    /// How many messages went to the dead letters.
    pub dead_lettered: u64,
    /// How many messages were given up and not kept, because it was said so.
    pub discarded: u64,
    /// How many messages were acknowledged without being handled, since they were redriven for another consumer.
    pub skipped: u64,
    /// How many handlers panicked.
    pub panicked: u64,
    /// How many messages were handed back when it stopped: nobody had begun with them.
    pub handed_back: u64,
    /// How many handlers were still running when the time to stop was over; their messages come again.
    pub cut_off: u64,
    /// How many settlements failed; those messages come again.
    pub unsettled: u64,
    /// Why it ended before it was told to: a consumer or a stream that is gone, for example.
    pub errors: Vec<Error>,
}

impl Outcome {
    /// The outcome, if it ended because it was told to and no handler had to be cut off.
    ///
    /// # Errors
    /// The first of [`errors`](Self::errors); else [`ErrorKind::Timeout`] if a handler was cut off.
    pub fn into_result(mut self) -> Result<Self> {
        if !self.errors.is_empty() {
            return Err(self.errors.swap_remove(0));
        }
        if self.cut_off > 0 {
            return Err(Error::new(ErrorKind::Timeout, "handlers were cut off when the worker stopped")
                .with_context("handlers", self.cut_off)
                .with_remedy("give them more time by `with_drain`, or end them early by `stopping`"));
        }
        Ok(self)
    }

    /// Success if it ended because it was told to, and no handler had to be cut off.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.errors.is_empty() && self.cut_off == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.done += other.done;
        self.retried += other.retried;
        self.dead_lettered += other.dead_lettered;
        self.discarded += other.discarded;
        self.skipped += other.skipped;
        self.panicked += other.panicked;
        self.handed_back += other.handed_back;
        self.cut_off += other.cut_off;
        self.unsettled += other.unsettled;
        self.errors.extend(other.errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_made_it_end_is_an_error() {
        assert!(Outcome::default().into_result().is_ok());
        let cut_off = Outcome { cut_off: 1, ..Outcome::default() };
        assert_eq!(cut_off.into_result().unwrap_err().kind(), ErrorKind::Timeout);
        let gone = Outcome { errors: vec![Error::closed("x")], cut_off: 1, ..Outcome::default() };
        assert_eq!(gone.into_result().unwrap_err().kind(), ErrorKind::Closed);
    }
}
