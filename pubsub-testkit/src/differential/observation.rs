//! What one operation showed: [`Observation`].

use pubsub_core::{Error, Result};

/// What one operation showed on one side, as lines of text that mean the same on both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Observation {
    pub(super) lines: Vec<String>,
    /// What kinds of answers these are, for the tally.
    pub(super) answers: Vec<String>,
    /// The refusals among them, with JetStream's codes.
    pub(super) refusals: Vec<String>,
}

impl Observation {
    /// A result, with the words for a success.
    pub(super) fn of<T>(result: Result<T>, show: impl FnOnce(T) -> String) -> Self {
        match result {
            Ok(value) => Self::answer("ok", show(value)),
            Err(error) => Self::refused(&error),
        }
    }

    /// One line, and the kind of answer that it is.
    pub(super) fn answer(kind: &str, line: impl Into<String>) -> Self {
        let mut observation = Self::default();
        observation.add(kind, line);
        observation
    }

    pub(super) fn refused(error: &Error) -> Self {
        let mut observation = Self::default();
        observation.add_refusal(error);
        observation
    }

    /// There is nothing that the operation could be done to.
    pub(super) fn nothing(line: &str) -> Self {
        Self::answer("nothing to do", line)
    }

    pub(super) fn add_refusal(&mut self, error: &Error) {
        self.add(&error.kind().to_string(), refusal(error));
        self.refusals.push(refusal(error));
    }

    pub(super) fn add(&mut self, kind: &str, line: impl Into<String>) {
        self.answers.push(kind.to_owned());
        self.lines.push(line.into());
    }

    /// A line that is no answer of its own.
    pub(super) fn detail(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }
}

/// An error by what the contract says of it: kind, JetStream's code, whether the effect is known.
pub(super) fn refusal(error: &Error) -> String {
    let code = error.broker_code().map_or_else(String::new, |code| format!(" {code}"));
    let unknown = if error.is_effect_unknown() { ", effect unknown" } else { "" };
    format!("{}{code}{unknown}", error.kind())
}
