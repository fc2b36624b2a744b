use pubsub_core::worker::{Json, Router};

fn completed(Json(_cents): Json<u32>) {}

fn main() {
    let _router: pubsub_core::Result<Router> = Router::new().route("ride.completed", completed);
}
