//! The connection that the layer pretends to lose: [`Link`].

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long a call waits for a connection where the caller says nothing.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Whether there is a connection, and which loss of it was the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct State {
    losses: u64,
    back_at: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct Link {
    state: watch::Sender<State>,
}

impl Link {
    /// Loses the connection until so much time has passed.
    pub(super) fn cut(&self, lasts: Duration) {
        self.state.send_modify(|state| {
            state.losses += 1;
            state.back_at = Some(Instant::now() + lasts);
        });
    }

    pub(super) fn mend(&self) {
        self.state.send_modify(|state| state.back_at = None);
    }

    pub(super) fn is_up(&self) -> bool {
        is_up(*self.state.borrow())
    }

    /// How often it was lost until now.
    pub(super) fn losses(&self) -> u64 {
        self.state.borrow().losses
    }

    /// Waits until there is a connection.
    pub(super) async fn up(&self) {
        let mut states = self.state.subscribe();
        loop {
            let state = *states.borrow_and_update();
            let Some(back_at) = state.back_at.filter(|_| !is_up(state)) else { return };
            tokio::select! {
                () = sleep_until(back_at) => {}
                // The sender is `self`.
                _ = states.changed() => {}
            }
        }
    }

    /// Waits until the connection is lost once more than so often.
    pub(super) async fn lost_after(&self, losses: u64) {
        let mut states = self.state.subscribe();
        let _ = states.wait_for(|state| state.losses > losses).await;
    }
}

fn is_up(state: State) -> bool {
    state.back_at.is_none_or(|back_at| Instant::now() >= back_at)
}
