use pubsub_core::worker::{Json, Router};

async fn completed(Json(cents): Json<u32>) -> u32 {
    cents
}

fn main() {
    let _router: pubsub_core::Result<Router> = Router::new().route("ride.completed", completed);
}
