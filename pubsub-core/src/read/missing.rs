//! A message that is sent and never arrives: [`Missing`].

/// How often the same message must have got lost, alone on its way, to be got by itself.
const TIMES: u32 = 2;

/// What a reader knows of the message at which its consumers end.
///
/// There are messages that break the connection over which they come: async-nats takes headers that are not UTF-8 for an error
/// of the protocol. A consumer without acks would send them to nobody again, and its successor to the same end.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Whether the messages are asked for one by one.
    alone: bool,
    sequence: u64,
    times: u32,
}

impl Missing {
    /// A message came as it should.
    pub(super) fn came(&mut self) {
        *self = Self::default();
    }

    /// How many messages to hold ready.
    pub(super) fn buffer(&self, wanted: usize) -> usize {
        if self.alone { 1 } else { wanted }
    }

    /// A consumer was lost before anything came of it, with this one sent last. Says which message to get by itself.
    pub(super) fn lost(&mut self, sent: Option<u64>) -> Option<u64> {
        if !std::mem::replace(&mut self.alone, true) {
            // It may have been any of several.
            return None;
        }
        let sent = sent?;
        if sent != self.sequence {
            (self.sequence, self.times) = (sent, 0);
        }
        self.times += 1;
        (self.times >= TIMES).then_some(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_got_lost_alone_twice_is_named() {
        let mut missing = Missing::default();
        assert_eq!(missing.buffer(100), 100);
        assert_eq!(missing.lost(Some(9)), None, "one of several");
        assert_eq!(missing.buffer(100), 1);
        assert_eq!((missing.lost(Some(4)), missing.lost(None), missing.lost(Some(5))), (None, None, None));
        assert_eq!((missing.lost(Some(4)), missing.lost(Some(4))), (None, Some(4)));
        assert_eq!(missing.lost(Some(4)), Some(4), "until it was got");
        missing.came();
        assert_eq!((missing.lost(Some(4)), missing.buffer(100)), (None, 1));
    }
}
