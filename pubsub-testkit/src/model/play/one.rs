//! Carries one plan out: [`play`].

use std::time::Duration;

use futures::future::{join_all, try_join_all};
use pubsub_core::{Discard, FetchOptions, Limit, PublishOptions, Purge, Retention, Settlement, StreamName};

use super::client::{Client, Held};
use super::looks::follow;
use crate::check::{CaseResult, Failure};
use crate::harness::Clock;
use crate::history::event::What;
use crate::model::Explainer;
use crate::model::plan::{Command, How, Keeps, Plan, Removal, Round, SUBJECTS, Setup};
use crate::trial::{Faults, SettleSurely as _, TestConsumer, Trial};

/// How often the rest is fetched before it is taken that there is no end to it.
const ROUNDS_AT_THE_END: usize = 60;

/// A plan under way.
struct Play<'t> {
    trial: &'t Trial,
    faults: Option<&'t Faults<'t>>,
    setup: &'t Setup,
    stream: StreamName,
    consumers: Vec<TestConsumer<'t>>,
    clients: Vec<Option<Client>>,
    held: Held,
}

/// Carries a plan out, with a stream and consumers of its own, and looks at the counters after each round. Ends early where
/// the model cannot explain what came. A failure is of a call that nothing could keep from succeeding.
pub(super) async fn play(trial: &Trial, faults: Option<&Faults<'_>>, plan: &Plan) -> CaseResult {
    trial.history().record(What::Modelled { clock: trial.clock() });
    let stream = trial.create_stream(stream_config(trial, &plan.setup)?).await?;
    let mut play = Play {
        trial,
        faults,
        setup: &plan.setup,
        stream,
        consumers: Vec::new(),
        clients: Vec::new(),
        held: Held::default(),
    };
    for number in 0..plan.setup.consumers {
        let made = play.make_consumer(number).await?;
        play.consumers.push(made);
    }
    for _ in 0..plan.setup.clients {
        let client = Client::connect(trial, faults, &play.consumers).await?;
        play.clients.push(Some(client));
    }
    let mut explainer = Explainer::new();
    for round in &plan.rounds {
        play.round(round).await?;
        if !follow(trial, &mut explainer, &play.consumers).await? {
            return Ok(());
        }
    }
    play.rest(&mut explainer).await
}

fn stream_config(trial: &Trial, setup: &Setup) -> CaseResult<pubsub_core::StreamConfig> {
    let config = trial.stream_config("stream", &[">"])?;
    Ok(match setup.keeps {
        Keeps::Everything => config,
        Keeps::Newest(most) => config.with_max_messages(most),
        Keeps::Oldest(most) => config.with_max_messages(most).with_discard(Discard::New),
        Keeps::Work => config.with_retention(Retention::WorkQueue),
        Keeps::Interest => config.with_retention(Retention::Interest),
    })
}

impl<'t> Play<'t> {
    /// This share of an ack wait.
    fn tenths(&self, tenths: u32) -> Duration {
        self.trial.ack_wait() * tenths / 10
    }

    async fn make_consumer(&self, number: usize) -> CaseResult<TestConsumer<'t>> {
        let (trial, setup) = (self.trial, self.setup);
        let mut config = trial.consumer_config(&format!("c{number}"))?;
        if let Some(most) = setup.max_deliver {
            config = config.with_max_deliver(Limit::At(most));
        }
        if let Some(most) = setup.max_ack_pending {
            config = config.with_max_ack_pending(Limit::At(most));
        }
        if setup.filtered {
            config = config.with_filter(trial.filter(&format!("s{}", number % SUBJECTS))?)?;
        }
        trial.create_consumer(&self.stream, config).await
    }

    async fn round(&mut self, round: &Round) -> CaseResult {
        let fault = self.faults.zip(round.fault);
        if let Some((faults, fault)) = fault {
            faults.inject(fault).await?;
        }
        let alone = round.commands.first().filter(|command| command.is_alone());
        let done = match alone {
            Some(command) => self.alone(command).await,
            None => {
                let done = join_all(round.commands.iter().map(|command| self.one_of_several(command))).await;
                done.into_iter().collect::<CaseResult<Vec<()>>>().map(|_| ())
            }
        };
        if let Some((faults, _)) = fault {
            faults.heal().await?;
        }
        done
    }

    async fn alone(&mut self, command: &Command) -> CaseResult {
        match command {
            Command::Pass { tenths } => self.trial.pass(self.tenths(*tenths)).await,
            Command::Recreate { consumer } => {
                if let Some(old) = self.consumers.get(*consumer) {
                    // Settlements go by names and sequences: on some backends a late one would reach the next consumer of
                    // the name, as on a server.
                    self.held.drop_from(old.name());
                    self.trial.admin()?.delete_consumer(&self.stream, old.name()).await?;
                    let made = self.make_consumer(*consumer).await?;
                    if let Some(place) = self.consumers.get_mut(*consumer) {
                        *place = made;
                    }
                    for client in self.clients.iter_mut().flatten() {
                        client.open(self.trial, &self.consumers).await?;
                    }
                }
            }
            Command::Restart { client } => {
                self.held.drop_of(*client);
                let made = Client::connect(self.trial, self.faults, &self.consumers).await?;
                let old = self.clients.get_mut(*client).and_then(|place| place.replace(made));
                if let Some(old) = old {
                    old.close().await;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What fails here is in the history, and the model knows whether it may.
    async fn one_of_several(&self, command: &Command) -> CaseResult {
        match command {
            Command::Publish { client, subject, id } => self.publish(*client, *subject, *id).await,
            Command::Fetch { client, consumer, most, tenths } => {
                let Some(handle) = self.handle(*client, *consumer) else { return Ok(()) };
                let options = FetchOptions::up_to(*most).with_expires(self.tenths(*tenths));
                let fetched = self.trial.in_time("a fetch", handle.fetch(options)).await?;
                self.held.add(*client, fetched.unwrap_or_default());
                Ok(())
            }
            Command::Cancel { client, consumer, most, tenths } => {
                let Some(handle) = self.handle(*client, *consumer) else { return Ok(()) };
                let options = FetchOptions::up_to(*most).with_expires(self.trial.ack_wait());
                let fetched = tokio::time::timeout(self.tenths(*tenths), handle.fetch(options)).await;
                self.held.add(*client, fetched.ok().and_then(Result::ok).unwrap_or_default());
                Ok(())
            }
            Command::Settle { delivery, how, confirmed } => self.settle(*delivery, *how, *confirmed).await,
            Command::Remove(removal) => self.remove(*removal).await,
            _ => Ok(()),
        }
    }

    fn handle(&self, client: usize, consumer: usize) -> Option<&std::sync::Arc<dyn pubsub_core::Consumer>> {
        self.clients.get(client)?.as_ref()?.consumer(consumer)
    }

    async fn publish(&self, client: usize, subject: usize, id: Option<usize>) -> CaseResult {
        let Some(client) = self.clients.get(client).and_then(Option::as_ref) else { return Ok(()) };
        // Each with a payload of its own, so that none is taken for another.
        let payload = self.trial.history().number().to_string();
        let mut message = self.trial.message(&format!("s{subject}"), payload)?;
        if let Some(id) = id {
            message = message.with_id(format!("id-{id}"))?;
        }
        let options = PublishOptions::default().with_timeout(self.one_call());
        let publish = async {
            match client.publisher.publish_with(message, options).await {
                Ok(pending) => drop(pending.await),
                Err(error) => drop(error),
            }
        };
        self.trial.in_time("a publish", publish).await
    }

    /// How long a call waits for an answer that may not come.
    fn one_call(&self) -> Duration {
        match self.trial.clock() {
            Clock::Virtual => Duration::from_secs(5),
            Clock::Real => Duration::from_millis(800),
        }
    }

    async fn settle(&self, number: usize, how: How, confirmed: bool) -> CaseResult {
        let Some(holding) = self.held.take(number) else { return Ok(()) };
        let settlement = match how {
            How::Drop => return Ok(()),
            How::Extend => {
                // Recorded, whatever comes of it.
                let _ = self.trial.in_time("an extension", holding.delivery.extend()).await?;
                self.held.put_back(holding);
                return Ok(());
            }
            How::Ack => Settlement::ack(),
            How::Nak => Settlement::nak(),
            How::NakAfter(tenths) => Settlement::nak_after(self.tenths(tenths)),
            How::Term => Settlement::term(),
        };
        let settlement = if confirmed { settlement.confirmed() } else { settlement };
        // Dropped at the end of its time, it may have had its effect or not.
        let _ = tokio::time::timeout(self.one_call(), holding.delivery.settle(settlement)).await;
        Ok(())
    }

    async fn remove(&self, removal: Removal) -> CaseResult {
        let admin = self.trial.admin()?;
        let last = self.trial.history().events().iter().rev().find_map(|event| match &event.what {
            What::StreamSeen { counts, .. } => Some(counts.last_sequence),
            _ => None,
        });
        let last = last.unwrap_or(0);
        let purge = match removal {
            Removal::One(tenths) => {
                // One that is not there is refused, and that is recorded.
                let _ = admin.delete_message(&self.stream, (last * tenths / 10).max(1)).await;
                return Ok(());
            }
            Removal::All => Purge::all(),
            Removal::Subject(subject) => {
                Purge::all().with_filter(self.trial.filter(&format!("s{subject}"))?)?
            }
            Removal::AllBut(keep) => Purge::keep(keep),
            Removal::OlderHalf => Purge::up_to(last / 2),
        };
        admin.purge_stream(&self.stream, purge).await?;
        Ok(())
    }

    /// Fetches and acks; says how many.
    async fn take_some(&self, consumer: &TestConsumer<'_>, expires: Duration) -> CaseResult<usize> {
        let batch = consumer.fetch(20, expires).await?;
        let came = batch.len();
        for delivery in batch {
            delivery.ack_confirmed_if_possible(self.trial).await?;
        }
        Ok(came)
    }

    /// Lets go what is held, and fetches and acks until nothing is left.
    async fn rest(&mut self, explainer: &mut Explainer) -> CaseResult {
        self.held.drop_all();
        // Longer than what was nakked last stays away, and then an ack wait.
        let expires = self.tenths(25);
        for _ in 0..ROUNDS_AT_THE_END {
            let taken = self.consumers.iter().map(|consumer| self.take_some(consumer, expires));
            let came: usize = try_join_all(taken).await?.into_iter().sum();
            if !follow(self.trial, explainer, &self.consumers).await? || came == 0 {
                return Ok(());
            }
        }
        Err(Failure::new("there was no end to what came"))
    }
}
