//! How a call is ended early: [`Cut`].

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

/// Drops a future after so many polls. What the future waits for goes on meanwhile, so that each poll finds it at its next
/// await point.
#[derive(Debug)]
pub(super) struct Cut {
    polls: usize,
    ended: AtomicBool,
}

impl Cut {
    pub(super) fn after(polls: usize) -> Self {
        Self { polls, ended: AtomicBool::new(false) }
    }

    /// The outcome, if the future has ended within the polls that it had.
    pub(super) async fn short<T>(&self, call: impl Future<Output = T> + Send) -> Option<T> {
        let mut left = self.polls;
        let mut call = pin!(call);
        let outcome = poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            match call.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending if left == 0 => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        self.ended.store(outcome.is_some(), Ordering::Relaxed);
        outcome
    }

    /// Whether the future ended by itself: there is nothing more to cut.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_ends_at_the_poll_that_completes_it() {
        for (polls, expected) in [(0, None), (1, None), (2, None), (3, Some(7)), (4, Some(7))] {
            let cut = Cut::after(polls);
            let call = async {
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                7
            };
            assert_eq!(cut.short(call).await, expected, "after {polls} polls");
            assert_eq!(cut.ended(), expected.is_some());
        }
    }
}
