//! One prefix on every subject: [`SubjectPrefix`].

mod admin;
mod consumer;
mod core_messaging;
mod publisher;

use std::sync::Arc;

use admin::PrefixedAdmin;
use consumer::PrefixedConsumer;
use core_messaging::PrefixedCore;
use publisher::PrefixedPublisher;

use super::Layer;
use crate::admin::StreamAdmin;
use crate::consume::Consumer;
use crate::core_messaging::CoreMessaging;
use crate::message::OutboundMessage;
use crate::publish::Publisher;
use crate::subject::{Subject, SubjectFilter, SubjectTransform};
use crate::{Error, Result};

/// A layer that puts a prefix before every subject and takes it off again, so that several environments or tenants can
/// use one broker with the same program.
///
/// Published subjects, stream subjects, filters, transforms, schedules and purges get the prefix; a consumer without filters and a purge without
/// a filter are limited to it. Delivered and stored messages and the configurations that are read lose it; a subject
/// without the prefix, somebody else's, is shown as it is, and so are the subjects in errors.
///
/// Only subjects are separated. Stream and consumer names are shared, so that two tenants need streams of different
/// names; in a stream that both use, message ids share one duplicate window, and messages are read and deleted by
/// sequence whoever published them. This is no security boundary: that is what a server's permissions are for.
///
/// ```
/// use pubsub_core::SubjectPrefix;
///
/// let layer = SubjectPrefix::new("staging")?; // "ride.pickup" is stored as "staging.ride.pickup"
/// # drop(layer);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SubjectPrefix {
    prefix: Prefix,
}

impl SubjectPrefix {
    /// A layer with this prefix: one or more tokens, without the dot that joins them to the subject.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the prefix is no legal subject.
    pub fn new<S>(prefix: S) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        let prefix = prefix.try_into().map_err(Into::into)?;
        Ok(Self { prefix: Prefix(prefix) })
    }
}

impl Layer for SubjectPrefix {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        Arc::new(PrefixedPublisher { inner, prefix: self.prefix.clone() })
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        Arc::new(PrefixedConsumer { inner, prefix: self.prefix.clone() })
    }

    fn admin(&self, inner: Arc<dyn StreamAdmin>) -> Arc<dyn StreamAdmin> {
        Arc::new(PrefixedAdmin { inner, prefix: self.prefix.clone() })
    }

    fn core(&self, inner: Arc<dyn CoreMessaging>) -> Arc<dyn CoreMessaging> {
        Arc::new(PrefixedCore { inner, prefix: self.prefix.clone() })
    }
}

/// The prefix and how it is put on and taken off.
#[derive(Debug, Clone)]
struct Prefix(Subject);

impl Prefix {
    fn on_subject(&self, subject: &Subject) -> Result<Subject> {
        self.0.join(subject)
    }

    fn on_message(&self, message: OutboundMessage) -> Result<OutboundMessage> {
        message.map_subjects(|subject| self.on_subject(subject), |filter| self.on_filter(filter))
    }

    fn on_transform(&self, transform: &mut SubjectTransform) -> Result<()> {
        transform.source = self.on_filter(&transform.source)?;
        transform.destination = format!("{}.{}", self.0, transform.destination);
        Ok(())
    }

    fn off_transform(&self, transform: &mut SubjectTransform) {
        if let Ok(own) = SubjectFilter::new(self.off(transform.source.as_str())) {
            transform.source = own;
        }
        transform.destination = self.off(&transform.destination).to_owned();
    }

    fn on_filter(&self, filter: &SubjectFilter) -> Result<SubjectFilter> {
        SubjectFilter::new(format!("{}.{filter}", self.0))
    }

    fn on_filters(&self, filters: &mut [SubjectFilter]) -> Result<()> {
        for filter in filters {
            *filter = self.on_filter(filter)?;
        }
        Ok(())
    }

    /// The filter of everything with this prefix.
    fn all(&self) -> Result<SubjectFilter> {
        self.on_filter(&SubjectFilter::all())
    }

    fn off<'a>(&self, subject: &'a str) -> &'a str {
        let rest = subject.strip_prefix(self.0.as_str()).and_then(|rest| rest.strip_prefix('.'));
        rest.filter(|rest| !rest.is_empty()).unwrap_or(subject)
    }

    /// What is somebody else's, and what cannot be without the prefix, stays as it is.
    fn off_filters(&self, filters: &mut [SubjectFilter]) {
        for filter in filters {
            if let Ok(own) = SubjectFilter::new(self.off(filter.as_str())) {
                *filter = own;
            }
        }
    }

    /// A consumer of everything with this prefix is, without it, one without filters.
    fn off_consumer_filters(&self, filters: &mut Vec<SubjectFilter>) {
        self.off_filters(filters);
        if *filters == [SubjectFilter::all()] {
            filters.clear();
        }
    }
}
