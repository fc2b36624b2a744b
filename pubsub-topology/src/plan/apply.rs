//! Doing what a plan says: [`Applied`].

use std::fmt;

use pubsub_core::{Provision, Result, StreamAdmin};
use serde::Serialize;

use super::{Change, Plan, Target, Wanted};

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Applied {
    /// What was made.
    pub created: Vec<Target>,
    /// What was changed.
    pub updated: Vec<Target>,
    /// What was as declared.
    pub unchanged: Vec<Target>,
}

pub(super) async fn apply(plan: &Plan, admin: &dyn StreamAdmin) -> Result<Applied> {
    let mut applied = Applied::default();
    for step in &plan.steps {
        // Somebody else may have been faster: what he made is used if it is the same.
        let (done, provision) = match &step.change {
            Change::None => {
                applied.unchanged.push(step.target.clone());
                continue;
            }
            Change::Create => (&mut applied.created, Provision::CreateIfMissing),
            Change::Update { .. } | Change::Refuse { .. } => (&mut applied.updated, Provision::Update),
        };
        let outcome = match &step.wanted {
            Wanted::Stream(config) => admin.ensure_stream((**config).clone(), provision).await.map(drop),
            Wanted::Consumer(config) => {
                admin.ensure_consumer(&step.target.stream, (**config).clone(), provision).await.map(drop)
            }
        };
        match outcome {
            Ok(()) => done.push(step.target.clone()),
            Err(error) => {
                let before = applied.created.len() + applied.updated.len();
                return Err(error.with_operation("apply topology").with_context("applied", before));
            }
        }
    }
    Ok(applied)
}

/// `created RIDE, RIDE/billing; updated none; unchanged DEAD_LETTERS`
impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |targets: &[Target]| {
            let names: Vec<_> = targets.iter().map(ToString::to_string).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        write!(
            f,
            "created {}; updated {}; unchanged {}",
            list(&self.created),
            list(&self.updated),
            list(&self.unchanged)
        )
    }
}
