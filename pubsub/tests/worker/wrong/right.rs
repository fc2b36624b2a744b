//! What is right, so that what is wrong in the others is what they say.

use pubsub::worker::{BatchLimits, Json, Path, Router, State};

async fn completed(
    Path(ride): Path<String>,
    Json(fare): Json<u32>,
    State(prefix): State<String>,
) -> pubsub::Result<()> {
    println!("{prefix}: {ride} costs {fare}");
    Ok(())
}

async fn all(fares: Vec<Json<u32>>) {
    println!("{} fares", fares.len());
}

fn main() -> pubsub::Result<()> {
    let router = Router::new().route("ride.{ride}", completed)?.with_state("billing".to_owned());
    let limits = BatchLimits::new(10, std::time::Duration::from_secs(1));
    let _: Router = router.route_batch("fare", limits, all)?;
    Ok(())
}
