//! Runs scenarios: [`all`].

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Broker as _, Storage, StreamConfig};
use pubsub_nats::{NatsBroker, NatsConfig};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::Result;
use crate::judge::{self, Evidence, Findings};
use crate::load::{Ack, Driver, Record, ack_wait, consumer_config, flood, publish};
use crate::memory;
use crate::progress::Progress;
use crate::scenario::{Ends, Load, Scenario};
use crate::site::{Site, stream};
use crate::stage::Stage;

/// How long it is waited for deliveries that make no progress.
const SILENCE: Duration = Duration::from_secs(12);
/// What comes again does so at the latest after the ack wait and this.
const MARGIN: Duration = Duration::from_millis(1_500);
const LOOK: Duration = Duration::from_millis(50);

/// How much is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// For how long each publishes, instead of its own time.
    pub(crate) seconds: Option<u64>,
    pub(crate) quick: bool,
    /// Whether over async-nats too.
    pub(crate) raw: bool,
}

/// One scenario over one driver.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) scenario: &'static str,
    pub(crate) about: &'static str,
    pub(crate) driver: Driver,
    /// The version of the servers.
    pub(crate) server: String,
    pub(crate) seconds: u64,
    pub(crate) runs: Vec<Findings>,
    /// The runs as one: their counts added up, and the longest of their times.
    pub(crate) worst: Findings,
    /// What is promised of it, for this library.
    pub(crate) targets: Vec<String>,
    /// The targets that were not reached, with figures; nothing is promised for async-nats.
    pub(crate) missed: Vec<String>,
}

/// Runs all scenarios, one after the other.
pub(crate) async fn all(scenarios: Vec<Scenario>, effort: Effort) -> Result<Vec<Row>> {
    let drivers: &[Driver] = if effort.raw { &[Driver::Ours, Driver::Raw] } else { &[Driver::Ours] };
    let runs: u64 = scenarios.iter().map(|scenario| u64::from(effort.runs(scenario))).sum();
    let progress = Progress::over(runs * u64::try_from(drivers.len())?)?;
    let mut rows = Vec::new();
    for scenario in &scenarios {
        for driver in drivers {
            let row = row(scenario, *driver, effort, &progress).await;
            let row = row.map_err(|error| format!("{}, {}: {error}", scenario.name, driver.name()))?;
            let outcome = match row.missed.as_slice() {
                [] if *driver == Driver::Ours => "all targets reached".to_owned(),
                [] => format!("{} failed, {} unknown", row.worst.failed, row.worst.unknown),
                missed => format!("missed: {}", missed.join("; ")),
            };
            progress.say(&format!("{:<18} {:<5} {outcome}", scenario.name, driver.name()));
            rows.push(row);
        }
    }
    progress.finish();
    Ok(rows)
}

impl Effort {
    fn runs(self, scenario: &Scenario) -> u32 {
        if self.quick { 1 } else { scenario.runs }
    }

    fn length(self, scenario: &Scenario) -> u64 {
        let quick = scenario.quick.filter(|_| self.quick);
        self.seconds.or(quick).unwrap_or(scenario.seconds)
    }
}

async fn row(scenario: &Scenario, driver: Driver, effort: Effort, progress: &Progress) -> Result<Row> {
    let seconds = effort.length(scenario);
    let (mut runs, mut server) = (Vec::new(), String::new());
    for number in 1..=effort.runs(scenario) {
        progress.begin(format!("{}: {}, run {number} of {seconds} s", scenario.name, driver.name()));
        let site = Site::start(scenario.site).await?;
        server = site.version();
        runs.push(one(scenario, driver, site, seconds, effort.quick).await?);
        progress.step();
    }
    let worst = runs.iter().cloned().reduce(|worst, run| worst.worse(&run)).unwrap_or_default();
    let missed = match driver {
        Driver::Ours => scenario.targets.iter().filter_map(|it| it.missed(&worst, effort.quick)).collect(),
        Driver::Raw => Vec::new(),
    };
    let targets = scenario.targets.iter().map(ToString::to_string).collect();
    Ok(Row {
        scenario: scenario.name,
        about: scenario.about,
        driver,
        server,
        seconds,
        runs,
        worst,
        targets,
        missed,
    })
}

/// One run: prepares, breaks and mends under load, waits until all has come, and judges.
async fn one(scenario: &Scenario, driver: Driver, site: Site, seconds: u64, quick: bool) -> Result<Findings> {
    let control = NatsBroker::connect(NatsConfig::new(&site.direct_url())?).await?;
    let admin = control.admin().ok_or("the NATS backend has streams")?;
    let config =
        StreamConfig::new(stream(), ["faults.>"])?.with_storage(Storage::File).with_replicas(site.replicas());
    admin.create_stream(config).await?;
    for ack in Ack::BOTH {
        admin.create_consumer(&stream(), consumer_config(ack, quick)?).await?;
    }
    let party = driver.connect(&site).await?;

    let began = Instant::now();
    let length = Duration::from_secs(seconds);
    let record = Arc::new(Record::new(began));
    let (stop_publishing, publishing_stops) = watch::channel(false);
    let (stop_consuming, consuming_stops) = watch::channel(false);
    let (mut consuming, mut memory) = (Vec::new(), None);
    let publishing = match scenario.load {
        Load::Paced => {
            for ack in Ack::BOTH {
                let (party, record, stop) =
                    (Arc::clone(&party), Arc::clone(&record), consuming_stops.clone());
                consuming.push(tokio::spawn(async move { party.consume(ack, record, stop).await }));
            }
            tokio::spawn(publish(Arc::clone(&party), Arc::clone(&record), publishing_stops))
        }
        Load::Flood => {
            memory = memory::Watch::start();
            tokio::spawn(flood(Arc::clone(&party), publishing_stops))
        }
    };

    let mut stage = Stage::new(site, Arc::clone(&admin), began, length, quick);
    (scenario.inflict)(&mut stage).await?;
    stage.rest().await;
    stop_publishing.send_replace(true);
    let end = record.now();
    publishing.await?;
    let memory = memory.map(memory::Watch::growth);

    if scenario.ends != Ends::Gone {
        stage.site.heal().await?;
    }
    if scenario.ends == Ends::Drained {
        let until = stage.last_healed().unwrap_or_default() + ack_wait(quick) + MARGIN;
        drained(&record, until).await;
    }
    stop_consuming.send_replace(true);
    for task in consuming {
        task.await?;
    }
    let stored = match scenario.ends {
        Ends::Gone => None,
        Ends::Drained | Ends::Stored => Some(judge::read(admin.as_ref()).await?),
    };
    party.close().await;
    // A server that is gone cannot confirm it.
    let _ = control.close().await;

    let (records, faults) = (record.records(), stage.faults());
    let evidence =
        Evidence { records: &records, stored: stored.as_deref(), faults: &faults, end, ends: scenario.ends };
    Ok(Findings { memory, ..Findings::of(&evidence) })
}

/// Waits until both consumers have settled all that was stored, and until what may come again has come.
async fn drained(record: &Record, until: Duration) {
    let mut last = (Instant::now(), record.progress());
    loop {
        let now = record.progress();
        let (stored, settled) = now;
        let is_done = settled.iter().all(|settled| *settled >= stored);
        if is_done && record.now() >= until {
            return;
        }
        if now != last.1 {
            last = (Instant::now(), now);
        } else if !is_done && last.0.elapsed() >= SILENCE {
            return;
        }
        sleep(LOOK).await;
    }
}
