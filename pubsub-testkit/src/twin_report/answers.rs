//! What one backend answers: [`Answers`].

use std::fmt::Display;

use pubsub_core::Result;

use super::show;
use crate::trial::Trial;

/// Questions and answers of one probe, in order.
#[derive(Debug, Default)]
pub(super) struct Answers {
    lines: Vec<(String, String)>,
}

impl Answers {
    pub(super) fn say(&mut self, question: impl Into<String>, answer: impl Display) {
        self.lines.push((question.into(), answer.to_string()));
    }

    /// What a call gave, or how it was refused.
    pub(super) fn outcome<T>(
        &mut self,
        question: impl Into<String>,
        outcome: Result<T>,
        show: impl FnOnce(&T) -> String,
    ) {
        let answer = match outcome {
            Ok(given) => show(&given),
            Err(error) => show::error(&error),
        };
        self.say(question, answer);
    }

    /// Whether a call was taken.
    pub(super) fn taken<T>(&mut self, question: impl Into<String>, outcome: Result<T>) {
        self.outcome(question, outcome, |_| "taken".to_owned());
    }

    /// Without the names that are of one run.
    pub(super) fn of(self, trial: &Trial) -> Vec<(String, String)> {
        let shortened = |(question, answer): (String, String)| (question, trial.shorten(&answer));
        self.lines.into_iter().map(shortened).collect()
    }
}
