//! What a case holds: [`Trial`].

mod consumer;
mod faults;
pub(crate) mod listening;
mod names;
mod provision;
mod publish;
mod subscription;
mod teardown;
mod time;
mod work;

use std::sync::{Arc, Mutex, PoisonError};

use pubsub_core::{Broker, Capabilities, Capability, Publisher, StreamAdmin};

pub(crate) use consumer::{SettleSurely, TestConsumer};
pub(crate) use faults::Faults;
pub(crate) use subscription::TestSubscription;
pub(crate) use work::{Notes, Work};

use crate::check::{CaseResult, Failure};
use crate::harness::{Clock, Harness, StoreFaults};
use crate::history::History;
use crate::history::record::RecordedBroker;
use crate::judge::Rule;
use names::Names;

/// One run of one case: a recorded connection to a store of its own, names of its own, and the shortcuts with which
/// cases read like their catalogue line.
#[derive(Debug)]
pub(crate) struct Trial {
    harness: Arc<dyn Harness>,
    history: History,
    broker: Arc<dyn Broker>,
    publisher: Arc<dyn Publisher>,
    others: Mutex<Vec<Arc<dyn Broker>>>,
    /// The ways to harm the store that the case has asked for. Connections go through them, so they end last.
    harmed: Mutex<Vec<Arc<dyn StoreFaults>>>,
    names: Names,
    excuses: Mutex<Vec<(Rule, &'static str)>>,
    /// Another trial whose history stands for that of this one.
    adopted: Mutex<Option<Arc<Trial>>>,
}

impl Trial {
    /// Connects. `id` is the case's, for the names.
    pub(crate) async fn begin(harness: Arc<dyn Harness>, id: &str) -> CaseResult<Self> {
        let history = History::new();
        let broker = connect(harness.as_ref(), &history).await?;
        let publisher = broker.publisher();
        let (others, harmed, excuses) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (names, adopted) = (Names::new(id), Mutex::default());
        Ok(Self { harness, history, broker, publisher, others, harmed, names, excuses, adopted })
    }

    /// Another trial on the same store, with connections, names and a history of its own. It has to be
    /// [finished](Self::finish).
    pub(crate) async fn another(&self) -> CaseResult<Self> {
        Self::begin(Arc::clone(&self.harness), self.names.case()).await
    }

    /// Lets the history of another trial stand for that of this one, which then is judged and shown.
    pub(crate) fn adopt(&self, other: &Arc<Self>) {
        *self.adopted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(other));
    }

    /// The trial whose history is judged.
    fn adopted(&self) -> Option<Arc<Self>> {
        self.adopted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The history that is judged.
    pub(crate) fn judged_history(&self) -> History {
        self.adopted().map_or_else(|| self.history.clone(), |other| other.history.clone())
    }

    /// The connection of the case.
    pub(crate) fn broker(&self) -> &Arc<dyn Broker> {
        &self.broker
    }

    /// Another connection to the same store.
    pub(crate) async fn another_connection(&self) -> CaseResult<Arc<dyn Broker>> {
        let broker = connect(self.harness.as_ref(), &self.history).await?;
        self.ends_with_the_case(&broker);
        Ok(broker)
    }

    /// Closes this connection when the case is over.
    fn ends_with_the_case(&self, broker: &Arc<dyn Broker>) {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(broker));
    }

    /// The publisher of the case's connection; the same one each time, so that the order of its publishes is judged.
    pub(crate) fn publisher(&self) -> &Arc<dyn Publisher> {
        &self.publisher
    }

    pub(crate) fn admin(&self) -> CaseResult<Arc<dyn StreamAdmin>> {
        self.broker.admin().ok_or_else(|| Failure::new("the backend has no StreamAdmin any more"))
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.broker.capabilities()
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.capabilities().has(capability)
    }

    pub(crate) fn clock(&self) -> Clock {
        self.harness.clock()
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Says that this case breaks a rule by design, and why.
    #[expect(dead_code, reason = "no case breaks a rule by design at present")]
    pub(crate) fn excuse(&self, rule: Rule, reason: &'static str) {
        self.excuses.lock().unwrap_or_else(PoisonError::into_inner).push((rule, reason));
    }

    pub(crate) fn excused(&self) -> Vec<Rule> {
        self.excuses().iter().map(|(rule, _)| *rule).collect()
    }

    /// The excuses in words; empty without any.
    pub(crate) fn excuses_in_words(&self) -> String {
        let words = self
            .excuses()
            .into_iter()
            .map(|(rule, reason)| format!("not judged by `{}`: {reason}", rule.name()));
        words.collect::<Vec<_>>().join("; ")
    }

    fn excuses(&self) -> Vec<(Rule, &'static str)> {
        self.excuses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn connect(harness: &dyn Harness, history: &History) -> CaseResult<Arc<dyn Broker>> {
    match harness.connect().await {
        Ok(broker) => Ok(Arc::new(RecordedBroker::new(broker, history.clone()))),
        Err(error) => Err(Failure::from(error).while_doing("connect")),
    }
}
