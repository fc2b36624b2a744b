//! Handlers that are slow, hang, panic, poison or are killed, by how often each message was handled.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::worker::{Attempt, Binding, DeadLetters, Failure, Path, Router};
use pubsub::{Client, ConsumerConfig};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::{Instant, sleep};

use crate::support::{binding, dead_letters, start, until, until_settled};

/// How often each message was begun, and which are done.
#[derive(Clone, Default)]
struct Runs(Arc<Mutex<BTreeMap<u32, (usize, usize)>>>);

impl Runs {
    fn begun(&self, ride: u32) {
        self.0.lock().expect("a lock").entry(ride).or_default().0 += 1;
    }

    fn done(&self, ride: u32) {
        self.0.lock().expect("a lock").entry(ride).or_default().1 += 1;
    }

    fn all_begun(&self) -> usize {
        self.0.lock().expect("a lock").values().map(|(begun, _)| begun).sum()
    }

    fn number_done(&self) -> usize {
        self.0.lock().expect("a lock").values().filter(|(_, done)| *done > 0).count()
    }
}

async fn publish(client: &Client, rides: u32) {
    for ride in 0..rides {
        client.publish(format!("ride.{ride}"), "").await.expect("stored");
    }
}

/// A handler that is told which message it is and which attempt.
fn route<F>(runs: &Runs, handler: impl Fn(u32, u64) -> F + Clone + Send + Sync + 'static) -> Router
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let runs = runs.clone();
    let handler = move |Path(ride): Path<u32>, Attempt(attempt): Attempt| {
        let (runs, handler) = (runs.clone(), handler.clone());
        async move {
            runs.begun(ride);
            handler(ride, attempt).await?;
            runs.done(ride);
            Ok::<_, Failure>(())
        }
    };
    Router::new().route("ride.{ride}", handler).expect("a route")
}

/// Three seconds of work in a burst, and an ack wait of two.
pub(crate) async fn slow_handlers_repeat_nothing(client: Client) {
    const RIDES: u32 = 120;
    publish(&client, RIDES).await;
    let runs = Runs::default();
    let router = route(&runs, async |_, _| {
        sleep(Duration::from_millis(100)).await;
        Ok(())
    });
    let worker = start(&client, binding(router).with_concurrency(4));
    until_settled(&client).await;
    let _ = worker.stop().await;
    let duplicates = runs.all_begun() - RIDES as usize;
    assert_eq!(runs.number_done(), RIDES as usize);
    assert!(duplicates * 20 <= RIDES as usize, "{duplicates} duplicates are more than 5 %");
}

/// Three that would never end, in a deadline of more than two ack waits.
pub(crate) async fn hanging_handlers_are_not_run_twice_at_once_and_hold_up_no_other(client: Client) {
    const RIDES: u32 = 200;
    publish(&client, RIDES).await;
    let runs = Runs::default();
    let router = route(&runs, async |ride, attempt| {
        if ride % 70 == 10 && attempt == 1 {
            std::future::pending::<()>().await;
        }
        Ok(())
    });
    let worker = start(&client, binding(router).with_deadline(Duration::from_secs(5)));
    until("all others are done", async || runs.number_done() == RIDES as usize - 3).await;
    assert_eq!(runs.all_begun(), RIDES as usize, "while three hang");
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.retried), (u64::from(RIDES), 3));
    assert!(runs.all_begun() <= RIDES as usize + 3, "{} runs", runs.all_begun());
}

pub(crate) async fn panicking_handlers_are_contained(client: Client) {
    const RIDES: u32 = 200;
    publish(&client, RIDES).await;
    let runs = Runs::default();
    let router = route(&runs, async |ride, attempt| {
        assert!(ride % 10 != 3 || attempt > 1, "it panics");
        Ok(())
    });
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.panicked, outcome.dead_lettered), (u64::from(RIDES), 20, 0));
    assert_eq!(runs.all_begun(), RIDES as usize + 20);
}

pub(crate) async fn poison_leaves_after_its_attempts_and_is_kept_once(client: Client) {
    const RIDES: u32 = 100;
    publish(&client, RIDES).await;
    let runs = Runs::default();
    let router =
        route(
            &runs,
            async |ride, _| {
                if ride % 20 == 7 { Err(Failure::retry("it cannot be handled")) } else { Ok(()) }
            },
        );
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.dead_lettered), (u64::from(RIDES) - 5, 5));
    assert_eq!(runs.all_begun(), RIDES as usize - 5 + 5 * 3);
    assert_eq!(dead_letters(&client).await.len(), 5);
}

pub(crate) async fn what_a_killed_worker_had_in_hand_is_handled_by_the_next(client: Client) {
    const RIDES: u32 = 100;
    const PLACES: usize = 8;
    publish(&client, RIDES).await;
    let runs = Runs::default();
    let router = || {
        route(&runs, async |_, _| {
            sleep(Duration::from_millis(20)).await;
            Ok(())
        })
    };
    let killed = start(&client, binding(router()).with_concurrency(PLACES));
    until("it works", async || runs.number_done() >= 30).await;
    killed.crash().await;
    let next = start(&client, binding(router()).with_concurrency(PLACES));
    until_settled(&client).await;
    let _ = next.stop().await;
    assert_eq!(runs.number_done(), RIDES as usize, "none is lost");
    // Those that ran, and those of which the ack was not sent.
    assert!(runs.all_begun() <= RIDES as usize + 2 * PLACES, "{} runs", runs.all_begun());
}

/// Three workers on one consumer, each replaced while messages come.
pub(crate) async fn a_rolling_restart_repeats_nothing_and_holds_up_nothing(client: Client) {
    const RIDES: u32 = 300;
    let (runs, published) = (Runs::default(), Arc::new(Mutex::new(Vec::new())));
    let longest = Arc::new(Mutex::new(Duration::ZERO));
    let binding = || {
        let (published, longest) = (Arc::clone(&published), Arc::clone(&longest));
        let router = route(&runs, move |ride, _| {
            let since: Option<Instant> = published.lock().expect("a lock").get(ride as usize).copied();
            let mut longest = longest.lock().expect("a lock");
            *longest = since.map_or(Duration::ZERO, |since| since.elapsed()).max(*longest);
            async {
                sleep(Duration::from_millis(10)).await;
                Ok(())
            }
        });
        // What is not handed back waits for this.
        let consumer =
            ConsumerConfig::durable("billing").expect("a name").with_ack_wait(Duration::from_secs(30));
        let binding = Binding::new("RIDE", consumer, router).expect("a binding");
        binding.with_dead_letters(DeadLetters::in_stream("DEAD").expect("a name"))
    };
    let mut workers: Vec<_> = (0..3).map(|_| start(&client, binding())).collect();
    let publishing = tokio::spawn({
        let (client, published) = (client.clone(), Arc::clone(&published));
        async move {
            for ride in 0..RIDES {
                published.lock().expect("a lock").push(Instant::now());
                client.publish(format!("ride.{ride}"), "").await.expect("stored");
                sleep(Duration::from_millis(5)).await;
            }
        }
    });
    for replaced in 1..=3 {
        until("messages are handled", async || runs.number_done() >= replaced * 70).await;
        let _ = workers.remove(0).stop().await;
        workers.push(start(&client, binding()));
    }
    publishing.await.expect("all are published");
    until("all are done", async || runs.number_done() == RIDES as usize).await;
    for worker in workers {
        let _ = worker.stop().await;
    }
    assert_eq!(runs.all_begun(), RIDES as usize, "nothing twice");
    // On a server the machine may be busy; what waits for its ack wait waits longer.
    let is_virtual = Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread;
    let most = Duration::from_secs(if is_virtual { 1 } else { 15 });
    let longest = *longest.lock().expect("a lock");
    assert!(longest < most, "{longest:?}");
}
