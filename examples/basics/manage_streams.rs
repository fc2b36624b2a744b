//! Streams and consumers made, compared, changed and read: `cargo run -p pubsub-examples --example manage_streams [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::time::Duration;

use pubsub::{
    Client, ConsumerConfig, ErrorKind, MessageSelector, Provision, Purge, Result, StreamConfig, StreamName,
    SubjectFilter,
};

/// Returns how many messages are left after a purge.
pub(crate) async fn run(client: &Client) -> Result<u64> {
    const DAY: Duration = Duration::from_secs(86_400);
    let admin = client.admin()?;
    let name: StreamName = "RIDE".try_into()?;

    // A service makes sure of what it needs at its start, in one of three ways.
    let config = StreamConfig::new("RIDE", ["ride.>"])?.with_max_age(DAY);
    client.ensure_stream(config.clone(), Provision::CreateIfMissing).await?;
    let wanted = config.with_max_age(7 * DAY);
    match client.ensure_stream(wanted.clone(), Provision::Never).await {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => println!("it differs: {error}"),
        other => println!("it does not differ: {other:?}"),
    }
    let info = client.ensure_stream(wanted, Provision::Update).await?;
    println!("{} was changed", info.config.name);

    let pickups = ConsumerConfig::durable("pickups")?.with_filter("ride.*.pickup")?;
    client.ensure_consumer("RIDE", pickups, Provision::CreateIfMissing).await?;
    for ride in 1..=3 {
        client.publish(format!("ride.r-{ride}.pickup"), "").await?;
        client.publish(format!("ride.r-{ride}.completed"), "").await?;
    }

    for stream in admin.list_streams().await? {
        println!("{}: {} messages on {} subjects", stream.config.name, stream.messages, stream.subjects);
        for consumer in admin.list_consumers(&stream.config.name).await? {
            println!("  {}: {} to come, {} unsettled", consumer.name, consumer.pending, consumer.ack_pending);
        }
    }
    for (subject, messages) in admin.stream_subjects(&name, SubjectFilter::new("ride.r-1.*")?).await? {
        println!("  {subject}: {messages}");
    }
    let third = admin.get_message(&name, MessageSelector::Sequence(3)).await?;
    println!("message 3 is about {}", third.subject);

    admin.delete_message(&name, 3).await?;
    println!("gaps: {:?}", admin.deleted_sequences(&name).await?);
    let purged = admin.purge_stream(&name, Purge::all().with_filter("ride.*.completed")?).await?;
    println!("{purged} purged");
    Ok(admin.stream_info(&name).await?.messages)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
