//! What was handled, in this process: [`MemoryInbox`].

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::InboxStore;
use crate::Result;

/// Remembers within this process, for a window of time and up to a number of messages: by default 1,000,000, which is some
/// 200 MB. Beyond it the oldest are forgotten, and are handled again if they come again.
#[derive(Debug)]
pub struct MemoryInbox {
    window: Duration,
    capacity: usize,
    handled: Mutex<Handled>,
}

#[derive(Debug, Default)]
struct Handled {
    ids: HashSet<Arc<str>>,
    in_order: VecDeque<(Instant, Arc<str>)>,
}

impl Handled {
    fn forget_oldest(&mut self) {
        if let Some((_, id)) = self.in_order.pop_front() {
            self.ids.remove(&id);
        }
    }
}

impl MemoryInbox {
    /// The default of [`with_capacity`](Self::with_capacity): 1,000,000.
    pub const DEFAULT_CAPACITY: usize = 1_000_000;

    /// Remembers each for so long.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self { window, capacity: Self::DEFAULT_CAPACITY, handled: Mutex::default() }
    }

    /// Sets how many messages are remembered at most, at least 1.
    #[must_use]
    pub fn with_capacity(mut self, messages: usize) -> Self {
        self.capacity = messages.max(1);
        self
    }
}

#[async_trait]
impl InboxStore for MemoryInbox {
    async fn contains(&self, id: &str) -> Result<bool> {
        let mut handled = self.handled.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some((at, _)) = handled.in_order.front()
            && now.duration_since(*at) > self.window
        {
            handled.forget_oldest();
        }
        Ok(handled.ids.contains(id))
    }

    async fn insert(&self, id: String) -> Result<()> {
        let mut handled = self.handled.lock().unwrap_or_else(PoisonError::into_inner);
        let id: Arc<str> = id.into();
        if handled.ids.insert(Arc::clone(&id)) {
            handled.in_order.push_back((Instant::now(), id));
            if handled.in_order.len() > self.capacity {
                handled.forget_oldest();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_remembers_for_its_window() {
        let inbox = MemoryInbox::new(Duration::from_secs(10));
        inbox.insert("a".to_owned()).await.unwrap();
        assert!(inbox.contains("a").await.unwrap());
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(!inbox.contains("a").await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn it_remembers_no_more_than_its_capacity() {
        let inbox = MemoryInbox::new(Duration::MAX).with_capacity(2);
        for id in ["a", "b", "c"] {
            inbox.insert(id.to_owned()).await.unwrap();
        }
        assert!(!inbox.contains("a").await.unwrap());
        assert!(inbox.contains("b").await.unwrap() && inbox.contains("c").await.unwrap());
    }
}
