//! No verdict can be made of a number.

use pubsub::worker::{Json, Router};

async fn completed(Json(fare): Json<u32>) -> u32 {
    fare
}

fn main() -> pubsub::Result<()> {
    let _: Router = Router::new().route("ride.done", completed)?;
    Ok(())
}

//~ error[E0277]: `fn(
//~ is no handler of messages
//~ and returns what implements `IntoResponse`
