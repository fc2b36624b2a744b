//! How a command ends: [`Ending`], [`Failure`], and the exit code of each.

use std::error::Error as _;
use std::io;

use crate::output;

/// JetStream's numbers for a stream and a consumer that do not exist.
const NO_STREAM: u16 = 10059;
const NO_CONSUMER: u16 = 10014;

/// What every command gives.
pub(crate) type Outcome = Result<Ending, Failure>;

/// How a command ends that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// There is nothing more to say: exit code 0.
    Done,
    /// It found mistakes or differences, or passed over what failed: exit code 3.
    Findings,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library refused, or the broker: exit code 1.
    Error(pubsub::Error),
    /// Some of it was done, and each of the rest was told: exit code 1.
    Partly(String),
    /// The arguments ask for what cannot be: exit code 2.
    Usage(String),
    /// Nobody takes what is printed. A closed pipe is the reader's wish, and a quiet end.
    Output(io::Error),
}

impl Ending {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 3,
        }
    }
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn partly(text: impl Into<String>) -> Self {
        Self::Partly(text.into())
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Error(_) | Self::Partly(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
        }
    }

    /// Prints it on standard error, with every cause.
    pub(crate) fn tell(&self) {
        match self {
            Self::Error(error) => tell(error),
            Self::Partly(text) | Self::Usage(text) => output::complain(text),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Self::Output(error) => output::complain(&format!("the output cannot be written: {error}")),
        }
    }
}

/// Prints an error on standard error, with what to do and every cause.
pub(crate) fn tell(error: &pubsub::Error) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\n  caused by: ");
        text.push_str(&output::visible::line(&error.to_string()));
        cause = error.source();
    }
    output::complain(&text);
}

/// The library says what to call; here it is a command.
impl From<pubsub::Error> for Failure {
    fn from(error: pubsub::Error) -> Self {
        Self::Error(match error.broker_code() {
            Some(NO_STREAM) => error.with_remedy("`pubsub streams list` says which there are"),
            Some(NO_CONSUMER) => error.with_remedy("`pubsub consumers list` says which there are"),
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_its_code() {
        assert_eq!((Ending::Done.code(), Ending::Findings.code()), (0, 3));
        assert_eq!(Failure::from(pubsub::Error::closed("client")).code(), 1);
        assert_eq!(Failure::partly("2 of 5").code(), 1);
        assert_eq!(Failure::usage("say --yes").code(), 2);
    }

    #[test]
    fn what_does_not_exist_is_looked_up_by_a_command() {
        let stream = pubsub::StreamName::new("RIDE").unwrap();
        let Failure::Error(error) = pubsub::Error::stream_not_found(&stream).into() else {
            panic!("no error")
        };
        assert!(error.to_string().contains("`pubsub streams list`"), "{error}");
    }

    #[test]
    fn a_closed_pipe_is_a_quiet_end_and_a_full_disk_is_not() {
        assert_eq!(Failure::Output(io::ErrorKind::BrokenPipe.into()).code(), 0);
        assert_eq!(Failure::Output(io::ErrorKind::StorageFull.into()).code(), 1);
    }
}
