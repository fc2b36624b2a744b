//! Messages once more.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use pubsub::worker::{Failure, Pace, Path, Replay, ReplayEnd, ReplayProgress, Router, WorkerHandle};
use pubsub::{
    Client, DeliverPolicy, ErrorKind, OutboundMessage, Provision, Purge, ReadOptions, StoredMessage,
    StreamConfig, StreamName, SubjectTransform,
};
use tokio::time::Instant;

/// Rides 1 to `last`, and a stream for copies.
async fn rides(client: &Client, last: u32) {
    let copies = StreamConfig::new("COPIES", ["copy.>"]).expect("a stream");
    client.ensure_stream(copies, Provision::CreateIfMissing).await.expect("made");
    for ride in 1..=last {
        let message = OutboundMessage::new(format!("ride.{ride}"), ride.to_string()).expect("a message");
        let message = message.with_id(format!("ride-{ride}")).expect("an id");
        client
            .publish_message(message.with_header("Color", "blue").expect("a header"))
            .await
            .expect("stored");
    }
}

fn to_copies() -> Replay {
    Replay::to_subjects(
        "RIDE",
        &SubjectTransform::new("ride.*", "copy.{{wildcard(1)}}").expect("a transform"),
    )
    .expect("a replay")
}

async fn copies(client: &Client) -> Vec<StoredMessage> {
    let last = messages(client, "COPIES").await;
    let copies = client.read("COPIES", ReadOptions::default()).await.expect("it can be read");
    copies.take(last).map(|copy| copy.expect("a message")).collect().await
}

async fn messages(client: &Client, stream: &str) -> usize {
    let stream = StreamName::new(stream).expect("a name");
    let info = client.admin().expect("administration").stream_info(&stream).await.expect("it is there");
    usize::try_from(info.messages).expect("few")
}

/// What handles rides and records their numbers.
fn recording() -> (Router, Arc<Mutex<Vec<u32>>>) {
    let handled: Arc<Mutex<Vec<u32>>> = Arc::default();
    let recorded = Arc::clone(&handled);
    let handler = move |Path(ride): Path<u32>, worker: WorkerHandle| {
        let recorded = Arc::clone(&recorded);
        async move {
            recorded.lock().expect("a lock").push(ride);
            match ride {
                3 => return Err(Failure::reject("not this one")),
                5 => panic!("on purpose"),
                7 => worker.stop(),
                _ => {}
            }
            Ok(OutboundMessage::new(format!("copy.{ride}"), "")?)
        }
    };
    (Router::new().route("ride.{ride}", handler).expect("a route"), handled)
}

pub(crate) async fn copies_come_in_order_and_say_what_they_are_of(client: Client) {
    rides(&client, 600).await;
    client.publish("ride.a.b", "").await.expect("stored");
    let from = ReadOptions::default().with_from(DeliverPolicy::FromSequence(3));
    let mut replaying = to_copies().with_read(from).start(client.clone()).await.expect("it begins");
    assert_eq!(replaying.progress().remaining, 599);
    let mut told: Vec<ReplayProgress> = Vec::new();
    while let Some(progress) = replaying.next().await {
        told.push(progress.expect("it goes on"));
    }
    assert!(replaying.next().await.is_none(), "it has ended");
    let sequences: Vec<u64> = told.iter().map(|progress| progress.sequence).collect();
    assert_eq!(sequences, (3..=601).collect::<Vec<_>>());
    assert!(told.windows(2).all(|pair| pair[0].remaining > pair[1].remaining), "{told:?}");
    let last = replaying.progress();
    assert_eq!((last.replayed, last.skipped, last.failed, last.remaining), (598, 1, 0, 0));

    let copies = copies(&client).await;
    assert_eq!(copies.len(), 598);
    for (copy, ride) in copies.iter().zip(3..) {
        assert_eq!(
            (&*copy.subject, &copy.payload[..]),
            (&*format!("copy.{ride}"), ride.to_string().as_bytes())
        );
        let headers: Vec<_> = copy
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !name.starts_with("Nats-"))
            .collect();
        assert_eq!(headers.iter().collect::<BTreeSet<_>>(), BTreeSet::from([&"Color", &Replay::ORIGIN]));
        assert_eq!(copy.headers.get(Replay::ORIGIN), Some(&*format!("RIDE/{ride}")));
        assert_ne!(copy.headers.get("Nats-Msg-Id"), Some(&*format!("ride-{ride}")));
    }
}

pub(crate) async fn nothing_is_written_into_what_is_read(client: Client) {
    rides(&client, 3).await;
    let into_itself = || {
        let transform = SubjectTransform::new("ride.*", "ride.again.{{wildcard(1)}}").expect("a transform");
        Replay::to_subjects("RIDE", &transform).expect("a replay")
    };
    let refused = into_itself().start(client.clone()).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.context("stream")), (ErrorKind::Config, Some("RIDE")));
    assert!(refused.remedy().is_some_and(|remedy| remedy.contains("with_source_allowed")), "{refused:?}");
    let for_ever = into_itself().with_source_allowed().with_end(ReplayEnd::Never);
    assert_eq!(for_ever.start(client.clone()).await.expect_err("refused").kind(), ErrorKind::Config);

    // What a handler returns is looked at too.
    let router =
        Router::new().route("ride.*", || async { OutboundMessage::new("ride.new", "") }).expect("a route");
    let replay = Replay::to_handlers("RIDE", router).expect("a replay").with_responses_published();
    let refused = replay.start(client.clone()).await.expect("it begins").finish().await.expect_err("refused");
    assert_eq!((refused.kind(), refused.context("sequence")), (ErrorKind::Config, Some("1")));
    assert_eq!(messages(&client, "RIDE").await, 3);

    // It ends, although there is more and more.
    let allowed = into_itself().with_source_allowed().start(client.clone()).await.expect("it begins");
    assert_eq!(allowed.finish().await.expect("it ends").replayed, 3);
    assert_eq!(messages(&client, "RIDE").await, 6);
}

pub(crate) async fn a_dry_run_counts_and_does_nothing(client: Client) {
    rides(&client, 5).await;
    client.publish("ride.a.b", "").await.expect("stored");
    let slow = to_copies().with_pace(Pace::PerSecond(0.001)).with_dry_run();
    let counted = slow.start(client.clone()).await.expect("it begins").finish().await.expect("it ends");
    assert_eq!((counted.replayed, counted.skipped), (5, 1));
    let (router, handled) = recording();
    let dry = Replay::to_handlers("RIDE", router).expect("a replay").with_dry_run();
    let counted = dry.start(client.clone()).await.expect("it begins").finish().await.expect("it ends");
    assert_eq!((counted.replayed, counted.skipped), (5, 1));
    assert!(handled.lock().expect("a lock").is_empty());
    assert_eq!(messages(&client, "COPIES").await, 0);
}

pub(crate) async fn handlers_get_each_message_in_order_and_their_failures_end_it(client: Client) {
    rides(&client, 8).await;
    let (router, handled) = recording();
    let replay = Replay::to_handlers("RIDE", router).expect("a replay");
    let failed =
        replay.start(client.clone()).await.expect("it begins").finish().await.expect_err("ride 3 fails");
    assert_eq!(failed.context("sequence"), Some("3"));
    assert!(failed.to_string().contains("not this one"), "{failed}");
    assert_eq!(*handled.lock().expect("a lock"), [1, 2, 3]);

    // From there, without minding failures, until a handler ends it.
    let (router, handled) = recording();
    let from = ReadOptions::default().with_from(DeliverPolicy::FromSequence(3));
    let replay =
        Replay::to_handlers("RIDE", router).expect("a replay").with_read(from).with_failures_skipped();
    let ended = replay.start(client.clone()).await.expect("it begins").finish().await.expect("it ends");
    assert_eq!(*handled.lock().expect("a lock"), [3, 4, 5, 6, 7]);
    assert_eq!((ended.sequence, ended.replayed, ended.failed, ended.withheld), (7, 3, 2, 3));
    assert_eq!(messages(&client, "COPIES").await, 0, "what handlers return is withheld");
}

pub(crate) async fn a_replay_ends_where_it_is_told_to(client: Client) {
    rides(&client, 4).await;
    let last = |end: ReplayEnd, read: ReadOptions| {
        let client = client.clone();
        async move {
            let replaying = to_copies().with_end(end).with_read(read).start(client).await.expect("it begins");
            let ended = replaying.finish().await.expect("it ends");
            (ended.sequence, ended.replayed)
        }
    };
    let all = ReadOptions::default;
    assert_eq!(last(ReplayEnd::Sequence(2), all()).await, (2, 2));
    assert_eq!(last(ReplayEnd::Sequence(9), all()).await, (4, 4));
    assert_eq!(last(ReplayEnd::Newest, all().with_from(DeliverPolicy::New)).await, (0, 0));
    // The newest message is none of those that are read.
    assert_eq!(last(ReplayEnd::Newest, all().with_filter("ride.2").expect("a filter")).await, (2, 1));
    let stored = client.read("RIDE", all()).await.expect("it can be read").next().await.expect("a message");
    let first = stored.expect("a message").published_at;
    assert_eq!(last(ReplayEnd::Time(first - Duration::from_secs(60)), all()).await, (0, 0));
    assert_eq!(last(ReplayEnd::Time(first + Duration::from_secs(3600)), all()).await, (4, 4));
}

pub(crate) async fn a_replay_ends_when_the_rest_is_removed(client: Client) {
    rides(&client, 3).await;
    let buffer = ReadOptions::default().with_buffer(1);
    let mut replaying = to_copies()
        .with_read(buffer)
        .with_pace(Pace::PerSecond(5.0))
        .start(client.clone())
        .await
        .expect("it begins");
    replaying.next().await.expect("a message").expect("it goes on");
    let rides = StreamName::new("RIDE").expect("a name");
    client.admin().expect("administration").purge_stream(&rides, Purge::all()).await.expect("purged");
    let ended = tokio::time::timeout(Duration::from_secs(30), replaying.finish()).await.expect("it ends");
    assert!((1..=3).contains(&ended.expect("without an error").replayed));
}

pub(crate) async fn a_rate_and_the_original_speed_are_kept(client: Client) {
    rides(&client, 2).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    client.publish("ride.3", "").await.expect("stored");
    let took = |pace: Pace| {
        let client = client.clone();
        async move {
            let began = Instant::now();
            let replaying = to_copies().with_pace(pace).start(client).await.expect("it begins");
            let ended = replaying.finish().await.expect("it ends");
            assert_eq!(ended.replayed, 3);
            began.elapsed()
        }
    };
    // A server adds the time that it takes; nobody is too early.
    assert!(took(Pace::PerSecond(10.0)).await >= Duration::from_millis(200));
    let original = took(Pace::Original(4.0)).await;
    assert!((Duration::from_millis(490)..Duration::from_secs(10)).contains(&original), "{original:?}");
}

pub(crate) async fn a_run_that_begins_again_under_its_name_stores_nothing_twice(client: Client) {
    rides(&client, 5).await;
    let named = || to_copies().with_run_name("2026-11").expect("a name");
    let first = named().with_end(ReplayEnd::Sequence(3)).start(client.clone()).await.expect("it begins");
    first.finish().await.expect("it ends");
    named().start(client.clone()).await.expect("it begins").finish().await.expect("it ends");
    assert_eq!(messages(&client, "COPIES").await, 5);
    to_copies().start(client.clone()).await.expect("it begins").finish().await.expect("it ends");
    assert_eq!(messages(&client, "COPIES").await, 10, "without a name all are stored");
    assert!(to_copies().with_run_name("a\nb").is_err());
}

pub(crate) async fn a_replay_that_cannot_be_is_refused(client: Client) {
    rides(&client, 1).await;
    let kind = |replay: Replay| {
        let client = client.clone();
        async move { replay.start(client).await.expect_err("refused").kind() }
    };
    assert_eq!(kind(to_copies().with_pace(Pace::PerSecond(0.0))).await, ErrorKind::Config);
    let last = ReadOptions::default().with_from(DeliverPolicy::LastPerSubject);
    assert_eq!(kind(to_copies().with_read(last)).await, ErrorKind::InvalidInput);
    let nowhere = SubjectTransform::new("ride.*", "copy.$1").expect("a transform");
    assert_eq!(kind(Replay::to_subjects("NOWHERE", &nowhere).expect("a replay")).await, ErrorKind::NotFound);
    assert!(Replay::to_handlers("RIDE", Router::new()).is_err());
    // A copy that no stream stores ends it, with the sequence to go on from.
    let nobodys = SubjectTransform::new("ride.*", "nobody.$1").expect("a transform");
    let replaying = Replay::to_subjects("RIDE", &nobodys).expect("a replay").with_failures_skipped();
    let failed =
        replaying.start(client.clone()).await.expect("it begins").finish().await.expect_err("not stored");
    assert_eq!(failed.context("sequence"), Some("1"));
}
