//! All streams of one store, and the way from a subject to its stream.

mod account;
mod hops;
mod plain;
mod restore;
mod routes;
mod usage;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use pubsub_core::{
    Capabilities, Error, Result, StreamConfig, StreamInfo, StreamName, Subject, SubjectFilter,
};

use crate::advisories::Audience;
use crate::clock::Clock;
use crate::config::MemoryConfig;
use crate::core_messaging::Listeners;
use crate::stream::{Stream, StreamState};
use crate::{error, features, known};
pub(crate) use hops::Hops;
use routes::Routes;
pub(crate) use usage::Usage;

/// What the connections of one server share.
///
/// Locks are taken in this order: table, then stream. Publishes take the table's only for a subject that is not
/// remembered.
pub(crate) struct Store {
    pub(crate) config: Arc<MemoryConfig>,
    pub(crate) capabilities: Capabilities,
    own: Weak<Self>,
    clock: Clock,
    table: RwLock<BTreeMap<StreamName, Arc<Stream>>>,
    routes: Routes,
    pub(crate) listeners: Listeners,
    pub(crate) audience: Arc<Audience>,
    usage: Arc<Usage>,
    ids: AtomicU64,
    saving: Mutex<()>,
    /// Whether it was restored, and no stream has been woken since.
    restored: AtomicBool,
}

/// Without the streams: they hold payloads, and whatever is made from a connection shows its store.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Store {
    pub(crate) fn open(config: MemoryConfig) -> Arc<Self> {
        Self::starting_at(config, Clock::start(), 0)
    }

    /// A store whose clock stands so, and whose numbers begin above this one.
    pub(crate) fn starting_at(config: MemoryConfig, clock: Clock, last_id: u64) -> Arc<Self> {
        let audience = Arc::default();
        Arc::new_cyclic(|own| Self {
            capabilities: features::capabilities(&config),
            own: Weak::clone(own),
            config: Arc::new(config),
            clock,
            table: RwLock::default(),
            routes: Routes::default(),
            listeners: Listeners::new(&audience),
            audience,
            usage: Arc::default(),
            ids: AtomicU64::new(last_id),
            saving: Mutex::default(),
            restored: AtomicBool::new(false),
        })
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// A number that nothing else of this store has.
    pub(crate) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The last number that was given out.
    pub(crate) fn last_id(&self) -> u64 {
        self.ids.load(Ordering::Relaxed)
    }

    /// Held by whoever writes a snapshot.
    pub(crate) fn saving(&self) -> MutexGuard<'_, ()> {
        self.saving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stream(&self, name: &StreamName) -> Result<Arc<Stream>> {
        self.read().get(name).map(Arc::clone).ok_or_else(|| Error::stream_not_found(name))
    }

    /// All streams, by name.
    pub(crate) fn streams(&self) -> Vec<Arc<Stream>> {
        self.read().values().map(Arc::clone).collect()
    }

    /// The stream that stores this subject.
    pub(crate) fn route(&self, subject: &Subject) -> Option<Arc<Stream>> {
        self.routes.find(subject)
    }

    /// The subjects of a stream that exists.
    pub(crate) fn subjects_of(&self, stream: &StreamName) -> Option<Vec<SubjectFilter>> {
        self.routes.subjects(stream)
    }

    pub(crate) fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        self.check(&config)?;
        let mut table = self.write();
        if let Some(existing) = table.get(&config.name) {
            let existing = Arc::clone(existing);
            drop(table);
            return existing.run(|state, _, _| {
                config.must_equal(state.config())?;
                state.info()
            });
        }
        self.check_overlap(&config)?;
        let limit = self.config.max_streams;
        if table.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(error::too_many_streams(&config.name, limit));
        }
        let state =
            StreamState::new(config.clone(), Arc::clone(&self.config), Arc::clone(&self.usage), self.clock)?;
        let info = state.info();
        let stream = Stream::open(state, Arc::clone(&self.audience), Weak::clone(&self.own));
        self.routes.add(&config.subjects, &stream);
        table.insert(config.name, stream);
        drop(table);
        self.change_audience(|| self.audience.add_stream(&config.subjects));
        info
    }

    pub(crate) fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        self.check(&config)?;
        let table = self.write();
        let stream = table.get(&config.name).ok_or_else(|| Error::stream_not_found(&config.name))?;
        let stream = Arc::clone(stream);
        let (result, effects): (Result<_>, _) = stream.run_quietly(|state, now, effects| {
            state.check_update(&config)?;
            self.check_overlap(&config)?;
            let (before, after) = (state.config().subjects.clone(), config.subjects.clone());
            state.reconfigure(config, now, effects)?;
            self.routes.remove(stream.name());
            self.routes.add(&after, &stream);
            Ok((state.info()?, before, after))
        });
        drop(table);
        effects.apply(&stream);
        let (info, before, after) = result?;
        self.change_audience(|| {
            self.audience.remove_stream(&before);
            self.audience.add_stream(&after);
        });
        Ok(info)
    }

    pub(crate) fn delete_stream(&self, name: &StreamName) -> Result<()> {
        let mut table = self.write();
        let stream = table.remove(name).ok_or_else(|| Error::stream_not_found(name))?;
        let subjects = self.routes.remove(name);
        drop(table);
        self.audience.remove_stream(&subjects);
        stream.run(|state, _, effects| state.delete(effects));
        Ok(())
    }

    fn check(&self, config: &StreamConfig) -> Result<()> {
        config.check(self.capabilities)?;
        known::stream(config)?;
        config.must_have_one_replica()
    }

    /// Called under the table's lock, so that no other stream comes meanwhile.
    fn check_overlap(&self, config: &StreamConfig) -> Result<()> {
        match self.routes.overlap(&config.subjects, &config.name) {
            Some((other, subject)) => Err(Error::subjects_overlap(&config.name, &other, &subject)),
            None => Ok(()),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<StreamName, Arc<Stream>>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<StreamName, Arc<Stream>>> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use pubsub_core::OutboundMessage;

    use super::*;

    #[test]
    fn a_publisher_does_not_wait_for_the_lock_of_another_stream() {
        let store = Store::open(MemoryConfig::default());
        for (name, filter) in [("A", "a.>"), ("B", "b.>")] {
            store.create_stream(StreamConfig::new(name, [filter]).unwrap()).unwrap();
        }
        let busy = store.stream(&StreamName::new("A").unwrap()).unwrap();
        let receipt = busy.run(|_, _, _| {
            let message = OutboundMessage::new("b.one", "x").unwrap();
            let stream = store.route(&message.subject).unwrap();
            stream.run(|state, now, effects| state.publish(message, now, effects))
        });
        assert_eq!(receipt.unwrap().sequence, Some(1));
    }
}
