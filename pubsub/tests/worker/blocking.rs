//! The warning of a handler that blocks its thread.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::worker::Router;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::support::{binding, on_memory, start, until_settled};

/// What is warned of, on the thread of a test.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut Text(&mut text));
        self.0.lock().expect("a lock").push(text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "this handler blocks its thread")]
async fn a_handler_that_blocks_its_thread_is_warned_of() {
    let warnings = Warnings::default();
    let _listening = tracing::subscriber::set_default(warnings.clone());
    let client = on_memory().await;
    client.publish("ride.short", "").await.expect("stored");
    client.publish("ride.blocking", "").await.expect("stored");
    let router = Router::new().route("ride.short", async || {}).and_then(|router| {
        router.route("ride.blocking", async || std::thread::sleep(Duration::from_millis(110)))
    });
    let worker = start(&client, binding(router.expect("routes")));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.done, 2);
    let warnings = warnings.0.lock().expect("a lock");
    let of_blocking: Vec<_> =
        warnings.iter().filter(|warning| warning.contains("blocks its thread")).collect();
    assert_eq!(of_blocking.len(), 1, "{warnings:?}");
    assert!(of_blocking[0].contains("ride.blocking"), "{of_blocking:?}");
}
