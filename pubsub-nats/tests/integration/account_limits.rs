//! What an account may have is told, and what goes beyond it is refused: typed, soon, and certainly not done.

use std::future::Future;
use std::time::{Duration, Instant};

use pubsub_core::{
    Client, ConsumerConfig, Error, ErrorKind, Limit, Provision, Result, Storage, StreamConfig,
};
use pubsub_nats::{Credentials, NatsConfig};
use pubsub_testkit::nats_server::NatsServer;

use crate::support::{connect_with, ride, soon};

const MIB: u64 = 1 << 20;
const ACCOUNTS: &str = r#"accounts {
    SMALL: {
        jetstream: { max_mem: 1048576, max_file: 2097152, max_streams: 1, max_consumers: 1 }
        users: [ { user: "small", password: "p" } ]
    }
    LARGE: { jetstream: enabled, users: [ { user: "large", password: "p" } ] }
}"#;

async fn tenants() -> (NatsServer, Client, Client) {
    let server = NatsServer::builder().config_text(ACCOUNTS).start().unwrap();
    let url = format!("nats://127.0.0.1:{}", server.port());
    let config =
        |user: &str| NatsConfig::new(&url).unwrap().with_credentials(Credentials::password(user, "p"));
    let small = connect_with(config("small")).await.unwrap();
    let large = connect_with(config("large")).await.unwrap();
    (server, small, large)
}

fn stream(name: &str, bytes: u64) -> StreamConfig {
    let config = StreamConfig::new(name, [format!("{}.>", name.to_lowercase())]).unwrap();
    config.with_storage(Storage::Memory).with_max_bytes(Limit::At(bytes))
}

async fn refused<T: std::fmt::Debug>(work: impl Future<Output = Result<T>>) -> Error {
    let started = Instant::now();
    let error = soon(work).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}: {error}", started.elapsed());
    assert!(error.remedy().is_some() && !error.is_effect_unknown(), "{error:?}");
    error
}

#[tokio::test]
async fn what_is_too_much_for_one_tenant_is_not_so_for_another() {
    let (_server, small, large) = tenants().await;
    let account = small.admin().unwrap().account_info().await.unwrap();
    assert_eq!((account.memory.limit, account.storage.limit), (Limit::At(MIB), Limit::At(2 * MIB)));
    assert_eq!((account.streams.limit, account.consumers.limit), (Limit::At(1), Limit::At(1)));

    let error = refused(small.ensure_stream(stream("RIDE", 8 * MIB), Provision::CreateIfMissing)).await;
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    for tenant in [&small, &large] {
        tenant.ensure_stream(stream("RIDE", MIB), Provision::CreateIfMissing).await.unwrap();
        let config = ConsumerConfig::durable("users").unwrap();
        tenant.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    }
    let error = refused(small.ensure_stream(stream("OTHER", 1_000), Provision::CreateIfMissing)).await;
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10027)));
    let another = || ConsumerConfig::durable("others").unwrap();
    let error = refused(small.ensure_consumer("RIDE", another(), Provision::CreateIfMissing)).await;
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10026)));
    large.ensure_stream(stream("OTHER", 8 * MIB), Provision::CreateIfMissing).await.unwrap();
    large.ensure_consumer("RIDE", another(), Provision::CreateIfMissing).await.unwrap();
    assert!(small.health().await.is_usable() && large.health().await.is_usable());
}

#[tokio::test]
async fn a_full_account_refuses_a_publish_and_takes_it_once_there_is_room() {
    let (_server, small, _large) = tenants().await;
    let unbounded = stream("RIDE", MIB).with_max_bytes(Limit::Unlimited).with_max_age(Limit::Unlimited);
    small.ensure_stream(unbounded, Provision::CreateIfMissing).await.unwrap();
    let publish = || small.publish("ride.n", vec![0; 300_000]);
    let mut stored = 0;
    let error = loop {
        match soon(publish()).await {
            Ok(_) => stored += 1,
            Err(_) => break refused(publish()).await,
        }
        assert!(stored < 10);
    };
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    let admin = small.admin().unwrap();
    assert_eq!(admin.stream_info(&ride()).await.unwrap().messages, stored);
    admin.purge_stream(&ride(), pubsub_core::Purge::all()).await.unwrap();
    publish().await.unwrap();
}
