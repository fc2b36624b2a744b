//! What one member knows of the others: [`View`].

use std::collections::HashMap;

use tokio::time::Instant;

use super::records::{MemberRecord, Record};
use crate::worker::run::after;

/// What one member knows: whose each partition is, and who lives, by its own clock.
///
/// Everything is judged as of an instant `as_of` at which this member told something that it has read since: what was
/// stored before then it has read too, as records come in their order. So whoever is silent here for a lease has told
/// nothing for a lease, however late its records come here; and has given up what it had after three quarters of the
/// lease, counted from before it told.
#[derive(Debug)]
pub(super) struct View {
    partitions: Vec<Claim>,
    members: HashMap<String, Seen>,
}

#[derive(Debug, Clone, Default)]
struct Claim {
    owner: Option<String>,
    sequence: u64,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Instant,
    member: MemberRecord,
}

impl Seen {
    fn lives(&self, as_of: Instant) -> bool {
        as_of < after(self.at, self.member.lease())
    }
}

impl View {
    pub(super) fn new(partitions: u32) -> Self {
        Self { partitions: vec![Claim::default(); partitions as usize], members: HashMap::new() }
    }

    /// Takes in a record that has this sequence. One of a partition may come twice, or late.
    pub(super) fn learn(&mut self, record: Record, sequence: u64, now: Instant) {
        match record {
            Record::Member { id, member } => {
                self.members.insert(id, Seen { at: now, member });
            }
            Record::Partition { number, owner } => {
                let claim = self.partitions.get_mut(number as usize);
                if let Some(claim) = claim.filter(|claim| claim.sequence < sequence) {
                    *claim = Claim { owner, sequence };
                }
            }
        }
    }

    /// Forgets who lives no more.
    pub(super) fn forget(&mut self, as_of: Instant) {
        self.members.retain(|_, seen| seen.lives(as_of));
    }

    /// How many members share the partitions, this one included.
    pub(super) fn members(&self, own: &str, as_of: Instant) -> usize {
        self.others(own, as_of).count() + 1
    }

    /// How many partitions a member is to have. Those of all members add up, once they know of each other.
    pub(super) fn share(&self, own: &str, as_of: Instant) -> usize {
        let rank = self.others(own, as_of).filter(|id| *id < own).count();
        let (partitions, members) = (self.partitions.len(), self.members(own, as_of));
        partitions / members + usize::from(rank < partitions % members)
    }

    fn others<'a>(&'a self, own: &'a str, as_of: Instant) -> impl Iterator<Item = &'a str> {
        let stays =
            move |(id, seen): &(&String, &Seen)| *id != own && seen.lives(as_of) && !seen.member.is_leaving;
        self.members.iter().filter(stays).map(|(id, _)| id.as_str())
    }

    /// Which partitions nobody has who lives, each with the sequence of what was said of it last.
    pub(super) fn free(&self, own: &str, as_of: Instant) -> Vec<(u32, u64)> {
        let has =
            |owner: &String| owner == own || self.members.get(owner).is_some_and(|seen| seen.lives(as_of));
        let free = (0..).zip(&self.partitions).filter(|(_, claim)| !claim.owner.as_ref().is_some_and(has));
        free.map(|(number, claim)| (number, claim.sequence)).collect()
    }

    /// The sequence of what was said of a partition last; 0 if nothing was.
    pub(super) fn sequence(&self, partition: u32) -> u64 {
        self.partitions.get(partition as usize).map_or(0, |claim| claim.sequence)
    }

    /// Which partitions are a member's, each with the sequence of its claim.
    pub(super) fn of(&self, own: &str) -> Vec<(u32, u64)> {
        let own = (0..).zip(&self.partitions).filter(|(_, claim)| claim.owner.as_deref() == Some(own));
        own.map(|(number, claim)| (number, claim.sequence)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LEASE: Duration = Duration::from_secs(10);

    fn lives(view: &mut View, id: &str, is_leaving: bool) {
        let member = MemberRecord::new(LEASE, is_leaving, 1);
        view.learn(Record::Member { id: id.to_owned(), member }, 1, Instant::now());
    }

    fn owned(view: &mut View, number: u32, owner: Option<&str>, sequence: u64) {
        let owner = owner.map(str::to_owned);
        view.learn(Record::Partition { number, owner }, sequence, Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn the_shares_of_all_add_up() {
        for partitions in [1, 2, 5, 8] {
            let mut view = View::new(partitions);
            for id in ["a", "b", "c"] {
                lives(&mut view, id, false);
            }
            let shares = ["a", "b", "c"].map(|id| view.share(id, Instant::now()));
            assert_eq!(shares.iter().sum::<usize>(), partitions as usize);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_gets_none_and_keeps_what_it_has() {
        let mut view = View::new(2);
        lives(&mut view, "b", true);
        owned(&mut view, 0, Some("b"), 2);
        let now = Instant::now();
        assert_eq!((view.members("a", now), view.share("a", now)), (1, 2));
        assert_eq!(view.free("a", now), [(1, 0)]);
        owned(&mut view, 0, None, 3);
        assert_eq!(view.free("a", now), [(0, 3), (1, 0)]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_for_a_lease_has_nothing() {
        let mut view = View::new(1);
        lives(&mut view, "b", false);
        owned(&mut view, 0, Some("b"), 2);
        tokio::time::advance(LEASE - Duration::from_millis(1)).await;
        assert!(view.free("a", Instant::now()).is_empty());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(view.free("a", Instant::now()), [(0, 2)]);
        assert_eq!(view.members("a", Instant::now()), 1);
        view.forget(Instant::now());
        assert!(view.members.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_record_changes_nothing() {
        let mut view = View::new(1);
        owned(&mut view, 0, Some("a"), 5);
        owned(&mut view, 0, Some("b"), 4);
        assert_eq!(view.of("a"), [(0, 5)]);
        owned(&mut view, 9, Some("a"), 6);
    }
}
