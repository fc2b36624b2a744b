//! Streams, consumers, dead letters and tenants in one place: [`Topology`], in Rust or in a file.
//!
//! | step | what it does | needs a server |
//! |---|---|---|
//! | [`Topology::from_file`], [`Source`] | reads TOML, JSON or YAML (features `toml`, `yaml`), with the environment over it | no |
//! | [`Topology::check`] | finds mistakes: overlaps, filters that match nothing, dead letters that loop, ... | no |
//! | [`Topology::plan`] | compares with what exists: create, change, refuse, and what would lose messages | yes, changes nothing |
//! | [`Plan::apply`] | does it, and reports | yes |
//! | [`Topology::ensure`] | all of it in one call, at the start of a service | yes |
//!
//! ```
//! use pubsub_core::Provision;
//! use pubsub_topology::{Format, Topology};
//!
//! # async fn example(client: pubsub_core::Client) -> pubsub_core::Result<()> {
//! # #[cfg(feature = "toml")] {
//! let topology = Topology::parse(
//!     Format::Toml,
//!     r#"
//!         [streams.RIDE]
//!         subjects = ["ride.>"]
//!         max_age = "7d"
//!
//!         [streams.RIDE.consumers.ride_completed_billing]
//!         services = ["billing"]
//!         filters = ["ride.*.completed"]
//!         dead_letters = "DEAD_LETTERS"
//!
//!         [streams.DEAD_LETTERS]
//!         subjects = ["dead_letters.>"]
//!     "#,
//! )?;
//! topology.of_service("billing").ensure(client.admin()?.as_ref(), Provision::CreateIfMissing).await?;
//! # }
//! # Ok(())
//! # }
//! ```

mod check;
mod file;
mod plan;
mod plans;
mod template;
mod topology;

pub use check::{Finding, Mistake, Severity};
pub use file::{Format, Source};
pub use plan::{Applied, Change, Plan, Step, Target};
pub use plans::{ConsumerPlan, ServicePlan, StreamPlan};
pub use template::Template;
pub use topology::Topology;
