//! From a subject to the stream that stores it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use dashmap::DashMap;
use foldhash::fast::RandomState;
use pubsub_core::{StreamName, Subject, SubjectFilter};

use crate::stream::Stream;
use crate::subject_trie::SubjectTrie;

/// The most subjects that are remembered. Past it all are forgotten, which costs one look-up each.
const MEMO: usize = 65_536;

/// The subjects of all streams. No two streams overlap, so a subject has one stream at most.
#[derive(Debug, Default)]
pub(super) struct Routes {
    table: RwLock<Table>,
    /// What the table answered. Written under the table's read lock and cleared under its write lock, so that no
    /// answer outlives a change.
    memo: DashMap<Subject, Arc<Stream>, RandomState>,
    memorised: AtomicUsize,
}

#[derive(Debug, Default)]
struct Table {
    trie: SubjectTrie<Arc<Stream>>,
    subjects: HashMap<StreamName, Vec<SubjectFilter>>,
}

impl Routes {
    pub(super) fn find(&self, subject: &Subject) -> Option<Arc<Stream>> {
        if let Some(known) = self.memo.get(subject) {
            return Some(Arc::clone(&known));
        }
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let stream = Arc::clone(table.trie.find(subject.as_str())?);
        if self.memorised.fetch_add(1, Ordering::Relaxed) >= MEMO {
            self.memo.clear();
            self.memorised.store(1, Ordering::Relaxed);
        }
        self.memo.insert(subject.clone(), Arc::clone(&stream));
        Some(stream)
    }

    pub(super) fn subjects(&self, stream: &StreamName) -> Option<Vec<SubjectFilter>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).subjects.get(stream).cloned()
    }

    /// The first stream by name, but for this one, that takes a subject which one of these filters matches, and the filter.
    pub(super) fn overlap(
        &self,
        subjects: &[SubjectFilter],
        except: &StreamName,
    ) -> Option<(StreamName, SubjectFilter)> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Option<(&StreamName, &SubjectFilter)> = None;
        for subject in subjects {
            table.trie.visit_overlapping(subject, &mut |stream| {
                let name = stream.name();
                if name != except && found.is_none_or(|(known, _)| name < known) {
                    found = Some((name, subject));
                }
            });
        }
        found.map(|(name, subject)| (name.clone(), subject.clone()))
    }

    pub(super) fn add(&self, subjects: &[SubjectFilter], stream: &Arc<Stream>) {
        self.change(|table| {
            for subject in subjects {
                table.trie.insert(subject, Arc::clone(stream));
            }
            table.subjects.insert(stream.name().clone(), subjects.to_vec());
        });
    }

    /// Returns the subjects that it had.
    pub(super) fn remove(&self, stream: &StreamName) -> Vec<SubjectFilter> {
        self.change(|table| {
            let subjects = table.subjects.remove(stream).unwrap_or_default();
            for subject in &subjects {
                table.trie.remove(subject, |routed| routed.name() == stream);
            }
            subjects
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut table);
        self.memo.clear();
        self.memorised.store(0, Ordering::Relaxed);
        result
    }
}
