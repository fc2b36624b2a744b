//! What is to be done: [`Plan`], made of a seed ([`generate`]) and made smaller ([`smaller`]).

mod command;
mod generate;
mod setup;
mod smaller;

use std::fmt::{self, Display, Formatter};

pub(super) use command::{Command, How, Removal};
pub(crate) use generate::Profile;
pub(super) use generate::{FAULTS, generate};
pub(super) use setup::{Keeps, SUBJECTS, Setup};
pub(super) use smaller::smaller;

use crate::harness::StoreFault;

/// Commands that are given at the same time, and what happens to the store meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) fault: Option<StoreFault>,
    pub(super) commands: Vec<Command>,
}

/// A stream, its consumers, and what is done with them, round by round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) setup: Setup,
    pub(super) rounds: Vec<Round>,
}

impl Plan {
    /// How much there is to it.
    pub(super) fn size(&self) -> usize {
        self.rounds.iter().map(|round| 1 + round.commands.len() + usize::from(round.fault.is_some())).sum()
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "    {}", self.setup)?;
        for (number, round) in self.rounds.iter().enumerate() {
            let commands: Vec<_> = round.commands.iter().map(ToString::to_string).collect();
            let fault = round.fault.map_or_else(String::new, |fault| format!("[the store {fault}] "));
            writeln!(f, "    {:>2}. {fault}{}", number + 1, commands.join("  |  "))?;
        }
        Ok(())
    }
}
