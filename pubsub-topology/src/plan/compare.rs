//! Asks the broker, and compares.

use std::collections::BTreeSet;

use pubsub_core::{Capability, Difference, ErrorKind, Result, StreamAdmin, StreamInfo, StreamName};

use super::{Change, Plan, Step, Target, Wanted, losses};
use crate::plans::{ConsumerPlan, StreamPlan};
use crate::topology::Topology;

pub(super) async fn plan(topology: &Topology, admin: &dyn StreamAdmin) -> Result<Plan> {
    let (mut streams, mut consumers) = (Vec::new(), Vec::new());
    for declared in &topology.streams {
        let existing = found(admin.stream_info(&declared.config.name).await)?;
        for consumer in &declared.consumers {
            if let Some(step) = of_consumer(admin, declared, consumer, existing.as_ref()).await? {
                consumers.push(step);
            }
        }
        streams.push(of_stream(declared, existing.as_ref()));
    }
    // A subject must be given up before another stream takes it: what only changes comes before what is new.
    streams.sort_by_key(|step| match &step.change {
        Change::Update { differences, .. } => {
            if gives_up(differences) {
                0
            } else {
                1
            }
        }
        _ => 2,
    });
    let undeclared = undeclared(topology, admin).await?;
    streams.extend(consumers);
    Ok(Plan { steps: streams, undeclared, losses_allowed: false })
}

fn gives_up(differences: &[Difference]) -> bool {
    differences.iter().any(|difference| difference.field == "subjects")
}

fn of_stream(declared: &StreamPlan, existing: Option<&StreamInfo>) -> Step {
    let change = match existing {
        None => Change::Create,
        Some(info) => {
            let differences = declared.config.differences(&info.config);
            change(differences, |_| losses::of_stream(&declared.config, info))
        }
    };
    let target = Target { stream: declared.config.name.clone(), consumer: None };
    Step { target, change, wanted: Wanted::Stream(Box::new(declared.config.clone())) }
}

/// A consumer without a name is its service's to make, each time.
async fn of_consumer(
    admin: &dyn StreamAdmin,
    stream: &StreamPlan,
    declared: &ConsumerPlan,
    existing: Option<&StreamInfo>,
) -> Result<Option<Step>> {
    let Some(name) = &declared.config.name else { return Ok(None) };
    let info = match existing {
        Some(_) => found(admin.consumer_info(&stream.config.name, name).await)?,
        None => None,
    };
    let change = match info {
        None => Change::Create,
        Some(info) => change(declared.config.differences(&info.config), |differences| {
            losses::of_consumer(&declared.config, &info, differences)
        }),
    };
    let target = Target { stream: stream.config.name.clone(), consumer: Some(name.clone()) };
    Ok(Some(Step { target, change, wanted: Wanted::Consumer(Box::new(declared.config.clone())) }))
}

fn change(differences: Vec<Difference>, losses: impl FnOnce(&[Difference]) -> Vec<String>) -> Change {
    if differences.is_empty() {
        Change::None
    } else if differences.iter().all(Difference::can_be_updated) {
        let losses = losses(&differences);
        Change::Update { differences, losses }
    } else {
        Change::Refuse { differences }
    }
}

/// What exists and is not declared. A broker that cannot list says nothing of it.
async fn undeclared(topology: &Topology, admin: &dyn StreamAdmin) -> Result<Vec<Target>> {
    if !admin.capabilities().has(Capability::List) {
        return Ok(Vec::new());
    }
    let mut undeclared = Vec::new();
    let known: BTreeSet<&StreamName> = topology.streams.iter().map(|stream| &stream.config.name).collect();
    for info in admin.list_streams().await? {
        let name = info.config.name;
        if !known.contains(&name) {
            undeclared.push(Target { stream: name, consumer: None });
            continue;
        }
        for consumer in admin.list_consumers(&name).await? {
            let is_known = topology.stream(name.as_ref()).is_some_and(|stream| {
                stream.consumers.iter().any(|known| known.config.name.as_ref() == Some(&consumer.name))
            });
            if !is_known {
                undeclared.push(Target { stream: name.clone(), consumer: Some(consumer.name) });
            }
        }
    }
    Ok(undeclared)
}

fn found<T>(asked: Result<T>) -> Result<Option<T>> {
    match asked {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
