//! Running handlers: [`Worker`], [`Router`], and what they are made of.
//!
//! Write an async function, route subjects to it, bind it to a consumer, run it. The worker settles, retries, keeps what is
//! given up and stops in order; on every backend.
//!
//! | room | what is there |
//! |---|---|
//! | [`Worker`], [`Binding`], [`Outcome`] | what runs, for which consumer and how, and how it ended |
//! | [`Router`], [`Handler`], [`BatchHandler`] | which function gets which subjects |
//! | [`RouteLayer`]: [`Timeout`], [`RateLimit`], [`Inbox`], [`ErrorClasses`], [`Traced`] | what goes around handlers |
//! | [`FromMessage`]: [`Json`], [`Path`], [`State`], [`Attempt`], ... | the arguments of a handler |
//! | [`IntoResponse`]: [`Verdict`], [`Failure`], [`Response`] | what it returns |
//! | [`RetryPolicy`], [`DeadLetters`], [`DeadLetterStore`], [`KeyBy`] | failures and order |
//! | [`WorkerHandle`], [`WorkerStatus`], [`Settled`] | stopping, pausing and watching it |
//! | [`ConsumerGroup`], [`Partitions`] | order by key over several processes |
//! | [`Replay`], [`Pace`], [`ReplayEnd`] | what is stored once more, to handlers or to other subjects |

mod binding;
mod dead_letters;
mod extract;
mod group;
mod handler;
mod key;
mod layer;
mod outcome;
mod replay;
mod retry;
mod router;
mod run;
mod settled;

pub use binding::Binding;
pub use dead_letters::{DeadLetter, DeadLetterStore, DeadLetters, Redriven};
#[cfg(feature = "garde")]
pub use extract::Valid;
pub use extract::{Attempt, FromMessage, FromState, Incoming, Json, Path, State};
pub use group::{ConsumerGroup, GroupHandle, GroupStatus, Partitions};
pub use handler::{
    BatchHandler, BatchLimits, Failure, Handler, IntoResponse, IntoVerdicts, Response, Verdict, Verdicts,
};
pub use key::KeyBy;
pub use layer::{
    ErrorClass, ErrorClasses, Inbox, InboxStore, MemoryInbox, Next, RateLimit, RouteLayer, Timeout, Traced,
};
pub use outcome::Outcome;
pub use replay::{Pace, Replay, ReplayEnd, ReplayProgress, Replaying};
pub use retry::RetryPolicy;
pub use router::Router;
pub use run::{BindingStatus, Worker, WorkerHandle, WorkerPhase, WorkerStatus};
pub use settled::{Ending, Settled};
