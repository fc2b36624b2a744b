//! Questions and answers, without a stream: `cargo run -p pubsub-examples --example request_reply [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use pubsub::{
    Client, CoreMessaging, CoreSubscribeOptions, ErrorKind, Headers, OutboundMessage, Result, SubjectFilter,
};

/// Answers until the connection closes.
async fn answer(
    core: Arc<dyn CoreMessaging>,
    filter: SubjectFilter,
    options: CoreSubscribeOptions,
) -> Result<()> {
    let mut questions = core.subscribe(filter, options).await?;
    while let Some(question) = questions.next().await {
        let question = question?;
        if let Some(reply) = &question.reply {
            let city = question.subject.rsplit('.').next().unwrap_or_default();
            let fare = 3 + city.len();
            core.respond(reply, fare.to_string().into(), Headers::new()).await?;
        }
    }
    Ok(())
}

/// Asks when nobody is there, and when somebody is. Returns the answer.
pub(crate) async fn run(client: &Client) -> Result<String> {
    let core = client.core()?;
    let ask = || OutboundMessage::new("fare.berlin", "");
    match core.request(ask()?, Duration::from_secs(5)).await {
        Err(error) if error.kind() == ErrorKind::NotFound => println!("told at once: {error}"),
        other => println!("somebody else answers there: {other:?}"),
    }

    // Of several in one group each question goes to one.
    let group = CoreSubscribeOptions::default().with_group("fares")?;
    let answering = tokio::spawn(answer(Arc::clone(&core), SubjectFilter::new("fare.*")?, group));
    let answer = loop {
        match core.request(ask()?, Duration::from_secs(5)).await {
            // It has not begun to listen yet.
            Err(error) if error.kind() == ErrorKind::NotFound => tokio::task::yield_now().await,
            answered => break answered?,
        }
    };
    answering.abort();
    let fare = String::from_utf8_lossy(&answer.payload).into_owned();
    println!("a ride costs {fare}");
    Ok(fare)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
