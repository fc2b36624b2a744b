//! The stream and the consumers of a plan: [`Setup`].

use std::fmt::{self, Display, Formatter};

/// Why a stream keeps a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Keeps {
    Everything,
    /// So many, and then the newest.
    Newest(u64),
    /// So many, and then no more.
    Oldest(u64),
    Work,
    Interest,
}

/// The stream, how many consumers it has, and what all of them are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::model) struct Setup {
    pub(in crate::model) keeps: Keeps,
    pub(in crate::model) clients: usize,
    pub(in crate::model) consumers: usize,
    /// Each consumer sees one subject, that of its number, and not all.
    pub(in crate::model) filtered: bool,
    pub(in crate::model) max_deliver: Option<u32>,
    pub(in crate::model) max_ack_pending: Option<u32>,
}

/// How many subjects there are.
pub(in crate::model) const SUBJECTS: usize = 2;

impl Setup {
    /// The plainest, for as many clients.
    pub(in crate::model) fn plain(clients: usize) -> Self {
        Self {
            keeps: Keeps::Everything,
            clients,
            consumers: 1,
            filtered: false,
            max_deliver: None,
            max_ack_pending: None,
        }
    }

    /// The same with one thing less to it, each way once.
    pub(in crate::model) fn simpler(&self) -> Vec<Self> {
        let mut simpler = vec![
            Self { keeps: Keeps::Everything, ..self.clone() },
            Self { filtered: false, ..self.clone() },
            Self { max_deliver: None, ..self.clone() },
            Self { max_ack_pending: None, ..self.clone() },
            Self { consumers: 1, ..self.clone() },
            Self { clients: 1, ..self.clone() },
        ];
        // Of a work queue two consumers may not see the same.
        simpler.retain(|setup| setup != self && setup.is_possible());
        simpler
    }

    fn is_possible(&self) -> bool {
        self.keeps != Keeps::Work || self.filtered || self.consumers == 1
    }
}

impl Display for Setup {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.keeps {
            Keeps::Everything => f.write_str("a stream that keeps everything")?,
            Keeps::Newest(most) => write!(f, "a stream of the newest {most}")?,
            Keeps::Oldest(most) => write!(f, "a stream that refuses more than {most}")?,
            Keeps::Work => f.write_str("a work queue")?,
            Keeps::Interest => f.write_str("a stream that keeps what somebody is interested in")?,
        }
        let sees = if self.filtered { ", each of one subject" } else { "" };
        write!(f, "; {} consumers{sees}; {} clients", self.consumers, self.clients)?;
        if let Some(most) = self.max_deliver {
            write!(f, "; max_deliver {most}")?;
        }
        match self.max_ack_pending {
            Some(most) => write!(f, "; max_ack_pending {most}"),
            None => Ok(()),
        }
    }
}
