//! How much a subscription may ask for: [`Credit`].

/// How much room a message gets beyond its likely size: one in so many.
const MARGIN: usize = 4;
/// A message that does not fit where others do is taken to be at least so large: the largest that a server takes by default.
const LARGE: u64 = 1 << 20;

/// What was asked for and not taken yet, in messages and in bytes.
///
/// Each pull says how many messages and how many bytes it takes at most. One that runs out of bytes says so, and what it left;
/// one that was filled with messages says so on some servers and not on others, and no message tells by which pull it came. So
/// the bytes are counted as if nothing were left of those before, until nothing is asked for at all. For this to be seldom, a
/// pull asks for little more than its messages are likely to need.
#[derive(Debug)]
pub(super) struct Credit {
    /// The most bytes.
    most: u64,
    messages: usize,
    /// At most so many.
    bytes: u64,
    /// What a message is likely to need.
    size: u64,
    /// What the last pull has brought so far.
    last: Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing, and it is bounded.
    Nothing,
    /// Nothing, and it takes a message of any size.
    NothingAtAll,
    Something,
}

/// What the next pull takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) messages: usize,
    /// `None` for one message of any size.
    pub(super) bytes: Option<u64>,
}

impl Credit {
    /// Nothing is asked for yet, of up to so many messages and bytes.
    pub(super) fn new(messages: usize, bytes: u64) -> Self {
        // The first pull is for half of the bytes, whatever comes.
        let size = (bytes / 2 / count(messages).max(1)).max(1);
        Self { most: bytes, messages: 0, bytes: 0, size, last: Last::Something }
    }

    /// What was asked for will not come.
    pub(super) fn reset(&mut self) {
        (self.messages, self.bytes, self.last) = (0, 0, Last::Something);
    }

    /// What to ask for, of up to so many messages and no more bytes in one pull than `limit`; nothing while more than half is
    /// still to come.
    pub(super) fn next(&self, messages: usize, limit: u64) -> Option<Share> {
        let likely = usize::try_from(self.most / 2 / self.size).unwrap_or(usize::MAX);
        let most = messages.min(likely.max(1));
        if self.messages > most / 2 {
            return None;
        }
        let messages = most - self.messages;
        if self.size > self.most {
            // Only alone, and what is alone may be of any size.
            return (self.messages == 0).then_some(Share { messages: 1, bytes: None });
        }
        let free = self.most - self.bytes.min(self.most);
        let wanted = self.size.saturating_mul(count(messages + messages / MARGIN + 1));
        (free >= self.size).then(|| Share { messages, bytes: Some(wanted.min(free).min(limit)) })
    }

    pub(super) fn asked(&mut self, share: Share) {
        self.messages += share.messages;
        self.bytes = self.bytes.saturating_add(share.bytes.unwrap_or(self.most));
        self.last = if share.bytes.is_some() { Last::Nothing } else { Last::NothingAtAll };
    }

    /// A message of this size was taken.
    pub(super) fn took(&mut self, bytes: usize) {
        let bytes = count(bytes).max(1);
        // What is larger counts for more: to ask for too much of it costs another pull.
        if bytes > self.size {
            self.size += (bytes - self.size).div_ceil(2);
        } else {
            self.size -= (self.size - bytes) / 8;
        }
        self.last = Last::Something;
        self.less(1, bytes);
    }

    /// A pull has ended without so much of what it asked for.
    pub(super) fn ended(&mut self, unsent: Unsent) {
        self.less(unsent.messages, unsent.bytes);
    }

    /// A pull was ended by the server without so much of what it asked for. `false` if that cannot be for its bytes.
    pub(super) fn cut_short(&mut self, unsent: Unsent) -> bool {
        if self.last == Last::NothingAtAll {
            return false;
        }
        if self.last == Last::Nothing {
            // Not even one message has fitted.
            self.size = self.size.saturating_mul(2).max(LARGE);
        }
        self.ended(unsent);
        true
    }

    fn less(&mut self, messages: usize, bytes: u64) {
        self.messages = self.messages.saturating_sub(messages);
        self.bytes = if self.messages == 0 { 0 } else { self.bytes.saturating_sub(bytes) };
    }
}

/// What a pull has not brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsent {
    pub(super) messages: usize,
    pub(super) bytes: u64,
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KB: u64 = 1 << 10;
    const MB: u64 = 1 << 20;
    const MOST: u64 = 16 * MB;

    /// A server with a backlog of messages of these sizes, and a client that takes one after the other.
    #[derive(Default)]
    struct Play {
        /// What is on its way, in order.
        sent: std::collections::VecDeque<Sent>,
        /// The most bytes that were on their way.
        peak: u64,
        pulls: usize,
        taken: usize,
        /// How often nothing was on its way.
        dry: usize,
    }

    enum Sent {
        Message(u64),
        CutShort(Unsent),
    }

    impl Play {
        fn on_its_way(&self) -> u64 {
            let sizes = self.sent.iter().map(|sent| match sent {
                Sent::Message(size) => *size,
                Sent::CutShort(_) => 0,
            });
            sizes.sum()
        }

        fn serve(&mut self, share: Share, backlog: &mut impl Iterator<Item = u64>, next: &mut Option<u64>) {
            let mut left = share.bytes.unwrap_or(u64::MAX);
            for sent in 0..share.messages {
                let Some(size) = next.take().or_else(|| backlog.next()) else { return };
                if size > left {
                    *next = Some(size);
                    let unsent = Unsent { messages: share.messages - sent, bytes: left };
                    return self.sent.push_back(Sent::CutShort(unsent));
                }
                left -= size;
                self.sent.push_back(Sent::Message(size));
            }
        }

        fn run(buffer: usize, backlog: impl IntoIterator<Item = u64>) -> Self {
            let (mut backlog, mut next) = (backlog.into_iter(), None);
            let (mut play, mut credit) = (Self::default(), Credit::new(buffer, MOST));
            loop {
                if let Some(share) = credit.next(buffer, u64::MAX) {
                    play.pulls += 1;
                    credit.asked(share);
                    play.serve(share, &mut backlog, &mut next);
                    play.peak = play.peak.max(play.on_its_way());
                }
                match play.sent.pop_front() {
                    Some(Sent::Message(size)) => {
                        play.taken += 1;
                        credit.took(usize::try_from(size).unwrap());
                    }
                    Some(Sent::CutShort(unsent)) => assert!(credit.cut_short(unsent)),
                    None => return play,
                }
                play.dry += usize::from(play.sent.is_empty());
            }
        }
    }

    #[test]
    fn small_messages_are_asked_for_by_number_and_hardly_ever_run_dry() {
        let play = Play::run(100, std::iter::repeat_n(KB, 100_000));
        assert_eq!(play.taken, 100_000);
        assert!(play.peak <= 200 * KB && play.pulls < 2_100, "{} {}", play.peak, play.pulls);
        assert!(play.dry < 30, "{}", play.dry);
    }

    #[test]
    fn large_messages_never_come_to_more_than_the_bytes() {
        let play = Play::run(100, std::iter::repeat_n(MB, 1_000));
        assert_eq!(play.taken, 1_000);
        assert!(play.peak <= MOST, "{}", play.peak);
        assert!(play.dry < 100, "{}", play.dry);
    }

    #[test]
    fn what_is_large_all_of_a_sudden_does_not_pass_the_bound() {
        for small in [1, 50, 51, 149, 1_000] {
            let sizes = std::iter::repeat_n(100, small).chain(std::iter::repeat_n(3 * MB, 100));
            let play = Play::run(10_000, sizes.chain(std::iter::repeat_n(100, 500)));
            assert_eq!(play.taken, small + 600);
            assert!(play.peak <= MOST, "{}", play.peak);
        }
    }

    #[test]
    fn a_message_above_the_bound_comes_alone() {
        let sizes = [10, 20 * MB, 40 * MB, 10, 10, 30 * MB, 10];
        let play = Play::run(100, sizes);
        assert_eq!(play.taken, sizes.len());
        assert_eq!(play.peak, 40 * MB);
    }

    #[test]
    fn a_pull_that_is_refused_at_any_size_is_no_matter_of_bytes() {
        let mut credit = Credit::new(1, 1);
        credit.size = 2;
        let share = credit.next(1, u64::MAX).unwrap();
        assert_eq!(share, Share { messages: 1, bytes: None });
        credit.asked(share);
        assert!(!credit.cut_short(Unsent { messages: 1, bytes: 0 }));
    }

    #[test]
    fn a_consumers_limit_binds_each_pull() {
        let credit = Credit::new(100, MOST);
        assert_eq!(credit.next(100, 1_000).unwrap().bytes, Some(1_000));
        assert_eq!(credit.next(3, u64::MAX).unwrap().messages, 3);
    }
}
