//! Plain messages, without a stream.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{
    Advisory, ConsumerConfig, CoreMessage, CoreMessaging, CoreSubscribeOptions, ErrorKind, Headers,
    OutboundMessage, RequestManyOptions, Result, Rollup, SubjectFilter,
};
use pubsub_testkit::nats_server::NatsServer;

use crate::support::{Bench, connect, eventually, fetch, soon};

type Listening = BoxStream<'static, Result<CoreMessage>>;

fn message(subject: &str, payload: &str) -> OutboundMessage {
    OutboundMessage::new(subject, payload.to_owned()).unwrap()
}

fn filter(text: &str) -> SubjectFilter {
    SubjectFilter::new(text).unwrap()
}

async fn listen(core: &Arc<dyn CoreMessaging>, subject: &str, options: CoreSubscribeOptions) -> Listening {
    soon(core.subscribe(filter(subject), options)).await.unwrap()
}

async fn text(listening: &mut Listening) -> String {
    let message = soon(listening.next()).await.unwrap().unwrap();
    String::from_utf8(message.payload.to_vec()).unwrap()
}

async fn core() -> (Bench, Arc<dyn CoreMessaging>) {
    let bench = Bench::start().await;
    let core = bench.client.core().unwrap();
    (bench, core)
}

/// Answers each request on `subject` with its payload, as often as `times`.
async fn echo(core: &Arc<dyn CoreMessaging>, subject: &str, times: usize) {
    let mut requests = listen(core, subject, CoreSubscribeOptions::default()).await;
    let core = Arc::clone(core);
    tokio::spawn(async move {
        while let Some(Ok(request)) = requests.next().await {
            for _ in 0..times {
                let to = request.reply.as_ref().unwrap();
                core.respond(to, request.payload.clone(), Headers::new()).await.unwrap();
            }
        }
    });
}

#[tokio::test]
async fn a_listener_gets_what_is_published_after_it_listens() {
    let (_bench, core) = core().await;
    let mut listening = listen(&core, "news.*", CoreSubscribeOptions::default()).await;
    let sent = message("news.eu", "1").with_header("tag", "a").unwrap();
    core.publish(sent).await.unwrap();
    let got = soon(listening.next()).await.unwrap().unwrap();
    assert_eq!((&*got.subject, &got.payload[..], &got.reply), ("news.eu", &b"1"[..], &None));
    assert_eq!(got.headers.get("tag"), Some("a"));
}

#[tokio::test]
async fn one_member_of_a_group_gets_each_message() {
    let (_bench, core) = core().await;
    let grouped = || CoreSubscribeOptions::default().with_group("workers").unwrap();
    let one = listen(&core, "work", grouped()).await;
    let other = listen(&core, "work", grouped()).await;
    let mut all = listen(&core, "work", CoreSubscribeOptions::default()).await;
    for number in 0..20 {
        core.publish(message("work", &number.to_string())).await.unwrap();
    }
    let mut shared = futures::stream::select(one, other);
    let mut numbers = Vec::new();
    for _ in 0..20 {
        numbers.push(soon(shared.next()).await.unwrap().unwrap().payload);
        text(&mut all).await;
    }
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
    core.flush().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), shared.next()).await.is_err());
}

#[tokio::test]
async fn a_listener_that_does_not_keep_up_is_told_how_much_it_lost() {
    let (_bench, core) = core().await;
    let mut listening = listen(&core, "flood", CoreSubscribeOptions::default().with_buffer(10)).await;
    let mut end = listen(&core, "flood", CoreSubscribeOptions::default()).await;
    for number in 0..100 {
        core.publish(message("flood", &number.to_string())).await.unwrap();
    }
    for _ in 0..100 {
        text(&mut end).await;
    }
    let (mut got, mut lost) = (0, 0);
    while got + lost < 100 {
        match soon(listening.next()).await.unwrap() {
            Ok(_) => got += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Overloaded);
                lost += error.context("lost").unwrap().parse::<usize>().unwrap();
            }
        }
    }
    assert!(lost > 0 && got >= 10, "{got} {lost}");
    core.publish(message("flood", "after")).await.unwrap();
    assert_eq!(text(&mut listening).await, "after");
}

#[tokio::test]
async fn a_request_is_answered() {
    let (_bench, core) = core().await;
    echo(&core, "service", 1).await;
    let asked = message("service", "hello").with_header("tag", "a").unwrap();
    let answer = soon(core.request(asked, Duration::from_secs(5))).await.unwrap();
    assert_eq!(&answer.payload[..], b"hello");
}

#[tokio::test]
async fn nobody_there_is_told_at_once_and_silence_after_the_time() {
    let (_bench, core) = core().await;
    let started = Instant::now();
    let error = core.request(message("nobody", ""), Duration::from_secs(9)).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(503)));
    assert!(!error.is_effect_unknown() && started.elapsed() < Duration::from_secs(2));

    let _silent = listen(&core, "silent", CoreSubscribeOptions::default()).await;
    let error = core.request(message("silent", ""), Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_effect_unknown());
}

#[tokio::test]
async fn many_answers_end_by_number_by_time_and_by_an_empty_one() {
    let (_bench, core) = core().await;
    echo(&core, "service", 3).await;
    let answers = async |payload: &str, options: RequestManyOptions| {
        let answers = core.request_many(message("service", payload), options).await.unwrap();
        soon(answers.collect::<Vec<_>>()).await
    };
    let default = RequestManyOptions::default;
    assert_eq!(answers("x", default().with_max_messages(2)).await.len(), 2);
    assert_eq!(answers("x", default().with_stall(Duration::from_millis(100))).await.len(), 3);
    assert_eq!(answers("x", default().with_timeout(Duration::from_millis(200))).await.len(), 3);
    assert_eq!(answers("", default().with_until_empty()).await.len(), 0);
    let nobody = core.request_many(message("nobody", ""), default()).await.unwrap();
    let items = soon(nobody.collect::<Vec<_>>()).await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn instructions_and_reserved_headers_are_refused() {
    let (_bench, core) = core().await;
    let rollup = message("news", "").with_rollup(Rollup::All);
    assert_eq!(core.publish(rollup).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let buffer = CoreSubscribeOptions::default().with_buffer(0);
    assert_eq!(core.subscribe(filter("a"), buffer).await.err().unwrap().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_flush_is_a_barrier() {
    let (bench, core) = core().await;
    bench.stream().await;
    for number in 0..500 {
        core.publish(message("ride.n", &number.to_string())).await.unwrap();
    }
    core.flush().await.unwrap();
    // The stream may still be storing what the server has read.
    eventually("all is stored", || async {
        bench.admin().stream_info(&crate::support::ride()).await.unwrap().messages == 500
    })
    .await;
}

#[tokio::test]
async fn a_close_ends_the_listening() {
    let (bench, core) = core().await;
    let mut listening = listen(&core, "news", CoreSubscribeOptions::default()).await;
    bench.client.close().await.unwrap();
    assert!(soon(listening.next()).await.is_none());
    assert_eq!(core.publish(message("news", "")).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn what_is_not_allowed_is_told_on_the_call() {
    const PERMISSIONS: &str = r#"authorization { users: [ { user: "some", password: "p", permissions: {
        publish: { deny: ["secret", "_INBOX.>"] }, subscribe: { deny: ["secret"] } } } ] }"#;
    let server = NatsServer::builder().config_text(PERMISSIONS).start().unwrap();
    let client = connect(&format!("nats://some:p@127.0.0.1:{}", server.port())).await.unwrap();
    let core = client.core().unwrap();
    let refused = soon(core.subscribe(filter("secret"), CoreSubscribeOptions::default())).await;
    let error = refused.err().unwrap();
    assert_eq!((error.kind(), error.context("subject")), (ErrorKind::PermissionDenied, Some("secret")));

    let error = soon(core.request(message("secret", ""), Duration::from_secs(5))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let many = core.request_many(message("secret", ""), RequestManyOptions::default()).await;
    let many = match many {
        Err(error) => error,
        Ok(mut answers) => soon(answers.next()).await.unwrap().unwrap_err(),
    };
    assert_eq!(many.kind(), ErrorKind::PermissionDenied);
    // The server has told by now, so a plain publish is refused too.
    let error = core.publish(message("secret", "")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    // It may not publish to its own inbox either, and still can flush.
    soon(core.flush()).await.unwrap();
    let mut open = listen(&core, "open", CoreSubscribeOptions::default()).await;
    core.publish(message("open", "1")).await.unwrap();
    assert_eq!(text(&mut open).await, "1");
}

#[tokio::test]
async fn the_broker_tells_what_was_given_up() {
    let (bench, core) = core().await;
    bench.stream().await;
    let config = ConsumerConfig::durable("users").unwrap().with_max_deliver(1);
    let consumer = bench.consumer(config.with_ack_wait(Duration::from_millis(100))).await;
    let mut told = Vec::new();
    for subject in Advisory::FILTERS {
        told.push(listen(&core, subject, CoreSubscribeOptions::default()).await);
    }
    let mut told = futures::stream::select_all(told);
    bench.publish(0..2).await;
    let mut got = fetch(&consumer, 2).await;
    got.pop().unwrap().term("broken").await.unwrap();
    drop(got.pop().unwrap().into_message());
    let mut advisories = Vec::new();
    for _ in 0..2 {
        let message = soon(told.next()).await.unwrap().unwrap();
        advisories.push(Advisory::parse(&message.payload).unwrap().unwrap());
    }
    assert!(advisories.iter().any(|advisory| matches!(
        advisory,
        Advisory::Terminated(it) if it.stream_sequence == 2 && it.reason.as_deref() == Some("broken")
    )));
    assert!(advisories.iter().any(|advisory| matches!(
        advisory,
        Advisory::MaxDeliver(it) if (it.stream_sequence, it.deliveries) == (1, 1)
    )));
}
