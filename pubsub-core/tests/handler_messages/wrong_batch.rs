use std::time::Duration;

use pubsub_core::worker::{BatchLimits, Json, Router};

async fn completed(Json(_cents): Json<u32>) {}

fn main() {
    let limits = BatchLimits::new(10, Duration::from_secs(1));
    let _router: pubsub_core::Result<Router> = Router::new().route_batch("ride.completed", limits, completed);
}
