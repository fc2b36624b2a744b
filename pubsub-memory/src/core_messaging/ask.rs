//! Asking many: the answers to one request, until they are complete.

use futures::stream::{self, BoxStream, StreamExt as _};
use pubsub_core::{CoreMessage, RequestManyOptions, Result};
use tokio::time::{Instant, timeout_at};

use super::inbox::ReplyInbox;
use crate::clock::after;

/// The answers that come to this inbox.
pub(super) fn answers(
    inbox: ReplyInbox,
    options: &RequestManyOptions,
) -> BoxStream<'static, Result<CoreMessage>> {
    let answers = Answers {
        inbox,
        deadline: after(Instant::now(), options.timeout),
        left: options.max_messages,
        options: options.clone(),
        is_first: true,
    };
    stream::unfold(answers, |mut answers| async move {
        let answer = answers.next().await?;
        Some((Ok(answer), answers))
    })
    .boxed()
}

struct Answers {
    inbox: ReplyInbox,
    deadline: Instant,
    left: Option<usize>,
    options: RequestManyOptions,
    is_first: bool,
}

impl Answers {
    async fn next(&mut self) -> Option<CoreMessage> {
        self.left = match self.left {
            Some(left) => Some(left.checked_sub(1)?),
            None => None,
        };
        let stall = self.options.stall.filter(|_| !self.is_first);
        let until = stall.map_or(self.deadline, |stall| after(Instant::now(), stall).min(self.deadline));
        let answer = timeout_at(until, self.inbox.next()).await.ok()??;
        self.is_first = false;
        let is_end = self.options.until_empty && answer.payload.is_empty();
        (!is_end).then_some(answer)
    }
}
