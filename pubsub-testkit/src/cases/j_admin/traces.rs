//! What belongs together, from publishing to handling.

use std::sync::Arc;

use pubsub_core::worker::{Failure as Failed, Path, Worker};
use pubsub_core::{Client, FetchOptions, OutboundMessage};
use pubsub_layers::Tracing;

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::observed::{SpanFacts, Spans};
use crate::trial::Trial;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// J6: a trace goes on from who publishes over the message to who handles it, and to what that one publishes; what takes
/// several messages at once has a link to each.
pub(crate) async fn go_on(trial: &Trial) -> CaseResult {
    let spans = Spans::default();
    let layer = Tracing::by(spans.tracer());
    let client = Client::new(Arc::clone(trial.broker())).with_layer(layer.clone());
    let work = trial.work().await?;
    let again = trial.subject("work.second")?;
    let handler = move |Path(name): Path<String>| {
        let again = again.clone();
        async move {
            let answer = (name == "first").then(|| OutboundMessage::new(again, "x"));
            answer.transpose().map_err(Failed::final_error)
        }
    };
    let message =
        work.message("first", "x")?.with_header("traceparent", format!("00-{TRACE}-{PARENT}-01"))?;
    client.publish_message(message).await?;
    let binding = work.binding(work.router(handler)?.layer(layer.clone()))?;
    let worker = work.start_worker(Worker::new(client.clone()).bind(binding));
    let both = |info: &pubsub_core::ConsumerInfo| info.ack_floor.stream == 2;
    work.consumer.eventually("both messages are handled", both).await?;
    check_eq!(worker.stop().await?.done, 2, "what was handled");

    let [first, second] = two(&spans, "publish ")?;
    let [handled, handled_again] = two(&spans, "process ")?;
    check_eq!(first.parent.to_string(), PARENT, "the parent of the first publish");
    check_eq!(handled.parent, first.id, "the parent of the first handling");
    check_eq!(second.parent, handled.id, "the parent of what the handler published");
    check_eq!(handled_again.parent, second.id, "the parent of the second handling");
    for span in [&first, &handled, &second, &handled_again] {
        check_eq!(span.trace.to_string(), TRACE, "the trace of `{}`", span.name);
    }
    several(trial, &client, &spans).await?;
    work.consumer.drained();
    Ok(())
}

/// The only two of this name.
fn two(spans: &Spans, name: &str) -> CaseResult<[SpanFacts; 2]> {
    let found = spans.named(name);
    <[SpanFacts; 2]>::try_from(found)
        .map_err(|found| Failure::new(format!("{} spans `{name}`, and not two: {found:#?}", found.len())))
}

async fn several(trial: &Trial, client: &Client, spans: &Spans) -> CaseResult {
    const COUNT: usize = 3;
    let stream = trial.create_stream(trial.stream_config("several", &["several"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    for number in 0..COUNT {
        client.publish(trial.subject("several")?, number.to_string()).await?;
    }
    let published: Vec<_> = spans.named("publish ").iter().skip(2).map(|span| span.id).collect();
    let options = FetchOptions::up_to(COUNT).with_expires(trial.patience());
    let batch = client.consumer(&stream, consumer.name()).await?.fetch(options).await?;
    check_eq!(batch.len(), COUNT, "the messages of a fetch");
    let linked = spans.named(&format!("receive {}", consumer.name()));
    check_eq!(linked.len(), 1, "the spans of the fetch");
    let links = linked.into_iter().flat_map(|span| span.links).collect::<Vec<_>>();
    check_eq!(links, published, "the links of the fetch");
    for delivery in batch {
        delivery.ack().await?;
    }
    let settled = spans.named("ack");
    check!(
        published.iter().all(|one| settled.iter().any(|span| span.links == [*one])),
        "an ack has no link to its message: {settled:#?}"
    );
    consumer.drained();
    Ok(())
}
