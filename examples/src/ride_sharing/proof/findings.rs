//! What was found at the end.

use std::collections::HashSet;
use std::time::Duration;

use pubsub::{Result, Retention, StreamAdmin, StreamName};
use tokio::time::Instant;

use crate::ride_sharing::provision::OpenRoute;
use crate::ride_sharing::report::{ConsumerRow, StreamRow, StreamTally};
use crate::ride_sharing::topology::{Route, STREAMS, StreamPlan};

/// A broker may remove acked messages a moment after it has taken the ack.
const REMOVAL: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_millis(50);

/// The broker's counters and ours.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) streams: Vec<StreamFindings>,
    pub(crate) consumers: Vec<ConsumerFindings>,
    /// How long the run took.
    pub(crate) elapsed: Duration,
}

#[derive(Debug)]
pub(crate) struct StreamFindings {
    pub(crate) plan: &'static StreamPlan,
    pub(crate) row: StreamRow,
}

#[derive(Debug)]
pub(crate) struct ConsumerFindings {
    pub(crate) route: Route,
    pub(crate) row: ConsumerRow,
    pub(crate) acked_ids: HashSet<String>,
}

impl Findings {
    pub(crate) async fn collect(
        admin: &dyn StreamAdmin,
        routes: &[OpenRoute],
        published: &StreamTally,
        started: Instant,
    ) -> Result<Self> {
        let mut streams = Vec::with_capacity(STREAMS.len());
        for plan in &STREAMS {
            let confirmed = published.of(plan.name);
            let row = StreamRow {
                stream: plan.name.to_owned(),
                published: confirmed.published,
                duplicates: confirmed.duplicates,
                held: held(admin, plan).await?,
            };
            streams.push(StreamFindings { plan, row });
        }
        let mut consumers = Vec::with_capacity(routes.len());
        for open in routes {
            let info = admin.consumer_info(&open.stream, &open.consumer).await?;
            let (delivered, redelivered, acked) = open.tally.counts();
            consumers.push(ConsumerFindings {
                route: open.route,
                row: ConsumerRow {
                    consumer: open.consumer.to_string(),
                    delivered,
                    acked,
                    redelivered,
                    pending: info.pending + info.ack_pending,
                },
                acked_ids: open.tally.acked_ids(),
            });
        }
        Ok(Self { streams, consumers, elapsed: started.elapsed() })
    }
}

/// How many messages a stream holds; of an interest stream, once it is empty or has had the time to be.
async fn held(admin: &dyn StreamAdmin, plan: &StreamPlan) -> Result<u64> {
    let name = StreamName::new(plan.name)?;
    let deadline = Instant::now() + REMOVAL;
    loop {
        let held = admin.stream_info(&name).await?.messages;
        let is_final = plan.retention != Retention::Interest || held == 0;
        if is_final || Instant::now() >= deadline {
            return Ok(held);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
