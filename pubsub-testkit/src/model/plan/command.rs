//! One thing to do: [`Command`].

use std::fmt::{self, Display, Formatter};

/// How a delivery is settled. Times are in tenths of an ack wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum How {
    Ack,
    Nak,
    NakAfter(u32),
    Term,
    Extend,
    /// It is let go without a settlement.
    Drop,
}

/// What is taken out of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Removal {
    All,
    /// What is on this subject.
    Subject(usize),
    /// All but so many.
    AllBut(u64),
    /// What is in the older half.
    OlderHalf,
    /// One message, at this share of the sequences, in tenths.
    One(u64),
}

/// One thing to do. Clients, consumers and subjects go by number; a delivery by a number that is taken modulo those held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::model) enum Command {
    Publish {
        client: usize,
        subject: usize,
        id: Option<usize>,
    },
    Fetch {
        client: usize,
        consumer: usize,
        most: usize,
        tenths: u32,
    },
    /// A fetch that nobody waits for any more, after so many tenths of an ack wait.
    Cancel {
        client: usize,
        consumer: usize,
        most: usize,
        tenths: u32,
    },
    Settle {
        delivery: usize,
        how: How,
        confirmed: bool,
    },
    Remove(Removal),
    Recreate {
        consumer: usize,
    },
    /// The client's connection is closed, what it holds is let go, and it connects again.
    Restart {
        client: usize,
    },
    /// Time goes by, in tenths of an ack wait.
    Pass {
        tenths: u32,
    },
}

impl Command {
    /// Whether nothing else may go on meanwhile.
    pub(in crate::model) fn is_alone(&self) -> bool {
        matches!(self, Self::Recreate { .. } | Self::Restart { .. } | Self::Pass { .. })
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { client, subject, id: None } => {
                write!(f, "client {client} publishes to s{subject}")
            }
            Self::Publish { client, subject, id: Some(id) } => {
                write!(f, "client {client} publishes to s{subject} with id-{id}")
            }
            Self::Fetch { client, consumer, most, tenths } => {
                write!(f, "client {client} fetches up to {most} of c{consumer} within {}", waits(*tenths))
            }
            Self::Cancel { client, consumer, most, tenths } => {
                write!(
                    f,
                    "client {client} drops a fetch of up to {most} of c{consumer} after {}",
                    waits(*tenths)
                )
            }
            Self::Settle { delivery, how, confirmed } => {
                write!(f, "{how} of delivery {delivery}{}", if *confirmed { ", confirmed" } else { "" })
            }
            Self::Remove(Removal::All) => f.write_str("purge"),
            Self::Remove(Removal::Subject(subject)) => write!(f, "purge of s{subject}"),
            Self::Remove(Removal::AllBut(keep)) => write!(f, "purge of all but {keep}"),
            Self::Remove(Removal::OlderHalf) => f.write_str("purge of the older half"),
            Self::Remove(Removal::One(tenths)) => write!(f, "deletion of the message at {tenths} tenths"),
            Self::Recreate { consumer } => write!(f, "c{consumer} is deleted and made again"),
            Self::Restart { client } => write!(f, "client {client} starts again"),
            Self::Pass { tenths } => write!(f, "{} pass", waits(*tenths)),
        }
    }
}

fn waits(tenths: u32) -> String {
    format!("{}.{} ack waits", tenths / 10, tenths % 10)
}

impl Display for How {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ack => f.write_str("ack"),
            Self::Nak => f.write_str("nak"),
            Self::NakAfter(tenths) => write!(f, "nak after {}", waits(*tenths)),
            Self::Term => f.write_str("term"),
            Self::Extend => f.write_str("extension"),
            Self::Drop => f.write_str("drop"),
        }
    }
}
