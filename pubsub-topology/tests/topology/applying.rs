use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{
    Client, ConsumerConfig, ErrorKind, Limit, Provision, Result, Retention, Storage, StreamAdmin,
    StreamConfig,
};
use pubsub_memory::{MemoryConfig, MemoryServer};
use pubsub_topology::{Change, ConsumerPlan, Plan, StreamPlan, Topology};

struct Bench {
    client: Client,
    admin: Arc<dyn StreamAdmin>,
}

impl Bench {
    fn new() -> Result<Self> {
        let client = Client::new(Arc::new(MemoryServer::new(MemoryConfig::default())?.connect()));
        let admin = client.admin()?;
        Ok(Self { client, admin })
    }

    async fn lines(&self, topology: &Topology) -> Result<Vec<String>> {
        Ok(lines(&topology.plan(self.admin.as_ref()).await?))
    }

    async fn ensure(&self, topology: &Topology, provision: Provision) -> Result<String> {
        Ok(topology.ensure(self.admin.as_ref(), provision).await?.to_string())
    }
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.to_string().lines().map(str::to_owned).collect()
}

fn billing() -> Result<ConsumerConfig> {
    Ok(ConsumerConfig::durable("billing")?.with_filter("ride.*")?.with_max_deliver(Limit::Unlimited))
}

fn rides() -> Result<StreamConfig> {
    StreamConfig::new("RIDE", ["ride.>"])
}

fn declared(stream: StreamConfig, consumer: ConsumerConfig) -> Topology {
    Topology::new().with_stream(StreamPlan::new(stream).with_consumer(ConsumerPlan::new(consumer)))
}

fn topology() -> Result<Topology> {
    Ok(declared(rides()?, billing()?))
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_made_and_then_there_is_nothing_to_do() -> Result<()> {
    let (bench, topology) = (Bench::new()?, topology()?);
    assert_eq!(bench.lines(&topology).await?, ["+ RIDE", "+ RIDE/billing"]);
    let done = bench.ensure(&topology, Provision::CreateIfMissing).await?;
    assert_eq!(done, "created RIDE, RIDE/billing; updated none; unchanged none");
    assert_eq!(bench.lines(&topology).await?, ["= RIDE", "= RIDE/billing"]);
    assert!(topology.plan(bench.admin.as_ref()).await?.is_empty());
    let done = bench.ensure(&topology, Provision::Never).await?;
    assert_eq!(done, "created none; updated none; unchanged RIDE, RIDE/billing");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_differs_is_changed_if_that_is_allowed() -> Result<()> {
    let bench = Bench::new()?;
    bench.ensure(&topology()?, Provision::CreateIfMissing).await?;
    let wanted = declared(
        rides()?.with_max_age(Duration::from_secs(7 * 86_400)),
        billing()?.with_ack_wait(Duration::from_secs(10)),
    );
    assert_eq!(
        bench.lines(&wanted).await?,
        ["~ RIDE (max_age: 24h -> 7d)", "~ RIDE/billing (ack_wait: 30s -> 10s)"]
    );
    for provision in [Provision::Never, Provision::CreateIfMissing] {
        let refused = bench.ensure(&wanted, provision).await.expect_err("nothing may be changed");
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert!(refused.message().contains("max_age: 24h -> 7d"), "{refused}");
    }
    let done = bench.ensure(&wanted, Provision::Update).await?;
    assert_eq!(done, "created none; updated RIDE, RIDE/billing; unchanged none");
    assert!(wanted.plan(bench.admin.as_ref()).await?.is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn to_verify_makes_nothing() -> Result<()> {
    let bench = Bench::new()?;
    let missing = bench.ensure(&topology()?, Provision::Never).await.expect_err("it is missing");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(missing.message().contains("+ RIDE/billing"), "{missing}");
    assert!(bench.admin.list_streams().await?.is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_cannot_change_is_refused_and_nothing_is_done() -> Result<()> {
    let bench = Bench::new()?;
    bench.ensure(&topology()?, Provision::CreateIfMissing).await?;
    let wanted = declared(rides()?.with_storage(Storage::Memory), billing()?)
        .with_stream(StreamPlan::new(StreamConfig::new("NEW", ["new.>"])?));
    let lines = bench.lines(&wanted).await?;
    assert!(
        lines.contains(&"! RIDE (storage: file -> memory): storage cannot be changed".to_owned()),
        "{lines:?}"
    );
    let refused = bench.ensure(&wanted, Provision::Update).await.expect_err("storage cannot be changed");
    assert_eq!(refused.kind(), ErrorKind::Config);
    assert_eq!(bench.admin.list_streams().await?.len(), 1, "the new stream was not made either");

    let queue = declared(rides()?.with_retention(Retention::WorkQueue), billing()?);
    let plan = queue.plan(bench.admin.as_ref()).await?;
    assert!(matches!(plan.steps[0].change, Change::Refuse { .. }), "{plan}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_would_lose_messages_is_refused_unless_it_is_allowed() -> Result<()> {
    let bench = Bench::new()?;
    bench.ensure(&topology()?, Provision::CreateIfMissing).await?;
    let smaller = declared(rides()?.with_max_messages(2), billing()?);
    assert_eq!(
        bench.lines(&smaller).await?[0],
        "~ RIDE (max_messages: 1000000 -> 2)",
        "an empty stream loses nothing"
    );
    for _ in 0..5 {
        bench.client.publish("ride.n", "x").await?;
    }
    let plan = smaller.plan(bench.admin.as_ref()).await?;
    assert_eq!(plan.losses(), ["RIDE: the oldest 3 of 5 messages"]);
    let refused = plan.apply(bench.admin.as_ref(), Provision::Update).await.expect_err("it loses messages");
    assert!(refused.message().contains("the oldest 3 of 5"), "{refused}");
    assert_eq!(bench.admin.stream_info(&"RIDE".try_into()?).await?.messages, 5);
    plan.allow_losses().apply(bench.admin.as_ref(), Provision::Update).await?;
    assert_eq!(bench.admin.stream_info(&"RIDE".try_into()?).await?.messages, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_loss_is_said() -> Result<()> {
    let bench = Bench::new()?;
    bench.ensure(&topology()?, Provision::CreateIfMissing).await?;
    bench.client.publish("ride.n", "x").await?;
    let stream = rides()?
        .with_max_age(Duration::from_secs(60))
        .with_max_bytes(1)
        .with_max_messages_per_subject(1)
        .with_duplicate_window(Duration::from_secs(60))
        .with_retention(Retention::Interest);
    let mut narrower = billing()?;
    narrower.filters = vec!["ride.completed".try_into()?];
    let plan = declared(stream, narrower).plan(bench.admin.as_ref()).await?;
    let losses = plan.losses();
    assert_eq!(losses.len(), 5, "{losses:#?}");
    assert!(losses[0].contains("older than 1m"), "{losses:#?}");
    assert!(losses[4].starts_with("RIDE/billing: those of its 1 waiting messages"), "{losses:#?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_wider_filter_loses_nothing() -> Result<()> {
    let bench = Bench::new()?;
    bench.ensure(&topology()?, Provision::CreateIfMissing).await?;
    bench.client.publish("ride.n", "x").await?;
    let mut wider = billing()?;
    wider.filters = vec!["ride.>".try_into()?];
    assert!(declared(rides()?, wider).plan(bench.admin.as_ref()).await?.losses().is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_subject_moves_from_one_stream_to_a_new_one() -> Result<()> {
    let bench = Bench::new()?;
    let before =
        Topology::new().with_stream(StreamPlan::new(StreamConfig::new("OLD", ["ride.>", "match.>"])?));
    bench.ensure(&before, Provision::CreateIfMissing).await?;
    let after = Topology::new()
        .with_stream(StreamPlan::new(StreamConfig::new("A_NEW", ["match.>"])?))
        .with_stream(StreamPlan::new(StreamConfig::new("OLD", ["ride.>"])?));
    assert_eq!(bench.lines(&after).await?, ["~ OLD (subjects: [match.>, ride.>] -> [ride.>])", "+ A_NEW"]);
    bench.ensure(&after, Provision::Update).await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_not_declared_is_told_and_left_alone() -> Result<()> {
    let bench = Bench::new()?;
    let other = Topology::new().with_stream(StreamPlan::new(StreamConfig::new("OTHER", ["other.>"])?));
    bench.ensure(&other, Provision::CreateIfMissing).await?;
    bench.ensure(&topology()?, Provision::CreateIfMissing).await?;
    let without = Topology::new().with_stream(StreamPlan::new(rides()?));
    assert_eq!(
        bench.lines(&without).await?,
        ["= RIDE", "? OTHER is not declared", "? RIDE/billing is not declared"]
    );
    bench.ensure(&without, Provision::Update).await?;
    assert_eq!(bench.admin.list_streams().await?.len(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_topology_with_mistakes_is_not_planned() -> Result<()> {
    let bench = Bench::new()?;
    let wrong = declared(rides()?, ConsumerConfig::durable("billing")?.with_filter("bill.*")?);
    let refused = wrong.plan(bench.admin.as_ref()).await.expect_err("the filter matches nothing");
    assert_eq!((refused.kind(), refused.context("at")), (ErrorKind::Config, Some("RIDE/billing")));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_plan_serialises_for_machines() -> Result<()> {
    let bench = Bench::new()?;
    bench.ensure(&topology()?, Provision::CreateIfMissing).await?;
    let wanted = declared(rides()?.with_max_age(Duration::from_secs(60)), billing()?);
    let json = serde_json::to_value(wanted.plan(bench.admin.as_ref()).await?).expect("it is JSON");
    let steps = serde_json::json!([
        {"target": "RIDE", "change": "update", "differences": ["max_age: 24h -> 1m", "duplicate_window: 2m -> 1m"], "losses": []},
        {"target": "RIDE/billing", "change": "none", "differences": [], "losses": []},
    ]);
    assert_eq!((&json["steps"], &json["undeclared"]), (&steps, &serde_json::json!([])));
    Ok(())
}
