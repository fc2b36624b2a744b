//! The state is of another type.

use pubsub::worker::{Router, State};

async fn completed(State(_prices): State<Vec<u32>>) {}

fn main() -> pubsub::Result<()> {
    let router = Router::<String>::new().route("ride.done", completed)?;
    let _ = router.with_state("billing".to_owned());
    Ok(())
}

//~ error[E0277]: `fn(
//~ is no handler of messages
