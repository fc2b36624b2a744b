//! Nine arguments.

use pubsub::worker::{Attempt as A, Router};

async fn completed(_: A, _: A, _: A, _: A, _: A, _: A, _: A, _: A, _: A) {}

fn main() -> pubsub::Result<()> {
    let _: Router = Router::new().route("ride.done", completed)?;
    Ok(())
}

//~ error[E0277]: `fn(
//~ is no handler of messages
//~ takes up to eight arguments
