//! Asking.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::future::join;
use futures::stream::BoxStream;
use pubsub_core::{CoreMessage, CoreMessaging, ErrorKind, Headers, RequestManyOptions, Result};
use tokio::time::Instant;

use crate::check::{CaseResult, Failure, check, check_eq, refused_as, text};
use crate::harness::Clock;
use crate::trial::{Trial, listening};

type Heard = BoxStream<'static, Result<CoreMessage>>;

async fn responder(trial: &Trial, label: &str) -> CaseResult<(Arc<dyn CoreMessaging>, Heard)> {
    let connection = trial.another_connection().await?;
    let core = connection.core().ok_or_else(|| Failure::new("another connection has no CoreMessaging"))?;
    let asked = core.subscribe(trial.filter(label)?, Default::default()).await?;
    core.flush().await?;
    Ok((core, asked))
}

async fn answer(core: &Arc<dyn CoreMessaging>, asked: &CoreMessage, payload: impl Into<Bytes>) -> CaseResult {
    let reply =
        asked.reply.as_ref().ok_or_else(|| Failure::new("a request without a place for its answer"))?;
    let mut headers = Headers::new();
    for (name, value) in &asked.headers.clone().without_reserved() {
        headers.append(name.clone(), value.clone())?;
    }
    headers.append("Answered", "yes")?;
    core.respond(reply, payload.into(), headers).await?;
    Ok(core.flush().await?)
}

/// How long a request waits whose answer is to come too late, or not at all.
fn short(trial: &Trial) -> Duration {
    match trial.clock() {
        Clock::Virtual => Duration::from_secs(5),
        Clock::Real => Duration::from_millis(200),
    }
}

/// I1: a request comes to who listens with its payload and headers, and its answer to who asked with its own.
pub(crate) async fn gets_its_answer(trial: &Trial) -> CaseResult {
    let (responding, mut asked) = responder(trial, "ask").await?;
    let core = trial.core()?;
    let request = trial.message("ask", "which way?")?.with_header("Correlation-Id", "c-7")?;
    let respond = async {
        let asked = listening::next(trial, &mut asked).await?;
        check_eq!(text(&asked.payload), "which way?", "what is asked");
        answer(&responding, &asked, "that way").await
    };
    let (answer, responded) = join(core.request(request, trial.patience()), respond).await;
    responded?;
    let answer = answer?;
    check_eq!(text(&answer.payload), "that way", "the answer");
    check_eq!(answer.headers.get("Correlation-Id"), Some("c-7"), "the header that came back");
    check_eq!(answer.headers.get("Answered"), Some("yes"), "the header of the answer");
    Ok(())
}

/// I2: where nobody listens, a request fails at once as not found; where nobody answers, at its time as a timeout of unknown
/// effect; neither is the other.
pub(crate) async fn no_listener_and_no_answer(trial: &Trial) -> CaseResult {
    let core = trial.core()?;
    let began = Instant::now();
    let outcome = core.request(trial.message("nobody", "x")?, trial.patience()).await;
    let error = refused_as(outcome, ErrorKind::NotFound, Some(503), "a request that nobody listens to")?;
    check!(began.elapsed() < trial.patience() / 2, "that was known only after {:?}", began.elapsed());
    check!(!error.is_effect_unknown(), "nobody can have acted on it: {error}");

    let (_responding, mut asked) = responder(trial, "silent").await?;
    let (timeout, began) = (short(trial), Instant::now());
    let outcome = core.request(trial.message("silent", "x")?, timeout).await;
    let error = refused_as(outcome, ErrorKind::Timeout, None, "a request that nobody answers")?;
    check!(error.is_effect_unknown(), "somebody may have acted on it: {error}");
    let waited = began.elapsed();
    check!(
        waited + Duration::from_millis(3) >= timeout,
        "it ended after {waited:?}, to end after {timeout:?}"
    );
    check!(waited < timeout + trial.slack(), "it ended after {waited:?}, to end after {timeout:?}");
    check_eq!(text(&listening::next(trial, &mut asked).await?.payload), "x", "what was asked");
    Ok(())
}

/// I4: what came by a stream can be answered by a plain message, to a subject that the message names.
pub(crate) async fn answers_what_came_by_a_stream(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["work"])?).await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let core = trial.core()?;
    let mut answers = core.subscribe(trial.filter("done.*")?, Default::default()).await?;
    core.flush().await?;
    let to = trial.subject("done.7")?;
    let message = trial.message("work", "the work")?.with_header("Reply-To", to.as_str())?;
    trial.publisher().publish_with(message, Default::default()).await?.await?;

    let delivery = consumer.next().await?;
    let to = delivery.headers().get("Reply-To").unwrap_or_default().to_owned();
    core.publish(pubsub_core::OutboundMessage::new(to, "done")?).await?;
    delivery.ack().await?;
    let answer = listening::next(trial, &mut answers).await?;
    check_eq!(text(&answer.payload), "done", "the answer to what came by a stream");
    consumer.drained();
    Ok(())
}

/// I5: a request to many gives each answer as it comes, until so many have come, nothing has come for a while, one is empty,
/// or its time is over; nobody who listens is told.
pub(crate) async fn many_answers(trial: &Trial) -> CaseResult {
    let core = trial.core()?;
    let mut crowd = Vec::new();
    for _ in 0..3 {
        crowd.push(responder(trial, "many").await?);
    }
    let patience = RequestManyOptions::default().with_timeout(trial.patience());
    let (stall, timeout) = (short(trial), short(trial) * 2);
    let options = [
        ("so many", patience.clone().with_max_messages(2), 2, None),
        ("a stall", patience.clone().with_stall(stall), 3, Some(stall)),
        ("an empty one", patience.clone().with_until_empty(), 2, None),
        ("its time", RequestManyOptions::default().with_timeout(timeout), 3, Some(timeout)),
    ];
    for (until, options, expected, ends_after) in options {
        let began = Instant::now();
        let mut answers = core.request_many(trial.message("many", until)?, options).await?;
        for (number, (responding, asked)) in crowd.iter_mut().enumerate() {
            let asked = listening::next(trial, asked).await?;
            let payload = if until == "an empty one" && number == 2 { "" } else { "here" };
            answer(responding, &asked, payload).await?;
        }
        let mut came = 0;
        while let Some(answer) = listening::item(trial, &mut answers).await? {
            check_eq!(text(&answer?.payload), "here", "an answer until {until}");
            came += 1;
        }
        check_eq!(came, expected, "the answers until {until}");
        let took = began.elapsed();
        let least = ends_after.unwrap_or_default();
        check!(took + Duration::from_millis(3) >= least, "{until} came after {took:?}");
        check!(took < least + trial.patience() / 2, "{until} came after {took:?}");
    }
    let mut nobody = core.request_many(trial.message("nobody", "x")?, patience).await?;
    let error = listening::fails(trial, &mut nobody).await?;
    check_eq!(
        (error.kind(), error.broker_code()),
        (ErrorKind::NotFound, Some(503)),
        "what is told of nobody"
    );
    check!(nobody.next().await.is_none(), "there is more after the error");
    Ok(())
}

/// I6: of two requests under way each gets its own answer, whichever comes first; an answer that comes too late resolves
/// nothing; after a close, a request is an error at once.
pub(crate) async fn each_its_own_answer(trial: &Trial) -> CaseResult {
    let (responding, mut asked) = responder(trial, "ask").await?;
    let core = trial.core()?;
    let both = join(
        core.request(trial.message("ask", "one")?, trial.patience()),
        core.request(trial.message("ask", "two")?, trial.patience()),
    );
    let respond = async {
        let (first, second) =
            (listening::next(trial, &mut asked).await?, listening::next(trial, &mut asked).await?);
        // The later one first.
        for asked in [second, first] {
            answer(&responding, &asked, asked.payload.clone()).await?;
        }
        Ok::<_, Failure>(())
    };
    let ((one, two), responded) = join(both, respond).await;
    responded?;
    check_eq!((text(&one?.payload), text(&two?.payload)), ("one".into(), "two".into()), "the answers");

    let outcome = core.request(trial.message("ask", "late")?, short(trial)).await;
    refused_as(outcome, ErrorKind::Timeout, None, "a request whose answer is late")?;
    let late = listening::next(trial, &mut asked).await?;
    let next = core.request(trial.message("ask", "next")?, trial.patience());
    let respond = async {
        answer(&responding, &late, "too late").await?;
        let asked = listening::next(trial, &mut asked).await?;
        answer(&responding, &asked, "in time").await
    };
    let (next, responded) = join(next, respond).await;
    responded?;
    check_eq!(text(&next?.payload), "in time", "the answer after a late one");

    trial.broker().close().await?;
    let outcome = core.request(trial.message("ask", "x")?, trial.patience()).await;
    refused_as(outcome, ErrorKind::Closed, None, "a request after the close")?;
    Ok(())
}
