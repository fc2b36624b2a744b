//! The state was forgotten.

use pubsub::ConsumerConfig;
use pubsub::worker::{Binding, Router, State};

async fn completed(State(_prefix): State<String>) {}

fn main() -> pubsub::Result<()> {
    let router = Router::<String>::new().route("ride.done", completed)?;
    let _ = Binding::new("RIDE", ConsumerConfig::durable("billing")?, router)?;
    Ok(())
}

//~ error[E0308]: mismatched types
//~ expected `Router`, found `Router<String>`
