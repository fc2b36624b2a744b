//! The difference between what is declared and what exists: [`Plan`].

mod apply;
mod compare;
mod losses;

use std::fmt;

use pubsub_core::{
    ConsumerConfig, ConsumerName, Difference, Error, ErrorKind, Provision, Result, StreamAdmin, StreamConfig,
    StreamName,
};
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

pub use apply::Applied;

use crate::topology::Topology;

/// What has to be done so that everything is as declared.
///
/// Displayed it is one line a step: `+` creates, `~` changes, `!` cannot be, `=` is as declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// What is to be done, in the order in which it is.
    pub steps: Vec<Step>,
    /// Streams, and consumers of declared streams, that exist and are not declared. Nothing is done about them.
    pub undeclared: Vec<Target>,
    #[serde(skip)]
    losses_allowed: bool,
}

/// One stream, or one consumer, and what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Which one.
    pub target: Target,
    /// What is to be done.
    pub change: Change,
    wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Stream(Box<StreamConfig>),
    Consumer(Box<ConsumerConfig>),
}

/// A stream, or a consumer of it. Displayed as `RIDE` or `RIDE/billing`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Target {
    /// The stream.
    pub stream: StreamName,
    /// The consumer; `None` for the stream itself.
    pub consumer: Option<ConsumerName>,
}

/// What is to be done about a stream or a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It is as declared.
    None,
    /// It is missing.
    Create,
    /// It differs, and can be changed.
    Update {
        /// In which fields.
        differences: Vec<Difference>,
        /// What the change loses, in words.
        losses: Vec<String>,
    },
    /// It differs in what the broker cannot change.
    Refuse {
        /// In which fields.
        differences: Vec<Difference>,
    },
}

impl Plan {
    pub(crate) async fn of(topology: &Topology, admin: &dyn StreamAdmin) -> Result<Self> {
        compare::plan(topology, admin).await
    }

    /// Allows what loses messages. Said for one plan that somebody has read.
    #[must_use]
    pub fn allow_losses(mut self) -> Self {
        self.losses_allowed = true;
        self
    }

    /// Whether everything is as declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.change == Change::None)
    }

    /// What the plan would lose, with where.
    #[must_use]
    pub fn losses(&self) -> Vec<String> {
        let of_step = |step: &Step| match &step.change {
            Change::Update { losses, .. } => {
                losses.iter().map(|loss| format!("{}: {loss}", step.target)).collect()
            }
            _ => Vec::new(),
        };
        self.steps.iter().flat_map(of_step).collect()
    }

    /// Does it, as far as `provision` allows. If some step cannot be, or may not be, nothing at all is done.
    ///
    /// # Errors
    /// - `Config` if the broker cannot change something, or if something would lose messages
    ///   (unless [`allow_losses`](Self::allow_losses)); both list all of it.
    /// - With [`Provision::Never`], `NotFound` for what is missing; with it and [`Provision::CreateIfMissing`],
    ///   `AlreadyExists` for what differs, with the differences.
    /// - What the broker refuses; the context `applied` says how many steps had been done before.
    ///
    /// # Cancel safety
    /// Dropped before completion, some steps are done and the rest is not; a new plan has only the rest.
    pub async fn apply(&self, admin: &dyn StreamAdmin, provision: Provision) -> Result<Applied> {
        self.must_be_possible(provision)?;
        apply::apply(self, admin).await
    }

    fn must_be_possible(&self, provision: Provision) -> Result<()> {
        let listed = |wanted: fn(&Change) -> bool| -> Vec<String> {
            self.steps.iter().filter(|step| wanted(&step.change)).map(ToString::to_string).collect()
        };
        let missing = listed(|change| *change == Change::Create);
        if provision == Provision::Never && !missing.is_empty() {
            return Err(refused(ErrorKind::NotFound, "is missing, and nothing may be made", &missing)
                .with_remedy(
                    "let somebody apply the topology first, or allow it with `Provision::CreateIfMissing`",
                ));
        }
        let differs = listed(|change| matches!(change, Change::Update { .. } | Change::Refuse { .. }));
        if provision != Provision::Update && !differs.is_empty() {
            return Err(refused(ErrorKind::AlreadyExists, "differs, and nothing may be changed", &differs)
                .with_remedy("declare what exists, or allow the change with `Provision::Update`"));
        }
        let fixed = listed(|change| matches!(change, Change::Refuse { .. }));
        if !fixed.is_empty() {
            return Err(refused(ErrorKind::Config, "differs in what the broker cannot change", &fixed)
                .with_remedy("declare what exists, use another name, or delete what exists first"));
        }
        let losses = self.losses();
        if !self.losses_allowed && !losses.is_empty() {
            return Err(refused(ErrorKind::Config, "would lose messages", &losses)
                .with_remedy("read the plan, and allow it with `Plan::allow_losses`"));
        }
        Ok(())
    }
}

fn refused(kind: ErrorKind, what: &str, listed: &[String]) -> Error {
    let error = Error::new(kind, format!("the topology {what}: {}", listed.join("; ")));
    error.with_operation("apply topology").with_context("steps", listed.len())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.consumer {
            Some(consumer) => write!(f, "{}/{consumer}", self.stream),
            None => self.stream.fmt(f),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |differences: &[Difference]| {
            differences.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        match &self.change {
            Change::None => write!(f, "= {}", self.target),
            Change::Create => write!(f, "+ {}", self.target),
            Change::Update { differences, losses } if losses.is_empty() => {
                write!(f, "~ {} ({})", self.target, listed(differences))
            }
            Change::Update { differences, losses } => {
                write!(f, "~ {} ({}), which loses: {}", self.target, listed(differences), losses.join(", "))
            }
            Change::Refuse { differences } => {
                let fixed: Vec<_> =
                    differences.iter().filter(|one| !one.can_be_updated()).map(|one| one.field).collect();
                write!(
                    f,
                    "! {} ({}): {} cannot be changed",
                    self.target,
                    listed(differences),
                    fixed.join(", ")
                )
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        for target in &self.undeclared {
            writeln!(f, "? {target} is not declared")?;
        }
        Ok(())
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let none = Vec::new();
        let (change, differences, losses) = match &self.change {
            Change::None => ("none", &[][..], &none),
            Change::Create => ("create", &[][..], &none),
            Change::Update { differences, losses } => ("update", &differences[..], losses),
            Change::Refuse { differences } => ("refuse", &differences[..], &none),
        };
        let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
        let mut fields = serializer.serialize_struct("Step", 4)?;
        fields.serialize_field("target", &self.target)?;
        fields.serialize_field("change", change)?;
        fields.serialize_field("differences", &differences)?;
        fields.serialize_field("losses", losses)?;
        fields.end()
    }
}
