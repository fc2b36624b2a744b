//! Each example of one file runs on the memory backend in virtual time, and on a real server.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use pubsub::Client;

/// The file of each example, and what its `run` has to return.
macro_rules! examples {
    ($($name:ident in $path:literal: $check:expr;)*) => {
        $(
            #[path = $path]
            #[allow(dead_code, reason = "it is a program")]
            mod $name;
        )*

        mod on_memory {
            $(
                #[tokio::test(start_paused = true)]
                async fn $name() {
                    let client = pubsub::connect("memory://").await.unwrap();
                    super::judge(&client, super::$name::run(&client).await.unwrap(), $check).await;
                }
            )*
        }

        #[cfg(feature = "nats")]
        mod on_a_server {
            $(
                #[tokio::test]
                async fn $name() {
                    let server = pubsub_testkit::nats_server::NatsServer::start().unwrap();
                    let client = pubsub::connect(server.url()).await.unwrap();
                    super::judge(&client, super::$name::run(&client).await.unwrap(), $check).await;
                }
            )*
        }
    };
}

async fn judge<T>(client: &Client, outcome: T, check: impl FnOnce(T)) {
    check(outcome);
    client.close().await.unwrap();
}

examples! {
    manage_streams in "../basics/manage_streams.rs": |left: u64| assert_eq!(left, 2);
    publish_async in "../basics/publish_async.rs": |messages: u64| assert_eq!(messages, 500);
    from_plain_nats in "../basics/from_plain_nats.rs": |came: Vec<String>| assert_eq!(came, ["r-3", "r-4"]);
    handle_errors in "../basics/handle_errors.rs": |advices: Vec<&str>| assert_eq!(
        advices,
        [
            "mend the program or its configuration",
            "try again later",
            "somebody was faster: read again, decide again",
            "tell somebody",
        ]
    );
    event_sourcing in "../patterns/event_sourcing.rs": |account: super::event_sourcing::Account| {
        assert_eq!(account.balance, 20);
    };
    work_queue in "../patterns/work_queue.rs": |done: u64| assert_eq!(done, 3);
    broadcast in "../patterns/broadcast.rs": |[display, alerts, history, latest]: [Vec<String>; 4]| {
        assert_eq!(display, ["price.tea 4", "price.rice 2", "price.tea 5"]);
        assert_eq!(alerts, ["price.tea 4", "price.tea 5"]);
        assert_eq!(history, display);
        assert_eq!(latest, ["price.rice 2", "price.tea 5"]);
    };
    ordered_by_customer in "../patterns/ordered_by_customer.rs": |done: Vec<String>| {
        let of = |customer: &str| {
            done.iter().filter(|order| order.starts_with(customer)).cloned().collect::<Vec<_>>()
        };
        assert_eq!(of("anna"), ["anna.1", "anna.2", "anna.3"]);
        assert_eq!(of("ben"), ["ben.1", "ben.2"]);
        assert_eq!(done.first().unwrap(), "ben.1");
    };
    reminders in "../patterns/reminders.rs": |came: Vec<String>| {
        assert_eq!(came, ["water the plants", "call the garage"]);
    };
    request_reply in "../patterns/request_reply.rs": |fare: String| assert_eq!(fare, "9");
    batch_ingestion in "../patterns/batch_ingestion.rs": |rows: usize| assert_eq!(rows, 990);
}
