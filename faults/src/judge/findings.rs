//! All that is counted and measured of a run: [`Findings`].

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde::Serialize;

use super::times::{longest_gap, longest_resume, percentile};
use crate::load::{Ack, Delivered, Id, Outcome, Records};
use crate::scenario::Ends;
use crate::stage::Fault;

/// What came of a run. Times in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Findings {
    /// Publishes that were called.
    pub(crate) invoked: usize,
    pub(crate) failed: usize,
    pub(crate) unknown: usize,
    /// Confirmed, and not in the stream.
    pub(crate) lost: usize,
    /// In the stream, and never published.
    pub(crate) phantom: usize,
    pub(crate) stored_twice: usize,
    /// Messages of a key that are in the stream before an earlier one.
    pub(crate) misordered: usize,
    /// Told to have failed, and in the stream.
    pub(crate) false_fails: usize,
    /// In the stream, and never delivered to one of the consumers.
    pub(crate) undelivered: usize,
    /// Deliveries of a message beyond its first, to a consumer.
    pub(crate) duplicates: usize,
    /// Deliveries of a message after it was settled by a plain ack, and by a confirmed one.
    pub(crate) again_plain: usize,
    pub(crate) again_confirmed: usize,
    /// The longest time without a confirmed publish, and without a delivery to one of the consumers.
    pub(crate) publish_gap: f64,
    pub(crate) delivery_gap: f64,
    /// The longest time from the end of a fault to the next confirmed publish, and the next delivery to each consumer.
    pub(crate) publish_resume: Option<f64>,
    pub(crate) delivery_resume: Option<f64>,
    /// From a publish to its first delivery.
    pub(crate) end_to_end_p99: Option<f64>,
    pub(crate) end_to_end_max: Option<f64>,
    /// From the first fault to the first publish that failed for certain.
    pub(crate) publisher_told: Option<f64>,
    /// From the first fault until the last consumer was told its first error.
    pub(crate) consumers_told: Option<f64>,
    /// The errors that the most troubled consumer was told.
    pub(crate) errors_told: usize,
    /// Resident memory that came with the load, in bytes.
    pub(crate) memory: Option<u64>,
}

/// What there is to judge.
pub(crate) struct Evidence<'a> {
    pub(crate) records: &'a Records,
    /// `None` if the stream is gone.
    pub(crate) stored: Option<&'a [Id]>,
    pub(crate) faults: &'a [Fault],
    /// When the publishers were told to stop.
    pub(crate) end: Duration,
    pub(crate) ends: Ends,
}

impl Findings {
    pub(crate) fn of(evidence: &Evidence<'_>) -> Self {
        let mut findings = Self::default();
        findings.look_at_publishes(evidence);
        if let Some(stored) = evidence.stored {
            findings.look_at_stream(evidence.records, stored, evidence.ends);
        }
        for ack in Ack::BOTH {
            findings.look_at_deliveries(evidence, ack);
        }
        findings.look_at_errors(evidence);
        findings
    }

    /// The worst of two runs: counts add up, of times the longest counts.
    #[must_use]
    pub(crate) fn worse(&self, other: &Self) -> Self {
        let longest = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        Self {
            invoked: self.invoked + other.invoked,
            failed: self.failed + other.failed,
            unknown: self.unknown + other.unknown,
            lost: self.lost + other.lost,
            phantom: self.phantom + other.phantom,
            stored_twice: self.stored_twice + other.stored_twice,
            misordered: self.misordered + other.misordered,
            false_fails: self.false_fails + other.false_fails,
            undelivered: self.undelivered + other.undelivered,
            duplicates: self.duplicates + other.duplicates,
            again_plain: self.again_plain + other.again_plain,
            again_confirmed: self.again_confirmed + other.again_confirmed,
            publish_gap: self.publish_gap.max(other.publish_gap),
            delivery_gap: self.delivery_gap.max(other.delivery_gap),
            publish_resume: longest(self.publish_resume, other.publish_resume),
            delivery_resume: longest(self.delivery_resume, other.delivery_resume),
            end_to_end_p99: longest(self.end_to_end_p99, other.end_to_end_p99),
            end_to_end_max: longest(self.end_to_end_max, other.end_to_end_max),
            publisher_told: longest(self.publisher_told, other.publisher_told),
            consumers_told: longest(self.consumers_told, other.consumers_told),
            errors_told: self.errors_told.max(other.errors_told),
            memory: self.memory.max(other.memory),
        }
    }

    /// What must never happen, whatever the scenario.
    pub(crate) fn wrongs(&self) -> [(&'static str, usize); 6] {
        [
            ("lost", self.lost),
            ("phantom", self.phantom),
            ("stored twice", self.stored_twice),
            ("out of order", self.misordered),
            ("failed yet stored", self.false_fails),
            ("never delivered", self.undelivered),
        ]
    }

    fn look_at_publishes(&mut self, evidence: &Evidence<'_>) {
        let published = &evidence.records.published;
        let count = |outcome| published.iter().filter(|publish| publish.outcome == outcome).count();
        self.invoked = published.len();
        (self.failed, self.unknown) = (count(Outcome::Failed), count(Outcome::Unknown));
        let confirmed = published.iter().filter(|publish| publish.outcome == Outcome::Stored);
        let confirmed: Vec<Duration> = confirmed.map(|publish| publish.ended).collect();
        self.publish_resume =
            longest_resume(&confirmed, evidence.faults, evidence.end).map(|time| time.as_secs_f64());
        self.publish_gap = longest_gap(confirmed, evidence.end).as_secs_f64();
    }

    fn look_at_stream(&mut self, records: &Records, stored: &[Id], ends: Ends) {
        let outcomes: HashMap<Id, Outcome> =
            records.published.iter().map(|publish| (publish.id, publish.outcome)).collect();
        let (mut seen, mut newest) = (HashSet::new(), HashMap::<u32, u32>::new());
        for id in stored {
            match outcomes.get(id) {
                None => self.phantom += 1,
                Some(Outcome::Failed) => self.false_fails += 1,
                Some(_) => {}
            }
            if !seen.insert(*id) {
                self.stored_twice += 1;
                continue;
            }
            let newest = newest.entry(id.key).or_default();
            if id.number < *newest {
                self.misordered += 1;
            }
            *newest = id.number.max(*newest);
        }
        let is_lost = |(id, outcome): &(&Id, &Outcome)| **outcome == Outcome::Stored && !seen.contains(*id);
        self.lost = outcomes.iter().filter(is_lost).count();
        if ends == Ends::Drained {
            for ack in Ack::BOTH {
                let came: HashSet<Id> = records.deliveries(ack).iter().map(|delivery| delivery.id).collect();
                self.undelivered += seen.difference(&came).count();
            }
        }
    }

    fn look_at_deliveries(&mut self, evidence: &Evidence<'_>, ack: Ack) {
        let deliveries = evidence.records.deliveries(ack);
        let mut first: HashMap<Id, Duration> = HashMap::new();
        let mut settled: HashMap<Id, Duration> = HashMap::new();
        for Delivered { id, at, settled: done } in deliveries {
            if first.contains_key(id) {
                self.duplicates += 1;
            }
            first.entry(*id).or_insert(*at);
            if settled.get(id).is_some_and(|settled| settled < at) {
                match ack {
                    Ack::Plain => self.again_plain += 1,
                    Ack::Confirmed => self.again_confirmed += 1,
                }
            }
            if let Some(done) = done {
                settled.entry(*id).or_insert(*done);
            }
        }
        let moments: Vec<Duration> = deliveries.iter().map(|delivery| delivery.at).collect();
        if let Some(resume) = longest_resume(&moments, evidence.faults, evidence.end) {
            let resume = resume.as_secs_f64();
            self.delivery_resume = Some(self.delivery_resume.map_or(resume, |other| other.max(resume)));
        }
        let end = evidence.end;
        self.delivery_gap = self.delivery_gap.max(longest_gap(moments, end).as_secs_f64());
        let called = evidence.records.published.iter().map(|publish| (publish.id, publish.called));
        let mut under_way: Vec<Duration> =
            called.filter_map(|(id, called)| Some(first.get(&id)?.saturating_sub(called))).collect();
        under_way.sort_unstable();
        for (place, of_hundred) in [(&mut self.end_to_end_p99, 99), (&mut self.end_to_end_max, 100)] {
            if let Some(time) = percentile(&under_way, of_hundred) {
                let time = time.as_secs_f64();
                *place = Some(place.map_or(time, |other| other.max(time)));
            }
        }
    }

    fn look_at_errors(&mut self, evidence: &Evidence<'_>) {
        let Some(fault) = evidence.faults.first() else { return };
        let since = |moment: Duration| moment.checked_sub(fault.from).map(|time| time.as_secs_f64());
        let failed = evidence.records.published.iter().filter(|publish| publish.outcome == Outcome::Failed);
        self.publisher_told = failed.filter_map(|publish| since(publish.ended)).reduce(f64::min);
        let told = |ack| {
            let of_this = evidence.records.told.iter().filter(move |(told, _)| *told == ack);
            of_this.map(|(_, at)| *at).collect::<Vec<_>>()
        };
        let each = Ack::BOTH.map(told);
        self.errors_told = each.iter().map(Vec::len).max().unwrap_or_default();
        let firsts: Option<Vec<Duration>> = each.iter().map(|told| told.first().copied()).collect();
        self.consumers_told = firsts.and_then(|firsts| firsts.into_iter().filter_map(since).reduce(f64::max));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Published;

    const END: Duration = Duration::from_secs(10);

    fn id(number: u32) -> Id {
        Id { key: 1, number }
    }

    fn published(number: u32, outcome: Outcome) -> Published {
        let at = Duration::from_secs(number.into());
        Published { id: id(number), called: at, ended: at + Duration::from_millis(10), outcome }
    }

    fn delivered(number: u32, at: u64, settled: Option<u64>) -> Delivered {
        Delivered { id: id(number), at: Duration::from_secs(at), settled: settled.map(Duration::from_secs) }
    }

    fn judge(records: &Records, stored: &[Id], faults: &[Fault]) -> Findings {
        let ends = Ends::Drained;
        Findings::of(&Evidence { records, stored: Some(stored), faults, end: END, ends })
    }

    #[test]
    fn each_wrong_of_a_stream_is_counted() {
        let outcomes = [Outcome::Stored, Outcome::Stored, Outcome::Failed, Outcome::Unknown, Outcome::Stored];
        let published = (0..).zip(outcomes).map(|(number, outcome)| published(number, outcome)).collect();
        let records = Records { published, ..Records::default() };
        // 4 is lost, 2 is there though it failed, 1 twice, 0 after 1, and nobody published 9.
        let found = judge(&records, &[id(1), id(0), id(1), id(2), id(3), id(9)], &[]);
        assert_eq!(
            (found.lost, found.phantom, found.stored_twice, found.misordered, found.false_fails),
            (1, 1, 1, 1, 1)
        );
        assert_eq!((found.invoked, found.failed, found.unknown), (5, 1, 1));
        assert_eq!(found.undelivered, 10, "none of the five, to either consumer");
    }

    #[test]
    fn what_comes_again_after_its_ack_is_told_from_other_duplicates() {
        let records = Records {
            plain: vec![
                delivered(0, 1, None),
                delivered(0, 2, Some(2)),
                delivered(0, 3, Some(3)),
                delivered(0, 4, None),
            ],
            confirmed: vec![delivered(0, 1, Some(5)), delivered(0, 4, None)],
            ..Records::default()
        };
        let found = judge(&records, &[], &[]);
        assert_eq!((found.duplicates, found.again_plain, found.again_confirmed), (4, 2, 0));
    }

    #[test]
    fn both_sides_are_told_after_the_fault() {
        let told = [(Ack::Plain, 1), (Ack::Plain, 3), (Ack::Confirmed, 4)];
        let records = Records {
            published: vec![published(1, Outcome::Stored), published(3, Outcome::Failed)],
            told: told.map(|(ack, at)| (ack, Duration::from_secs(at))).into(),
            ..Records::default()
        };
        let fault = Fault { from: Duration::from_secs(1), healed: None };
        let found = judge(&records, &[id(1)], &[fault]);
        assert_eq!(
            (found.publisher_told, found.consumers_told, found.errors_told),
            (Some(2.01), Some(3.0), 2)
        );
    }

    #[test]
    fn of_two_runs_counts_add_up_and_the_longest_times_stay() {
        let run = |unknown, publish_gap| Findings { unknown, publish_gap, ..Findings::default() };
        let worse = run(1, 0.2).worse(&run(2, 0.1));
        assert_eq!((worse.unknown, worse.publish_gap), (3, 0.2));
    }
}
