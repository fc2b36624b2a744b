//! Settlements that are under way or have failed: [`Owed`].

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::message::{DeliveryInfo, Settlement, SettlementKind};
use crate::worker::Settled;

/// What a message is to be told. A settlement that fails has used its delivery up; the message comes again, and is then only
/// settled, not handled.
#[derive(Debug)]
pub(super) struct Debt {
    pub(super) sequence: u64,
    /// Streams can be made anew, with other messages under the same sequences.
    published_at: SystemTime,
    pub(super) settlement: Settlement,
    /// Whether it is an attempt that is done when this is settled.
    pub(super) is_attempt: bool,
    /// What to tell of it then.
    pub(super) settled: Option<Box<Settled>>,
    /// Whether its ack wait had passed, so that the message may have been delivered again.
    has_lapsed: bool,
    /// Since when the broker has it.
    paid: Option<Instant>,
}

impl Debt {
    pub(super) fn new(info: &DeliveryInfo, settlement: Settlement) -> Self {
        let (sequence, published_at) = (info.stream_sequence, info.published_at);
        Self {
            sequence,
            published_at,
            settlement,
            is_attempt: false,
            settled: None,
            has_lapsed: false,
            paid: None,
        }
    }

    /// The ack of an attempt, and what to tell of it.
    pub(super) fn of_attempt(info: &DeliveryInfo, settled: Option<Box<Settled>>, has_lapsed: bool) -> Self {
        Self { is_attempt: true, settled, has_lapsed, ..Self::new(info, Settlement::ack()) }
    }

    /// Whether it ends its message: what asks for it again need not be repeated.
    pub(super) fn is_end(&self) -> bool {
        !matches!(self.settlement.kind(), SettlementKind::Nak { .. })
    }

    /// The same, for a further delivery of the message.
    pub(super) fn again(&self) -> Self {
        Self { settlement: self.settlement.clone(), is_attempt: false, settled: None, ..*self }
    }

    /// Whether the message may come again although this is settled.
    pub(super) fn may_come_again(&self) -> bool {
        self.has_lapsed
    }

    pub(super) fn paid(self) -> Self {
        Self { paid: Some(Instant::now()), ..self }
    }
}

/// By sequence. The oldest are forgotten beyond [`MOST`](Self::MOST): their messages may have gone elsewhere.
#[derive(Debug, Default)]
pub(super) struct Owed {
    debts: HashMap<u64, Debt>,
    in_order: VecDeque<u64>,
}

impl Owed {
    const MOST: usize = 65_536;
    /// A delivery that was made before the message was settled has arrived after this; a later one is meant.
    const UNDER_WAY: Duration = Duration::from_secs(60);

    pub(super) fn note(&mut self, debt: Debt) {
        self.in_order.push_back(debt.sequence);
        self.debts.insert(debt.sequence, debt);
        if self.in_order.len() > Self::MOST
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.debts.remove(&oldest);
        }
    }

    pub(super) fn forget(&mut self, sequence: u64) {
        if self.debts.is_empty() {
            return;
        }
        self.debts.remove(&sequence);
    }

    /// What this delivery's message is owed. It is still owed by another name until that is settled.
    pub(super) fn take(&mut self, info: &DeliveryInfo) -> Option<Debt> {
        let debt = self.debts.get_mut(&info.stream_sequence)?;
        let is_over = debt.paid.is_some_and(|paid| paid.elapsed() > Self::UNDER_WAY);
        if is_over || debt.published_at != info.published_at {
            self.debts.remove(&info.stream_sequence);
            return None;
        }
        let again = debt.again();
        Some(std::mem::replace(debt, again))
    }

    /// How many the broker does not have.
    pub(super) fn unpaid(&self) -> usize {
        self.debts.values().filter(|debt| debt.paid.is_none()).count()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::{ConsumerName, StreamName};

    fn info(sequence: u64, seconds: u64) -> DeliveryInfo {
        let (stream, consumer) = (StreamName::new("S").unwrap(), ConsumerName::new("c").unwrap());
        let published_at = UNIX_EPOCH + Duration::from_secs(seconds);
        DeliveryInfo::new(stream, consumer, sequence, 1, 1, 0, published_at)
    }

    #[test]
    fn it_is_owed_until_it_is_settled_and_counts_once() {
        let mut owed = Owed::default();
        owed.note(Debt::of_attempt(&info(1, 0), None, false));
        assert!(owed.take(&info(1, 0)).unwrap().is_attempt);
        assert!(!owed.take(&info(1, 0)).unwrap().is_attempt);
        assert_eq!(owed.unpaid(), 1);
        owed.forget(1);
        assert!(owed.take(&info(1, 0)).is_none());
    }

    #[test]
    fn another_message_of_the_same_sequence_is_not_owed_it() {
        let mut owed = Owed::default();
        owed.note(Debt::of_attempt(&info(1, 0), None, false));
        assert!(owed.take(&info(1, 9)).is_none());
        assert_eq!(owed.unpaid(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_settled_is_owed_only_to_deliveries_that_were_under_way() {
        let mut owed = Owed::default();
        owed.note(Debt::of_attempt(&info(1, 0), None, true).again().paid());
        assert_eq!(owed.unpaid(), 0);
        assert!(owed.take(&info(1, 0)).is_some());
        tokio::time::advance(Owed::UNDER_WAY * 2).await;
        assert!(owed.take(&info(1, 0)).is_none());
    }

    #[test]
    fn it_is_bounded() {
        let mut owed = Owed::default();
        (0..Owed::MOST as u64 + 10)
            .for_each(|sequence| owed.note(Debt::of_attempt(&info(sequence, 0), None, false)));
        assert_eq!(owed.unpaid(), Owed::MOST);
    }
}
