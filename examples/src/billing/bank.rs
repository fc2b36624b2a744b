//! A bank that is sometimes closed: [`Bank`].

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// A bank that is sometimes closed.
#[derive(Debug, Clone, Default)]
pub struct Bank {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    is_closed: bool,
    debited: BTreeMap<String, Vec<u32>>,
}

impl Bank {
    /// Opens or closes it.
    pub fn set_closed(&self, is_closed: bool) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_closed = is_closed;
    }

    /// What a customer has paid, in order.
    #[must_use]
    pub fn debited(&self, customer: &str) -> Vec<u32> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.debited.get(customer).cloned().unwrap_or_default()
    }

    /// Takes money from a customer.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionRefused`] while it is closed.
    ///
    /// # Cancel safety
    /// Dropped before completion, the money is taken or not.
    pub async fn debit(&self, customer: &str, cents: u32) -> io::Result<()> {
        tokio::task::yield_now().await; // the way to the bank
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the bank is closed"));
        }
        state.debited.entry(customer.to_owned()).or_default().push(cents);
        Ok(())
    }
}
