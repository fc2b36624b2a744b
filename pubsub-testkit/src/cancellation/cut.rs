//! How a call is ended early: [`Cut`].

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::task::AtomicWaker;
use tokio::time::timeout;

/// When a call is dropped, after its last poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// At once, so that what it waits for comes to nobody.
    Waiting,
    /// As soon as it is woken, so that what it waits for has come to it and was not taken.
    Woken,
}

/// Drops a future after so many polls. What the future waits for goes on meanwhile, so that each poll finds it at its next
/// await point. It is polled when it was woken, and at no other time.
#[derive(Debug)]
pub(super) struct Cut {
    polls: usize,
    moment: Moment,
    patience: Duration,
    ended: AtomicBool,
}

impl Cut {
    /// `patience` is how long a call is waited for that is to be dropped when it is woken.
    pub(super) fn after(polls: usize, moment: Moment, patience: Duration) -> Self {
        Self { polls, moment, patience, ended: AtomicBool::new(false) }
    }

    /// The outcome, if the future has ended within the polls that it had.
    pub(super) async fn short<T>(&self, call: impl Future<Output = T> + Send) -> Option<T> {
        let (bell, mut call) = (Arc::new(Bell::default()), pin!(call));
        let waker = Waker::from(Arc::clone(&bell));
        let mut outcome = None;
        for poll in 0..self.polls {
            if poll > 0 {
                bell.rings().await;
            }
            if let Poll::Ready(ended) = call.as_mut().poll(&mut Context::from_waker(&waker)) {
                outcome = Some(ended);
                break;
            }
        }
        if outcome.is_none() && self.polls > 0 && self.moment == Moment::Woken {
            // Not every call is woken: some wait for something that does not come.
            let _ = timeout(self.patience, bell.rings()).await;
        }
        self.ended.store(outcome.is_some(), Ordering::Relaxed);
        outcome
    }

    /// Whether the future ended by itself: there is nothing more to cut.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// Says that the call was woken.
#[derive(Debug, Default)]
struct Bell {
    rung: AtomicBool,
    listener: AtomicWaker,
}

impl Bell {
    /// Waits until it has rung since the last time.
    async fn rings(&self) {
        poll_fn(|context| {
            self.listener.register(context.waker());
            if self.rung.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.listener.wake();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_call_ends_at_the_poll_that_completes_it() {
        for moment in [Moment::Waiting, Moment::Woken] {
            for (polls, expected) in [(0, None), (1, None), (2, None), (3, Some(7)), (4, Some(7))] {
                let cut = Cut::after(polls, moment, LONG);
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

    /// Whether a value could be handed to a call that is then dropped.
    async fn handed_over(moment: Moment) -> bool {
        let (sender, receiver) = oneshot::channel();
        let sending = tokio::spawn(async move { sender.send(7).is_ok() });
        let outcome = Cut::after(1, moment, LONG).short(receiver).await;
        assert!(outcome.is_none(), "it took the value: {outcome:?}");
        sending.await.unwrap()
    }

    #[tokio::test]
    async fn a_woken_call_is_dropped_with_what_it_was_given() {
        assert!(!handed_over(Moment::Waiting).await, "the call was gone before");
        assert!(handed_over(Moment::Woken).await, "the call was there, and did not take it");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_nobody_wakes_is_dropped_in_the_end() {
        let cut = Cut::after(1, Moment::Woken, LONG);
        assert_eq!(cut.short(std::future::pending::<u8>()).await, None);
    }
}
