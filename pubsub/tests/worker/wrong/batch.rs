//! A handler of batches takes a `Vec`.

use std::time::Duration;

use pubsub::worker::{BatchLimits, Json, Router};

async fn completed(_fare: Json<u32>) {}

fn main() -> pubsub::Result<()> {
    let limits = BatchLimits::new(10, Duration::from_secs(1));
    let _: Router = Router::new().route_batch("ride.done", limits, completed)?;
    Ok(())
}

//~ error[E0277]: `fn(
//~ is no handler of batches
//~ not an async function of `Vec<T>`
//~ note: a handler of batches is `async`, takes a `Vec<T>`
