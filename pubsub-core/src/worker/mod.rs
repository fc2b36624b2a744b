//! Running handlers: [`Worker`], [`Router`], and what they are made of.
//!
//! Write an async function, route subjects to it, bind it to a consumer, run it. The worker settles, retries, keeps what is
//! given up and stops in order; on every backend.
//!
//! | room | what is there |
//! |---|---|
//! | [`Worker`], [`Binding`], [`Outcome`] | what runs, for which consumer and how, and how it ended |
//! | [`Router`], [`Handler`] | which function gets which subjects |
//! | [`FromMessage`]: [`Json`], [`Path`], [`State`], [`Attempt`], ... | the arguments of a handler |
//! | [`IntoResponse`]: [`Verdict`], [`Failure`], [`Response`] | what it returns |
//! | [`RetryPolicy`], [`DeadLetters`], [`KeyBy`] | failures and order |

mod binding;
mod dead_letters;
mod extract;
mod handler;
mod key;
mod outcome;
mod retry;
mod router;
mod run;

pub use binding::Binding;
pub use dead_letters::DeadLetters;
pub use extract::{Attempt, FromMessage, FromState, Incoming, Json, Path, State, Stopping};
pub use handler::{Failure, Handler, IntoResponse, Response, Verdict};
pub use key::KeyBy;
pub use outcome::Outcome;
pub use retry::RetryPolicy;
pub use router::Router;
pub use run::{StopHandle, Worker};
