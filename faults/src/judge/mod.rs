//! What came of a run: [`Findings`], measured against a scenario's [`Target`]s.

mod findings;
mod stored;
mod target;
mod times;

pub(crate) use findings::{Evidence, Findings};
pub(crate) use stored::read;
pub(crate) use target::Target;
