//! Mistakes that can be found without a server: [`Finding`], [`Mistake`].

mod consumers;
mod dead_letters;
mod services;
mod streams;
mod times;

use std::fmt;

use pubsub_core::{Error, Result};
use serde::Serialize;

use crate::plans::{ConsumerPlan, StreamPlan};
use crate::topology::Topology;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// It cannot work, or loses messages: a plan is refused.
    Error,
    /// It works, and perhaps not as it was meant.
    Warning,
}

macro_rules! mistakes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $severity:ident $code:literal,)+) => {
        /// A kind of mistake.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Mistake {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Mistake {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in reports.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }
        }
    };
}

mistakes! {
    /// A stream's fields do not fit together, as [`StreamConfig::validate`](pubsub_core::StreamConfig::validate) says.
    StreamInvalid = Error "stream-invalid",
    /// A consumer's fields do not fit together, as [`ConsumerConfig::validate`](pubsub_core::ConsumerConfig::validate) says.
    ConsumerInvalid = Error "consumer-invalid",
    /// Two streams, or two consumers of one stream, have one name.
    NameTwice = Error "name-twice",
    /// Two streams store one subject (10065).
    SubjectsOverlap = Error "subjects-overlap",
    /// Two consumers of a work queue see one subject (10099, 10100): each message would go to one of two services.
    WorkQueueShared = Error "work-queue-shared",
    /// A consumer of a work queue does not start at the beginning (10101), or does not acknowledge each message (10098).
    WorkQueueConsumer = Error "work-queue-consumer",
    /// A filter of a consumer matches nothing that its stream stores.
    FilterMatchesNothing = Error "filter-matches-nothing",
    /// Two services use one consumer: each gets some of the messages.
    SharedByServices = Error "shared-by-services",
    /// More consumers are declared than the stream may have.
    TooManyConsumers = Error "too-many-consumers",
    /// What one instance holds takes longer to handle than the ack wait: the last of it is delivered again meanwhile.
    PrefetchOutlivesAckWait = Error "prefetch-outlives-ack-wait",
    /// A message is gone before its ack wait is over, so that it cannot come again.
    AckWaitOutlivesStream = Error "ack-wait-outlives-stream",
    /// Publishers go on for longer than the stream remembers ids: a message may be stored twice.
    RetryOutlivesDuplicateWindow = Error "retry-outlives-duplicate-window",
    /// A message is tried again for longer than its stream keeps it.
    RetryOutlivesStream = Error "retry-outlives-stream",
    /// The stream of the dead letters is not declared.
    DeadLettersMissing = Error "dead-letters-missing",
    /// The stream of the dead letters has no first subject that ends with `.>`.
    DeadLettersSubject = Error "dead-letters-subject",
    /// Dead letters come back to the consumer that gave them up, directly or through others.
    DeadLettersLoop = Error "dead-letters-loop",
    /// The stream of the dead letters keeps them only for whoever reads at once (interest, and nobody does).
    DeadLettersDropped = Error "dead-letters-dropped",
    /// A consumer of a worker has `backoff`, whose delays the server adds to those of the worker.
    BackoffWithWorker = Error "backoff-with-worker",
    /// A service publishes what no stream stores.
    PublishedNowhere = Error "published-nowhere",
    /// Nobody reads a subject of a stream with interest retention: what is published there is dropped.
    NobodyInterested = Warning "nobody-interested",
    /// A stream without any limit grows for ever.
    Unlimited = Warning "unlimited",
    /// An even number of replicas has no better majority than one less.
    EvenReplicas = Warning "even-replicas",
    /// A single message may be larger than the whole stream.
    MessageLargerThanStream = Warning "message-larger-than-stream",
    /// What one instance is to hold is more than may be unsettled at all.
    PrefetchNeverFull = Warning "prefetch-never-full",
    /// A message that was delivered often enough stays in the stream, unseen, since nobody keeps what is given up.
    ExhaustedUnseen = Warning "exhausted-unseen",
    /// A consumer that is declared and yet goes away when nobody uses it.
    Ephemeral = Warning "ephemeral",
    /// Dead letters are in the broker's memory, or kept for less than a day.
    DeadLettersForgotten = Warning "dead-letters-forgotten",
    /// A consumer of which no service is known to use it, in a topology that knows services.
    NobodysConsumer = Warning "nobodys-consumer",
}

/// One mistake, where it is, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What kind it is.
    pub mistake: Mistake,
    /// Where: `RIDE`, or `RIDE/billing`.
    pub at: String,
    /// What is wrong, in words.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.mistake.severity()
    }

    /// One error that lists those findings that are errors.
    pub(crate) fn refuse(findings: &[Self]) -> Result<()> {
        let errors: Vec<&Self> =
            findings.iter().filter(|finding| finding.severity() == Severity::Error).collect();
        let Some(first) = errors.first() else { return Ok(()) };
        let listed: Vec<_> = errors
            .iter()
            .map(|finding| format!("{}: {} ({})", finding.at, finding.message, finding.mistake))
            .collect();
        let message = format!("the topology has {} mistakes: {}", errors.len(), listed.join("; "));
        Err(Error::config("topology", message)
            .with_context("at", &first.at)
            .with_remedy(first.remedy.clone()))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Mistake {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut fields = serializer.serialize_struct("Finding", 5)?;
        fields.serialize_field("severity", &self.severity())?;
        fields.serialize_field("mistake", &self.mistake)?;
        fields.serialize_field("at", &self.at)?;
        fields.serialize_field("message", &self.message)?;
        fields.serialize_field("remedy", &self.remedy)?;
        fields.end()
    }
}

/// `error: RIDE/billing: the filter ... (filter-matches-nothing): change ...`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}: {} ({}): {}", self.at, self.message, self.mistake, self.remedy)
    }
}

/// Collects what is found.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn stream(
        &mut self,
        stream: &StreamPlan,
        mistake: Mistake,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.at(stream.config.name.to_string(), mistake, message, remedy);
    }

    fn consumer(
        &mut self,
        stream: &StreamPlan,
        consumer: &ConsumerPlan,
        mistake: Mistake,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.at(place(stream, consumer), mistake, message, remedy);
    }

    fn at(&mut self, at: String, mistake: Mistake, message: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Finding { mistake, at, message: message.into(), remedy: remedy.into() });
    }
}

fn name(consumer: &ConsumerPlan) -> &str {
    consumer.config.name.as_ref().map_or("(nameless)", AsRef::as_ref)
}

fn place(stream: &StreamPlan, consumer: &ConsumerPlan) -> String {
    format!("{}/{}", stream.config.name, name(consumer))
}

pub(crate) fn check(topology: &Topology) -> Vec<Finding> {
    let mut findings = Findings::default();
    streams::check(topology, &mut findings);
    for stream in &topology.streams {
        consumers::check(stream, &mut findings);
        times::check(stream, &mut findings);
    }
    dead_letters::check(topology, &mut findings);
    services::check(topology, &mut findings);
    let mut findings = findings.0;
    // What nobody reads is said once, by what it does.
    let dropped: Vec<String> = findings
        .iter()
        .filter(|finding| finding.mistake == Mistake::DeadLettersDropped)
        .map(|finding| finding.at.clone())
        .collect();
    findings.retain(|finding| finding.mistake != Mistake::NobodyInterested || !dropped.contains(&finding.at));
    findings.sort_by_key(Finding::severity);
    findings
}
