//! The backend is chosen by cargo feature and URL, and the error says what is missing.

use pubsub::ErrorKind;

#[tokio::test]
async fn a_scheme_of_nobody_lists_what_there_is() {
    let error = pubsub::connect("kafka://localhost").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`kafka`"), "{error}");
    #[cfg(feature = "memory")]
    assert!(error.to_string().contains("`memory`"), "{error}");
}

#[cfg(not(feature = "nats"))]
#[tokio::test]
async fn a_backend_that_is_not_compiled_in_names_its_feature() {
    let error = pubsub::connect("nats://localhost").await.unwrap_err();
    assert!(error.to_string().contains("cargo feature `nats`"), "{error}");
}

#[cfg(feature = "memory")]
#[tokio::test]
async fn an_option_that_does_not_exist_is_refused_by_name() {
    let error = pubsub::connect("memory://?max_payloud=1MB").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("max_payloud"), "{error}");
}

#[cfg(feature = "memory")]
#[tokio::test]
async fn a_named_store_is_shared_and_an_unnamed_one_is_not() -> pubsub::Result<()> {
    use pubsub::{Provision, StreamConfig};

    let one = pubsub::connect("memory://shared-by-name").await?;
    one.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    let other = pubsub::connect("memory://shared-by-name").await?;
    assert_eq!(other.publish("ride.pickup", "r-17").await?.sequence, Some(1));

    let alone = pubsub::connect("memory://").await?;
    assert_eq!(alone.publish("ride.pickup", "r-17").await.unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}
