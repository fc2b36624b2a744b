//! What services publish, and who uses a consumer.

use super::{Findings, Mistake};
use crate::topology::Topology;

pub(super) fn check(topology: &Topology, findings: &mut Findings) {
    for service in &topology.services {
        for subject in &service.publishes {
            let stored = topology
                .streams
                .iter()
                .any(|stream| stream.config.subjects.iter().any(|taken| taken.overlaps(subject)));
            if !stored {
                let message = format!("it publishes to `{subject}`, which no stream stores");
                let remedy = "correct the subject, or give it to a stream";
                findings.at(format!("services.{}", service.name), Mistake::PublishedNowhere, message, remedy);
            }
        }
    }
    let all =
        || topology.streams.iter().flat_map(|stream| stream.consumers.iter().map(move |one| (stream, one)));
    if all().any(|(_, consumer)| !consumer.services.is_empty()) {
        for (stream, consumer) in all().filter(|(_, consumer)| consumer.services.is_empty()) {
            let message =
                "no service uses it, and it keeps what it has not seen from being removed or counts as lag";
            let remedy = "name its `services`, or take it out";
            findings.consumer(stream, consumer, Mistake::NobodysConsumer, message, remedy);
        }
    }
}
