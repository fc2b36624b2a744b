//! From a payload to what is published: [`Making`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pubsub::{Headers, MessageId, OutboundMessage, Receipt, Result, Schedules, Subject, SubjectFilter};

use super::input::Piece;
use crate::arguments::PublishArguments;
use crate::commands::storing;
use crate::connect::Connection;

/// What all messages of a run have in common.
pub(super) struct Making {
    subject: Subject,
    headers: Headers,
    id: Option<MessageId>,
    later: Option<Later>,
    has_many: bool,
}

/// For messages that the broker keeps for a while.
struct Later {
    schedules: Schedules,
    delay: Duration,
    key: String,
}

pub(super) enum Made {
    Message(Box<OutboundMessage>),
    /// The broker has the plan.
    Planned(Receipt),
}

impl Making {
    pub(super) async fn open(
        connection: &Connection,
        arguments: &PublishArguments,
        has_many: bool,
    ) -> Result<Self> {
        let mut headers = Headers::new();
        for (name, value) in &arguments.headers {
            headers.append(name.clone(), value.clone())?;
        }
        let later = match (arguments.delay, &arguments.plans) {
            (Some(delay), Some(plans)) => Some(Later::open(connection, arguments, delay, plans).await?),
            _ => None,
        };
        Ok(Self { subject: arguments.subject.clone(), headers, id: arguments.id.clone(), later, has_many })
    }

    pub(super) async fn make(&self, piece: Piece) -> Result<Made> {
        let message =
            OutboundMessage::new(self.subject.clone(), piece.payload)?.with_headers(self.headers.clone());
        // Of one message, the name that was given; of several, one for each line.
        let named = |name: &str| {
            if self.has_many { format!("{name}-{}", piece.number) } else { name.to_owned() }
        };
        match (&self.later, &self.id) {
            (Some(later), _) => {
                let planned = later.schedules.publish_after(named(&later.key), later.delay, message).await?;
                Ok(Made::Planned(planned))
            }
            (None, Some(id)) => Ok(Made::Message(Box::new(message.with_id(named(id.as_str()))?))),
            (None, None) => Ok(Made::Message(Box::new(message))),
        }
    }
}

impl Later {
    async fn open(
        connection: &Connection,
        arguments: &PublishArguments,
        delay: Duration,
        plans: &Subject,
    ) -> Result<Self> {
        let below = SubjectFilter::new(format!("{plans}.*"))?;
        let stream = storing::stream(connection.admin()?.as_ref(), &[below]).await?;
        let schedules = Schedules::open(connection.client().clone(), stream, plans.clone()).await?;
        Ok(Self { schedules, delay, key: arguments.key.clone().unwrap_or_else(new_key) })
    }
}

/// A key that nothing is planned under.
fn new_key() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", since.as_nanos(), std::process::id())
}
