//! A ride-sharing system on four streams, with faults on purpose and a proof at the end that nothing was lost.
//!
//! ```text
//!  lines of JSON ─► input ─► USER_STREAM      ─► user_beacon_users, user_beacon_match, user_finder_match
//!                           MATCH_STREAM     ─► match_found_users, match_rejected_users,
//!                                               match_accepted_users, match_accepted_rides ─┐ ride.pickup
//!                           RIDE_STREAM      ◄──────────────────────────────────────────────┘
//!                                            ─► ride_pickup_users, ride_pickup_match, ride_started_users, ...
//!                           LOCATION_STREAM  ─► location_update_location ─┐ location.aggregate
//!                                            ◄───────────────────────────┘
//!                                            ─► location_aggregate_match
//! ```
//!
//! | room | what is there |
//! |---|---|
//! | `topology`, `provision` | the four streams, and which service reads which subject; how they are made |
//! | `input` | lines of JSON, broken ones reported; publishing them; the sabotage |
//! | `service` | the four services: what each keeps, and what it publishes in turn |
//! | `instance` | competing instances: one worker each; the faults on purpose |
//! | `proof` | what the input makes due, waiting until all is quiet, and the invariants |
//! | `report` | counts and tables |
//!
//! "Exactly once" is two things here: a message id, so that the stream stores a repeated publish once within its
//! duplicate window, and an idempotent handler. Nothing else gives it.

mod cli;
mod console;
mod input;
mod instance;
mod proof;
mod provision;
mod report;
mod service;
mod topology;

use std::sync::Arc;

use pubsub::{Capability, Client, OnPublish, Result};
use tokio::time::Instant;

pub use cli::{Options, main};
pub use console::Console;
pub use input::{Input, Sabotage};
pub use proof::{Invariant, Violation};
pub use report::{ConsumerRow, FaultCounts, InputCounts, Report, StreamRow};

use instance::Crew;
use proof::Findings;
use report::{Progress, StreamTally};
use service::Services;

/// What this job cannot do without.
const NEEDS: [Capability; 3] = [Capability::MessageId, Capability::NakDelay, Capability::InterestRetention];

/// Feeds the input through the system, waits until all is quiet and checks the invariants. Leaves the streams as
/// they are, for others to look at; the client stays open.
///
/// # Errors
/// `Unsupported` for a backend without message ids, nak delays or interest retention, `Conflict` if the streams
/// were used before (see [`Options::reset`]), `Config` if there is nothing to sabotage, and what the broker says if
/// it cannot be used any more. A broken invariant is not an error here: see [`Report::broken`].
///
/// # Cancel safety
/// Dropped before completion, the services stop; what they had not settled comes again to the next run's consumers.
pub async fn run(client: &Client, options: &Options, input: Input, console: &Console) -> Result<Report> {
    let started = Instant::now();
    client.require(&NEEDS)?;
    let routes = provision::provision(client, options.reset).await?;
    console.stage(&format!("{} streams, {} durable consumers", topology::STREAMS.len(), routes.len()));

    let services = Services::new();
    let progress = Arc::new(Progress::new(console.bar()));
    let published = Arc::new(StreamTally::default());
    let confirmed = Arc::clone(&published);
    let client = &client.clone().with_layer(OnPublish::new(move |event| {
        if let Ok(receipt) = event.outcome {
            confirmed.confirmed(receipt);
        }
    }));
    let mut crew = Crew::start(client, options, &routes, &services, &progress)?;
    console.stage(&format!("{} instances of each service, {} % faults", options.instances, options.faults));

    let feed = input::Feed::new(client, &progress, console, options.sabotage);
    let fed = tokio::select! {
        fed = feed.run(input) => fed?,
        failure = crew.failure() => return Err(failure),
    };
    console.stage(&format!("{} lines read; waiting until every delivery is settled", fed.counts.lines));

    let admin = client.admin()?;
    let quiet = tokio::select! {
        quiet = proof::wait_until_quiet(admin.as_ref(), &routes, &progress) => quiet?,
        failure = crew.failure() => return Err(failure),
    };
    let unsettled = crew.stop().await?;
    progress.finish();
    if !quiet {
        console.stage("gave up waiting: nothing was settled for a while");
    }

    let findings = Findings::collect(admin.as_ref(), &routes, &published, started).await?;
    let (broken, notes) = proof::check(&fed.expected, &findings, &services);
    Ok(Report::new(fed.counts, findings, (&routes, unsettled), &services, notes, broken))
}
