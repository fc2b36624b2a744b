//! What waits for a listener: [`Buffer`].

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pubsub_core::{CoreMessage, Error, ErrorKind, Result};

/// Up to so many messages. What does not fit is dropped, counted, and told as the next item.
///
/// async-nats has such a buffer too, but it tells nobody how many messages it dropped.
pub(super) struct Buffer {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<CoreMessage>,
    lost: u64,
    /// Why nothing comes any more, if it is an error.
    failure: Option<Error>,
    ended: bool,
    waker: Option<Waker>,
}

impl Buffer {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    /// Adds a message, or counts it as lost.
    pub(super) fn push(&self, message: CoreMessage) {
        let waker = {
            let mut state = self.lock();
            if state.messages.len() < self.capacity {
                state.messages.push_back(message);
            } else {
                state.lost += 1;
            }
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Says that nothing comes any more, after what is here and perhaps an error.
    pub(super) fn end(&self, failure: Option<Error>) {
        let waker = {
            let mut state = self.lock();
            if !state.ended {
                state.ended = true;
                state.failure = failure;
            }
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Why nothing will ever come, if nothing came.
    pub(super) fn take_failure(&self) -> Option<Error> {
        let mut state = self.lock();
        if state.messages.is_empty() { state.failure.take() } else { None }
    }

    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Result<CoreMessage>>> {
        let mut state = self.lock();
        if state.lost > 0 {
            return Poll::Ready(Some(Err(lost(std::mem::take(&mut state.lost)))));
        }
        if let Some(message) = state.messages.pop_front() {
            return Poll::Ready(Some(Ok(message)));
        }
        if state.ended {
            return Poll::Ready(state.failure.take().map(Err));
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost(messages: u64) -> Error {
    Error::new(ErrorKind::Overloaded, format!("{messages} messages came too fast and were dropped"))
        .with_operation("subscribe")
        .with_context("lost", messages)
        .with_remedy("take messages faster, raise `buffer`, or share the work in a group")
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use bytes::Bytes;
    use futures::FutureExt as _;
    use pubsub_core::Headers;

    use super::*;

    fn push(buffer: &Buffer, numbers: std::ops::Range<u8>) {
        for number in numbers {
            let payload = Bytes::from(vec![number]);
            buffer.push(CoreMessage::new("a".into(), None, Headers::new(), payload));
        }
    }

    fn next(buffer: &Buffer) -> Option<Option<Result<u8>>> {
        let next = poll_fn(|context| buffer.poll_next(context)).now_or_never()?;
        Some(next.map(|item| item.map(|message| message.payload[0])))
    }

    #[test]
    fn what_does_not_fit_is_told_once_with_its_number() {
        let buffer = Buffer::new(2);
        push(&buffer, 0..5);
        let error = next(&buffer).unwrap().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.context("lost")), (ErrorKind::Overloaded, Some("3")));
        assert_eq!(next(&buffer).unwrap().unwrap().unwrap(), 0);
        assert_eq!(next(&buffer).unwrap().unwrap().unwrap(), 1);
        assert!(next(&buffer).is_none());
        push(&buffer, 7..8);
        assert_eq!(next(&buffer).unwrap().unwrap().unwrap(), 7);
    }

    #[test]
    fn what_is_here_comes_before_the_end() {
        let buffer = Buffer::new(2);
        push(&buffer, 0..1);
        buffer.end(Some(Error::closed("x")));
        assert_eq!(next(&buffer).unwrap().unwrap().unwrap(), 0);
        assert!(next(&buffer).unwrap().unwrap().is_err());
        assert!(next(&buffer).unwrap().is_none());
        assert!(next(&buffer).unwrap().is_none());
    }
}
