//! Who handles which message now, and what handlers have returned that is not stored yet: [`Claims`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::message::OutboundMessage;

/// What the handler of a message has returned, from when it succeeds until that is stored.
type Returned = Option<Vec<OutboundMessage>>;
type Slot = Arc<tokio::sync::Mutex<Returned>>;
type Slots = Arc<Mutex<HashMap<String, Slot>>>;

/// One at a time for each message. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    slots: Slots,
}

/// The right to handle a message, until it is dropped.
pub(super) struct Claim {
    id: String,
    slots: Slots,
    returned: OwnedMutexGuard<Returned>,
}

impl Claims {
    /// So many are kept whose messages were given up, or went elsewhere, before what their handlers returned was stored.
    const MOST_LEFT: usize = 10_000;

    /// Waits until nobody else has the message.
    pub(super) async fn claim(&self, id: String) -> Claim {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            if slots.len() >= Self::MOST_LEFT {
                // Those that somebody works on, or waits for, are shared.
                slots.retain(|_, slot| Arc::strong_count(slot) > 1);
            }
            Arc::clone(slots.entry(id.clone()).or_default())
        };
        Claim { id, slots: Arc::clone(&self.slots), returned: slot.lock_owned().await }
    }
}

impl Claim {
    /// What an earlier attempt has returned.
    pub(super) fn returned(&self) -> Returned {
        self.returned.clone()
    }

    pub(super) fn has_returned(&mut self, messages: &[OutboundMessage]) {
        *self.returned = Some(messages.to_vec());
    }

    /// It is stored, and remembered elsewhere.
    pub(super) fn settle(mut self) {
        *self.returned = None;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = OwnedMutexGuard::mutex(&self.returned);
        // The map's and this claim's: nobody waits.
        if self.returned.is_none() && Arc::strong_count(slot) == 2 {
            slots.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(claims: &Claims) -> usize {
        claims.slots.lock().unwrap().len()
    }

    #[tokio::test]
    async fn what_was_returned_is_there_until_it_is_stored() {
        let claims = Claims::default();
        let mut first = claims.claim("a".to_owned()).await;
        let second = tokio::spawn({
            let claims = claims.clone();
            async move { claims.claim("a".to_owned()).await }
        });
        assert!(first.returned().is_none());
        first.has_returned(&[]);
        drop(first);
        let second = second.await.unwrap();
        assert!(second.returned().is_some());
        second.settle();
        assert_eq!(left(&claims), 0);
    }

    #[tokio::test]
    async fn one_that_fails_leaves_nothing() {
        let claims = Claims::default();
        drop(claims.claim("a".to_owned()).await);
        assert_eq!(left(&claims), 0);
    }
}
