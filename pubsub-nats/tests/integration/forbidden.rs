//! Each subject of JetStream's interface forbidden in turn: what needs it is told, and all else goes on.

use std::time::{Duration, Instant, SystemTime};

use pubsub_core::{
    Capability, Client, ConsumerConfig, FetchOptions, MessageSelector, PriorityGroup, Provision, Purge,
    Result, StreamConfig, StreamName,
};
use pubsub_core::{ConsumerName, ErrorKind};
use pubsub_testkit::nats_server::NatsServer;

use crate::support::{connect, fetch, ride, soon};

/// What is forbidden, and by which capability the call is there at all.
const FORBIDDEN: &[(&str, Option<Capability>)] = &[
    ("$JS.API.INFO", None),
    ("$JS.API.STREAM.CREATE.>", None),
    ("$JS.API.STREAM.UPDATE.>", None),
    ("$JS.API.STREAM.INFO.>", None),
    ("$JS.API.STREAM.LIST", None),
    ("$JS.API.STREAM.PURGE.>", None),
    ("$JS.API.STREAM.MSG.GET.>", None),
    ("$JS.API.STREAM.MSG.DELETE.>", None),
    ("$JS.API.STREAM.DELETE.>", None),
    ("$JS.API.CONSUMER.CREATE.>", None),
    ("$JS.API.CONSUMER.INFO.>", None),
    ("$JS.API.CONSUMER.LIST.>", None),
    ("$JS.API.CONSUMER.DELETE.>", None),
    ("$JS.API.CONSUMER.MSG.NEXT.>", None),
    ("$JS.API.CONSUMER.PAUSE.>", Some(Capability::Pause)),
    ("$JS.API.CONSUMER.UNPIN.>", Some(Capability::PriorityGroups)),
    ("$JS.API.CONSUMER.RESET.>", Some(Capability::Reset)),
    ("$JS.ACK.>", None),
];

/// A server with a user for each, named by its place, that may do everything else.
async fn server() -> (NatsServer, Client) {
    let users: String = FORBIDDEN
        .iter()
        .enumerate()
        .map(|(place, (subject, _))| {
            format!(
                "{{ user: u{place}, password: p, permissions: {{ publish: {{ deny: [\"{subject}\"] }} }} }}\n"
            )
        })
        .collect();
    let text = format!("authorization {{ users: [ {{ user: all, password: p }}\n{users} ] }}");
    let server = NatsServer::builder().config_text(text).start().unwrap();
    let all = client(&server, "all").await;
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    all.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    let mut users = ConsumerConfig::durable("users").unwrap();
    if all.capabilities().has(Capability::PriorityGroups) {
        users = users.with_priority(PriorityGroup::pinned("members").unwrap());
    }
    all.ensure_consumer("RIDE", users, Provision::CreateIfMissing).await.unwrap();
    (server, all)
}

async fn client(server: &NatsServer, user: &str) -> Client {
    connect(&format!("nats://{user}:p@127.0.0.1:{}", server.port())).await.unwrap()
}

/// The call that needs a subject.
async fn call(client: &Client, subject: &str) -> Result<()> {
    let admin = client.admin()?;
    let users = ConsumerName::new("users")?;
    let (other, missing) = (StreamConfig::new("OTHER", ["other"])?, StreamName::new("MISSING")?);
    match subject.trim_start_matches("$JS.API.").trim_end_matches(".>") {
        "INFO" => admin.account_info().await.map(drop),
        "STREAM.CREATE" => admin.create_stream(other).await.map(drop),
        "STREAM.UPDATE" => admin.update_stream(StreamConfig::new("RIDE", ["ride.>"])?).await.map(drop),
        "STREAM.INFO" => admin.stream_info(&ride()).await.map(drop),
        "STREAM.LIST" => admin.list_streams().await.map(drop),
        "STREAM.PURGE" => admin.purge_stream(&missing, Purge::all()).await.map(drop),
        "STREAM.MSG.GET" => admin.get_message(&ride(), MessageSelector::Sequence(1)).await.map(drop),
        "STREAM.MSG.DELETE" => admin.delete_message(&missing, 1).await,
        "STREAM.DELETE" => admin.delete_stream(&missing).await,
        "CONSUMER.CREATE" => admin.create_consumer(&ride(), ConsumerConfig::durable("new")?).await.map(drop),
        "CONSUMER.INFO" => client.consumer("RIDE", "users").await.map(drop),
        "CONSUMER.LIST" => admin.list_consumers(&ride()).await.map(drop),
        "CONSUMER.DELETE" => admin.delete_consumer(&ride(), &ConsumerName::new("missing")?).await,
        "CONSUMER.MSG.NEXT" => {
            let consumer = client.consumer("RIDE", "users").await?;
            consumer.fetch(FetchOptions::up_to(1)).await.map(drop)
        }
        "CONSUMER.PAUSE" => admin.pause_consumer(&ride(), &users, SystemTime::UNIX_EPOCH).await.map(drop),
        "CONSUMER.UNPIN" => admin.unpin_consumer(&ride(), &users).await,
        "CONSUMER.RESET" => admin.reset_consumer(&ride(), &users, None).await.map(drop),
        "$JS.ACK" => {
            let consumer = client.consumer("RIDE", "users").await?;
            fetch(&consumer, 1).await.pop().unwrap().ack().await
        }
        other => panic!("no call is known for {other}"),
    }
}

#[tokio::test]
async fn the_call_that_needs_it_is_refused_and_all_others_go_on() {
    let (server, all) = server().await;
    all.publish("ride.n", "x").await.unwrap();
    for (place, (subject, needs)) in FORBIDDEN.iter().enumerate() {
        if needs.is_some_and(|needs| !all.capabilities().has(needs)) {
            continue;
        }
        let client = client(&server, &format!("u{place}")).await;
        let started = Instant::now();
        let error = soon(call(&client, subject)).await.expect_err(subject);
        assert!(started.elapsed() < Duration::from_secs(2), "{subject}: {:?}", started.elapsed());
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{subject}: {error:?}");
        assert!(!error.is_effect_unknown() && error.remedy().is_some(), "{subject}: {error}");
        let named = error.context("subject").or(error.context("consumer")).unwrap_or_default();
        assert!(named == "users" || named.starts_with(subject.trim_end_matches('>')), "{subject}: {error}");
        client.publish("ride.n", "x").await.unwrap();
        for (other, _) in FORBIDDEN.iter().filter(|(other, _)| {
            other != subject && matches!(*other, "$JS.API.STREAM.LIST" | "$JS.API.CONSUMER.LIST.>")
        }) {
            soon(call(&client, other)).await.unwrap();
        }
        soon(client.close()).await.unwrap();
    }
}
