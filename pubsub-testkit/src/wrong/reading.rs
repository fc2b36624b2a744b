//! Flaws in what is read without a consumer.

use async_trait::async_trait;
use pubsub_core::{
    ErrorKind, Headers, MessageSelector, Result, StoredMessage, StreamAdmin, StreamName, SubjectFilter,
};

use super::Tamper;

/// The likely cause: a search in a sorted list that gives the place where it would be.
#[derive(Debug)]
pub(super) struct GivesTheNeighbour;

#[async_trait]
impl Tamper for GivesTheNeighbour {
    async fn get_message(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        selector: MessageSelector,
    ) -> Result<StoredMessage> {
        let exact = match &selector {
            MessageSelector::Sequence(sequence) => Some(*sequence),
            _ => None,
        };
        match (admin.get_message(stream, selector).await, exact) {
            (Err(error), Some(from)) if error.kind() == ErrorKind::NotFound => {
                let next = MessageSelector::Next { from, filter: SubjectFilter::all() };
                admin.get_message(stream, next).await
            }
            (outcome, _) => outcome,
        }
    }
}

/// The likely cause: an index that has the first message of a subject.
#[derive(Debug)]
pub(super) struct GivesTheFirstOfASubject;

#[async_trait]
impl Tamper for GivesTheFirstOfASubject {
    async fn get_message(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        selector: MessageSelector,
    ) -> Result<StoredMessage> {
        let selector = match selector {
            MessageSelector::LastOf(subject) => {
                MessageSelector::Next { from: 1, filter: SubjectFilter::new(subject.as_str())? }
            }
            other => other,
        };
        admin.get_message(stream, selector).await
    }
}

/// The likely cause: an answer that is read as its payload alone.
#[derive(Debug)]
pub(super) struct ReadsNoHeaders;

#[async_trait]
impl Tamper for ReadsNoHeaders {
    async fn get_message(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        selector: MessageSelector,
    ) -> Result<StoredMessage> {
        let mut stored = admin.get_message(stream, selector).await?;
        stored.headers = Headers::new();
        Ok(stored)
    }
}
