//! What this library promises of a scenario: [`Target`].

use std::fmt;

use super::Findings;

/// By how much longer the short scenarios may take: they run on machines that do other things too.
const QUICK_SLACK: f64 = 3.0;
const MIB: f64 = 1024.0 * 1024.0;

/// A bound that must not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// Nothing lost, phantom, stored twice, out of order, failed yet stored, or never delivered.
    NothingWrong,
    /// No publish fails, and of each the outcome is known.
    EachStored,
    /// Of each publish the outcome is known.
    NothingUnknown,
    /// What was settled comes again: after a confirmed ack never, after plain ones so often.
    SettledStays {
        plain: usize,
    },
    Duplicates(usize),
    /// In seconds, as all that follow.
    PublishGap(f64),
    DeliveryGap(f64),
    PublishResume(f64),
    DeliveryResume(f64),
    EndToEnd(f64),
    /// From the fault to the first definite error of a publish.
    PublisherTold(f64),
    /// From the fault to the one error that each consumer gets.
    ConsumersToldOnce(f64),
    /// Resident memory that comes with the load, in MiB.
    Memory(f64),
}

impl Target {
    /// What was found instead, if it was not reached.
    pub(crate) fn missed(self, found: &Findings, quick: bool) -> Option<String> {
        let slack = if quick { QUICK_SLACK } else { 1.0 };
        let within = |what: &str, value: Option<f64>, bound: f64| match value {
            Some(value) if value <= bound * slack => None,
            Some(value) => Some(format!("{what} {value:.3} s, at most {:.3} s", bound * slack)),
            None => Some(format!("{what} never, at most {:.3} s", bound * slack)),
        };
        let at_most = |what: &str, count: usize, bound: usize| {
            (count > bound).then(|| format!("{count} {what}, at most {bound}"))
        };
        match self {
            Self::NothingWrong => {
                let wrongs = found.wrongs().into_iter().filter(|(_, count)| *count > 0);
                let told: Vec<_> = wrongs.map(|(what, count)| format!("{count} {what}")).collect();
                (!told.is_empty()).then(|| told.join(", "))
            }
            Self::EachStored => (found.failed + found.unknown > 0).then(|| {
                format!("{} failed and {} unknown of {}", found.failed, found.unknown, found.invoked)
            }),
            Self::NothingUnknown => at_most("unknown", found.unknown, 0),
            Self::SettledStays { plain } => at_most("again after a confirmed ack", found.again_confirmed, 0)
                .or_else(|| at_most("again after a plain ack", found.again_plain, plain)),
            Self::Duplicates(bound) => at_most("duplicates", found.duplicates, bound),
            Self::PublishGap(bound) => within("publish gap", Some(found.publish_gap), bound),
            Self::DeliveryGap(bound) => within("delivery gap", Some(found.delivery_gap), bound),
            Self::PublishResume(bound) => within("publishing resumed after", found.publish_resume, bound),
            Self::DeliveryResume(bound) => within("delivery resumed after", found.delivery_resume, bound),
            Self::EndToEnd(bound) => within("from publish to delivery", found.end_to_end_max, bound),
            Self::PublisherTold(bound) => within("the publisher was told after", found.publisher_told, bound),
            Self::ConsumersToldOnce(bound) => at_most("errors for one consumer", found.errors_told, 1)
                .or_else(|| within("the consumers were told after", found.consumers_told, bound)),
            Self::Memory(bound) => {
                #[expect(clippy::cast_precision_loss, reason = "a size to compare roughly")]
                let mebibytes = found.memory.map(|bytes| bytes as f64 / MIB);
                // Where the system does not tell, there is nothing to judge.
                mebibytes
                    .filter(|mebibytes| *mebibytes > bound)
                    .map(|mebibytes| format!("{mebibytes:.0} MiB of memory, at most {bound:.0} MiB"))
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingWrong => f.write_str("nothing wrong"),
            Self::EachStored => f.write_str("0 failed, 0 unknown"),
            Self::NothingUnknown => f.write_str("0 unknown"),
            Self::SettledStays { plain } => {
                write!(f, "again after a confirmed ack 0, after a plain one <= {plain}")
            }
            Self::Duplicates(bound) => write!(f, "duplicates <= {bound}"),
            Self::PublishGap(bound) => write!(f, "publish gap < {bound} s"),
            Self::DeliveryGap(bound) => write!(f, "delivery gap < {bound} s"),
            Self::PublishResume(bound) => write!(f, "publishing resumes in {bound} s"),
            Self::DeliveryResume(bound) => write!(f, "delivery resumes in {bound} s"),
            Self::EndToEnd(bound) => write!(f, "publish to delivery < {bound} s"),
            Self::PublisherTold(bound) => write!(f, "the publisher is told in {bound} s"),
            Self::ConsumersToldOnce(bound) => write!(f, "each consumer is told once, in {bound} s"),
            Self::Memory(bound) => write!(f, "memory <= {bound} MiB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_missed_with_figures() {
        let found = Findings { invoked: 9, unknown: 1, publish_gap: 0.7, ..Findings::default() };
        assert_eq!(Target::EachStored.missed(&found, false).unwrap(), "0 failed and 1 unknown of 9");
        assert!(Target::PublishGap(0.5).missed(&found, false).unwrap().contains("0.700 s"));
        assert_eq!(Target::PublishGap(0.5).missed(&found, true), None, "a busy machine has more time");
        assert_eq!(Target::NothingWrong.missed(&found, true), None);
        assert!(Target::PublishResume(0.5).missed(&found, true).unwrap().contains("never"));
    }

    #[test]
    fn settled_means_settled_by_the_kind_of_ack() {
        let target = Target::SettledStays { plain: 5 };
        let found =
            |again_confirmed, again_plain| Findings { again_confirmed, again_plain, ..Findings::default() };
        assert_eq!(target.missed(&found(0, 5), false), None);
        assert!(target.missed(&found(0, 6), true).is_some());
        assert!(target.missed(&found(1, 0), true).is_some());
    }
}
