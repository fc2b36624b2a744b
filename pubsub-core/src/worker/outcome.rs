//! How a worker ended: [`Outcome`].

use std::process::ExitCode;

use crate::Error;

/// How a worker ended, and what it did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// How many attempts ended with an ack.
    pub done: u64,
    /// How many attempts failed and are tried again.
    pub retried: u64,
    /// How many messages went to the dead letters.
    pub dead_lettered: u64,
    /// How many messages were given up and not kept, because it was said so.
    pub discarded: u64,
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
        self.panicked += other.panicked;
        self.handed_back += other.handed_back;
        self.cut_off += other.cut_off;
        self.unsettled += other.unsettled;
        self.errors.extend(other.errors);
    }
}
