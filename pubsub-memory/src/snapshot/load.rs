//! From the bytes of a snapshot to a store.

use std::sync::Arc;
use std::time::SystemTime;

use pubsub_core::Result;

use super::file::refused;
use super::format::Snapshot;
use crate::clock::Clock;
use crate::config::MemoryConfig;
use crate::store::Store;

pub(super) fn decode(payload: &[u8], config: MemoryConfig) -> Result<Arc<Store>> {
    decode_at(payload, config, SystemTime::now())
}

/// As if the wall clock showed this time, or that of the snapshot if it is behind that: time does not run backwards.
fn decode_at(payload: &[u8], config: MemoryConfig, wall: SystemTime) -> Result<Arc<Store>> {
    const REMEDY: &str = "restore it from a copy, or remove it to begin anew";
    let damaged = || refused("the file does not hold what a snapshot holds", REMEDY);
    let (snapshot, rest) =
        postcard::take_from_bytes::<Snapshot>(payload).map_err(|error| damaged().with_source(error))?;
    if !rest.is_empty() {
        return Err(damaged());
    }
    let clock = Clock::starting_at(wall.max(Clock::time_of(snapshot.saved_at)));
    let store = Store::starting_at(config, clock, snapshot.last_id);
    for record in snapshot.streams {
        store
            .restore_stream(record)
            .map_err(|error| refused("a stream in the file breaks a rule", REMEDY).with_source(error))?;
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::StreamExt as _;
    use pubsub_core::{
        Broker as _, ConsumerConfig, FetchOptions, Limit, OutboundMessage, PublisherExt as _, Republish,
        Schedule, StreamConfig, StreamInfo, StreamName, SubjectFilter, TimeToLive,
    };

    use super::*;
    use crate::server::MemoryServer;
    use crate::snapshot::save;

    const MINUTE: Duration = Duration::from_secs(60);

    /// A server with the stream `S` over `s.>`.
    async fn server() -> Result<MemoryServer> {
        let server = MemoryServer::default();
        let config = StreamConfig::new("S", ["s.>"])?.with_allow_message_ttl().with_allow_schedules();
        server.connect().admin().unwrap().create_stream(config.with_max_age(Limit::Unlimited)).await?;
        Ok(server)
    }

    fn payload(server: &MemoryServer) -> Vec<u8> {
        let mut payload = Vec::new();
        save::encode(server.store(), &mut payload).unwrap();
        payload
    }

    /// The same server after so much time, by the wall clock, in which nothing ran.
    fn after(server: &MemoryServer, time: Duration) -> MemoryServer {
        let payload = payload(server);
        let saved_at = server.store().clock().wall(tokio::time::Instant::now());
        MemoryServer::of(decode_at(&payload, MemoryConfig::default(), saved_at + time).unwrap())
    }

    async fn info(server: &MemoryServer) -> StreamInfo {
        let name = StreamName::new("S").unwrap();
        server.connect().admin().unwrap().stream_info(&name).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_outlived_its_time_meanwhile_is_gone() -> Result<()> {
        let server = server().await?;
        let publisher = server.connect().publisher();
        for ttl in [TimeToLive::After(5 * MINUTE), TimeToLive::Never] {
            publisher.publish_message(OutboundMessage::new("s.a", "1")?.with_ttl(ttl)).await?;
        }
        assert_eq!(info(&after(&server, 4 * MINUTE)).await.messages, 2);
        assert_eq!(info(&after(&server, 5 * MINUTE)).await.messages, 1);
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn an_ack_wait_that_has_ended_meanwhile_is_over() -> Result<()> {
        let server = server().await?;
        let (broker, name) = (server.connect(), StreamName::new("S")?);
        let config = ConsumerConfig::durable("c")?.with_ack_wait(MINUTE);
        let consumer = broker.admin().unwrap().create_consumer(&name, config).await?.name;
        broker.publisher().publish("s.a", "1").await?;
        let now = FetchOptions::up_to(1).with_expires(Duration::ZERO);
        drop(broker.consumer(&name, &consumer).await?.fetch(now.clone()).await?);
        for (passed, expected) in [(MINUTE / 2, 0), (MINUTE, 1), (1000 * MINUTE, 1)] {
            let again = after(&server, passed).connect();
            let came = again.consumer(&name, &consumer).await?.fetch(now.clone()).await?;
            assert_eq!(came.len(), expected, "{passed:?}");
            assert!(came.iter().all(|delivery| delivery.info().attempt == 2));
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_schedule_whose_times_have_passed_fires_once() -> Result<()> {
        let server = server().await?;
        let plan = OutboundMessage::new("s.plan", "tick")?.with_schedule(Schedule::every(MINUTE, "s.due")?);
        server.connect().publisher().publish_message(plan).await?;
        let again = after(&server, 1000 * MINUTE);
        // The schedule and what it has published.
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(info(&again).await.messages, 2);
        tokio::time::advance(2 * MINUTE).await;
        assert_eq!(info(&again).await.messages, 4);
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_schedule_fires_although_nobody_calls_its_stream() -> Result<()> {
        let server = server().await?;
        let plan = OutboundMessage::new("s.plan", "tick")?.with_schedule(Schedule::every(MINUTE, "s.due")?);
        let name = StreamName::new("S")?;
        let admin = server.connect().admin().unwrap();
        let config = admin.stream_info(&name).await?.config;
        let republish = Republish::new("s.due", "heard")?;
        admin.update_stream(config.with_republish(republish)).await?;
        server.connect().publisher().publish_message(plan).await?;
        let again = after(&server, Duration::ZERO).connect();
        let mut heard =
            again.core().unwrap().subscribe(SubjectFilter::new("heard")?, Default::default()).await?;
        let message = tokio::time::timeout(2 * MINUTE, heard.next()).await.expect("it fires").unwrap()?;
        assert_eq!(message.payload, "tick");
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_wall_clock_that_was_set_back_lets_no_time_pass() -> Result<()> {
        let server = server().await?;
        server.connect().publisher().publish("s.a", "1").await?;
        let payload = payload(&server);
        let again = MemoryServer::of(decode_at(&payload, MemoryConfig::default(), SystemTime::UNIX_EPOCH)?);
        assert_eq!(info(&again).await, info(&server).await);
        Ok(())
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        let payload =
            postcard::to_stdvec(&Snapshot { saved_at: 0, last_id: 0, streams: Vec::new() }).unwrap();
        for length in 0..payload.len() {
            assert!(decode(&payload[..length], MemoryConfig::default()).is_err());
        }
        let longer = [&payload[..], &[0]].concat();
        assert!(decode(&longer, MemoryConfig::default()).is_err());
        assert!(decode(&payload, MemoryConfig::default()).is_ok());
    }
}
