//! Plain messages: publish, subscribe, request.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use common::{SECOND, Setup, stream};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{
    Broker as _, CoreMessage, CoreMessaging, CoreSubscribeOptions, ErrorKind, Expectations, Headers,
    OutboundMessage, PublishOptions, PublisherExt as _, Republish, RequestManyOptions, Result, Schedule,
    StreamConfig, StreamName, SubjectFilter,
};
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep, timeout};

type Heard = BoxStream<'static, Result<CoreMessage>>;

fn core(setup: &Setup) -> Arc<dyn CoreMessaging> {
    setup.broker.core().unwrap()
}

fn message(subject: &str, payload: &'static str) -> OutboundMessage {
    OutboundMessage::new(subject, payload).unwrap()
}

async fn listen_with(setup: &Setup, filter: &str, options: CoreSubscribeOptions) -> Heard {
    core(setup).subscribe(SubjectFilter::new(filter).unwrap(), options).await.unwrap()
}

async fn listen(setup: &Setup, filter: &str) -> Heard {
    listen_with(setup, filter, CoreSubscribeOptions::default()).await
}

fn group(name: &str) -> CoreSubscribeOptions {
    CoreSubscribeOptions::default().with_group(name).unwrap()
}

async fn say(setup: &Setup, subject: &str, payload: &'static str) {
    core(setup).publish(message(subject, payload)).await.unwrap();
}

/// What was heard so far.
fn heard(messages: &mut Heard) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(Some(message)) = futures::FutureExt::now_or_never(unconstrained(messages.next())) {
        all.push(String::from_utf8(message.unwrap().payload.to_vec()).unwrap());
    }
    all
}

/// Answers each request with its payload, so many times.
async fn answer(setup: &Setup, filter: &str, times: usize, gap: Duration) {
    let (core, mut requests) = (core(setup), listen(setup, filter).await);
    tokio::spawn(async move {
        while let Some(Ok(request)) = requests.next().await {
            for _ in 0..times {
                sleep(gap).await;
                let reply = request.reply.as_ref().unwrap();
                core.respond(reply, request.payload.clone(), Headers::new()).await.unwrap();
            }
        }
    });
}

#[tokio::test(start_paused = true)]
async fn everybody_whose_filter_matches_hears_a_message() {
    let setup = Setup::new(stream()).await;
    let (mut one, mut all, mut other) =
        (listen(&setup, "a.*").await, listen(&setup, ">").await, listen(&setup, "b").await);
    say(&setup, "a.b", "1").await;
    assert_eq!(
        (heard(&mut one), heard(&mut all), heard(&mut other)),
        (vec!["1".into()], vec!["1".into()], vec![])
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_carries_its_subject_headers_and_no_reply() {
    let setup = Setup::new(stream()).await;
    let mut messages = listen(&setup, "a").await;
    core(&setup).publish(message("a", "1").with_header("k", "v").unwrap()).await.unwrap();
    let message = messages.next().await.unwrap().unwrap();
    assert_eq!((&*message.subject, message.headers.get("k"), message.reply), ("a", Some("v"), None));
}

#[tokio::test(start_paused = true)]
async fn one_member_of_each_group_gets_a_message_and_all_members_get_some() {
    let setup = Setup::new(stream()).await;
    let mut first =
        [listen_with(&setup, "a.>", group("g")).await, listen_with(&setup, "a.*", group("g")).await];
    let mut second =
        [listen_with(&setup, "a.b", group("h")).await, listen_with(&setup, ">", group("h")).await];
    for _ in 0..100 {
        say(&setup, "a.b", "x").await;
    }
    for members in [&mut first, &mut second] {
        let counts = members.each_mut().map(|messages| heard(messages).len());
        assert_eq!(counts.iter().sum::<usize>(), 100);
        assert!(counts.iter().all(|count| *count > 25), "{counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_keep_up_is_told_how_many_were_dropped_in_their_place() {
    let setup = Setup::new(stream()).await;
    let options = CoreSubscribeOptions::default().with_buffer(2);
    let mut messages = listen_with(&setup, "a", options).await;
    for payload in ["1", "2", "3", "4", "5"] {
        say(&setup, "a", payload).await;
    }
    assert_eq!(messages.next().await.unwrap().unwrap().payload, "1");
    say(&setup, "a", "6").await;
    assert_eq!(messages.next().await.unwrap().unwrap().payload, "2");
    let error = messages.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.context("missed")), (ErrorKind::Overloaded, Some("3")));
    say(&setup, "a", "7").await;
    assert_eq!(heard(&mut messages), ["6", "7"]);
}

#[tokio::test(start_paused = true)]
async fn a_buffer_out_of_range_is_refused() {
    let setup = Setup::new(stream()).await;
    let options = CoreSubscribeOptions::default().with_buffer(0);
    let refused = core(&setup).subscribe(SubjectFilter::all(), options).await.err().unwrap();
    assert_eq!(refused.context("field"), Some("buffer"));
}

#[tokio::test(start_paused = true)]
async fn who_is_gone_hears_nothing() {
    let setup = Setup::new(stream()).await;
    drop(listen(&setup, "a").await);
    let refused = core(&setup).request(message("a", "1"), SECOND).await.unwrap_err();
    assert_eq!(refused.broker_code(), Some(503));
}

#[tokio::test(start_paused = true)]
async fn a_stream_stores_a_plain_message_once_within_its_window() {
    let setup = Setup::new(stream()).await;
    for _ in 0..2 {
        core(&setup).publish(message("s.a", "1").with_id("one").unwrap()).await.unwrap();
    }
    assert_eq!(setup.info().await.messages, 1);
}

#[tokio::test(start_paused = true)]
async fn a_publish_to_a_stream_is_heard_with_its_id() {
    let setup = Setup::new(stream()).await;
    let mut messages = listen(&setup, "s.*").await;
    setup.publish_id("s.a", "one").await.unwrap();
    let message = messages.next().await.unwrap().unwrap();
    assert_eq!((&*message.subject, message.headers.get("Nats-Msg-Id")), ("s.a", Some("one")));
    assert!(message.reply.is_some(), "a server's receipt goes somewhere");
}

#[tokio::test(start_paused = true)]
async fn what_a_stream_refuses_is_heard_all_the_same() {
    let setup = Setup::new(stream().with_max_message_size(1)).await;
    let mut messages = listen(&setup, "s.*").await;
    setup.broker.publisher().publish("s.a", "long").await.unwrap_err();
    assert_eq!(heard(&mut messages), ["long"]);
}

#[tokio::test(start_paused = true)]
async fn instructions_are_refused() {
    let setup = Setup::new(stream()).await;
    let instructed = message("s.a", "1").with_expectations(Expectations::default());
    let refused = core(&setup).publish(instructed).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(setup.info().await.messages, 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_gets_the_first_answer() {
    let setup = Setup::new(stream()).await;
    answer(&setup, "ask.*", 2, SECOND).await;
    let start = Instant::now();
    let answer = core(&setup).request(message("ask.a", "?"), 5 * SECOND).await.unwrap();
    assert_eq!((&answer.payload[..], start.elapsed()), (&b"?"[..], SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_hears_fails_at_once() {
    let setup = Setup::new(stream()).await;
    let start = Instant::now();
    let error = core(&setup).request(message("ask.a", "?"), 5 * SECOND).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(503)));
    assert!(!error.is_effect_unknown());
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_answers_ends_in_its_time() {
    let setup = Setup::new(stream()).await;
    let _listener = listen(&setup, "ask.*").await;
    let start = Instant::now();
    let error = core(&setup).request(message("ask.a", "?"), 5 * SECOND).await.unwrap_err();
    assert_eq!((error.kind(), error.is_effect_unknown()), (ErrorKind::Timeout, true));
    assert_eq!(start.elapsed(), 5 * SECOND);
}

/// As measured on nats-server 2.15.1: the stream is who answers.
#[tokio::test(start_paused = true)]
async fn a_request_to_a_stream_gets_its_receipt() {
    let setup = Setup::new(stream()).await;
    let answer = core(&setup).request(message("s.a", "1"), SECOND).await.unwrap();
    assert_eq!(answer.payload, r#"{"stream":"S","seq":1}"#);
}

#[tokio::test(start_paused = true)]
async fn many_answers_come_until_so_many() {
    let setup = Setup::new(stream()).await;
    answer(&setup, "ask", 5, Duration::ZERO).await;
    let options = RequestManyOptions::default().with_max_messages(3);
    let answers = core(&setup).request_many(message("ask", "?"), options).await.unwrap();
    assert_eq!(answers.collect::<Vec<_>>().await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn many_answers_come_until_their_time_is_over() {
    let setup = Setup::new(stream()).await;
    answer(&setup, "ask", 100, 2 * SECOND).await;
    let start = Instant::now();
    let answers =
        core(&setup).request_many(message("ask", "?"), RequestManyOptions::default()).await.unwrap();
    assert_eq!(answers.collect::<Vec<_>>().await.len(), 2);
    assert_eq!(start.elapsed(), 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn many_answers_end_when_none_comes_for_a_while() {
    let setup = Setup::new(stream()).await;
    answer(&setup, "ask", 2, 2 * SECOND).await;
    let options = RequestManyOptions::default().with_timeout(600 * SECOND).with_stall(3 * SECOND);
    let start = Instant::now();
    let answers = core(&setup).request_many(message("ask", "?"), options).await.unwrap();
    assert_eq!(answers.collect::<Vec<_>>().await.len(), 2);
    assert_eq!(start.elapsed(), 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_ends_many_and_is_not_given() {
    let setup = Setup::new(stream()).await;
    let (core, mut requests) = (core(&setup), listen(&setup, "ask").await);
    let asking = Arc::clone(&core);
    let asked = tokio::spawn(async move {
        let options = RequestManyOptions::default().with_until_empty();
        asking.request_many(message("ask", "?"), options).await.unwrap().collect::<Vec<_>>().await.len()
    });
    let reply = requests.next().await.unwrap().unwrap().reply.unwrap();
    for payload in ["1", "2", "", "3"] {
        core.respond(&reply, Bytes::from_static(payload.as_bytes()), Headers::new()).await.unwrap();
    }
    assert_eq!(asked.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_answers_of_nobody_are_one_error() {
    let setup = Setup::new(stream()).await;
    let mut answers =
        core(&setup).request_many(message("ask", "?"), RequestManyOptions::default()).await.unwrap();
    assert_eq!(answers.next().await.unwrap().unwrap_err().broker_code(), Some(503));
    assert!(answers.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_close_ends_what_listens_and_what_asks_on_this_connection_only() {
    let setup = Setup::new(stream()).await;
    let other = setup.server.connect();
    let mut stays =
        other.core().unwrap().subscribe(SubjectFilter::all(), CoreSubscribeOptions::default()).await.unwrap();
    let mut messages = listen(&setup, "ask").await;
    let asking = core(&setup);
    let asked = tokio::spawn(async move { asking.request(message("ask", "?"), 100 * SECOND).await });
    tokio::task::yield_now().await;
    setup.broker.close().await.unwrap();
    assert!(timeout(SECOND, messages.next()).await.unwrap().is_none());
    assert_eq!(asked.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
    let refused = core(&setup).publish(message("a", "1")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Closed);
    assert_eq!(stays.next().await.unwrap().unwrap().payload, "?");
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_an_ordinary_subject_is_a_message() {
    let setup = Setup::new(stream()).await;
    let mut messages = listen(&setup, "s.answers").await;
    let to = pubsub_core::ReplySubject::new("s.answers").unwrap();
    core(&setup).respond(&to, Bytes::from_static(b"1"), Headers::new()).await.unwrap();
    assert_eq!(heard(&mut messages), ["1"]);
    assert_eq!(setup.info().await.messages, 1);
}

fn republishing(name: &str, subject: &str, destination: &str) -> StreamConfig {
    let mut config = stream().with_republish(Republish::new(subject, destination).unwrap());
    config.name = StreamName::new(name).unwrap();
    config.subjects = vec![SubjectFilter::new(subject).unwrap()];
    config
}

#[tokio::test(start_paused = true)]
async fn what_a_stream_republishes_is_heard_after_the_message_itself() {
    let setup = Setup::new(republishing("S", "s.>", "again.s.>")).await;
    let mut all = listen(&setup, ">").await;
    setup.publish("s.a").await;
    let first = all.next().await.unwrap().unwrap();
    let again = all.next().await.unwrap().unwrap();
    assert_eq!((&*first.subject, &*again.subject), ("s.a", "again.s.a"));
    assert_eq!(again.headers.get("Nats-Sequence"), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn what_a_stream_republishes_is_stored_by_the_one_that_takes_it() {
    let setup = Setup::new(stream()).await;
    setup.admin().create_stream(republishing("T", "t.>", "s.>")).await.unwrap();
    say(&setup, "t.a", "1").await;
    assert_eq!(setup.info().await.messages, 1);
}

#[tokio::test(start_paused = true)]
async fn streams_that_republish_to_each_other_end_somewhere() {
    let setup = Setup::new(republishing("S", "s.>", "t.>")).await;
    setup.admin().create_stream(republishing("T", "t.>", "s.>")).await.unwrap();
    let mut all = listen(&setup, ">").await;
    setup.publish("s.a").await;
    let stored = setup.info().await.messages;
    assert!((2..100).contains(&stored), "{stored}");
    assert!(heard(&mut all).len() < 100);
    // Nothing is left of it: the next one goes as far.
    setup.publish("s.a").await;
    assert_eq!(setup.info().await.messages, 2 * stored);
}

#[tokio::test(start_paused = true)]
async fn what_a_schedule_publishes_is_heard_in_time_where_it_is_republished() {
    let config = republishing("S", "s.>", "again.>").with_allow_schedules();
    let setup = Setup::new(config).await;
    let mut all = listen(&setup, "again.a").await;
    let when = SystemTime::now() + 10 * SECOND;
    let schedule = Schedule::at(when, "s.a").unwrap();
    let message = message("s.plan", "later").with_schedule(schedule);
    setup.broker.publisher().publish_message(message).await.unwrap();
    let from = Instant::now();
    let heard = timeout(60 * SECOND, all.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(heard.payload, "later");
    assert!(from.elapsed() >= 9 * SECOND && from.elapsed() < 12 * SECOND, "{:?}", from.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_messages_of_a_batch_are_heard_one_by_one() {
    let setup = Setup::new(stream().with_allow_atomic_batches()).await;
    let mut all = listen(&setup, "s.*").await;
    let batch = vec![message("s.a", "1"), message("s.b", "2")];
    setup.broker.publisher().publish_atomic(batch, PublishOptions::default()).await.unwrap();
    let first = all.next().await.unwrap().unwrap();
    assert_eq!(first.headers.get("Nats-Batch-Sequence"), Some("1"));
    let last = all.next().await.unwrap().unwrap();
    assert_eq!(last.headers.get("Nats-Batch-Commit"), Some("1"));
}
