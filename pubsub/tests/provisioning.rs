//! What each provisioning mode does when a stream or a consumer is missing, the same, or different.
#![cfg(feature = "memory")]

use std::time::Duration;

use pubsub::{Client, ConsumerConfig, ErrorKind, Provision, Result, StreamConfig};

async fn client() -> Result<Client> {
    pubsub::connect("memory://").await
}

fn rides() -> Result<StreamConfig> {
    StreamConfig::new("RIDE", ["ride.>"])
}

#[tokio::test]
async fn never_creates_nothing_and_says_what_is_missing() -> Result<()> {
    let client = client().await?;
    let error = client.ensure_stream(rides()?, Provision::Never).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10059)));
    assert_eq!(error.context("stream"), Some("RIDE"));
    Ok(())
}

#[tokio::test]
async fn create_if_missing_is_idempotent_and_refuses_a_difference_by_printing_it() -> Result<()> {
    let client = client().await?;
    client.ensure_stream(rides()?, Provision::CreateIfMissing).await?;
    client.ensure_stream(rides()?, Provision::CreateIfMissing).await?;
    let shorter = rides()?.with_max_age(Duration::from_secs(3600));
    let error = client.ensure_stream(shorter, Provision::CreateIfMissing).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::AlreadyExists, Some(10058)));
    let text = error.to_string();
    assert!(text.contains("max_age") && text.contains("24h") && text.contains("1h"), "{text}");
    Ok(())
}

#[tokio::test]
async fn update_changes_what_exists() -> Result<()> {
    let client = client().await?;
    client.ensure_stream(rides()?, Provision::Update).await?;
    let shorter = rides()?.with_max_age(Duration::from_secs(3600));
    let info = client.ensure_stream(shorter, Provision::Update).await?;
    assert_eq!(info.config.max_age, Duration::from_secs(3600).into());
    Ok(())
}

#[tokio::test]
async fn a_consumer_that_differs_is_refused_and_not_changed() -> Result<()> {
    let client = client().await?;
    client.ensure_stream(rides()?, Provision::CreateIfMissing).await?;
    let narrow = ConsumerConfig::durable("users")?.with_filter("ride.pickup")?;
    let wide = ConsumerConfig::durable("users")?.with_filter("ride.*")?;
    let consumer = client.ensure_consumer("RIDE", narrow.clone(), Provision::CreateIfMissing).await?;
    let error = client.ensure_consumer("RIDE", wide.clone(), Provision::CreateIfMissing).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::AlreadyExists, Some(10148)));
    assert_eq!(consumer.info().await?.config.filters, narrow.filters);

    let consumer = client.ensure_consumer("RIDE", wide.clone(), Provision::Update).await?;
    assert_eq!(consumer.info().await?.config.filters, wide.filters);
    Ok(())
}
