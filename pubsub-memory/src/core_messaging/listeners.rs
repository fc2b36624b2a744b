//! All who listen to one server: [`Listeners`].

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use pubsub_core::{CoreMessage, GroupName, SubjectFilter};

use super::listener::Listener;
use crate::advisories::Audience;
use crate::subject_trie::SubjectTrie;

/// Who listens to what. A message costs as much as it has listeners, however many there are besides.
///
/// Its lock is taken alone, or before a listener's own.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    /// How many subscriptions there are: all that a publish looks at while there is none.
    count: AtomicUsize,
    audience: Arc<Audience>,
    table: RwLock<Table>,
    /// How many choices among members of a group were made.
    choices: AtomicU64,
}

#[derive(Debug, Default)]
struct Table {
    by_filter: SubjectTrie<Arc<Listener>>,
    subscriptions: BTreeMap<u64, (SubjectFilter, Arc<Listener>)>,
    /// Those who wait for answers, by the subject of these.
    asking: HashMap<Box<str>, Arc<Listener>>,
}

impl Listeners {
    pub(crate) fn new(audience: &Arc<Audience>) -> Self {
        Self { audience: Arc::clone(audience), ..Self::default() }
    }

    /// Whether somebody listens to something.
    pub(crate) fn is_any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Adds a subscription, unless `is_closed` finds under the lock that it comes too late for
    /// [`close_connection`](Self::close_connection).
    pub(super) fn listen(
        &self,
        filter: &SubjectFilter,
        listener: &Arc<Listener>,
        is_closed: impl FnOnce() -> bool,
    ) -> bool {
        let mut table = self.write();
        if is_closed() {
            return false;
        }
        table.by_filter.insert(filter, Arc::clone(listener));
        table.subscriptions.insert(listener.id(), (filter.clone(), Arc::clone(listener)));
        self.count.store(table.subscriptions.len(), Ordering::Relaxed);
        self.audience.add_listener(filter);
        true
    }

    pub(super) fn leave(&self, id: u64) {
        let mut table = self.write();
        if let Some((filter, _)) = table.subscriptions.remove(&id) {
            table.by_filter.remove(&filter, |listener| listener.id() == id);
            self.count.store(table.subscriptions.len(), Ordering::Relaxed);
            self.audience.remove_listener(&filter);
        }
    }

    /// Adds one who waits for answers on a subject of their own; the rest as [`listen`](Self::listen).
    pub(super) fn ask(
        &self,
        reply: &str,
        listener: &Arc<Listener>,
        is_closed: impl FnOnce() -> bool,
    ) -> bool {
        let mut table = self.write();
        if is_closed() {
            return false;
        }
        table.asking.insert(reply.into(), Arc::clone(listener));
        true
    }

    pub(super) fn stop_asking(&self, reply: &str) {
        self.write().asking.remove(reply);
    }

    pub(crate) fn close_connection(&self, connection: u64) {
        let mut table = self.write();
        let (mut wakers, mut theirs) = (Vec::new(), Vec::new());
        for (id, (_, listener)) in &table.subscriptions {
            if listener.connection() == connection {
                wakers.extend(listener.end());
                theirs.push(*id);
            }
        }
        table.asking.retain(|_, listener| {
            let is_theirs = listener.connection() == connection;
            wakers.extend(is_theirs.then(|| listener.end()).flatten());
            !is_theirs
        });
        drop(table);
        theirs.into_iter().for_each(|id| self.leave(id));
        wakers.into_iter().for_each(std::task::Waker::wake);
    }

    /// Hands the message to everybody who listens to its subject, and to one member of each group. Returns how many got
    /// it, or would have if they kept up.
    pub(crate) fn hand(&self, message: &CoreMessage) -> usize {
        let table = self.read();
        let mut receivers: Vec<&Arc<Listener>> = Vec::new();
        let mut groups: BTreeMap<&GroupName, Vec<&Arc<Listener>>> = BTreeMap::new();
        table.by_filter.visit(&message.subject, &mut |listener| match listener.group() {
            None => receivers.push(listener),
            Some(group) => groups.entry(group).or_default().push(listener),
        });
        receivers.extend(groups.values().filter_map(|members| self.choose(members)));
        receivers.extend(table.asking.get(&*message.subject));
        let count = receivers.len();
        let wakers: Vec<_> =
            receivers.into_iter().filter_map(|listener| listener.hand(message.clone())).collect();
        drop(table);
        wakers.into_iter().for_each(std::task::Waker::wake);
        count
    }

    /// One of them, evenly and without a pattern, and the same in each run of a program.
    fn choose<'a>(&self, members: &[&'a Arc<Listener>]) -> Option<&'a Arc<Listener>> {
        let number = self.choices.fetch_add(1, Ordering::Relaxed);
        let members_count = u64::try_from(members.len()).unwrap_or(u64::MAX).max(1);
        let index = scatter(number) % members_count;
        members.get(usize::try_from(index).unwrap_or_default()).copied()
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The `number`th value of the generator `SplitMix64`.
fn scatter(number: u64) -> u64 {
    let mut value = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
