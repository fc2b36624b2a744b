//! Messages for later.

use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use pubsub::{
    Client, ConsumerConfig, ErrorKind, OutboundMessage, Provision, ScheduleTime, Schedules, StreamConfig,
    SubjectPrefix, SubscribeOptions,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

async fn schedules(client: &Client) -> Schedules {
    let stream = StreamConfig::new("REMIND", ["due.*", "plan.>"]).expect("a stream").with_allow_schedules();
    client.ensure_stream(stream, Provision::CreateIfMissing).await.expect("made");
    Schedules::open(client.clone(), "REMIND", "plan").await.expect("it allows schedules")
}

fn message(subject: &str, payload: &'static str) -> OutboundMessage {
    OutboundMessage::new(subject, payload).expect("a message").with_header("Color", "blue").expect("a header")
}

/// The first so many messages on `due.*`.
async fn come(client: &Client, number: usize) -> Vec<(String, String)> {
    let config = ConsumerConfig::durable("postman").expect("a name").with_filter("due.*").expect("a filter");
    let consumer = client.ensure_consumer("REMIND", config, Provision::CreateIfMissing).await.expect("made");
    let mut due = consumer.subscribe(SubscribeOptions::default()).take(number);
    let mut came = Vec::new();
    while let Some(delivery) = due.next().await {
        let delivery = delivery.expect("a delivery");
        assert_eq!(delivery.headers().get("Color"), Some("blue"));
        came.push((delivery.subject().to_owned(), String::from_utf8_lossy(delivery.payload()).into_owned()));
        delivery.ack().await.expect("acknowledged");
    }
    came
}

fn texts(came: &[(String, String)]) -> Vec<(&str, &str)> {
    came.iter().map(|(subject, payload)| (subject.as_str(), payload.as_str())).collect()
}

pub(crate) async fn what_is_planned_comes_moved_replaced_or_not_at_all(client: Client) {
    let schedules = schedules(&client).await;
    schedules.publish_after("anna.1", HOUR, message("due.anna", "later")).await.expect("planned");
    schedules.publish_after("ben", HOUR, message("due.ben", "first")).await.expect("planned");
    schedules.publish_after("ben", SECOND, message("due.ben", "second")).await.expect("replaced");
    schedules
        .publish_at("cora", SystemTime::UNIX_EPOCH, message("due.cora", "at once"))
        .await
        .expect("planned");
    schedules.publish_after("dave", HOUR, message("due.dave", "never")).await.expect("planned");
    assert!(schedules.move_after("anna.1", SECOND * 3).await.expect("moved"));
    assert!(schedules.cancel("dave").await.expect("called off"));

    let mut came = come(&client, 3).await;
    // A machine that stands still may let the first two come in either order.
    came.sort_unstable();
    assert_eq!(texts(&came), [("due.anna", "later"), ("due.ben", "second"), ("due.cora", "at once")]);
    // What has come is planned no more, and neither is what was called off.
    for key in ["anna.1", "ben", "cora", "dave"] {
        assert!(!schedules.move_after(key, SECOND).await.expect("an answer"), "{key}");
        assert!(!schedules.cancel(key).await.expect("an answer"), "{key}");
        assert!(schedules.get(key).await.expect("an answer").is_none(), "{key}");
    }
}

pub(crate) async fn what_is_planned_can_be_looked_at(client: Client) {
    let schedules = schedules(&client).await;
    let lasting = message("due.anna", "later").with_ttl(HOUR);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    schedules.publish_at("anna", time, message("due.anna", "later")).await.expect("planned");
    let planned = schedules.get("anna").await.expect("an answer").expect("it is planned");
    assert_eq!(planned.schedule.when, ScheduleTime::At(time));
    assert_eq!((planned.schedule.target.as_str(), &planned.payload[..]), ("due.anna", &b"later"[..]));
    assert_eq!(planned.headers.len(), 1, "{:?}", planned.headers);
    // A time to live is that of what comes, and the stream must allow it.
    let plan = schedules.plan("anna", ScheduleTime::At(time), lasting).expect("a plan");
    assert!(plan.ttl().is_none() && plan.schedule().is_some_and(|schedule| schedule.ttl.is_some()));
}

pub(crate) async fn what_recurs_comes_until_it_is_called_off(client: Client) {
    let schedules = schedules(&client).await;
    schedules.publish_every("tick", SECOND, message("due.tick", "")).await.expect("planned");
    assert_eq!(come(&client, 2).await.len(), 2);
    assert!(schedules.cancel("tick").await.expect("called off"));
    schedules.publish_cron("cron", "* * * * * *", message("due.cron", "")).await.expect("planned");
    // Behind what came before the other one was called off.
    let first = async { while texts(&come(&client, 1).await) != [("due.cron", "")] {} };
    tokio::time::timeout(Duration::from_secs(60), first).await.expect("it comes each second");
    let refused =
        schedules.publish_cron("cron", "whenever", message("due.cron", "")).await.expect_err("no time");
    assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused:?}");
}

pub(crate) async fn what_cannot_be_planned_is_refused(client: Client) {
    let schedules = schedules(&client).await;
    let plan = |key: &str, message: OutboundMessage| {
        let refused = schedules.plan(key, ScheduleTime::Every(SECOND), message).expect_err("refused");
        (refused.kind(), refused.context("field").map(str::to_owned).unwrap_or_default())
    };
    assert_eq!(plan("a b", message("due.a", "")), (ErrorKind::InvalidInput, "key".to_owned()));
    let with_id = message("due.a", "").with_id("1").expect("an id");
    assert_eq!(plan("a", with_id), (ErrorKind::InvalidInput, "message".to_owned()));
    assert_eq!(plan("a", message("ride.a", "")).0, ErrorKind::Config);
    assert_eq!(plan("a", message("plan.b", "")).0, ErrorKind::Config);

    let refused =
        Schedules::open(client.clone(), "RIDE", "ride.plan").await.expect_err("it does not allow them");
    assert_eq!((refused.kind(), refused.broker_code()), (ErrorKind::Config, Some(10188)));
    assert!(Schedules::open(client.clone(), "REMIND", "elsewhere").await.is_err());
    assert!(Schedules::open(client, "NOWHERE", "plan").await.is_err());
}

pub(crate) async fn plans_go_through_a_subject_prefix(client: Client) {
    let client = client.with_layer(SubjectPrefix::new("tenant").expect("a prefix"));
    let schedules = schedules(&client).await;
    schedules.publish_after("anna", HOUR, message("due.anna", "later")).await.expect("planned");
    let planned = schedules.get("anna").await.expect("an answer").expect("it is planned");
    assert_eq!(planned.schedule.target.as_str(), "due.anna");
    assert!(schedules.move_after("anna", SECOND).await.expect("moved"));
    assert_eq!(texts(&come(&client, 1).await), [("due.anna", "later")]);
}
