//! Cases that nobody wrote: generated sequences of commands, judged by a small model of what JetStream allows.
//!
//! A [`plan`] is a stream, some consumers and rounds of commands, those of a round at the same time; a seed makes it.
//! [`play`] carries it out on any backend. [`explain`] reads the recorded history and looks for an order of what happened
//! at the same time that the [`reference`] model allows; it keeps every state that the backend may be in. If there is
//! none, the plan is made as small as it can be and still fail.
//!
//! The model is no simulator: where JetStream leaves something open (which of several members gets a message, whether a
//! call without an answer had its effect, when within its bounds a timer fires), it allows each way.

mod explain;
mod plan;
mod play;
mod reference;

pub(crate) use explain::{Explainer, as_the_model_allows};
pub(crate) use plan::Profile;
pub(crate) use play::search;
