//! What operators do with dead letters: [`DeadLetterStore`].

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::copies::publishable;
use super::{DeadLetter, DeadLetters};
use crate::admin::{MessageSelector, StreamAdmin};
use crate::broker::Broker;
use crate::message::OutboundMessage;
use crate::name::{ConsumerName, StreamName};
use crate::publish::{Publisher, PublisherExt as _, Receipt};
use crate::subject::SubjectFilter;
use crate::{Capability, Error, ErrorKind, Result};

/// The dead letters of one stream: to list and read, to discard, and to redrive, that is to publish again.
///
/// ```
/// # use pubsub_core::{Client, Result};
/// use pubsub_core::worker::{DeadLetterStore, DeadLetters};
///
/// # async fn example(client: Client) -> Result<()> {
/// let letters = DeadLetterStore::open(&client, &DeadLetters::in_stream("DEAD_LETTERS")?).await?;
/// for letter in letters.page(0, 20).await? {
///     println!("{}: {} after {} attempts: {}", letter.sequence, letter.subject, letter.attempts, letter.reason);
/// }
/// let redriven = letters.redrive_all().await?;
/// println!("{} go through their consumer once more", redriven.messages);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct DeadLetterStore {
    admin: Arc<dyn StreamAdmin>,
    publisher: Arc<dyn Publisher>,
    stream: StreamName,
    filter: SubjectFilter,
    /// The first part of the letters' subjects.
    root: String,
}

/// What [`DeadLetterStore::redrive_all`] did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Redriven {
    /// How many were published again.
    pub messages: u64,
    /// Which could not be, and why; they are still there.
    pub failed: Vec<(u64, Error)>,
}

impl DeadLetterStore {
    /// The dead letters that workers keep there.
    ///
    /// # Errors
    /// `NotFound` if there is no such stream; `Unsupported` for a backend that cannot read stored messages.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn open(broker: &(impl Broker + ?Sized), dead_letters: &DeadLetters) -> Result<Self> {
        broker.capabilities().require(Capability::GetMessage)?;
        let admin = broker.admin().ok_or_else(|| Error::unsupported("stream_admin"))?;
        let stream = dead_letters.stream().name.clone();
        admin.stream_info(&stream).await?;
        let root = dead_letters.root.to_string();
        let filter = SubjectFilter::new(format!("{root}.>"))?;
        Ok(Self { admin, publisher: broker.publisher(), stream, filter, root })
    }

    /// Only those that this consumer has given up.
    ///
    /// # Errors
    /// `InvalidInput` if no subject can be made of the names.
    pub fn only(mut self, stream: &StreamName, consumer: &ConsumerName) -> Result<Self> {
        self.filter = SubjectFilter::new(format!("{}.{stream}.{consumer}", self.root))?;
        Ok(self)
    }

    /// Up to so many, the oldest first, from a sequence on; the next page begins after the last one's sequence. What is no
    /// dead letter is left out.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`, `PermissionDenied`, `Closed`.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn page(&self, from: u64, max: usize) -> Result<Vec<DeadLetter>> {
        let (mut letters, mut from) = (Vec::new(), from);
        while letters.len() < max {
            let selector = MessageSelector::Next { from, filter: self.filter.clone() };
            match self.admin.get_message(&self.stream, selector).await {
                Ok(stored) => {
                    from = stored.sequence + 1;
                    letters.extend(DeadLetter::read(stored).ok());
                }
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        Ok(letters)
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound` if it is not there, `InvalidInput` if it is no dead letter, and as [`page`](Self::page).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn get(&self, sequence: u64) -> Result<DeadLetter> {
        let stored = self.admin.get_message(&self.stream, MessageSelector::Sequence(sequence)).await?;
        DeadLetter::read(stored)
    }

    /// Deletes one of them.
    ///
    /// # Errors
    /// `NotFound` if it is not there; `Unsupported` for a backend that cannot delete single messages.
    ///
    /// # Cancel safety
    /// Dropped before completion, it is deleted or not.
    pub async fn discard(&self, sequence: u64) -> Result<()> {
        self.admin.delete_message(&self.stream, sequence).await
    }

    /// Publishes the original again and deletes the letter: its consumer handles it once more, from its first attempt.
    ///
    /// It is a new message with an id of its own, so that the duplicate window does not swallow it; within that window a
    /// redrive that is repeated stores it once. Other consumers of the subject get it too: a worker's acknowledge it without
    /// handling it ([`DeadLetters::REDRIVEN_FOR`]).
    ///
    /// # Errors
    /// `NotFound` if its consumer is gone, so that nobody would handle it: see [`redrive_for_all`](Self::redrive_for_all). `NotFound`
    /// if the letter lacks its payload and the original is not in its stream any more. As [`get`](Self::get); as a publish, and the letter is still there; as [`discard`](Self::discard), and the message is
    /// published.
    ///
    /// # Cancel safety
    /// Dropped before completion, the letter may be published and still there; repeat it within the duplicate window.
    pub async fn redrive(&self, sequence: u64) -> Result<Receipt> {
        self.redrive_edited(sequence, Ok).await
    }

    /// As [`redrive`](Self::redrive), for all consumers of the subject: for a letter whose consumer has another name now. Those
    /// that have handled the original get it once more.
    ///
    /// # Errors
    /// As [`redrive`](Self::redrive), but for a consumer that is gone.
    ///
    /// # Cancel safety
    /// As [`redrive`](Self::redrive).
    pub async fn redrive_for_all(&self, sequence: u64) -> Result<Receipt> {
        let letter = self.whole(sequence).await?;
        self.publish_again(&letter, letter.to_message()?).await
    }

    /// As [`redrive`](Self::redrive), with a change of what is published, its payload for example.
    ///
    /// # Errors
    /// As [`redrive`](Self::redrive), and what the change says.
    ///
    /// # Cancel safety
    /// As [`redrive`](Self::redrive).
    pub async fn redrive_edited(
        &self,
        sequence: u64,
        edit: impl FnOnce(OutboundMessage) -> Result<OutboundMessage> + Send,
    ) -> Result<Receipt> {
        let letter = self.whole(sequence).await?;
        let DeadLetter { stream, consumer, .. } = &letter;
        self.admin.consumer_info(stream, consumer).await.map_err(|error| {
            let error = error.with_context("dead_letter", sequence);
            error.with_remedy("make the consumer, or publish the message for all by `redrive_for_all`")
        })?;
        let mut message = edit(letter.to_message()?)?;
        message.headers.remove(DeadLetters::REDRIVEN_FOR);
        let whose = DeadLetters::redriven_for(stream, consumer, message.subject.as_str());
        message = message.with_header(DeadLetters::REDRIVEN_FOR, whose)?;
        self.publish_again(&letter, message).await
    }

    /// The letter, with what it lacks taken from the original.
    async fn whole(&self, sequence: u64) -> Result<DeadLetter> {
        self.admin.capabilities().require(Capability::DeleteMessage)?;
        let mut letter = self.get(sequence).await?;
        if !letter.is_truncated {
            return Ok(letter);
        }
        let origin = MessageSelector::Sequence(letter.origin_sequence);
        match self.admin.get_message(&letter.stream, origin).await {
            Ok(stored) if letter.is_copy_of(&stored) => {
                (letter.headers, letter.payload) = (publishable(&stored.headers), stored.payload);
                letter.headers.remove(DeadLetters::REDRIVEN_FOR);
                Ok(letter)
            }
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ if letter.lacks_payload => Err(Error::new(
                ErrorKind::NotFound,
                "the dead letter lacks its payload, and the original is gone",
            )
            .with_context("sequence", sequence)
            .with_context("origin_stream", &letter.stream)
            .with_context("origin_sequence", letter.origin_sequence)
            .with_remedy("discard it, or give it a payload and publish it yourself")),
            _ => Ok(letter),
        }
    }

    /// Publishes it and deletes the letter.
    async fn publish_again(&self, letter: &DeadLetter, mut message: OutboundMessage) -> Result<Receipt> {
        let sequence = letter.sequence;
        if message.id.is_none() && self.publisher.capabilities().has(Capability::MessageId) {
            let nanos = letter.kept_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
            message = message.with_id(format!("redrive-{}-{sequence}-{nanos:x}", self.stream))?;
        }
        let receipt = self.publisher.publish_message(message).await?;
        self.discard(sequence).await.map_err(|error| error.with_context("published", &receipt.stream))?;
        Ok(receipt)
    }

    /// Redrives all that are there now; what dies again meanwhile is not among them.
    ///
    /// # Errors
    /// As [`page`](Self::page). What cannot be redriven is in the answer.
    ///
    /// # Cancel safety
    /// As [`redrive`](Self::redrive); those before are done.
    pub async fn redrive_all(&self) -> Result<Redriven> {
        const PAGE: usize = 100;
        let last = self.admin.stream_info(&self.stream).await?.last_sequence;
        let (mut from, mut redriven) = (0, Redriven::default());
        while from <= last {
            let page = self.page(from, PAGE).await?;
            let Some(newest) = page.last() else { break };
            from = newest.sequence + 1;
            for letter in page.iter().filter(|letter| letter.sequence <= last) {
                match self.redrive(letter.sequence).await {
                    Ok(_) => redriven.messages += 1,
                    Err(error) => redriven.failed.push((letter.sequence, error)),
                }
            }
        }
        Ok(redriven)
    }
}
