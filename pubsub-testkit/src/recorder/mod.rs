//! What an application publishes, receives and settles, for the assertions of its tests: [`Recorder`].

mod eventually;
mod expectation;
mod seen;
mod show;

use std::sync::Arc;

use pubsub_core::{Broker, Client, Error, SubjectFilter};

pub use eventually::Eventually;
pub use expectation::Expectation;
pub(crate) use expectation::fail;
pub use seen::Seen;

use crate::history::History;
use crate::history::record::RecordedBroker;
use crate::history::timeline;
use crate::judge::{self, Rule};
use seen::Deed;

/// Records everything that is done through a client, and asserts over it.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use pubsub_core::{Client, ConsumerConfig, FetchOptions, Provision, StreamConfig};
/// use pubsub_testkit::Recorder;
///
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> pubsub_core::Result<()> {
/// # let memory = pubsub_memory::MemoryServer::new(pubsub_memory::MemoryConfig::default())?.connect();
/// let recorder = Recorder::new();
/// let client = recorder.over(Client::new(Arc::new(memory)));
/// client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
/// let users = ConsumerConfig::durable("users")?.with_filter("ride.pickup")?;
/// let users = client.ensure_consumer("RIDE", users, Provision::CreateIfMissing).await?;
///
/// // The service under test.
/// let service = client.clone();
/// tokio::spawn(async move {
///     for delivery in users.fetch(FetchOptions::up_to(1)).await? {
///         service.publish("ride.matched", delivery.payload().clone()).await?;
///         delivery.ack().await?;
///     }
///     Ok::<_, pubsub_core::Error>(())
/// });
///
/// client.publish("ride.pickup", "r-17").await?;
/// recorder.settled("ride.pickup").as_ack().within(Duration::from_secs(5)).once().await;
/// recorder.published("ride.matched").with_payload("r-17").once();
/// recorder.delivered("ride.pickup").times(1);
/// recorder.settled("ride.>").as_term().never();
/// recorder.assert_sound();
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "memory"))]
/// # fn main() {}
/// ```
///
/// An assertion that does not hold panics at the line of the test, with what was seen of the kind, why each did not
/// count, and the last events. Waiting is on tokio's clock: virtual time on memory, a deadline on a server.
///
/// Cloning shares the record; several clients may be recorded together.
#[derive(Debug, Clone)]
pub struct Recorder {
    history: History,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// Nothing has happened yet; the times of what does are counted from here.
    #[must_use]
    pub fn new() -> Self {
        Self { history: History::new() }
    }

    /// A client whose every use is recorded, over one with its layers. What goes past it is not seen.
    #[must_use]
    pub fn over(&self, client: Client) -> Client {
        Client::new(self.over_broker(Arc::new(client)))
    }

    /// The same over any broker.
    #[must_use]
    pub fn over_broker(&self, broker: Arc<dyn Broker>) -> Arc<dyn Broker> {
        Arc::new(RecordedBroker::new(broker, self.history.clone()))
    }

    /// The messages that were published to matching subjects: those that the broker confirmed as stored, and those whose
    /// receipt nobody has awaited yet. A rejected publish, an unknown one and a duplicate do not count.
    ///
    /// ```
    /// # let recorder = pubsub_testkit::Recorder::new();
    /// recorder.published("ride.matched").with_id("matched-r-17").never();
    /// assert_eq!(recorder.published("ride.>").count(), 0);
    /// ```
    ///
    /// # Panics
    /// If the filter is not a valid [`SubjectFilter`].
    #[track_caller]
    pub fn published<F>(&self, filter: F) -> Expectation
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        Expectation::new(self.history.clone(), Deed::Published, filter)
    }

    /// The deliveries of messages with matching subjects, each attempt on its own.
    ///
    /// ```
    /// # let recorder = pubsub_testkit::Recorder::new();
    /// recorder.delivered("ride.pickup").matching("a second attempt", |seen| seen.attempt == Some(2)).never();
    /// ```
    ///
    /// # Panics
    /// If the filter is not a valid [`SubjectFilter`].
    #[track_caller]
    pub fn delivered<F>(&self, filter: F) -> Expectation
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        Expectation::new(self.history.clone(), Deed::Delivered, filter)
    }

    /// The settlements that succeeded, of messages with matching subjects.
    ///
    /// ```
    /// # let recorder = pubsub_testkit::Recorder::new();
    /// recorder.settled("ride.pickup").as_nak().never();
    /// ```
    ///
    /// # Panics
    /// If the filter is not a valid [`SubjectFilter`].
    #[track_caller]
    pub fn settled<F>(&self, filter: F) -> Expectation
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        Expectation::new(self.history.clone(), Deed::Settled, filter)
    }

    /// Everything that happened, one event a line, with its place and its time.
    #[must_use]
    pub fn timeline(&self) -> String {
        timeline::all(&self.history.events())
    }

    /// Asserts what the conformance suite asserts of every history: nothing phantom, stored once per id, attempts count
    /// up, nothing again after a settlement, delays and leases kept, order. Everything that publishes to the recorded
    /// streams has to be recorded too: what comes from elsewhere is a phantom.
    ///
    /// # Panics
    /// If a rule is broken, with the slice of the history that shows it.
    #[track_caller]
    pub fn assert_sound(&self) {
        let events = self.history.events();
        let violations = judge::judge(&events, &[Rule::HasTraffic]);
        if !violations.is_empty() {
            fail(&judge::report(&violations, &events));
        }
    }
}
