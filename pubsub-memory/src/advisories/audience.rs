//! Whether anybody would hear of what happens: [`Audience`].

use std::sync::atomic::{AtomicUsize, Ordering};

use pubsub_core::{Advisory, SubjectFilter};

/// Who might hear an advisory: plain listeners to them, and streams that keep them. Without either none is made.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    listeners: AtomicUsize,
    streams: AtomicUsize,
}

impl Audience {
    pub(crate) fn is_any(&self) -> bool {
        self.listeners.load(Ordering::Relaxed) > 0 || self.streams.load(Ordering::Relaxed) > 0
    }

    /// Whoever listens to this has come.
    pub(crate) fn add_listener(&self, filter: &SubjectFilter) {
        add(&self.listeners, std::slice::from_ref(filter));
    }

    /// Whoever listened to this is gone.
    pub(crate) fn remove_listener(&self, filter: &SubjectFilter) {
        remove(&self.listeners, std::slice::from_ref(filter));
    }

    /// A stream over these subjects has come.
    pub(crate) fn add_stream(&self, subjects: &[SubjectFilter]) {
        add(&self.streams, subjects);
    }

    /// The stream over these subjects is gone.
    pub(crate) fn remove_stream(&self, subjects: &[SubjectFilter]) {
        remove(&self.streams, subjects);
    }
}

fn add(count: &AtomicUsize, filters: &[SubjectFilter]) {
    if overlaps_advisories(filters) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn remove(count: &AtomicUsize, filters: &[SubjectFilter]) {
    if overlaps_advisories(filters) {
        count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether advisories are among what these match.
pub(super) fn overlaps_advisories(filters: &[SubjectFilter]) -> bool {
    let advisories = Advisory::FILTERS
        .iter()
        .chain(&Advisory::PINS)
        .filter_map(|filter| SubjectFilter::from_static(filter).ok());
    let mut pairs =
        advisories.flat_map(|advisory| filters.iter().map(move |filter| advisory.overlaps(filter)));
    pairs.any(|overlaps| overlaps)
}
