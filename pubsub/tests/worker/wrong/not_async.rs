//! It is not async.

use pubsub::worker::{Json, Router};

fn completed(Json(_fare): Json<u32>) {}

fn main() -> pubsub::Result<()> {
    let _: Router = Router::new().route("ride.done", completed)?;
    Ok(())
}

//~ error[E0277]: `fn(
//~ is no handler of messages
//~ not an async function whose arguments can be extracted
//~ note: a handler is `async`
