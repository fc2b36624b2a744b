//! The ride-sharing system's topology, which is a file.

use std::sync::Arc;

use pubsub_core::{Client, Provision, Result};
use pubsub_memory::{MemoryConfig, MemoryServer};
use pubsub_topology::Topology;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/topology/ride_sharing.toml");

#[test]
fn it_has_no_mistake() -> Result<()> {
    let findings: Vec<_> = Topology::from_file(FILE)?.check().iter().map(ToString::to_string).collect();
    assert_eq!(findings, Vec::<String>::new());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn it_is_made_in_one_call() -> Result<()> {
    let client = Client::new(Arc::new(MemoryServer::new(MemoryConfig::default())?.connect()));
    let topology = Topology::from_file(FILE)?;
    let applied = topology.ensure(client.admin()?.as_ref(), Provision::CreateIfMissing).await?;
    assert_eq!(applied.created.len(), 5 + 15);
    assert!(topology.plan(client.admin()?.as_ref()).await?.is_empty());
    let late = topology.of_template("customer", "acme")?;
    let applied = late.ensure(client.admin()?.as_ref(), Provision::CreateIfMissing).await?;
    let names: Vec<_> = applied.created.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["CUSTOMER_acme", "CUSTOMER_acme/customer_acme_users"]);
    assert!(topology.of_template("none", "acme").is_err());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_service_makes_what_it_needs() -> Result<()> {
    let client = Client::new(Arc::new(MemoryServer::new(MemoryConfig::default())?.connect()));
    let rides = Topology::from_file(FILE)?.of_service("rides");
    let applied = rides.ensure(client.admin()?.as_ref(), Provision::CreateIfMissing).await?;
    let names: Vec<_> = applied.created.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(names.contains(&"MATCH_STREAM/match_accepted_rides".to_owned()), "{names:?}");
    Ok(())
}
