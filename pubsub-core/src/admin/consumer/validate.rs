//! The rules of a consumer's configuration.

use std::time::Duration;

use super::{ConsumerConfig, DeliverPolicy};
use crate::admin::rules;
use crate::config::timestamp;
use crate::{Error, Result};

const DESCRIPTION_TOO_LONG: u16 = 10107;
const FILTERS_OVERLAP: u16 = 10138;
const DELIVER_OPTIONS: u16 = 10094;
/// JetStream's code for more times of backoff than deliveries.
const BACKOFF_TOO_LONG: u16 = 10116;
const ACK_WAIT_NOT_POSITIVE: u16 = 10183;

/// The shortest duration that the broker can hold.
const ONE: Duration = Duration::from_nanos(1);

impl ConsumerConfig {
    /// Checks that the fields fit together. Every backend does so, by [`check`](Self::check) or by this, before it does anything. What only the stream can
    /// tell (the rules of a work queue) is the backend's to check.
    ///
    /// nats-server 2.15.1 reads a limit of 0 as its default or as unlimited; here 0 is refused.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with the field as context `field`, a remedy, and JetStream's
    /// code if it has this rule too. The first rule that is broken is named.
    pub fn validate(&self) -> Result<()> {
        self.find_fault().map_err(|error| match &self.name {
            Some(name) => error.with_context("consumer", name),
            None => error,
        })
    }

    fn find_fault(&self) -> Result<()> {
        if self.durable && self.name.is_none() {
            return Err(Error::config("name", "a durable consumer has no name")
                .with_remedy("name it, or make it ephemeral (durable = false)"));
        }
        rules::description(self.description.as_deref(), DESCRIPTION_TOO_LONG)?;
        if let Some((one, other)) = rules::first_overlap(&self.filters) {
            return Err(Error::config("filters", format!("`{one}` and `{other}` overlap"))
                .with_broker_code(FILTERS_OVERLAP)
                .with_remedy("keep the wider one, or make them disjoint"));
        }
        self.check_deliver()?;
        rules::span("ack_wait", self.ack_wait, ONE, Some(ACK_WAIT_NOT_POSITIVE))?;
        rules::count("max_deliver", self.max_deliver, rules::MAX_COUNT)?;
        self.check_backoff()?;
        rules::count("max_ack_pending", self.max_ack_pending, rules::MAX_COUNT)?;
        if let Some(threshold) = self.inactive_threshold {
            rules::span("inactive_threshold", threshold, ONE, None)?;
        }
        match &self.priority {
            Some(group) => {
                group.check_name()?;
                rules::span("priority", group.pin_timeout, ONE, None)
            }
            None => Ok(()),
        }
    }

    fn check_backoff(&self) -> Result<()> {
        for wait in &self.backoff {
            rules::span("backoff", *wait, ONE, None)?;
        }
        match self.max_deliver.at() {
            Some(attempts) if (attempts as usize) < self.backoff.len() => Err(Error::config(
                "max_deliver",
                format!("max_deliver is {attempts}, less than the {} times of backoff", self.backoff.len()),
            )
            .with_broker_code(BACKOFF_TOO_LONG)
            .with_remedy("raise max_deliver, or shorten backoff")),
            _ => Ok(()),
        }
    }

    fn check_deliver(&self) -> Result<()> {
        match self.deliver {
            DeliverPolicy::FromSequence(0) => Err(Error::config("deliver", "from_sequence is 0")
                .with_broker_code(DELIVER_OPTIONS)
                .with_remedy("sequences begin with 1; say \"all\" for the beginning")),
            DeliverPolicy::FromTime(time) if timestamp::format(time).is_none() => {
                Err(Error::config("deliver", "from_time is before 1970 or after 9999")
                    .with_remedy("say \"all\" for the beginning, or \"new\" for what comes"))
            }
            _ => Ok(()),
        }
    }
}
